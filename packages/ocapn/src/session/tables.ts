/**
 * The tables of one session. Two kinds, named for who picks the numbers:
 *
 *   table      numbers       holds                              an entry goes when
 *   exports    ours, from 1  objects and promises we mentioned  every mention came back
 *                            resolvers of our questions         the peer has answered
 *   imports    the peer's    what the peer mentioned            nobody here holds it any more
 *   answers    the peer's    results of the peer's messages     the peer says so
 *   questions  ours, from 0  nothing: a counter, the resolver has the question
 *
 * Export numbers are never used again, so a late message about an old one can be told from a
 * made-up one. A mention counts once its frame is complete: a frame that fails half way leaves no
 * trace here.
 */
import type { FarAnswer, Slot, Target } from '@bellwether/actors';
import { Decode, Limit } from '../errors.ts';
import { LIMITS, type Limits } from '../limits.ts';
import { type Positioned, Positions } from './positions.ts';

/** How much one session may use; see the limits of the same names. */
export interface Room {
  readonly exports: number;
  readonly imports: number;
  readonly questions: number;
  readonly answers: number;
  readonly answerBytes: number;
  readonly listeners: number;
  readonly pendingBytes: number;
  readonly gifts: number;
  readonly flowMessages: number;
  readonly flowBytes: number;
}
/**
 * A part of all room, rounded up. All of it has a peer that holds something of ours, or that we dialled; a part, one
 * that has shown nothing but a key, which costs nothing to make.
 */
export const roomOf = (limits: Limits, divisor: number): Room => {
  const part = (whole: number): number => Math.ceil(whole / divisor);
  return {
    exports: part(limits.exports),
    imports: part(limits.imports),
    questions: part(limits.questions),
    answers: part(limits.answers),
    answerBytes: part(limits.answerBytes),
    listeners: part(limits.listeners),
    pendingBytes: part(limits.pendingBytes),
    gifts: part(limits.gifts),
    flowMessages: part(limits.flowMessages),
    flowBytes: part(limits.flowBytes),
  };
};
const NO_ROOM = roomOf(LIMITS, Infinity);

/**
 * The number of the bootstrap object, implicit on both sides. It is never mentioned and never given
 * back.
 */
export const BOOTSTRAP_POS = 0;

/** Something that the peer may send to, and how many mentions of it the peer holds. */
export class Export {
  readonly position: number;
  readonly value: object;
  count = 0;
  /** Mentions in the frame that is being written. */
  pendingCount = 0;
  /** Another one that is mentioned in it. */
  alsoTouched: Export | undefined = undefined;
  constructor(position: number, value: object) {
    this.position = position;
    this.value = value;
  }
}

/** A message that went out and whom to tell: the peer sends the answer to `resolverPos`, once. */
export class Question {
  /** Where the peer keeps the result; undefined for a listener, which has none. */
  readonly answerPos: number | undefined;
  /** Where our resolver stands. */
  readonly position: number;
  answer: FarAnswer;
  /**
   * Somebody has sent to the answer before it came. Later messages must take the same way to stay
   * in order.
   */
  isPipelined = false;
  /** The vat knows the answer behind another connector than this session's. */
  isRelayed = false;
  /** The peer was told that the result is not needed any more. */
  isCollected = false;
  /** Bytes of the answer, once it has come. */
  byteCount = 0;
  /** When it was asked, in whole seconds of the host's. */
  readonly askedS: number;
  constructor(answerPos: number | undefined, position: number, answer: FarAnswer, askedS: number) {
    this.askedS = askedS;
    this.answerPos = answerPos;
    this.position = position;
    this.answer = answer;
  }
}

/**
 * Something that the peer exported, held weakly: what is strong here is only the count to give
 * back.
 */
export class Import implements Target {
  readonly slot: Slot = this;
  readonly position: number;
  /**
   * Mentions received and not given back; 0 for the implicit bootstrap and for what was released.
   */
  count = 0;
  /**
   * Which reference stands for it now: a collected one may be succeeded before its finalizer has
   * run.
   */
  generation = 0;
  held: WeakRef<object> | undefined;
  constructor(position: number) {
    this.position = position;
  }
}

/** Exports and the resolvers among them. */
export class Exports {
  #nextPos = BOOTSTRAP_POS + 1;
  readonly #entries = new Positions<Export | Question>();
  /** The only one, or one of them: most sessions have no other, and a Map takes more than all else of a table. */
  #first: Export | undefined;
  #byValue: Map<object, Export> | undefined;
  /** The last one that the frame which is being written mentions for the first time; it leads to the others. */
  #touched: Export | undefined;
  #questionCount = 0;

  /** Questions that are open. */
  get questionCount(): number {
    return this.#questionCount;
  }
  /** Objects and promises that the peer holds. */
  get objectCount(): number {
    return (this.#first === undefined ? 0 : 1) + (this.#byValue?.size ?? 0);
  }
  get(position: number): Export | Question | undefined {
    return this.#entries.get(position);
  }
  /** True for a number that was given out at some time. */
  wasGiven(position: number): boolean {
    return position < this.#nextPos;
  }
  /**
   * One more mention of a value in the frame that is being written. @throws Limit when the table is
   * full.
   */
  mention(value: object, limit: number): number {
    const known = this.#first?.value === value ? this.#first : this.#byValue?.get(value);
    const entry = known ?? this.#add(value, limit);
    if (entry.pendingCount === 0) {
      entry.alsoTouched = this.#touched;
      this.#touched = entry;
    }
    entry.pendingCount += 1;
    return entry.position;
  }
  /** Of the oldest open question; undefined where there is none. Looks at all of them. */
  get oldestAskedS(): number | undefined {
    let oldest: number | undefined;
    if (this.#questionCount === 0) return oldest;
    for (const entry of this.#entries.values())
      if (entry instanceof Question) oldest = Math.min(oldest ?? entry.askedS, entry.askedS);
    return oldest;
  }
  /** A resolver for one answer. @throws Limit when there are too many open questions. */
  ask(answerPos: number | undefined, answer: FarAnswer, limit: number, nowS: number): Question {
    if (this.#questionCount >= limit) throw new Limit(`captp: more than ${limit} open questions`);
    this.#questionCount += 1;
    const question = new Question(answerPos, this.#nextPos, answer, nowS);
    this.#entries.add(this.#nextPos, question);
    this.#nextPos += 1;
    return question;
  }
  /** Takes a resolver out: it was used, or its frame was not written. */
  drop(question: Question): void {
    if (this.#entries.drop(question.position)) this.#questionCount -= 1;
  }
  /** The frame is complete: its mentions count. */
  keep(): void {
    for (let entry = this.#untouch(); entry !== undefined; entry = this.#untouch()) {
      entry.count += entry.pendingCount;
      entry.pendingCount = 0;
    }
  }
  /** The frame was taken back, and its mentions with it. */
  undo(): void {
    for (let entry = this.#untouch(); entry !== undefined; entry = this.#untouch()) {
      entry.pendingCount = 0;
      if (entry.count === 0) this.#forget(entry);
    }
  }
  /**
   * The peer gives mentions back. Word about what is gone already, or about the bootstrap, is
   * merely late. The result is a question whose resolver came back unused: nobody will answer it
   * any more.
   * @throws Decode for a number never given out, and for more than the peer holds.
   */
  returned(position: number, delta: number): Question | undefined {
    const entry = this.#entries.get(position);
    if (entry === undefined) {
      if (this.wasGiven(position)) return undefined;
      throw new Decode(`captp: export ${position} was given back but never given`);
    }
    const held = entry instanceof Question ? 1 : entry.count;
    if (delta < 1 || delta > held)
      throw new Decode(
        `captp: export ${position} was given back ${delta} times, expected 1..${held}`,
      );
    if (entry instanceof Question) {
      this.drop(entry);
      return entry;
    }
    entry.count -= delta;
    if (entry.count === 0 && entry.pendingCount === 0) this.#forget(entry);
    return undefined;
  }
  /** Empties the table; the result are the questions that nobody will answer now. */
  clear(): Question[] {
    const open = this.#entries.values().filter((entry) => entry instanceof Question);
    this.#entries.clear();
    this.#first = undefined;
    this.#byValue = undefined;
    this.#touched = undefined;
    this.#questionCount = 0;
    return open;
  }

  #add(value: object, limit: number): Export {
    if (this.objectCount >= limit) throw new Limit(`captp: more than ${limit} exports`);
    const entry = new Export(this.#nextPos, value);
    this.#nextPos += 1;
    this.#entries.add(entry.position, entry);
    if (this.#first === undefined) this.#first = entry;
    else (this.#byValue ??= new Map<object, Export>()).set(value, entry);
    return entry;
  }
  #untouch(): Export | undefined {
    const entry = this.#touched;
    this.#touched = entry?.alsoTouched;
    if (entry !== undefined) entry.alsoTouched = undefined;
    return entry;
  }
  #forget(entry: Export): void {
    this.#entries.drop(entry.position);
    if (this.#first === entry) this.#first = undefined;
    else this.#byValue?.delete(entry.value);
  }
}

/** A table whose numbers the peer picks: imports, answers. */
export class ChosenThere<T extends Positioned> extends Positions<T> {
  readonly #what: string;
  constructor(what: string) {
    super();
    this.#what = what;
  }
  /** `add`, of what comes from there. @throws Limit when the table is full, Decode when the number is taken. */
  admit(position: number, entry: T, limit: number): void {
    if (this.size >= limit) throw new Limit(`captp: more than ${limit} ${this.#what}`);
    if (this.get(position) !== undefined)
      throw new Decode(`captp: ${this.#what} has an entry ${position} already`);
    this.add(position, entry);
  }
}

/** The result of a message of the peer, until the peer says that it will not use it any more. */
export interface HeldAnswer extends Positioned {
  readonly vow: object;
  /** Bytes that it counts for since it has settled. */
  weight: number;
  isHeld: boolean;
}

/** Answers, and how much those weigh that have settled. */
export class Answers extends ChosenThere<HeldAnswer> {
  #bytes = 0;
  constructor() {
    super('answers');
  }
  /** Bytes of all that have settled. */
  get byteCount(): number {
    return this.#bytes;
  }
  override admit(position: number, entry: HeldAnswer, limit: number): void {
    super.admit(position, entry, limit);
    entry.isHeld = true;
    this.#bytes += entry.weight;
  }
  override drop(position: number): boolean {
    const entry = this.get(position);
    if (entry === undefined) return false;
    entry.isHeld = false;
    this.#bytes -= entry.weight;
    return super.drop(position);
  }
  /** It has settled. */
  weigh(entry: HeldAnswer, byteCount: number): void {
    if (!entry.isHeld) return;
    entry.weight = byteCount;
    this.#bytes += byteCount;
  }
  override clear(): void {
    super.clear();
    this.#bytes = 0;
  }
}

/** The tables of one session, empty. */
export class Tables {
  readonly exports = new Exports();
  readonly imports = new ChosenThere<Import>('imports');
  readonly answers = new Answers();
  /** Set when the hello was admitted, and again when a stranger is none any more. */
  room: Room = NO_ROOM;
}
