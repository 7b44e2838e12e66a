/**
 * The last turns of a vat, always on: three writes a turn, and no text until somebody asks.
 *
 * The cause of a turn is the turn that sent its message, or that said `when` or `after`; followed
 * upward it is the story of a failure, across answers and timers.
 */
import { limits } from './limits.ts';
import { actorLabel, wireName } from './names.ts';
import type { TurnEvent } from './types.ts';

/** A ring of the last `size` events; size 0 keeps none. */
export class EventRing {
  readonly #size: number;
  readonly #turns: number[];
  readonly #causes: number[];
  readonly #makers: string[];
  readonly #steps: string[];
  #at = 0;
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 0 || size > limits.eventCountMax) {
      throw new RangeError(`event ring: ${size} is no count up to ${limits.eventCountMax}`);
    }
    this.#size = size;
    this.#turns = new Array<number>(size).fill(0);
    this.#causes = new Array<number>(size).fill(0);
    this.#makers = new Array<string>(size).fill('');
    this.#steps = new Array<string>(size).fill('');
  }
  /** Notes a turn; a turn that threw is written with its number negated. */
  note(turn: number, cause: number, maker: string, step: string, threw: boolean): void {
    if (this.#size === 0) return;
    const at = this.#at;
    this.#turns[at] = threw ? -turn : turn;
    this.#causes[at] = cause;
    this.#makers[at] = maker;
    this.#steps[at] = step;
    this.#at = at + 1 === this.#size ? 0 : at + 1;
  }
  /** Oldest first. */
  list(): readonly TurnEvent[] {
    const events: TurnEvent[] = [];
    for (let n = 0; n < this.#size; n += 1) {
      const at = (this.#at + n) % this.#size;
      const turn = this.#turns[at] ?? 0;
      if (turn === 0) continue;
      events.push({
        turn: Math.abs(turn),
        cause: this.#causes[at] ?? 0,
        what: whatOf(this.#makers[at] ?? '', this.#steps[at] ?? ''),
        outcome: turn < 0 ? 'threw' : 'done',
      });
    }
    return events;
  }
}

/** `^service.start`, as it is written in logs. */
export const whatOf = (maker: string, step: string): string =>
  step === '' ? actorLabel(maker) : `${actorLabel(maker)}.${wireName(step)}`;
