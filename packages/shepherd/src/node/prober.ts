/**
 * Asks a service whether it is ready: one attempt, one answer. Who asks again, and for how long, is
 * the service's affair.
 *
 *     http, tcp     a request, a connection
 *     exec          a command in a group of its own, which is killed when its time is up
 *     notified      the file of the start is watched for a newline
 *     logged        the log is watched for a text, from where it ended at the start
 *
 * Of the last three one is under way for each start, and `forget` ends it at once.
 */
import net from 'node:net';
import type { Answer } from '@bellwether/actors';
import type { Command, CommandResult, Prober } from '../words/types.ts';
import { askOnce, httpUrl } from './ask-once.ts';
import { untilSeen, type FileWait } from './file-watch.ts';
import { signalGroup } from './group.ts';
import type { ServiceLogs } from './log-files.ts';
import { makeProc, type Proc } from './proc.ts';
import { explain, findProgram, type Program, type CommandDefaults } from './program.ts';
import { runProgram } from './run-to-end.ts';
import { checkVariable, type Starts } from './starts.ts';

/** Ends an attempt once: the first verdict counts, the timer and the socket are given back. */
const attempt = (timeoutMs: number, answer: Answer, close: () => void) => {
  let isOver = false;
  const end = (isReady: boolean): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    close();
    answer.kept(isReady);
  };
  const timer = setTimeout(end, timeoutMs, false);
  return end;
};

/** What asking takes beside the network. */
export interface ProberPowers {
  /** What commands get that are asked, and where they run. */
  readonly defaults: CommandDefaults;
  readonly starts: Starts;
  readonly logFiles: Pick<ServiceLogs, 'pathOf' | 'search'>;
  /** Absent: /proc. */
  readonly proc?: Proc;
}

/** Probes for real. A URL that is none breaks its answer with a TypeError. */
export const makeProber = (powers: ProberPowers): Prober => new NodeProber(powers);

class NodeProber implements Prober {
  readonly #powers: ProberPowers;
  readonly #proc: Proc;
  /** What ends the attempt of a start that is under way. */
  readonly #waiting: Map<string, () => void>;

  constructor(powers: ProberPowers) {
    this.#powers = powers;
    this.#proc = powers.proc ?? makeProc();
    this.#waiting = new Map();
  }

  http(url: string, timeoutMs: number, answer: Answer): void {
    const parsed = httpUrl(url);
    if (parsed === undefined)
      return answer.broken(new TypeError(`probe: expected an http or https URL, found ${url}`));
    const asking = askOnce(parsed, {});
    // The body, if any, is not read.
    const end = attempt(timeoutMs, answer, () => asking.destroy());
    // A service that redirects is up.
    asking.on('response', ({ statusCode = 0 }) => end(statusCode >= 200 && statusCode < 400));
    asking.on('error', () => end(false)); // refused, reset, unknown host: not ready
    asking.end();
  }

  tcp(host: string, port: number, timeoutMs: number, answer: Answer): void {
    const socket = net.connect({ host, port });
    const end = attempt(timeoutMs, answer, () => socket.destroy());
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  }

  exec(startId: string, command: Command, timeoutMs: number, answer: Answer): void {
    this.forget(startId);
    const env = { ...command.env, [checkVariable]: startId };
    let program: Program;
    try {
      program = findProgram({ ...command, env }, this.#powers.defaults);
    } catch (error) {
      return answer.broken(error);
    }
    let leader: number | undefined;
    const stop = (): void => {
      if (leader !== undefined) signalGroup(leader, 'SIGKILL');
    };
    this.#waiting.set(startId, stop);
    const verdict: Answer = {
      kept: (result) => answer.kept((result as CommandResult).code === 0),
      broken: (reason) => answer.broken(reason),
    };
    runProgram(program, timeoutMs, this.#proc, verdict, {
      forked: (pid) => {
        leader = pid;
      },
      exited: () => {
        leader = undefined;
      },
      over: () => {
        if (this.#waiting.get(startId) === stop) this.#waiting.delete(startId);
      },
    });
  }

  notified(startId: string, timeoutMs: number, answer: Answer): void {
    const { starts } = this.#powers;
    this.#await(startId, timeoutMs, answer, () => ({
      file: starts.pathOf(startId),
      look: async () => starts.hasNotice(startId),
    }));
  }

  logged(startId: string, service: string, text: string, timeoutMs: number, answer: Answer): void {
    const { starts, logFiles } = this.#powers;
    this.#await(startId, timeoutMs, answer, () => ({
      file: logFiles.pathOf(service),
      look: logFiles.search(service, text, starts.logEnd(startId)),
    }));
  }

  forget(startId: string): void {
    const stop = this.#waiting.get(startId);
    this.#waiting.delete(startId);
    stop?.();
  }

  /** Waits for something to show in a file. What cannot be looked for breaks the answer. */
  #await(startId: string, timeoutMs: number, answer: Answer, begin: () => Sign): void {
    this.forget(startId);
    let waiting: FileWait;
    try {
      const { file, look } = begin();
      waiting = untilSeen(file, look);
    } catch (error) {
      return answer.broken(new Error(explain(error)));
    }
    const stop = (): void => waiting.stop();
    this.#waiting.set(startId, stop);
    const timer = setTimeout(stop, timeoutMs);
    const over = (): void => {
      clearTimeout(timer);
      if (this.#waiting.get(startId) === stop) this.#waiting.delete(startId);
    };
    waiting.seen.finally(over).then(
      (isSeen) => answer.kept(isSeen),
      (error: unknown) => answer.broken(new Error(explain(error))),
    );
  }
}

/** Something that shows in a file. */
interface Sign {
  readonly file: string;
  readonly look: () => Promise<boolean>;
}
