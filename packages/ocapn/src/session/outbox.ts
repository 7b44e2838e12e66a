/**
 * One output buffer for all sessions of a router: nothing is held per idle session, and the frames
 * of one wake-up leave in one write per connection.
 *
 *   begin ─► frame ─► end ──────► (check phase) flush ─► send
 *              └────► cancel          │
 *                                     └ the transport is full: parts wait with the session;
 *                                       from `unsentPauseBytes` on its peer is not read,
 *                                       at `unsentCutBytes` it is cut off
 */
import type { Clock, Scheduler } from '@bellwether/actors';
import type { Limits } from '../limits.ts';
import type { Connection } from '../netlayer.ts';
import { Writer } from '../syrup/write.ts';

/**
 * Milliseconds that garbage is gathered. Two frames and a write for each call would wake the peer
 * once more and take half of the throughput away.
 */
const GARBAGE_MS = 20;
/**
 * A run of frames this long is handed over before the end of the tick: it gains nothing from
 * waiting.
 */
const RUN_BYTES = 256 * 1024;

/** What one session has written and the transport has not taken. */
export class Unsent {
  /** In order; undefined when there is nothing, as in all sessions that are idle. */
  parts: Uint8Array[] | undefined = undefined;
  byteCount = 0;
  /** It has frames of this tick. */
  isDirty = false;
  /** It has garbage that waits for the next sweep. */
  hasGarbage = false;
  /** The sweep has come: its garbage goes with this flush. */
  isSwept = false;
  /** The transport has said that it is full. */
  isBlocked = false;
  isPaused = false;
  /** Its session waits for the vat, and reads nothing meanwhile (flow.ts). */
  isStalled = false;
}

/** A session as the outbox sees it. */
export interface Sender {
  readonly connection: Connection;
  readonly unsent: Unsent;
  /**
   * Writes what waited for the end of the tick: garbage, if there is much of it or it was swept.
   */
  beforeFlush(): void;
  /** Too much is unsent: the peer does not read. The session must end. */
  choked(): void;
}

/**
 * The shared buffer. Frames of one session at a time; another session's frame moves the earlier
 * ones out.
 */
export class Outbox {
  readonly #writer: Writer;
  readonly #scheduler: Scheduler;
  readonly #limits: Limits;
  #owner: Sender | undefined;
  #dirty: Sender[] = [];
  /** Empty between flushes: changes places with `#dirty`, so that no tick makes a list. */
  #spare: Sender[] = [];
  readonly #clock: Clock;
  #littered: Sender[] = [];
  #stopSweep: (() => void) | undefined;
  readonly #flush = (): void => this.flush();

  /** `scheduler` runs the flush: the check phase in Node. */
  constructor(scheduler: Scheduler, clock: Clock, limits: Limits) {
    this.#scheduler = scheduler;
    this.#clock = clock;
    this.#limits = limits;
    this.#writer = new Writer(limits);
  }
  /** Opens a frame of `sender`; `end` keeps it, `cancel` takes it back. */
  begin(sender: Sender): Writer {
    if (this.#owner !== sender) {
      this.#spill();
      this.#owner = sender;
    }
    this.#writer.begin();
    return this.#writer;
  }
  end(sender: Sender): void {
    this.wake(sender);
    if (sender.connection.records || this.#writer.length >= RUN_BYTES) this.#spill();
    if (sender.unsent.byteCount >= RUN_BYTES) this.push(sender);
  }
  cancel(): void {
    this.#writer.cancel();
  }
  /** Makes sure that there is a flush after this tick. */
  wake(sender: Sender): void {
    if (sender.unsent.isDirty) return;
    sender.unsent.isDirty = true;
    this.#dirty.push(sender);
    if (this.#dirty.length === 1) this.#scheduler.enqueue(this.#flush);
  }
  /** Has the session write its garbage before long. */
  sweepSoon(sender: Sender): void {
    if (sender.unsent.hasGarbage) return;
    sender.unsent.hasGarbage = true;
    this.#littered.push(sender);
    this.#stopSweep ??= this.#clock.after(GARBAGE_MS, () => this.#sweep());
  }
  /** Hands everything written to the transports. */
  flush(): void {
    const dirty = this.#dirty;
    for (let i = 0; i < dirty.length; i++) dirty[i]?.beforeFlush();
    this.#spill();
    this.#owner = undefined;
    this.#dirty = this.#spare;
    this.#spare = dirty;
    for (const sender of dirty) {
      sender.unsent.isDirty = false;
      sender.unsent.isSwept = false;
      this.push(sender);
    }
    while (dirty.length > 0) dirty.pop(); // keeps its room, which `length = 0` gives away
  }
  /** Hands over what waits for this session, as far as its transport takes it. */
  push(sender: Sender): void {
    if (this.#owner === sender) this.#spill();
    const { unsent, connection } = sender;
    if (unsent.isBlocked) return this.#wait(sender);
    const { parts, byteCount } = unsent;
    unsent.parts = undefined;
    unsent.byteCount = 0;
    if (parts !== undefined)
      for (const part of connection.records ? parts : joined(parts, byteCount))
        if (!connection.send(part)) unsent.isBlocked = true;
    if (unsent.isPaused && !unsent.isBlocked) {
      unsent.isPaused = false;
      if (!unsent.isStalled) connection.resume();
    }
  }
  /** Drops what is written and not sent: the session has ended. */
  forget(sender: Sender): void {
    if (this.#owner === sender) {
      this.#writer.take();
      this.#owner = undefined;
    }
    const { unsent } = sender;
    unsent.parts = undefined;
    unsent.byteCount = 0;
    unsent.hasGarbage = false;
    unsent.isPaused = false; // the connection is closed: nothing is resumed
  }

  /** Ends the wait of all garbage: there is nobody left to send it to. */
  close(): void {
    this.#stopSweep?.();
    this.#stopSweep = undefined;
    this.#littered = [];
  }

  #sweep(): void {
    const littered = this.#littered;
    this.#littered = [];
    this.#stopSweep = undefined;
    for (const sender of littered) {
      if (!sender.unsent.hasGarbage) continue; // it has ended
      sender.unsent.hasGarbage = false;
      sender.unsent.isSwept = true;
      this.wake(sender);
    }
  }
  #spill(): void {
    const { unsent } = this.#owner ?? {};
    if (unsent === undefined || this.#writer.length === 0) return;
    // What waits for a peer that does not read must hold no more memory than is counted.
    const part = this.#writer.take(!unsent.isBlocked);
    if (unsent.parts === undefined) unsent.parts = [part];
    else unsent.parts.push(part);
    unsent.byteCount += part.length;
  }
  #wait(sender: Sender): void {
    const { unsent, connection } = sender;
    if (unsent.byteCount > this.#limits.unsentCutBytes) return sender.choked();
    if (unsent.isPaused || unsent.byteCount <= this.#limits.unsentPauseBytes) return;
    unsent.isPaused = true;
    connection.pause();
  }
}

/**
 * What turns wrote to several peers by turns is one write to each all the same; long parts are not
 * worth the copy.
 */
const joined = (parts: readonly Uint8Array[], byteCount: number): readonly Uint8Array[] => {
  if (parts.length < 2 || byteCount > RUN_BYTES) return parts;
  const whole = new Uint8Array(byteCount);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return [whole];
};
