/**
 * Errors at the edge. A break reason that is plain data passes as it is, both ways. An error of
 * ours becomes `['code "message"]`, code and message, never stack or path; what is read is a Remote, so
 * that a peer that says 'severed is not taken for a session that ended. Any other error
 * is a fault of this process and none of the peer's business: it gets a fixed text, and the log has
 * the rest. The error records of Goblins and Endo are read as errors too, and never written: each
 * ends a session or hangs a call of the other.
 */
import { ActorError, type Log, rawReason, Remote } from '@bellwether/actors';
import { Sym } from '../syrup/values.ts';
import { errorTextFrom } from '../wire/dialect.ts';

/** One text for every swissnum that opens nothing: how it fails to must not be told. */
export const UNKNOWN = 'captp: nothing has this swissnum';

/** Characters of a message that cross, and of a code: longer ones were not written for people. */
const MESSAGE_LENGTH = 1_024;
const CODE_LENGTH = 64;

/** What is written for a break reason. */
export const reasonOut = (thrown: unknown, log: Log): unknown => {
  const reason = rawReason(thrown);
  if (!(reason instanceof Error)) return reason;
  const isOurs = reason instanceof ActorError;
  if (!isOurs) log('captp.fault-hidden', { name: reason.name, message: reason.message });
  const message = isOurs ? cutText(reason.message) : 'internal error';
  return [new Sym(isOurs ? cutText(reason.code, CODE_LENGTH) : 'error'), message];
};

/** With the `u` flag a surrogate matches only where it stands alone. */
const LONE_SURROGATES = /\p{Surrogate}/gu;
/**
 * The beginning of a text, as it can be written: what is no character, where the cut went through
 * one too, becomes U+FFFD.
 */
export const cutText = (text: string, length = MESSAGE_LENGTH): string =>
  text.slice(0, length).replace(LONE_SURROGATES, '\ufffd');

/** What a break reason that was read means here. */
export const reasonIn = (reason: unknown): unknown => {
  const text = errorTextFrom(reason);
  if (text !== undefined) return new Remote('error', cutText(text));
  if (!Array.isArray(reason)) return reason;
  const [code, message]: readonly unknown[] = reason;
  if (!(code instanceof Sym) || typeof message !== 'string') return reason;
  if (code.name.length > CODE_LENGTH) return reason;
  return new Remote(code.name, cutText(message));
};
