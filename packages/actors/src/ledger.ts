/** What an open turn writes into; its vat owns and empties it. */
import type { Change, Core, GatedEntry, Item } from './core.ts';
import { Reentrant, Refused, SealMisuse } from './errors.ts';
import { Actor, type Methods } from './places.ts';
import { isThenable } from './promised.ts';
import type { Become } from './types.ts';

/** The one open transaction of a vat. */
export interface Ledger extends Core {
  active: Activation | undefined;
  /** True while state may be half undone: the turn must not end well then. */
  isDoomed: boolean;
  readonly changes: Change[];
  readonly items: Item[];
  readonly entries: GatedEntry[];
}
/** A message, a callback, a near call or a constructor, while it runs. */
export interface Activation {
  readonly actor: Actor;
}

/**
 * Takes back everything that was noted after the marks. If that itself fails (a stack that is
 * full), the turn is doomed even when somebody catches the error.
 */
export const rollBack = (
  ledger: Ledger,
  changeCount: number,
  itemCount: number,
  entryCount: number,
): void => {
  const { changes } = ledger;
  ledger.isDoomed = true;
  for (let at = changes.length - 1; at >= changeCount; at -= 1) changes[at]?.undo();
  shorten(changes, changeCount);
  shorten(ledger.items, itemCount);
  shorten(ledger.entries, entryCount);
  ledger.isDoomed = false;
};

/**
 * Shortens a list that is used again at once. Popping keeps its backing store; setting `length`
 * gives it away, which a one-way turn pays for (npm run bench -- actors).
 */
export const shorten = (list: unknown[], count: number): void => {
  while (list.length > count) list.pop();
};

/** What `bcom` makes: good for one return from the activation that it was made in. */
export class Becoming {
  readonly activation: Activation;
  readonly next: Methods;
  readonly value: unknown;
  constructor(activation: Activation, next: Methods, value: unknown) {
    this.activation = activation;
    this.next = next;
    this.value = value;
  }
}
/** The outside of a becoming: the phantom type has no run-time part. */
export const asBecome = <V>(becoming: Becoming): Become<V> => becoming as unknown as Become<V>;

class BecomeChange implements Change {
  readonly #actor: Actor;
  readonly #old: Methods;
  constructor(actor: Actor, old: Methods) {
    this.#actor = actor;
    this.#old = old;
  }
  undo(): void {
    this.#actor.behavior = this.#old;
  }
  keep(): void {
    // The next behavior stands already.
  }
}

/**
 * Takes what a method returned: applies a become, refuses a promise, gives what the caller gets.
 * @throws SealMisuse, Reentrant, Refused.
 */
export const conclude = (activation: Activation, result: unknown, mayBecome: boolean): unknown => {
  if (typeof result !== 'object' || result === null) return result;
  if (result instanceof Becoming) return become(activation, result, mayBecome);
  if (isThenable(result)) {
    throw new Refused(`${activation.actor.label} returned a promise; return a vow instead`);
  }
  return result;
};

const become = (activation: Activation, becoming: Becoming, mayBecome: boolean): unknown => {
  const { actor } = activation;
  if (!mayBecome) {
    throw new SealMisuse(`${actor.label}: a become is returned from a method, nowhere else`);
  }
  if (becoming.activation !== activation) {
    throw new SealMisuse(`${actor.label} returned a become that is not its own of this turn`);
  }
  if (actor.depth > 1) {
    throw new Reentrant(`${actor.label}: become while a call of it is on the stack`);
  }
  actor.note(new BecomeChange(actor, actor.behavior));
  actor.behavior = becoming.next;
  return conclude(activation, becoming.value, false);
};
