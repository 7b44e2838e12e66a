/**
 * What was told and may be forgotten by the keeper: a second later, and once all that was recorded until then is on the
 * disk. So whoever comes after a crash knows of an end from the one or from the other.
 */
import { forgetFrame } from './kept.ts';
import { forgetCount, forgetMs } from './limits.ts';

/** What forgetting takes. */
export interface ForgetPowers {
  /** Lost where there is no connection: what is told again is forgotten again. */
  readonly send: (frame: Buffer) => void;
  /** Calls back once everything that was recorded so far is durable; at once where nothing is being written. */
  readonly whenDurable: (told: () => void) => void;
}

/** Ends that are still in the keeper. */
export class Forgetter {
  readonly #powers: ForgetPowers;
  readonly #waiting: Set<string>;
  /** Those that came since it was asked last whether they may be forgotten. */
  #freshCount: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(powers: ForgetPowers) {
    this.#powers = powers;
    this.#waiting = new Set();
    this.#freshCount = 0;
    this.#timer = undefined;
  }

  has(startId: string): boolean {
    return this.#waiting.has(startId);
  }

  add(startId: string): void {
    this.#waiting.add(startId);
    this.#freshCount += 1;
    if (this.#freshCount >= forgetCount) return this.#forget();
    this.#timer ??= setTimeout(() => this.#forget(), forgetMs).unref();
  }

  /** At once: its id is to be used again. */
  now(startId: string): void {
    if (this.#waiting.delete(startId)) this.#powers.send(forgetFrame(startId));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #forget(): void {
    this.close();
    this.#freshCount = 0;
    const known = [...this.#waiting];
    this.#powers.whenDurable(() => {
      for (const startId of known) this.now(startId);
    });
  }
}
