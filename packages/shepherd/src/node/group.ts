/**
 * Signals to process groups. Every service leads a group (and a session) of its own, whose number
 * is its pid, so one signal reaches the shell wrapper and what it started; a process that makes a
 * session of its own escapes.
 */
import type { SignalName } from '../words/types.ts';
import { groupGoneMs } from './limits.ts';
import type { Proc } from './proc.ts';

/**
 * `gone`: no process of the group is left. `refused`: there are some, and all belong to other
 * users.
 */
export type Delivery = 'sent' | 'gone' | 'refused';

/** What the system calls an error, as ENOENT; undefined for what is none of its errors. */
export const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/**
 * Sends to the group that `pid` leads; 0 asks only whether it is there.
 * @throws RangeError for numbers that mean something else to the system: 0, 1 and negative ones
 * reach this daemon's own group, or every process there is.
 * @throws TypeError for a signal that this system does not have.
 */
export const signalGroup = (pid: number, signal: SignalName | 0): Delivery => {
  if (!Number.isSafeInteger(pid) || pid <= 1) {
    throw new RangeError(`signal: expected the pid of a service, found ${pid}`);
  }
  try {
    process.kill(-pid, signal as NodeJS.Signals | 0);
    return 'sent';
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return 'gone';
    if (codeOf(error) === 'EPERM') return 'refused';
    throw error;
  }
};

/** Kills one process, if it is still there and this user's. */
export const killOne = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile, or is another user's.
  }
};

/**
 * Kills what is left of a group whose leader has ended, then calls `done` once, when it is gone or
 * after a bounded wait. GNU Shepherd leaves those processes running until an explicit stop; they
 * then hold the port that the respawned service wants.
 *
 * The number of a group stays reserved while it has a member, so it can mean strangers only if a
 * living process has the leader's pid again; then nothing is killed.
 */
export const killRest = (proc: Proc, pid: number, done: () => void): void => {
  if (proc.facts(pid) !== undefined || signalGroup(pid, 'SIGKILL') === 'gone') return done();
  const waitAgain = (waitedMs: number, nextMs: number): void => {
    if (waitedMs >= groupGoneMs || isGone(proc, pid)) return done();
    setTimeout(waitAgain, nextMs, waitedMs + nextMs, nextMs * 2);
  };
  waitAgain(0, 2);
};

/** Zombies do not count: in a container without an init nobody reaps them. */
const isGone = (proc: Proc, group: number): boolean =>
  signalGroup(group, 0) === 'gone' || !proc.hasMembers(group);
