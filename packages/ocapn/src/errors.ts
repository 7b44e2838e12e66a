/**
 * What can go wrong between bytes and meaning: one class for each decision that a caller can take.
 */
import { ActorError } from '@bellwether/actors';

/**
 * Bytes or text from outside do not say what they should. The input is at fault: end its session.
 */
export class Decode extends ActorError {
  /** `message` names the part that was reading, what it expected, where, and what it found. */
  constructor(message: string, options?: ErrorOptions) {
    super('decode', message, options);
  }
}

/** A value of ours has no place on the wire. The caller is at fault: break that one answer. */
export class Encode extends ActorError {
  /** `message` names what was to be written and why it cannot be. */
  constructor(message: string, options?: ErrorOptions) {
    super('encode', message, options);
  }
}

/** Something is longer, deeper or more than `LIMITS` allows, on its way in or out. */
export class Limit extends ActorError {
  /** `message` names the limit, its value and its unit. */
  constructor(message: string, options?: ErrorOptions) {
    super('limit', message, options);
  }
}

/** Well-formed and not true: a signature or an identity that does not check out. */
export class Forged extends ActorError {
  /** `message` names the claim that failed; it never holds key or signature bytes. */
  constructor(message: string, options?: ErrorOptions) {
    super('forged', message, options);
  }
}
