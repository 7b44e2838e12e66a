/** Work of herd's own that takes its time: a line that says how far it is, on a terminal alone, and Ctrl-C. */
import { Detached } from '../../client/errors.ts';
import type { Context } from '../context.ts';
import { isLive } from './progress.ts';
import { cutTo, erase, redrawMs } from '../terminal/screen.ts';

/** Some work that goes on. Whoever makes one ends it. */
export class WorkLine {
  readonly #context: Context;
  readonly #stops: readonly (() => void)[];
  #line: string | undefined;
  #isDrawn: boolean;
  #isInterrupted: boolean;

  constructor(context: Context) {
    const { terminal } = context;
    this.#context = context;
    this.#isDrawn = false;
    this.#isInterrupted = false;
    this.#stops = [
      terminal.onInterrupt(() => (this.#isInterrupted = true)),
      ...(isLive(context) ? [terminal.every(redrawMs, () => this.#draw())] : []),
    ];
  }

  /** How far it is. @throws Detached after Ctrl-C, which ends the work from within */
  say(line: string): void {
    this.#line = line;
    if (this.#isInterrupted) throw new Detached(false);
  }
  /** Takes the line away, for good. */
  end(): void {
    for (const stop of this.#stops) stop();
    if (this.#isDrawn) this.#context.terminal.err(erase(1));
  }

  #draw(): void {
    const { terminal } = this.#context;
    if (this.#line === undefined) return;
    const line = cutTo(this.#line, Math.max(1, terminal.columns - 1));
    terminal.err(`${this.#isDrawn ? erase(1) : ''}${line}\n`);
    this.#isDrawn = true;
  }
}
