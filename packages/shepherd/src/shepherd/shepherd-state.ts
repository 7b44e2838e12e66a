/**
 * What a shepherd keeps: its services, their wishes, and, as the host of operations (operation/host.ts), what these see
 * of it.
 */
import type { JournalCell, JournalMap, Ref, Turn, Vow } from '@bellwether/actors';
import { makeChangeFeed } from './change-feed.ts';
import { makeChronicle } from './chronicle.ts';
import { graphOf } from './graph-view.ts';
import { originOf } from '../operation/askers.ts';
import { openLedger } from '../operation/kept/ledger.ts';
import type { Host, OwnService } from '../operation/host.ts';
import { openLastWishes } from '../operation/kept/last-wishes.ts';
import { openQueue } from '../operation/queue.ts';
import { makeServiceRegistry } from './registry.ts';
import { openShares, type Shares } from '../checks/shares.ts';
import type { ServicePowers } from '../service/service.ts';
import { makeStatusBoard } from './status-board.ts';
import { makeAlarmClock } from '../timer/alarm-clock.ts';
import { utc } from '../timer/calendar.ts';
import type {
  Aggregate,
  AlarmClock,
  Attendant,
  Carrier,
  ChangeFeed,
  Chronicle,
  Outcome,
  Prompts,
  Provider,
  Records,
  ServiceElsewhere,
  ServiceRegistry,
  SpawnPowers,
  StatusBoard,
  TimerMemory,
  Transient,
  Zone,
  Webhooks,
} from '../words/types.ts';

/** What makes a shepherd: its name, its powers and what its records say. */
export interface ShepherdOptions
  extends
    Pick<Host, 'name' | 'clock' | 'log' | 'archive' | 'grants' | 'checkRoom'>,
    Pick<ServicePowers, 'monitor' | 'prober' | 'logFiles'> {
  /** Unique to this life of the daemon, and unguessable: the ids of its hops begin with it. */
  readonly life: string;
  /**
   * Unique to what the machine, or its container, was switched on for: what has done its work since then is not started
   * again by another life (isSpent). Undefined where nobody knows: then it is.
   */
  readonly boot?: string | undefined;
  /** Absent: nobody is told of failures over HTTP. */
  readonly webhooks?: Webhooks | undefined;
  readonly records: Records;
  /** Makes commands of what somebody wants run. Absent: nothing is run that is not configured. */
  readonly spawning?: SpawnPowers | undefined;
  /** By what local time timers go. Absent: by UTC. */
  readonly zone?: Zone | undefined;
  /** Who keeps releases for services that are not at home here; absent: none are taken for those. */
  readonly carrier?: Ref<Pick<Carrier, 'offer' | 'put'>>;
}

/** What is registered under a canonical name. */
export type Registered =
  | ({ readonly kind: 'own' } & OwnService)
  /** It passes commands on; `hop` is what it leaves on those that go through it. */
  | { readonly kind: 'elsewhere'; readonly service: Ref<ServiceElsewhere>; readonly hop: string }
  | { readonly kind: 'aggregate'; readonly service: Ref<Aggregate> };
/** The state of a `^shepherd`. */
export interface ShepherdHeld extends ShepherdOptions, Host {
  readonly zone: Zone;
  readonly alarms: Ref<AlarmClock>;
  readonly registry: Ref<ServiceRegistry>;
  /** What its services work with, all the same. */
  readonly servicePowers: ServicePowers;
  /** The shepherd itself, as its services know it. */
  readonly attendant: Ref<Attendant>;
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
  /** What was stopped since something is lost that it requires, by that: it is started once that is back. */
  readonly lost: JournalMap<string, readonly string[]>;
  /** Stops and starts of these that were ever begun, for their ids. */
  readonly attendCount: JournalCell<number>;
  /** What is done about failures: when, by service. */
  readonly hooked: JournalMap<string, readonly number[]>;
  /** A service of this machine has an agent, or had one. */
  readonly hasAgents: JournalCell<boolean>;
  /** Offers and pieces of releases that are under way. */
  readonly transfers: Shares;
  /** Swaps that were ever begun, for their ids; see swap.ts. */
  readonly swapCount: JournalCell<number>;
  readonly isSwapping: JournalCell<boolean>;
  /** Of services that are not registered: whether they may be started when they come. */
  readonly enabled: JournalMap<string, boolean>;
  /** Of services that are not registered: what they were started, stopped and disabled by. */
  readonly prompts: JournalMap<string, Prompts>;
  /** The same of what their timers have left. */
  readonly timers: JournalMap<string, TimerMemory>;
  /** Processes of an earlier life that no service has any more, by start id, until they have ended. */
  readonly orphans: JournalMap<string, { readonly service: string; readonly over: Vow<unknown> }>;
  /** Services that nobody has configured, also those that have ended. */
  readonly transients: JournalMap<string, Transient>;
  /** The last number of a connection, by what its name begins with. */
  readonly connectionNumbers: JournalMap<string, number>;
  /** The end of the daemon, once it was asked for. */
  readonly closing: JournalCell<Vow<Outcome> | undefined>;
}

/** A shepherd without services. */
export const holdShepherd = (
  turn: Turn,
  attendant: Ref<Attendant>,
  options: ShepherdOptions,
): ShepherdHeld => {
  const desired = turn.map<string, boolean>();
  for (const [name, isWanted] of options.records.desired) desired.set(name, isWanted);
  const enabled = turn.map<string, boolean>();
  for (const [name, isEnabled] of options.records.enabled) enabled.set(name, isEnabled);
  const prompts = turn.map<string, Prompts>();
  for (const [name, known] of options.records.prompts) prompts.set(name, known);
  const timers = turn.map<string, TimerMemory>();
  for (const [name, memory] of options.records.timers) timers.set(name, memory);
  const registry = turn.spawn(makeServiceRegistry);
  const feed = turn.spawn(makeChangeFeed, options.name);
  const chronicle = turn.spawn(makeChronicle, { registry, feed, clock: options.clock });
  const { clock, life } = options;
  const board = turn.spawn(makeStatusBoard, { registry, chronicle, clock, life });
  const entries = turn.map<string, Registered>();
  const found = lookups(entries);
  const closing = turn.cell<Vow<Outcome> | undefined>(undefined);
  const alarms = turn.spawn(makeAlarmClock, options.clock);
  const { monitor, prober, logFiles, log, zone = utc } = options;
  const about = { node: options.name, boot: options.boot, log, board, feed, attendant };
  return {
    ...options,
    servicePowers: { monitor, prober, logFiles, clock, alarms, zone, ...about },
    ...found,
    canonical: (turn, name) => turn.call(registry, 'canonical', name),
    graph: (turn) => graphOf(registry, found, turn),
    zone,
    alarms,
    timers,
    prompts,
    orphans: turn.map(),
    transients: turn.map(),
    connectionNumbers: turn.map(),
    isClosing: () => closing.get() !== undefined,
    registry,
    attendant,
    board,
    touchedSince: (turn, count) => turn.call(board, 'touchedSince', count),
    chronicle,
    entries,
    hopCount: turn.cell(0),
    feed,
    follows: openShares(turn),
    logQuestions: openShares(turn),
    probes: openShares(turn),
    lost: turn.map(),
    attendCount: turn.cell(0),
    hooked: turn.map(),
    hasAgents: turn.cell(false),
    transfers: openShares(turn),
    swapCount: turn.cell(0),
    isSwapping: turn.cell(false),
    memory: { books: turn.map(), weight: turn.cell(0) },
    ledger: openLedger(turn, options.records.operations, (turn, asker) =>
      originOf(options, turn, asker),
    ),
    queue: openQueue(turn),
    readings: openShares(turn),
    recalls: turn.map(),
    wishes: turn.map(),
    lastWishes: openLastWishes(turn, options.records.wishes),
    desired,
    enabled,
    closing,
  };
};

/** What is registered, found by its canonical name. */
const lookups = (
  entries: ShepherdHeld['entries'],
): Pick<Host, 'service' | 'own' | 'elsewhere' | 'aggregate' | 'hop'> => {
  const as = <K extends Registered['kind']>(kind: K, name: string) => {
    const entry = entries.get(name);
    return entry?.kind === kind ? (entry as Registered & { readonly kind: K }) : undefined;
  };
  return {
    own: (name) => as('own', name),
    elsewhere: (name) => as('elsewhere', name)?.service,
    aggregate: (name) => as('aggregate', name)?.service,
    hop: (name) => as('elsewhere', name)?.hop,
    service: (name) => (as('own', name) ?? as('elsewhere', name))?.service,
  };
};

/** The service of this name. @throws UnknownService */
export const providerOf = ({ registry }: ShepherdHeld, turn: Turn, name: string): Ref<Provider> =>
  turn.call(registry, 'lookup', name);
/** The canonical name behind any name. @throws UnknownService */
export const canonicalOf = (held: ShepherdHeld, turn: Turn, name: string): string =>
  turn.call(providerOf(held, turn, name), 'canonicalName');
/** Whether a local service is wanted: its last explicit wish, else what its description says. */
export const isWanted = (held: ShepherdHeld, name: string): boolean =>
  held.desired.get(name) ?? held.own(name)?.config.isAutoStarted ?? false;
/** The services of this machine by their canonical names, in order of registration. */
export const allOwn = ({ entries }: ShepherdHeld): readonly (readonly [string, OwnService])[] =>
  [...entries.entries()].flatMap(([name, entry]) =>
    entry.kind === 'own' ? [[name, entry] as const] : [],
  );
