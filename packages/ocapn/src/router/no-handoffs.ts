/** A router that introduces nobody: what comes of handoffs there. */
import { type Frontier, Refused, type Vow } from '@bellwether/actors';
import type { RouterHandoffs } from '../handoff/handoffs.ts';
import { brokenVow } from '../session/vow-from.ts';

/** References of other peers are exported, and every gift is refused. */
export class NoHandoffs implements RouterHandoffs {
  readonly #frontier: Frontier;
  constructor(frontier: Frontier) {
    this.#frontier = frontier;
  }
  give(): undefined {
    return undefined;
  }
  receive(): Vow {
    return this.#refused();
  }
  deposit(): Vow {
    return this.#refused();
  }
  withdraw(): Vow {
    return this.#refused();
  }
  giftCountOf(): number {
    return 0;
  }
  gone(): void {
    // Nothing was kept for anybody.
  }
  close(): void {
    // Nothing is open.
  }

  #refused(): Vow {
    const why = 'handoff: this peer takes no part in handoffs';
    return brokenVow(this.#frontier, new Refused(why));
  }
}
