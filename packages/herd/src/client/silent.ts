/**
 * Why a shepherd does not answer: it starts, or ends; its process is stopped, overloaded, or waits for a disk; there is
 * none. Who has noted its number in the lock of the state starts, or ends, if it lives and does not listen.
 */
import fs from 'node:fs';
import path from 'node:path';
import { holderOf } from '../places/lock.ts';
import { NoShepherd } from './errors.ts';
import { fullBytes } from './limits.ts';
import { howToStart, keyBeside, placesOf, type User } from './place.ts';
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
  const passing = isAlone ? passingAt(user, socket, { cause }) : undefined;
  const hint = isAlone ? howToStart(user) : notUnderstood;
  return passing ?? new NoShepherd(`no shepherd answers at ${socket}: ${message}`, hint, { cause });
};
const notUnderstood =
  'No shepherd that this herd understands is there. After an upgrade, restart the shepherd.';

/** An orderly end takes socket and key away; between two lives the key stays, and at a start the socket comes first. */
export const noSocket = (user: User, socket: string): NoShepherd => {
  const passing = passingAt(user, socket);
  if (passing !== undefined) return passing;
  const isRestarting = fs.existsSync(keyBeside(socket));
  const full = [path.dirname(socket), placesOf(user).state].find(isOnFullDisk);
  const message = isRestarting
    ? `the shepherd at ${socket} is restarting, or was ended by force: its socket is not there`
    : `no shepherd runs here: there is no socket ${socket}`;
  if (full === undefined) return new NoShepherd(message, howToStart(user), {}, isRestarting);
  const hint = `A shepherd needs room there for its records: make some. ${howToStart(user)}`;
  return new NoShepherd(`${message}; the disk of ${full} is full`, hint, {}, isRestarting);
};

const isOnFullDisk = (folder: string): boolean => {
  try {
    const { bavail, bsize } = fs.statfsSync(folder);
    return bavail * bsize < fullBytes;
  } catch {
    return false; // not there, or not ours to look into: nothing is known of it
  }
};

/** What is told of a shepherd that starts, or ends; undefined where none has the lock. */
const passingAt = (user: User, socket: string, options?: ErrorOptions): NoShepherd | undefined => {
  const { state, logs } = foldersOf(user, socket);
  const pid = state === undefined ? undefined : holderOf(state);
  // Whoever has noted its number may be gone, and another have it.
  if (pid === undefined || procFile(pid, 'cmdline')?.includes('shepherd') !== true)
    return undefined;
  const who = `the shepherd (pid ${pid}, by the lock of its state)`;
  const words = `${who} does not listen at ${socket}: it starts, or ends`;
  return new NoShepherd(words, hintFor(pid, stageOf(pid) ?? '', logs), options, true);
};

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
