/** State that is undone with its turn: one value, or a map. A change is noted before it is made. */
import type { Change } from './core.ts';
import type { Actor } from './places.ts';
import type { JournalCell } from './types.ts';

/** One value of an actor's state. */
export class JournalledCell<T> implements JournalCell<T> {
  readonly #owner: Actor;
  #value: T;
  constructor(owner: Actor, value: T) {
    this.#owner = owner;
    this.#value = value;
  }
  get(): T {
    return this.#value;
  }
  set(value: T): void {
    this.#owner.guard();
    this.#owner.note(new CellChange(this, this.#value));
    this.#value = value;
  }
  /** Puts an old value back; for the journal only. */
  restore(value: T): void {
    this.#value = value;
  }
}

class CellChange<T> implements Change {
  readonly #cell: JournalledCell<T>;
  readonly #old: T;
  constructor(cell: JournalledCell<T>, old: T) {
    this.#cell = cell;
    this.#old = old;
  }
  undo(): void {
    this.#cell.restore(this.#old);
  }
  keep(): void {
    // The new value stands already.
  }
}
