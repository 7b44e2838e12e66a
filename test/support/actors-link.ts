/**
 * Two vats joined by function calls: a session without bytes. Frames arrive in order, after a
 * latency.
 *
 *   frame     means
 *   deliver   a message; with a question number when its answer is wanted
 *   settle    how a question ended
 *   listen    a question about an exported vow
 *   dropped   the sender aims no longer at an export that it was given so many times
 *   answered  the sender aims no longer at the answer of its question
 *
 * Each number is chosen by the side that exports or asks. A cut is told to both sides at once; a
 * loss is told to nobody: frames of that direction vanish.
 */
import {
  ActorError,
  Refused,
  Severed,
  type Answer,
  type Connector,
  type FarAnswer,
  type Frontier,
  type Ref,
  type Target,
  type Vat,
  type Vow,
  type World,
} from '@bellwether/actors';

type Door = Vat & Frontier;
interface Spot {
  readonly of: 'export' | 'answer';
  readonly id: number;
}
type Frame =
  | {
      readonly op: 'deliver';
      readonly to: Spot;
      readonly method: string | undefined;
      readonly args: readonly unknown[];
      readonly question: number | undefined;
    }
  | {
      readonly op: 'settle';
      readonly question: number;
      readonly isKept: boolean;
      readonly value: unknown;
    }
  | { readonly op: 'listen'; readonly to: Spot; readonly question: number }
  | { readonly op: 'dropped'; readonly id: number; readonly count: number }
  | { readonly op: 'answered'; readonly question: number };

/** A reference while it crosses; `yours` is the receiver's own. */
class Crossing {
  readonly kind: 'ref' | 'vow' | 'yours';
  readonly spot: Spot;
  constructor(kind: 'ref' | 'vow' | 'yours', spot: Spot) {
    this.kind = kind;
    this.spot = spot;
  }
}
/** An error while it crosses: its code and its message, never more. */
class CrossingError {
  readonly code: string;
  readonly message: string;
  constructor(code: string, message: string) {
    this.code = code;
    this.message = message;
  }
}

const depthLimit = 32;
const bootId = 0;

/** One end of a link: the connector of its vat. */
export class LinkSide implements Connector {
  readonly #world: World;
  readonly #vat: Door;
  readonly #latencyMs: number;
  readonly #exports = new Map<number, { readonly value: Ref | Vow; count: number }>();
  readonly #exportIds = new Map<Ref | Vow, number>();
  readonly #imports = new Map<number, { readonly value: Ref | Vow; count: number }>();
  readonly #questions = new Map<number, Answer>();
  readonly #answers = new Map<number, Vow>();
  readonly #severed = new Set<(reason: unknown) => void>();
  readonly #inbox: Frame[] = [];
  #peer: LinkSide | undefined = undefined;
  #lastId = bootId;
  #isLossy = false;
  #frameCount = 0;
  #reason: Severed | undefined = undefined;
  constructor(world: World, vat: Door, latencyMs: number) {
    this.#world = world;
    this.#vat = vat;
    this.#latencyMs = latencyMs;
  }
  join(peer: LinkSide): void {
    this.#peer = peer;
  }
  /** Questions without an answer, and answers that the peer may still aim at. */
  get openCount(): number {
    return this.#questions.size + this.#answers.size;
  }
  /** Frames that this side has sent. */
  get frameCount(): number {
    return this.#frameCount;
  }
  /** What this side gives to whoever asks first. */
  offer(ref: Ref): void {
    this.#exports.set(bootId, { value: ref, count: 1 });
  }
  /** The peer's offer. */
  reach(): Ref {
    return this.#vat.far(this, { slot: spotOf('export', bootId) });
  }
  /** From now on what this side sends is lost, and nobody is told. */
  lose(): void {
    this.#isLossy = true;
  }
  sever(reason: Severed): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const questions = [...this.#questions.values()];
    const told = [...this.#severed];
    this.#questions.clear();
    this.#answers.clear();
    this.#exports.clear();
    this.#severed.clear();
    for (const answer of questions) answer.broken(reason);
    for (const each of told) each(reason);
  }

  deliver(
    to: Target,
    method: string | undefined,
    args: readonly unknown[],
    answer?: FarAnswer,
  ): void {
    if (this.#reason !== undefined) {
      answer?.broken(this.#reason);
      return;
    }
    try {
      const crossing = args.map((each) => this.#out(each, 0));
      const question = answer === undefined ? undefined : this.#ask(answer);
      if (answer !== undefined && question !== undefined) answer.slot = spotOf('answer', question);
      this.#send({ op: 'deliver', to: spotIn(to), method, args: crossing, question });
    } catch (reason) {
      answer?.broken(reason);
    }
  }
  listen(to: Target, answer: FarAnswer): void {
    if (this.#reason !== undefined) answer.broken(this.#reason);
    else this.#send({ op: 'listen', to: spotIn(to), question: this.#ask(answer) });
  }
  release(to: Target): void {
    if (this.#reason !== undefined) return;
    const { of, id } = spotIn(to);
    if (of === 'answer') {
      this.#send({ op: 'answered', question: id });
      return;
    }
    const known = this.#imports.get(id);
    if (known === undefined) return;
    this.#imports.delete(id);
    this.#send({ op: 'dropped', id, count: known.count });
  }
  onSever(_to: Target, told: (reason: unknown) => void): () => void {
    if (this.#reason !== undefined) {
      const reason = this.#reason;
      return this.#world.at(0, () => told(reason));
    }
    this.#severed.add(told);
    return () => void this.#severed.delete(told);
  }

  #ask(answer: Answer): number {
    this.#lastId += 1;
    this.#questions.set(this.#lastId, answer);
    return this.#lastId;
  }
  #send(frame: Frame): void {
    this.#frameCount += 1;
    if (this.#isLossy) return;
    this.#peer?.take(frame);
  }
  /** Queues a frame of the peer; ties of the world must not reorder what is on one wire. */
  take(frame: Frame): void {
    this.#inbox.push(frame);
    this.#world.at(this.#latencyMs, () => {
      const next = this.#inbox.shift();
      if (next !== undefined && this.#reason === undefined) this.#receive(next);
    });
  }
  #receive(frame: Frame): void {
    switch (frame.op) {
      case 'deliver':
        return this.#deliverIn(frame.to, frame.method, frame.args, frame.question);
      case 'settle':
        return this.#settleIn(frame.question, frame.isKept, frame.value);
      case 'listen': {
        const vow = this.#aimedAt(frame.to);
        if (vow === undefined) return this.#settle(frame.question, false, unknownTarget());
        return this.#vat.listen(vow as Vow, this.#replyTo(frame.question));
      }
      case 'dropped':
        return this.#dropIn(frame.id, frame.count);
      case 'answered':
        this.#answers.delete(frame.question);
        return;
    }
  }
  #deliverIn(
    to: Spot,
    method: string | undefined,
    args: readonly unknown[],
    question: number | undefined,
  ): void {
    const target = this.#aimedAt(to);
    if (target === undefined) {
      if (question !== undefined) this.#settle(question, false, unknownTarget());
      return;
    }
    const values = args.map((each) => this.#in(each));
    const vow = this.#vat.deliver(target, method, values);
    if (question === undefined) return;
    this.#answers.set(question, vow);
    this.#vat.listen(vow, this.#replyTo(question));
  }
  #settleIn(question: number, isKept: boolean, value: unknown): void {
    const answer = this.#questions.get(question);
    this.#questions.delete(question);
    if (isKept) answer?.kept(this.#in(value));
    else answer?.broken(this.#in(value));
  }
  #dropIn(id: number, count: number): void {
    const known = this.#exports.get(id);
    if (known === undefined) return;
    known.count -= count;
    if (known.count > 0) return;
    this.#exports.delete(id);
    this.#exportIds.delete(known.value);
  }
  #aimedAt(spot: Spot): Ref | Vow | undefined {
    return spot.of === 'answer' ? this.#answers.get(spot.id) : this.#exports.get(spot.id)?.value;
  }
  #replyTo(question: number): Answer {
    return {
      kept: (value) => this.#settle(question, true, value),
      broken: (reason) => this.#settle(question, false, reason),
    };
  }
  #settle(question: number, isKept: boolean, value: unknown): void {
    if (this.#reason !== undefined) return;
    try {
      this.#send({ op: 'settle', question, isKept, value: this.#out(value, 0) });
    } catch (reason) {
      this.#send({ op: 'settle', question, isKept: false, value: this.#out(reason, 0) });
    }
  }

  #out(value: unknown, depth: number): unknown {
    if (depth > depthLimit) throw new Refused('a value is too deep to cross');
    if (typeof value === 'function') throw new Refused('a function does not cross');
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Error) {
      return value instanceof ActorError
        ? new CrossingError(value.code, value.message)
        : new CrossingError('error', 'the method failed');
    }
    const place = this.#vat.whatIs(value, this);
    if (place?.kind === 'settled') return this.#out(place.value, depth + 1);
    if (place?.kind === 'mine') return new Crossing('yours', spotIn(place.target));
    if (place !== undefined) {
      const isRef = place.kind === 'near' || place.kind === 'elsewhere';
      return this.#export(value as Ref | Vow, isRef ? 'ref' : 'vow');
    }
    return mapData(value, (each) => this.#out(each, depth + 1));
  }
  #export(value: Ref | Vow, kind: 'ref' | 'vow'): Crossing {
    let id = this.#exportIds.get(value);
    if (id === undefined) {
      this.#lastId += 1;
      id = this.#lastId;
      this.#exportIds.set(value, id);
      this.#exports.set(id, { value, count: 0 });
    }
    const known = this.#exports.get(id);
    if (known !== undefined) known.count += 1;
    return new Crossing(kind, spotOf('export', id));
  }
  #in(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof CrossingError) return new ActorError(value.code, value.message);
    if (!(value instanceof Crossing)) return mapData(value, (each) => this.#in(each));
    if (value.kind === 'yours') return this.#aimedAt(value.spot);
    const known = this.#imports.get(value.spot.id);
    if (known !== undefined) {
      known.count += 1;
      return known.value;
    }
    const target: Target = { slot: value.spot };
    const made =
      value.kind === 'vow' ? this.#vat.farVow(this, target) : this.#vat.far(this, target);
    this.#imports.set(value.spot.id, { value: made, count: 1 });
    return made;
  }
}

/** Two sides, and the one hand that can cut them. */
export class Link {
  readonly near: LinkSide;
  readonly far: LinkSide;
  constructor(world: World, near: Door, far: Door, latencyMs: number) {
    this.near = new LinkSide(world, near, latencyMs);
    this.far = new LinkSide(world, far, latencyMs);
    this.near.join(this.far);
    this.far.join(this.near);
  }
  cut(): void {
    this.near.sever(new Severed('the link was cut'));
    this.far.sever(new Severed('the link was cut'));
  }
}

const spotOf = (of: 'export' | 'answer', id: number): Spot => ({ of, id });
const spotIn = (target: Target): Spot => target.slot as Spot;
const unknownTarget = (): Refused => new Refused('a message to what was never exported');

const mapData = (value: object, map: (each: unknown) => unknown): unknown => {
  if (Array.isArray(value)) return value.map(map);
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    throw new Refused(`a ${value.constructor.name} does not cross`);
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, map(each)]));
};
