/** Replies of a door that wait to be taken, whoever they are for. */
import { unsentBytes } from './limits.ts';

/** One for each door. */
export class Unsent {
  #byteCount: number;

  constructor() {
    this.#byteCount = 0;
  }

  /** Bytes that wait. */
  get byteCount(): number {
    return this.#byteCount;
  }
  /** Whether there is room for so many more; they have it until they are released. */
  hold(byteCount: number): boolean {
    if (this.#byteCount + byteCount > unsentBytes) return false;
    this.#byteCount += byteCount;
    return true;
  }
  release(byteCount: number): void {
    this.#byteCount -= byteCount;
  }
}
