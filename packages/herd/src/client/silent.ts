/**
 * Why a shepherd does not answer: it starts, or ends; its process is stopped, overloaded, or waits for a disk; there is
 * none.
 */
import fs from 'node:fs';
import path from 'node:path';
import { holderOf } from '../places/lock.ts';
import { NoShepherd } from './errors.ts';
import { howToStart, placesOf, type User } from './place.ts';
import type { rootCause } from './root.ts';

/** What is told of something that takes connections and has said nothing for `silentMs`; `cause`: how one knows. */
export const silentShepherd = (
  user: User,
  socket: string,
  cause: Error,
  silentMs: number,
): NoShepherd => {
  const { state, logs } = foldersOf(user, socket);
  const pid = state === undefined ? undefined : holderOf(state);
  const stage = pid === undefined ? undefined : stageOf(pid);
  const isNamed = pid !== undefined && stage !== undefined;
  const who = isNamed ? ` (pid ${pid}, by the lock of its state)` : '';
  const message =
    `something listens at ${socket}${who} and has not answered for ${silentMs / 1_000} s; ` +
    'nothing was asked of it';
  return new NoShepherd(message, isNamed ? hintFor(pid, stage, logs) : unnamed, { cause });
};

/** What is told of any other reason; `isAlone`, `message`: what that is. */
export const noAnswerAt = (
  user: User,
  socket: string,
  { message, isAlone }: ReturnType<typeof rootCause>,
  cause: Error,
): NoShepherd => {
  const { state, logs } = foldersOf(user, socket);
  const pid = state === undefined ? undefined : holderOf(state);
  // Whoever has noted its number may be gone, and another have it.
  if (isAlone && pid !== undefined && procFile(pid, 'cmdline')?.includes('shepherd') === true) {
    const who = `the shepherd (pid ${pid}, by the lock of its state)`;
    const words = `${who} does not listen at ${socket}: it starts, or ends`;
    return new NoShepherd(words, hintFor(pid, stageOf(pid) ?? '', logs), { cause }, true);
  }
  const hint = isAlone ? howToStart(user) : notUnderstood;
  return new NoShepherd(`no shepherd answers at ${socket}: ${message}`, hint, { cause });
};
const notUnderstood =
  'No shepherd that this herd understands is there. After an upgrade, restart the shepherd.';

/** Where the state and the logs lie of the shepherd at a socket, if that tells: `--state` puts it in there. */
const foldersOf = (
  user: User,
  socket: string,
): { readonly state?: string; readonly logs?: string } => {
  const { SHEPHERD_SOCKET: _said, ...env } = user.env;
  const { socket: usual, state: usualState, logs } = placesOf({ ...user, env });
  if (socket === usual) return { state: usualState, logs };
  const run = path.dirname(socket);
  if (path.basename(run) !== 'run') return {};
  const state = path.dirname(run);
  return { state, logs: path.join(state, 'log') };
};

/** The letter of the kernel for what a process does (proc(5)); undefined: there is none. */
const stageOf = (pid: number): string | undefined => {
  // The name before it may have anything in it, brackets too.
  const stat = procFile(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2)[0];
};
const procFile = (pid: number, name: string): string | undefined => {
  try {
    return fs.readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return undefined; // it has ended, or is not shown to us
  }
};

const unnamed =
  "It may be overloaded, stopped, or wait for its disk: 'ss -xlp' tells which process listens there.";
const hintFor = (pid: number, stage: string, logs: string | undefined): string => {
  if (stage === 'T')
    return `Its process is stopped, as by SIGSTOP: 'kill -CONT ${pid}' lets it go on.`;
  const log = logs === undefined ? '' : path.join(logs, 'shepherd.log');
  const end = fs.existsSync(log) ? `, and the end of ${log}` : '';
  return `It may be overloaded, or wait for its disk: see 'ps -o stat,%cpu,%mem,wchan:20,args ${pid}'${end}.`;
};
