/**
 * The last turns of a vat and what crossed its sessions, always on: a few writes each, and no text until somebody asks.
 *
 *     column       a turn                          a message that was got     one that was sent
 *     turns        its number, negated if it threw what was there             what was there
 *     causes       what sent it, or said `when`    number of the arrival      what made it leave
 *     numbers      what settled its vow            number in its session      the same, negated
 *     makers       constructor of its actor        the session                the session
 *     steps        the method, `when`, `after`     the method, or what it is  the same
 *
 * The cause of a turn is the turn that sent its message, or that said `when` or `after`; followed upward it is the
 * story of a failure, across answers and timers. It leaves the vat at a message that was got, whose session and number
 * name the one that another vat has sent: so Causeway (Stanley, Close, Miller, HPL-2009-78) links the event loops of
 * several machines, whose words these are, while the event log of a vat of Goblins ends at its process.
 */
import type { Job } from './core.ts';
import { limits } from './limits.ts';
import { whatOf } from './names.ts';
import type { NamedLine, VatEvent } from './types.ts';

/** A ring of the last `size` events, of one vat. It is handed in: who shows nobody what happened need not have one. */
export class EventRing {
  readonly #size: number;
  readonly #turns: number[];
  readonly #causes: number[];
  readonly #numbers: number[];
  readonly #makers: (string | NamedLine)[];
  readonly #steps: string[];
  #at = 0;
  /** @throws RangeError for no count up to `eventCountMax` */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 1 || size > limits.eventCountMax) {
      throw new RangeError(`event ring: ${size} is no count from 1 to ${limits.eventCountMax}`);
    }
    this.#size = size;
    this.#turns = new Array<number>(size).fill(0);
    this.#causes = new Array<number>(size).fill(0);
    this.#numbers = new Array<number>(size).fill(0);
    this.#makers = new Array<string | NamedLine>(size).fill('');
    this.#steps = new Array<string>(size).fill('');
  }
  /** Notes a turn; one that threw is written with its number negated. */
  note(turn: number, job: Job, threw: boolean): void {
    const at = this.#next();
    this.#turns[at] = threw ? -turn : turn;
    this.#causes[at] = job.cause;
    this.#numbers[at] = job.woken;
    this.#makers[at] = job.actor.maker;
    this.#steps[at] = job.step ?? '';
  }
  /** Notes a message that came. */
  noteGot(arrival: number, line: NamedLine, number: number, what: string): void {
    this.#cross(arrival, line, number, what);
  }
  /** Notes a message that left. */
  noteSent(cause: number, line: NamedLine, number: number, what: string): void {
    this.#cross(cause, line, -number, what);
  }
  /** Oldest first. */
  list(): readonly VatEvent[] {
    const events: VatEvent[] = [];
    for (let n = 0; n < this.#size; n += 1) {
      const event = this.#eventAt((this.#at + n) % this.#size);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #next(): number {
    const at = this.#at;
    this.#at = at + 1 === this.#size ? 0 : at + 1;
    return at;
  }
  #cross(cause: number, line: NamedLine, number: number, what: string): void {
    const at = this.#next();
    this.#causes[at] = cause;
    this.#numbers[at] = number;
    this.#makers[at] = line;
    // A part of a longer text would keep all of it.
    this.#steps[at] = what.length > limits.methodCharacters ? TOO_LONG : what;
  }
  #eventAt(at: number): VatEvent | undefined {
    const turn = this.#turns[at] ?? 0;
    const cause = this.#causes[at] ?? 0;
    const number = this.#numbers[at] ?? 0;
    const maker = this.#makers[at] ?? '';
    const step = this.#steps[at] ?? '';
    if (typeof maker === 'string') {
      if (turn === 0) return undefined; // nothing was written here yet
      const outcome = turn < 0 ? 'threw' : 'done';
      const what = whatOf(maker, step);
      return { kind: 'turn', turn: Math.abs(turn), cause, woken: number, what, outcome };
    }
    const { name: line, isDialler } = maker;
    const crossing = { line, isDialler, number: Math.abs(number), what: step };
    return number > 0
      ? { kind: 'got', ...crossing, arrival: cause, cause: 0 }
      : { kind: 'sent', ...crossing, arrival: 0, cause };
  }
}

/** Stands for a method name that nothing here has. */
const TOO_LONG = '…';
