/** The `^shepherd` of a machine, as everything in it and its owner sees it. */
import type { Ref, Vow } from '@bellwether/actors';
import type { Agent } from './agent-types.ts';
import type { Follower, LogQuery } from './log-types.ts';
import type { Grounds } from './machine-types.ts';
import type { Outcome, Request, Sink } from './messages.ts';
import type { Asker, FacetBounds, Observer, StatusBoard } from './observation.ts';
import type { OperationDesk, PlannedStep, Returner } from './operation-types.ts';
import type { Principal } from './principal.ts';
import type { Prompting } from './prompt-types.ts';
import type { NamedAndAsked } from './questions.ts';
import type { Wisher } from './records.ts';
import type { Swap } from './registry.ts';
import type { Selected, Selecting, SelectView } from './selectors.ts';
import type { ServiceConfig } from './service-config.ts';
import type { ServiceFacet } from './service-facet.ts';
import type { Wish } from './steps.ts';
import type { Connecting, SpawnSpec, Unserved } from './transient-types.ts';
import type { Aggregate, LocalService, ServiceElsewhere } from './service-types.ts';
import type { Change, Status } from './status-types.ts';
import type { Result } from './vocabulary.ts';
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
   * each principal alone. `prompting` as of a Service, for what is done in it for its own sake.
   */
  perform(request: Request, sink: Ref<Sink>, asker: Asker, prompting?: Prompting): Vow<Outcome>;
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
   * The steps that a command would take now, in an order in which they could be taken one by one, with what is known of
   * each service: see `PlannedStep`. Of `root` it knows the stop. Nothing is touched. @throws UnknownService,
   * BadRequest, Cycle
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
  /** The same, but a service of this machine answers as `status`: for lists. */
  glance(name: string, timeoutMs: number, hops: readonly string[], asker: Asker): Vow<Status>;
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
   * Gives somebody who was accepted a process. Kept once it runs, or with why it does not: then he is dropped. Who
   * comes next can be accepted from then on.
   */
  connect(connecting: Connecting): Vow<Unserved | undefined>;
}
/** How a service has failed. */
export interface FailureNotice {
  /** It was not to be started; it ended and is not started again; it had to be started again too often. */
  readonly what: 'start-failed' | 'ended' | 'disabled';
  /** In words, without the paths of this machine. */
  readonly reason: string;
}
