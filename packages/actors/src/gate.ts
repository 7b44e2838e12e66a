/**
 * Output commit: no effect leaves before the records that were written ahead of it are durable.
 *
 *   nothing durable ahead          effects run at once
 *   a commit under way that gates  later effects wait behind that commit
 *   records gathered meanwhile     they are the next commit (group commit); effects wait behind it
 *   records that gate nothing      are written with the same commits; no effect waits for them
 *
 * One commit at a time. A commit that fails closes the gate: nothing leaves any more.
 */
import type { Effect, GatedEntry } from './core.ts';
import type { Commit } from './types.ts';

/** The one way out of a vat. */
export class Gate {
  readonly #commit: Commit | undefined;
  readonly #failed: (reason: unknown) => void;
  /** What waits for the commit under way. */
  #behind: Effect[] = [];
  #isCommitting = false;
  #isGating = false;
  /** What the next commit takes, and what waits for it. */
  #entries: unknown[] = [];
  #behindNext: Effect[] = [];
  #willGate = false;
  #isClosed = false;
  constructor(commit: Commit | undefined, failed: (reason: unknown) => void) {
    this.#commit = commit;
    this.#failed = failed;
  }
  /** Takes what one batch of turns wrote; the lists stay the caller's. Never throws. */
  take(entries: readonly GatedEntry[], effects: readonly Effect[]): void {
    if (this.#commit !== undefined) for (const entry of entries) this.#gather(entry);
    if (this.#willGate) push(this.#behindNext, effects);
    else if (this.#isGating) push(this.#behind, effects);
    else this.#run(effects);
    this.#commitNext();
  }
  close(): void {
    this.#isClosed = true;
    this.#behind = [];
    this.#behindNext = [];
    this.#entries = [];
  }
  #gather(entry: GatedEntry): void {
    this.#entries.push(entry.entry);
    if (entry.gates) this.#willGate = true;
  }
  #commitNext(): void {
    if (this.#isCommitting || this.#commit === undefined) return;
    if (this.#entries.length === 0) return;
    const entries = this.#entries;
    this.#behind = this.#behindNext;
    this.#isGating = this.#willGate;
    this.#isCommitting = true;
    this.#entries = [];
    this.#behindNext = [];
    this.#willGate = false;
    let isDone = false;
    try {
      this.#commit(entries, (failure) => {
        if (isDone) return;
        isDone = true;
        this.#committed(failure);
      });
    } catch (reason) {
      this.#failed(reason);
    }
  }
  #committed(failure: Error | undefined): void {
    if (failure !== undefined) {
      this.#failed(failure);
      return;
    }
    const effects = this.#behind;
    this.#behind = [];
    this.#isCommitting = false;
    this.#isGating = false;
    this.#run(effects);
    this.#commitNext();
  }
  #run(effects: readonly Effect[]): void {
    try {
      for (let at = 0; at < effects.length && !this.#isClosed; at += 1) effects[at]?.perform();
    } catch (reason) {
      this.#failed(reason);
    }
  }
}

const push = (list: Effect[], effects: readonly Effect[]): void => {
  for (const effect of effects) list.push(effect);
};
