/** The timers that a vat has running: none outlives its vat. */
import type { Clock } from './types.ts';

/** Starts timers on a clock, and stops all of them at once. */
export class Timers {
  readonly #clock: Clock;
  readonly #stops = new Set<() => void>();
  constructor(clock: Clock) {
    this.#clock = clock;
  }
  /** Milliseconds; a time that is over already means as soon as possible. The result cancels it. */
  start(ms: number, task: () => void): () => void {
    const stop = this.#clock.after(Math.max(0, ms), () => {
      this.#stops.delete(stop);
      task();
    });
    this.#stops.add(stop);
    return () => {
      if (this.#stops.delete(stop)) stop();
    };
  }
  close(): void {
    for (const stop of this.#stops) stop();
    this.#stops.clear();
  }
}
