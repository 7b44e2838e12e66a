import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { unixNetlayer, type Mode } from '@bellwether/netlayer-unix';
import type { Netlayer } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scratchFolder } from '../../support/netlayer-real-rigs.ts';
import { quietReal, untilReal } from '../../support/netlayer-rig.ts';
import { Ears } from '../../support/netlayer-ear.ts';

const isLinux = process.platform === 'linux';
let folder: string;
let open: Netlayer[];

beforeEach(() => {
  folder = scratchFolder();
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((peer) => new Promise<void>((done) => peer.close(done))));
  fs.rmSync(folder, { recursive: true });
});

interface Try {
  readonly path: string;
  readonly mode?: Mode;
  readonly replaceStale?: boolean;
}
function peerAt({ mode = 'private', ...place }: Try): Netlayer {
  const peer = unixNetlayer({ designator: 'me', mode, place: { replaceStale: false, ...place } });
  open.push(peer);
  return peer;
}
/** The location's path, or the failure. */
function listen(peer: Netlayer, ears = new Ears()): Promise<string | Error> {
  return new Promise((answer) =>
    peer.listen(ears.accept, (at) => answer(at.hints['path'] ?? ''), answer),
  );
}
async function refusal(place: Try): Promise<{ readonly code: unknown; readonly message: string }> {
  const found = await listen(peerAt(place));
  if (!(found instanceof Error) || !('code' in found)) throw new Error(`it listens: ${found}`);
  return { code: found.code, message: found.message };
}
function dial(at: string): Promise<Ears | Error> {
  const peer = unixNetlayer({ designator: 'client' });
  open.push(peer);
  return new Promise((answer) => {
    const mine = new Ears();
    const location = { transport: 'unix', designator: 'me', hints: { path: at } };
    peer.dial(
      location,
      (connection) => {
        const ear = mine.accept(connection);
        answer(mine);
        return ear;
      },
      answer,
    );
  });
}
const modeOf = (at: string): string => (fs.statSync(at).mode & 0o777).toString(8);
/** A socket file that nobody serves any more. */
async function leaveSocket(at: string): Promise<void> {
  const server = net.createServer();
  await new Promise<void>((ready) => server.listen(`${at}.bound`, ready));
  fs.renameSync(`${at}.bound`, at);
  await new Promise((done) => server.close(done));
}

describe('a private socket', () => {
  test('stands in a folder 0700 that is made for it, is 0600, and is believed', async () => {
    const at = path.join(folder, 'new', 'deep', 'shepherd.sock');
    const peer = peerAt({ path: at });
    expect(await listen(peer)).toBe(at);
    expect([modeOf(path.dirname(at)), modeOf(at), peer.facts.believesClaims]).toEqual([
      '700',
      '600',
      true,
    ]);
    expect(fs.readdirSync(path.dirname(at))).toEqual(['shepherd.sock']);
  });

  test('is refused in a folder that others may enter', async () => {
    fs.chmodSync(folder, 0o750);
    const { code, message } = await refusal({ path: path.join(folder, 's') });
    expect(code).toBe('bad-place');
    expect(message).toContain(`chmod 700 ${folder}`);
  });
});

describe('a shared socket', () => {
  test('stands in a folder 0755 that is made for it, is 0666, and is not believed', async () => {
    const at = path.join(folder, 'shared', 'shepherd.sock');
    const peer = peerAt({ path: at, mode: 'shared' });
    expect(await listen(peer)).toBe(at);
    expect([modeOf(path.dirname(at)), modeOf(at), peer.facts.believesClaims]).toEqual([
      '755',
      '666',
      false,
    ]);
  });

  test('is another transport than a private one, and its location says whose it is', async () => {
    const at = path.join(folder, 'shared', 's');
    const peer = peerAt({ path: at, mode: 'shared' });
    const location = await new Promise((answer, failed) =>
      peer.listen(new Ears().accept, answer, failed),
    );
    const uid = String(process.geteuid?.());
    expect(location).toEqual({
      transport: 'unix-shared',
      designator: 'me',
      hints: { path: at, uid },
    });
  });

  test('is refused in a folder that others may write to', async () => {
    fs.chmodSync(folder, 0o777);
    const { code } = await refusal({ path: path.join(folder, 's'), mode: 'shared' });
    expect(code).toBe('bad-place');
  });

  test.each([0o700, 0o744, 0o711])(
    'is refused in a folder %o: others must open it',
    async (mode) => {
      fs.chmodSync(folder, mode);
      const { message } = await refusal({ path: path.join(folder, 's'), mode: 'shared' });
      expect(message).toContain(`chmod 755 ${folder}`);
    },
  );
});

describe('the folder', () => {
  test('case 17: that is a link is refused, though it leads to a good one', async () => {
    fs.mkdirSync(path.join(folder, 'real'), { mode: 0o700 });
    fs.symlinkSync(path.join(folder, 'real'), path.join(folder, 'link'));
    const { code, message } = await refusal({ path: path.join(folder, 'link', 's') });
    expect(code).toBe('bad-place');
    expect(message).toContain('symbolic link');
    expect(fs.readdirSync(path.join(folder, 'real'))).toEqual([]);
  });

  test('case 17: that is a file is refused', async () => {
    fs.writeFileSync(path.join(folder, 'file'), '');
    const { code } = await refusal({ path: path.join(folder, 'file', 's') });
    expect(code).toBe('bad-place');
  });

  test.skipIf(process.getuid?.() !== 0)('of another user is refused', async () => {
    const theirs = path.join(folder, 'theirs');
    fs.mkdirSync(theirs, { mode: 0o700 });
    fs.chownSync(theirs, 12_345, 12_345);
    const { code, message } = await refusal({ path: path.join(theirs, 's') });
    expect(code).toBe('bad-place');
    expect(message).toContain('12345');
  });

  test.each(['shepherd.sock', './s', '/tmp/../tmp/s', '/tmp/s/', ''])(
    'cannot be found from the path %j',
    async (at) => {
      expect(await refusal({ path: at })).toMatchObject({ code: 'bad-place' });
    },
  );
});

describe('what stands at the path already', () => {
  test.each([
    ['a file', (at: string) => fs.writeFileSync(at, 'precious')],
    ['a folder', (at: string) => fs.mkdirSync(at)],
    ['a link to a file', (at: string) => fs.symlinkSync('/etc/passwd', at)],
    ['a link to nothing', (at: string) => fs.symlinkSync('/nonexistent/x', at)],
  ])('is left alone when it is %s, lock or no lock', async (_, make) => {
    const at = path.join(folder, 's');
    make(at);
    const before = fs.lstatSync(at).ino;
    for (const replaceStale of [false, true]) {
      expect(await refusal({ path: at, replaceStale })).toMatchObject({ code: 'place-taken' });
    }
    expect(fs.lstatSync(at).ino).toBe(before);
    expect(fs.readdirSync(folder)).toEqual(['s']);
  });

  test('is replaced when it is a socket that nobody serves and the lock is held', async () => {
    const at = path.join(folder, 's');
    await leaveSocket(at);
    expect(await refusal({ path: at })).toMatchObject({ code: 'place-taken' });
    expect(await listen(peerAt({ path: at, replaceStale: true }))).toBe(at);
    expect(await dial(at)).toBeInstanceOf(Ears);
  });

  test('is kept when somebody serves it, even when the lock is held', async () => {
    const at = path.join(folder, 's');
    await listen(peerAt({ path: at }));
    const before = fs.lstatSync(at).ino;
    const { message } = await refusal({ path: at, replaceStale: true });
    expect(message).toContain('another process listens');
    expect(fs.lstatSync(at).ino).toBe(before);
  });

  test('is made by one of two that start at once without a lock', async () => {
    const at = path.join(folder, 's');
    const found = await Promise.all([listen(peerAt({ path: at })), listen(peerAt({ path: at }))]);
    expect(found.filter((result) => result === at).length).toBe(1);
    expect(found.filter((result) => result instanceof Error).length).toBe(1);
    expect(await dial(at)).toBeInstanceOf(Ears);
    expect(fs.readdirSync(folder)).toEqual(['s']);
  });
});

describe('closing', () => {
  test('removes the socket', async () => {
    const at = path.join(folder, 's');
    const peer = peerAt({ path: at });
    await listen(peer);
    await new Promise<void>((done) => peer.close(done));
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test('leaves what somebody else has put in its place', async () => {
    const at = path.join(folder, 's');
    const peer = peerAt({ path: at });
    await listen(peer);
    fs.rmSync(at);
    fs.writeFileSync(at, 'precious');
    await new Promise<void>((done) => peer.close(done));
    expect(fs.readFileSync(at, 'utf8')).toBe('precious');
  });

  test('while binding leaves no socket and no folder behind', async () => {
    const at = path.join(folder, 's');
    const peer = peerAt({ path: at });
    const answer = listen(peer);
    await new Promise<void>((done) => peer.close(done));
    expect(await answer).toMatchObject({ code: 'netlayer-closed' });
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

describe.runIf(isLinux)('a long path', () => {
  test.each([107, 108, 250])('of %i bytes is listened at and dialled', async (byteCount) => {
    const deep = path.join(folder, 'd'.repeat(byteCount - folder.length - 8));
    const at = path.join(deep, 's.sock');
    expect(at.length).toBe(byteCount);
    const ears = new Ears();
    expect(await listen(peerAt({ path: at }), ears)).toBe(at);
    expect(await dial(at)).toBeInstanceOf(Ears);
    await untilReal('accepted', () => ears.all.length > 0);
    expect(fs.readdirSync(deep)).toEqual(['s.sock']);
  });

  test('whose name alone is too long for a socket call is refused with a hint when dialled', async () => {
    const found = await dial(path.join(folder, 'n'.repeat(120)));
    expect(found).toMatchObject({ code: 'bad-place' });
    expect(found).toHaveProperty('message', expect.stringContaining('shorter'));
  });

  test('leaves no descriptor open, whether dials succeed, fail or are cancelled', async () => {
    const deep = path.join(folder, 'd'.repeat(120));
    const [at, lost] = [path.join(deep, 's'), path.join(deep, 'lost')];
    await listen(peerAt({ path: at }));
    const client = unixNetlayer({ designator: 'client' });
    const count = (): number => fs.readdirSync('/proc/self/fd').length;
    const before = count();
    const mine = new Ears();
    let failedCount = 0;
    for (let n = 0; n < 60; n += 1) {
      const hints = { path: n % 3 === 0 ? lost : at };
      const location = { transport: 'unix', designator: 'me', hints };
      const cancel = client.dial(location, mine.accept, () => (failedCount += 1));
      if (n % 3 === 1) setImmediate(cancel);
    }
    await untilReal('all over', () => failedCount === 20 && mine.all.length >= 20);
    await new Promise<void>((done) => client.close(done));
    await quietReal();
    expect(count()).toBeLessThanOrEqual(before);
  });
});
