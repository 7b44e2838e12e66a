/** What can go wrong between machines; the classes are those of the layers below. */
export { Malformed } from '@bellwether/shepherd';

/** A message for a person out of whatever broke a vow: peers may break with any value. */
export const wordsOf = (reason: unknown): string =>
  reason instanceof Error ? reason.message : String(reason);
