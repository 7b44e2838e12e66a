import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeIdentity, openIdentity } from '@bellwether/netlayer-tcp-tls';
import type { Netlayer, PeerLocation } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  openWebSocketDoor,
  type WebSocketDoor,
} from '../../../packages/herd/src/daemon/websocket-door.ts';

let folder: string;
let open: Netlayer[];
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-door-'));
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((one) => new Promise<void>((done) => one.close(done))));
  fs.rmSync(folder, { recursive: true });
});
const own = makeIdentity();
const doorOf = (more: Partial<WebSocketDoor> = {}): WebSocketDoor => ({
  host: '127.0.0.1',
  port: 0,
  tls: undefined,
  url: undefined,
  origins: undefined,
  keyFile: path.join(folder, 'websocket.key'),
  uid: process.getuid?.() ?? 0,
  ...more,
});
const locationOf = (door: WebSocketDoor): Promise<PeerLocation> => {
  const netlayer = openWebSocketDoor(door, openIdentity(own), () => undefined);
  open.push(netlayer);
  return new Promise((ready, failed) =>
    netlayer.listen(
      () => {
        throw new Error('nobody comes');
      },
      ready,
      failed,
    ),
  );
};
const written = (name: string, text: string | Uint8Array, mode = 0o600): string => {
  const file = path.join(folder, name);
  fs.writeFileSync(file, text, { mode });
  return file;
};

describe('the key of a daemon for WebSockets', () => {
  test('is made once, is its own alone, and stays', async () => {
    const first = await locationOf(doorOf());
    expect(fs.statSync(doorOf().keyFile).mode & 0o777).toBe(0o600);
    expect((await locationOf(doorOf())).designator).toBe(first.designator);
    fs.rmSync(doorOf().keyFile);
    expect((await locationOf(doorOf())).designator).not.toBe(first.designator);
  });
  test('is none where it is damaged, or others may read it: nothing is made in its place', () => {
    written('websocket.key', 'AAAA');
    expect(() => openWebSocketDoor(doorOf(), openIdentity(own), () => undefined)).toThrow(
      /holds no key; hint/u,
    );
    fs.chmodSync(doorOf().keyFile, 0o644);
    expect(() => openWebSocketDoor(doorOf(), openIdentity(own), () => undefined)).toThrow(
      /others may use it/u,
    );
    expect(fs.readFileSync(doorOf().keyFile, 'utf8')).toBe('AAAA');
  });
});

describe('the certificate of a daemon for WebSockets', () => {
  test("is the daemon's own, which its refs pin", async () => {
    const { hints } = await locationOf(doorOf({ tls: true }));
    expect(hints['pin']).toBe(openIdentity(own).pin);
    expect(hints['url']).toMatch(/^wss:/u);
  });
  test('or that of files, for which an authority vouches and no pin', async () => {
    const { certPem, keyPem } = makeIdentity();
    const tls = { cert: written('cert.pem', certPem, 0o644), key: written('key.pem', keyPem) };
    const { hints } = await locationOf(doorOf({ tls }));
    expect(hints['pin']).toBeUndefined();
    expect(hints['url']).toMatch(/^wss:/u);
  });
  test('keeps the door shut where a file is missing, is none, or the key is for others to read', async () => {
    const { certPem, keyPem } = makeIdentity();
    const cert = written('cert.pem', certPem, 0o644);
    const key = written('key.pem', keyPem);
    const shut = (tls: { cert: string; key: string }, why: RegExp): Promise<void> =>
      expect(locationOf(doorOf({ tls }))).rejects.toThrow(why);
    await shut({ cert, key: path.join(folder, 'no.pem') }, /there is no .*no\.pem/u);
    await shut({ cert: path.join(folder, 'no.pem'), key }, /cannot read .*no\.pem \(ENOENT\)$/u);
    await shut({ cert: key, key }, /no certificate and its key/u);
    const other = written('other.pem', makeIdentity().keyPem);
    await shut({ cert, key: other }, /no certificate and its key/u);
    fs.chmodSync(key, 0o640);
    await shut({ cert, key }, /others may use it/u);
  });
});

test('a host that is an address is the one that is listened on; a name is not, unless `bind` says so', async () => {
  const elsewhere = doorOf({ host: '192.0.2.55', tls: true });
  await expect(locationOf(elsewhere)).rejects.toThrow(/192\.0\.2\.55:0 \(EADDRNOTAVAIL\)/u);
  const { hints } = await locationOf({ ...elsewhere, bind: '127.0.0.1' });
  expect(hints['url']).toMatch(/^wss:\/\/192\.0\.2\.55:\d+$/u);
  const named = doorOf({ host: 'a.example', tls: true, bind: '192.0.2.55' });
  await expect(locationOf(named)).rejects.toThrow(/EADDRNOTAVAIL/u);
});

test('a port that is taken may be an impostor, which is said before anybody moves away from it', async () => {
  const { hints } = await locationOf(doorOf());
  const port = Number(new URL(hints['url'] ?? '').port);
  await expect(locationOf(doorOf({ port }))).rejects.toThrow(/see who listens there before/u);
});

test('a daemon behind a proxy listens on this machine alone, and says the URL of the proxy', async () => {
  const door = doorOf({ host: 'a.example', url: 'wss://a.example/ocapn' });
  expect((await locationOf(door)).hints).toEqual({ url: 'wss://a.example/ocapn' });
});
