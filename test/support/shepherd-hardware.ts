/** What of a simulated machine outlives its daemon: its processes and its disk. */
import type { Commit, World } from '@bellwether/actors';
import { chained, chainStart, isAuditEntry, type AuditRecord } from '@bellwether/authority';
import { checkEntries, textDigest } from '@bellwether/store';
import {
  StartFailed,
  type AcceptedRecord,
  type Command,
  type CommandResult,
  type Ending,
  type Entry,
  type FoundRecord,
  type OperationArchive,
  type OperationPieces,
  type ProcessBackend,
  type Records,
  type RecordedRun,
  type RunningRecord,
  type Start,
  type Started,
  type TimerMemory,
  type Prompts,
  type TransientRecord,
  type Wisher,
  type WishRecord,
} from '@bellwether/shepherd';
import { Arrivals } from './shepherd-arrivals.ts';
import type { MachineTime } from './shepherd-time.ts';

/** How the processes of one service behave. */
export interface Program {
  /** Milliseconds from the fork until the answer; the process lives from the fork on. */
  readonly spawnMs?: number;
  /** The process cannot be made; this is why. */
  readonly refusal?: string;
  /** The same for others, where it is something else. */
  readonly summary?: string;
  /** Ignores everything but SIGKILL. */
  readonly isStubborn?: boolean;
  /** Its process does not come to run its program: nothing is told of it, and it hears SIGKILL alone. */
  readonly hangs?: boolean;
  /** Ignores SIGKILL, too, as in an uninterruptible wait of the kernel, until this says otherwise. */
  readonly isStuck?: boolean;
  /** Milliseconds from SIGTERM to the end. */
  readonly stopMs?: number;
  /** Ends by itself, so long after its fork. */
  readonly ends?: { readonly afterMs: number; readonly ending: Ending };
}
/** A process that was really made. */
export interface Living {
  readonly startId: string;
  readonly service: string;
  readonly pid: number;
  /** Where it runs, where its description says so. */
  readonly cwd?: string;
  readonly signals: readonly string[];
}
/** The whole life of a process; `toMs` is Infinity as long as it lives. */
export interface Lifetime {
  readonly service: string;
  readonly fromMs: number;
  readonly toMs: number;
}
interface Process extends Living {
  readonly fromMs: number;
  readonly signals: string[];
  readonly watchers: ((ending: Ending) => void)[];
  /** Who waits for its program to run. */
  readonly begins: ((found: Started) => void)[];
}
/** The processes of one machine: they outlive its daemon. */
export class Processes {
  /** By service; what is not in here is well-behaved. */
  readonly programs = new Map<string, Program>();
  /** How the process of this start behaves, where it is not as all of its service. */
  behaves: (start: Pick<Start, 'service' | 'command'>) => Program | undefined = () => undefined;
  /** What custom actions run. */
  runCommand = (_service: string, command: Command): CommandResult => ({
    code: 0,
    output: [command.argv.join(' ')],
  });
  /** The commands of all custom actions that were begun. */
  readonly commanded: (readonly string[])[] = [];
  /** How long the last of them might take. */
  commandMs: number | undefined = undefined;
  /** How processes ended is known until somebody asks, as where there is a keeper. */
  keepsEndings = false;
  /** Who comes to its sockets. */
  readonly arrivals = new Arrivals();
  /** Every moment at which a service had two live processes: must stay empty. */
  readonly doubled: string[] = [];
  /** Services in the order of their forks. */
  readonly started: string[] = [];
  readonly #world: Pick<World, 'now'>;
  readonly #time: Pick<MachineTime, 'at' | 'state'>;
  readonly #live = new Map<string, Process>();
  readonly #over: Lifetime[] = [];
  #lastPid = 100;
  /** Of this boot of the machine. */
  readonly #endedStarts = new Set<string>();
  readonly #endings = new Map<string, Ending>();
  constructor(world: Pick<World, 'now'>, time: Pick<MachineTime, 'at' | 'state'>) {
    this.#world = world;
    this.#time = time;
  }
  /** Live processes, oldest first. */
  living(service?: string): readonly Living[] {
    return [...this.#live.values()].filter(
      (each) => service === undefined || each.service === service,
    );
  }
  /** Every process that there ever was, those that live last. */
  lifetimes(service: string): readonly Lifetime[] {
    const live = [...this.#live.values()].map((each) => ({ ...each, toMs: Infinity }));
    return [...this.#over, ...live].filter((each) => each.service === service);
  }
  /** Ends all live processes of a service, as if each had ended by itself. On a suspended machine nothing can end. */
  kill(service: string, ending: Ending = { signal: 'SIGKILL' }): void {
    if (this.#time.state === 'suspended') return;
    for (const each of this.living(service)) this.#end(each.startId, ending);
  }
  /** All are gone at once, and nobody is told. */
  losePower(): void {
    for (const { startId } of this.living()) this.#bury(startId);
    this.#endedStarts.clear();
    this.#endings.clear();
  }
  /**
   * The backend that one life of the daemon sees; `say` carries its answers, and loses them once it
   * is dead.
   */
  view(say: (ms: number, task: () => void) => void): ProcessBackend {
    return {
      start: (start, started, ended) => {
        const { startId } = start;
        const program = this.behaves(start) ?? this.#program(start.service);
        const { refusal, summary = refusal ?? '', spawnMs = 5 } = program;
        const missing = this.arrivals.give(start);
        if (missing !== undefined) return say(spawnMs, () => started.broken(missing));
        if (refusal !== undefined)
          return say(spawnMs, () => started.broken(new StartFailed(refusal, { summary })));
        const process = this.#fork(start, program);
        process.watchers.push((ending) => say(1, () => ended.kept(ending)));
        const { pid } = process;
        if (program.hangs === true)
          return void process.begins.push((found) => say(1, () => started.kept(found)));
        say(spawnMs, () => started.kept({ startId, pid, startTime: `${pid}0` } satisfies Started));
      },
      signal: (startId, signal) => this.#signal(startId, signal),
      ...this.arrivals.view(say),
      follow: (startId, _command, _pidFile, answer) => {
        const process = this.#live.get(startId);
        if (process === undefined)
          return say(1, () => answer.broken(new StartFailed('it is gone')));
        const { pid } = process;
        say(5, () => answer.kept({ startId, pid, startTime: `${pid}0` } satisfies Started));
      },
      adopt: (known, answer) => {
        const found = known.flatMap((record): readonly FoundRecord[] => {
          const process = this.#live.get(record.startId);
          if (process !== undefined && this.#program(process.service).hangs === true)
            return [{ ...record, pid: process.pid, hang: { pid: process.pid, at: 'its program' } }];
          if (process !== undefined)
            return [{ ...record, pid: process.pid, startTime: `${process.pid}0` }];
          const ending = this.keepsEndings ? this.#endings.get(record.startId) : undefined;
          if (ending !== undefined) return [{ ...record, ending }];
          const isDone = record.isDone === true && this.#isOfThisBoot(record.startId);
          return isDone ? [{ ...record, ending: { code: 0 } }] : [];
        });
        say(10, () => answer.kept(found));
      },
      settled: (startId, started) => {
        const process = this.#live.get(startId);
        const why = new StartFailed('its program was not run');
        if (process === undefined) return say(1, () => started.broken(why));
        process.begins.push((found) => say(1, () => started.kept(found)));
      },
      look: (startId, answer) => {
        const process = this.#live.get(startId);
        say(1, () => answer.kept(process && { pid: process.pid, at: 'its program' }));
      },
      watch: (startId, ended) => {
        const process = this.#live.get(startId);
        if (process === undefined) return say(1, () => ended.kept({}));
        process.watchers.push(() => say(1, () => ended.kept({})));
      },
      runToEnd: (service, command, timeoutMs, answer) => {
        this.commanded.push(command.argv);
        this.commandMs = timeoutMs;
        say(20, () => answer.kept(this.runCommand(service, command)));
      },
    };
  }
  #isOfThisBoot(startId: string): boolean {
    return this.#endedStarts.has(startId);
  }
  #program(service: string): Program {
    return this.programs.get(service) ?? {};
  }
  #fork({ startId, service, command: { cwd } }: Start, { ends }: Program): Process {
    if (this.living(service).length > 0)
      this.doubled.push(`${service} at ${this.#world.now} ms: ${startId}`);
    this.#lastPid += 1;
    const fromMs = this.#world.now;
    const process: Process = {
      startId,
      service,
      pid: this.#lastPid,
      ...(cwd !== undefined && { cwd }),
      fromMs,
      signals: [],
      watchers: [],
      begins: [],
    };
    this.#live.set(startId, process);
    this.started.push(service);
    if (ends !== undefined) this.#time.at(ends.afterMs, () => this.#end(startId, ends.ending));
    return process;
  }
  #signal(startId: string, signal: string): void {
    const process = this.#live.get(startId);
    if (process === undefined) return;
    process.signals.push(signal);
    const program = this.#program(process.service);
    const { isStubborn = program.hangs === true, isStuck = false, stopMs = 20 } = program;
    if (isStuck) return;
    if (signal === 'SIGKILL') this.#time.at(1, () => this.#end(startId, { signal }));
    else if ((signal === 'SIGTERM' || signal === 'SIGINT') && !isStubborn)
      this.#time.at(stopMs, () => this.#end(startId, { signal }));
  }
  #end(startId: string, ending: Ending): void {
    this.#endings.set(startId, ending);
    const process = this.#live.get(startId);
    for (const begins of process?.begins ?? [])
      begins({ startId, pid: process?.pid ?? 0, startTime: `${process?.pid ?? 0}0` });
    for (const watcher of this.#bury(startId)) watcher(ending);
  }
  #bury(startId: string): Process['watchers'] {
    const process = this.#live.get(startId);
    if (process === undefined) return [];
    this.#live.delete(startId);
    this.#endedStarts.add(startId);
    const { service, fromMs } = process;
    this.#over.push({ service, fromMs, toMs: this.#world.now });
    return process.watchers;
  }
}

/**
 * A disk. A commit takes two steps, as replacing a file does:
 *
 *     the daemon commits ──► written: the next daemon reads it ──► synced, and the daemon is told
 *
 * What a daemon that dies has written stays, though it never learnt that; a loss of power takes what
 * was not synced.
 */
export class Disk {
  readonly entries: unknown[] = [];
  /** What the audit was told, in batches with `entries`: there is one output commit for both. */
  readonly audits: AuditRecord[] = [];
  /** Longest time of a commit; the world decides between 0 and this. */
  commitMs = 3;
  /** The number of the commit that fails, counted from 1; undefined: none does. */
  failAt: number | undefined = undefined;
  /** A commit that fails has written all the same: the sync of its folder failed. */
  failsLate = false;
  /** Nothing is read any more, while what is written is. */
  isUnreadable = false;
  /** How often an operation was read. */
  readCount = 0;
  commitCount = 0;
  readonly #world: World;
  #syncedCount = 0;
  #syncedAuditCount = 0;
  constructor(world: World) {
    this.#world = world;
  }
  /** What no loss of power can take any more. */
  get synced(): readonly unknown[] {
    return this.entries.slice(0, this.#syncedCount);
  }
  get syncedCount(): number {
    return this.#syncedCount;
  }
  view(say: (ms: number, task: () => void) => void): Commit {
    return (entries, done) => {
      // What a simulated daemon writes is what a real one could keep.
      const audits = entries.filter(isAuditEntry);
      const others = entries.filter((entry) => !isAuditEntry(entry));
      checkEntries(others);
      chained(chainStart, 0, audits, () => '');
      const ms = this.commitMs * this.#world.random();
      say(ms / 2, () => {
        const fails = this.commitCount + 1 === this.failAt;
        if (!fails || this.failsLate) {
          this.entries.push(...others);
          this.audits.push(...audits);
        }
        say(ms / 2, () => {
          this.commitCount += 1;
          if (fails) return done(new Error('the disk is full'));
          this.#sync();
          done();
        });
      });
    };
  }
  /** The audit as a daemon would have it on its disk. */
  auditLines(): readonly string[] {
    return chained(chainStart, 0, this.audits, textDigest).map(({ text }) => text);
  }
  losePower(): void {
    this.entries.splice(this.#syncedCount);
    this.audits.splice(this.#syncedAuditCount);
  }
  #sync(): void {
    this.#syncedCount = this.entries.length;
    this.#syncedAuditCount = this.audits.length;
  }
  /** What a daemon that starts now finds. */
  records(): Records {
    // A daemon that starts makes sure of what it finds before it builds on it.
    this.#sync();
    const desired = new Map<string, boolean>();
    const wishers = new Map<string, Wisher>();
    const enabled = new Map<string, boolean>();
    const prompts = new Map<string, Prompts>();
    const without = ({ disabled: _disabled, ...rest }: Prompts = {}): Prompts => rest;
    const transients = new Map<string, TransientRecord>();
    const timers = new Map<string, TimerMemory>();
    const running = new Map<string, RunningRecord>();
    const operations = new Map<string, AcceptedRecord>();
    const wishes = new Map<number, WishRecord>();
    for (const entry of this.entries as readonly Entry[])
      switch (entry.kind) {
        case 'desired':
          desired.set(entry.service, entry.isWanted);
          if (entry.by === undefined) wishers.delete(entry.service);
          else wishers.set(entry.service, entry.by);
          break;
        case 'unwished':
          desired.delete(entry.service);
          break;
        case 'wished': {
          const { kind: _kind, ...record } = entry;
          wishes.set(entry.number, record);
          break;
        }
        case 'outdated':
          for (const number of entry.numbers) wishes.delete(number);
          break;
        case 'enabled':
          enabled.set(entry.service, entry.isEnabled);
          prompts.set(entry.service, {
            ...without(prompts.get(entry.service)),
            ...(entry.because && { disabled: entry.because }),
          });
          break;
        case 'prompted': {
          const { kind: _kind, service, ...prompted } = entry;
          const { disabled } = prompts.get(service) ?? {};
          prompts.set(service, { ...prompted, ...(disabled && { disabled }) });
          break;
        }
        case 'unprompted': {
          const { disabled } = prompts.get(entry.service) ?? {};
          prompts.set(entry.service, disabled ? { disabled } : {});
          break;
        }
        case 'timer': {
          const { kind: _kind, ...record } = entry;
          timers.set(entry.service, { runs: [], ...timers.get(entry.service), record });
          break;
        }
        case 'timed': {
          const { kind: _kind, service, ...run } = entry;
          const before = timers.get(service) ?? { runs: [] };
          const isOther = ({ place }: RecordedRun): boolean => place !== run.place;
          const runs = [...before.runs.filter(isOther), run];
          runs.sort((one, other) => one.number - other.number);
          timers.set(service, { ...before, runs });
          break;
        }
        case 'transient': {
          const { kind: _kind, ...record } = entry;
          transients.set(entry.service, record);
          break;
        }
        case 'untransient':
          transients.delete(entry.service);
          prompts.delete(entry.service);
          break;
        case 'untimed':
          timers.delete(entry.service);
          break;
        case 'running':
          running.set(entry.running.startId, entry.running);
          break;
        case 'ended':
          running.delete(entry.startId);
          break;
        case 'accepted': {
          const { kind: _kind, ...record } = entry;
          operations.set(`${entry.asker}/${entry.operation}`, record);
          break;
        }
        case 'forgotten':
          operations.delete(`${entry.asker}/${entry.operation}`);
          break;
        case 'intent':
        case 'outcome':
          break;
      }
    return {
      desired,
      wishers,
      enabled,
      prompts,
      timers,
      transients: [...transients.values()],
      running: [...running.values()],
      operations: [...operations.values()],
      wishes: [...wishes.values()],
    };
  }
  /** What a daemon reads of operations; it is told once it has waited for the disk. */
  archive(say: (ms: number, task: () => void) => void): OperationArchive {
    return {
      read: (asker, operation, answer) => {
        this.readCount += 1;
        say(this.commitMs * this.#world.random(), () => {
          if (this.isUnreadable) answer.broken(new Error('the disk cannot be read'));
          else answer.kept(this.#pieces(asker, operation));
        });
      },
    };
  }
  #pieces(asker: string, operation: string): OperationPieces {
    const pieces = {
      intent: new Map<number, Uint8Array>(),
      outcome: new Map<number, Uint8Array>(),
    };
    for (const entry of this.entries as readonly Entry[]) {
      if (entry.kind !== 'intent' && entry.kind !== 'outcome' && entry.kind !== 'forgotten')
        continue;
      if (entry.asker !== asker || entry.operation !== operation) continue;
      if (entry.kind !== 'forgotten') pieces[entry.kind].set(entry.piece, entry.bytes);
      else {
        for (let at = 0; at < entry.intentCount; at += 1) pieces.intent.delete(at);
        for (let at = 0; at < entry.outcomeCount; at += 1) pieces.outcome.delete(at);
      }
    }
    const inOrder = (each: ReadonlyMap<number, Uint8Array>): readonly Uint8Array[] =>
      [...each].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
    return { intents: inOrder(pieces.intent), outcomes: inOrder(pieces.outcome) };
  }
}
