/**
 * The unfinished records of all sessions of a router. One session may send a long record; a hundred
 * that send most of one and stop are cut, the largest first, and strangers are counted apart.
 */
import type { Clock } from '@bellwether/actors';
import type { Limits } from '../limits.ts';

/** A session whose record is not all there. */
export interface Holder {
  /** It holds nothing of ours yet. */
  readonly isStranger: boolean;
  /** Whether we take what it sends: what we do not read cannot grow. */
  readonly isRead: boolean;
  abort(reason: string): void;
}

interface Partial {
  /** Whom it was counted for. */
  isStranger: boolean;
  /** Bytes of its buffer. */
  byteCount: number;
  /** Bytes that had come when it last grew enough. */
  seen: number;
  sinceMs: number;
}

/** How much memory unfinished records take, and since when they do not grow. */
export class Partials {
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #partials = new Map<Holder, Partial>();
  #knownBytes = 0;
  #strangerBytes = 0;
  #stopSweep: (() => void) | undefined;
  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
  }
  /**
   * A record has `length` bytes now, in a buffer of `byteCount`. May abort any session, this one
   * too.
   */
  grow(holder: Holder, length: number, byteCount: number): void {
    const nowMs = this.#clock.now();
    const partial = this.#partials.get(holder) ?? this.#enter(holder, nowMs);
    this.#count(partial.isStranger, -partial.byteCount);
    partial.isStranger = holder.isStranger;
    partial.byteCount = byteCount;
    this.#count(partial.isStranger, byteCount);
    if (length - partial.seen >= this.#limits.partialStepBytes) {
      partial.seen = length;
      partial.sinceMs = nowMs;
    }
    const { partialBytes, strangerPartialBytes } = this.#limits;
    if (this.#strangerBytes > strangerPartialBytes) this.#cutLargest(true);
    if (this.#knownBytes > partialBytes) this.#cutLargest(false);
  }
  /** The record is whole, or its session has ended. */
  drop(holder: Holder): void {
    const partial = this.#partials.get(holder);
    if (partial === undefined) return;
    this.#partials.delete(holder);
    this.#count(partial.isStranger, -partial.byteCount);
    if (this.#partials.size > 0) return;
    this.#stopSweep?.();
    this.#stopSweep = undefined;
  }

  #enter(holder: Holder, nowMs: number): Partial {
    const made = { isStranger: holder.isStranger, byteCount: 0, seen: 0, sinceMs: nowMs };
    this.#partials.set(holder, made);
    this.#stopSweep ??= this.#clock.after(this.#limits.partialMs, () => this.#sweep());
    return made;
  }
  #count(isStranger: boolean, byteCount: number): void {
    if (isStranger) this.#strangerBytes += byteCount;
    else this.#knownBytes += byteCount;
  }
  #cutLargest(isStranger: boolean): void {
    let largest: Holder | undefined;
    let most = -1;
    for (const [holder, partial] of this.#partials) {
      if (partial.isStranger !== isStranger || partial.byteCount <= most) continue;
      largest = holder;
      most = partial.byteCount;
    }
    largest?.abort('captp: too many bytes of records that are not all there');
  }
  #sweep(): void {
    const { partialMs } = this.#limits;
    const nowMs = this.#clock.now();
    this.#stopSweep = this.#clock.after(partialMs, () => this.#sweep());
    for (const [holder, partial] of [...this.#partials]) {
      if (!holder.isRead) partial.sinceMs = nowMs;
      else if (nowMs - partial.sinceMs >= partialMs)
        holder.abort(`captp: a record was not all there after ${partialMs} ms without progress`);
    }
  }
}
