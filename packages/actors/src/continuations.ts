/**
 * What a turn may wait for: a vow, several vows, a while, or a vow with a deadline. One object
 * each.
 */
import type { Core, Effect, Item, Job, Listener } from './core.ts';
import { reasonOf, TimedOut } from './errors.ts';
import type { Callable } from './message.ts';
import type { Actor } from './places.ts';
import { Promised } from './promised.ts';
import type { Answer, Settled, Turn } from './types.ts';

/** A callback of `when`: run in a later turn of the actor that asked. */
export class Waiting implements Item, Listener, Job {
  readonly actor: Actor;
  readonly settle: Promised;
  readonly cause: number;
  woken = 0;
  readonly #vow: Promised;
  readonly #kept: Callable;
  readonly #broken: Callable | undefined;
  #value: unknown = undefined;
  #isBroken = false;
  constructor(
    actor: Actor,
    vow: Promised,
    settle: Promised,
    kept: Callable,
    broken: Callable | undefined,
  ) {
    this.actor = actor;
    this.settle = settle;
    this.cause = actor.core.causing;
    this.#vow = vow;
    this.#kept = kept;
    this.#broken = broken;
  }
  get kind(): 'continuation' {
    return 'continuation';
  }
  get step(): string {
    return 'when';
  }
  describe(): string {
    return 'when';
  }
  release(): void {
    this.#vow.listen(this);
  }
  onKept(value: unknown): void {
    this.#value = value;
    this.#wake();
  }
  onBroken(reason: unknown): void {
    if (this.#broken === undefined) {
      this.settle.fail(reason);
      return;
    }
    this.#value = reason;
    this.#isBroken = true;
    this.#wake();
  }
  run(turn: Turn): unknown {
    if (!this.#isBroken || this.#broken === undefined) return this.#kept(turn, this.#value);
    return this.#broken(turn, reasonOf(this.#value));
  }
  #wake(): void {
    const { core } = this.actor;
    this.woken = core.causing;
    core.enqueue(this);
  }
}

/** `all`: one slot for each vow, settled when the last slot is filled. */
export class Joined implements Item, Effect {
  readonly #core: Core;
  readonly #ms: number | undefined;
  readonly #vows: readonly Promised[];
  readonly #result: Promised;
  readonly #slots: (Settled<unknown> | undefined)[];
  #pendingCount: number;
  #stop: (() => void) | undefined = undefined;
  constructor(core: Core, vows: readonly Promised[], result: Promised, ms?: number) {
    this.#core = core;
    this.#ms = ms;
    this.#vows = vows;
    this.#result = result;
    this.#slots = new Array<Settled<unknown> | undefined>(vows.length).fill(undefined);
    this.#pendingCount = vows.length;
  }
  describe(): string {
    const within = this.#ms === undefined ? '' : ` within ${this.#ms}`;
    return `all ${this.#vows.length}${within}`;
  }
  release(): void {
    if (this.#vows.length === 0) this.#result.settle(this.#slots);
    this.#vows.forEach((vow, at) => vow.listen(new JoinedSlot(this, at)));
    if (this.#ms !== undefined) this.#core.effect(this);
  }
  perform(): void {
    if (this.#pendingCount === 0) return;
    const ms = this.#ms ?? 0;
    this.#stop = this.#core.timers.start(ms, () => {
      this.#stop = undefined;
      const late = { kept: false, reason: new TimedOut(`no answer within ${ms} ms`) } as const;
      for (const [at, settled] of this.#slots.entries())
        if (settled === undefined) this.put(at, late);
    });
  }
  /** What comes when the time is over changes nothing. */
  put(at: number, settled: Settled<unknown>): void {
    if (this.#slots[at] !== undefined) return;
    this.#slots[at] = settled;
    this.#pendingCount -= 1;
    if (this.#pendingCount > 0) return;
    this.#stop?.();
    this.#stop = undefined;
    this.#result.settle(this.#slots);
  }
}

class JoinedSlot implements Listener {
  readonly #joined: Joined;
  readonly #at: number;
  constructor(joined: Joined, at: number) {
    this.#joined = joined;
    this.#at = at;
  }
  onKept(value: unknown): void {
    this.#joined.put(this.#at, { kept: true, value });
  }
  onBroken(reason: unknown): void {
    this.#joined.put(this.#at, { kept: false, reason: reasonOf(reason) });
  }
}

/** `after`: a later turn of the actor, unless it was cancelled first. */
export class Alarm implements Item, Effect, Job {
  readonly actor: Actor;
  readonly cause: number;
  readonly #ms: number;
  readonly #due: Callable;
  #isCancelled = false;
  #stop: (() => void) | undefined = undefined;
  constructor(actor: Actor, ms: number, due: Callable) {
    this.actor = actor;
    this.cause = actor.core.causing;
    this.#ms = ms;
    this.#due = due;
  }
  get kind(): 'continuation' {
    return 'continuation';
  }
  get step(): string {
    return 'after';
  }
  get settle(): undefined {
    return undefined;
  }
  get woken(): number {
    return 0;
  }
  describe(): string {
    return `after ${this.#ms}`;
  }
  release(): void {
    this.actor.core.effect(this);
  }
  perform(): void {
    if (this.#isCancelled) return;
    this.#stop = this.actor.core.timers.start(this.#ms, () => {
      this.#stop = undefined;
      this.actor.core.enqueue(this);
    });
  }
  /**
   * A cancel that comes when the turn is queued already still holds. Changes nothing: see
   * rehearsal.
   */
  run(turn: Turn): unknown {
    if (this.#isCancelled) return undefined;
    return this.#due(turn);
  }
  cancel(): void {
    this.#isCancelled = true;
    this.#stop?.();
    this.#stop = undefined;
  }
}

/** The cancelling of an alarm, which is undone with the turn that asked for it. */
export class Cancelling implements Item {
  readonly #alarm: Alarm;
  constructor(alarm: Alarm) {
    this.#alarm = alarm;
  }
  describe(): string {
    return 'cancel';
  }
  release(): void {
    this.#alarm.cancel();
  }
}

/**
 * `within`: passes a vow on, or breaks when the time is over. The clock starts after the commit.
 */
export class Deadline implements Item, Effect, Listener {
  readonly #core: Core;
  readonly #ms: number;
  readonly #vow: Promised;
  readonly #result: Promised;
  #isOver = false;
  #stop: (() => void) | undefined = undefined;
  constructor(core: Core, ms: number, vow: Promised, result: Promised) {
    this.#core = core;
    this.#ms = ms;
    this.#vow = vow;
    this.#result = result;
  }
  describe(): string {
    return `within ${this.#ms}`;
  }
  release(): void {
    this.#vow.listen(this);
    this.#core.effect(this);
  }
  perform(): void {
    if (this.#isOver) return;
    this.#stop = this.#core.timers.start(this.#ms, () => {
      this.#isOver = true;
      this.#stop = undefined;
      this.#result.fail(new TimedOut(`no answer within ${this.#ms} ms`));
    });
  }
  onKept(value: unknown): void {
    if (this.#end()) this.#result.settle(value);
  }
  onBroken(reason: unknown): void {
    if (this.#end()) this.#result.fail(reason);
  }
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#stop?.();
    this.#stop = undefined;
    return true;
  }
}

/** A resolver's word, given when the turn that used it has ended well. */
export class Resolution implements Item {
  readonly #vow: Promised;
  readonly #value: unknown;
  readonly #isBroken: boolean;
  constructor(vow: Promised, value: unknown, isBroken: boolean) {
    this.#vow = vow;
    this.#value = value;
    this.#isBroken = isBroken;
  }
  describe(): string {
    return this.#isBroken ? 'break' : 'keep';
  }
  release(): void {
    if (this.#vow.state !== 'pending') return;
    if (this.#isBroken) this.#vow.fail(this.#value);
    else this.#vow.settle(this.#value);
  }
}

/** A function to be run after the turn and its commit. */
export class Running implements Item, Effect {
  readonly #core: Core;
  readonly #run: () => void;
  constructor(core: Core, run: () => void) {
    this.#core = core;
    this.#run = run;
  }
  describe(): string {
    return 'effect';
  }
  release(): void {
    this.#core.effect(this);
  }
  perform(): void {
    this.#run();
  }
}

/** A power that is asked after the turn and its commit, with the answer that it will settle. */
export class Asking implements Item, Effect {
  readonly #answer: Promised;
  readonly #request: (answer: Answer) => void;
  constructor(answer: Promised, request: (answer: Answer) => void) {
    this.#answer = answer;
    this.#request = request;
  }
  describe(): string {
    return 'ask';
  }
  release(): void {
    this.#answer.core.effect(this);
  }
  perform(): void {
    this.#request(this.#answer);
  }
}
