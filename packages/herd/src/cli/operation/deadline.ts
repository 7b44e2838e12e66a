/** How long an operation is waited for. */
import type { Event } from '@bellwether/shepherd';
import { marginMs, mostActionMs } from '../../client/limits.ts';

/** When the shepherd will have said how far it got: later, once it says that it takes longer. */
export class Deadline {
  ms: number;
  #extend: ((waitMs: number) => void) | undefined;

  constructor(ms: number) {
    this.ms = ms;
    this.#extend = undefined;
  }

  /** Given to the question that it is the deadline of. */
  readonly onExtend = (extend: (waitMs: number) => void): void => {
    this.#extend = extend;
  };

  /** Once: whoever says it again and again is not waited for for ever. */
  take(events: readonly Event[]): void {
    for (const event of events) {
      if (event.kind !== 'deadline' || this.#extend === undefined) continue;
      this.ms = Math.min(event.remainingMs, mostActionMs);
      this.#extend(this.ms + marginMs);
      this.#extend = undefined;
    }
  }
}
