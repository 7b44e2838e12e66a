/**
 * What is counted of one session, and who listens in. Its two ends count the same messages: what is number 17 of those
 * that one has sent is number 17 of those that the other has got, since a session loses nothing and keeps the order.
 * The hello is number 1.
 */
import type { NamedLine } from '@bellwether/actors';
import type { Operation } from '../wire/operations.ts';

/** Told of each message of one session. Must not throw, nor use the session. */
export interface Tap {
  /** One that has come, before anything is done about it: only read. `byteCount`: of its frame. */
  got(number: number, operation: Operation, byteCount: number): void;
  /** One that was written; the parts are only read, and only now. */
  sent(number: number, parts: readonly Uint8Array[]): void;
  /** The session has ended. The last call. */
  ended(): void;
}

/** The counters of a session. The event ring of the vat knows it by this, which holds nothing else of it. */
export class Meter implements NamedLine {
  /** `s-` and the first 40 bits of its OCapN session id, the same at both ends; empty before the peer's hello. */
  name = '';
  readonly isDialler: boolean;
  /** Its router sets it, before anything is said. */
  lane = 0;
  gotCount = 0;
  sentCount = 0;
  gotBytes = 0;
  sentBytes = 0;
  /** Undefined while nobody listens: one look at this is all that a message costs then. */
  tap: Tap | undefined = undefined;
  constructor(isDialler: boolean) {
    this.isDialler = isDialler;
  }
}
