/**
 * What a command is asked and answered with: plain data, most of it wire format. Fields are added,
 * never changed.
 */
import type { Vow } from '@bellwether/actors';
import type { NotedPrompt } from './prompt-types.ts';
import type { Result, Stage, Topic } from './vocabulary.ts';

/** One command for one service, as one shepherd asks another. On its way it is built anew by each: see part.ts. */
export interface Request extends Act, Way, Policy {
  /**
   * Milliseconds from its acceptance on for which a service elsewhere that nobody could reach is waited for: it is done
   * once there is contact. What is left of them is passed on. Absent: who is not reached is not asked.
   */
  readonly queueMs?: number;
  /**
   * It was sent before, and nobody knows whether it arrived: to be answered from what is remembered.
   * Under an id that was never seen for the member nothing is done, and the answer is a refusal,
   * `unknown-operation`.
   */
  readonly isRepeat?: true;
  /**
   * Its deadline does not count the time that services may take by their descriptions, to stop and to
   * become ready. The shepherd that plans it adds that, as far as it knows, and tells so by a `deadline`.
   */
  readonly isPatient?: true;
}
/** What is to be done, and under which id: with that it stays the same for good. */
interface Act {
  /**
   * Chosen by the client: the idempotency key, together with the member. 1 to 128 of
   * [A-Za-z0-9._-].
   */
  readonly operation: string;
  /** The name of the service at the shepherd that receives this. */
  readonly member: string;
  /** start, stop, restart, enable, disable, or a custom action. */
  readonly action: string;
  readonly args: readonly string[];
}
/** How far it has come, which is another for each that it goes to. */
interface Way {
  /** What is left of the deadline, never an instant: clocks differ. */
  readonly remainingMs: number;
  /**
   * Opaque ids of the services that this request came through; one that finds itself in it refuses
   * (a cycle).
   */
  readonly hops: readonly string[];
}
/** How the members of an aggregate are dealt with. It is meant for what is asked for, and not for what comes along. */
interface Policy {
  /** False keeps a fleet from passing the action on to its members. Absent means true. */
  readonly withMembers?: boolean;
  /** The members that it goes to. Absent: all. */
  readonly onlyMembers?: readonly string[];
  /** How many members must be good for a start or a restart to be: in place of its own policy. */
  readonly minReady?: MinReady;
  /** Batch by batch. Absent: a restart of all members at once, another release by a policy that is careful. */
  readonly rolling?: Rolling;
}
/** How an aggregate is asked for what takes members down, so that it goes on serving; see operation/plan/rolling.ts. */
export interface Rolling {
  /** Members of one batch, at least one. */
  readonly batch: MinReady;
  /** Members that may fail to serve at a time, at least one; a share is rounded down. Absent: a batch. */
  readonly maxUnavailable?: MinReady;
  /** Members that may fail before the rest is left as it is; a share is rounded down. Absent: none. */
  readonly maxFailed?: MinReady;
  /** Milliseconds between one batch and the next. */
  readonly pauseMs?: number;
  /** Members of a batch before the first, all of which have to do well. */
  readonly canary?: number;
}
/** A number of members: a count, or a share of all as a whole percentage, rounded up. */
export type MinReady = number | `${number}%`;

/** How it ended for one service: what `herd` prints a line about. */
export interface Row {
  /**
   * A name at the shepherd that says this; of what lies behind it the way there: names with slashes
   * between, which no name has.
   */
  readonly member: string;
  readonly result: Result;
  /** Of a service elsewhere that has answered: what its machine is called here. */
  readonly origin?: string;
  /**
   * One sentence for people: what was tried, what was found. It names no other service, but for the
   * one in `dependsOn`.
   */
  readonly reason?: string;
  /** Failed because of this requirement, as `reason` says. */
  readonly dependsOn?: string;
  /** `reason` without the paths of this machine, for others; absent where it names none. */
  readonly plainReason?: string;
  /** Failed because it requires itself by way of other services, perhaps of other machines. */
  readonly isCycle?: boolean;
  /** Failed because it may not be started before somebody enables it; `reason` has why, as far as that is known. */
  readonly isDisabled?: boolean;
  /** Failed before anything was done, because of another operation that is under way there; `reason` says which. */
  readonly isBusy?: boolean;
  /** Refused before anything was done, as it will be again for whoever asks the same. */
  readonly isVain?: boolean;
  /** The same, and what was typed is why: whoever typed it has to change it. */
  readonly isSlip?: boolean;
  /** Superseded by this one, as `reason` says. */
  readonly lostTo?: Winner;
  /** Of an aggregate: the first thing that went wrong below it. */
  readonly cause?: Cause;
  /** Other aggregates that have this member, and were changed with it. */
  readonly sharedWith?: readonly string[];
  /** The stage that the service was left in, where that is known. */
  readonly stage?: Stage;
  readonly pid?: number;
  /**
   * Other services that were touched on the way, for example the dependents that a stop took down.
   */
  readonly also?: readonly string[];
  /** How many more of those there were, whose names are not for whoever asks. */
  readonly otherCount?: number;
  /** Output of a custom action, or the last log lines of a start that failed. */
  readonly output?: readonly string[];
  /** Where there is no answer: how long ago the member was last heard of. */
  readonly lastSeenMs?: number;
  /** It is done once the member is reached, if that is before this instant: wall clock, milliseconds since 1970. */
  readonly queuedUntilMs?: number;
  /** Of a service that was reached at home: which of its states that was. */
  readonly version?: Version;
}
/** A later command that won over what was asked for. */
export interface Winner {
  /** As it was typed; of one that is not for whoever asks no more than that it starts, stops or restarts. */
  readonly action: string;
  /** Its id; absent where that means nothing to whoever asks, or nobody remembers it. */
  readonly operation?: string;
  /** Wall clock of the machine that says it, milliseconds since 1970; absent where nobody knows. */
  readonly atMs?: number;
}
/** What went wrong somewhere below. */
export interface Cause {
  /** As in a row: the way to it. */
  readonly member: string;
  readonly reason?: string;
  readonly plainReason?: string;
  /** So many others went wrong as well. */
  readonly otherCount?: number;
}
/**
 * Which state of a service at home was seen: of two of one service, the one with the greater
 * sequence is newer. A daemon that starts afresh has others under the same names, born later; births have no order,
 * since a wall clock steps.
 */
export interface Version {
  /** Wall clock, milliseconds since 1970. */
  readonly born: number;
  readonly sequence: number;
}
/**
 * The answer to a Request. Of an aggregate, `rows` has one row a member and `result` is the verdict
 * by its policy.
 */
export interface Outcome extends Row {
  readonly rows: readonly Row[];
  /** The deadline of the request passed before it was known how all of it ended. */
  readonly isLate?: boolean;
}
/**
 * What came of asking a service, as it tells its own shepherd: near only. What it comes to for those who asked for it
 * has no such marks.
 */
export interface Attempt extends Outcome {
  /** Nobody was there to be asked, or the question never came: this attempt has done nothing. */
  readonly isUnmet?: true;
  /** Its own shepherd waits for a machine that is away there, and goes on by itself: more is to come. */
  readonly isPending?: true;
  /** Superseded by what this came from; what is told of that, and to whom, is the affair of the operation. */
  readonly outdoneBy?: NotedPrompt;
  /** The same of what an agent was about: by the last wish for its service. */
  readonly isOutdone?: true;
}

/** What a line tells, in fields: who may not hear all of it is told by these and not by its words. */
export interface LineTopic {
  /** The service, named as in a row. */
  readonly about?: string;
  /** Absent: in free words about that service. */
  readonly what?: Topic;
  /** Of a service that depends on another: the other. */
  readonly on?: string;
  /** The text without the paths of this machine, for others; absent where it names none. */
  readonly plainText?: string;
}

/** What remains by now of the deadline of a request that `isPatient`, where that became longer. */
export interface Extension {
  readonly kind: 'deadline';
  readonly remainingMs: number;
  /** Who of those that are waited for says that it may take longest, and how long; absent where none does. */
  readonly slowest?: string;
  readonly slowestMs?: number;
}

/** What a running operation says while it runs. What there is no room for is dropped, with a count. */
export type Event =
  | ({ readonly kind: 'line'; readonly from: string; readonly text: string } & LineTopic)
  | { readonly kind: 'row'; readonly row: Row }
  | { readonly kind: 'dropped'; readonly count: number }
  | Extension
  /** All of it is done on this machine, so that its lines need no name of one. Told before them, to the owner alone. */
  | { readonly kind: 'alone' };

/**
 * The receiver of a stream of events, often on another machine. The answer to a batch is the credit
 * for another; those that end the
 * stream come without credit, and no answer to them is waited for.
 */
export interface Sink {
  rows(batch: readonly Event[], sequence: number, isEnding?: boolean): void | Vow<void>;
}
