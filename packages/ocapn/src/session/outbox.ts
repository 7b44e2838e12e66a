/**
 * One output buffer for all sessions of a router: nothing is held per idle session, and the frames
 * of one wake-up leave in one write per connection.
 *
 *   begin ─► frame ─► end ──────► (check phase) flush ─► send
 *              └────► cancel          │
 *                                     └ the transport is full: steps wait with the session;
 *                                       from `unsentPauseBytes` on its peer is not read,
 *                                       at `unsentCutBytes` it is cut off
 *
 * Two peers that both wait for the other to read would wait for ever: who could send nothing for a
 * while reads on, for as many bytes of answers more.
 */
import type { Clock, Scheduler } from '@bellwether/actors';
import type { Limits } from '../limits.ts';
import type { Connection } from '../netlayer.ts';
import { joined } from '../syrup/values.ts';
import { Writer } from '../syrup/write.ts';
import type { Meter, Tap } from './meter.ts';

/**
 * A run of frames this long is handed over before the end of the tick: it gains nothing from
 * waiting. No step is longer, so that a line that works is seen to work.
 */
const RUN_BYTES = 256 * 1024;
/** A step below this goes into one write with its neighbour. */
const SMALL_BYTES = 4 * 1024;
/** Milliseconds that a peer is not read while nothing can be sent to it; twice as many each time. */
const PATIENCE_MS = 250;

/** What one session has written and the transport has not taken. */
export class Unsent {
  /** In order; undefined when there is nothing, as in all sessions that are idle. */
  parts: Uint8Array[] | undefined = undefined;
  byteCount = 0;
  /** It has frames of this tick. */
  isDirty = false;
  /** It has garbage that waits for the next sweep. */
  hasGarbage = false;
  /** The sweep has come: its garbage goes with the next flush. */
  isSwept = false;
  /** The transport has said that it is full. */
  isBlocked = false;
  isPaused = false;
  /** Unsent bytes that are forgiven while the transport is full, and how often they were. */
  forgivenBytes = 0;
  forgivenCount = 0;
  /** Until when its peer is not read. */
  pausedUntilMs = 0;
  /** Since when the transport has taken nothing of what waits, as far as anybody has looked. */
  stuckSinceMs: number | undefined = undefined;
  /** Its session waits for the vat, and reads nothing meanwhile (flow.ts). */
  isStalled = false;
}

/** A session as the outbox sees it. */
export interface Sender {
  readonly connection: Connection;
  readonly unsent: Unsent;
  readonly meter: Meter;
  /** It gets a part of the room. */
  readonly isStranger: boolean;
  /** Its garbage is too heavy to wait for something to go along with. */
  readonly isLittered: boolean;
  /**
   * Writes what waited for the end of the tick: garbage, if there is much of it or it was swept.
   */
  beforeFlush(): void;
  /** Too much is unsent: the peer does not read. The session must end. */
  choked(): void;
  /** The transport has taken nothing for so many milliseconds. The session must end. */
  stuck(afterMs: number): void;
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
  #littered = new Set<Sender>();
  #stopSweep: (() => void) | undefined;
  /** Whose garbage was swept and has nothing to go along with. */
  #lingering = new Set<Sender>();
  #stopLinger: (() => void) | undefined;
  /** Whose transports are full. */
  readonly #blocked = new Set<Sender>();
  /** Whose peers are not read. */
  readonly #paused = new Set<Sender>();
  #stopPatience: (() => void) | undefined;
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
    const { meter } = sender;
    meter.sentCount += 1;
    this.wake(sender);
    if (meter.tap !== undefined) this.#show(sender, meter.tap);
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
    this.#littered.add(sender);
    this.#stopSweep ??= this.#clock.after(this.#limits.garbageMs, () => this.#sweep());
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
      const { unsent } = sender;
      unsent.isDirty = false;
      if (unsent.isSwept) unsent.hasGarbage = false; // it has gone: the sweep need not come for it
      unsent.isSwept = false;
      this.push(sender);
    }
    while (dirty.length > 0) dirty.pop(); // keeps its room, which `length = 0` gives away
  }
  /** Hands over what waits for this session, as far as its transport takes it. */
  push(sender: Sender): void {
    if (this.#owner === sender) this.#spill();
    const { unsent, connection } = sender;
    if (unsent.isBlocked) return this.#wait(sender);
    const { parts } = unsent;
    if (parts !== undefined) {
      const steps = connection.records ? parts : stepsOf(parts, unsent.byteCount);
      let count = 0;
      let isMore = false;
      let runBytes = 0; // of records in one write: any number of them may wait
      while (count < steps.length && (isMore || !unsent.isBlocked)) {
        const step = steps[count] ?? NOTHING;
        count += 1;
        unsent.byteCount -= step.length;
        runBytes = connection.records ? runBytes + step.length : 0;
        isMore = count < steps.length && runBytes < RUN_BYTES && isOneWrite(step, steps[count]);
        if (!isMore) runBytes = 0;
        unsent.isBlocked = !connection.send(step, isMore);
      }
      unsent.parts = count < steps.length ? steps.slice(count) : undefined;
      if (unsent.isBlocked) return this.#wait(sender);
    }
    unsent.forgivenBytes = 0;
    unsent.forgivenCount = 0;
    this.#readAgain(sender);
  }
  /** The transport takes more. */
  drained(sender: Sender): void {
    sender.unsent.isBlocked = false;
    sender.unsent.stuckSinceMs = undefined;
    this.#blocked.delete(sender);
    this.push(sender);
  }
  /** The transport has got on with what it was given, and is full all the same. */
  moved({ unsent }: Sender): void {
    unsent.stuckSinceMs = undefined;
  }
  /** Ends those sessions of which a transport that is full has taken nothing for too long. Asked every few seconds. */
  cutStuck(nowMs: number): void {
    const { writeMs } = this.#limits;
    for (const sender of [...this.#blocked]) {
      const stuckSinceMs = (sender.unsent.stuckSinceMs ??= nowMs);
      if (nowMs - stuckSinceMs >= writeMs) sender.stuck(writeMs);
    }
  }
  /** Nobody has looked for a while: what was taken meanwhile is not known. */
  forgiveStuck(): void {
    for (const { unsent } of this.#blocked) unsent.stuckSinceMs = undefined;
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
    unsent.isSwept = false;
    unsent.isBlocked = false;
    unsent.isPaused = false; // the connection is closed: nothing is resumed
    this.#blocked.delete(sender);
    this.#paused.delete(sender);
    // It may have minutes to wait, and a thousand of them come and go in less.
    this.#littered.delete(sender);
    this.#lingering.delete(sender);
  }

  /** Ends the wait of all garbage: there is nobody left to send it to. */
  close(): void {
    this.#stopSweep?.();
    this.#stopSweep = undefined;
    this.#stopPatience?.();
    this.#stopPatience = undefined;
    this.#littered.clear();
    this.#stopLinger?.();
    this.#stopLinger = undefined;
    this.#lingering.clear();
  }

  #sweep(): void {
    const littered = this.#littered;
    this.#littered = new Set();
    this.#stopSweep = undefined;
    for (const sender of littered) {
      if (!sender.unsent.hasGarbage) continue; // it went along with something
      sender.unsent.isSwept = true;
      if (sender.isLittered) this.wake(sender);
      else this.#lingering.add(sender);
    }
    if (this.#lingering.size > 0)
      this.#stopLinger ??= this.#clock.after(this.#limits.lingerMs, () => this.#hurry());
  }
  /** Nothing else came for a while: garbage gets a write of its own. */
  #hurry(): void {
    const lingering = this.#lingering;
    this.#lingering = new Set();
    this.#stopLinger = undefined;
    for (const sender of lingering) if (sender.unsent.isSwept) this.wake(sender);
  }
  /** Whoever listens in gets each frame by itself: those before it have left the buffer. */
  #show({ unsent, meter }: Sender, tap: Tap): void {
    const before = unsent.parts?.length ?? 0;
    this.#spill();
    tap.sent(meter.sentCount, unsent.parts?.slice(before) ?? []);
  }
  #spill(): void {
    if (this.#owner === undefined || this.#writer.length === 0) return;
    const { unsent, connection, meter } = this.#owner;
    // What waits for a peer that does not read must hold no more memory than is counted.
    unsent.byteCount += this.#writer.length;
    meter.sentBytes += this.#writer.length;
    unsent.parts ??= [];
    if (connection.records) unsent.parts.push(this.#writer.take(!unsent.isBlocked));
    else this.#writer.takeInto(unsent.parts, !unsent.isBlocked);
  }
  #wait(sender: Sender): void {
    const { unsent, connection } = sender;
    this.#blocked.add(sender);
    const part = sender.isStranger ? this.#limits.strangerDivisor : 1;
    if (unsent.byteCount * part > this.#limits.unsentCutBytes) return sender.choked();
    const waiting = (unsent.byteCount - unsent.forgivenBytes) * part;
    if (unsent.isPaused || waiting <= this.#limits.unsentPauseBytes) return;
    unsent.isPaused = true;
    unsent.pausedUntilMs = this.#clock.now() + PATIENCE_MS * 2 ** unsent.forgivenCount;
    connection.pause();
    this.#paused.add(sender);
    this.#stopPatience ??= this.#clock.after(PATIENCE_MS, () => this.#forgive());
  }
  /** Peers that were not read for a while are read for as much again. */
  #forgive(): void {
    this.#stopPatience = undefined;
    for (const sender of [...this.#paused]) {
      const { unsent } = sender;
      if (this.#clock.now() < unsent.pausedUntilMs) continue;
      unsent.forgivenBytes = unsent.byteCount;
      unsent.forgivenCount += 1;
      this.#readAgain(sender);
    }
    if (this.#paused.size > 0)
      this.#stopPatience ??= this.#clock.after(PATIENCE_MS, () => this.#forgive());
  }
  #readAgain(sender: Sender): void {
    const { unsent, connection } = sender;
    if (!unsent.isPaused) return;
    unsent.isPaused = false;
    this.#paused.delete(sender);
    if (!unsent.isStalled) connection.resume();
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * What turns wrote to several peers by turns is one write to each all the same. No step is longer
 * than a run, and a part that is goes in views of it.
 */
const stepsOf = (parts: Uint8Array[], byteCount: number): Uint8Array[] => {
  const [first] = parts;
  if (first !== undefined && parts.length === 1 && byteCount <= RUN_BYTES) return parts;
  const steps: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  let smallBytes = 0;
  const close = (): void => {
    if (small.length > 0) steps.push(joined(small, smallBytes));
    small = [];
    smallBytes = 0;
  };
  for (const part of parts) {
    if (smallBytes + part.length > RUN_BYTES) close();
    if (part.length <= RUN_BYTES) {
      small.push(part);
      smallBytes += part.length;
    } else
      for (let at = 0; at < part.length; at += RUN_BYTES)
        steps.push(part.subarray(at, at + RUN_BYTES));
  }
  close();
  return steps;
};

/** What stands around a long byte string is not worth a write of its own. */
const isOneWrite = (step: Uint8Array, next = NOTHING): boolean =>
  Math.min(step.length, next.length) < SMALL_BYTES;
