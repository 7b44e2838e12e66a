/**
 * Fetching what a sturdyref names. On a session that may still lose a crossing nothing is
 * pipelined, because what was sent there cannot be moved: the fetch is asked once more on the
 * winner, and only its answer is built upon.
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
   * The fetch is on its way on a session that stays: its answer can be sent to. Called at most
   * once, before `kept`.
   */
  sent(session: Session, fetched: FarAnswer): void;
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
): void =>
  host.connect(to.peer, because, {
    opened: (session) => {
      const mayLose = host.mayLose(session);
      const fetched = new Fetched(session, asker, (reason) => {
        const isLost = mayLose && !isAgain && reason instanceof Severed;
        if (isLost) ask(host, to, because, asker, true);
        else asker.broken(reason);
      });
      session.connector.deliver(session.bootstrap, 'fetch', [to.reveal()], fetched);
      if (!mayLose && fetched.slot !== undefined) asker.sent(session, fetched);
    },
    failed: (reason) => asker.broken(reason),
  });

/** The answer to one fetch. */
class Fetched implements FarAnswer {
  slot: Slot | undefined = undefined;
  readonly #session: Session;
  readonly #asker: Asker;
  readonly #broken: (reason: unknown) => void;
  constructor(session: Session, asker: Asker, broken: (reason: unknown) => void) {
    this.#session = session;
    this.#asker = asker;
    this.#broken = broken;
  }
  kept(value: unknown): void {
    this.#asker.kept(value, this.#session, this);
  }
  broken(reason: unknown): void {
    this.#session.connector.release(this);
    this.#broken(reason);
  }
}
