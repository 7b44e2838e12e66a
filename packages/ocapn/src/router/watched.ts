/** What `dial` hands out: a reference that is reached, and the news that it is lost. */
import type { Answer, FarAnswer } from '@bellwether/actors';
import type { Session } from '../session/session.ts';
import type { Asker } from './asking.ts';

/** Settles `reached` and `lost` as Router.dial says, until it is cancelled. */
export class Watched implements Asker {
  readonly #reached: Answer;
  readonly #lost: Answer;
  #isCancelled = false;
  #unwatch: () => void = () => undefined;
  constructor(reached: Answer, lost: Answer) {
    this.#reached = reached;
    this.#lost = lost;
  }
  sent(): boolean {
    return false; // nothing is sent before it is reached
  }
  kept(value: unknown, session: Session, fetched: FarAnswer): void {
    session.connector.release(fetched);
    this.found(value, (told) => session.connector.onSever(session.bootstrap, told));
  }
  /** The value is reached; `watch` subscribes to its loss. */
  found(value: unknown, watch: (told: (reason: unknown) => void) => () => void): void {
    if (this.#isCancelled) return;
    this.#reached.kept(value);
    this.#unwatch = watch((reason) => this.#lost.broken(reason));
  }
  broken(reason: unknown): void {
    if (this.#isCancelled) return;
    this.#reached.broken(reason);
    this.#lost.broken(reason);
  }
  cancel(): void {
    this.#isCancelled = true;
    this.#unwatch();
  }
}
