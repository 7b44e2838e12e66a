/**
 * What stands behind a Vow. It is also the answer that a power or a session settles from outside.
 *
 *   pending ──kept──► kept          pending ──broken──► broken
 *      └───follow───► following: only a pointer from now on; who waited waits for what it follows
 *
 * A vow that a connector can already aim at has a pipe. The first message through it decides: a
 * pipe that was used stays for good, because a later message must not overtake an earlier one that
 * is still on its way; one that was not used is given back when the vow settles.
 *
 *   settled to                     a pipe that was used        one that was not
 *   plain data, or broken          given back                  given back
 *   a ref behind the same pipe     aims at that ref            given back
 *   a near ref, another pipe       kept                        given back
 */
import type { Core, Effect, Parked, Listener } from './core.ts';
import { Refused, Severed } from './errors.ts';
import { limits } from './limits.ts';
import { Actor, FarRef } from './places.ts';
import { quoted } from './quoted.ts';
import type { Connector, FarAnswer, Ref, Slot, Target, Vow } from './types.ts';

/** Where messages to a vow can go before it is settled. As an effect it is given back. */
export class Pipe implements Effect {
  readonly connector: Connector;
  target: Target;
  isUsed = false;
  isHeard = false;
  constructor(connector: Connector, target: Target) {
    this.connector = connector;
    this.target = target;
  }
  perform(): void {
    // Without a slot the connector never knew it: its session had ended before.
    if (this.target.slot !== undefined) this.connector.release(this.target);
  }
}

/**
 * How deep a vat stands in vows that settle each other, and who waits until that is over. A chain of messages, each to
 * the answer of the one before, settles without a stack of its own length.
 */
export class Telling {
  depth = 0;
  /** Settled vows whose listeners were not told yet, in the order settled. */
  readonly untold: Promised[] = [];
}

/** The inside of a Vow. */
export class Promised implements FarAnswer {
  readonly core: Core;
  state: 'pending' | 'following' | 'kept' | 'broken' = 'pending';
  /** The value, the reason, or the vow that is followed. */
  value: unknown = undefined;
  /** Somebody will learn how it ends. */
  isHeard = false;
  /** Written by a session when the delivery that this answers is encoded. */
  slot: Slot | undefined = undefined;
  pipe: Pipe | undefined = undefined;
  #held: Parked[] | undefined = undefined;
  #listeners: Listener[] | undefined = undefined;
  constructor(core: Core) {
    this.core = core;
  }
  get isNear(): false {
    return false;
  }

  /** From outside, once: later calls are ignored. Never throws. */
  kept(value: unknown): void {
    if (this.state !== 'pending') return;
    if (isThenable(value)) this.fail(new Refused('a vow was kept with a promise'));
    else this.settle(value);
  }
  /** From outside, once: later calls are ignored. Never throws. */
  broken(reason: unknown): void {
    if (this.state === 'pending') this.fail(reason);
  }

  /** The end of the chain of vows that this one follows. */
  end(): Promised {
    let at: Promised = this;
    while (at.state === 'following' && at.value instanceof Promised) at = at.value;
    if (this.state === 'following') this.value = at;
    return at;
  }
  settle(value: unknown): void {
    if (value instanceof Promised) {
      this.#follow(value);
      return;
    }
    this.state = 'kept';
    this.value = value;
    if (this.pipe !== undefined) this.#closePipe(this.pipe, value);
    if (this.#isAwaited) this.#tell();
  }
  fail(reason: unknown): void {
    this.state = 'broken';
    this.value = reason;
    if (this.pipe !== undefined) this.#closePipe(this.pipe, undefined);
    if (this.#isAwaited) this.#tell();
    if (!this.isHeard) this.core.unheard(this);
  }
  listen(listener: Listener): void {
    this.isHeard = true;
    const end = this.end();
    end.isHeard = true;
    if (end !== this && end.state === 'pending' && listener.onFollow?.(end) === true) return;
    // Whoever came earlier may still wait to be told: nobody overtakes them.
    if (end.#isAwaited || end.state === 'pending') end.#await(listener);
    else if (end.state === 'kept') listener.onKept(end.value);
    else listener.onBroken(end.value);
  }
  #await(listener: Listener): void {
    // A literal is as long as it is; pushing onto an empty list makes room for 17.
    if (this.#listeners === undefined) this.#listeners = [listener];
    else (this.#listeners = swept(this.#listeners)).push(listener);
    if (this.state === 'pending') this.#hear();
  }
  /**
   * Keeps a message until there is somewhere to send it; `isAsked`: its break is told to its
   * sender.
   */
  hold(message: Parked, isAsked: boolean): void {
    const end = this.end();
    if (end !== this) {
      message.moveTo(end);
      return;
    }
    if (isAsked) this.isHeard = true;
    if (this.#isAwaited || this.state === 'pending') {
      if (this.#held === undefined) this.#held = [message];
      else (this.#held = swept(this.#held)).push(message);
    } else if (this.state === 'kept') message.onKept(this.value);
    else message.onBroken(this.value);
  }

  /** Somebody had waited for it, and so had whoever has sent to it, and all of them have gone. */
  get isAbandoned(): boolean {
    const left: Promised[] = [this];
    for (let at = left.pop(); at !== undefined; at = left.pop()) {
      const listeners = at.#listeners;
      if (listeners === undefined || !listeners.every(isOver)) return false;
      // A chain is as long as its sender likes: no stack of its length.
      for (const { settle } of at.#held ?? []) {
        if (settle === undefined) return false;
        left.push(settle);
      }
    }
    return true;
  }
  get #isAwaited(): boolean {
    return this.#held !== undefined || this.#listeners !== undefined;
  }
  /** Tells everybody who waits, now or, deep in a chain of vows, as soon as the outermost of them is done. */
  #tell(): void {
    const { telling } = this.core;
    if (telling.depth >= limits.tellDepth) {
      telling.untold.push(this);
      return;
    }
    telling.depth += 1;
    try {
      this.#tellNow();
    } finally {
      telling.depth -= 1;
    }
    if (telling.depth > 0) return;
    const { untold } = telling;
    // What these tell may add to the list, which is worked off in order.
    for (const next of untold) {
      telling.depth += 1;
      next.#tellNow();
      telling.depth -= 1;
    }
    if (untold.length > 0) untold.splice(0);
  }
  #tellNow(): void {
    const { value } = this;
    const isKept = this.state === 'kept';
    const held = this.#held;
    const listeners = this.#listeners;
    this.#held = undefined;
    this.#listeners = undefined;
    if (held !== undefined)
      for (const each of held) {
        if (isKept) each.onKept(value);
        else each.onBroken(value);
      }
    if (listeners !== undefined)
      for (const each of listeners) {
        if (isKept) each.onKept(value);
        else each.onBroken(value);
      }
  }

  #follow(vow: Promised): void {
    const end = vow.end();
    if (end === this) {
      this.fail(new Refused('a vow was told to follow itself'));
      return;
    }
    if (end.core !== this.core) {
      this.fail(new Refused('a vow was told to follow a vow of another vat'));
      return;
    }
    this.state = 'following';
    this.value = end;
    if (this.pipe !== undefined && !this.pipe.isUsed) this.#giveBack(this.pipe);
    const held = this.#held;
    const listeners = this.#listeners;
    this.#held = undefined;
    this.#listeners = undefined;
    if (held !== undefined) for (const each of held) each.moveTo(end);
    if (listeners === undefined) return;
    for (const each of listeners)
      if (end.state !== 'pending' || each.onFollow?.(end) !== true) end.listen(each);
  }
  /** An imported vow is listened to when the first one here wants to know, as Goblins does. */
  #hear(): void {
    const pipe = this.pipe;
    if (pipe === undefined || pipe.isHeard || pipe.target === this) return;
    pipe.isHeard = true;
    this.core.effect(new Hearing(pipe.connector, pipe.target, this));
  }
  #closePipe(pipe: Pipe, value: unknown): void {
    const isRef = value instanceof Actor || value instanceof FarRef;
    if (!pipe.isUsed || !isRef) {
      this.#giveBack(pipe);
    } else if (value instanceof FarRef && value.connector === pipe.connector) {
      this.core.effect(new Pipe(pipe.connector, pipe.target));
      pipe.target = value.target;
    }
  }
  #giveBack(pipe: Pipe): void {
    this.pipe = undefined;
    this.core.effect(pipe);
  }
}

const isOver = (listener: Listener): boolean => listener.isOver === true;
/**
 * The list, without those who have gone where it is about to double. Those are told so: the answer of a message may
 * have been given to somebody who is there.
 */
const swept = <T extends Listener>(list: T[]): T[] => {
  const { length } = list;
  if (length < limits.waiterCount || (length & (length - 1)) !== 0) return list;
  const gone = list.filter(isOver);
  if (gone.length === 0) return list;
  const left = list.filter((each) => !isOver(each));
  const reason = new Severed('whoever waited for this has gone');
  for (const each of gone) each.onBroken(reason);
  return left;
};

class Hearing implements Effect {
  readonly #connector: Connector;
  readonly #target: Target;
  readonly #answer: FarAnswer;
  constructor(connector: Connector, target: Target, answer: FarAnswer) {
    this.#connector = connector;
    this.#target = target;
    this.#answer = answer;
  }
  perform(): void {
    this.#connector.listen(this.#target, this.#answer);
  }
}

/** Whether a value would be awaited where JavaScript meets it: nothing here may be. */
export const isThenable = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'then' in value &&
  typeof value.then === 'function';

/** The outside of a vow: the phantom type has no run-time part. */
export const asVow = <T>(promised: Promised): Vow<T> => promised as unknown as Vow<T>;

/** The inside of a reference or vow, or undefined for everything else. */
export const insideOf = (thing: unknown): Actor | FarRef | Promised | undefined =>
  thing instanceof Actor || thing instanceof FarRef || thing instanceof Promised
    ? thing
    : undefined;

/** Whether a value is a reference that a turn may send to: the check of an actor that takes one from its callers. */
export const isRef = (value: unknown): value is Ref =>
  value instanceof Actor || value instanceof FarRef;
/** Whether a value is a vow. */
export const isVow = (value: unknown): value is Vow => value instanceof Promised;

/**
 * The inside of what this vat holds. @throws Refused for what is neither: it may have come from a peer, who must not be
 * able to halt a vat by it; TypeError for a ref of another vat, which no peer can bring about.
 */
export const placeIn = (core: Core, to: Ref | Vow): Actor | FarRef | Promised => {
  const place = insideOf(to);
  if (place === undefined) throw new Refused(`expected a ref or a vow, found ${quoted(to)}`);
  if (place.core !== core) throw new TypeError(`a ref of vat ${place.core.name} in ${core.name}`);
  return place;
};

/** The inside of a vow. @throws TypeError for anything else. */
export const promisedIn = (core: Core, vow: Vow): Promised => {
  const place = placeIn(core, vow);
  if (place instanceof Promised) return place;
  throw new Refused('expected a vow, found a ref');
};
