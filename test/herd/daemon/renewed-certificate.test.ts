import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeIdentity } from '@bellwether/netlayer-tcp-tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCertificate } from '../../../packages/herd/src/config/certificate.ts';
import { certificateWarningMs } from '../../../packages/herd/src/config/limits.ts';
import { RenewedCertificate } from '../../../packages/herd/src/daemon/renewed-certificate.ts';

const uid = process.getuid?.() ?? 0;
let folder: string;
let nowMs: number;
let wallMs: number;
let logged: string[];
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-renewed-'));
  nowMs = 0;
  wallMs = Date.now();
  logged = [];
});
afterEach(() => fs.rmSync(folder, { recursive: true }));
const files = () => ({ cert: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') });
/** As a renewal does it: other files in the place of these. */
const put = (name: string, text: Uint8Array): void => {
  const file = path.join(folder, name);
  fs.writeFileSync(`${file}.new`, text, { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
};
const renew = (): void => {
  const { certPem, keyPem } = makeIdentity();
  put('cert.pem', certPem);
  put('key.pem', keyPem);
};
const certificate = (): RenewedCertificate =>
  new RenewedCertificate(files(), {
    uid,
    now: () => nowMs,
    wall: () => wallMs,
    log: (event) => logged.push(event),
  });

describe('the certificate of a door', () => {
  test('is taken anew when its files are other ones, a minute after the last look', () => {
    renew();
    const door = certificate();
    const first = door.context();
    renew();
    nowMs = 59_999;
    expect(door.context()).toBe(first);
    nowMs = 60_000;
    const second = door.context();
    expect(second).not.toBe(first);
    nowMs = 120_000;
    expect(door.context()).toBe(second);
    expect(logged).toEqual(['certificate.renewed']);
  });
  test('stays where those cannot be used, and is taken once they can', () => {
    renew();
    const door = certificate();
    const first = door.context();
    const { certPem, keyPem } = makeIdentity();
    put('cert.pem', certPem);
    nowMs = 60_000;
    expect(door.context()).toBe(first);
    put('key.pem', keyPem);
    nowMs = 120_000;
    expect(door.context()).not.toBe(first);
    expect(logged).toEqual(['certificate.not-taken', 'certificate.renewed']);
  });
  test('is thrown for where there was never one, at once each time', () => {
    const door = certificate();
    expect(() => door.context()).toThrow(/there is no .*key\.pem/u);
    renew();
    expect(door.context()).toBeDefined();
  });
  test('is named once when it ends within two weeks', () => {
    renew();
    wallMs = readCertificate(files(), uid).endsAtMs - certificateWarningMs - 1;
    const door = certificate();
    door.context();
    expect(logged).toEqual([]);
    wallMs += 1;
    for (nowMs of [60_000, 120_000]) door.context();
    expect(logged).toEqual(['certificate.ends']);
  });
});
