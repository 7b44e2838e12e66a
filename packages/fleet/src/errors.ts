/** What can go wrong between machines: one class for each decision that a caller can take. */
import { ActorError } from '@bellwether/actors';

/** Something arrived that is not what its place calls for. */
export class Malformed extends ActorError {
  /** `message` names the field, what was expected and what was found. */
  constructor(message: string, options?: ErrorOptions) {
    super('malformed', message, options);
  }
}

/** A message for a person out of whatever broke a vow: peers may break with any value. */
export const wordsOf = (reason: unknown): string =>
  reason instanceof Error ? reason.message : String(reason);
