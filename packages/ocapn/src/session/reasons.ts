/**
 * Errors at the edge. A break reason that is plain data passes as it is, both ways. An error of
 * ours is a refusal, whose words are for whoever asked: it becomes its code and its message, never
 * stack or path, in the spelling of the peer's dialect. What is read is a Remote, so
 * that a peer that says 'severed is not taken for a session that ended. Any other error
 * is a fault of this process and none of the peer's business: it gets an id, and the log has the
 * rest.
 */
import { ActorError, rawReason, Remote } from '@bellwether/actors';
import { Sym } from '../syrup/values.ts';
import { type Dialect, errorTextFrom } from '../wire/dialect.ts';
import { sendable } from './sendable.ts';
import type { Faults } from './faults.ts';

/** One text for every swissnum that opens nothing: how it fails to must not be told. */
export const UNKNOWN = 'captp: nothing has this swissnum';

/** Characters of a code that crosses: a longer one is none. */
const CODE_LENGTH = 64;

/** What is written for a break reason. */
export const reasonOut = (thrown: unknown, dialect: Dialect, faults: Faults): unknown => {
  const reason = rawReason(thrown);
  return reason instanceof Error ? errorOut(reason, dialect, faults) : reason;
};

/** What is written for an error, whether something broke with it or it is a value among others. */
export const errorOut = (error: Error, dialect: Dialect, faults: Faults): unknown =>
  error instanceof ActorError
    ? dialect.error(sendable(error.code, CODE_LENGTH), sendable(error.message))
    : dialect.error('error', faults.hide(error));

/** What a break reason that was read means here. */
export const reasonIn = (reason: unknown): unknown => {
  const text = errorTextFrom(reason);
  if (text !== undefined) return new Remote('error', sendable(text));
  if (!Array.isArray(reason)) return reason;
  const [code, message]: readonly unknown[] = reason;
  if (!(code instanceof Sym) || typeof message !== 'string') return reason;
  if (code.name.length > CODE_LENGTH) return reason;
  return new Remote(code.name, sendable(message));
};
