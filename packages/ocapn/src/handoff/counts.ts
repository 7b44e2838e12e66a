/**
 * Counts against replay, of one receiver's withdrawals from one gifter. Goblins counts by gifter,
 * Endo by the session with the exporter, we over all sessions; so what is new is judged for both
 * sessions together, and in any order:
 *
 *     above the highest so far          new
 *     fewer than `handoffCounts` below  new once
 *     further below                     refused: nobody remembers
 */
import { LIMITS } from '../limits.ts';

const WINDOW = LIMITS.handoffCounts;
const WORD_BITS = 32;

/** The counts that were used: a bit for each of the window, whatever the numbers. */
export class Counts {
  #highest = -1;
  readonly #used = new Uint32Array(WINDOW / WORD_BITS);
  /** Uses a count; false where it may have been used before. `count`: a safe integer from 0. */
  use(count: number): boolean {
    if (count <= this.#highest - WINDOW) return false;
    this.#moveTo(count);
    const place = count % WINDOW;
    const [word, bit] = [Math.floor(place / WORD_BITS), 1 << (place % WORD_BITS)];
    const known = this.#used[word] ?? 0;
    this.#used[word] = known | bit;
    return (known & bit) === 0;
  }

  /** The places of the numbers that are passed over have held older ones. */
  #moveTo(count: number): void {
    if (count - this.#highest >= WINDOW) this.#used.fill(0);
    else
      for (let each = this.#highest + 1; each <= count; each += 1) {
        const place = each % WINDOW;
        const word = Math.floor(place / WORD_BITS);
        this.#used[word] = (this.#used[word] ?? 0) & ~(1 << (place % WORD_BITS));
      }
    if (count > this.#highest) this.#highest = count;
  }
}
