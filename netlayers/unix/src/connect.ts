/**
 * Connecting to a unix socket: long paths, full queues, and failures that say what stands at the path.
 *
 * To a shared socket a client tells the secret of its reference before anything was proved to it, so what stands
 * there is judged first, in a folder that is held open: whoever it belongs to decides what answers.
 */
import type { Stats } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { PeerLocation } from '@bellwether/ocapn';
import {
  BadPlace,
  systemCode,
  Unreachable,
  Untrusted,
  type DialAttempt,
} from '@bellwether/netlayer-stream';
import { OTHERS_WRITE, SocketFolder } from './folder.ts';
import { LONGEST_RETRY_MS, PATH_BYTES, RETRY_MS } from './limits.ts';

/** The path in a location's hints is `path`; why it cannot be dialled, undefined where it can. */
export const pathRefusal = ({ hints: { path: at } }: PeerLocation): string | undefined => {
  if (at === undefined) return 'it has no path';
  if (path.isAbsolute(at) && !at.includes('\0')) return undefined;
  return `its path is '${at}', not an absolute one`;
};

/** Connects for a dial over that transport; `connected` gets an open socket that nobody listens to yet. */
export function connectUnix(
  dial: DialAttempt,
  to: PeerLocation,
  transport: 'unix' | 'unix-shared',
  onread: net.OnReadOpts,
  connected: (socket: net.Socket) => void,
): void {
  const { path: at = '' } = to.hints;
  const refusal = to.transport === transport ? pathRefusal(to) : `nothing dials it as ${transport}`;
  if (refusal !== undefined)
    return dial.fail(new BadPlace(`unix: cannot dial a ${to.transport} location: ${refusal}`));
  const way = transport === 'unix' ? connect : connectShared(dial.place, to.hints['uid']);
  attempt(dial, () => way(at, onread), RETRY_MS, connected);
}

function attempt(
  dial: DialAttempt,
  connect: () => net.Socket,
  retryMs: number,
  connected: (socket: net.Socket) => void,
): void {
  let socket: net.Socket;
  try {
    socket = connect();
  } catch (error) {
    return dial.fail(explain(dial, error));
  }
  dial.use(socket);
  const onError = (error: Error): void => {
    if (dial.isOver) return;
    if (systemCode(error) !== 'EAGAIN') return dial.fail(explain(dial, error));
    // The listener's queue is full: unlike TCP the kernel does not wait for us.
    const again = (): void => {
      if (!dial.isOver) attempt(dial, connect, Math.min(retryMs * 2, LONGEST_RETRY_MS), connected);
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

function connect(at: string, onread: net.OnReadOpts): net.Socket {
  if (Buffer.byteLength(at) <= PATH_BYTES) return net.connect({ path: at, onread });
  const folder = SocketFolder.open(path.dirname(at));
  try {
    // libuv connects within this call: the descriptor has done its work when it returns.
    return net.connect({ path: folder.reach(path.basename(at)), onread });
  } finally {
    folder.close();
  }
}

/** Connects where folder and socket belong to the user who is named, else to us, or to root. */
function connectShared(place: string, named: string | undefined): typeof connect {
  const owner = named === undefined ? process.geteuid?.() : Number(named);
  const refuse = (summary: string): never => {
    throw new Untrusted(place, summary);
  };
  const judge = (what: string, { uid }: Stats): void => {
    if (uid !== 0 && uid !== owner)
      refuse(`${what} belongs to user ${uid}, not to ${owner ?? 'us'}; nothing was said to it`);
  };
  return (at, onread) => {
    const folder = SocketFolder.open(path.dirname(at));
    try {
      const around = folder.stats();
      judge('its folder', around);
      if ((around.mode & OTHERS_WRITE) !== 0)
        refuse('others may write to its folder; nothing was said to it');
      const found = folder.look(path.basename(at));
      if (found === undefined) throw new Unreachable(place, 'there is no socket');
      if (!found.isSocket()) refuse('what stands there is no socket');
      judge('it', found);
      return net.connect({ path: folder.reach(path.basename(at)), onread });
    } finally {
      folder.close();
    }
  };
}

function explain(dial: DialAttempt, error: unknown): Error {
  if (error instanceof BadPlace || error instanceof Untrusted || error instanceof Unreachable) {
    return error;
  }
  const code = systemCode(error);
  const what = FOUND[code] ?? 'cannot connect';
  return new Unreachable(dial.place, `${what} (${code})`, { cause: error });
}

const FOUND: Readonly<Record<string, string>> = {
  ENOENT: 'there is no socket',
  ECONNREFUSED: 'nobody listens there',
  EACCES: 'this user may not connect',
};
