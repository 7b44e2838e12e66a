/**
 * The words that the actors of a shepherd say to each other, to their powers and to their store.
 * Everything that crosses a machine (Request, Event, Outcome, Status) is plain data.
 */
import type { Ref, Vow } from '@bellwether/actors';
import type { Agent, Offer, Offered, Piece, Put, SlotFacts } from './agent-types.ts';
import type { Labels } from './labels.ts';
import type { Grounds } from './machine-types.ts';
import type { Follow, Follower, LogQuery } from './log-types.ts';
import type {
  Attempt,
  LineTopic,
  Event,
  MinReady,
  Outcome,
  Request,
  Sink,
  Version,
} from './messages.ts';
import type { Asker, FacetBounds, Observer, StatusBoard } from './observation.ts';
import type { OperationDesk, PlannedStep, Returner } from './operation-types.ts';
import type { NamedAndAsked } from './questions.ts';
import type { Step, Wish } from './steps.ts';
import type { Selected, Selecting, SelectView } from './selectors.ts';
import type { ServiceFacet } from './service-facet.ts';
import type { Principal } from './principal.ts';
import type { Prompt, Prompting, Prompts } from './prompt-types.ts';
import type { Wisher } from './records.ts';
import type { changes, Health, Result, Stage } from './vocabulary.ts';
import type { Ending, Hanging, Run } from './process-types.ts';
import type { Swap } from './registry.ts';
import type { AcceptFacts, ConnectionFacts } from './socket-types.ts';
import type { Connecting, SpawnSpec } from './transient-types.ts';
import type { RunAs, ServiceConfig } from './service-config.ts';
import type { TimerFacts, TimerMemory } from './timer-types.ts';

export type * from './agent-types.ts';
export type * from './carrier-types.ts';
export type * from './chore-types.ts';
export type { Labels } from './labels.ts';
export type * from './log-types.ts';
export type * from './machine-types.ts';
export type * from './messages.ts';
export type * from './observation.ts';
export type * from './operation-types.ts';
export type { Principal } from './principal.ts';
export type { Named, NamedAndAsked, Question } from './questions.ts';
export type * from './records.ts';
export type { Followed, Selected, Selecting, Selector, SelectView } from './selectors.ts';
export type * from './service-facet.ts';
export type * from './process-types.ts';
export type * from './prompt-types.ts';
export type * from './registry.ts';
export type * from './service-config.ts';
export type * from './socket-types.ts';
export type { Health, Result, Stage, Topic } from './vocabulary.ts';
export type { SlotPhase } from './slot-shapes.ts';
export type * from './timer-types.ts';
export type * from './transient-types.ts';

/** Whoever is told what an operation says. */
export interface Lines {
  /**
   * One line of this shepherd's own, stamped with its node name; it goes to the daemon's log too.
   */
  line(text: string, about?: LineTopic): void;
  /** Events of this side; with `from` those of the machine that the operator calls so, as far as its share goes. */
  pass(events: readonly Event[], from?: string): void;
}
/** The `^writer`: the sender's end of a Sink, one for each operation at each shepherd. */
export interface Writer extends Lines {
  /** Flushes a last batch without waiting for credit; nothing is sent afterwards. */
  finish(): void;
}

/**
 * One service as it is, or as it was last seen (`ageMs`). What `herd status` prints is made of this
 * alone.
 */
export type Status = LocalStatus | ExportedStatus | FleetStatus;
/** What every kind of service tells. */
export interface StatusFacts {
  readonly provision: readonly string[];
  readonly stage: Stage;
  readonly requirement: readonly string[];
  readonly documentation: string;
  readonly actions: readonly { readonly name: string; readonly documentation: string }[];
  /** Age of this knowledge: 0 for a service of the answering shepherd. Absent: it was never seen. */
  readonly ageMs?: number;
  /** Running, but not (yet, or any more) ready. */
  readonly isReady?: boolean;
  readonly isEnabled: boolean;
  readonly isOneShot: boolean;
  readonly isRespawned: boolean;
  /** Respawns since the last explicit start or stop. */
  readonly respawnCount: number;
  /** Why the stage is unknown, if it is. */
  readonly unknownReason?: string;
  /** The last explicit wish, not what is: true after a start, false after a stop. */
  readonly isWanted?: boolean;
  /** It has died and comes back by itself: the delay before that, and the attempt. */
  readonly isRespawning?: boolean;
  /**
   * Milliseconds for which it has not been running and ready, since its last start at most; absent
   * while it is.
   */
  readonly unservedMs?: number;
  /** Milliseconds that it may take to become ready; absent where it is ready as soon as it exists. */
  readonly readyMs?: number;
  /** Milliseconds that it may take to stop; absent where no process has to. Of a fleet the most of both. */
  readonly graceMs?: number;
  /** What the operator of the shepherd that answers calls it beside its names. */
  readonly labels?: Labels;
}
/** A service that is at home in the shepherd that answers. */
export interface LocalStatus extends StatusFacts, Hanging {
  readonly kind: 'local';
  /** Absent where nothing but the name is known. */
  readonly version?: Version;
  /** Wall clock, milliseconds since 1970, when the stage was entered. */
  readonly since?: number;
  readonly pid?: number;
  readonly command?: readonly string[];
  /** What stops it before its process is signalled. */
  readonly stopCommand?: readonly string[];
  /** It is up without a process once its start has run to its end. */
  readonly remainsAfterExit?: boolean;
  /** Where it is asked whether it is alive, and runs. */
  readonly live?: LifeSigns;
  /** Where it is listened for it. */
  readonly endpoints?: readonly Endpoint[];
  /** Where it has a process for each connection: how many there are. */
  readonly accepting?: AcceptFacts;
  /** Which connection it is the process of. */
  readonly connection?: ConnectionFacts;
  /** Where its program says which process it has made. */
  readonly pidFile?: string;
  /** What is left of the group of its process goes on without that. */
  readonly keepsGroup?: boolean;
  /** Absent: as the shepherd, or it is not told. A slot that runs as the shepherd says so: `{}`. */
  readonly runsAs?: RunAs;
  readonly lastRespawn?: number;
  readonly lastExit?: Exit;
  /** How its last processes ended, the newest last; absent: none has. */
  readonly exits?: readonly Exit[];
  /** It has died: milliseconds until it is started again. */
  readonly nextStartMs?: number;
  /** Why it disabled itself, where it did. */
  readonly disabledReason?: string;
  /** What its last start, its last stop and its being disabled came from; told where one service is looked at. */
  readonly startedBy?: Prompt;
  readonly stoppedBecause?: Prompt;
  readonly disabledBy?: Prompt;
  /** Stopped because its last start failed. */
  readonly failure?: Failure;
  /** It was described anew since it was started: a restart makes it so. */
  readonly hasReplacement?: boolean;
  /** To who watches: its name is no service any more. */
  readonly isGone?: boolean;
  readonly logFile?: string;
  readonly recentLines?: readonly string[];
  /** Which release of it is active, where it is a slot. */
  readonly slot?: SlotFacts;
  /** When it runs what, where it is a timer: `command` is what it runs, `pid` a run that goes on. */
  readonly timer?: TimerFacts;
  /** Nobody has configured it: it lives once, or has ended and is remembered for a while. */
  readonly transient?: 'lives' | 'ended';
}
/** How a process ended, and when: wall clock, milliseconds since 1970. */
export type Exit = Ending & { readonly at: number };
/** What was seen of a service that is asked whether it is alive. */
export interface LifeSigns {
  /** Checks in a row that have failed, and how many may not. */
  readonly failureCount: number;
  readonly limitCount: number;
  /** Wall clock of the last check, milliseconds since 1970; absent before the first. */
  readonly checkedAt?: number;
}
/** A socket of a service, for people. */
export interface Endpoint {
  readonly name: string;
  readonly address: string;
}
/** A start that did not work. */
export interface Failure {
  readonly reason: string;
  /** As in a row. */
  readonly plainReason?: string;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
}
/** An aggregate. */
export interface FleetStatus extends StatusFacts {
  readonly kind: 'fleet';
  readonly members: readonly MemberStatus[];
  /** Members that run and are ready. */
  readonly runningCount: number;
  /** Members that have to. */
  readonly neededCount: number;
  /** What its members are picked out by, where they follow their labels: `web-server{role=web}`. */
  readonly follows?: string;
  /** Absent: it is stopped as it was wished, or nobody knows. */
  readonly health?: Health;
  /** Members that do not serve, where any is wanted; the first ones, where they are many. */
  readonly blame?: readonly string[];
}
/** A service elsewhere: what is known of it there, be it one at home there or an aggregate. */
export interface ExportedStatus
  extends Omit<LocalStatus, 'kind'>, Partial<Omit<FleetStatus, 'kind' | keyof StatusFacts>> {
  readonly kind: 'exported';
  /** Where it is, as the operator knows it. */
  readonly origin: string;
}
/** One member of an aggregate, as its aggregate knows it. */
export interface MemberStatus {
  readonly name: string;
  readonly stage: Stage;
  /** False: it runs, but is not ready. */
  readonly isReady?: boolean;
  /** Absent: it was never seen. */
  readonly ageMs?: number;
  readonly pid?: number;
  /** The last explicit wish. */
  readonly isWanted?: boolean;
  /** False: it refuses to start. */
  readonly isEnabled?: boolean;
  /** Why it does not serve, where it failed; of the first ones, where they are many. */
  readonly reason?: string;
  readonly respawnCount?: number;
  readonly unknownReason?: string;
  /** As it tells itself, where it is a slot. */
  readonly slot?: SlotFacts;
  /** Other aggregates that have it, too. */
  readonly sharedWith?: readonly string[];
}

/** What has names and a place in the graph: a service, or an aggregate of some. */
export interface Provider {
  canonicalName(): string;
  /** All names, the canonical one first. */
  provision(): readonly string[];
  requirement(): readonly string[];
  /** What is known now; never waits. */
  status(): Status;
  /**
   * Asks afresh where knowing takes asking; a local service answers as `status`. `hops` is the way
   * that the question came, its own hop the last.
   */
  probe(timeoutMs: number, hops?: readonly string[]): Vow<Status>;
}
/** A service as its own shepherd sees it; an exported service is one, too. */
export interface Service extends Provider {
  /**
   * start, stop and custom actions of this one service. The graph around it is the shepherd's
   * affair. One elsewhere asks under an id made from `principal` and that of the request, so that it hears again what
   * came of one that it has sent before; of those at home the shepherd knows. `sinceMs` and `origin` as of an Asker.
   * `prompting`: what it comes from, for one at home; absent: this request.
   */
  perform(
    request: Request,
    writer: Ref<Lines>,
    principal: Principal,
    sinceMs?: number,
    origin?: string,
    prompting?: Prompting,
  ): Vow<Attempt>;
  /** Lines of its log, oldest first, as far as one answer has room for them. */
  log(query: LogQuery): Vow<readonly string[]>;
  /** Kept when nothing comes any more, or nobody wants it; broken with what keeps it from coming. */
  follow(follow: Follow): Vow<void>;
}
/** A service that is at home at another shepherd, as this one sees it. */
export interface ServiceElsewhere extends Service {
  /**
   * Calls off there what has not begun; kept once that is heard, or cannot be. `goesOn`: as of a facet's.
   */
  cancel(operation: string, principal: Principal, goesOn: boolean): Vow<void>;
  /**
   * How a command ends that it answered with `isPending`, and the same once more where it is not over yet. Broken where
   * that cannot be heard for now: it is to be asked again with the next contact.
   */
  settle(request: Request, writer: Ref<Lines>, principal: Principal): Vow<Attempt>;
  /**
   * Kept while there is contact with its machine, else with the next; broken once nobody here wants any. It is of this
   * life and this configuration alone.
   */
  contact(): Vow<void>;
  /** What the slot that it is lacks of a release; broken with what keeps that from being known, and what it refuses. */
  offer(offer: Offer): Vow<Offered>;
  /** Passes a piece of one on to it. Broken likewise. */
  put(piece: Piece): Vow<Put>;
  /** It was taken in: from now on it finds out by itself how it is. */
  enter(): void;
  /** It was taken out: nobody wants to know any more. */
  leave(): void;
}
/**
 * Services of one shepherd under one name. It has no process and no state, and requires nothing;
 * the shepherd carries out its actions on each of its members.
 */
export interface Aggregate extends Provider {
  /** Names at this shepherd; a name may stand there twice. */
  members(): readonly string[];
  /**
   * The outcome of an action, from those of the members in their order, by the policy of the
   * aggregate or by the one that is given. Changes nothing.
   */
  sum(action: string, outcomes: readonly Outcome[], minReady?: MinReady): Outcome;
}
/** Whether a service of this machine is up, and may be started. */
export interface Standing {
  readonly stage: Stage;
  readonly isEnabled: boolean;
  /** It was transient, and is over. */
  readonly hasEnded: boolean;
  /** It is a one-shot that was run since the machine was switched on; see prompts.ts. */
  readonly isSpent: boolean;
}
/** A service that is at home in this shepherd: what only its own shepherd says to it. */
export interface LocalService extends Service {
  /**
   * Takes over a process that outlived the daemon. @throws Refused unless the service is stopped.
   */
  adopt(run: Run): void;
  status(): LocalStatus;
  /** What of that is asked of a thousand at once, before a command. */
  standing(): Standing;
  /** Shows the last explicit wish that was accepted for it; does nothing about it. */
  wish(isWanted: boolean): void;
  /**
   * Ends starts and respawning for good, also those of custom actions' commands; `why` is the sentence
   * that refuses them. Undefined takes that back. `by`: what it comes from; absent: a reload.
   */
  retire(why: string | undefined, by?: Prompting): void;
  /** What it was started, stopped and disabled by last. */
  prompts(): Prompts;
  /** Of a start that the records know nothing was found, once all others were adopted. */
  unfound(): void;
  /** Describes it anew, under the same canonical name; how it is run changes once no process runs. */
  revise(config: ServiceConfig): void;
  /** From now on its status tells this of the slot that it is; undefined: nothing. */
  showSlot(facts: SlotFacts | undefined): void;
  /** Its schedule has changed, or has come to its end: then it stops by itself. */
  timed(isOver: boolean): void;
  /** One that it has accepted has a service by this name, from this address where there is one; it is over. */
  connected(name: string, source: string | undefined): void;
  disconnected(name: string): void;
  /** What its schedule leaves behind; undefined where it has none. */
  timerMemory(): TimerMemory | undefined;
  /** Its last status changes, oldest first. */
  history(): readonly Change[];
}
/**
 * The `^shepherd`: the coordinator. It holds all services; nobody on another machine is ever handed one. What a facet
 * is asked, too, throws UnknownService, BadRequest, Cycle, Limit, and Refused for what has no such thing.
 */
export interface Shepherd extends OperationDesk, NamedAndAsked, Attendant {
  /**
   * Makes a service of its own from a description, and registers it. The agent carries out what the description leaves
   * to one. @throws what `register` throws.
   */
  define(config: ServiceConfig, agent?: Ref<Agent>): Ref<LocalService>;
  /** Takes in a service that lives elsewhere. @throws Refused, Cycle */
  register(service: Ref<ServiceElsewhere>): void;
  /** @throws Refused, also for an aggregate that requires something */
  registerAggregate(aggregate: Ref<Aggregate>): void;
  /**
   * Carries out a command, or answers with what came of it. Ids of operations mean something for
   * each principal alone. `sinceMs` as of an Asker; `prompting` as of a Service, for what is done in it for its own
   * sake.
   */
  perform(
    request: Request,
    sink: Ref<Sink>,
    principal: Principal,
    sinceMs?: number,
    prompting?: Prompting,
  ): Vow<Outcome>;
  /**
   * Makes something the last wish for a service of this machine, as a command that was accepted does: for its agent,
   * which starts it by itself. @throws UnknownService
   */
  wish(name: string, wish: Wish, by: Omit<Wisher, 'atMs'>): void;
  /** Whether a service of this machine has an agent; where none is named, whether any has, or had. Near only. */
  hasAgent(name?: string): boolean;
  /** See `Agent.owns`; false where there is none. Near only. */
  endsOwn(name: string, action: string, principal: Principal): boolean;
  /** Whether an operation that is not over has the name of a release among its arguments. Near only. */
  awaits(release: string): boolean;
  /**
   * The steps that a command would take now, in an order in which they could be taken one by one.
   * Nothing is touched. @throws UnknownService, BadRequest, Cycle
   */
  plan(request: Request): readonly Step[];
  /**
   * The same for people, with what is known of each service: see `PlannedStep`. Of `root` it knows
   * the stop.
   */
  foresee(request: Request): readonly PlannedStep[];
  /**
   * Calls off what has not begun of an operation. Kept with what it came to where it was over before; else once those
   * elsewhere have heard of it, or `callOffMs` later. `goesOn`: as of a facet's. @throws UnknownOperation
   */
  cancel(operation: string, who: Returner, goesOn?: boolean): Vow<Result | undefined>;
  /**
   * Whom a selector picks out: of those of whom somebody may speak, or of all here. @throws BadSelector,
   * UnknownService, NothingSelected, BadRequest, Limit
   */
  select(wanted: Selecting, within?: SelectView): Selected;
  status(name: string): Status;
  /** How it came to be so. For its owner. @throws UnknownService */
  grounds(name: string): Grounds;
  /** Canonical names, in order of registration. */
  names(): readonly string[];
  /** `hops`: the way that the question came. @throws UnknownService, BadRequest, Cycle */
  probe(name: string, timeoutMs: number, hops: readonly string[], asker: Asker): Vow<Status>;
  /**
   * From now on the observer is told of these services, of all where none is named, until a push
   * breaks. @throws UnknownService, BadRequest, Limit
   */
  watch(names: readonly string[], observer: Ref<Observer>, heartbeatMs: number, asker: Asker): void;
  /** Where services that were made elsewhere say that their status has changed. */
  board(): Ref<Pick<StatusBoard, 'touched'>>;
  /** Makes one out of what somebody wants run. Near only; see transients.ts. */
  spawn(spec: SpawnSpec, atMs: number | undefined, operation: string): string;
  /** The one that an operation has made. Near only. */
  spawnedBy(operation: string): string | undefined;
  /** A facet whose operations are those of `principal` alone. */
  facet(name: string, principal: Principal, bounds?: FacetBounds): Ref<ServiceFacet>;
  /** Status changes of all services, oldest first. */
  history(): readonly Change[];
  /** The same as a stream, from what the query asks for on. @throws BadRequest, Limit */
  followHistory(query: LogQuery, follower: Ref<Follower>): Vow<void>;
  /** Whether there is a service of this name. */
  isRegistered(name: string): boolean;
  /**
   * Exchanges services for others. Kept once what goes has stopped and what is wanted of the new ones
   * was started; the services themselves change at one moment between. The caller has checked what will
   * be there then: names that are taken once, requirements that are there, no cycles. @throws Conflict
   * while another swap is under way
   */
  swap(swap: Swap, sink: Ref<Sink>): Vow<Outcome>;
  /**
   * The same before it is done: whether these may be the names of all services then. @throws Conflict where one of them
   * is in use by what nobody has configured
   */
  checkNames(names: readonly string[]): void;
  /**
   * Finds what still runs of what the records say, then starts what is wanted. To be done before
   * anything is served.
   */
  restore(): Vow<void>;
  /** Stops everything in order and refuses new starts: the end of the daemon. */
  shutDown(sink: Ref<Sink>): Vow<Outcome>;
}
/**
 * Who is told by services of this machine what others are to do something about; the shepherd itself. See
 * shepherd/attend.ts.
 */
export interface Attendant {
  /** It runs and is ready. */
  serviceIsUp(name: string): void;
  /** Its process has ended by itself; `comesBack`: it is to be started again by itself. */
  serviceIsLost(name: string, comesBack: boolean): void;
  serviceFailed(name: string, failure: FailureNotice): void;
  /** A timer that never rings again: the disk has it that nobody wants it any more. */
  serviceIsOver(name: string): void;
  /** One that nobody has configured is stopped: it is over. */
  transientEnded(name: string): void;
  /**
   * Gives somebody who was accepted a process. Kept once it runs, or does not: then he is dropped. Who comes next can
   * be accepted from then on.
   */
  connect(connecting: Connecting): Vow<void>;
}
/** How a service has failed. */
export interface FailureNotice {
  /** It was not to be started; it ended and is not started again; it had to be started again too often. */
  readonly what: 'start-failed' | 'ended' | 'disabled';
  /** In words, without the paths of this machine. */
  readonly reason: string;
}
/** One status change, for `herd log`. */
export interface Change {
  readonly service: string;
  readonly what: (typeof changes)[number];
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  /** Of what is observed: why nobody can tell, what failed, or who does not serve. */
  readonly reason?: string;
}
/** The `^chronicle`: status changes of services elsewhere and of aggregates, as they were observed. */
export interface Chronicle {
  /** Something may be different about the service of this canonical name. */
  service(name: string): void;
  /** The same of an aggregate, which is looked at a little later. */
  aggregate(name: string): void;
  /** The last changes, oldest first. */
  history(): readonly Change[];
}
