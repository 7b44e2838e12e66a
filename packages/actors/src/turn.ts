/** The turn as actors see it: every request is written into the ledger, none is acted upon. */
import {
  Alarm,
  Asking,
  Cancelling,
  Deadline,
  Joined,
  Resolution,
  Running,
  Waiting,
} from './continuations.ts';
import { NotNear, Refused, SealMisuse, TurnOver } from './errors.ts';
import { JournalledCell } from './journal.ts';
import { JournalledMap } from './journal-map.ts';
import { asBecome, Becoming, conclude, rollBack, type Activation, type Ledger } from './ledger.ts';
import { invoke, Message, type Callable } from './message.ts';
import { Actor, asRef, type Methods } from './places.ts';
import { asVow, isThenable, placeIn, promisedIn, Promised } from './promised.ts';
import { quoted } from './quoted.ts';
import {
  catchAll,
  type AllSettled,
  type Answer,
  type Args,
  type Become,
  type Behavior,
  type Bcom,
  type Forwarder,
  type JournalCell,
  type JournalMap,
  type Method,
  type Out,
  type Ref,
  type Resolver,
  type Turn,
  type Value,
  type Vow,
  type Vows,
} from './types.ts';

type Make<J, A extends readonly unknown[]> = (
  turn: Turn<J>,
  bcom: Bcom<J>,
  ...args: A
) => Behavior<J> | Forwarder<J>;

/** One activation; worthless once it has returned. */
export class ActorTurn implements Turn, Activation {
  readonly #ledger: Ledger;
  readonly actor: Actor;
  constructor(ledger: Ledger, actor: Actor) {
    this.#ledger = ledger;
    this.actor = actor;
  }
  get self(): Ref {
    return asRef(this.actor);
  }

  spawn<J, A extends readonly unknown[]>(make: Make<J, A>, ...args: A): Ref<J> {
    const ledger = this.#open();
    const actor = new Actor(ledger, make.name);
    actor.behavior = this.#activate(actor, makeIn, make as unknown as Callable, args);
    return asRef(actor);
  }
  call<J, K extends Method<J>>(to: Ref<J>, method: K, ...args: Args<J, K>): Out<J, K> {
    const actor = placeIn(this.#open(), to);
    if (!actor.isNear) throw new NotNear(`call of ${method}: the actor is not near; send instead`);
    const { behavior } = actor;
    if (!Object.hasOwn(behavior, method) && catchAll in behavior) {
      throw new NotNear(`call of ${method}: ${actor.label} only forwards it; send instead`);
    }
    return this.#activate(actor, callIn, method, args) as Out<J, K>;
  }
  send<J, K extends Method<J>>(
    to: Ref<J> | Vow<Ref<J>>,
    method: K,
    ...args: Args<J, K>
  ): Vow<Value<Out<J, K>>> {
    const ledger = this.#open();
    const settle = new Promised(ledger);
    ledger.items.push(new Message(ledger, placeIn(ledger, to), method, true, args, settle));
    return asVow(settle);
  }
  tell<J, K extends Method<J>>(to: Ref<J> | Vow<Ref<J>>, method: K, ...args: Args<J, K>): void {
    const ledger = this.#open();
    ledger.items.push(new Message(ledger, placeIn(ledger, to), method, true, args, undefined));
  }
  forward(to: Ref | Vow<Ref>, method: string | undefined, args: readonly unknown[]): Vow {
    const ledger = this.#open();
    const settle = new Promised(ledger);
    ledger.items.push(new Message(ledger, placeIn(ledger, to), method, false, args, settle));
    return asVow(settle);
  }

  when<T, R, S = never>(
    vow: Vow<T>,
    kept: (turn: Turn, value: T) => R,
    broken?: (turn: Turn, reason: Error) => S,
  ): Vow<Value<R> | Value<S>> {
    const ledger = this.#open();
    const settle = new Promised(ledger);
    const waiting = new Waiting(
      this.actor,
      promisedIn(ledger, vow),
      settle,
      kept as Callable,
      broken as Callable | undefined,
    );
    ledger.items.push(waiting);
    return asVow(settle);
  }
  all<T extends readonly unknown[]>(vows: Vows<T>): Vow<AllSettled<T>> {
    return this.#joined(vows);
  }
  allWithin<T extends readonly unknown[]>(ms: number, vows: Vows<T>): Vow<AllSettled<T>> {
    return this.#joined(vows, checkedMs(ms));
  }
  kept<T>(value: T): Vow<T> {
    const vow = new Promised(this.#open());
    vow.settle(checked(value));
    return asVow(vow);
  }
  broken<T = never>(reason: Error): Vow<T> {
    const { vow, resolver } = this.vow<T>();
    resolver.broken(reason);
    return vow;
  }
  vow<T>(): { readonly vow: Vow<T>; readonly resolver: Resolver<T> } {
    const ledger = this.#open();
    const vow = new Promised(ledger);
    return { vow: asVow(vow), resolver: new VowResolver<T>(ledger, vow) };
  }
  inlet<T>(): { readonly vow: Vow<T>; readonly answer: Answer } {
    const promised = new Promised(this.#open());
    return { vow: asVow(promised), answer: promised };
  }
  ask<T>(request: (answer: Answer) => void): Vow<T> {
    const ledger = this.#open();
    const answer = new Promised(ledger);
    ledger.items.push(new Asking(answer, request));
    return asVow(answer);
  }
  door(method: string): (...args: readonly unknown[]) => void {
    const ledger = this.#open();
    const { actor } = this;
    return (...args) => new Message(ledger, actor, method, true, args, undefined).release();
  }
  after(ms: number, due: (turn: Turn) => void): { cancel(): void } {
    const ledger = this.#open();
    const alarm = new Alarm(this.actor, checkedMs(ms), due as Callable);
    ledger.items.push(alarm);
    return {
      cancel: () => {
        inTurn(ledger, 'a timer was cancelled').items.push(new Cancelling(alarm));
      },
    };
  }
  within<T>(ms: number, vow: Vow<T>): Vow<T> {
    const ledger = this.#open();
    const result = new Promised(ledger);
    ledger.items.push(new Deadline(ledger, checkedMs(ms), promisedIn(ledger, vow), result));
    return asVow(result);
  }

  effect(run: () => void): void {
    const ledger = this.#open();
    ledger.items.push(new Running(ledger, run));
  }
  record(entry: unknown, how?: { readonly gates: boolean }): void {
    this.#open().entries.push({ entry, gates: how?.gates ?? true });
  }
  map<K, V>(): JournalMap<K, V> {
    this.#open();
    return new JournalledMap<K, V>(this.actor);
  }
  cell<T>(value: T): JournalCell<T> {
    this.#open();
    return new JournalledCell<T>(this.actor, value);
  }

  #joined<T>(vows: readonly Vow[], ms?: number): Vow<T> {
    const ledger = this.#open();
    const result = new Promised(ledger);
    const promised = vows.map((vow) => promisedIn(ledger, vow));
    ledger.items.push(new Joined(ledger, promised, result, ms));
    return asVow(result);
  }

  /**
   * Runs a body as another activation on top of this one, undone to its own savepoint if it throws.
   */
  #activate<W, R>(
    actor: Actor,
    body: (turn: ActorTurn, ledger: Ledger, what: W, args: readonly unknown[]) => R,
    what: W,
    args: readonly unknown[],
  ): R {
    const ledger = this.#ledger;
    const changeCount = ledger.changes.length;
    const itemCount = ledger.items.length;
    const entryCount = ledger.entries.length;
    const turn = new ActorTurn(ledger, actor);
    ledger.active = turn;
    actor.depth += 1;
    try {
      return body(turn, ledger, what, args);
    } catch (reason) {
      rollBack(ledger, changeCount, itemCount, entryCount);
      throw reason;
    } finally {
      actor.depth -= 1;
      ledger.active = this;
    }
  }
  #open(): Ledger {
    if (this.#ledger.active === this) return this.#ledger;
    throw new TurnOver(`${this.actor.label}: this turn is over, or a nested one is running`);
  }
}

const callIn = (
  turn: ActorTurn,
  _ledger: Ledger,
  method: string,
  args: readonly unknown[],
): unknown => conclude(turn, invoke(turn.actor, turn, method, true, args), true);

const makeIn = (
  turn: ActorTurn,
  ledger: Ledger,
  make: Callable,
  args: readonly unknown[],
): Methods => {
  const behavior = make(turn, sealOf(ledger, turn.actor), ...args);
  if (isBehavior(behavior)) return behavior;
  throw new Refused(`${turn.actor.label}: its constructor returned ${quoted(behavior)}`);
};

/** Settles from inside turns; each word is undone with the turn that gave it. */
class VowResolver<T> implements Resolver<T> {
  readonly #ledger: Ledger;
  readonly #vow: Promised;
  constructor(ledger: Ledger, vow: Promised) {
    this.#ledger = ledger;
    this.#vow = vow;
  }
  kept(value: T): void {
    this.#note(checked(value), false);
  }
  follow(vow: Vow<T>): void {
    this.#note(promisedIn(this.#ledger, vow), false);
  }
  broken(reason: unknown): void {
    this.#note(reason, true);
  }
  #note(value: unknown, isBroken: boolean): void {
    const ledger = inTurn(this.#ledger, 'a resolver was used');
    ledger.items.push(new Resolution(this.#vow, value, isBroken));
  }
}

const inTurn = (ledger: Ledger, what: string): Ledger => {
  if (ledger.active !== undefined) return ledger;
  throw new TurnOver(`${what} outside of a turn of vat ${ledger.name}`);
};

/** A time that is over already is taken: remaining times are differences. @throws RangeError. */
const checkedMs = (ms: number): number => {
  if (Number.isFinite(ms)) return ms;
  throw new RangeError(`${ms} is no count of milliseconds`);
};

/** @throws SealMisuse for a become, Refused for a promise. */
const checked = <T>(value: T): T => {
  if (value instanceof Becoming) {
    throw new SealMisuse('a vow was kept with a become; return it from the method');
  }
  if (isThenable(value)) throw new Refused('a vow was kept with a promise');
  return value;
};

const isBehavior = (value: unknown): value is Methods =>
  typeof value === 'object' &&
  value !== null &&
  !(value instanceof Becoming) &&
  !(value instanceof Promised) &&
  !isThenable(value);

/** An actor's own bcom: what it makes is bound to the activation that runs now. */
const sealOf = <J>(ledger: Ledger, actor: Actor): Bcom<J> => {
  const bcom = (next: Behavior<J> | Forwarder<J>, value?: unknown): Become<never> => {
    const { active } = ledger;
    if (active?.actor !== actor) {
      throw new SealMisuse(`${actor.label}: its bcom was called outside of its own turn`);
    }
    if (!isBehavior(next)) throw new TypeError(`${actor.label} would become ${quoted(next)}`);
    return asBecome(new Becoming(active, next, value));
  };
  return bcom;
};
