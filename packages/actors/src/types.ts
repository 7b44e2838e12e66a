/**
 * What an author of actors sees, and the two doors of a vat: one for the composition root (`Vat`),
 * one for sessions (`Frontier`).
 *
 * An interface is written as its callers see it, without the turn; the behavior is derived from it:
 *
 *     interface Counter { get(): number; add(n: number): void }
 *     export const makeCounter = (
 *       turn: Turn<Counter>,
 *       _bcom: Bcom<Counter>,
 *       start: number,
 *     ): Behavior<Counter> => {
 *       const count = turn.cell(start);
 *       return { get: () => count.get(), add: (_turn, n) => count.set(count.get() + n) };
 *     };
 */
import type { EventRing } from './event-ring.ts';

declare const offers: unique symbol;
declare const promises: unique symbol;
declare const becomes: unique symbol;

/**
 * A reference to an actor, near or far; whoever holds it may send to it. `I` is the interface as
 * callers see it. Assigning a `Ref<Service>` to a `Ref<Pick<Service, 'status'>>` narrows the type
 * only: a facet narrows for real.
 */
export interface Ref<out I = unknown> {
  readonly [offers]: I;
}
/** A value still coming. It has no methods and is no thenable: only a turn can wait for it. */
export interface Vow<out T = unknown> {
  readonly [promises]: T;
}
/** What `bcom` returns: sealed for one actor, good for the method call that it was made in. */
export interface Become<out V = unknown> {
  readonly [becomes]: V;
}

/** The names of the methods of an interface. */
export type Method<I> = {
  [K in keyof I]: I[K] extends (...args: never[]) => unknown ? K : never;
}[keyof I] &
  string;
/** The arguments of a method, as callers give them. */
export type Args<I, K extends keyof I> = I[K] extends (...args: infer A) => unknown ? A : never;
/** The declared result of a method. */
export type Out<I, K extends keyof I> = I[K] extends (...args: never[]) => infer R ? R : never;
/** What a caller gets in the end: a vow or a become is looked through. */
export type Value<R> = R extends Become<infer V> ? Value<V> : R extends Vow<infer V> ? V : R;

/** The key of the method that answers every name which the behavior itself does not have. */
export const catchAll: unique symbol = Symbol('catchAll');
/**
 * `method` is the wire symbol, untouched (kebab-case for names that came from typed code), or
 * undefined where the message had none: a list of plain values is an ordinary message in OCapN.
 */
export interface CatchAll {
  readonly [catchAll]: (
    turn: Turn,
    method: string | undefined,
    args: readonly unknown[],
  ) => unknown;
}
/** What a constructor returns: the interface with the turn in front of every method. */
export type Behavior<I> = {
  readonly [K in keyof I]: I[K] extends (...args: infer A) => infer R
    ? (turn: Turn<I>, ...args: A) => R | Become<R>
    : never;
};
/**
 * The methods of all actors of one kind, as functions of a module: what each actor has of its own stands in front of
 * the turn.
 */
export type SharedMethods<I, Own> = {
  readonly [K in keyof I]: I[K] extends (...args: infer A) => infer R
    ? (own: Own, turn: Turn<I>, ...args: A) => R | Become<R>
    : never;
};
/** A behavior that answers some methods itself and hands on the rest. */
export type Forwarder<I> = Partial<Behavior<I>> & CatchAll;
/** An actor's own way to become something else; must be returned from one of its methods. */
export interface Bcom<I> {
  (next: Behavior<I> | Forwarder<I>): Become<void>;
  <V>(next: Behavior<I> | Forwarder<I>, value: V): Become<V>;
}
/** A function that makes an actor; by convention named `makeSomething`, shown as `^something`. */
export type Constructor<I, A extends readonly unknown[] = []> = (
  turn: Turn<I>,
  bcom: Bcom<I>,
  ...args: A
) => Behavior<I> | Forwarder<I>;

/**
 * Settles a vow from inside turns of its vat, once; later calls are ignored. Undone with its turn.
 * @throws TurnOver outside of a turn; SealMisuse for a become, Refused for a promise.
 */
export interface Resolver<in T> {
  kept(value: T): void;
  follow(vow: Vow<T>): void;
  broken(reason: unknown): void;
}
/**
 * Settles from outside of turns: how a power or a session answers. Once; later calls are ignored;
 * never throws.
 */
export interface Answer {
  /** True: nobody waits for it any more, and where many wait for one vow it is forgotten. */
  readonly isOver?: boolean;
  kept(value: unknown): void;
  /**
   * The reason is any value: OCapN lets symbols and structs through. Errors are mapped at the edge.
   */
  broken(reason: unknown): void;
  /**
   * What is listened to follows another vow now, which is open. True: that is answer enough, and
   * `kept` tells that vow. Absent: the end is waited for. Must not throw.
   */
  follows?(to: Vow): boolean;
}
/** How a vow ended. */
export type Settled<T> =
  { readonly kept: true; readonly value: T } | { readonly kept: false; readonly reason: Error };

/** A vow for each of these. */
export type Vows<T extends readonly unknown[]> = { readonly [K in keyof T]: Vow<T[K]> };
/** How each of those ended. */
export type AllSettled<T extends readonly unknown[]> = { readonly [K in keyof T]: Settled<T[K]> };

/**
 * One value of an actor's state, undone with the turn. Anybody may read. @throws TurnOver for a
 * change outside of its actor's own turn, Reentrant for one inside a nested call of its actor.
 */
export interface JournalCell<T> {
  get(): T;
  set(value: T): void;
}
/**
 * A map of an actor's state, undone with the turn, iteration order included. As a plain Map, save
 * that a key deleted and set again within one turn keeps its place. @throws TurnOver, Reentrant as
 * a cell does.
 */
export interface JournalMap<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  has(key: K): boolean;
  set(key: K, value: V): void;
  delete(key: K): boolean;
  /** Takes out all, at the price of one. */
  clear(): void;
  entries(): IterableIterator<[K, V]>;
  values(): IterableIterator<V>;
  keys(): IterableIterator<K>;
}

/**
 * One activation of one actor. Everything it does is undone if it throws; sends and effects happen
 * only after it has ended well (and, where the batch wrote durable records, after their commit).
 * Worthless once it has returned: every method then throws TurnOver.
 */
export interface Turn<out I = unknown> {
  readonly self: Ref<I>;
  /** Makes an actor in this vat. @throws whatever the constructor throws. */
  spawn<J, A extends readonly unknown[]>(
    make: (turn: Turn<J>, bcom: Bcom<J>, ...args: A) => Behavior<J> | Forwarder<J>,
    ...args: A
  ): Ref<J>;
  /**
   * A near call: now, in this turn, undone to its own savepoint if it throws.
   * @throws NotNear for a far ref, and for a method that a catch-all would answer; Refused where
   * there is no such method; and whatever the method throws.
   */
  call<J, K extends Method<J>>(to: Ref<J>, method: K, ...args: Args<J, K>): Out<J, K>;
  /**
   * Sends a message; the vow is its answer. Sends on one Ref, and on one Vow, arrive in the order
   * sent; between a vow and what it became nothing is promised.
   */
  send<J, K extends Method<J>>(
    to: Ref<J> | Vow<Ref<J>>,
    method: K,
    ...args: Args<J, K>
  ): Vow<Value<Out<J, K>>>;
  /**
   * Sends one way: no answer, nothing to collect. A refusal is logged; a bug in a near receiver
   * halts the vat.
   */
  tell<J, K extends Method<J>>(to: Ref<J> | Vow<Ref<J>>, method: K, ...args: Args<J, K>): void;
  /** Sends a wire symbol as it is. */
  forward(to: Ref | Vow<Ref>, method: string | undefined, args: readonly unknown[]): Vow<unknown>;
  /**
   * Runs a callback in a later turn of this actor. Without `broken` a break goes on to the derived
   * vow.
   */
  when<T, R, S = never>(
    vow: Vow<T>,
    kept: (turn: Turn<I>, value: T) => R,
    broken?: (turn: Turn<I>, reason: Error) => S,
  ): Vow<Value<R> | Value<S>>;
  /** Kept with how each vow ended, in order, once all have. */
  all<T extends readonly unknown[]>(vows: Vows<T>): Vow<AllSettled<T>>;
  /**
   * The same, where one that has not settled in `ms` milliseconds from this turn's commit counts as broken with
   * TimedOut: one timer for all of them. @throws RangeError for no finite number.
   */
  allWithin<T extends readonly unknown[]>(ms: number, vows: Vows<T>): Vow<AllSettled<T>>;
  /** A vow that is kept already. */
  kept<T>(value: T): Vow<T>;
  /** A vow that is broken already: no throw, which would undo what goes with it. */
  broken<T = never>(reason: Error): Vow<T>;
  /** A vow and the resolver that settles it from later turns. */
  vow<T>(): { readonly vow: Vow<T>; readonly resolver: Resolver<T> };
  /**
   * A vow that is settled once from outside, by a power. Make it before the effect that hands out
   * its answer.
   */
  inlet<T>(): { readonly vow: Vow<T>; readonly answer: Answer };
  /** Asks a power after this turn and its commit: an inlet and an effect. */
  ask<T>(request: (answer: Answer) => void): Vow<T>;
  /**
   * A function by which a power may tell this actor something more than once. For inner actors
   * only.
   */
  door<K extends Method<I>>(method: K): (...args: Args<I, K>) => void;
  /**
   * A later turn of this actor, unless cancelled from within a turn. The time in milliseconds
   * counts from this turn's commit; one that is over means at once. @throws RangeError for no
   * finite number.
   */
  after(ms: number, due: (turn: Turn<I>) => void): { cancel(): void };
  /**
   * The vow's own end, or a break with TimedOut if it has not settled in `ms` milliseconds from
   * this turn's commit; leaves no timer behind. @throws RangeError for no finite number.
   */
  within<T>(ms: number, vow: Vow<T>): Vow<T>;
  /**
   * Runs once this turn has ended well and what it recorded is durable. An effect that throws halts
   * the vat.
   */
  effect(run: () => void): void;
  /**
   * A durable record. The effects of this turn and of later ones wait behind its commit (output
   * commit), unless `gates` is false: then it is written with the next batch and holds nothing
   * back.
   */
  record(entry: unknown, how?: { readonly gates: boolean }): void;
  /** A map that belongs to this actor and is undone with its turns. */
  map<K, V>(): JournalMap<K, V>;
  /** A value that belongs to this actor and is undone with its turns. */
  cell<T>(value: T): JournalCell<T>;
}

/**
 * Time as a power. `now` is monotonic milliseconds, `wall` milliseconds since 1970; `after` returns
 * its cancel.
 */
export interface Clock {
  now(): number;
  wall(): number;
  after(ms: number, task: () => void): () => void;
}
/** Runs tasks in order, each in a fresh stack; the vat's only way to run at all. */
export interface Scheduler {
  enqueue(task: () => void): void;
}
/** Randomness as a power. */
export interface Entropy {
  fill(into: Uint8Array): void;
}
/** Events, not sentences: dotted names, bounded fields, no secrets. */
export type Log = (event: string, fields: Readonly<Record<string, unknown>>) => void;
/**
 * Makes entries durable, all or none, then calls `done`, with the failure if there was one. Called
 * one at a time.
 */
export type Commit = (entries: readonly unknown[], done: (failure?: Error) => void) => void;

/**
 * A number that a session wrote on something when it was encoded. The session alone knows what it
 * means.
 */
export type Slot = object | number;
/** Something a Connector can aim at. */
export interface Target {
  readonly slot: Slot | undefined;
}
/**
 * The answer of a delivery is itself a target for later ones, from the moment its frame is encoded:
 * pipelining.
 */
export interface FarAnswer extends Answer {
  slot: Slot | undefined;
}
/** What stands behind a far ref: a session, or another vat. None of its methods throws. */
export interface Connector {
  /** A failure to encode breaks this one answer. */
  deliver(
    to: Target,
    method: string | undefined,
    args: readonly unknown[],
    answer?: FarAnswer,
  ): void;
  /** Asks how a far vow ends; at most once for each `farVow`, when somebody here wants to know. */
  listen(to: Target, answer: FarAnswer): void;
  /**
   * The vat aims no longer at an imported vow, or at the answer of a delivery, because it has
   * settled; called once. Far refs are not released by the vat: whoever holds one may still send.
   */
  release(to: Target): void;
  /** Calls back once when this connector ends; the result takes the subscription back. */
  onSever(to: Target, told: (reason: unknown) => void): () => void;
}
/** What a value is, seen from one connector: also the brand check of a codec. */
export type Place =
  | { readonly kind: 'near' }
  | { readonly kind: 'mine'; readonly target: Target }
  | { readonly kind: 'elsewhere'; readonly connector: Connector; readonly target: Target }
  | { readonly kind: 'vow' }
  | { readonly kind: 'settled'; readonly value: unknown }
  | { readonly kind: 'broken'; readonly reason: unknown };
/** What a session may ask of its vat, and nobody else. */
export interface Frontier {
  /**
   * A ref to what a connector reaches. The session keeps one for each import, so that it is `===`.
   */
  far(connector: Connector, target: Target): Ref;
  /** A vow that messages can be sent through before it settles. */
  farVow(connector: Connector, target: Target): Vow;
  /**
   * Undefined for plain data, and for what another vat holds. A vow is looked through to what it
   * has become; a vow that another connector may settle is a vow of this vat.
   */
  whatIs(value: unknown, seenFrom: Connector): Place | undefined;
  /**
   * An incoming delivery, always a request: its bug breaks the vow and cannot halt the vat. The vow
   * is its answer, so that what is pipelined to it has a target. Never throws.
   */
  deliver(to: Ref | Vow, method: string | undefined, args: readonly unknown[]): Vow;
  /**
   * Tells an answer how a vow ended, once that may leave the vat; a ref is told as it is. A halted
   * vat tells nothing: its sessions are severed.
   */
  listen(vow: Vow, answer: Answer): void;
  /**
   * Notes a message that a session takes in, for the event ring: until `handled`, it is the cause of what is delivered
   * and answered. `number`: among all that came by this line. `what` is not kept where it is longer than the name of
   * a method may be.
   */
  got(line: NamedLine, number: number, what: string): void;
  /** What was got is delivered, or refused. */
  handled(): void;
  /** Notes a message that a session has written: its cause is what leaves just now. */
  sent(line: NamedLine, number: number, what: string): void;
  /**
   * Calls back once all that was delivered before has had its turn, and what those turns recorded
   * is durable: how a session knows that it may deliver more. `told` must not throw; a halted vat
   * calls nobody.
   */
  workedOff(told: () => void): void;
  /** Milliseconds for which turns have run, and what they sent was on its way out, since there is this vat. */
  readonly busyMs: number;
  /** Whether something waits for its turn that no session has begun, or the owner's has. */
  readonly isOwners: boolean;
}
/** The composition root's door to a vat. */
export interface Vat {
  readonly name: string;
  /**
   * A message from outside. `method` is a wire symbol. Without an answer it is a tell. A halted vat
   * breaks the answer with Halted at once. @throws TypeError for what is no ref or vow of this vat.
   */
  post(to: Ref | Vow, method: string | undefined, args: readonly unknown[], answer?: Answer): void;
  /** A turn from outside; rejects when the vat halts. The only promise in this package. */
  run<T>(body: (turn: Turn) => T): Promise<Value<T>>;
  /**
   * Stops for good, at once: queued turns, effects and timers are dropped, open runs and posts
   * break.
   */
  halt(reason?: Error): void;
  /** The last things that happened here, oldest first. */
  events(): readonly VatEvent[];
}
/** A session, as the event ring knows it: its name is read when somebody looks, and may come late. */
export interface NamedLine {
  readonly name: string;
  /** Whether this end has dialled: both ends tell its two directions apart by that. */
  readonly isDialler: boolean;
  /**
   * Which part of the ring it shares, below `eventLaneCount`: 0 for the owner's, whose part is also that of what no
   * session has begun.
   */
  readonly lane: number;
}
/** One entry of the bounded event ring. */
export type VatEvent = TurnEvent | CrossingEvent;
/** A turn: who sent what to whom. */
export interface TurnEvent {
  readonly kind: 'turn';
  /** Number of this turn in its vat, from 1. */
  readonly turn: number;
  /**
   * Number of the turn that sent the message, or that said `when` or `after`; minus the number of the arrival that a
   * session delivered; 0 for what came from outside. Following it upward is the cause chain.
   */
  readonly cause: number;
  /** Of a `when`: what settled the vow, as a cause. 0 for all others, and for what a power answered. */
  readonly woken: number;
  /** `^service.start`, `^service.when`, … */
  readonly what: string;
  readonly outcome: 'done' | 'threw';
}
/** A message that a session took in or wrote: what links the turns of two vats. */
export interface CrossingEvent {
  readonly kind: 'got' | 'sent';
  /** Name of its session. */
  readonly line: string;
  /** Whether this end of it has dialled. */
  readonly isDialler: boolean;
  /** Which message of that session and direction it is, from 1: the same at both ends. */
  readonly number: number;
  /** The method, or what else the message is. */
  readonly what: string;
  /** Of one that was got: its number among the arrivals of this vat, which turns name as their cause. Else 0. */
  readonly arrival: number;
  /** Of one that was sent: what made it leave, as the cause of a turn. Else 0. */
  readonly cause: number;
}
/** What a vat runs on; everything else it makes itself. */
export interface VatPowers {
  readonly name: string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Absent: records vanish, nothing waits. */
  readonly commit?: Commit;
  /**
   * `turn.threw`, `turn.refused`, `turn.unjournalled`, `vow.broken` (nobody listened),
   * `vat.halted`; each with `vat`, `code`, `message`, and `what` was running.
   */
  readonly log?: Log;
  /** Called once when the vat halts: sever its sessions. */
  readonly stopped?: (reason: Error) => void;
  /** What remembers the last turns, and what crossed sessions. Absent: nothing does. */
  readonly events?: EventRing;
  /**
   * Tests only: every turn is run, undone and run again; a difference is state that is not
   * journalled.
   */
  readonly rehearse?: boolean;
  /** Tests only: true makes the turn that has just run throw. */
  readonly fault?: (what: string) => boolean;
}
