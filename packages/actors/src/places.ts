/** What stands behind a Ref: an actor of this vat, or a target of a connector. */
import type { Change, Core } from './core.ts';
import { Reentrant, TurnOver } from './errors.ts';
import { actorLabel } from './names.ts';
import type { Behavior, Connector, Ref, SharedMethods, Target } from './types.ts';

/** A behavior as the vat sees it: own properties, looked up by name. */
export type Methods = Readonly<Record<PropertyKey, unknown>>;

/** A behavior that has no methods of its own: those of its table, with what it has of its own. */
export class Shared {
  readonly methods: Methods;
  readonly own: unknown;
  constructor(methods: Methods, own: unknown) {
    this.methods = methods;
    this.own = own;
  }
}
/**
 * The behavior of one of very many actors: the methods of all of them are there once, where each would have closures of
 * its own. It has no catch-all.
 */
export const sharing = <I, Own>(methods: SharedMethods<I, Own>, own: Own): Behavior<I> =>
  new Shared(methods, own) as unknown as Behavior<I>;

/** What an actor can do before its constructor has returned. */
const noMethods: Methods = {};

/** An actor: an identity, its present behavior, and how deep it stands on the stack. */
export class Actor {
  readonly isNear = true;
  readonly core: Core;
  /** Name of the constructor function, for labels. */
  readonly maker: string;
  behavior: Methods = noMethods;
  depth = 0;
  constructor(core: Core, maker: string) {
    this.core = core;
    this.maker = maker;
  }
  get label(): string {
    return actorLabel(this.maker);
  }
  /** @throws TurnOver outside of the actor's own activation, Reentrant inside a nested one. */
  guard(): void {
    if (this.core.active?.actor !== this) {
      throw new TurnOver(`${this.label}: its state can change in its own turns only`);
    }
    if (this.depth > 1) {
      throw new Reentrant(`${this.label}: its state changed while a call of it is on the stack`);
    }
  }
  note(change: Change): void {
    this.core.changes.push(change);
  }
}

/** A reference to what a connector reaches. */
export class FarRef {
  readonly isNear = false;
  readonly core: Core;
  readonly connector: Connector;
  readonly target: Target;
  constructor(core: Core, connector: Connector, target: Target) {
    this.core = core;
    this.connector = connector;
    this.target = target;
  }
}

/** The outside of an actor or far reference: the phantom type has no run-time part. */
export const asRef = <I>(place: Actor | FarRef): Ref<I> => place as unknown as Ref<I>;
