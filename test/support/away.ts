/** A service elsewhere whose machine comes and goes. It outlives the daemon that asks it, and knows commands by their ids. */
import type { Answer, Turn, Vow, World } from '@bellwether/actors';
import type { Attempt, Outcome, Request } from '@bellwether/shepherd';

/** Milliseconds until a question arrives, or nobody is found to ask. */
const wayMs = 5;

export class Away {
  isThere = false;
  /** What it has done, as `OPERATION ACTION`: each once, unless it was told twice. */
  readonly done: string[] = [];
  /** Operations that get lost on their way, and are never answered. */
  readonly lost = new Set<string>();
  /** How often anybody tried, be it in vain. */
  triedCount = 0;
  readonly name: string;
  readonly #world: World;
  readonly #seen = new Map<string, Outcome>();
  #waiting: Answer[] = [];

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
  }

  /** From now on there is contact. */
  comesBack(): void {
    this.isThere = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const answer of waiting) this.#world.at(wayMs, () => answer.kept(undefined));
  }
  readonly contact = (turn: Turn): Vow<void> =>
    turn.ask<void>((answer) => {
      if (this.isThere) answer.kept(undefined);
      else this.#waiting.push(answer);
    });
  readonly perform = (turn: Turn, request: Request): Vow<Outcome> =>
    turn.ask<Outcome>((answer) => {
      this.triedCount += 1;
      const { operation, action, isRepeat } = request;
      if (this.lost.has(operation)) return;
      this.#world.at(wayMs, () => {
        const outcome = this.#answer(operation, action, isRepeat === true);
        this.#world.at(wayMs, () => answer.kept(outcome));
      });
    });
  /** Breaks what waits for contact, as a service does that a reload has replaced. */
  isReplaced(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const answer of waiting) answer.broken(new Error('not followed any more'));
  }

  #answer(operation: string, action: string, isRepeat: boolean): Attempt {
    const outcome = (result: Outcome['result'], reason?: string): Outcome => ({
      member: this.name,
      result,
      ...(reason !== undefined && { reason }),
      rows: [],
    });
    if (!this.isThere)
      return {
        ...outcome(isRepeat ? 'unknown' : 'unreachable', `cannot reach ${this.name}.`),
        isUnmet: true,
      };
    const seen = this.#seen.get(`${operation} ${action}`);
    if (seen !== undefined) return seen;
    if (isRepeat) return { ...outcome('skipped', 'it never came.'), isUnmet: true };
    this.done.push(`${operation} ${action}`);
    const changed = outcome('changed');
    this.#seen.set(`${operation} ${action}`, changed);
    return changed;
  }
}
