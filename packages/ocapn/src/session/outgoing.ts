/**
 * What leaves over a session: the vat's side of it, a Connector. Nothing here throws. A frame that
 * cannot be written is taken back whole, with the mentions in it, and breaks the one answer that
 * waited for it.
 *
 *   a question:  asked ─► answered or broken ─► released by its vat, or its vow collected
 *                                               ─► op:gc-answers
 */
import {
  type Connector,
  type FarAnswer,
  isRef,
  isVow,
  Refused,
  type Slot,
  type Target,
} from '@bellwether/actors';
import { Encode, Limit } from '../errors.ts';
import type { Writer } from '../syrup/write.ts';
import { Descriptor } from '../wire/operations.ts';
import { writeDeliver, writeListen } from '../wire/write.ts';
import { Garbage } from './garbage.ts';
import type { SessionHost } from './host.ts';
import { reasonIn, reasonOut } from './reasons.ts';
import { OutgoingReferences } from './references.ts';
import type { Session } from './session.ts';
import { BOOTSTRAP_POS, Import, Question, type Tables } from './tables.ts';

/** Names nothing, here and in Goblins, where swissnums are random or hashes. */
const NO_SWISSNUM = new Uint8Array(0);

/** Who waits for the answer to a ping: nobody, for that it came says it all. */
class Ping implements FarAnswer {
  slot: Slot | undefined = undefined;
  kept(): void {
    // Whatever it is, it was heard.
  }
  broken(): void {
    // As expected, or the session has ended.
  }
}

/** In the place of one that has been told. */
const TOLD: FarAnswer = { slot: undefined, kept: () => undefined, broken: () => undefined };

/** The way out of one session. The vat's far refs hold it, and with it the session. */
export class Outgoing implements Connector {
  /** The peer's bootstrap object, as a target. */
  readonly bootstrap: Target = new Import(BOOTSTRAP_POS);
  readonly #host: SessionHost;
  /** Whose way out this is. */
  readonly session: Session;
  readonly #tables: Tables;
  readonly #references: OutgoingReferences;
  readonly #garbage = new Garbage();
  #watchers: Set<(reason: unknown) => void> | undefined;
  #nextAnswerPos = 0;
  /** Why nothing leaves any more. */
  #ended: Error | undefined;

  constructor(host: SessionHost, session: Session, tables: Tables) {
    this.#host = host;
    this.session = session;
    this.#tables = tables;
    this.#references = new OutgoingReferences(host, session, tables, this);
  }

  deliver(
    to: Target,
    method: string | undefined,
    args: readonly unknown[],
    answer?: FarAnswer,
  ): void {
    if (this.#send(to, method, args, answer) !== undefined) this.session.asked();
  }
  /** The result is the question, if there is one and it could be asked. */
  #send(
    to: Target,
    method: string | undefined,
    args: readonly unknown[],
    answer: FarAnswer | undefined,
  ): Question | undefined {
    const at = this.#aim(to, answer);
    if (at === undefined) return undefined;
    const { exports, room } = this.#tables;
    let question: Question | undefined;
    const out = this.#host.outbox.begin(this.session);
    try {
      if (answer !== undefined)
        question = exports.ask(this.#nextAnswerPos, answer, room.questions, this.#host.seconds);
      const { answerPos, position } = question ?? {};
      writeDeliver(out, this.#references, at, method, args, answerPos, position);
    } catch (error) {
      this.#takeBack(question, answer, error);
      return undefined;
    }
    if (question !== undefined) {
      this.#nextAnswerPos += 1;
      question.answer.slot = question;
    }
    this.#keep(method ?? 'deliver');
    return question;
  }
  listen(to: Target, answer: FarAnswer): void {
    const at = this.#aim(to, answer);
    if (at === undefined) return;
    let question: Question | undefined;
    const out = this.#host.outbox.begin(this.session);
    try {
      const { exports, room } = this.#tables;
      question = exports.ask(undefined, answer, room.questions, this.#host.seconds);
      writeListen(out, at, question.position, false);
    } catch (error) {
      return this.#takeBack(question, answer, error);
    }
    this.#keep('listen');
  }
  release(to: Target): void {
    if (to.slot instanceof Import) this.collect(to.slot);
    else if (to.slot instanceof Question) this.#collectAnswer(to.slot);
  }
  onSever(_to: Target, told: (reason: unknown) => void): () => void {
    if (this.#ended !== undefined) {
      told(this.#ended);
      return () => undefined; // told already: there is nothing to take back
    }
    const watcher = (reason: unknown): void => told(reason); // the same function may watch twice
    this.#watchers ??= new Set();
    this.#watchers.add(watcher);
    return () => void this.#watchers?.delete(watcher);
  }

  /**
   * Asks the peer's bootstrap object for an empty swissnum. The draft has no ping of its own; this
   * is a message that every peer answers, with a break, and that changes nothing there: Goblins
   * ignores what it does not know without a word, Endo ends the session over it, and a listen to
   * what is no promise ends it too. The answer is given back in the same write.
   */
  ping(): void {
    const question = this.#send(this.bootstrap, 'fetch', [NO_SWISSNUM], new Ping());
    if (question?.answerPos === undefined) return;
    question.isCollected = true;
    this.#garbage.addAnswer(question.answerPos, 0);
    this.session.unsent.isSwept = true;
  }
  /**
   * Tells a resolver of the peer how something ended, and gives the resolver back. The result is
   * the count of bytes that it took to say so.
   */
  reply(resolverPos: number, isKept: boolean, value: unknown): number {
    if (this.#ended !== undefined) return 0;
    const what = isKept ? value : this.#reason(value);
    const written = this.#tryReply(resolverPos, isKept, what);
    if (typeof written === 'number') return written;
    this.#host.log('captp.answer-unsent', { peer: this.session.label, reason: written.message });
    const reason = this.#reason(new Encode('captp: the answer cannot be sent'));
    const told = this.#tryReply(resolverPos, false, reason);
    return typeof told === 'number' ? told : 0;
  }
  /** The count of bytes that it would take to say a value, where nobody is told; a reference is nothing of ours. */
  measure(value: unknown): number {
    if (this.#ended !== undefined || isRef(value) || isVow(value)) return 0;
    const out = this.#host.outbox.begin(this.session);
    const from = out.length;
    try {
      out.value(value, this.#references);
      return out.length - from;
    } catch (error) {
      // One that nobody could be told is as long as it got, or longer than all that can be.
      return error instanceof Limit ? this.#host.limits.recordBytes : out.length - from;
    } finally {
      this.#cancel();
    }
  }
  /** The peer has answered in so many bytes. `question` is out of its table already. */
  settle(question: Question, isKept: boolean, value: unknown, byteCount: number): void {
    const { answer } = question;
    if (answer instanceof Ping) return;
    question.byteCount = byteCount;
    if (!isKept) return answer.broken(reasonIn(value));
    if (question.isPipelined && (question.isRelayed || this.#keepsItsPipe(value)))
      this.#watch(answer, question);
    answer.kept(value);
  }
  /** Who waits must not hold what is waited for, nor this session, which may lead to it. */
  #watch(answer: FarAnswer, question: Question): void {
    question.answer = TOLD;
    const weakly = new WeakRef(this);
    this.#host.reaper.watch(answer, () => {
      const alive = weakly.deref();
      if (alive !== undefined) alive.#collectAnswer(question);
    });
  }
  /** Gives back an import that nobody here holds. */
  collect(entry: Import): void {
    if (this.#ended !== undefined || entry.count === 0) return;
    this.#tables.imports.drop(entry.position);
    this.#garbage.addExport(entry.position, entry.count);
    entry.count = 0;
    entry.generation += 1;
    this.#litter();
  }
  /** Its garbage is too heavy to wait. */
  get isLittered(): boolean {
    return this.#garbage.isHeavy;
  }
  /** Writes the garbage, if it is time. */
  writeGarbage(): void {
    if (this.#ended !== undefined) return;
    if (!this.#garbage.isMuch && !this.session.unsent.isSwept) return;
    const { outbox } = this.#host;
    while (this.#garbage.hasExports) {
      this.#garbage.writeExports(outbox.begin(this.session));
      outbox.end(this.session);
    }
    while (this.#garbage.hasAnswers) {
      this.#garbage.writeAnswers(outbox.begin(this.session));
      outbox.end(this.session);
    }
  }
  /** The session has ended: breaks every question, then tells who watched. */
  end(reason: Error, open: readonly Question[]): void {
    this.#ended = reason;
    for (const { answer } of open) answer.broken(reason);
    const watchers = this.#watchers ?? [];
    this.#watchers = undefined;
    for (const told of watchers) told(reason);
  }

  #reason(thrown: unknown): unknown {
    return reasonOut(thrown, this.session.dialect, this.#host.faults);
  }
  /**
   * A vow that was sent to before it became something elsewhere goes on using the answer, so that
   * messages stay in order; so does one that became another vow, whatever that is by now. In every other
   * case the vat releases the answer itself; a finalizer for each would cost more than the rest of the call.
   */
  #keepsItsPipe(value: unknown): boolean {
    if (isVow(value)) return true;
    const place = this.#host.frontier.whatIs(value, this);
    return place !== undefined && place.kind !== 'mine';
  }
  /** Where a message goes; undefined: nowhere, and the answer knows. */
  #aim(to: Target, answer: FarAnswer | undefined): Descriptor | undefined {
    if (this.#ended !== undefined) {
      answer?.broken(this.#ended);
      return undefined;
    }
    const { slot } = to;
    if (slot instanceof Question && slot.answerPos !== undefined && !slot.isCollected) {
      slot.isPipelined = true;
      return new Descriptor('answer', slot.answerPos);
    }
    if (slot instanceof Import && (slot.count > 0 || slot.position === BOOTSTRAP_POS))
      return new Descriptor('export', slot.position);
    answer?.broken(new Refused('captp: the reference was released'));
    return undefined;
  }
  /** `what` it is, for the event ring. */
  #keep(what: string): void {
    const { meter } = this.session;
    this.#tables.exports.keep();
    this.#host.outbox.end(this.session);
    this.#host.frontier.sent(meter, meter.sentCount, what);
    this.#references.keep();
  }
  #cancel(): void {
    this.#host.outbox.cancel();
    this.#tables.exports.undo();
    this.#references.undo();
  }
  #takeBack(question: Question | undefined, answer: FarAnswer | undefined, error: unknown): void {
    this.#cancel();
    if (question !== undefined) this.#tables.exports.drop(question);
    if (answer !== undefined) return answer.broken(error);
    this.#host.log('captp.message-unsent', { peer: this.session.label, reason: String(error) });
  }
  /** The count of bytes written, or the failure when the frame was taken back. */
  #tryReply(resolverPos: number, isKept: boolean, value: unknown): number | Error {
    const out: Writer = this.#host.outbox.begin(this.session);
    const from = out.length;
    try {
      const to = new Descriptor('export', resolverPos);
      const method = isKept ? 'fulfill' : 'break';
      writeDeliver(out, this.#references, to, method, [value], undefined, undefined);
    } catch (error) {
      this.#cancel();
      return error instanceof Error ? error : new Error(String(error));
    }
    const byteCount = out.length - from;
    this.#garbage.addExport(resolverPos, 1);
    // Where words are rare nothing else may come for it to go along with, before it has a write of its own.
    if (this.session.isQuiet) this.session.unsent.isSwept = true;
    else this.#litter();
    this.#keep(isKept ? 'fulfill' : 'break');
    return byteCount;
  }
  #litter(): void {
    const { outbox } = this.#host;
    if (this.#garbage.isMuch) outbox.wake(this.session);
    else outbox.sweepSoon(this.session);
  }
  #collectAnswer(question: Question): void {
    if (this.#ended !== undefined || question.answerPos === undefined || question.isCollected)
      return;
    question.isCollected = true;
    this.#garbage.addAnswer(question.answerPos, question.byteCount);
    this.#litter();
  }
}
