/**
 * Counts against replay, of one receiver's withdrawals from one gifter. Goblins counts by gifter,
 * Endo by the session with the exporter, we over all sessions; so what is new is judged for both
 * sessions together, and in any order:
 *
 *     above the highest so far        new
 *     at most `WINDOW` below it       new once
 *     further below                   refused: nobody remembers
 */

/** Withdrawals under way that may overtake each other. */
const WINDOW = 1_024;

/** The counts that were used. */
export class Counts {
  #highest = -1;
  readonly #used = new Set<number>();
  /** Uses a count; false where it may have been used before. `count`: a safe integer from 0. */
  use(count: number): boolean {
    if (count <= this.#highest - WINDOW || this.#used.has(count)) return false;
    this.#used.add(count);
    if (count <= this.#highest) return true;
    this.#highest = count;
    // One that is added makes at most so many too old; a leap makes all others.
    if (this.#used.size > WINDOW)
      for (const each of this.#used) if (each <= count - WINDOW) this.#used.delete(each);
    return true;
  }
}
