/**
 * Work that comes in heaps, done in pieces: as much of it in one turn of the event loop as takes a moment, and the rest
 * in the next ones, so that sockets and timers have theirs in between. In the order in which it came, but for what
 * somebody cannot wait for.
 */
import { pieceMs } from './limits.ts';

/** One heap of tasks, each with the name by which it can be hurried. */
export class Pieces {
  readonly #waiting: Map<string, () => void>;
  #untilMs: number;
  #next: NodeJS.Immediate | undefined;

  constructor() {
    this.#waiting = new Map();
    this.#untilMs = 0;
    this.#next = undefined;
  }

  /** At once where there is time left, else in a later turn of the event loop. */
  do(name: string, task: () => void): void {
    this.#begin();
    if (this.#waiting.size === 0 && this.#hasTime) return task();
    this.doNow(name);
    this.#waiting.set(name, task);
  }

  /** At once, if it is waiting. */
  doNow(name: string): void {
    const task = this.#waiting.get(name);
    this.#waiting.delete(name);
    task?.();
  }

  /** What waits is never done. */
  drop(): void {
    clearImmediate(this.#next);
    this.#next = undefined;
    this.#waiting.clear();
  }

  get #hasTime(): boolean {
    return performance.now() < this.#untilMs;
  }

  /** One piece for each turn of the event loop. */
  #begin(): void {
    if (this.#next !== undefined) return;
    this.#untilMs = performance.now() + pieceMs;
    this.#next = setImmediate(() => {
      this.#next = undefined;
      if (this.#waiting.size === 0) return;
      this.#begin();
      for (const name of this.#waiting.keys()) {
        this.doNow(name);
        if (!this.#hasTime) return;
      }
    });
  }
}
