/** Connecting to a unix socket: long paths, full queues, and failures that say what stands at the path. */
import net from 'node:net';
import path from 'node:path';
import type { PeerLocation } from '@bellwether/ocapn';
import { BadPlace, systemCode, Unreachable, type Dial } from '@bellwether/netlayer-stream';
import { SocketFolder } from './folder.ts';
import { LONGEST_RETRY_MS, PATH_BYTES, RETRY_MS } from './limits.ts';

/** Connects for a dial; `connected` gets a socket that is open and that nobody listens to yet. */
export function connectUnix(
  dial: Dial,
  to: PeerLocation,
  connected: (socket: net.Socket) => void,
): void {
  const at = to.hints['path'];
  if (to.transport !== 'unix' || at === undefined || !path.isAbsolute(at) || at.includes('\0')) {
    return dial.fail(
      new BadPlace(`unix: cannot dial a ${to.transport} location whose path is ${at ?? 'absent'}`),
    );
  }
  attempt(dial, at, RETRY_MS, connected);
}

function attempt(
  dial: Dial,
  at: string,
  retryMs: number,
  connected: (socket: net.Socket) => void,
): void {
  let socket: net.Socket;
  try {
    socket = connect(at);
  } catch (error) {
    return dial.fail(explain(dial, error));
  }
  dial.use(socket);
  const onError = (error: Error): void => {
    if (dial.isOver) return;
    if (systemCode(error) !== 'EAGAIN') return dial.fail(explain(dial, error));
    // The listener's queue is full: unlike TCP the kernel does not wait for us.
    const again = (): void => {
      if (!dial.isOver) attempt(dial, at, Math.min(retryMs * 2, LONGEST_RETRY_MS), connected);
    };
    // The deadline of the dial keeps the process alive, this need not.
    setTimeout(again, retryMs).unref();
  };
  socket.once('error', onError);
  socket.once('connect', () => {
    if (!dial.succeed()) return;
    connected(socket);
    socket.off('error', onError);
  });
}

function connect(at: string): net.Socket {
  if (Buffer.byteLength(at) <= PATH_BYTES) return net.connect({ path: at });
  const folder = SocketFolder.open(path.dirname(at));
  try {
    // libuv connects within this call: the descriptor has done its work when it returns.
    return net.connect({ path: folder.reach(path.basename(at)) });
  } finally {
    folder.close();
  }
}

function explain(dial: Dial, error: unknown): Error {
  if (error instanceof BadPlace) return error;
  const code = systemCode(error);
  const what = FOUND[code] ?? 'cannot connect';
  return new Unreachable(dial.place, `${what} (${code})`, { cause: error });
}

const FOUND: Readonly<Record<string, string>> = {
  ENOENT: 'there is no socket',
  ECONNREFUSED: 'nobody listens there',
  EACCES: 'this user may not connect',
};
