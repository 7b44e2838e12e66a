/**
 * Starts that hand over: their program makes a process of its own, and leaves its number in a PID file.
 *
 *     follow ──► the file is watched ──► a number ──► FOLLOW ──► STATE with that number ──► kept with its process
 *                  ▲      │ time is up                  │ REFUSED: not of this start, or not there
 *                  │      └──► broken                   │
 *                  └────────────────────────────────────┘
 *
 * The keeper alone decides whether that number is believed (packages/keeper/src/follow.c): it knows whose child is
 * whose, and pins the process before it looks.
 */
import os from 'node:os';
import path from 'node:path';
import type { Answer } from '@bellwether/actors';
import { StartFailed } from '../../errors.ts';
import { startIdVariable } from '../../words/records.ts';
import type { PidFile, RunAs, Started } from '../../words/types.ts';
import { untilSeen, type FileWait } from '../file-watch.ts';
import { readPidFile } from '../pid-file.ts';
import { killOne } from '../group.ts';
import type { Proc } from '../proc.ts';
import { identityOf, type Accounts } from '../users.ts';
import { FrameWriter, tags, types } from './protocol.ts';

/** One start whose process is looked for. */
interface Following {
  readonly pidFile: PidFile;
  readonly answer: Answer;
  /** Of its user, where that is another one. */
  readonly uid: number | undefined;
  wait: FileWait | undefined;
  timer: NodeJS.Timeout | undefined;
  /** The number that the keeper was asked about, and who waits for what it says. */
  asked:
    { readonly pid: number; readonly heard: (process: Started | undefined) => void } | undefined;
  /** Read last, without an end of line: it may be half of one. */
  half: number | undefined;
  /** What was wrong with what was found last. */
  doubt: string | undefined;
}

/** All of one daemon. */
export class Followers {
  readonly #send: (frame: Buffer) => void;
  readonly #accounts: Accounts;
  readonly #following: Map<string, Following>;

  /** `send` sends a frame, or drops it where the keeper is away. */
  constructor(send: (frame: Buffer) => void, accounts: Accounts) {
    this.#send = send;
    this.#accounts = accounts;
    this.#following = new Map();
  }

  /** Looks until the time is up. */
  follow(startId: string, pidFile: PidFile, runAs: RunAs | undefined, answer: Answer): void {
    this.end(startId);
    let uid: number | undefined;
    try {
      uid = runAs && identityOf(runAs, this.#accounts).uid;
    } catch (error) {
      return answer.broken(error);
    }
    const nothing = { wait: undefined, timer: undefined, asked: undefined } as const;
    const one: Following = { pidFile, answer, uid, ...nothing, half: undefined, doubt: undefined };
    this.#following.set(startId, one);
    one.timer = setTimeout(() => this.#late(startId, one), pidFile.timeoutMs);
    one.wait = untilSeen(path.dirname(pidFile.path), () => this.#look(startId, one));
    one.wait.seen.catch((error: unknown) => this.#fail(startId, one, String(error)));
  }

  /** The keeper has this process for a start. */
  heard(process: Started): void {
    const asked = this.#following.get(process.startId)?.asked;
    if (asked?.pid === process.pid) asked.heard(process);
  }

  /** The keeper has said no; `known` is the process that it has for that start. */
  refused(startId: string, error: number, known: Started | undefined): void {
    const one = this.#following.get(startId);
    if (one?.asked === undefined) return;
    const { EALREADY, ESRCH } = os.constants.errno;
    // An earlier daemon has had it followed, and did not live to write that down.
    if (error === EALREADY && known !== undefined) return one.asked.heard(known);
    const what = error === ESRCH ? 'which is not there' : 'which is no process of this start';
    one.doubt = `names process ${one.asked.pid}, ${what}`;
    one.asked.heard(undefined);
  }

  /** The keeper is there again, and may not have heard what was said. */
  again(): void {
    for (const [startId, { asked, uid }] of this.#following)
      if (asked !== undefined) this.#send(followFrame(startId, asked.pid, uid));
  }

  /** Its process has ended. */
  end(startId: string): void {
    const one = this.#following.get(startId);
    if (one === undefined) return;
    this.#forget(startId, one);
    one.answer.broken(new StartFailed('its process has ended'));
  }

  async #look(startId: string, one: Following): Promise<boolean> {
    if (this.#following.get(startId) !== one) return false;
    const found = readPidFile(one.pidFile.path);
    if (!('pid' in found)) {
      one.doubt = found.doubt;
      return false;
    }
    const { pid, isWhole } = found;
    if (!isWhole && one.half !== pid) {
      one.half = pid;
      await new Promise((resolve) => setTimeout(resolve, halfMs));
      return this.#look(startId, one);
    }
    const process = await new Promise<Started | undefined>((heard) => {
      one.asked = { pid, heard };
      this.#send(followFrame(startId, pid, one.uid));
    });
    one.asked = undefined;
    if (process === undefined || this.#following.get(startId) !== one) return false;
    this.#forget(startId, one);
    one.answer.kept(process);
    return true;
  }

  #late(startId: string, one: Following): void {
    const within = `within ${one.pidFile.timeoutMs / 1_000} s`;
    const { doubt } = one;
    const why =
      doubt === undefined
        ? `did not show up ${within}`
        : `${doubt}, and no other one came ${within}`;
    this.#fail(startId, one, why);
  }

  #fail(startId: string, one: Following, why: string): void {
    if (this.#following.get(startId) !== one) return;
    this.#forget(startId, one);
    const text = `PID file ${one.pidFile.path} ${why}`;
    one.answer.broken(new StartFailed(text, { summary: `its PID file ${why}` }));
  }

  #forget(startId: string, one: Following): void {
    this.#following.delete(startId);
    clearTimeout(one.timer);
    one.wait?.stop();
    one.asked?.heard(undefined);
  }
}

/** Milliseconds after which a number without an end of line is taken as whole, if it is still the same. */
const halfMs = 20;

const followFrame = (startId: string, pid: number, uid: number | undefined): Buffer => {
  const frame = new FrameWriter(types.follow).text(tags.id, startId).numbers(tags.pid, [pid]);
  return (uid === undefined ? frame : frame.numbers(tags.uid, [uid])).frame();
};

/** Looks for what a start has left: what forks faster than it is killed goes on. */
const strayLookCount = 8;
/**
 * Kills what a start has left that was never followed: whatever has its id in the environment, in whatever session.
 */
export const killStrays = (proc: Proc, startId: string): void => {
  for (let looks = 0; looks < strayLookCount; looks += 1) {
    const found = proc.findByEnvironment(startIdVariable, new Set([startId]));
    if (found.length === 0) return;
    for (const { pid } of found) killOne(pid);
  }
};
