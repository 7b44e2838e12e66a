/** What is said to a facet, which may be held by anybody on earth: wire format. */
import type { Ref, Vow } from '@bellwether/actors';
import type { Offer, Offered, Put } from './agent-types.ts';
import type { Follower, LogQuery } from './log-types.ts';
import type { Outcome, Request, Sink } from './messages.ts';
import type { Result } from './vocabulary.ts';
import type { Observer } from './observation.ts';
import type { OperationFacts, OperationQuery, OperationReport } from './operation-types.ts';
import type { PlannedStep } from './operation-types.ts';
import type { Selected } from './selectors.ts';
import type { SessionMark } from './session-mark.ts';
import type { Status } from './status-types.ts';

/**
 * What others hold of a service: no graph, no registry, one service. Its sturdyref is the
 * permission to use it.
 */
export interface ServiceFacet {
  /** `mark`: from near alone, what fetched it stands before it. */
  perform(request: Request, sink: Ref<Sink>, mark?: SessionMark): Vow<Outcome>;
  status(): Status;
  /** `hops`: the way that the question came. Broken with Cycle where that leads in a circle. */
  probe(timeoutMs: number, hops?: readonly string[]): Vow<Status>;
  /**
   * From now on the observer is told of this service, and at least every `heartbeatMs`, until a push
   * breaks. @throws BadRequest, Limit
   */
  watch(observer: Ref<Observer>, heartbeatMs: number): void;
  /** What a request would do now. Nothing is touched. */
  plan(request: Request): Vow<readonly PlannedStep[]>;
  /**
   * Calls off what has not begun of an operation that came through this facet. Kept with what it came to where it was
   * over before. A release that was switched to for it is taken back, but where it says that what was begun `goesOn`:
   * somebody's right has ended, and nobody wishes that back.
   */
  cancel(operation: string, goesOn?: boolean): Vow<Result | undefined>;
  /** The last operations that came through this facet, the newest last. @throws BadRequest */
  operations(query: OperationQuery): readonly OperationFacts[];
  /** How far one of those got. Broken with UnknownOperation for any other, and Limit. */
  operation(operation: string): Vow<OperationReport>;
  /** See OperationDesk, for those alone. @throws UnknownOperation, BadRequest, Limit */
  retry(operation: string, sink: Ref<Sink>, remainingMs?: number): Vow<Outcome>;
  /** The same. */
  join(operation: string, sink: Ref<Sink>, remainingMs?: number): Vow<Outcome>;
  /**
   * Of an aggregate: the members that a selector picks out, of those of whom this facet speaks. @throws BadSelector,
   * NothingSelected, BadRequest
   */
  select(selector: string): Selected;
  /**
   * Lines of its log, oldest first, as far as one answer has room for them. A number is how many. @throws BadRequest
   */
  log(query: LogQuery | number): Vow<readonly string[]>;
  /**
   * From now on the follower is told what is written to the log of the service, of an aggregate to those of all its
   * members, after what the query asks for of each. Kept when nobody follows any more, or nothing comes; broken where
   * nothing could come at all. @throws BadRequest, Limit
   */
  follow(query: LogQuery, follower: Ref<Follower>): Vow<void>;
  /** What a slot lacks of a release that somebody means to bring. @throws BadRequest, Limit */
  offer(offer: Offer): Vow<Offered>;
  /** Brings a piece of that. Broken with Limit where too many are under way. @throws BadRequest */
  put(sha256: string, offset: number, bytes: Uint8Array): Vow<Put>;
}
