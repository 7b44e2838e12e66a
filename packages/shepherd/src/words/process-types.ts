/** The words about processes: how they are started, watched, asked and ended, and the powers behind that. */
import type { Answer, Vow } from '@bellwether/actors';
import type { RunningRecord } from './records.ts';
import type { Arrival, SocketConfig, SocketHolder } from './socket-types.ts';
import type { Command, PidFile, Readiness, SignalName, StartManner } from './service-config.ts';

/**
 * How a process ended. Both absent: it ended while nobody could wait for it (adopted processes).
 */
export interface Ending {
  readonly code?: number;
  readonly signal?: string;
}
/** The end of a process that was watched. */
export interface Ended extends Ending {
  /** What lives on of it, as far as that is known: a number and a name for each. */
  readonly left?: readonly string[];
}
/** A process that was started: the pid alone is not an identity, since numbers are reused. */
export interface Started {
  readonly startId: string;
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, in clock ticks since boot, where there is such a thing. */
  readonly startTime?: string;
  readonly bootId?: string;
}
/** A process that lives, and the vow of its end. */
export interface Run extends Started {
  readonly ended: Vow<Ended>;
  /** Of an adopted one: it was seen to be ready by an earlier daemon. */
  readonly isReady?: true;
  /** It makes another process, and its PID file has not named that yet. */
  readonly handsOver?: true;
  /** The folder of its group of cgroup v2, whose processes end with it. */
  readonly cgroup?: string;
  /** The digest of its command; absent where an older record does not say. */
  readonly madeFrom?: string;
  /** Wall clock, milliseconds since 1970, when it was started, or seen to be ready; absent likewise. */
  readonly since?: number;
  /** Its record outlives that end, until it is forgotten. */
  readonly remains?: true;
  /** It has ended while no daemon was there, and so. */
  readonly ending?: Ending;
  /** An earlier daemon has begun it, and it may not run its program yet: kept once it does, broken if it never will. */
  readonly settling?: { readonly settled: Vow<Run>; readonly hang: Hang };
}
/** What a status tells of a start that takes long. */
export interface Hanging {
  /** Its process hangs before it runs its program. */
  readonly hang?: Hang;
}
/** A process that does not come to run its program: a dead disk, most likely. */
export interface Hang {
  readonly pid: number;
  /** What it is at, in words; empty where that is not known. */
  readonly at: string;
}
/**
 * The `^process-monitor`: the only user of the process backend. A fork and its watcher are one
 * step.
 */
export interface ProcessMonitor {
  /**
   * Kept once the process exists; broken with StartFailed where it could not be made. Where the service `remains`, its
   * record outlives an end with exit code 0. Under a start id that was made before, or a fresh one.
   */
  spawn(
    service: string,
    command: Command,
    ready: Readiness,
    manner: StartManner,
    startId?: string,
  ): Vow<Run>;
  /** For whoever writes down in the same turn what the process is for. */
  freshStartId(): string;
  /**
   * Kept once the process is there that the PID file of its start names: that start has it in the place
   * of the one before. Broken with StartFailed where the time is up, with what was found.
   */
  follow(run: Run, service: string, command: Command, pidFile: PidFile): Vow<Run>;
  /** As of a SocketHolder. */
  listen(service: string, sockets: readonly SocketConfig[]): Vow<unknown>;
  unlisten(service: string): Vow<unknown>;
  connection(service: string): Vow<Arrival | undefined>;
  drop(arrival: number): void;
  /** What has remained of a start is no more. */
  forget(startId: string): void;
  /** To the whole process group; also of a start that is under way. */
  signal(startId: string, signal: SignalName): void;
  /** What a start is at that takes long; undefined where nobody knows. */
  look(startId: string): Vow<Hang | undefined>;
  /** What lives of the starts that the records know, and what has ended of which somebody has seen how. */
  adopt(): Vow<readonly (Run & { readonly service: string })[]>;
  /** Runs a short command to its end: custom actions, and what stops a service where it `isOfStop`. */
  runToEnd(
    service: string,
    command: Command,
    timeoutMs: number,
    isOfStop?: true,
  ): Vow<CommandResult>;
  /**
   * Ends every command of a service, but for one that stops it, with its group: SIGTERM, and SIGKILL after the grace.
   * Kept once all are gone.
   */
  endCommands(service: string, graceMs: number): Vow<void>;
}
/** How a short command ended, and what it said. */
export interface CommandResult extends Ending {
  /** Last lines of stdout and stderr together, bounded. */
  readonly output: readonly string[];
}
/** A record whose process was found, or that has remained of one in this boot. */
export interface FoundRecord extends RunningRecord {
  /** It is there no more: nobody watches it. */
  readonly ending?: Ending;
  /** It may not run its program yet: see `settled` of the backend. */
  readonly hang?: Hang;
}
/** What is to be started. */
export interface Start extends StartManner {
  readonly startId: string;
  readonly service: string;
  readonly command: Command;
  /** Some signs of readiness need something of the start: a descriptor, where the log ended. */
  readonly ready?: Readiness;
}
/**
 * The power behind the monitor: the keeper, or child_process. It answers through handlers
 * that exist before the process does, so that no exit is lost.
 */
export interface ProcessBackend extends SocketHolder {
  start(
    start: Start,
    /** Kept with Started, or broken with StartFailed. */
    started: Answer,
    /** Kept with Ended. */
    ended: Answer,
  ): void;
  signal(startId: string, signal: SignalName): void;
  /**
   * Looks into the PID file of a start until it names a process that this start has made: kept with Started, or broken
   * with StartFailed. Ends with the process.
   */
  follow(startId: string, command: Command, pidFile: PidFile, answer: Answer): void;
  /**
   * Kept with the entries of `known` whose process lives (by start id, start time and boot id), and with those of which
   * it is known how they ended (`FoundRecord`).
   */
  adopt(known: readonly RunningRecord[], answer: Answer): void;
  /** Of one that was found under way: kept with Started once it runs its program, broken with StartFailed otherwise. */
  settled(startId: string, started: Answer): void;
  /** Asks for what a start is at that takes long: kept with Hang, or with undefined where nobody knows. */
  look(startId: string, answer: Answer): void;
  /** Watches an adopted process; kept with Ended. */
  watch(startId: string, ended: Answer): void;
  /**
   * Kept with CommandResult. The command carries its start id in its environment. Those that stop a
   * service do not count among those that there may be at once: each has one at most.
   */
  runToEnd(
    service: string,
    command: Command,
    timeoutMs: number,
    answer: Answer,
    isOfStop?: true,
  ): void;
}
/** The power that tells others over HTTP. */
export interface Webhooks {
  /** Posts a JSON text. Kept with the status code; broken with what kept it from being told in time. */
  post(url: string, json: string, timeoutMs: number, answer: Answer): void;
}
/**
 * The power that asks whether a service is ready: one attempt, kept with true or false, or broken
 * with what kept it from asking.
 */
export interface Prober {
  http(url: string, timeoutMs: number, answer: Answer): void;
  tcp(host: string, port: number, timeoutMs: number, answer: Answer): void;
  /** Ready if the command ends with exit code 0. When its time is up its group is killed. */
  exec(startId: string, command: Command, timeoutMs: number, answer: Answer): void;
  /** Kept with true as soon as the process has written a newline to its descriptor. */
  notified(startId: string, timeoutMs: number, answer: Answer): void;
  /** Kept with true as soon as the text is in the log of the service, behind its start. */
  logged(startId: string, service: string, text: string, timeoutMs: number, answer: Answer): void;
  /** Nobody waits any more for what was asked under this start id: it ends at once. */
  forget(startId: string): void;
}
