/**
 * A vat: one queue of turns, one ledger, one output commit. A turn is whole or not at all.
 *
 *   what threw                                  a refusal (ActorError)     anything else (a bug)
 *   a request: somebody has its answer          undone, the answer breaks  undone, the answer breaks
 *   a continuation: `when`, `after`             undone, its vow breaks     the vat halts
 *   a one-way message: `tell`, a door           undone, logged             the vat halts
 *   an effect; a commit that failed                                        the vat halts
 *
 * What is undone is also lost. Of a request its sender hears; a continuation or a tell that was
 * lost to a bug would leave an actor waiting for ever, so the vat stops and its owner restarts it
 * from what is durable; the chaos runs make turns throw to hold it to that. Whatever a session
 * delivers is a request, also when the peer wants no answer: no peer can halt a vat.
 */
import type { Change, Effect, GatedEntry, Item, Job, Listener } from './core.ts';
import { ActorError, codeOf, Halted, Limit, rawReason, reasonOf } from './errors.ts';
import { laneOf, storyOf, type EventRing } from './event-ring.ts';
import { OutputCommit } from './output-commit.ts';
import { JobQueue } from './job-queue.ts';
import { conclude, rollBack, shorten, type Activation, type Ledger } from './ledger.ts';
import { limits } from './limits.ts';
import { Message } from './message.ts';
import { whatOf } from './names.ts';
import { Actor, asRef, FarRef } from './places.ts';
import { asVow, insideOf, Pipe, placeIn, Promised, Telling } from './promised.ts';
import { freezeArguments, rehearse, traceOfThrow, traceOfTurn } from './rehearsal.ts';
import { Timers } from './timers.ts';
import { ActorTurn } from './turn.ts';
import type {
  Answer,
  Connector,
  Frontier,
  NamedLine,
  Place,
  Ref,
  Target,
  Turn,
  Value,
  Vat,
  VatEvent,
  VatPowers,
  Vow,
} from './types.ts';

/**
 * Makes a vat that runs on the given powers. The Frontier half is for sessions only: give actors
 * and callers the Vat half. The caller owns it and ends it with `halt`.
 */
export const createVat = (powers: VatPowers): Vat & Frontier => new TurnVat(powers);

class TurnVat implements Ledger, Vat, Frontier {
  readonly name: string;
  readonly timers: Timers;
  readonly telling = new Telling();
  active: Activation | undefined = undefined;
  isDoomed = false;
  causing = 0;
  busyMs = 0;
  readonly changes: Change[] = [];
  readonly items: Item[] = [];
  readonly entries: GatedEntry[] = [];
  readonly #powers: VatPowers;
  readonly #rehearses: boolean;
  readonly #outputs: OutputCommit;
  readonly #ring: EventRing | undefined;
  readonly #queue = new JobQueue();
  readonly #outside: Actor;
  /** Callers from outside whose answers are still owed. */
  readonly #owed = new Set<Reply>();
  #turnCount = 0;
  #arrivalCount = 0;
  #effects: Effect[] = [];
  #spareEffects: Effect[] = [];
  #batchEntries: GatedEntry[] = [];
  #unheard: Promised[] = [];
  #isAwake = false;
  readonly #task = (): void => this.#drain();
  #halted: Halted | undefined = undefined;

  constructor(powers: VatPowers) {
    this.name = powers.name;
    this.timers = new Timers(powers.clock);
    this.#powers = powers;
    this.#rehearses = powers.rehearse === true;
    this.#outputs = new OutputCommit(powers.commit, (reason) => this.halt(reasonOf(reason)));
    this.#ring = powers.events;
    this.#outside = new Actor(this, 'outside');
  }

  // The composition root's door.

  post(to: Ref | Vow, method: string | undefined, args: readonly unknown[], answer?: Answer): void {
    const place = placeIn(this, to);
    if (this.#halted !== undefined) {
      answer?.broken(this.#halted);
      return;
    }
    const settle = answer === undefined ? undefined : new Promised(this);
    if (settle !== undefined && answer !== undefined) this.#owe(settle, answer);
    this.#arrive(place, method, args, settle);
  }
  run<T>(body: (turn: Turn) => T): Promise<Value<T>> {
    return new Promise((resolve, reject) => {
      if (this.#halted !== undefined) {
        reject(this.#halted);
        return;
      }
      const settle = new Promised(this);
      const answer: Answer = {
        kept: (value) => resolve(value as Value<T>),
        broken: (reason) => reject(reasonOf(reason)),
      };
      this.#owe(settle, answer);
      this.enqueue(new OutsideJob(this.#outside, settle, 0, body));
    });
  }
  halt(reason: Error = new Halted(`vat ${this.name} was told to halt`)): void {
    if (this.#halted !== undefined) return;
    const halted = new Halted(`vat ${this.name} has halted: ${reason.message}`, { cause: reason });
    this.#halted = halted;
    this.#queue.clear();
    this.#outputs.close();
    this.timers.close();
    this.#effects = [];
    this.#batchEntries = [];
    this.#unheard = [];
    const owed = [...this.#owed];
    this.#owed.clear();
    this.#log('vat.halted', whatRuns(this), reason);
    for (const reply of owed) reply.answer.broken(halted);
    this.#powers.stopped?.(reason);
  }
  events(): readonly VatEvent[] {
    return this.#ring?.list() ?? [];
  }

  // The sessions' door.

  far(connector: Connector, target: Target): Ref {
    return asRef(new FarRef(this, connector, target));
  }
  farVow(connector: Connector, target: Target): Vow {
    const vow = new Promised(this);
    vow.pipe = new Pipe(connector, target);
    return asVow(vow);
  }
  whatIs(value: unknown, seenFrom: Connector): Place | undefined {
    const place = insideOf(value);
    if (place === undefined || place.core !== this) return undefined;
    if (place.isNear) return { kind: 'near' };
    if (place instanceof FarRef) return farPlace(place, seenFrom);
    const vow = place.end();
    if (vow.state === 'broken') return { kind: 'broken', reason: vow.value };
    if (vow.state === 'kept') {
      return this.whatIs(vow.value, seenFrom) ?? { kind: 'settled', value: vow.value };
    }
    const { pipe } = vow;
    if (pipe?.connector === seenFrom && pipe.target.slot !== undefined) {
      return { kind: 'mine', target: pipe.target };
    }
    return { kind: 'vow' };
  }
  deliver(to: Ref | Vow, method: string | undefined, args: readonly unknown[]): Vow {
    const settle = new Promised(this);
    const place = insideOf(to);
    if (this.#halted !== undefined) {
      settle.isHeard = true;
      settle.fail(this.#halted);
    } else if (place === undefined || place.core !== this) {
      settle.fail(new TypeError('a delivery to what is neither a ref nor a vow of this vat'));
    } else {
      this.#arrive(place, method, args, settle);
    }
    return asVow(settle);
  }
  listen(vow: Vow, answer: Answer): void {
    const place = insideOf(vow);
    const reply = new Reply(this, answer, undefined);
    if (place instanceof Promised) place.listen(reply);
    else reply.onKept(vow);
  }
  got(line: NamedLine, number: number, what: string): void {
    this.#arrivalCount += 1;
    this.causing = storyOf(-this.#arrivalCount, line.lane);
    this.#ring?.noteGot(this.causing, line, number, what);
  }
  handled(): void {
    this.causing = 0;
  }
  sent(line: NamedLine, number: number, what: string): void {
    this.#ring?.noteSent(this.causing, line, number, what);
  }
  workedOff(told: () => void): void {
    const settle = new Promised(this);
    // Told also where that turn should come to nothing: a session that was never told would never read again.
    settle.listen(new Reply(this, { kept: told, broken: told }, undefined));
    this.enqueue(new OutsideJob(this.#outside, settle, ofSessions, () => undefined));
  }
  get isOwners(): boolean {
    return this.#queue.ownersCount > 0;
  }

  // What the pieces of a vat ask of it.

  enqueue(job: Job): void {
    if (this.#halted !== undefined) return;
    this.#queue.push(job);
    if (!this.#isAwake) this.#wake();
  }
  effect(effect: Effect): void {
    if (this.#halted !== undefined) return;
    this.#effects.push(effect);
    if (!this.#isAwake) this.#wake();
  }
  unheard(vow: Promised): void {
    if (this.#halted !== undefined) return;
    this.#unheard.push(vow);
    if (!this.#isAwake) this.#wake();
  }

  #owe(settle: Promised, answer: Answer): void {
    const reply = new Reply(this, answer, this.#owed);
    this.#owed.add(reply);
    settle.listen(reply);
  }
  #arrive(
    to: Actor | FarRef | Promised,
    method: string | undefined,
    args: readonly unknown[],
    settle: Promised | undefined,
  ): void {
    if (method !== undefined && method.length > limits.methodCharacters) {
      settle?.fail(new Limit(`a method name is longer than ${limits.methodCharacters} characters`));
      return;
    }
    new Message(this, to, method, false, args, settle).release();
  }
  #wake(): void {
    this.#isAwake = true;
    this.#powers.scheduler.enqueue(this.#task);
  }
  /**
   * Turns, then what they sent out, and again a few times where that came back at once: a fetch and
   * the call behind it are answered in one go, and leave in one write.
   */
  #drain(): void {
    let left: number = limits.turnsPerTask;
    const { clock } = this.#powers;
    const beganMs = clock.now();
    const untilMs = beganMs + limits.taskMs;
    for (let round = 0; round < limits.roundsPerTask && left > 0; round += 1) {
      for (; left > 0; left -= 1) {
        if (left % limits.turnsPerLook === 0 && clock.now() >= untilMs) {
          left = 0;
          break;
        }
        const job = this.#queue.shift();
        if (job === undefined) break;
        this.#turn(job);
      }
      this.#closeBatch();
      if (!this.#hasWork || clock.now() >= untilMs) break;
    }
    this.busyMs += clock.now() - beganMs;
    this.#isAwake = false;
    if (this.#halted !== undefined) return;
    if (this.#hasWork) this.#wake();
    if (this.#unheard.length > 0) this.#tellUnheard();
  }
  get #hasWork(): boolean {
    return this.#queue.count > 0 || this.#effects.length > 0;
  }
  #closeBatch(): void {
    const entries = this.#batchEntries;
    if (this.#effects.length === 0 && entries.length === 0) return;
    const effects = this.#effects;
    this.#effects = this.#spareEffects;
    this.#outputs.take(entries, effects);
    shorten(entries, 0);
    shorten(effects, 0);
    this.#spareEffects = effects;
  }

  /** The transaction. */
  #turn(job: Job): void {
    const { actor } = job;
    const rehearsed = this.#rehearses ? rehearse(this, job) : undefined;
    const turn = new ActorTurn(this, actor);
    this.#turnCount += 1;
    this.causing = storyOf(this.#turnCount, laneOf(job.cause));
    this.active = turn;
    actor.depth = 1;
    let value: unknown;
    try {
      value = conclude(turn, job.run(turn), job.kind === 'message');
      this.#check(job, rehearsed, value);
    } catch (thrown) {
      this.#undo(job, rehearsed, thrown);
      return;
    }
    actor.depth = 0;
    this.active = undefined;
    this.#keep();
    job.settle?.settle(value);
    this.#ring?.note(this.causing, job, false);
    this.causing = 0;
  }
  #check(job: Job, rehearsed: string | undefined, value: unknown): void {
    if (this.isDoomed) throw new RangeError(`${whatOfJob(job)} ran out of stack while undoing`);
    if (rehearsed !== undefined) {
      this.#compare(job, rehearsed, traceOfTurn(this, value));
      freezeArguments(this);
    }
    if (this.#powers.fault?.(whatOfJob(job)) === true) {
      throw new Error(`injected fault in ${whatOfJob(job)}`);
    }
  }
  #keep(): void {
    const { changes, items, entries } = this;
    for (let at = 0; at < changes.length; at += 1) changes[at]?.keep();
    for (let at = 0; at < items.length; at += 1) items[at]?.release();
    for (let at = 0; at < entries.length; at += 1) {
      const entry = entries[at];
      if (entry !== undefined) this.#batchEntries.push(entry);
    }
    shorten(changes, 0);
    shorten(items, 0);
    shorten(entries, 0);
  }
  #undo(job: Job, rehearsed: string | undefined, thrown: unknown): void {
    if (rehearsed !== undefined) this.#compare(job, rehearsed, traceOfThrow(thrown));
    rollBack(this, 0, 0, 0);
    job.actor.depth = 0;
    this.active = undefined;
    this.#ring?.note(this.causing, job, true);
    const isBug = !(thrown instanceof ActorError);
    const isAsked = job.kind === 'outside' || (job.kind === 'message' && job.settle !== undefined);
    const reason = reasonOf(thrown);
    if (isBug && !isAsked) {
      this.halt(reason);
    } else {
      if (isBug) this.#log('turn.threw', whatOfJob(job), reason);
      else if (job.settle === undefined) this.#log('turn.refused', whatOfJob(job), reason);
      job.settle?.fail(rawReason(thrown));
    }
    this.causing = 0;
  }
  #compare(job: Job, rehearsed: string, played: string): void {
    if (rehearsed === played) return;
    const difference = new Error(`first: ${rehearsed} then: ${played}`);
    this.#log('turn.unjournalled', whatOfJob(job), difference);
  }
  /** A break is told when nothing is left to run that might listen, or when too many are held. */
  #tellUnheard(): void {
    if (this.#queue.count > 0 && this.#unheard.length < limits.unheardCount) return;
    const unheard = this.#unheard;
    this.#unheard = [];
    for (const vow of unheard) {
      if (!vow.isHeard) this.#log('vow.broken', undefined, reasonOf(vow.value));
    }
  }
  #log(event: string, what: string | undefined, reason: Error): void {
    this.#powers.log?.(event, {
      vat: this.name,
      ...(what === undefined ? {} : { what }),
      code: codeOf(reason),
      message: reason.message,
    });
  }
}

/** Nothing, in a lane that is not the owner's: sessions that flood have a turn for each of their rounds. */
const ofSessions = storyOf(0, limits.eventLaneCount - 1);

/** A turn that the composition root asked for. */
class OutsideJob implements Job {
  readonly actor: Actor;
  readonly settle: Promised;
  readonly cause: number;
  readonly #body: (turn: Turn) => unknown;
  constructor(actor: Actor, settle: Promised, cause: number, body: (turn: Turn) => unknown) {
    this.actor = actor;
    this.settle = settle;
    this.cause = cause;
    this.#body = body;
  }
  get kind(): 'outside' {
    return 'outside';
  }
  get step(): undefined {
    return undefined;
  }
  get woken(): number {
    return 0;
  }
  run(turn: Turn): unknown {
    return this.#body(turn);
  }
}

/** An answer that leaves the vat: an effect, so that nobody is told what the disk may forget. */
class Reply implements Listener, Effect {
  readonly answer: Answer;
  readonly #vat: TurnVat;
  readonly #owed: Set<Reply> | undefined;
  #value: unknown = undefined;
  #isBroken = false;
  /** What settled it. */
  #cause = 0;
  constructor(vat: TurnVat, answer: Answer, owed: Set<Reply> | undefined) {
    this.answer = answer;
    this.#vat = vat;
    this.#owed = owed;
  }
  get isOver(): boolean {
    return this.answer.isOver === true;
  }
  onKept(value: unknown): void {
    this.#value = value;
    this.#leave();
  }
  onBroken(reason: unknown): void {
    this.#value = reason;
    this.#isBroken = true;
    this.#leave();
  }
  onFollow(end: Promised): boolean {
    if (this.answer.follows?.(asVow(end)) !== true) return false;
    this.onKept(end);
    return true;
  }
  perform(): void {
    this.#owed?.delete(this);
    this.#vat.causing = this.#cause;
    if (this.#isBroken) this.answer.broken(this.#value);
    else this.answer.kept(this.#value);
    this.#vat.causing = 0;
  }
  #leave(): void {
    this.#cause = this.#vat.causing;
    this.#vat.effect(this);
  }
}

const farPlace = (place: FarRef, seenFrom: Connector): Place =>
  place.connector === seenFrom
    ? { kind: 'mine', target: place.target }
    : { kind: 'elsewhere', connector: place.connector, target: place.target };

const whatOfJob = (job: Job): string => whatOf(job.actor.maker, job.step ?? '');

const whatRuns = (ledger: Ledger): string | undefined => ledger.active?.actor.label;
