/** What a daemon asks of its keeper for the sockets of services, and what it makes of the answers. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StartFailed } from '../../../packages/shepherd/src/errors.ts';
import { tags, types } from '../../../packages/shepherd/src/node/keeper/protocol.ts';
import { KeptSockets, socketKey } from '../../../packages/shepherd/src/node/keeper/sockets.ts';
import { nodeAccounts } from '../../../packages/shepherd/src/node/users.ts';
import type { SocketConfig } from '../../../packages/shepherd/src/words/socket-types.ts';
import { answerOf, makeFolder } from './support.ts';

const [EBADF, EADDRINUSE] = [9, 98];
const isRoot = process.getuid?.() === 0;
const somebody = 54_321;
const wordOf = new Map<number, string>([
  [types.listen, 'LISTEN'],
  [types.close, 'CLOSE'],
  [types.watch, 'WATCH'],
]);

let folder: string;
/** Frames that were sent: what is asked for, and of which socket. */
let sent: string[];
let sockets: KeptSockets;
let logged: string[];
const at = (host: string, more: Partial<SocketConfig> = {}): SocketConfig => ({
  ...{ name: 'web', place: { family: 'unix', host: path.join(folder, host), port: 0 } },
  ...{ style: 'stream', backlog: 8, bindAttempts: 2, mode: 0o600, folderMode: 0o750 },
  ...more,
});
const listen = (...all: readonly SocketConfig[]) => {
  const { answer, value } = answerOf<undefined>();
  sockets.listen('web', all, answer);
  return value;
};
const [first, second] = [socketKey('web', 0), socketKey('web', 1)];

beforeEach(() => {
  folder = makeFolder();
  sent = [];
  vi.useFakeTimers();
  const send = (frame: Buffer): void => {
    if (frame.readUInt32LE(4) === types.drop)
      return void sent.push(`DROP ${frame.readBigUInt64LE(16)}`);
    expect(frame.readUInt32LE(12)).toBe(tags.id);
    const id = frame.toString('utf8', 16, 15 + frame.readUInt32LE(8));
    sent.push(`${wordOf.get(frame.readUInt32LE(4))} ${id.slice(-1)}`);
  };
  logged = [];
  const log = (event: string, data: object): unknown =>
    logged.push(`${event} ${Object.values(data).map(String).join(' ')}`);
  sockets = new KeptSockets({ send, accounts: nodeAccounts(), log });
});
afterEach(() => {
  vi.useRealTimers();
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('the sockets of a service', () => {
  it('are asked for once more a second later where a place is taken, and given up after the last try', async () => {
    const opening = listen(at('a'), at('b'));
    sockets.listening(second);
    expect(sockets.refused(first, EADDRINUSE)).toBe(true);
    expect(sent.splice(0)).toEqual(['LISTEN 0', 'LISTEN 1']);
    vi.advanceTimersByTime(999);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(sent.splice(0)).toEqual(['LISTEN 0']);
    sockets.refused(first, EADDRINUSE);
    expect(sent).toEqual(['CLOSE 0', 'CLOSE 1']);
    await expect(opening).rejects.toThrow('(EADDRINUSE), tried 2 times');
    expect(sockets.refused(first, EADDRINUSE)).toBe(false);
  });
  it('are each watched again as soon as a keeper that had lost them has them', () => {
    void listen(at('a'), at('b'));
    for (const key of [first, second]) sockets.listening(key);
    const { answer } = answerOf<undefined>();
    sockets.connection('web', answer);
    sent.length = 0;
    sockets.again(new Set([second]));
    expect(sent.splice(0)).toEqual(['LISTEN 0', 'WATCH 0', 'LISTEN 1', 'WATCH 1']);
    // Said once: it is not lost again before it was there again.
    sockets.again(new Set());
    expect(sent.splice(0)).toHaveLength(4);
    const lost = ['a', 'b'].map((host) => `socket.lost web ${path.join(folder, host)}`);
    expect(logged).toEqual([lost[0]]);
    for (const key of [first, second])
      for (const error of [EADDRINUSE, EBADF]) sockets.refused(key, error);
    vi.advanceTimersByTime(1_000);
    expect(sent.splice(0)).toEqual(['LISTEN 0', 'LISTEN 1']);
    for (const key of [first, second]) sockets.listening(key);
    expect(sent).toEqual(['WATCH 0', 'WATCH 1']);
  });
  it('that accept give each who comes to one who waits, in their order, and once', async () => {
    void listen(at('a', { accepts: true }), at('b', { accepts: true }));
    for (const key of [first, second]) sockets.listening(key);
    const asked = () => {
      const { answer, value } = answerOf<{ readonly number: number }>();
      sockets.connection('web', answer);
      return value;
    };
    const one = asked();
    sockets.came(first, { number: 1 });
    sockets.came(second, { number: 2 });
    expect((await one).number).toBe(1);
    // After a loss all are told once more: also whom somebody was given, whose start is on its way.
    sockets.again(new Set([first]));
    for (const number of [1, 2]) sockets.came(number === 1 ? first : second, { number });
    sent.length = 0;
    expect((await asked()).number).toBe(2);
    const next = asked();
    expect(sent.splice(0)).toEqual(['WATCH 0', 'WATCH 1']);
    // One that was dropped and is told again was not heard of: he is dropped again.
    sockets.drop(2);
    expect(sent.splice(0)).toEqual(['DROP 2']);
    sockets.came(second, { number: 2 });
    expect((await next).number).toBe(2);
  });
  it('that an earlier daemon had come with who was accepted there and given to nobody', async () => {
    sockets.listening(first);
    sockets.came(first, { number: 5 });
    void listen(at('a', { accepts: true }));
    const { answer, value } = answerOf<{ readonly number: number }>();
    sockets.connection('web', answer);
    expect((await value).number).toBe(5);
  });
  it.each([[{ accepts: true } as const], [{}]])(
    'that are opened anew have nobody who came before they were closed (%j)',
    async (more) => {
      const { accepts } = { accepts: false, ...more };
      const come = (number: number) => sockets.came(first, accepts ? { number } : undefined);
      const asked = () => {
        const { answer, value } = answerOf<unknown>();
        sockets.connection('web', answer);
        return value;
      };
      void listen(at('a', more));
      sockets.listening(first);
      const closing = answerOf<undefined>();
      sockets.unlisten('web', closing.answer);
      come(6); // told before the keeper has read that it is to close
      void listen(at('a', more));
      let isOver = false;
      const next = asked().finally(() => (isOver = true));
      come(7);
      sockets.closed(first);
      await closing.value;
      sockets.listening(first);
      expect(isOver).toBe(false);
      come(8);
      expect(await next).toEqual(accepts ? { number: 8 } : undefined);
    },
  );
  it('are waited for no longer where the keeper cannot be reached, neither at their opening nor at their close', async () => {
    const opening = listen(at('a'));
    sockets.giveUp(new StartFailed('exec: the keeper cannot be reached'));
    await expect(opening).rejects.toThrow('the keeper cannot be reached');
    const again = listen(at('a'));
    sockets.listening(first);
    await again;
    const closing = answerOf<undefined>();
    sockets.unlisten('web', closing.answer);
    sockets.giveUp(new StartFailed('exec: the keeper cannot be reached'));
    await closing.value;
  });
  it('that an earlier daemon had are closed after a minute, unless somebody asks for them', () => {
    sockets.listening(first);
    sockets.listening(second);
    void listen(at('a'));
    vi.advanceTimersByTime(59_999);
    expect(sent.splice(0)).toEqual(['LISTEN 0']);
    vi.advanceTimersByTime(1);
    expect(sent).toEqual(['CLOSE 1']);
  });
  it('have their folder made, with its permissions and an owner without a name', () => {
    const ids = isRoot ? { owner: somebody, group: somebody } : {};
    void listen(at('run/web/a', ids));
    const { mode, uid } = fs.statSync(path.join(folder, 'run/web'));
    expect([mode & 0o777, uid]).toEqual([0o750, isRoot ? somebody : process.getuid?.()]);
  });
  it.skipIf(!isRoot)(
    'have no folder made by way of a link that somebody else has laid',
    async () => {
      fs.mkdirSync(path.join(folder, 'etc'));
      fs.symlinkSync('etc', path.join(folder, 'home'));
      fs.lchownSync(path.join(folder, 'home'), somebody, somebody);
      await expect(listen(at('home/run/a'))).rejects.toThrow(
        'the link home on the way to it is of user 54321',
      );
      expect(fs.readdirSync(path.join(folder, 'etc'))).toEqual([]);
    },
  );
});
