/**
 * One class for each decision that a caller can make; `code` is stable and is what crosses the
 * wire.
 *
 * The difference between an ActorError and any other error decides what a vat does with a turn that
 * threw: an ActorError is a refusal and the vat goes on, anything else is a bug (see vat.ts).
 */
import { writtenName } from './names.ts';
import { quoted } from './quoted.ts';

/** A refusal. Other packages derive their own from it, with a code of their own. */
export class ActorError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = writtenName(new.target.name);
    this.code = code;
  }
}
/** A near call of something that is not near. Send instead. */
export class NotNear extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('not-near', message, options);
  }
}
/** The session behind a far reference has ended; whether the message arrived is unknown. */
export class Severed extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('severed', message, options);
  }
}
/** No session could be had: what was to be sent has not left, and the far end is as it was. */
export class Unreachable extends ActorError {
  /** `message` says whom and what stood in the way. */
  constructor(message: string, options?: ErrorOptions) {
    super('unreachable', message, options);
  }
}
/** The receiver will not do it, and asking again the same way will not help. */
export class Refused extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('refused', message, options);
  }
}
/** State of an actor was changed while an earlier call of it is still on the stack. */
export class Reentrant extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('reentrant', message, options);
  }
}
/** A become was not returned, once, from a method of the actor that it was made for. */
export class SealMisuse extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('seal-misuse', message, options);
  }
}
/** A turn, or state that may only change in one, was used after its activation had returned. */
export class TurnOver extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('turn-over', message, options);
  }
}
/** The vat has stopped for good; `cause` says why. */
export class Halted extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('halted', message, options);
  }
}
/** Nothing came in time; the other side may still do it. */
export class TimedOut extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('timed-out', message, options);
  }
}
/** Something was longer, deeper or more than is taken here. */
export class Limit extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('limit', message, options);
  }
}
/** A vow was broken with plain data; `reason` is that value, unchanged. */
export class Broken extends ActorError {
  readonly reason: unknown;
  constructor(reason: unknown) {
    super('broken', `broken with ${quoted(reason)}`);
    this.reason = reason;
  }
}

/**
 * Found on errors that came over a wire. Registered, because a program of several bundles has
 * several copies of the class; no code that a peer sends can make a symbol or take one away.
 */
const remoteMark: unique symbol = Symbol.for('bellwether.remote');
/**
 * A refusal in the words of a peer. Its code says what the peer says of itself, and nothing of what
 * happened here: 'severed' in it is no session of ours.
 */
export class Remote extends ActorError {
  readonly [remoteMark] = true;
}
/** Whether an error is in the words of a peer. */
export const isRemote = (reason: unknown): boolean =>
  reason instanceof Error && remoteMark in reason;

/**
 * What has become of a message that was not answered, as far as this side can know:
 *
 *     not-sent   it has not left
 *     in-doubt   it may have been done: the session, or the vat here, ended before the answer
 *     late       it may still be done: our own patience ended
 *     refused    there is an answer, and it is no
 */
export type Fate = 'not-sent' | 'in-doubt' | 'late' | 'refused';
/** The fate that a reason stands for. Believes this side alone: a peer can only refuse. */
export const fateOf = (reason: unknown): Fate => {
  if (isRemote(reason)) return 'refused';
  if (reason instanceof Unreachable) return 'not-sent';
  if (reason instanceof TimedOut) return 'late';
  return reason instanceof Severed || reason instanceof Halted ? 'in-doubt' : 'refused';
};

/** The reason of a break as an Error: an Error as it is, anything else in a Broken. */
export const reasonOf = (value: unknown): Error =>
  value instanceof Error ? value : new Broken(value);
/** What an error says, or whatever else was thrown: peers may break with any value. For people, and in full. */
export const messageOf = (reason: unknown): string =>
  reason instanceof Error ? reason.message : String(reason);
/** The inverse of `reasonOf`, so that a reason that is rethrown goes on as the value that came. */
export const rawReason = (thrown: unknown): unknown =>
  thrown instanceof Broken ? thrown.reason : thrown;
/** The stable code of a refusal; `error` for everything that is none. */
export const codeOf = (error: unknown): string =>
  error instanceof ActorError ? error.code : 'error';
