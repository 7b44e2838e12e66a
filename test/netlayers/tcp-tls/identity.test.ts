import { createHash, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { loadOrMakeIdentity, makeIdentity, openIdentity } from '@bellwether/netlayer-tcp-tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scratchFolder } from '../../support/netlayer-real-rigs.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const sha = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

describe('a new identity', () => {
  test('is one self-signed Ed25519 certificate that outlives everybody', () => {
    const certificate = new X509Certificate(makeIdentity().certPem);
    expect(certificate.publicKey.asymmetricKeyType).toBe('ed25519');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.validFrom).toBe('Jan  1 00:00:00 1970 GMT');
    expect(certificate.validTo).toBe('Dec 31 23:59:59 9999 GMT');
  });

  test('is text in 64 columns that ends with a newline', () => {
    const lines = textOf(makeIdentity().certPem).split('\n');
    expect(lines[0]).toBe('-----BEGIN CERTIFICATE-----');
    expect(lines.slice(-2)).toEqual(['-----END CERTIFICATE-----', '']);
    expect(lines.slice(1, -3).every((line) => line.length === 64)).toBe(true);
  });

  test('is another one each time, also in the number of its certificate', () => {
    const made = Array.from({ length: 20 }, () => new X509Certificate(makeIdentity().certPem));
    expect(new Set(made.map((one) => one.serialNumber)).size).toBe(20);
    expect(new Set(made.map((one) => one.fingerprint256)).size).toBe(20);
  });

  test('has as designator the base32 of the text, hashed twice', () => {
    const text = makeIdentity();
    let bits = '';
    for (const byte of sha(sha(text.certPem))) bits += byte.toString(2).padStart(8, '0');
    const letters = bits.padEnd(260, '0').match(/.{5}/gu) ?? [];
    const wanted = letters.map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[parseInt(five, 2)]);
    expect(openIdentity(text).designator).toBe(wanted.join(''));
  });

  test('shows no key when it is printed', () => {
    const text = makeIdentity();
    const identity = openIdentity(text);
    const secret = textOf(text.keyPem).split('\n')[1] ?? 'none';
    expect(JSON.stringify(identity) + Object.values(identity).map(String).join()).not.toContain(
      secret,
    );
    expect(Object.keys(identity)).toEqual(['designator', 'certPem']);
  });
});

describe('an identity is refused, with a hint,', () => {
  const good = makeIdentity();
  const pem = textOf(good.certPem);
  test.each([
    ['whose key is of another', { certPem: good.certPem, keyPem: makeIdentity().keyPem }],
    ['whose key is no key', { certPem: good.certPem, keyPem: utf8('hello') }],
    ['whose certificate is no certificate', { certPem: utf8('hello'), keyPem: good.keyPem }],
    ['that is empty', { certPem: utf8(''), keyPem: utf8('') }],
    ['of two certificates', { certPem: utf8(pem + pem), keyPem: good.keyPem }],
    ['with other line ends', { certPem: utf8(pem.replaceAll('\n', '\r\n')), keyPem: good.keyPem }],
    ['without its last newline', { certPem: utf8(pem.trimEnd()), keyPem: good.keyPem }],
    ['with text around it', { certPem: utf8(`mine\n${pem}`), keyPem: good.keyPem }],
  ])('%s', (_, text) => {
    expect(() => openIdentity(text)).toThrow(expect.objectContaining({ code: 'bad-place' }));
  });
});

describe('the identity of a folder', () => {
  let folder: string;
  const file = (name: string): string => path.join(folder, name);
  const names = (): string[] => fs.readdirSync(folder).sort();
  beforeEach(() => void (folder = scratchFolder()));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  test('is made once, to the byte, with a key that only the owner reads', () => {
    const first = loadOrMakeIdentity(folder);
    expect(names()).toEqual(['tcp-tls.key', 'tcp-tls.pem']);
    expect(fs.statSync(file('tcp-tls.key')).mode & 0o777).toBe(0o600);
    expect(fs.readFileSync(file('tcp-tls.pem')).equals(first.certPem)).toBe(true);
    expect(loadOrMakeIdentity(folder).designator).toBe(first.designator);
  });

  test('is completed when power was lost between the two renames', () => {
    const { designator } = loadOrMakeIdentity(folder);
    fs.renameSync(file('tcp-tls.key'), file('tcp-tls.key.new'));
    expect(loadOrMakeIdentity(folder).designator).toBe(designator);
    expect(names()).toEqual(['tcp-tls.key', 'tcp-tls.pem']);
  });

  test('is made anew when power was lost before, whatever the leftovers are', () => {
    fs.writeFileSync(file('tcp-tls.key.new'), 'half');
    fs.symlinkSync('/nonexistent/target', file('tcp-tls.pem.new'));
    loadOrMakeIdentity(folder);
    expect(names()).toEqual(['tcp-tls.key', 'tcp-tls.pem']);
    expect(fs.statSync(file('tcp-tls.key')).mode & 0o777).toBe(0o600);
  });

  test.each(['tcp-tls.key', 'tcp-tls.pem'])('is not replaced when %s is missing', (missing) => {
    loadOrMakeIdentity(folder);
    fs.rmSync(file(missing));
    expect(() => loadOrMakeIdentity(folder)).toThrow(
      expect.objectContaining({ code: 'bad-place', message: expect.stringContaining('hint') }),
    );
    expect(names().length).toBe(1);
  });

  test('is refused when others may read its key', () => {
    loadOrMakeIdentity(folder);
    fs.chmodSync(file('tcp-tls.key'), 0o640);
    expect(() => loadOrMakeIdentity(folder)).toThrow(/chmod 600/u);
  });

  test('is refused when its key is a link, or a huge file', () => {
    loadOrMakeIdentity(folder);
    fs.renameSync(file('tcp-tls.key'), file('elsewhere'));
    fs.symlinkSync(file('elsewhere'), file('tcp-tls.key'));
    expect(() => loadOrMakeIdentity(folder)).toThrow(/cannot read/u);
    fs.rmSync(file('tcp-tls.key'));
    fs.writeFileSync(file('tcp-tls.key'), new Uint8Array(65_537), { mode: 0o600 });
    expect(() => loadOrMakeIdentity(folder)).toThrow(/at most 65536 bytes/u);
  });

  test('cannot be made in a folder that is not there', () => {
    expect(() => loadOrMakeIdentity(file('missing'))).toThrow(
      expect.objectContaining({ code: 'bad-place' }),
    );
  });
});
