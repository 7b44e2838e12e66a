/**
 * Vows of this package's own making: the vat offers vows to connectors only, so a small connector
 * stands behind each.
 */
import {
  type Answer,
  type Connector,
  type FarAnswer,
  type Frontier,
  Refused,
  type Target,
  type Vow,
} from '@bellwether/actors';

/** Messages wait for the vow, because its target has no slot. */
const NO_PIPE: Target = { slot: undefined };
/** Who listens only so that a vow of a connector starts. */
export const NOBODY: Answer = { kept: () => undefined, broken: () => undefined };

class Source implements Connector {
  readonly #start: (answer: Answer) => void;
  constructor(start: (answer: Answer) => void) {
    this.#start = start;
  }
  deliver(
    _to: Target,
    _method: string | undefined,
    _args: readonly unknown[],
    to?: FarAnswer,
  ): void {
    to?.broken(new Refused('captp: nothing can be sent to this vow before it has settled'));
  }
  listen(_to: Target, answer: FarAnswer): void {
    this.#start(answer);
  }
  release(): void {
    // Nothing is held here but the function, which goes with the vow.
  }
  onSever(): () => void {
    return () => undefined; // no session, so none that ends
  }
}

/** A vow that `start` settles; it is called once, soon, outside of any turn. */
export const vowFrom = (frontier: Frontier, start: (answer: Answer) => void): Vow => {
  const vow = frontier.farVow(new Source(start), NO_PIPE);
  frontier.listen(vow, NOBODY); // a vow of a connector starts when the first one listens
  return vow;
};

/** A vow that breaks. */
export const brokenVow = (frontier: Frontier, reason: Error): Vow =>
  vowFrom(frontier, (answer) => answer.broken(reason));

/** A vow, and what settles it: once, from outside of any turn. */
export const laterVow = (frontier: Frontier): { readonly vow: Vow; readonly answer: Answer } => {
  const answer = new Later();
  return { vow: vowFrom(frontier, (to) => answer.pass(to)), answer };
};

/** An answer that may come before anybody listens. */
class Later implements Answer {
  #to: Answer | undefined;
  #end: { readonly isKept: boolean; readonly value: unknown } | undefined;
  kept(value: unknown): void {
    this.#settle(true, value);
  }
  broken(reason: unknown): void {
    this.#settle(false, reason);
  }
  pass(to: Answer): void {
    this.#to = to;
    if (this.#end !== undefined) this.#tell(to, this.#end.isKept, this.#end.value);
  }
  #settle(isKept: boolean, value: unknown): void {
    this.#end = { isKept, value };
    if (this.#to !== undefined) this.#tell(this.#to, isKept, value);
  }
  #tell(to: Answer, isKept: boolean, value: unknown): void {
    if (isKept) to.kept(value);
    else to.broken(value);
  }
}
