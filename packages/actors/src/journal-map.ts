/**
 * A map of an actor's state, undone with the turn, iteration order included.
 *
 *   in a turn      delete leaves a tombstone in the key's place; readers do not see it
 *   turn undone    the tombstone gets its value back: same place, no copy of the map, O(1) a change
 *   turn kept      the tombstone is buried
 *   clear          a map of its own from now on, and the one before where the turn is undone
 *
 * One in which nothing was ever put has no map of its own: that would take 300 bytes, and most stay so.
 *
 * So a key that is deleted and set again within one turn keeps its place, unlike in a plain Map.
 */
import type { Change } from './core.ts';
import type { Actor } from './places.ts';
import type { JournalMap } from './types.ts';

const gone: unique symbol = Symbol('gone');
type Place<V> = V | typeof gone;
/** What all have that are empty; nothing is put into it. */
const nothing = new Map<unknown, unknown>();

/** The map that `turn.map()` makes; changed by turns of its owner only. */
export class JournalledMap<K, V> implements JournalMap<K, V> {
  readonly #owner: Actor;
  #places = nothing as Map<K, Place<V>>;
  #goneCount = 0;
  constructor(owner: Actor) {
    this.#owner = owner;
  }
  get size(): number {
    return this.#places.size - this.#goneCount;
  }
  get(key: K): V | undefined {
    const place = this.#places.get(key);
    return place === gone ? undefined : place;
  }
  has(key: K): boolean {
    return this.#places.has(key) && this.#places.get(key) !== gone;
  }
  set(key: K, value: V): void {
    this.#owner.guard();
    const old = this.#places.get(key);
    const isNew = old === undefined && !this.#places.has(key);
    this.#owner.note(
      isNew ? new Insertion(this, key) : new Replacement(this, key, old as Place<V>),
    );
    if (old === gone) this.#goneCount -= 1;
    if (this.#places === nothing) this.#places = new Map();
    this.#places.set(key, value);
  }
  delete(key: K): boolean {
    this.#owner.guard();
    const old = this.#places.get(key);
    if (old === gone || (old === undefined && !this.#places.has(key))) return false;
    this.#owner.note(new Replacement(this, key, old as Place<V>));
    this.#goneCount += 1;
    this.#places.set(key, gone);
    return true;
  }
  clear(): void {
    this.#owner.guard();
    this.#owner.note(new Clearing(this, this.#places, this.#goneCount));
    this.putBack(new Map(), 0);
  }
  *entries(): IterableIterator<[K, V]> {
    for (const [key, place] of this.#places) if (place !== gone) yield [key, place];
  }
  *values(): IterableIterator<V> {
    for (const place of this.#places.values()) if (place !== gone) yield place;
  }
  *keys(): IterableIterator<K> {
    for (const [key, place] of this.#places) if (place !== gone) yield key;
  }

  /** Sets what stands in a place, counting tombstones; for the journal only. */
  restore(key: K, place: Place<V>): void {
    if (this.#places.get(key) === gone) this.#goneCount -= 1;
    if (place === gone) this.#goneCount += 1;
    this.#places.set(key, place);
  }
  /** Stands on these places from now on; for the journal only. */
  putBack(places: Map<K, Place<V>>, goneCount: number): void {
    this.#places = places;
    this.#goneCount = goneCount;
  }
  /** Takes a key out that was not there before; for the journal only. */
  remove(key: K): void {
    if (this.#places.get(key) === gone) this.#goneCount -= 1;
    this.#places.delete(key);
  }
  /** Takes a tombstone out for good; for the journal only. */
  bury(key: K): void {
    if (this.#goneCount > 0 && this.#places.get(key) === gone) this.remove(key);
  }
}

class Insertion<K, V> implements Change {
  readonly #map: JournalledMap<K, V>;
  readonly #key: K;
  constructor(map: JournalledMap<K, V>, key: K) {
    this.#map = map;
    this.#key = key;
  }
  undo(): void {
    this.#map.remove(this.#key);
  }
  keep(): void {
    // A key that was inserted and deleted in one turn is buried by its deletion.
  }
}

class Replacement<K, V> implements Change {
  readonly #map: JournalledMap<K, V>;
  readonly #key: K;
  readonly #old: Place<V>;
  constructor(map: JournalledMap<K, V>, key: K, old: Place<V>) {
    this.#map = map;
    this.#key = key;
    this.#old = old;
  }
  undo(): void {
    this.#map.restore(this.#key, this.#old);
  }
  keep(): void {
    this.#map.bury(this.#key);
  }
}

class Clearing<K, V> implements Change {
  readonly #map: JournalledMap<K, V>;
  readonly #places: Map<K, Place<V>>;
  readonly #goneCount: number;
  constructor(map: JournalledMap<K, V>, places: Map<K, Place<V>>, goneCount: number) {
    this.#map = map;
    this.#places = places;
    this.#goneCount = goneCount;
  }
  undo(): void {
    this.#map.putBack(this.#places, this.#goneCount);
  }
  keep(): void {
    // What was in it is nobody's any more, tombstones included.
  }
}
