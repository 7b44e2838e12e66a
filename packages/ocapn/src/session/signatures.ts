/**
 * The signatures of hellos that can wait. Where the transport has proved who a peer is, and no handoff will ever ask
 * for its session's key, the signature tells nothing that anybody acts on: the draft wants it, and a peer that signs
 * badly is aborted, a moment later than others. To judge one takes longer than all else of a hello, so it is done
 * when nobody waits (`npm run bench -- first-call`, `npm run bench -- storm`).
 *
 *   a hello with a signature came    it waits
 *   none came for QUIET_MS           SLICE of those that wait are judged, and as many every STEP_MS
 *   the oldest waits for LATEST_MS   the same, whatever else comes
 *   the session has ended            nobody judges it any more
 */
import type { Clock } from '@bellwether/actors';

/** Milliseconds in which an opened session has asked what it came for, and a crowd has come. */
const QUIET_MS = 250;
/** Milliseconds between two steps, so that they take a tenth of a processor. */
const STEP_MS = 20;
/** Milliseconds for which a crowd may put it off. */
const LATEST_MS = 1_000;
/** How many at once: about 2 ms of work. */
const SLICE = 16;

/** Whose hello waits. */
export interface Signed {
  /** Judges the signature, and ends the session unless it is good. Must not throw. */
  judgeSignature(): void;
}

/** The line of one router. */
export class Signatures {
  readonly #clock: Clock;
  /** In the order in which they came, with when. */
  readonly #waiting = new Map<Signed, number>();
  #hasGrown = false;
  #stopTimer: (() => void) | undefined;
  constructor(clock: Clock) {
    this.#clock = clock;
  }
  /** Has one judged when there is time. */
  wait(signed: Signed): void {
    this.#waiting.set(signed, this.#clock.now());
    this.#hasGrown = true;
    if (this.#stopTimer === undefined) this.#arm(QUIET_MS);
  }
  /** Its session has ended. */
  drop(signed: Signed): void {
    if (!this.#waiting.delete(signed) || this.#waiting.size > 0) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #arm(ms: number): void {
    this.#hasGrown = false;
    this.#stopTimer = this.#clock.after(ms, () => this.#look());
  }
  #look(): void {
    this.#stopTimer = undefined;
    const [oldestMs = 0] = this.#waiting.values();
    const isTime = !this.#hasGrown || this.#clock.now() - oldestMs >= LATEST_MS;
    if (isTime) this.#judge();
    if (this.#waiting.size > 0 && this.#stopTimer === undefined)
      this.#arm(isTime ? STEP_MS : QUIET_MS);
  }
  #judge(): void {
    let left = SLICE;
    for (const signed of this.#waiting.keys()) {
      if (left === 0) return;
      left -= 1;
      this.#waiting.delete(signed);
      signed.judgeSignature();
    }
  }
}
