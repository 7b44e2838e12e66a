/** What a slot refuses, where somebody can do something about it. */
import { ActorError } from '@bellwether/actors';

/** Nobody has offered this release here, or not all of it came: offer it, and bring what is missing. */
export class NotOffered extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('not-offered', message, options);
  }
}
/** A confirmation that proves nothing: make it through a connection that was opened after the switch. */
export class NotConfirmed extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('not-confirmed', message, options);
  }
}
