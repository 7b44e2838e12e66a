/**
 * Output commit: no effect leaves before the records that were written ahead of it are durable.
 *
 *   nothing durable ahead          effects run at once
 *   a commit under way that gates  later effects wait behind that commit
 *   records gathered meanwhile     they are the next commit (group commit); effects wait behind it
 *   very many of them              they are several, one after the other: to write many at once would block everybody
 *   records that gate nothing      are written with the same commits; no effect waits for them
 *
 * One commit at a time. A commit that fails closes the way out: nothing leaves any more.
 */
import type { Effect, GatedEntry } from './core.ts';
import { limits } from './limits.ts';
import type { Commit } from './types.ts';

/** The one way out of a vat. */
export class OutputCommit {
  readonly #commit: Commit | undefined;
  readonly #failed: (reason: unknown) => void;
  /** What waits for the commit under way. */
  #behind: Effect[] = [];
  #isCommitting = false;
  #isGating = false;
  /** What the next commits take, each whole batches of turns, and what waits for each. */
  #next: Next[] = [];
  #isClosed = false;
  constructor(commit: Commit | undefined, failed: (reason: unknown) => void) {
    this.#commit = commit;
    this.#failed = failed;
  }
  /** Takes what one batch of turns wrote; the lists stay the caller's. Never throws. */
  take(entries: readonly GatedEntry[], effects: readonly Effect[]): void {
    if (this.#commit !== undefined && entries.length > 0) this.#gather(entries);
    const behind = this.#next.findLast(({ gates }) => gates)?.behind;
    if (behind !== undefined) push(behind, effects);
    else if (this.#isGating) push(this.#behind, effects);
    else this.#run(effects);
    this.#commitNext();
  }
  close(): void {
    this.#isClosed = true;
    this.#behind = [];
    this.#next = [];
  }
  #gather(entries: readonly GatedEntry[]): void {
    let next = this.#next.at(-1);
    if (next === undefined || next.entries.length >= limits.entriesPerCommit) {
      next = { entries: [], behind: [], gates: false };
      this.#next.push(next);
    }
    for (const { entry, gates } of entries) {
      next.entries.push(entry);
      if (gates) next.gates = true;
    }
  }
  #commitNext(): void {
    if (this.#isCommitting || this.#commit === undefined) return;
    const next = this.#next.shift();
    if (next === undefined) return;
    const { entries } = next;
    this.#behind = next.behind;
    this.#isGating = next.gates;
    this.#isCommitting = true;
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

/** A commit to come. */
interface Next {
  readonly entries: unknown[];
  readonly behind: Effect[];
  gates: boolean;
}

const push = (list: Effect[], effects: readonly Effect[]): void => {
  for (const effect of effects) list.push(effect);
};
