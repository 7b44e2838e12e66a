/** What a dial has failed by, for whoever wanted to get there. */
import { type ActorError, fateOf, messageOf, Refused, Unreachable } from '@bellwether/actors';

/**
 * No contact is one thing, and a peer that answers no is another: a reference that was revoked or never was stays so,
 * however often it is dialled. `again`: what kind of dial it was, where it was not the first one.
 */
export const failureAt = (where: string, reason: Error, again = ''): ActorError =>
  fateOf(reason) === 'refused'
    ? new Refused(`cannot use ${where}: ${messageOf(reason)}`, { cause: reason })
    : new Unreachable(`cannot reach ${where}${again}: ${foundIn(reason)}`, { cause: reason });

/** What stood in the way, without the place once more: errors of a netlayer tell the two apart. */
const foundIn = (reason: Error): string => {
  const { cause } = reason;
  const isTold = cause instanceof Error && 'summary' in cause && typeof cause.summary === 'string';
  return isTold ? String(cause.summary) : messageOf(reason);
};
