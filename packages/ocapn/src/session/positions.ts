/**
 * What stands at the numbers of one table. Whoever picks the numbers counts them up, so that those
 * in use are neighbours: a ring takes one in and gives it out again without hashing, and without
 * the rebuilding that a Map of 64 needs for every 64 that pass through it.
 *
 *   a number's place is taken    the ring doubles, up to `RING_SLOTS`; neighbours never meet then
 *   it is taken all the same     a Map has it: numbers picked to collide cost what a Map costs
 *   the last one goes            a ring that has grown is given back
 */
const FIRST_SLOTS = 4;
/** At 8 bytes each: what a hostile peer can make of one table with two numbers. */
const RING_SLOTS = 1_024;
/** A ring above this is not kept for an idle session. */
const KEPT_SLOTS = 64;

/** What every empty table has: nothing is ever put into it. */
const NO_ENTRIES: undefined[] = [];

/** What stands at a number says which; undefined for what could stand in a table and does not. */
export interface Positioned {
  readonly position: number | undefined;
}
/** Entries by position, a safe integer from 0. */
export class Positions<T extends Positioned> {
  #entries: (T | undefined)[] = NO_ENTRIES;
  #others: Map<number, T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }
  get(position: number): T | undefined {
    const entry = this.#entries[position & (this.#entries.length - 1)];
    if (entry !== undefined && entry.position === position) return entry;
    return this.#others?.get(position);
  }
  /** Takes in an entry at its position, where none stands. */
  add(position: number, entry: T): void {
    this.#size += 1;
    let slot = position & (this.#entries.length - 1);
    while (this.#entries[slot] !== undefined || this.#entries.length === 0) {
      if (this.#entries.length === RING_SLOTS) {
        this.#others ??= new Map();
        this.#others.set(position, entry);
        return;
      }
      this.#grow();
      slot = position & (this.#entries.length - 1);
    }
    this.#entries[slot] = entry;
  }
  /** False when there was nothing. */
  drop(position: number): boolean {
    const slot = position & (this.#entries.length - 1);
    if (this.#entries[slot]?.position === position) this.#entries[slot] = undefined;
    else if (this.#others?.delete(position) !== true) return false;
    this.#size -= 1;
    if (this.#size === 0 && this.#entries.length > KEPT_SLOTS) this.clear();
    return true;
  }
  clear(): void {
    this.#entries = NO_ENTRIES;
    this.#others = undefined;
    this.#size = 0;
  }
  /** In no order. */
  values(): T[] {
    const here = this.#entries.filter((entry) => entry !== undefined);
    return this.#others === undefined ? here : [...here, ...this.#others.values()];
  }

  /** What is apart in a ring is apart in one of twice the size. */
  #grow(): void {
    const length = this.#entries.length * 2 || FIRST_SLOTS;
    const entries = new Array<T | undefined>(length).fill(undefined);
    for (const entry of this.#entries)
      if (entry !== undefined) entries[(entry.position ?? 0) & (length - 1)] = entry;
    this.#entries = entries;
  }
}
