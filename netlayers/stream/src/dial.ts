/**
 * One attempt to reach a peer, from the call of `dial` to the first of
 *
 *     connected             → succeed: the caller attaches the socket
 *     failed, or too late   → the socket is destroyed, `failed` is told
 *     cancelled             → the socket is destroyed, nobody is told
 *
 * after which nothing happens any more.
 */
import type { Duplex } from 'node:stream';
import { systemCode, Unreachable } from './errors.ts';
import { NEIGHBOUR_MS } from './limits.ts';

/** Made by `Traffic.dial`; ends exactly once. */
export class DialAttempt {
  /** What is dialled, as messages name it: `tcp-tls: web1.example:8088`. */
  readonly place: string;
  /** A peer has led us there, see `wayTo`. */
  readonly isForOthers: boolean;
  readonly #failed: (reason: Error) => void;
  readonly #over: (dial: DialAttempt) => void;
  readonly #deadline: NodeJS.Timeout;
  /** -Infinity once it has connected again. */
  #begunAt: number;
  #socket: Duplex | undefined;
  #isOver: boolean;

  /** `over` is called when the attempt ends, however it ends, before anybody else is told. */
  constructor(
    place: string,
    deadlineMs: number,
    failed: (reason: Error) => void,
    over: (dial: DialAttempt) => void,
    isForOthers = false,
  ) {
    this.place = place;
    this.isForOthers = isForOthers;
    this.#failed = failed;
    this.#over = over;
    this.#socket = undefined;
    this.#isOver = false;
    this.#begunAt = performance.now();
    this.#deadline = setTimeout(() => {
      this.fail(new Unreachable(place, `no answer within ${deadlineMs} ms`));
    }, deadlineMs);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The socket of this attempt, destroyed if it does not succeed. A later call replaces it. */
  use(socket: Duplex): void {
    if (this.#isOver) socket.destroy();
    else this.#socket = socket;
  }

  /**
   * Whether to connect once more, since what stands in the way was found out for somebody else: Linux asks for a
   * neighbour for `NEIGHBOUR_MS`, and whoever connects meanwhile is told how that ended, though a cable may have been
   * plugged in since. True once at most.
   */
  connectsAgain(error: Error): boolean {
    if (this.#isOver || systemCode(error) !== 'EHOSTUNREACH') return false;
    const tookMs = performance.now() - this.#begunAt;
    this.#begunAt = -Infinity;
    return tookMs < NEIGHBOUR_MS;
  }

  /** True for the caller that may go on with the socket, false when the attempt has ended before. */
  succeed(): boolean {
    if (this.#isOver) return false;
    this.#socket = undefined;
    this.#finish();
    return true;
  }

  fail(reason: Error): void {
    if (this.#isOver) return;
    this.#finish();
    this.#failed(reason);
  }

  cancel(): void {
    if (!this.#isOver) this.#finish();
  }

  #finish(): void {
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#socket?.destroy();
    this.#over(this);
  }
}
