/**
 * Pages that were refused by their origin, for the log: whoever has forgotten to name his own sees it there. Anybody
 * can have any of them refused, so that a minute has so many lines, and the first of the next says how many it had not.
 */
import type { Log } from '@bellwether/actors';

/** As many as of what peers bring about otherwise. */
const linesAMinute = 60;
const minuteMs = 60_000;

/** The pages of one door. */
export class RefusedPages {
  readonly #log: Log;
  readonly #now: () => number;
  #sinceMs: number;
  #count: number;
  #unlogged: number;

  /** `now`: monotonic milliseconds. */
  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
    this.#sinceMs = now();
    this.#count = 0;
    this.#unlogged = 0;
  }

  /** `origin`: as it was said, whatever that is. */
  tell(origin: string): void {
    const nowMs = this.#now();
    if (nowMs - this.#sinceMs >= minuteMs) {
      this.#sinceMs = nowMs;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count > linesAMinute) {
      this.#unlogged += 1;
      return;
    }
    const more = this.#unlogged > 0 ? { unlogged: this.#unlogged } : {};
    this.#unlogged = 0;
    this.#log('websocket.refused', { origin: origin.replace(/[^\x20-\x7e]/gu, '?'), ...more });
  }
}
