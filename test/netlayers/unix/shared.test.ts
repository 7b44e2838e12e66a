/** Dialling a socket that everybody may connect to: whose it must be before a word is said to it. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { unixNetlayer } from '@bellwether/netlayer-unix';
import { LIMITS, type Netlayer } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SHARED_CONNECTION_COUNT } from '../../../netlayers/unix/src/limits.ts';
import { Ears } from '../../support/netlayer-ear.ts';
import { scratchFolder } from '../../support/netlayer-real-rigs.ts';
import { untilReal } from '../../support/netlayer-rig.ts';

const isRoot = process.getuid?.() === 0;
const me = String(process.getuid?.());
let folder: string;
let at: string;
let heard: number;
let server: net.Server;
let client: Netlayer;

beforeEach(async () => {
  folder = scratchFolder();
  fs.chmodSync(folder, 0o755);
  at = path.join(folder, 's');
  heard = 0;
  server = net.createServer((socket) => {
    heard += 1;
    socket.on('error', () => undefined);
  });
  await new Promise<void>((ready) => server.listen(at, ready));
  fs.chmodSync(at, 0o666);
  client = unixNetlayer({ designator: 'client', mode: 'shared' });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await new Promise<void>((done) => client.close(done));
  await new Promise((done) => server.close(done));
  fs.rmSync(folder, { recursive: true });
});

/** 'reached', or why not. */
const dial = (hints: Readonly<Record<string, string>>, transport = 'unix-shared') =>
  new Promise<string>((told) => {
    const reached = new Ears();
    client.dial(
      { transport, designator: 'me', hints },
      (connection) => {
        told('reached');
        return reached.accept(connection);
      },
      (reason) => told(reason.message),
    );
  });

describe('a shared socket is dialled', () => {
  test('where folder and socket belong to the user that the location names', async () => {
    expect(await dial({ path: at, uid: me })).toBe('reached');
    await untilReal('connected', () => heard === 1);
  });
  test('where they are our own and the location names nobody', async () => {
    expect(await dial({ path: at })).toBe('reached');
  });
  test.runIf(isRoot)('where they are our own, and we are not root', async () => {
    vi.spyOn(process, 'geteuid').mockReturnValue(12_345);
    for (const each of [folder, at]) fs.chownSync(each, 12_345, 12_345);
    expect(await dial({ path: at })).toBe('reached');
  });
  test.runIf(isRoot)("where they are root's, whoever is named", async () => {
    expect(await dial({ path: at, uid: '12345' })).toBe('reached');
  });
  test.runIf(isRoot)('where they belong to another user who is named', async () => {
    for (const each of [folder, at]) fs.chownSync(each, 12_345, 12_345);
    expect(await dial({ path: at, uid: '12345' })).toBe('reached');
  });
});

describe('nothing is said to a shared socket', () => {
  afterEach(() => expect(heard).toBe(0));
  const anybody = 'it belongs to user 12345, not to';

  test.runIf(isRoot)('of a user who is not the one that is named', async () => {
    fs.chownSync(at, 12_345, 12_345);
    expect(await dial({ path: at, uid: '23456' })).toContain(`${anybody} 23456; nothing was said`);
  });
  test.runIf(isRoot)('of another user where nobody is named', async () => {
    fs.chownSync(at, 12_345, 12_345);
    expect(await dial({ path: at })).toContain(`${anybody} 0`);
  });
  test.runIf(isRoot)('in a folder of another user', async () => {
    fs.chownSync(folder, 12_345, 12_345);
    expect(await dial({ path: at, uid: '0' })).toContain('its folder belongs to user 12345');
  });
  test.runIf(isRoot).each(['', 'nobody', '-1', '1e999'])('whose user is %j', async (uid) => {
    for (const each of [folder, at]) fs.chownSync(each, 12_345, 12_345);
    expect(await dial({ path: at, uid })).toContain('its folder belongs to user 12345');
  });
  test.each([0o775, 0o757, 0o1777])('in a folder of mode %o', async (mode) => {
    fs.chmodSync(folder, mode);
    expect(await dial({ path: at, uid: me })).toContain('others may write to its folder');
  });
  test('that is none', async () => {
    fs.writeFileSync(path.join(folder, 'file'), '');
    fs.symlinkSync(at, path.join(folder, 'link'));
    expect(await dial({ path: path.join(folder, 'file') })).toContain('is no socket');
    expect(await dial({ path: path.join(folder, 'link') })).toContain('is no socket');
    expect(await dial({ path: path.join(folder, 'none') })).toContain('there is no socket');
  });
  test('by the name of the private transport, or to a private one by ours', async () => {
    expect(await dial({ path: at }, 'unix')).toContain(
      'cannot dial a unix location: nothing dials it as unix-shared',
    );
    const own = unixNetlayer({ designator: 'own' });
    const location = { transport: 'unix-shared', designator: 'me', hints: { path: at } };
    const reason = new Promise<Error>((failed) => own.dial(location, new Ears().accept, failed));
    expect(await reason).toMatchObject({ code: 'bad-place' });
    await new Promise<void>((done) => own.close(done));
  });
});

test('a connection that a shared netlayer closes is gone at once, though the peer keeps its end', async () => {
  const place = { path: path.join(folder, 'own', 's'), replaceStale: false };
  const shared = unixNetlayer({ designator: 'me', mode: 'shared', place });
  const ears = new Ears();
  await new Promise<unknown>((ready, failed) => shared.listen(ears.accept, ready, failed));
  const raw = net.connect({ path: place.path, allowHalfOpen: true });
  raw.on('error', () => undefined);
  let text = '';
  raw.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await untilReal('accepted', () => ears.all.length === 1);
  const sinceMs = performance.now();
  ears.only.connection.send(new Uint8Array(Buffer.from('farewell')));
  ears.only.hangUp();
  // Node writes into a socket of which the other end is gone once, and then is told.
  await untilReal('told', () => raw.destroyed || !raw.write('x'));
  expect(performance.now() - sinceMs).toBeLessThan(900);
  expect(text).toBe('farewell');
  raw.destroy();
  await new Promise<void>((done) => shared.close(done));
});

test('a shared netlayer takes on more than a router keeps, so that the router decides who goes', () => {
  const { halfOpenSessions, strangerSessions, localGuestSessions } = LIMITS;
  const keptCount = halfOpenSessions + strangerSessions + localGuestSessions;
  expect(SHARED_CONNECTION_COUNT).toBeGreaterThan(keptCount);
});
