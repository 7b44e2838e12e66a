/**
 * What a shepherd keeps, and the words that its steps share. What an operation is, and how it goes
 * on: operation.ts; what is remembered of operations, and for how long: memory.ts.
 */
import type { Clock, JournalCell, JournalMap, Log, Ref, Turn, Vow } from '@bellwether/actors';
import type { Memory } from './memory.ts';
import type { Graph, Wish } from './plan.ts';
import { makeServiceRegistry } from './registry.ts';
import type {
  Aggregate,
  LocalService,
  LogFiles,
  Outcome,
  Prober,
  ProcessMonitor,
  Provider,
  Records,
  Service,
  ServiceConfig,
  ServiceRegistry,
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

/** A local service and what only its description says. */
export interface Own {
  readonly service: Ref<LocalService>;
  readonly config: ServiceConfig;
}
/** A service that passes commands on, and the id that it leaves on what goes through it. */
export interface Elsewhere {
  readonly service: Ref<Service>;
  readonly hop: string;
}
/** The state of a `^shepherd`. */
export interface Held extends ShepherdOptions {
  readonly registry: Ref<ServiceRegistry>;
  /** Every registered service is in one of these three, by its canonical name. */
  readonly own: JournalMap<string, Own>;
  readonly elsewhere: JournalMap<string, Elsewhere>;
  readonly aggregates: JournalMap<string, Ref<Aggregate>>;
  readonly memory: Memory;
  /** The last command for a service that was accepted. */
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
    elsewhere: turn.map(),
    aggregates: turn.map(),
    memory: { books: turn.map(), weight: turn.cell(0) },
    wishes: turn.map(),
    desired,
    closing: turn.cell<Vow<Outcome> | undefined>(undefined),
  };
};

/** The service of this name. @throws UnknownService */
export const providerOf = (held: Held, turn: Turn, name: string): Ref<Provider> =>
  turn.call(held.registry, 'lookup', name);
/** The canonical name behind any name. @throws UnknownService */
export const canonicalOf = (held: Held, turn: Turn, name: string): string =>
  turn.call(providerOf(held, turn, name), 'canonicalName');
/** Who carries out commands for a canonical name; nobody for an aggregate, or what is not there. */
export const serviceOf = (held: Held, name: string): Ref<Service> | undefined =>
  held.own.get(name)?.service ?? held.elsewhere.get(name)?.service;

/** The services as the planner sees them, in this turn. */
export const graphOf = (held: Held, turn: Turn): Graph => {
  const { registry, own, aggregates } = held;
  const canonical = (name: string) => turn.call(registry, 'canonical', name);
  const isThere = (name: string): boolean => canonical(name) !== undefined;
  const statusOf = (name: string) => turn.call(providerOf(held, turn, name), 'status');
  return {
    requirements: (name) => (isThere(name) ? turn.call(registry, 'requirements', name) : []),
    dependents: (name) => (isThere(name) ? turn.call(registry, 'dependents', name) : []),
    members: (name) => {
      const aggregate = aggregates.get(name);
      if (aggregate === undefined) return undefined;
      return turn.call(aggregate, 'members').map((member) => canonical(member) ?? member);
    },
    isOwn: (name) => own.has(name),
    isEnabled: (name) => statusOf(name).isEnabled,
    isUp: (name) => {
      if (!isThere(name)) return false;
      const { stage } = statusOf(name);
      return stage === 'running' || stage === 'starting';
    },
  };
};

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
