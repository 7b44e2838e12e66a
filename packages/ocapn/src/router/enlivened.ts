/**
 * What stands behind the vow of an enlivened sturdyref, and of a gift.
 *
 *   waiting   no session that stays yet: messages are held, in order
 *   piped     the fetch is out: messages go to its answer, for good, so that they stay in order
 *   broken    it cannot be had, and neither can what was sent to it
 */
import type { Connector, FarAnswer, Target } from '@bellwether/actors';
import type { Session } from '../session/session.ts';
import { Question } from '../session/tables.ts';
import type { Asker } from './asking.ts';

interface Held {
  readonly to: Target;
  readonly method: string | undefined;
  readonly args: readonly unknown[];
  readonly answer: FarAnswer | undefined;
}
interface Pipe {
  readonly session: Session;
  readonly fetched: FarAnswer;
}

/** One reference that is asked for. */
export class Enlivened implements Connector, Asker {
  /** The target of the vow itself. The slot only says that it can be sent to. */
  readonly root: Target = { slot: 0 };
  #held: Held[] = [];
  #listeners: FarAnswer[] = [];
  #watchers = new Set<SessionWatcher>();
  #pipe: Pipe | undefined;
  #isReleased = false;
  #end: { readonly isKept: boolean; readonly value: unknown } | undefined;
  readonly #over: (() => void) | undefined;
  /** `over`: called once it is had, or cannot be. */
  constructor(over?: () => void) {
    this.#over = over;
  }

  deliver(
    to: Target,
    method: string | undefined,
    args: readonly unknown[],
    answer?: FarAnswer,
  ): void {
    if (this.#pipe !== undefined) return this.#pass(this.#pipe, { to, method, args, answer });
    if (this.#end !== undefined) return answer?.broken(this.#end.value);
    // It can be sent to: what is sent is held too, behind this.
    if (answer !== undefined) answer.slot = 0;
    this.#held.push({ to, method, args, answer });
  }
  listen(to: Target, answer: FarAnswer): void {
    if (to !== this.root) this.#pipe?.session.connector.listen(to, answer);
    else if (this.#end === undefined) this.#listeners.push(answer);
    else this.#tell(answer, this.#end);
  }
  release(to: Target): void {
    if (to !== this.root) return this.#pipe?.session.connector.release(to);
    this.#isReleased = true;
    if (this.#pipe !== undefined) this.#pipe.session.connector.release(this.#pipe.fetched);
  }
  onSever(to: Target, told: (reason: unknown) => void): () => void {
    if (this.#pipe !== undefined) return this.#pipe.session.connector.onSever(to, told);
    const watcher = new SessionWatcher(told);
    if (this.#end === undefined) this.#watchers.add(watcher);
    else told(this.#end.value);
    return () => {
      this.#watchers.delete(watcher);
      watcher.stop();
    };
  }

  sent(session: Session, fetched: FarAnswer): boolean {
    const pipe = { session, fetched };
    this.#pipe = pipe;
    const held = this.#held;
    const watchers = this.#watchers;
    this.#held = [];
    this.#watchers = new Set();
    for (const each of held) this.#pass(pipe, each);
    for (const each of watchers) each.stop = session.connector.onSever(this.root, each.told);
    return true;
  }
  kept(value: unknown, session: Session, fetched: FarAnswer): void {
    if (this.#pipe === undefined) this.sent(session, fetched);
    if (this.#isReleased) session.connector.release(fetched);
    this.#settle({ isKept: true, value });
  }
  broken(reason: unknown): void {
    const held = this.#held;
    const watchers = this.#watchers;
    this.#held = [];
    this.#watchers = new Set();
    this.#settle({ isKept: false, value: reason });
    for (const { answer } of held) {
      if (answer !== undefined) answer.slot = undefined;
      answer?.broken(reason);
    }
    for (const { told } of watchers) told(reason);
  }

  #pass({ session, fetched }: Pipe, { to, method, args, answer }: Held): void {
    session.connector.deliver(to === this.root ? fetched : to, method, args, answer);
    // Its vow has this connector as its pipe: the vat does not see that both lead to one session.
    if (answer?.slot instanceof Question) answer.slot.isRelayed = true;
  }
  #settle(end: { readonly isKept: boolean; readonly value: unknown }): void {
    this.#end = end;
    this.#over?.();
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const answer of listeners) this.#tell(answer, end);
  }
  #tell(answer: FarAnswer, { isKept, value }: { isKept: boolean; value: unknown }): void {
    if (isKept) answer.kept(value);
    else answer.broken(value);
  }
}

/** Somebody who wants to hear of a session that there is not yet. */
class SessionWatcher {
  readonly told: (reason: unknown) => void;
  stop: () => void = () => undefined;
  constructor(told: (reason: unknown) => void) {
    this.told = told;
  }
}
