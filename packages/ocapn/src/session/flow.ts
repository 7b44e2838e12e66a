/**
 * Back-pressure from the vat to its sessions. A session reads until it has used up its window; then
 * its connection is paused and it waits in line.
 *
 *   half of a window is used     the vat is asked to say when it has worked off what is there
 *   all of it is used            the session waits in line
 *   what all have read would     the same for whoever has read more than a few messages in this round,
 *     take the vat `roundMs`       but for the owner's sessions and those that we dialled
 *   the vat has said so          every window is whole again; those in line go on, first come first
 *                                served, as many as fit into a round
 *   turns of the owner wait      the round begins when they are over, or after some times
 *   values were read for longer  everybody else waits, but for the owner's sessions and those that we dialled; those go
 *     than `roundMs`               on first who have brought little
 *
 * So a session has at most two windows of messages in the vat, a vat at most as many messages of
 * those in line as a round takes, and who floods waits behind others who flood. Whoever does not is
 * never in line: its next message goes to the vat as soon as it is read. And the owner, whose turns stand
 * in one queue with all others, waits for one round, however many flood and whatever a message of theirs
 * takes: nobody begins another until what he asked has ended.
 *
 * What a message takes is what the vat has needed for the last ones. It is believed at once where that is
 * more than before, and little by little where it is less, and never is less than `LEAST_MS`: who brings
 * light and heavy ones in turn gains little by that.
 *
 * What it takes to read a message is time in which no turn is run: of very many small values that is long.
 * Whoever brings such ones owes the messages that he would have been free to bring, round for round, also while he
 * waits.
 */
import type { Frontier } from '@bellwether/actors';
import type { Limits } from '../limits.ts';
import type { Room } from './tables.ts';

/** The least that a message is taken to cost, some plain calls: so a round has 250 that may turn out to be heavy. */
const LEAST_MS = 0.04;
/** About what it takes to read one value of very many; a byte string takes some times as long, a truth value less. */
const VALUE_MS = 0.000_4;
/** Of what a message costs less than before, one part in so many is believed. */
const CAUTION = 64;

/** A session as those see it who decide when it reads. */
export interface Reading {
  /** Messages that it may read in one go. */
  readonly windowMessages: number;
  /** It has brought more than others: they go first. */
  readonly isInDebt: boolean;
  /** Its turn has come: it takes up what it had to leave. Must not throw. */
  goOn(): void;
}

/** The line of one router. */
export class Flow {
  /** Counted up each time the vat has worked off what was there. */
  round = 0;
  readonly limits: Limits;
  readonly #frontier: Frontier;
  readonly #next = (): void => this.#serve();
  #line: Reading[] = [];
  #isAsked = false;
  /** Messages of all sessions since the round began. */
  #messageCount = 0;
  /** Of those, what sessions may still bring that are not free. */
  #left = 0;
  /** What of the round is left for reading values. */
  #readMs = 0;
  #half = 0;
  #messageMs = LEAST_MS;
  #busyMs: number;
  #putOffCount = 0;
  constructor(frontier: Frontier, limits: Limits) {
    this.#frontier = frontier;
    this.limits = limits;
    this.#busyMs = frontier.busyMs;
    this.#begin();
  }
  /** Whether what has been read keeps the vat busy for long enough. */
  get isFull(): boolean {
    return this.#left <= 0;
  }
  /** Whether values were read for so long that even those wait who bring little. */
  get isOverdrawn(): boolean {
    return this.#readMs < 0;
  }
  /** One message was read; `heavyCount`: its values beyond those that are read in no time. */
  count(isFree: boolean, heavyCount: number): void {
    this.#messageCount += 1;
    if (isFree) return;
    this.#readMs -= heavyCount * VALUE_MS;
    this.#left -= 1;
    if (this.#left < this.#half || this.isOverdrawn) this.ask();
  }
  /** Makes sure that there is a next round, behind all that was delivered so far. */
  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#frontier.workedOff(this.#next);
  }
  /** A session has used up its window, and reads nothing until it is told to go on. */
  wait(session: Reading): void {
    this.#line.push(session);
    this.ask();
  }

  #begin(): void {
    this.#readMs = this.limits.roundMs;
    this.#left = this.limits.roundMs / this.#messageMs;
    this.#half = this.#left / 2;
  }
  #serve(): void {
    this.#isAsked = false;
    if (this.#frontier.isOwners && this.#putOffCount < this.limits.ownersRounds) {
      this.#putOffCount += 1;
      return this.ask();
    }
    this.#putOffCount = 0;
    this.#measure();
    this.round += 1;
    this.#begin();
    this.#goOn();
    if (this.#line.length > 0) this.ask();
  }
  #goOn(): void {
    const line = this.#line.sort((a, b) => Number(a.isInDebt) - Number(b.isInDebt));
    this.#line = [];
    let left = Math.min(this.limits.roundMessages, this.#left);
    let count = 0;
    for (; count < line.length && left > 0 && !this.isOverdrawn; count += 1) {
      const session = line[count];
      left -= session?.windowMessages ?? 0;
      session?.goOn();
    }
    // Whoever had to stop again is behind those who have not begun.
    this.#line = [...line.slice(count), ...this.#line];
  }
  /** A few messages tell nothing: what else the vat has done meanwhile would count as theirs. */
  #measure(): void {
    const { busyMs } = this.#frontier;
    const messageMs = (busyMs - this.#busyMs) / this.#messageCount;
    if (this.#messageCount >= this.limits.freeMessages)
      this.#messageMs = Math.max(
        messageMs,
        LEAST_MS,
        this.#messageMs + (messageMs - this.#messageMs) / CAUTION,
      );
    this.#busyMs = busyMs;
    this.#messageCount = 0;
  }
}

/** What one session may still read in this round. */
export class Window {
  readonly #flow: Flow;
  #round = -1;
  #messages = 0;
  #bytes = 0;
  #free = 0;
  /** Messages that it would have been free to bring, were it not for what it has brought. */
  #debt = 0;
  constructor(flow: Flow) {
    this.#flow = flow;
  }
  /** Whether nothing may be read before the next round. `isFree`: it is the owner's, or we dialled it. */
  isSpent(room: Room, isFree: boolean): boolean {
    const flow = this.#flow;
    if (this.#round !== flow.round) this.#begin(room);
    if (this.#messages <= 0 || this.#bytes <= 0) return true;
    return !isFree && (flow.isOverdrawn || (this.#free <= this.#debt && flow.isFull));
  }
  /** It owes all messages that it would be free to bring in this round; however long it waits, each round pays. */
  get isInDebt(): boolean {
    return this.#owed >= this.#flow.limits.freeMessages;
  }
  /** One message of so many values was read. */
  use(room: Room, byteCount: number, isFree: boolean, valueCount: number): void {
    const { heavyValues } = this.#flow.limits;
    const heavyCount = Math.max(0, valueCount - heavyValues);
    this.#messages -= 1;
    this.#bytes -= byteCount;
    this.#free -= 1;
    if (!isFree) this.#debt += Math.floor(heavyCount / heavyValues);
    this.#flow.count(isFree, heavyCount);
    if (this.#messages * 2 < room.flowMessages || this.#bytes * 2 < room.flowBytes)
      this.#flow.ask();
  }
  /** What is left of its debt in the round of now. */
  get #owed(): number {
    const { round, limits } = this.#flow;
    return Math.max(0, this.#debt - (round - this.#round) * limits.freeMessages);
  }
  #begin(room: Room): void {
    this.#debt = this.#owed;
    this.#round = this.#flow.round;
    this.#free = this.#flow.limits.freeMessages;
    this.#messages = room.flowMessages;
    this.#bytes = room.flowBytes;
  }
}
