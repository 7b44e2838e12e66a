/**
 * Asking a peer's bootstrap object for a reference: what a sturdyref names, or a gift. Where the
 * transport has proved the peer, the fetch leaves with our hello: a round trip less, and nobody
 * else can read the swissnum. Goblins, the other peer on tcp-tls, reads on behind a hello.
 *
 *   the session          is asked for more than the fetch   when it is severed
 *   may lose a crossing  after the answer: what was sent    in its hello: the dial goes on, and the
 *                        there cannot be moved              fetch is asked on what it finds; later:
 *                                                           once more, on the winner
 *   cannot               at once                            so are the fetch and what was sent to it; of
 *                                                           a fetch alone as in the first row
 *
 * A gift is always asked for as in the first row: who asks signs the id of an open session, and may have
 * to ask twice.
 */
import { type FarAnswer, Severed, type Slot } from '@bellwether/actors';
import type { PeerLocation, Sturdyref } from '../locator.ts';
import type { Session } from '../session/session.ts';
import type { Waiter } from './routes.ts';
import type { DialReason } from './types.ts';

/** What asking needs of its router. */
export interface AskingHost {
  connect(to: PeerLocation, because: DialReason, waiter: Waiter): void;
  /** Whether a session may still be aborted by a crossing. */
  mayLose(session: Session): boolean;
}

/** Who asks. `kept` or `broken` is called, once. */
export interface Asker {
  /**
   * The fetch is on its way on a session that stays: its answer can be sent to. Called before `kept`,
   * and not again after it was true: that is sent to, so that nothing can be asked anew.
   */
  sent(session: Session, fetched: FarAnswer): boolean;
  kept(value: unknown, session: Session, fetched: FarAnswer): void;
  broken(reason: unknown): void;
}

/** What is asked for. */
export interface Wanted {
  readonly peer: PeerLocation;
  readonly method: 'fetch' | 'withdraw-gift';
  /** Whether more may be sent to the answer before it is there. */
  readonly mayPipe: boolean;
  /** What to say on that session; undefined: it has to be open first. */
  args(session: Session): readonly unknown[] | undefined;
  /** Whether it is worth asking once more, on the same session, after this break. */
  isWorthAnother(reason: unknown): boolean;
}
/** What a sturdyref names. */
export const named = (to: Sturdyref): Wanted => ({
  peer: to.peer,
  method: 'fetch',
  mayPipe: true,
  args: () => [to.reveal()],
  isWorthAnother: () => false,
});

/**
 * Asks the peer's bootstrap object for what is wanted. Whoever is told `kept` releases `fetched` on
 * its session.
 */
export const ask = (
  host: AskingHost,
  wanted: Wanted,
  because: DialReason,
  asker: Asker,
  isAgain = false,
): void => host.connect(wanted.peer, because, new Asking(host, wanted, because, asker, isAgain));

/** One question, on whichever session it gets through. */
class Asking implements Waiter {
  readonly #host: AskingHost;
  readonly #wanted: Wanted;
  readonly #because: DialReason;
  readonly #asker: Asker;
  readonly #isAgain: boolean;
  /** The fetch whose answer counts. */
  #fetched: Fetched | undefined;
  #mayLose = false;
  #isOpen = false;
  /** More was sent to the answer: nothing can be asked anew. */
  #isPiped = false;
  constructor(
    host: AskingHost,
    wanted: Wanted,
    because: DialReason,
    asker: Asker,
    isAgain: boolean,
  ) {
    this.#host = host;
    this.#wanted = wanted;
    this.#because = because;
    this.#asker = asker;
    this.#isAgain = isAgain;
  }
  greeting(session: Session): boolean {
    this.#fetch(session);
    return this.#isPiped;
  }
  opened(session: Session): void {
    if (this.#isPiped) return;
    this.#isOpen = true;
    if (this.#fetched?.session !== session) this.#fetch(session);
  }
  failed(reason: Error): void {
    // What was sent may have arrived, which is not to be said of a peer that was never reached.
    if (!this.#isPiped) this.#asker.broken(reason);
  }
  kept(fetched: Fetched, value: unknown): void {
    if (fetched === this.#fetched) this.#asker.kept(value, fetched.session, fetched);
    else fetched.session.connector.release(fetched);
  }
  broken(fetched: Fetched, reason: unknown): void {
    fetched.session.connector.release(fetched);
    if (fetched !== this.#fetched) return;
    this.#fetched = undefined;
    if (!this.#isOpen && !this.#isPiped) return;
    const isLost = this.#mayLose && !this.#isAgain && reason instanceof Severed;
    if (isLost) ask(this.#host, this.#wanted, this.#because, this.#asker, true);
    else if (this.#wanted.isWorthAnother(reason)) this.#fetch(fetched.session);
    else this.#asker.broken(reason);
  }

  #fetch(session: Session): void {
    const { method, mayPipe } = this.#wanted;
    const args = this.#wanted.args(session);
    if (args === undefined) return;
    const fetched = new Fetched(session, this);
    this.#fetched = fetched;
    this.#mayLose = this.#host.mayLose(session);
    session.connector.deliver(session.bootstrap, method, args, fetched);
    if (this.#mayLose || !mayPipe || fetched.slot === undefined) return;
    this.#isPiped = this.#asker.sent(session, fetched);
  }
}

/** The answer to one fetch. */
class Fetched implements FarAnswer {
  slot: Slot | undefined = undefined;
  readonly session: Session;
  readonly #asking: Asking;
  constructor(session: Session, asking: Asking) {
    this.session = session;
    this.#asking = asking;
  }
  kept(value: unknown): void {
    this.#asking.kept(this, value);
  }
  broken(reason: unknown): void {
    this.#asking.broken(this, reason);
  }
}
