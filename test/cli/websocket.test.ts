/** Shepherds that are reached over WebSockets: by their refs, from `herd` and from a controller, in every form. */
import fs from 'node:fs';
import path from 'node:path';
import { parseUri, Sturdyref } from '@bellwether/ocapn';
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import { configOf, eventually, type Daemon, type Place } from '../support/programs.ts';
import { pidOf, statusOf } from '../support/shown.ts';
import { give } from '../support/web-fleet.ts';

const web = `service({ provision: ['web'], start: exec(['sleep', '600']) })`;
const shepherdOf = (place: Place, name: string, websocket: string, more = ''): Promise<Daemon> =>
  place.shepherd(name, configOf(name, web, `{ unix: true, websocket: ${websocket}${more} }`));
/** Mints a ref, and says where it leads. */
const mintOver = async (
  place: Place,
  from: Daemon,
  ...options: readonly string[]
): Promise<{ readonly file: string; readonly ref: Sturdyref }> => {
  const file = path.join(place.folder, `${from.name}.ref`);
  const { code, stderr } = await from.herd(
    'ref',
    'mint',
    'web',
    '--out',
    file,
    '--yes',
    ...options,
  );
  expect(code).toBe(0);
  const ref = parseUri(fs.readFileSync(file, 'utf8').trim());
  if (!(ref instanceof Sturdyref)) throw new TypeError('no sturdyref');
  const { pin, url } = ref.peer.hints;
  if (pin !== undefined) expect(stderr).toMatch(/browsers, Goblins and Endo do not take/u);
  else if (url?.startsWith('ws:') === true) expect(stderr).toMatch(/used in clear/u);
  else expect(stderr).toBe('');
  return { file, ref };
};

describe('a shepherd that listens for WebSockets', together, () => {
  it('in clear on this machine, has refs that herd and a controller use, and keeps key and port', async ({
    place,
  }) => {
    const [n, boss] = await Promise.all([
      shepherdOf(place, 'n', `{ host: '127.0.0.1', port: 0 }`),
      place.shepherd(
        'boss',
        configOf('boss', `exported({ provision: ['web-n'], from: ref('web-n'), node: 'n' })`),
      ),
    ]);
    const { file, ref } = await mintOver(place, n);
    expect(ref.peer.transport).toBe('websocket');
    expect(ref.peer.hints['url']).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/u);
    await give(boss, file, 'web-n');
    expect((await boss.herd('start', 'web-n')).code).toBe(0);
    expect((await place.herd(['ref', 'add', 'mine', '--from', file])).code).toBe(0);
    const direct = await place.herd(['--json', 'status', '@mine']);
    expect([direct.code, direct.stdout.includes(String(await pidOf(boss, 'web-n')))]).toEqual([
      0,
      true,
    ]);
    const pid = await pidOf(n, 'web');
    await n.kill('SIGKILL');
    const next = await place.again(n);
    await eventually(
      'it is reached again',
      async () => (await statusOf(boss, 'web-n')).pid === pid,
    );
    expect((await mintOver(place, next)).ref.peer).toEqual(ref.peer);
    const key = fs.statSync(path.join(n.folder, 'websocket.key'));
    expect(key.mode & 0o777).toBe(0o600);
  });

  it('over TLS, has refs that say its certificate, which another one is not', async ({ place }) => {
    const n = await shepherdOf(
      place,
      'n',
      `{ host: '127.0.0.1', port: 0, tls: true }`,
      `, tcpTls: { host: '127.0.0.1', port: 0 }`,
    );
    expect((await mintOver(place, n)).ref.peer.transport).toBe('tcp-tls');
    const { file, ref } = await mintOver(place, n, '--websocket');
    expect(ref.peer.hints).toEqual({
      url: expect.stringMatching(/^wss:\/\/127\.0\.0\.1:\d+$/u),
      pin: expect.stringMatching(/^[\w-]{43}$/u),
    });
    expect((await place.herd(['ref', 'add', 'mine', '--from', file])).code).toBe(0);
    expect((await place.herd(['start', '@mine'])).code).toBe(0);
    const wrong = fs.readFileSync(file, 'utf8').replace(/pin=.{4}/u, 'pin=AAAA');
    const added = await place.herd(['ref', 'add', 'wrong'], { input: wrong });
    expect(added.code).toBe(0);
    const refused = await place.herd(['status', '@wrong']);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('shows another certificate than its ref says');
  });

  it('is none where it does not say so, and mints no such ref', async ({ place }) => {
    const n = await place.shepherd('n', configOf('n', web));
    const { code, stderr } = await n.herd('ref', 'mint', 'web', '--websocket', '--out', 'x.ref');
    expect(code).toBe(1);
    expect(stderr).toContain('does not listen for WebSockets');
    expect(fs.existsSync(path.join(n.folder, 'websocket.key'))).toBe(false);
  });
});
