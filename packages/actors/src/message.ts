/** One message on its way to an actor, and how a method is found when it arrives. */
import type { Core, Effect, Parked, Item, Job } from './core.ts';
import { Refused } from './errors.ts';
import { declaredName, wireName } from './names.ts';
import { Actor, FarRef, Shared } from './places.ts';
import { Pipe, type Promised } from './promised.ts';
import { quoted } from './quoted.ts';
import { traceOf } from './trace.ts';
import { catchAll, type Turn } from './types.ts';

/** A method as it is called: the turn, then what was sent. */
export type Callable = (...args: readonly unknown[]) => unknown;

/**
 * A message: a job when it has arrived, an effect when it leaves the vat, held by a vow in between.
 * `declared`: the method was named in typed code; otherwise it is a symbol from the wire.
 */
export class Message implements Job, Item, Effect, Parked {
  readonly core: Core;
  #to: Actor | FarRef | Promised;
  readonly method: string | undefined;
  readonly declared: boolean;
  readonly args: readonly unknown[];
  readonly settle: Promised | undefined;
  readonly cause: number;
  constructor(
    core: Core,
    to: Actor | FarRef | Promised,
    method: string | undefined,
    declared: boolean,
    args: readonly unknown[],
    settle: Promised | undefined,
  ) {
    this.core = core;
    this.#to = to;
    this.method = method;
    this.declared = declared;
    this.args = args;
    this.settle = settle;
    this.cause = core.causing;
  }
  get kind(): 'message' {
    return 'message';
  }
  get step(): string | undefined {
    return this.method;
  }
  get woken(): number {
    return 0;
  }
  get actor(): Actor {
    if (this.#to.isNear) return this.#to;
    throw new TypeError('a message was run before it had arrived');
  }
  run(turn: Turn): unknown {
    return invoke(this.actor, turn, this.method, this.declared, this.args);
  }
  describe(): string {
    return `${this.method ?? ''}${traceOf(this.args)}`;
  }

  /** Sends it as far as it can go now. */
  release(): void {
    let to = this.#to;
    for (;;) {
      if (to.isNear) {
        this.#to = to;
        this.core.enqueue(this);
        return;
      }
      if (to instanceof FarRef) {
        this.#cross(to, to.connector);
        return;
      }
      if (to.pipe !== undefined) {
        to.pipe.isUsed = true;
        this.#cross(to, to.pipe.connector);
        return;
      }
      const end = to.end();
      if (end === to) {
        end.hold(this, this.settle !== undefined);
        return;
      }
      to = end;
    }
  }
  get isOver(): boolean {
    return this.settle?.isAbandoned === true;
  }
  onKept(value: unknown): void {
    if (value instanceof Actor || value instanceof FarRef) {
      this.#to = value;
      this.release();
    } else {
      this.onBroken(new Refused(`${this.#name()} was sent to ${quoted(value)}, which is no actor`));
    }
  }
  onBroken(reason: unknown): void {
    this.settle?.fail(reason);
  }
  moveTo(vow: Promised): void {
    this.#to = vow;
    this.release();
  }
  /**
   * The target is read here, not when the message was sent: the delivery that names it is an effect
   * too, and stands before this one in the gate.
   */
  perform(): void {
    const to = this.#to;
    const { core, method, settle } = this;
    const wire = method !== undefined && this.declared ? wireName(method) : method;
    core.causing = this.cause;
    if (to instanceof FarRef) {
      to.connector.deliver(to.target, wire, this.args, settle);
    } else if (!to.isNear) {
      const pipe = to.pipe;
      if (pipe === undefined || pipe.target.slot === undefined) {
        to.hold(this, settle !== undefined);
      } else {
        pipe.connector.deliver(pipe.target, wire, this.args, settle);
      }
    }
    core.causing = 0;
  }

  #cross(to: FarRef | Promised, connector: Pipe['connector']): void {
    this.#to = to;
    const { settle } = this;
    if (settle !== undefined) settle.pipe = new Pipe(connector, settle);
    this.core.effect(this);
  }
  #name(): string {
    const { method } = this;
    if (method === undefined) return 'a message without a method';
    return this.declared ? wireName(method) : method;
  }
}

/**
 * Calls the method that a message means: an own, declared one by its own name; otherwise the
 * catch-all, which gets the wire symbol as it came. Names that a behavior inherits (`constructor`,
 * `toString`, `__proto__`) are never found.
 * @throws Refused where neither is there.
 */
export const invoke = (
  actor: Actor,
  turn: Turn,
  method: string | undefined,
  declared: boolean,
  args: readonly unknown[],
): unknown => {
  const behavior = actor.behavior;
  const name = declared || method === undefined ? method : declaredName(method);
  if (behavior instanceof Shared) {
    const { methods, own } = behavior;
    const found = name !== undefined && Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (typeof found === 'function') return applyShared(found as Callable, own, turn, args);
    throw noMethod(actor, declared && method !== undefined ? wireName(method) : method);
  }
  if (name !== undefined && Object.hasOwn(behavior, name)) {
    const found = behavior[name];
    if (typeof found === 'function') return apply(found as Callable, turn, args);
  }
  const symbol = declared && method !== undefined ? wireName(method) : method;
  const rest = behavior[catchAll];
  if (typeof rest === 'function') return (rest as Callable)(turn, symbol, args);
  throw noMethod(actor, symbol);
};
const noMethod = ({ label }: Actor, symbol?: string): Refused =>
  new Refused(
    symbol === undefined
      ? `${label} takes no message without a method`
      : `${label} has no method ${quoted(symbol)}`,
  );

/** By count of arguments: a spread would make a list for each turn. */
const apply = (method: Callable, turn: Turn, args: readonly unknown[]): unknown => {
  switch (args.length) {
    case 0:
      return method(turn);
    case 1:
      return method(turn, args[0]);
    case 2:
      return method(turn, args[0], args[1]);
    case 3:
      return method(turn, args[0], args[1], args[2]);
    default:
      return method(turn, ...args);
  }
};
const applyShared = (
  method: Callable,
  own: unknown,
  turn: Turn,
  args: readonly unknown[],
): unknown => {
  switch (args.length) {
    case 0:
      return method(own, turn);
    case 1:
      return method(own, turn, args[0]);
    default:
      return method(own, turn, ...args);
  }
};
