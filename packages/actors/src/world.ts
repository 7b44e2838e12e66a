/**
 * A simulated world: time stands still until it is stepped, and everything that happens at the same
 * time happens in an order that the seed decides. The same seed is the same story, step by step.
 *
 *   heap of (time, tie from the seed, sequence)  ──step──►  the earliest task runs, time moves to
 * it
 *
 * Tasks of one scheduler keep their order, as the Scheduler power promises; between schedulers, and
 * between timers that are due together, the seed decides. Latency, cuts and crashes are the
 * caller's: `at` with a delay, and not calling.
 */
import { limits } from './limits.ts';
import type { Clock, Entropy, Scheduler } from './types.ts';

interface Due {
  readonly atMs: number;
  readonly tie: number;
  readonly sequence: number;
  /** Undefined once it was cancelled. */
  task: (() => void) | undefined;
}

/** Time, order and randomness from one seed. */
export class World {
  readonly seed: number;
  readonly #heap: Due[] = [];
  #randomState: number;
  #now = 0;
  #sequence = 0;
  #liveCount = 0;
  #stepCount = 0;
  constructor(seed: number) {
    this.seed = seed;
    this.#randomState = Math.imul(seed, 0x9e3779b1) >>> 0;
  }
  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }
  /** Tasks that have run. */
  get stepCount(): number {
    return this.#stepCount;
  }
  /** Tasks that wait and were not cancelled: 0 means that nothing will ever happen by itself. */
  get pendingCount(): number {
    return this.#liveCount;
  }
  /** Uniform in [0, 1): mulberry32, 2^32 states. */
  random(): number {
    this.#randomState = (this.#randomState + 0x6d2b79f5) >>> 0;
    let x = this.#randomState;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
  }
  /** One of a list. @throws RangeError where there is none. */
  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError(`world ${this.seed}: nothing to pick from`);
    return from[Math.floor(this.random() * from.length)] as T;
  }
  /**
   * Runs the task in `ms` milliseconds; the result cancels it. Any wait takes time, also one that is too short for a
   * number as large as `now`: who waits for the rest of a deadline would wait for ever.
   * @throws RangeError for the past.
   */
  at(ms: number, task: () => void): () => void {
    if (!(ms >= 0)) throw new RangeError(`world ${this.seed}: a task in ${ms} ms`);
    this.#sequence += 1;
    const entry: Due = {
      atMs: ms > 0 ? Math.max(this.#now + ms, this.#now * (1 + Number.EPSILON)) : this.#now,
      tie: this.random(),
      sequence: this.#sequence,
      task,
    };
    this.#liveCount += 1;
    this.#push(entry);
    return () => {
      if (entry.task === undefined) return;
      entry.task = undefined;
      this.#liveCount -= 1;
    };
  }
  /** A clock of this world; `wallStartMs` is its date when the world began, in ms since 1970. */
  clock(wallStartMs = 1_700_000_000_000): Clock {
    return {
      now: () => this.#now,
      wall: () => wallStartMs + this.#now,
      after: (ms, task) => this.at(ms, task),
    };
  }
  /** A scheduler of its own: its tasks run in order, between other schedulers' as the seed says. */
  scheduler(): Scheduler {
    const tasks: (() => void)[] = [];
    const next = (): void => tasks.shift()?.();
    return {
      enqueue: (task) => {
        tasks.push(task);
        this.at(0, next);
      },
    };
  }
  /** Bytes from the seed: for tests, never for keys. */
  entropy(): Entropy {
    return {
      fill: (into) => {
        for (let at = 0; at < into.length; at += 1) into[at] = Math.floor(this.random() * 256);
      },
    };
  }
  /** Runs the earliest task. @returns false where there is none. */
  step(): boolean {
    for (;;) {
      const next = this.#pop();
      if (next === undefined) return false;
      const { task } = next;
      if (task === undefined) continue;
      next.task = undefined;
      this.#liveCount -= 1;
      this.#stepCount += 1;
      this.#now = next.atMs;
      task();
      return true;
    }
  }
  /**
   * Steps until nothing is left, or until the time is `untilMs`; time then stands at `untilMs`.
   * @throws RangeError when there is no rest after `stepLimit` steps.
   */
  run(untilMs = Infinity, stepLimit: number = limits.worldSteps): void {
    for (let count = 0; this.#nextMs() <= untilMs; count += 1) {
      if (count >= stepLimit) {
        throw new RangeError(
          `world ${this.seed}: no rest after ${stepLimit} steps, at ${this.#now} ms`,
        );
      }
      if (!this.step()) break;
    }
    if (untilMs !== Infinity && untilMs > this.#now) this.#now = untilMs;
  }
  /** Lets `ms` milliseconds pass. @throws RangeError when there is no rest, as `run` does. */
  runFor(ms: number): void {
    this.run(this.#now + ms);
  }
  /** When the next task is due; NaN where there is none. Drops cancelled ones on the way. */
  #nextMs(): number {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined) return NaN;
      if (next.task !== undefined) return next.atMs;
      this.#pop();
    }
  }
  #push(entry: Due): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const upper = (at - 1) >> 1;
      const parent = heap[upper];
      if (parent === undefined || !isBefore(entry, parent)) break;
      heap[at] = parent;
      at = upper;
    }
    heap[at] = entry;
  }
  #pop(): Due | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      const lower = this.#earlierChild(at);
      const child = heap[lower];
      if (child === undefined || !isBefore(child, last)) break;
      heap[at] = child;
      at = lower;
    }
    heap[at] = last;
    return top;
  }
  #earlierChild(at: number): number {
    const left = this.#heap[2 * at + 1];
    const right = this.#heap[2 * at + 2];
    return left !== undefined && right !== undefined && isBefore(right, left)
      ? 2 * at + 2
      : 2 * at + 1;
  }
}

const isBefore = (a: Due, b: Due): boolean => {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  return a.tie !== b.tie ? a.tie < b.tie : a.sequence < b.sequence;
};
