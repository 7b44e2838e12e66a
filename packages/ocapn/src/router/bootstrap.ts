/**
 * Export 0 of every session: what a peer can ask before it has any reference. It stands behind a
 * far ref of the vat, so that its answers can be pipelined to like any others. Gifts are of one
 * session, and never come here: `session/incoming.ts` has them deposited and withdrawn.
 */
import {
  codeOf,
  type Connector,
  type FarAnswer,
  type Frontier,
  reasonOf,
  Refused,
  type Target,
  type Vow,
} from '@bellwether/actors';
import { Opening } from '../session/opening.ts';
import { UNKNOWN } from '../session/reasons.ts';
import type { Fetch } from './types.ts';

/** The bootstrap object: `fetch(swissnum)`. One for all sessions: who asks stands beside what is asked. */
export class Bootstrap implements Connector {
  readonly #frontier: Frontier;
  readonly #fetch: Fetch;
  readonly #swissnumBytes: number;
  /** The refusal that was given last: an error of its own, with its stack, takes 1 KB for each guess. */
  #refusal: Error = new Refused(UNKNOWN);
  /** `swissnumBytes`: the longest swissnum that is looked up. */
  constructor(frontier: Frontier, fetch: Fetch, swissnumBytes: number) {
    this.#frontier = frontier;
    this.#fetch = fetch;
    this.#swissnumBytes = swissnumBytes;
  }
  deliver(
    _to: Target,
    method: string | undefined,
    [swissnum, opening]: readonly unknown[],
    answer?: FarAnswer,
  ): void {
    if (answer === undefined) return; // a fetch that nobody wants the result of
    if (method !== 'fetch')
      return answer.broken(new Refused('captp: the bootstrap object has no such method'));
    const isSwissnum = swissnum instanceof Uint8Array && swissnum.length <= this.#swissnumBytes;
    const isSession = opening instanceof Opening;
    const found =
      isSwissnum && isSession ? this.#fetch(swissnum, opening.atMs, opening.peer) : undefined;
    if (found === undefined) answer.broken(this.#shared(new Refused(UNKNOWN)));
    else
      this.#frontier.listen(found as Vow, {
        kept: (value) => answer.kept(value),
        broken: (reason) => answer.broken(this.#shared(reasonOf(reason))),
      });
  }
  listen(_to: Target, answer: FarAnswer): void {
    answer.broken(new Refused('captp: the bootstrap object is no promise'));
  }
  release(): void {
    // It is always there.
  }
  onSever(): () => void {
    return () => undefined; // it ends with the process
  }

  /** One object for all refusals in the same words. */
  #shared(reason: Error): Error {
    const last = this.#refusal;
    const isSame = codeOf(last) === codeOf(reason) && last.message === reason.message;
    if (!isSame) this.#refusal = reason;
    return this.#refusal;
  }
}
