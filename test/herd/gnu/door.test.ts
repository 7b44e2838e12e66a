import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openGnuDoor, type OpenGnuDoor } from '../../../packages/herd/src/gnu/gnu-door.ts';
import {
  connectionCount,
  replyMs,
  requestMs,
  unsentBytes,
} from '../../../packages/herd/src/gnu/limits.ts';
import { serve } from '../../../packages/herd/src/gnu/connection.ts';
import type { GnuReply } from '../../../packages/herd/src/gnu/wire/request.ts';
import { Unsent } from '../../../packages/herd/src/gnu/unsent.ts';
import { replyTo, requestText } from '../../support/gnu-client.ts';

let folder: string;
let at: string;
let logged: string[];
/** What waits for its time, by its milliseconds. */
let timers: Map<() => void, number>;
const after = (ms: number, task: () => void): (() => void) => {
  timers.set(task, ms);
  return () => void timers.delete(task);
};
/** So much time passes for all who wait that long. */
const pass = (ms: number): void => {
  for (const [task, wait] of [...timers]) if (wait === ms) task();
};
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
};
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-gnu-'));
  at = path.join(folder, 'socket');
  logged = [];
  timers = new Map();
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

describe('a door', () => {
  let door: OpenGnuDoor;
  beforeEach(async () => {
    door = await openGnuDoor(at, {
      node: 'a',
      root: { pid: 1, command: [], startedMs: 0, logFile: undefined },
      ask: () => new Promise(() => undefined),
      sink: () => {
        throw new Error('nobody listens');
      },
      after,
      log: (event, fields) => void logged.push(`${event} ${String(fields?.['reason'])}`),
    });
  });
  afterEach(() => door.close());

  const connected = (): Promise<net.Socket> =>
    new Promise((resolve) => {
      const socket = net.connect(at, () => resolve(socket));
      socket.on('error', () => undefined);
      socket.resume();
    });

  it(`has ${connectionCount} connections at once, and closes one more, unless somebody has said all`, async () => {
    const all = await Promise.all(Array.from({ length: connectionCount }, connected));
    await until(() => timers.size === connectionCount);
    expect(await replyTo(at, requestText('help', 'root')).catch(() => '')).toBe('');
    expect(logged).toEqual([`gnu.refused more than ${connectionCount} connections`]);
    all[0]?.end(requestText('stop', 'web'));
    await until(() => timers.size === connectionCount - 1);
    // Its end may be seen later than its request.
    let reply = '';
    while (reply === '') reply = await replyTo(at, requestText('help', 'root')).catch(() => '');
    expect(reply).toMatch(/^\(reply /);
    for (const socket of all) socket.destroy();
  });

  it(`closes a connection on which no request is after ${requestMs} ms`, async () => {
    const socket = await connected();
    socket.write('(shepherd-command ');
    await until(() => timers.size === 1);
    pass(requestMs);
    await new Promise((resolve) => socket.on('close', resolve));
    expect(logged).toEqual(['gnu.refused no request came in time']);
    expect(timers.size).toBe(0);
  });

  it('ends its connections and removes its socket when it is closed', async () => {
    const socket = await connected();
    await until(() => timers.size === 1);
    door.close();
    await new Promise((resolve) => socket.on('close', resolve));
    expect(fs.existsSync(at)).toBe(false);
  });
});

describe('a reply that nobody takes', () => {
  const long: GnuReply = { result: ['x'.repeat(4 * 1024 * 1024)] };
  let unsent: Unsent;
  let server: net.Server;
  let client: net.Socket;
  /** So many bytes wait already. */
  const begin = (byteCount: number): Promise<void> =>
    new Promise((resolve) => {
      unsent = new Unsent();
      unsent.hold(byteCount);
      server = net.createServer({ allowHalfOpen: true }, (socket) => {
        serve(socket, {
          answer: () => Promise.resolve(long),
          after,
          unsent,
          refused: (reason) => void logged.push(reason),
        });
      });
      server.listen(at, () => {
        client = net.connect(at, resolve);
        client.on('error', () => undefined);
      });
    });
  afterEach(() => {
    client.destroy();
    server.close();
  });

  it(`is dropped after ${replyMs} ms, and counts no longer`, async () => {
    await begin(0);
    client.pause();
    client.write(requestText('help', 'root'));
    await until(() => [...timers.values()].includes(replyMs));
    expect(unsent.byteCount).toBeGreaterThan(4 * 1024 * 1024);
    pass(replyMs);
    await until(() => unsent.byteCount === 0);
  });
  it('is none where too many wait already', async () => {
    await begin(unsentBytes - 4 * 1024 * 1024);
    client.resume();
    client.write(requestText('help', 'root'));
    await new Promise((resolve) => client.on('close', resolve));
    expect(logged).toEqual(['too many replies wait to be taken']);
  });
  it(`has room with all others for ${unsentBytes} bytes, and for one more once one was taken`, () => {
    const all = new Unsent();
    expect([all.hold(unsentBytes), all.hold(1)]).toEqual([true, false]);
    all.release(1);
    expect([all.hold(1), all.hold(1)]).toEqual([true, false]);
  });
});
