/**
 * What a shepherd keeps, and the words that its steps share. The steps: walk.ts, operations.ts,
 * boot.ts.
 */
import type { Clock, JournalCell, JournalMap, Log, Ref, Turn, Vow } from '@bellwether/actors';
import { makeServiceRegistry } from './registry.ts';
import type {
  LocalService,
  LogFiles,
  Outcome,
  Prober,
  ProcessMonitor,
  Records,
  Request,
  Row,
  Service,
  ServiceConfig,
  ServiceRegistry,
  Writer,
} from './types.ts';

/** What makes a shepherd: its name, its powers and what its records say. */
export interface ShepherdOptions {
  /** Stands in front of every line that this shepherd says. */
  readonly name: string;
  /** Unique to this life of the daemon, and unguessable: the ids of its hops begin with it. */
  readonly epoch: string;
  readonly monitor: Ref<ProcessMonitor>;
  readonly prober: Prober;
  readonly logFiles: LogFiles;
  /** Only read, and only for deadlines, ages and stamps. */
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  readonly log: Log;
  readonly records: Records;
}

/**
 * The last command for a service that was accepted: what is wanted of it. A restart wants it
 * started.
 */
export type Wish = 'start' | 'stop';
/** One step of an operation for one service: a node of its graph. */
export interface Step {
  readonly name: string;
  readonly action: string;
  readonly answer: Vow<Outcome>;
  readonly phase: 'waiting' | 'acting' | 'settled';
  /** Absent in a step that is settled: it was refused, and its answer is broken. */
  readonly outcome?: Outcome;
}
/** All steps of one operation at this shepherd; those that are settled are its memory. */
export interface Operation {
  readonly id: string;
  readonly steps: JournalMap<string, Step>;
  /** Which action was asked of which member from outside: the same id cannot mean two things. */
  readonly asked: JournalMap<string, string>;
  readonly pendingCount: JournalCell<number>;
}
/** A local service and what only its description says. */
export interface Own {
  readonly service: Ref<LocalService>;
  readonly config: ServiceConfig;
}
/** The state of a `^shepherd`. */
export interface Held extends ShepherdOptions {
  readonly registry: Ref<ServiceRegistry>;
  readonly own: JournalMap<string, Own>;
  /** Hop ids of the services that pass commands on. */
  readonly hops: JournalMap<string, string>;
  /** Operations with work under way. */
  readonly open: JournalMap<string, Operation>;
  /** Operations that are over, the longest settled first. */
  readonly settled: JournalMap<string, Operation>;
  readonly stepCount: JournalCell<number>;
  readonly wishes: JournalMap<string, Wish>;
  /** What the records say, as this daemon wrote it on. */
  readonly desired: JournalMap<string, boolean>;
  /** The end of the daemon, once it was asked for. */
  readonly closing: JournalCell<Vow<Outcome> | undefined>;
}

/** A shepherd without services. */
export const holdShepherd = (turn: Turn, options: ShepherdOptions): Held => {
  const desired = turn.map<string, boolean>();
  for (const [name, isWanted] of options.records.desired) desired.set(name, isWanted);
  return {
    ...options,
    registry: turn.spawn(makeServiceRegistry),
    own: turn.map(),
    hops: turn.map(),
    open: turn.map(),
    settled: turn.map(),
    stepCount: turn.cell(0),
    wishes: turn.map(),
    desired,
    closing: turn.cell<Vow<Outcome> | undefined>(undefined),
  };
};

/** One operation on its way through the graph. */
export interface Work {
  readonly operation: Operation;
  /** As it came in, checked. */
  readonly request: Request;
  readonly writer: Ref<Writer>;
  /** Monotonic milliseconds. */
  readonly deadlineAtMs: number;
}

/** The service of this name. @throws UnknownService */
export const serviceOf = (held: Held, turn: Turn, name: string): Ref<Service> =>
  turn.call(held.registry, 'lookup', name);
/** Whether a result means that things are as they were asked to be. */
export const isGood = ({ result }: Row): boolean => result === 'ok' || result === 'changed';
/** An outcome without rows. */
export const plain = (member: string, result: Outcome['result'], reason?: string): Outcome => ({
  member,
  result,
  ...(reason === undefined ? {} : { reason }),
  rows: [],
});
/** A vow that is broken already. */
export const broken = <T>(turn: Turn, reason: Error): Vow<T> => {
  const { vow, resolver } = turn.vow<T>();
  resolver.broken(reason);
  return vow;
};
