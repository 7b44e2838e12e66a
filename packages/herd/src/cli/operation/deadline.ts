/** How long a command is waited for, and because of whom that became longer than usual. */
import type { Event, Outcome, Row } from '@bellwether/shepherd';
import { marginMs, mostActionMs } from '../../client/limits.ts';
import type { WaitedFor } from '../format/waited.ts';

/** What is known of it before the first word of the shepherd; all in milliseconds. */
export interface Usual {
  /** Until the shepherd says how far it got. */
  readonly waitMs: number;
  /** Batch by batch, each may take so long: the pause between two of them. */
  readonly batchPauseMs?: number;
  /** The time, by a clock that only goes on. */
  readonly now: () => number;
}

/** When the shepherd will have said how far it got: later, once it says that it takes longer. */
export class Deadline {
  ms: number;
  /** When the wait began, and when it is over at the latest, as far as is known; by the clock of `Usual`. */
  readonly startedAt: number;
  endsAt: number;
  /** Who said that it may take longest, and how long. */
  slowest: { readonly name: string; readonly ms: number } | undefined;
  readonly #usual: Usual;
  /** Since when those are waited for who have not answered. */
  #since: number;
  #extend: ((waitMs: number) => void) | undefined;
  #isLonger: boolean;
  readonly #heard: Set<string>;
  /** Who answered when the usual time was over. */
  readonly #late: Set<string>;

  constructor(usual: Usual) {
    this.ms = usual.waitMs;
    this.#usual = usual;
    this.startedAt = usual.now();
    this.endsAt = this.startedAt + usual.waitMs;
    this.#since = this.startedAt;
    this.#extend = undefined;
    this.#isLonger = false;
    this.slowest = undefined;
    this.#heard = new Set();
    this.#late = new Set();
  }

  /** Given to the question that it is the deadline of. */
  readonly onExtend = (extend: (waitMs: number) => void): void => {
    this.#extend = extend;
  };

  /** A longer time counts once: whoever says it again and again is not waited for for ever. */
  take(events: readonly Event[]): void {
    for (const event of events) {
      if (event.kind === 'row') this.#hear(event.row);
      if (event.kind !== 'deadline' || this.#extend === undefined) continue;
      const { remainingMs, slowest, slowestMs } = event;
      this.ms = Math.min(remainingMs, mostActionMs);
      this.endsAt = this.#usual.now() + this.ms;
      this.#isLonger = true;
      if (slowest !== undefined && slowestMs !== undefined)
        this.slowest = { name: slowest, ms: slowestMs };
      this.#extend(this.ms + marginMs);
      this.#extend = undefined;
    }
  }

  /** Who was waited for, where the wait became longer by them than it would have been. */
  waitedFor({ rows }: Pick<Outcome, 'rows'>): WaitedFor | undefined {
    for (const row of rows) if (!this.#heard.has(row.member)) this.#hear(row);
    if (!this.#isLonger || this.#late.size === 0) return undefined;
    const { slowest } = this;
    const asked = slowest !== undefined && this.#late.has(slowest.name) ? slowest : undefined;
    const all = [...this.#late].filter((name) => name !== asked?.name);
    const waitedMs = Math.round(this.#usual.now() - this.startedAt);
    return asked === undefined
      ? { members: all, waitedMs }
      : { members: [asked.name, ...all], waitedMs, slowest: asked.name, slowestMs: asked.ms };
  }

  #hear({ member, result }: Row): void {
    this.#heard.add(member);
    // Nobody waits for who was not asked.
    if (result === 'skipped' || result === 'cancelled') return;
    const { waitMs, batchPauseMs, now } = this.#usual;
    const at = now();
    if (at - this.#since > waitMs + (batchPauseMs ?? 0)) this.#late.add(member);
    if (batchPauseMs !== undefined) this.#since = at;
  }
}
