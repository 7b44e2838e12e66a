/**
 * Back-pressure from the vat to its sessions. A session reads until it has used up its window; then
 * its connection is paused and it waits in line.
 *
 *   half of a window is used     the vat is asked to say when it has worked off what is there
 *   all of it is used            the session waits in line
 *   the vat has said so          every window is whole again; those in line go on, first come first
 *                                served, as many as fit into a round
 *
 * So a session has at most two windows of messages in the vat, a vat at most as many messages of
 * those in line as a round takes, and who floods waits behind others who flood. Whoever does not is
 * never in line: its next message goes to the vat as soon as it is read.
 */
import type { Frontier } from '@bellwether/actors';
import type { Limits } from '../limits.ts';
import type { Room } from './tables.ts';

/** A session as those see it who decide when it reads. */
export interface Reading {
  /** Messages that it may read in one go. */
  readonly windowMessages: number;
  /** Its turn has come: it takes up what it had to leave. Must not throw. */
  goOn(): void;
}

/** The line of one router. */
export class Flow {
  /** Counted up each time the vat has worked off what was there. */
  round = 0;
  readonly #frontier: Frontier;
  readonly #limits: Limits;
  readonly #next = (): void => this.#serve();
  #line: Reading[] = [];
  #isAsked = false;
  constructor(frontier: Frontier, limits: Limits) {
    this.#frontier = frontier;
    this.#limits = limits;
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

  #serve(): void {
    this.#isAsked = false;
    this.round += 1;
    let left = this.#limits.roundMessages;
    const line = this.#line;
    let count = 0;
    for (; count < line.length && left > 0; count += 1) left -= line[count]?.windowMessages ?? 0;
    this.#line = line.slice(count);
    for (let at = 0; at < count; at += 1) line[at]?.goOn();
    if (this.#line.length > 0) this.ask();
  }
}

/** What one session may still read in this round. */
export class Window {
  readonly #flow: Flow;
  #round = -1;
  #messages = 0;
  #bytes = 0;
  constructor(flow: Flow) {
    this.#flow = flow;
  }
  /** Whether nothing may be read before the next round. */
  isSpent(room: Room): boolean {
    if (this.#round === this.#flow.round) return this.#messages <= 0 || this.#bytes <= 0;
    this.#round = this.#flow.round;
    this.#messages = room.flowMessages;
    this.#bytes = room.flowBytes;
    return false;
  }
  /** One message was read. */
  use(room: Room, byteCount: number): void {
    this.#messages -= 1;
    this.#bytes -= byteCount;
    if (this.#messages * 2 < room.flowMessages || this.#bytes * 2 < room.flowBytes)
      this.#flow.ask();
  }
}
