/**
 * The process backend on node:child_process: what a shepherd uses where no keeper is.
 *
 *     start ──► folder, program, log file ──► fork ──► exec ──► started.kept
 *                 │ wrong                      │ refused │ refused
 *                 └────────────────────────────┴─────────┴──► started.broken(StartFailed)
 *     main process exits ──► rest of its group killed, gone ──► ended.kept({ code or signal })
 *     adopted process not found any more ──► likewise        ──► ended.kept({})
 *
 * Each process leads a session and group of its own, reads /dev/null and writes stdout and stderr
 * to its log file itself, so it does not notice when the daemon goes away. What this backend cannot
 * do: hold a process back until its record is durable (a start id in its environment lets the next
 * daemon find it), learn how an adopted process ended, and reach processes that made a session of
 * their own. A file that is neither a binary nor begins with #! is read by /bin/sh, since libuv
 * executes by execvp(3).
 */
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import type { Answer, Log } from '@bellwether/actors';
import { StartFailed } from '../errors.ts';
import type {
  Command,
  FoundRecord,
  PidFile,
  ProcessBackend,
  RunningRecord,
  SignalName,
  SocketConfig,
  Start,
  Started,
} from '../words/types.ts';
import { startIdVariable } from '../words/records.ts';
import { AdoptedProcesses, findAlive, isSame, killChecks, killLeftovers } from './adopted.ts';
import type { Adopted } from './adopted.ts';
import { killRest, signalGroup } from './group.ts';
import { commandCount } from './limits.ts';
import type { ServiceLogs } from './log-files.ts';
import { makeProc, type Proc } from './proc.ts';
import {
  asFailed,
  execFailure,
  explain,
  findProgram,
  spawnProgram,
  type CommandDefaults,
  type Program,
} from './program.ts';
import { runProgram } from './run-to-end.ts';
import type { Starts } from './starts.ts';
import { needsKeeper, refuseTraits } from './traits.ts';

/** What the backend works with. */
export interface ChildProcessPowers extends CommandDefaults {
  readonly logFiles: Pick<ServiceLogs, 'pathOf' | 'end' | 'open'>;
  /** What outlives the daemon of starts whose readiness needs it. */
  readonly starts: Pick<Starts, 'openNotice' | 'putLogEnd' | 'putInput' | 'forget' | 'keepOnly'>;
  /**
   * What /proc/PID/coredump_filter of a service is to be, where it inherits another one from a daemon
   * that keeps its own memory out of dumps. Absent: as inherited.
   */
  readonly coredumpFilter?: string;
  /** Told what nobody waits for: a signal that could not be sent. */
  readonly log?: Log;
  /** Absent: /proc. */
  readonly proc?: Proc;
}

/** Starts real processes. Its answers come from the event loop or at once, each exactly once. */
export const makeChildProcessBackend = (powers: ChildProcessPowers): ProcessBackend =>
  new ChildProcessBackend(powers);

class ChildProcessBackend implements ProcessBackend {
  readonly #powers: ChildProcessPowers;
  readonly #proc: Proc;
  readonly #adopted: AdoptedProcesses;
  /**
   * Own children that have not ended, by start id, and who waits for that: in each life of the
   * daemon somebody else. Services, and commands that carry a start id.
   */
  readonly #children: Map<string, { readonly started: Started; readonly waiting: Answer[] }>;
  /** Found by `adopt`, also while watched; an entry leaves when its end was told. */
  readonly #found = new Map<string, Adopted>();
  #commandCount = 0;

  constructor(powers: ChildProcessPowers) {
    // A daemon that is itself a service must not lend its own start id to others.
    const { [startIdVariable]: _own, ...env } = powers.env;
    this.#powers = { ...powers, env };
    this.#proc = powers.proc ?? makeProc();
    this.#adopted = new AdoptedProcesses(this.#proc);
    this.#children = new Map();
  }

  start(start: Start, started: Answer, ended: Answer): void {
    const failed = (error: unknown): void => {
      this.#powers.starts.forget(start.startId, this.#powers.log);
      const reason = asFailed(error);
      started.broken(reason);
      ended.broken(reason);
    };
    try {
      this.#fork(start, started, ended, failed);
    } catch (error) {
      failed(error);
    }
  }

  signal(startId: string, signal: SignalName): void {
    const pid = this.#children.get(startId)?.started.pid ?? this.#adoptedPid(startId);
    if (pid === undefined) return; // it has ended, and its ending is on its way
    try {
      if (signalGroup(pid, signal) !== 'refused') return;
      this.#powers.log?.('process.signal-refused', { startId, pid, signal });
    } catch (error) {
      this.#powers.log?.('process.signal-failed', { startId, pid, signal, why: explain(error) });
    }
  }

  listen(_service: string, _sockets: readonly SocketConfig[], answer: Answer): void {
    answer.broken(needsKeeper('hold sockets for a service'));
  }
  unlisten(_service: string, answer: Answer): void {
    answer.kept(undefined);
  }
  connection(service: string, answer: Answer): void {
    answer.broken(new StartFailed(`${service} has no sockets that listen`));
  }
  drop(): void {
    // Nobody was ever accepted.
  }

  /** Whoever it starts has no PID file. */
  follow(_startId: string, _command: Command, _pidFile: PidFile, answer: Answer): void {
    answer.broken(needsKeeper('follow a PID file'));
  }

  adopt(known: readonly RunningRecord[], answer: Answer): void {
    killChecks(this.#proc, known);
    const strangers = known.filter(
      ({ startId, isDone }) => isDone !== true && !this.#children.has(startId),
    );
    for (const one of findAlive(this.#proc, strangers)) this.#found.set(one.startId, one);
    const isAlive = ({ startId }: RunningRecord): boolean =>
      this.#children.has(startId) || this.#found.has(startId);
    killLeftovers(
      this.#proc,
      known.filter((record) => !isAlive(record)),
    );
    this.#powers.starts.keepOnly(new Set(known.filter(isAlive).map(({ startId }) => startId)));
    const alive = (record: RunningRecord): RunningRecord => {
      const child = this.#children.get(record.startId);
      return child === undefined
        ? (this.#found.get(record.startId) ?? record)
        : { ...child.started, service: record.service };
    };
    const bootId = this.#proc.bootId();
    const isDone = (one: RunningRecord): boolean => one.isDone === true && one.bootId === bootId;
    const done = known.filter(isDone).map((one): FoundRecord => ({ ...one, ending: { code: 0 } }));
    answer.kept([...known.filter(isAlive).map(alive), ...done]);
  }

  /** A child of the daemon runs its program as soon as it is there. */
  settled(_startId: string, started: Answer): void {
    started.broken(new StartFailed('its process has ended'));
  }
  look(_startId: string, answer: Answer): void {
    answer.kept(undefined);
  }

  watch(startId: string, ended: Answer): void {
    const child = this.#children.get(startId);
    if (child !== undefined) return void child.waiting.push(ended);
    const one = this.#found.get(startId);
    if (one === undefined) return ended.kept({}); // never adopted, or ended before
    this.#adopted.watch(one, {
      kept: (ending) => {
        this.#found.delete(startId);
        this.#powers.starts.forget(startId, this.#powers.log);
        ended.kept(ending);
      },
      broken: (reason) => ended.broken(reason),
    });
  }

  runToEnd(
    service: string,
    command: Command,
    timeoutMs: number,
    answer: Answer,
    isOfStop?: true,
  ): void {
    if (this.#commandCount >= commandCount && isOfStop !== true) {
      const text = `exec: ${command.argv[0]} for ${service}: ${commandCount} commands run already`;
      const summary = `${commandCount} commands run already`;
      return answer.broken(new StartFailed(text, { summary }));
    }
    let program: Program;
    try {
      program = findProgram(command, this.#powers);
    } catch (error) {
      return answer.broken(error);
    }
    const startId = command.env?.[startIdVariable];
    let waiting: Answer[] = [];
    const count = isOfStop === true ? 0 : 1;
    this.#commandCount += count;
    runProgram(program, timeoutMs, this.#proc, answer, {
      forked: (pid) => {
        if (startId !== undefined) ({ waiting } = this.#track(startId, pid));
      },
      exited: (ending) => {
        if (startId !== undefined) this.#children.delete(startId);
        for (const each of waiting) each.kept(ending);
      },
      over: () => {
        this.#commandCount -= count;
      },
    });
  }

  #track(startId: string, pid: number): { readonly started: Started; readonly waiting: Answer[] } {
    const startTime = this.#proc.facts(pid)?.startTime;
    const bootId = this.#proc.bootId();
    const started = {
      startId,
      pid,
      ...(startTime === undefined ? {} : { startTime }),
      ...(bootId === undefined ? {} : { bootId }),
    };
    const child = { started, waiting: [] };
    this.#children.set(startId, child);
    return child;
  }

  /** Its first instants may be dumped without their memory: spawn answers when the program runs. */
  #letDump(pid: number): void {
    const { coredumpFilter } = this.#powers;
    if (coredumpFilter === undefined) return;
    try {
      fs.writeFileSync(`/proc/${pid}/coredump_filter`, coredumpFilter);
    } catch {
      // It has ended, or is another user's by now: a dump of it would tell less, no more.
    }
  }

  #adoptedPid(startId: string): number | undefined {
    const one = this.#found.get(startId);
    return one !== undefined && isSame(this.#proc, one) ? one.pid : undefined;
  }

  #fork(
    { startId, service, command, ready, ...manner }: Start,
    started: Answer,
    ended: Answer,
    failed: (error: unknown) => void,
  ): void {
    refuseTraits(command, manner);
    if (ready?.kind === 'sd-notify') throw needsKeeper('hear what a service says by sd_notify');
    const program = findProgram(command, this.#powers);
    const { logFiles, starts } = this.#powers;
    const log = logFiles.open(service);
    const opened = [log];
    let child: ChildProcess;
    try {
      if (ready?.kind === 'log') starts.putLogEnd(startId, logFiles.end(service));
      let notice: Handed | undefined;
      if (ready?.kind === 'notify') {
        notice = { at: ready.descriptor, file: starts.openNotice(startId) };
        opened.push(notice.file);
      }
      let input: number | undefined;
      if (command.input !== undefined) {
        input = fs.openSync(starts.putInput(startId, command.input), 'r');
        opened.push(input);
      }
      child = spawnLogged(program, startId, log, { notice, input });
    } finally {
      for (const each of opened) fs.closeSync(each); // the child has its own
    }
    const { pid } = child;
    if (pid === undefined)
      return void child.on('error', (error) => failed(execFailure(program, error)));
    child.on('error', () => {}); // of signals that failed; ours do not go through `child`
    const { started: facts, waiting } = this.#track(startId, pid);
    this.#letDump(pid);
    waiting.push(ended);
    child.on('exit', (code, signal) => {
      this.#children.delete(startId);
      this.#powers.starts.forget(startId, this.#powers.log);
      const ending = code === null ? { signal: signal ?? 'SIGKILL' } : { code };
      killRest(this.#proc, pid, () => {
        for (const each of waiting) each.kept(ending);
      });
    });
    started.kept(facts);
  }
}

/** A file that is open in the process, and the number that it has there. */
interface Handed {
  readonly at: number;
  readonly file: number;
}

const spawnLogged = (
  program: Program,
  startId: string,
  log: number,
  { notice, input }: { readonly notice: Handed | undefined; readonly input: number | undefined },
): ChildProcess => {
  try {
    const marked = { ...program, env: { ...program.env, [startIdVariable]: startId } };
    return spawnProgram(marked, [input ?? 'ignore', log, log, ...handed(notice)]);
  } catch (error) {
    throw execFailure(program, error);
  }
};

/** What a process finds from descriptor 3 on: nothing up to the one that it is told to write to. */
const handed = (notice: Handed | undefined): (number | 'ignore')[] =>
  notice === undefined ? [] : [...Array<'ignore'>(notice.at - 3).fill('ignore'), notice.file];
