/**
 * What the keys of a struct will be. Structs of one kind come again and again, with their keys in
 * the same order; so the keys that follow a first one are remembered as they were written, and the
 * next struct that begins with it is read by comparing bytes: no length, no hash, no search for a
 * key that stands twice. A row of a status table takes a fifth less. Where the comparison fails the
 * rest of the struct is read as any other.
 */
import type { Limits } from '../limits.ts';

/** A key, and the bytes of it with its length. */
export interface TrailKey {
  readonly name: string;
  readonly bytes: Uint8Array;
}
/** The keys of one struct from the first on, all different; perhaps not all of them. */
export type Trail = readonly TrailKey[];

/** The trails of one reader, direct mapped: what a peer sends evicts one and makes nothing grow. */
export class KeyTrails {
  readonly #slots = new Map<number, Trail>();
  readonly #limits: Limits;
  constructor(limits: Limits) {
    this.#limits = limits;
  }
  /** What may follow, given the bytes of the first key; to be compared. */
  find(bytes: Uint8Array, at: number): Trail | undefined {
    return this.#slots.get(this.#slot(bytes, at));
  }
  /** Whether a trail may have another key of so many bytes. */
  hasRoom(trail: Trail, byteCount: number): boolean {
    return trail.length < this.#limits.trailKeys && byteCount <= this.#limits.cachedTextBytes;
  }
  /** Remembers the keys of a struct that was read whole. */
  keep(trail: Trail): void {
    const [first] = trail;
    if (first !== undefined) this.#slots.set(this.#slot(first.bytes, 0), trail);
  }

  /** The length of the first key and its first letter tell shapes apart well enough. */
  #slot(bytes: Uint8Array, at: number): number {
    const hash = (bytes[at] ?? 0) * 7 + (bytes[at + 1] ?? 0) * 3 + (bytes[at + 2] ?? 0);
    return hash % this.#limits.keyTrails;
  }
}
