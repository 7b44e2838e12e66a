/**
 * Fetching what a sturdyref names. Where the transport has proved the peer, the fetch leaves with
 * our hello: a round trip less, and nobody else can read the swissnum. Goblins, the other peer on
 * tcp-tls, reads on behind a hello.
 *
 *   the session          is asked for more than the fetch   when it is severed
 *   may lose a crossing  after the answer: what was sent    in its hello: the dial goes on, and the
 *                        there cannot be moved              fetch is asked on what it finds; later:
 *                                                           once more, on the winner
 *   cannot               at once                            so are the fetch and what was sent to it; of
 *                                                           a fetch alone as in the first row
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

/**
 * Asks the peer's bootstrap object for what `to` names. Whoever is told `kept` releases `fetched`
 * on its session.
 */
export const ask = (
  host: AskingHost,
  to: Sturdyref,
  because: DialReason,
  asker: Asker,
  isAgain = false,
): void => host.connect(to.peer, because, new Asking(host, to, because, asker, isAgain));

/** One question for a sturdyref, on whichever session it gets through. */
class Asking implements Waiter {
  readonly #host: AskingHost;
  readonly #to: Sturdyref;
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
    to: Sturdyref,
    because: DialReason,
    asker: Asker,
    isAgain: boolean,
  ) {
    this.#host = host;
    this.#to = to;
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
    if (isLost) ask(this.#host, this.#to, this.#because, this.#asker, true);
    else this.#asker.broken(reason);
  }

  #fetch(session: Session): void {
    const fetched = new Fetched(session, this);
    this.#fetched = fetched;
    this.#mayLose = this.#host.mayLose(session);
    session.connector.deliver(session.bootstrap, 'fetch', [this.#to.reveal()], fetched);
    if (this.#mayLose || fetched.slot === undefined) return;
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
