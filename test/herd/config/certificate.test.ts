import fs from 'node:fs';
import path from 'node:path';
import { makeIdentity } from '@bellwether/netlayer-tcp-tls';
import { describe, expect, test } from 'vitest';
import {
  endsSoon,
  judgeCertificate,
  readCertificate,
} from '../../../packages/herd/src/config/certificate.ts';
import { certificateWarningMs, pemFileBytes } from '../../../packages/herd/src/config/limits.ts';
import { folderWith } from './support.ts';

const own = makeIdentity();
const certPem = Buffer.from(own.certPem).toString();
const keyPem = Buffer.from(own.keyPem).toString();
const uid = process.getuid?.() ?? 0;
const filesWith = (more: Readonly<Record<string, string>> = {}) => {
  const folder = folderWith({ 'cert.pem': certPem, 'key.pem': keyPem, ...more });
  for (const name of fs.readdirSync(folder)) fs.chmodSync(path.join(folder, name), 0o600);
  return { cert: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
};
const judge = (tls: true | { cert: string; key: string } | undefined, nowMs = Date.now()) =>
  judgeCertificate(
    { listen: { unix: true, websocket: { host: 'a.example', port: 1, tls } } },
    '/srv/config.ts',
    { uid, nowMs },
  );

describe('the certificate that a configuration names', () => {
  test('is good where it and its key are there, and nobody else can read the key', () => {
    expect(judge(filesWith())).toEqual([]);
    expect(judge(true)).toEqual([]);
    expect(judge(undefined)).toEqual([]);
  });
  test('is refused, with the place in the configuration, where a file is missing, open or no pair', () => {
    const { cert, key } = filesWith({ 'other.pem': Buffer.from(makeIdentity().keyPem).toString() });
    const place = /^\/srv\/config\.ts: listen\.websocket\.tls: /u;
    const refused = (tls: { cert: string; key: string }, what: RegExp): void => {
      expect(() => judge(tls)).toThrow(place);
      expect(() => judge(tls)).toThrow(what);
    };
    refused({ cert, key: `${key}.no` }, /there is no .*key\.pem\.no$/u);
    refused({ cert: `${cert}.no`, key }, /cannot read .*cert\.pem\.no \(ENOENT\)$/u);
    refused(
      { cert, key: path.join(path.dirname(key), 'other.pem') },
      /no certificate and its key/u,
    );
    fs.chmodSync(key, 0o644);
    refused({ cert, key }, /others may use it \(mode 0644\); chmod 600/u);
  });
  test("may have its key behind a link, as who renews it leaves it, where that file is its owner's alone", () => {
    const { cert, key } = filesWith();
    const link = path.join(path.dirname(key), 'link.pem');
    fs.symlinkSync('key.pem', link);
    expect(judge({ cert, key: link })).toEqual([]);
    fs.chmodSync(key, 0o640);
    expect(() => judge({ cert, key: link })).toThrow(/key\.pem: others may use it \(mode 0640\)/u);
    fs.rmSync(key);
    expect(() => judge({ cert, key: link })).toThrow(/cannot read .*link\.pem \(ENOENT\)/u);
  });
  test('may be as long as chains are, and no longer', () => {
    const long = (name: string, pem: string, bytes: number) =>
      filesWith({ [name]: pem + '\n'.repeat(bytes - Buffer.byteLength(pem)) });
    for (const [name, pem, why] of [
      ['cert.pem', certPem, /cert\.pem has over 262144 bytes$/u],
      ['key.pem', keyPem, /key\.pem: is longer than 262144 bytes$/u],
    ] as const) {
      expect(judge(long(name, pem, pemFileBytes))).toEqual([]);
      expect(() => judge(long(name, pem, pemFileBytes + 1))).toThrow(why);
    }
  });
  test('is named two weeks before its end, and after it, and not before', () => {
    const files = filesWith();
    const { endsAtMs } = readCertificate(files, uid);
    expect(judge(files, endsAtMs - certificateWarningMs - 1)).toEqual([]);
    expect(judge(files, endsAtMs - certificateWarningMs)).toEqual([
      expect.stringMatching(/cert\.pem ends on \d{4}-\d\d-\d\d: renew it\.$/u),
    ]);
    expect(judge(files, endsAtMs)).toEqual([expect.stringMatching(/cert\.pem ended on /u)]);
    expect(endsSoon(files.cert, NaN, 0)).toEqual([
      expect.stringMatching(/^When the certificate in .*cert\.pem ends cannot be read\.$/u),
    ]);
  });
});
