/** What is told of operations that were asked for, and how somebody comes back to one: plain data, wire format. */
import type { ActorError, Ref, Vow } from '@bellwether/actors';
import type { Outcome, Request, Row, Sink } from './messages.ts';
import type { Asker } from './observation.ts';
import type { Principal } from './principal.ts';
import type { Result, Stage, StepPhase } from './vocabulary.ts';

/** One step of a plan, for people: what a command would do to one service now, and why. */
export interface PlannedStep {
  readonly service: string;
  readonly action: string;
  readonly why: 'asked' | 'member' | 'requirement' | 'dependent';
  /** Whose member, requirement or dependent it is. */
  readonly of?: string;
  /** What would come of it: something, nothing to do, no, nobody can tell, or it would not be its turn. */
  readonly effect: 'change' | 'none' | 'refused' | 'unknown' | 'skipped';
  /** What is known of the service now, and since when. */
  readonly stage?: Stage;
  readonly ageMs?: number;
  /**
   * Why it would be refused, or how many members it stands for. It names no other service, but for the
   * one in `dependsOn`.
   */
  readonly note?: string;
  /** Refused because of this requirement, as `note` says. */
  readonly dependsOn?: string;
  /** In which batch, from 1, where it is done batch by batch. */
  readonly batch?: number;
  /** That is the canary. */
  readonly isCanary?: boolean;
  /** Milliseconds between the batch before and this one. */
  readonly pauseMs?: number;
}

/** Which operations are asked for. */
export interface OperationQuery {
  /** The last ones, so many at most. */
  readonly count?: number;
  /** Those alone that are under way. */
  readonly isOpen?: boolean;
}
/** One operation, in a list. */
export interface OperationFacts {
  readonly operation: string;
  /** Who asked: `root` is the local root, everybody else the id of a reference, which is no secret. */
  readonly asker: string;
  /** Of what was asked for first. */
  readonly action: string;
  readonly service: string;
  /** Wall clock, milliseconds since 1970, when it was taken on, and when it was over. */
  readonly atMs: number;
  /** Absent: it is under way. */
  readonly endedMs?: number;
  /** What it came to; absent while it is under way. */
  readonly result?: Result;
  /** It is done, but degraded: the worst that came of a member. */
  readonly worst?: Result;
  /** Something of it was called off: what had not begun by then did not begin. */
  readonly isCancelled?: boolean;
  /** It waits for machines that are away, until this instant of the wall clock at most, and for nothing else. */
  readonly queuedUntilMs?: number;
}
/** One step of an operation, as far as it got. */
export interface OperationStep {
  readonly service: string;
  readonly action: string;
  /**
   * Where it is: waiting for other steps, acting, queued for a machine that is away, or over; in doubt where nobody can
   * tell how it ended.
   */
  readonly phase: StepPhase;
  /** Asked for by its own name or as a member of what was; the others came along. */
  readonly isAsked: boolean;
  /** It is the answer to the whole. */
  readonly isAnswer: boolean;
  /** How it ended, or how it ended before it was tried again. */
  readonly row?: Row;
  /** Of what is done batch by batch: which batch it belongs to, from 1, and whether that is the canary. */
  readonly batch?: number;
  readonly isCanary?: boolean;
  /** When the gate before it was opened, wall clock, milliseconds since 1970; absent: it is shut. */
  readonly openedMs?: number;
}
/** One operation with all its steps, in the order of its plan. */
export interface OperationReport extends OperationFacts {
  readonly args: readonly string[];
  readonly steps: readonly OperationStep[];
}

/** One grant on the way to who asks, as the audit tells it. */
export interface AskerLink {
  readonly grant: string;
  readonly issuer: string;
  readonly holder?: string;
}
/** Who knows of those who ask through grants whether they may still: a grant book. */
export interface AskerBook {
  /** Undefined while the grant holds. */
  judge(asker: string, wish: Readonly<Record<string, never>>): ActorError | undefined;
  /** From its origin on. */
  chain(asker: string): readonly AskerLink[];
  /** Who answers for what this asker does; undefined where nobody knows that any more. */
  origin(asker: string): string | undefined;
}
/** What of a request decides what it would do. */
export type RequestedAct = Pick<Request, 'operation' | 'member' | 'action' | 'isRepeat'>;
/** What an operation was asked for as, in memory. */
export interface RememberedOperation {
  /** As they are to be asked again, the first first; through one facet there is one. */
  readonly requests: readonly Request[];
  /** Members of an aggregate that it is for and that are none any more. */
  readonly gone: readonly string[];
}
/** Who comes back to operations, to look at one, to try it again or to call it off. */
export interface Returner extends Asker {
  /** To whose: nobody's but his own, or whoever asked for it, where his own of that id comes first. */
  readonly reach: 'own' | 'all';
}
/** What a shepherd does with operations that were asked for, be it in an earlier life. */
export interface OperationDesk {
  /** The last operations that somebody may come back to, the newest last. @throws BadRequest */
  operations(query: OperationQuery, who: Returner): readonly OperationFacts[];
  /** How far an operation got. @throws UnknownOperation, Limit */
  operation(operation: string, who: Returner): Vow<OperationReport>;
  /**
   * Puts an operation that the disk alone remembers into memory, where what is asked of it costs no time; undefined
   * where there is nothing to read. Near only. @throws Limit
   */
  recall(operation: string, principal: Principal): Vow<void> | undefined;
  /** What it was, undefined where it is not in memory. Near only. */
  remembered(operation: string, principal: Principal): RememberedOperation | undefined;
  /**
   * Whether a request repeats an operation in memory and does nothing anew: it joins, or is answered from what is
   * known, or asks a member under the same id who could not tell. Near only.
   */
  isKnown(request: RequestedAct, principal: Principal): boolean;
  /**
   * Asks those again, under the same id, who failed, could not be reached, were left out, or of whom nobody knows. In
   * as much time as was given before, where none is. @throws UnknownOperation, BadRequest, Limit
   */
  retry(operation: string, sink: Ref<Sink>, who: Returner, remainingMs?: number): Vow<Outcome>;
  /**
   * What is known of its rows, then what comes; kept with the outcome, or with how far it is by then. `remainingMs`
   * absent: a day. @throws UnknownOperation, BadRequest, Limit
   */
  join(operation: string, sink: Ref<Sink>, who: Returner, remainingMs?: number): Vow<Outcome>;
  /** Who has something under way, near only. */
  openAskers(): readonly Principal[];
  /** Calls off what has not begun of all that somebody has asked for last: he may not any more, and why. Near only. */
  callOff(principal: Principal, why: ActorError): void;
}
