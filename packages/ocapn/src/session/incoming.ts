/**
 * What the peer says once the session is open.
 *
 *   op:deliver to      an object, promise or answer of ours  a message for the vat
 *                      a resolver of ours                    the answer to a question
 *                      what is gone                          late: breaks its resolver, if any
 *                      what never was                        the same; without a resolver it
 *                                                            ends the session
 *   op:listen          tells when the promise has settled; if the peer wants that, or it is its own,
 *                      also when it became another promise
 *   op:get index untag binds an answer to a part
 *   op:gc-exports      mentions come back
 *   op:gc-answers      results are not needed any more
 *   anything else      ends the session
 *
 * A frame is checked whole before it changes anything.
 */
import { type Answer, Refused, type Ref, type Vow } from '@bellwether/actors';
import { Decode, Limit } from '../errors.ts';
import { bind, check } from '../wire/bind.ts';
import type { Deliver, GcExports, Listen, Operation, Select } from '../wire/operations.ts';
import type { SessionHost } from './host.ts';
import { Opening } from './opening.ts';
import type { Outgoing } from './outgoing.ts';
import { IncomingReferences } from './references.ts';
import { UNKNOWN } from './reasons.ts';
import { selected } from './selection.ts';
import type { Session } from './session.ts';
import { BOOTSTRAP_POS, type HeldAnswer, Import, Question, type Tables } from './tables.ts';
import { brokenVow, vowFrom } from './vow-from.ts';

/** What a settled answer takes beside its value: the vow, its place, for a broken one the reason. */
const ANSWER_BYTES = 512;

/**
 * A message of the peer, from its delivery until it is done, and its result for as long as the peer
 * may use it. The vat calls back after the commit of what settled the vow.
 */
class Pending implements Answer, HeldAnswer {
  readonly vow: object;
  /** Of the answer; undefined where none is wanted. */
  readonly position: number | undefined;
  readonly resolverPos: number | undefined;
  /** What its arguments may keep. */
  readonly byteCount: number;
  weight = 0;
  isHeld = false;
  /** Whether the resolver also hears of a promise that the vow became. */
  readonly #wantsPartial: boolean;
  readonly #incoming: Incoming;
  constructor(
    incoming: Incoming,
    vow: object,
    position: number | undefined,
    resolverPos: number | undefined,
    wantsPartial: boolean,
    byteCount: number,
  ) {
    this.#incoming = incoming;
    this.#wantsPartial = wantsPartial;
    this.vow = vow;
    this.position = position;
    this.resolverPos = resolverPos;
    this.byteCount = byteCount;
  }
  get isOver(): boolean {
    return this.#incoming.isOver;
  }
  kept(value: unknown): void {
    this.#incoming.done(this, true, value);
  }
  broken(reason: unknown): void {
    this.#incoming.done(this, false, reason);
  }
  follows(to: Vow): boolean {
    if (this.resolverPos === undefined) return false;
    return this.#wantsPartial || this.#incoming.isTheirs(to);
  }
}

/** A fetch of nothing (Outgoing.ping). */
const isPing = ({ to, method, args }: Deliver): boolean => {
  const [swissnum] = args;
  return (
    to.kind === 'export' &&
    to.position === BOOTSTRAP_POS &&
    method === 'fetch' &&
    args.length === 1 &&
    swissnum instanceof Uint8Array &&
    swissnum.length === 0
  );
};

/** What is given back: bookkeeping, and nothing that makes anything happen. */
const isGarbage = ({ op }: Operation): boolean => op === 'gc-exports' || op === 'gc-answers';
/** As the event ring has it. */
const whatOf = (operation: Operation): string =>
  (operation.op === 'deliver' ? operation.method : undefined) ?? operation.op;

/** Handles the operations of one open session. */
export class Incoming {
  readonly #host: SessionHost;
  readonly #session: Session;
  readonly #tables: Tables;
  readonly #outgoing: Outgoing;
  readonly #references: IncomingReferences;
  /** One for all, and none as long as nobody asks: an error takes 1 KB for its stack. */
  #nothing: Refused | undefined;
  /** What every ping is answered. */
  #unknown: Refused | undefined;
  #unknownVow: Vow | undefined;
  #pendingCount = 0;
  #pendingBytes = 0;
  /** Bytes of the frame that is being handled. */
  #frameBytes = 0;
  /** What it unfolds to. */
  #frameWeight = 0;
  constructor(host: SessionHost, session: Session, tables: Tables, outgoing: Outgoing) {
    this.#host = host;
    this.#session = session;
    this.#tables = tables;
    this.#outgoing = outgoing;
    this.#references = new IncomingReferences(host, session, tables, outgoing);
  }
  /** Nobody hears what is answered any more. */
  get isOver(): boolean {
    return this.#session.isClosed;
  }
  /** What the messages weigh that wait. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }
  /**
   * `byteCount`: of its frame; `weight`: what that takes in memory. @throws Decode, Limit: the peer has broken the
   * protocol.
   */
  handle(operation: Operation, byteCount: number, weight: number): void {
    this.#frameBytes = byteCount;
    this.#frameWeight = weight;
    const { frontier } = this.#host;
    const { meter } = this.#session;
    if (!isGarbage(operation)) frontier.got(meter, meter.gotCount, whatOf(operation));
    try {
      this.#act(operation);
    } finally {
      frontier.handled();
    }
  }
  #act(operation: Operation): void {
    switch (operation.op) {
      case 'deliver':
        return this.#deliver(operation);
      case 'listen':
        return this.#listen(operation);
      case 'get':
      case 'index':
      case 'untag':
        return this.#select(operation);
      case 'gc-exports':
        return this.#takeBack(operation);
      case 'gc-answers':
        for (const position of operation.positions) this.#tables.answers.drop(position);
        return;
      case 'start-session':
        throw new Decode('captp: expected an operation, found a second op:start-session');
      default:
        throw new Decode(`captp: expected an operation, found ${JSON.stringify(operation.op)}`);
    }
  }

  /** A message is done, or a promise that the peer listens to has settled. Never throws. */
  done(pending: Pending, isKept: boolean, value: unknown): void {
    this.#pendingCount -= 1;
    this.#pendingBytes -= pending.byteCount;
    const { resolverPos } = pending;
    let byteCount = ANSWER_BYTES;
    if (resolverPos !== undefined) byteCount += this.#outgoing.reply(resolverPos, isKept, value);
    else if (!isKept && pending.position === undefined) this.#session.unheard(value);
    else if (isKept && pending.isHeld) byteCount += this.#outgoing.measure(value);
    if (pending.isHeld) this.#weigh(pending, byteCount);
  }
  /** An answer is held that has settled. */
  #weigh(answer: HeldAnswer, byteCount: number): void {
    const { answers, room } = this.#tables;
    if (answers.byteCount > room.answerBytes)
      return this.#session.abort(
        `captp: more than ${room.answerBytes} bytes of answers not collected`,
      );
    answers.weigh(answer, byteCount);
    this.#host.keeping.grew(this.#session, byteCount);
  }

  /**
   * Whether a vow is a promise of the peer itself. It is told so at once, whatever it wants: our own
   * listening to it would be a detour, and where the peer's promise waits for this very answer in
   * turn, neither side would ever know.
   */
  isTheirs(vow: Vow): boolean {
    const place = this.#host.frontier.whatIs(vow, this.#outgoing);
    return place?.kind === 'mine' && place.target.slot instanceof Import;
  }

  #deliver(operation: Deliver): void {
    if (isPing(operation)) return this.#pong(operation);
    const { to, args, answer, resolver } = operation;
    const question = to.kind === 'export' ? this.#tables.exports.get(to.position) : undefined;
    const target = this.#references.target(to);
    if (answer !== undefined) this.#checkFree(answer);
    if (operation.references) {
      check(args, this.#references);
      bind(args, this.#references);
    }
    if (question instanceof Question) this.#answered(question, operation);
    else if (target !== undefined) this.#message(operation, target as Ref | Vow);
    else if (answer !== undefined || resolver !== undefined)
      this.#result(operation, this.#nobody());
    else if (to.kind !== 'export' || !this.#tables.exports.wasGiven(to.position))
      throw new Decode(`captp: a message to ${to.kind} ${to.position}, which is nothing here`);
  }
  /**
   * Answers a ping here, without a turn: with a thousand idle sessions it is all that a node does.
   * What is given back goes along; a write of its own would cost as much again.
   */
  #pong({ answer, resolver }: Deliver): void {
    const reason = (this.#unknown ??= new Refused(UNKNOWN));
    if (answer !== undefined) {
      this.#checkFree(answer);
      this.#unknownVow ??= brokenVow(this.#host.frontier, reason);
      const held = { position: answer, vow: this.#unknownVow, weight: 0, isHeld: false };
      this.#tables.answers.admit(answer, held, this.#tables.room.answers);
      this.#weigh(held, ANSWER_BYTES);
    }
    if (resolver === undefined) return;
    this.#outgoing.reply(resolver.position, false, reason);
    this.#session.unsent.isSwept = true;
  }
  #message(operation: Deliver, target: Ref | Vow): void {
    const { method, args, answer, resolver } = operation;
    const { frontier, bootstrap } = this.#host;
    this.#checkPending();
    const result =
      target === bootstrap ? this.#ask(method, args) : frontier.deliver(target, method, args);
    this.#expect(result, answer, resolver?.position);
  }
  /** Something is asked of the bootstrap object, for which it counts who asks. */
  #ask(method: string | undefined, args: readonly unknown[]): Vow {
    const { frontier, bootstrap, handoffs } = this.#host;
    if (method === 'deposit-gift') return handoffs.deposit(this.#session, args);
    if (method === 'withdraw-gift') return handoffs.withdraw(this.#session, args);
    const result = frontier.deliver(bootstrap, method, [args[0], this.#opening()]);
    if (this.#session.isStranger) this.#expectFriend(result, args[0]);
    return result;
  }
  #opening(): Opening {
    const { openedMs, identity } = this.#session;
    return new Opening(openedMs, identity);
  }
  /** Whoever fetches something is no stranger. */
  #expectFriend(result: Vow, swissnum: unknown): void {
    if (!(swissnum instanceof Uint8Array)) return;
    const kept = (): void => this.#session.know(swissnum);
    this.#host.frontier.listen(result, { kept, broken: () => undefined });
  }
  #result({ answer, resolver }: Deliver, result: Vow | undefined): void {
    if (answer === undefined && resolver === undefined) return;
    this.#checkPending();
    const vow = result ?? vowFrom(this.#host.frontier, (told) => told.kept(undefined));
    this.#expect(vow, answer, resolver?.position);
  }
  /** The answer stands before the next frame is read: it may be pipelined to. */
  #expect(
    vow: Vow,
    answerPos: number | undefined,
    resolverPos: number | undefined,
    wantsPartial = false,
  ): void {
    const { answers, room } = this.#tables;
    const weight = this.#frameWeight;
    this.#pendingCount += 1;
    this.#pendingBytes += weight;
    const pending = new Pending(this, vow, answerPos, resolverPos, wantsPartial, weight);
    if (answerPos !== undefined) answers.admit(answerPos, pending, room.answers);
    this.#host.frontier.listen(vow, pending);
    this.#host.keeping.grew(this.#session, weight);
  }
  #answered(question: Question, operation: Deliver): void {
    const { method, args } = operation;
    if (method !== 'fulfill' && method !== 'break')
      throw new Decode(`captp: resolver ${question.position} was told neither fulfill nor break`);
    this.#tables.exports.drop(question);
    this.#outgoing.settle(question, method === 'fulfill', args[0], this.#frameBytes);
    // A resolver is told one way. A peer that asks for an answer all the same gets nothing.
    this.#result(operation, undefined);
  }
  #listen({ to, listener, wantsPartial }: Listen): void {
    this.#checkPending();
    const target = this.#references.target(to) ?? this.#nobody();
    this.#expect(target as Vow, undefined, listener.position, wantsPartial);
  }
  #select(operation: Select): void {
    this.#checkFree(operation.answer);
    this.#checkPending();
    const { frontier } = this.#host;
    const target = this.#references.target(operation.from);
    const vow =
      target === undefined ? this.#nobody() : selected(frontier, target as Vow, operation);
    this.#expect(vow, operation.answer, undefined);
  }
  #takeBack({ positions, deltas }: GcExports): void {
    for (let i = 0; i < positions.length; i++) {
      const question = this.#tables.exports.returned(positions[i] ?? 0, deltas[i] ?? 0);
      if (question !== undefined)
        this.#outgoing.settle(question, false, new Refused('captp: the peer will not answer'), 0);
    }
  }
  /** What a message gets that reaches nobody. */
  #nobody(): Vow {
    this.#nothing ??= new Refused('captp: there is no such object');
    return brokenVow(this.#host.frontier, this.#nothing);
  }
  #checkPending(): void {
    const { listeners, pendingBytes } = this.#tables.room;
    if (this.#pendingCount >= listeners)
      throw new Limit(`captp: more than ${listeners} messages and listeners that wait`);
    if (this.#pendingBytes > pendingBytes)
      throw new Limit(`captp: more than ${pendingBytes} bytes of messages that wait`);
  }
  #checkFree(answer: number): void {
    const { answers, room } = this.#tables;
    if (answers.get(answer) !== undefined)
      throw new Decode(`captp: answer ${answer} is taken, expected a free one`);
    if (answers.size >= room.answers) throw new Limit(`captp: more than ${room.answers} answers`);
  }
}
