/**
 * What a shepherd keeps, and the words that its steps share. What an operation is, and how it goes
 * on: operation.ts; what is remembered of operations, and for how long: memory.ts.
 */
import type { Clock, JournalCell, JournalMap, Log, Ref, Turn, Vow } from '@bellwether/actors';
import { makeChangeFeed } from './change-feed.ts';
import { makeChronicle } from './chronicle.ts';
import { openLedger, type Ledger } from '../operation/ledger.ts';
import type { Memory } from '../operation/memory.ts';
import type { Graph, Wish } from '../operation/plan.ts';
import { openQueue, type Queue } from '../operation/queue.ts';
import { makeServiceRegistry } from './registry.ts';
import { openShares, type Shares } from '../checks/shares.ts';
import { makeStatusBoard } from './status-board.ts';
import { isServing } from '../words/shapes.ts';
import type {
  Aggregate,
  AskerBook,
  ChangeFeed,
  Chronicle,
  LocalService,
  LogFiles,
  OperationArchive,
  Outcome,
  Prober,
  ProcessMonitor,
  Provider,
  Records,
  Service,
  ServiceElsewhere,
  ServiceConfig,
  ServiceRegistry,
  StatusBoard,
} from '../words/types.ts';

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
  readonly archive: OperationArchive;
  /** Absent: nobody asks through a grant. */
  readonly grants?: Ref<AskerBook>;
}

/** A service of this machine and what only its description says. */
export interface OwnEntry {
  readonly kind: 'own';
  readonly service: Ref<LocalService>;
  readonly config: ServiceConfig;
}
/** What is registered under a canonical name. */
export type Registered =
  | OwnEntry
  /** It passes commands on; `hop` is what it leaves on those that go through it. */
  | { readonly kind: 'elsewhere'; readonly service: Ref<ServiceElsewhere>; readonly hop: string }
  | { readonly kind: 'aggregate'; readonly service: Ref<Aggregate> };
/** The state of a `^shepherd`. */
export interface Held extends ShepherdOptions {
  readonly registry: Ref<ServiceRegistry>;
  readonly board: Ref<StatusBoard>;
  readonly chronicle: Ref<Chronicle>;
  /** Every registered service, by its canonical name. */
  readonly entries: JournalMap<string, Registered>;
  /** Hops that were ever given out: no two services share one, also not one after the other. */
  readonly hopCount: JournalCell<number>;
  readonly feed: Ref<ChangeFeed>;
  /** Who follows logs. */
  readonly follows: Shares;
  /** Who waits for the last lines of one. */
  readonly logQuestions: Shares;
  /** Questions that came through grants and are under way. */
  readonly probes: Shares;
  /** Swaps that were ever begun, for their ids; see swap.ts. */
  readonly swapCount: JournalCell<number>;
  readonly isSwapping: JournalCell<boolean>;
  readonly memory: Memory;
  /** Of what the disk has beside that. */
  readonly ledger: Ledger;
  /** Steps of operations that wait for a machine that is away. */
  readonly queue: Queue;
  /** The last command for a service that was accepted. */
  readonly wishes: JournalMap<string, Wish>;
  /** What the records say, as this daemon wrote it on. */
  readonly desired: JournalMap<string, boolean>;
  /** Of services that are not registered: whether they may be started when they come. */
  readonly enabled: JournalMap<string, boolean>;
  /** The end of the daemon, once it was asked for. */
  readonly closing: JournalCell<Vow<Outcome> | undefined>;
}

/** A shepherd without services. */
export const holdShepherd = (turn: Turn, options: ShepherdOptions): Held => {
  const desired = turn.map<string, boolean>();
  for (const [name, isWanted] of options.records.desired) desired.set(name, isWanted);
  const enabled = turn.map<string, boolean>();
  for (const [name, isEnabled] of options.records.enabled) enabled.set(name, isEnabled);
  // What was wished last is what an old command loses to, whoever repeats it.
  const wishes = turn.map<string, Wish>();
  for (const [name, isWanted] of desired.entries()) wishes.set(name, isWanted ? 'start' : 'stop');
  const registry = turn.spawn(makeServiceRegistry);
  const feed = turn.spawn(makeChangeFeed, options.name);
  const chronicle = turn.spawn(makeChronicle, { registry, feed, clock: options.clock });
  return {
    ...options,
    registry,
    board: turn.spawn(makeStatusBoard, registry, chronicle),
    chronicle,
    entries: turn.map(),
    hopCount: turn.cell(0),
    feed,
    follows: openShares(turn),
    logQuestions: openShares(turn),
    probes: openShares(turn),
    swapCount: turn.cell(0),
    isSwapping: turn.cell(false),
    memory: { books: turn.map(), weight: turn.cell(0) },
    ledger: openLedger(turn, options.records.operations),
    queue: openQueue(turn),
    wishes,
    desired,
    enabled,
    closing: turn.cell<Vow<Outcome> | undefined>(undefined),
  };
};

/** The service of this name. @throws UnknownService */
export const providerOf = (held: Held, turn: Turn, name: string): Ref<Provider> =>
  turn.call(held.registry, 'lookup', name);
/** The canonical name behind any name. @throws UnknownService */
export const canonicalOf = (held: Held, turn: Turn, name: string): string =>
  turn.call(providerOf(held, turn, name), 'canonicalName');
/** Whether a local service is wanted: its last explicit wish, else what its description says. */
export const isWanted = (held: Held, name: string): boolean =>
  held.desired.get(name) ?? ownOf(held, name)?.config.isAutoStarted ?? false;
/** Who carries out commands for a canonical name; nobody for an aggregate, or what is not there. */
export const serviceOf = ({ entries }: Held, name: string): Ref<Service> | undefined => {
  const entry = entries.get(name);
  return entry?.kind === 'aggregate' ? undefined : entry?.service;
};
/** The service of this machine with this canonical name. */
export const ownOf = ({ entries }: Held, name: string): OwnEntry | undefined => {
  const entry = entries.get(name);
  return entry?.kind === 'own' ? entry : undefined;
};
/** The services of this machine by their canonical names, in order of registration. */
export const allOwn = ({ entries }: Held): readonly (readonly [string, OwnEntry])[] =>
  [...entries.entries()].flatMap(([name, entry]) =>
    entry.kind === 'own' ? [[name, entry] as const] : [],
  );
/** The aggregate with this canonical name. */
export const aggregateOf = ({ entries }: Held, name: string): Ref<Aggregate> | undefined => {
  const entry = entries.get(name);
  return entry?.kind === 'aggregate' ? entry.service : undefined;
};
/** The service at another shepherd with this canonical name. */
export const elsewhereOf = ({ entries }: Held, name: string): Ref<ServiceElsewhere> | undefined => {
  const entry = entries.get(name);
  return entry?.kind === 'elsewhere' ? entry.service : undefined;
};
/** What a service elsewhere leaves on the commands that go through it. */
export const hopOf = ({ entries }: Held, name: string): string | undefined => {
  const entry = entries.get(name);
  return entry?.kind === 'elsewhere' ? entry.hop : undefined;
};

/** The services as the planner sees them, in this turn and before anything is registered or goes in it. */
export const graphOf = (held: Held, turn: Turn): Graph => {
  const { registry } = held;
  const canonical = (name: string) => turn.call(registry, 'canonical', name);
  const isThere = (name: string): boolean => canonical(name) !== undefined;
  const statusOf = (name: string) => turn.call(providerOf(held, turn, name), 'status');
  return {
    requirements: once((name) => (isThere(name) ? turn.call(registry, 'requirements', name) : [])),
    dependents: once((name) => (isThere(name) ? turn.call(registry, 'dependents', name) : [])),
    members: once((name) => {
      const aggregate = aggregateOf(held, name);
      if (aggregate === undefined) return undefined;
      return turn.call(aggregate, 'members').map((member) => canonical(member) ?? member);
    }),
    isOwn: (name) => ownOf(held, name) !== undefined,
    isEnabled: (name) => statusOf(name).isEnabled,
    isUp: (name) => {
      if (!isThere(name)) return false;
      const { stage } = statusOf(name);
      return stage === 'running' || stage === 'starting';
    },
    isServing: (name) => isThere(name) && isServing(statusOf(name)),
  };
};

/** A planner walks the same ways again and again: each name is asked for once. */
const once = <T>(find: (name: string) => T): ((name: string) => T) => {
  const known = new Map<string, T>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined || known.has(name)) return before as T;
    const found = find(name);
    known.set(name, found);
    return found;
  };
};

/** An outcome without rows. */
export const plain = (member: string, result: Outcome['result'], reason?: string): Outcome => ({
  member,
  result,
  ...(reason === undefined ? {} : { reason }),
  rows: [],
});
/** A vow that is broken already: no throw, which would undo what goes with it. */
export const broken = <T>(turn: Turn, reason: Error): Vow<T> => {
  const { vow, resolver } = turn.vow<T>();
  resolver.broken(reason);
  return vow;
};
