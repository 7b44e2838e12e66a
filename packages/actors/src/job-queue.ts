/** First in, first out, in a ring that doubles: a turn in and out costs no allocation. */
import type { Job } from './core.ts';
import { laneOf } from './event-ring.ts';

const startSize = 64;
/** A ring that has grown past this is given back when it is empty. */
const keptSize = 16_384;

/** The turns that wait. */
export class JobQueue {
  #ring: (Job | undefined)[] = emptyRing(startSize);
  #head = 0;
  #count = 0;
  #ownersCount = 0;
  get count(): number {
    return this.#count;
  }
  /** Of those, how many no session has begun, or the owner's has. */
  get ownersCount(): number {
    return this.#ownersCount;
  }
  push(job: Job): void {
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#count) & (this.#ring.length - 1)] = job;
    this.#count += 1;
    if (laneOf(job.cause) === 0) this.#ownersCount += 1;
  }
  shift(): Job | undefined {
    if (this.#count === 0) return undefined;
    const job = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#count -= 1;
    if (job !== undefined && laneOf(job.cause) === 0) this.#ownersCount -= 1;
    if (this.#count === 0 && this.#ring.length > keptSize) this.clear();
    return job;
  }
  clear(): void {
    this.#ring = emptyRing(startSize);
    this.#head = 0;
    this.#count = 0;
    this.#ownersCount = 0;
  }
  #grow(): void {
    const old = this.#ring;
    const ring = emptyRing(old.length * 2);
    for (let at = 0; at < this.#count; at += 1) {
      ring[at] = old[(this.#head + at) & (old.length - 1)];
    }
    this.#ring = ring;
    this.#head = 0;
  }
}

const emptyRing = (size: number): (Job | undefined)[] =>
  new Array<Job | undefined>(size).fill(undefined);
