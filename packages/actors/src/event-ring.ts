/**
 * The last turns of a vat and what crossed its sessions, always on: a few writes each, and no text until somebody asks.
 *
 *     column       a turn                          a message that was got     one that was sent
 *     turns        its story, negated if it threw  what was there             what was there
 *     causes       what sent it, or said `when`    story of the arrival       what made it leave
 *     numbers      what settled its vow            number in its session      the same, negated
 *     makers       constructor of its actor        the session                the session
 *     steps        the method, `when`, `after`     the method, or what it is  the same
 *
 * The cause of a turn is the turn that sent its message, or that said `when` or `after`; followed upward it is the
 * story of a failure, across answers and timers. It leaves the vat at a message that was got, whose session and number
 * name the one that another vat has sent: so Causeway (Stanley, Close, Miller, HPL-2009-78) links the event loops of
 * several machines, whose words these are, while the event log of a vat of Goblins ends with its program.
 *
 * A cause is written as a story: its number, and below that the lane of the session that all of it began with, which
 * whatever it causes inherits. Once the ring is full the lane that has the most in it forgets its oldest, so a session
 * that floods forgets its own, and what the owner did, in a lane apart, stays.
 */
import type { Job } from './core.ts';
import { limits } from './limits.ts';
import { whatOf } from './names.ts';
import type { NamedLine, VatEvent } from './types.ts';

const laneCount = limits.eventLaneCount;
/** The bits of a story that are its lane. */
const laneBits = laneCount - 1;
/** Of a turn with this number, or an arrival with minus it, in this lane. */
export const storyOf = (number: number, lane: number): number =>
  number * laneCount + (lane & laneBits);
/** In which lane it began; 0 for what came from outside of all sessions. */
export const laneOf = (story: number): number => story & laneBits;
/** The number of a turn, or minus that of an arrival. */
const numberOf = (story: number): number => Math.floor(story / laneCount);

/** A ring of the last `size` events, of one vat. It is handed in: who shows nobody what happened need not have one. */
export class EventRing {
  readonly #size: number;
  readonly #turns: number[];
  readonly #causes: number[];
  readonly #numbers: number[];
  readonly #makers: (string | NamedLine)[];
  readonly #steps: string[];
  /** When each was written. */
  readonly #orders: Float64Array;
  /** Of each entry the next one of its lane; of the newest one the oldest, which is written over. */
  readonly #nexts: Int32Array;
  readonly #newest = new Int32Array(laneCount);
  readonly #counts = new Int32Array(laneCount);
  /** The lane with the most entries, or with one less; none before the ring is full. */
  #largest = -1;
  #order = 0;
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
    this.#orders = new Float64Array(size);
    this.#nexts = new Int32Array(size);
  }
  /** Notes a turn by its story; of one that threw that is written negated. */
  note(story: number, job: Job, threw: boolean): void {
    const at = this.#next(laneOf(story));
    this.#turns[at] = threw ? -story : story;
    this.#causes[at] = job.cause;
    this.#numbers[at] = job.woken;
    this.#makers[at] = job.actor.maker;
    this.#steps[at] = job.step ?? '';
  }
  /** Notes a message that came, by its story. */
  noteGot(story: number, line: NamedLine, number: number, what: string): void {
    this.#cross(laneOf(story), story, line, number, what);
  }
  /** Notes a message that left; what nothing caused counts as that session's. */
  noteSent(cause: number, line: NamedLine, number: number, what: string): void {
    this.#cross(laneOf(cause === 0 ? line.lane : cause), cause, line, -number, what);
  }
  /** Oldest first. */
  list(): readonly VatEvent[] {
    const events: VatEvent[] = [];
    const orders = this.#orders;
    const written = [...orders.keys()].slice(0, Math.min(this.#order, this.#size));
    for (const at of written.sort((a, b) => (orders[a] ?? 0) - (orders[b] ?? 0))) {
      events.push(this.#eventAt(at));
    }
    return events;
  }

  /** Where the next event of a lane is written. Who floods is the largest and stays so: nobody is compared then. */
  #next(lane: number): number {
    const order = this.#order;
    this.#order = order + 1;
    if (order < this.#size || lane !== this.#largest) return this.#placeFor(lane, order);
    const at = this.#nexts[this.#newest[lane] ?? 0] ?? 0;
    this.#newest[lane] = at;
    this.#orders[at] = order;
    return at;
  }
  #placeFor(lane: number, order: number): number {
    const at = order < this.#size ? order : this.#forget(this.#mostFor(lane));
    this.#append(lane, at);
    this.#orders[at] = order;
    return at;
  }
  #forget(lane: number): number {
    const newest = this.#newest[lane] ?? 0;
    const oldest = this.#nexts[newest] ?? 0;
    this.#nexts[newest] = this.#nexts[oldest] ?? 0;
    this.#counts[lane] = (this.#counts[lane] ?? 0) - 1;
    return oldest;
  }
  /** The lane with the most; the one that writes goes before others that have as many. */
  #mostFor(lane: number): number {
    const counts = this.#counts;
    let most = lane;
    for (let other = 0; other < laneCount; other += 1) {
      if ((counts[other] ?? 0) > (counts[most] ?? 0)) most = other;
    }
    this.#largest = most;
    return most;
  }
  #append(lane: number, at: number): void {
    const count = this.#counts[lane] ?? 0;
    const newest = count === 0 ? at : (this.#newest[lane] ?? 0);
    this.#nexts[at] = count === 0 ? at : (this.#nexts[newest] ?? 0);
    this.#nexts[newest] = at;
    this.#newest[lane] = at;
    this.#counts[lane] = count + 1;
  }
  #cross(lane: number, cause: number, line: NamedLine, number: number, what: string): void {
    const at = this.#next(lane);
    this.#causes[at] = cause;
    this.#numbers[at] = number;
    this.#makers[at] = line;
    // A part of a longer text would keep all of it.
    this.#steps[at] = what.length > limits.methodCharacters ? TOO_LONG : what;
  }
  #eventAt(at: number): VatEvent {
    const turn = this.#turns[at] ?? 0;
    const cause = numberOf(this.#causes[at] ?? 0);
    const number = this.#numbers[at] ?? 0;
    const maker = this.#makers[at] ?? '';
    const step = this.#steps[at] ?? '';
    if (typeof maker === 'string') {
      const outcome = turn < 0 ? 'threw' : 'done';
      const what = whatOf(maker, step);
      const woken = numberOf(number);
      return { kind: 'turn', turn: numberOf(Math.abs(turn)), cause, woken, what, outcome };
    }
    const { name: line, isDialler } = maker;
    const crossing = { line, isDialler, number: Math.abs(number), what: step };
    return number > 0
      ? { kind: 'got', ...crossing, arrival: -cause, cause: 0 }
      : { kind: 'sent', ...crossing, arrival: 0, cause };
  }
}

/** Stands for a method name that nothing here has. */
const TOO_LONG = '…';
