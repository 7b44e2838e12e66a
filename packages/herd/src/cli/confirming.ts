/**
 * Confirms a release once it waits for that, through connections that were made after the switch:
 *
 *     every `confirmLookMs` ──► a connection of its own ──► status ──► is this release awaiting-confirm?
 *                                                              │          └ yes ──► confirm, through the same one
 *                                                              └ it may not be seen ──► confirm, refused until then
 *
 * What stands in the way is no failure: the machine goes back by itself if it lasts, and then it is told.
 */
import { isRemote } from '@bellwether/actors';
import { isDenial } from '@bellwether/fleet';
import type { Digest } from '@bellwether/deploy';
import { isGood } from '@bellwether/shepherd';
import { codeIn } from '../client/errors.ts';
import { visible } from '../client/escape.ts';
import { confirmBlindMs, confirmLookMs, probeMs, questionMs } from '../client/limits.ts';
import type { ServiceClient } from '../client/service.ts';
import { type Context, isPetnameWord, withService } from './context.ts';
import { freshOperation } from './commands/perform.ts';

/** The confirming of one release. Whoever begins it ends it. */
export class Confirming {
  readonly #context: Context;
  readonly #service: string;
  readonly #digest: Digest;
  #isOver = true;
  /** How it is may not be seen: each look is a command then, which is written down there. */
  #isBlind = false;
  #trouble: unknown;
  #release: () => void = () => undefined;
  constructor(context: Context, service: string, digest: Digest) {
    this.#context = context;
    this.#service = service;
    this.#digest = digest;
  }

  /** Looks, and confirms, until the end of it or Ctrl-C. */
  begin(): void {
    this.#isOver = false;
    this.#release = this.#context.terminal.onInterrupt(() => this.end());
    void this.#go();
  }
  end(): void {
    this.#isOver = true;
    this.#release();
  }
  /** What stood in the way last. */
  troubleLines(): readonly string[] {
    const reason = this.#trouble;
    if (reason === undefined) return [];
    const words = reason instanceof Error ? reason.message : String(reason);
    return [`herd: it could not be confirmed from here: ${visible(words)}`];
  }

  async #go(): Promise<void> {
    while (!this.#isOver) {
      await pause(this.#context, this.#waitMs());
      if (this.#isOver) return;
      try {
        const isDone = await withService(this.#context, this.#service, (to) => this.#look(to));
        this.#trouble = undefined;
        if (isDone) return;
      } catch (reason) {
        this.#trouble = reason;
      }
    }
  }
  #waitMs(): number {
    const { confirm = Infinity } = this.#context.options;
    return Math.min(this.#isBlind ? confirmBlindMs : confirmLookMs, confirm / 4);
  }
  async #look(client: ServiceClient): Promise<boolean> {
    const isAwaited = await this.#isAwaited(client);
    if (!isAwaited || this.#isOver) return false;
    const request = {
      // A refusal is remembered under its id.
      operation: freshOperation(),
      member: isPetnameWord(this.#service) ? this.#service.slice(1) : this.#service,
      action: 'confirm',
      args: [this.#digest],
      remainingMs: questionMs,
      hops: [],
    };
    const outcome = await client.perform(request, () => undefined, { waitMs: questionMs });
    if (!isGood(outcome)) throw new Error(outcome.reason ?? `the confirmation: ${outcome.result}`);
    return true;
  }
  /** Also where that may not be seen: it is tried then. */
  async #isAwaited(client: ServiceClient): Promise<boolean> {
    try {
      const status = await client.status(probeMs, { waitMs: questionMs });
      const slot = status.kind === 'fleet' ? undefined : slotOf(status);
      return slot?.phase === 'awaiting-confirm' && slot.target === this.#digest;
    } catch (reason) {
      this.#isBlind = isRemote(reason) && isDenial(codeIn(reason));
      if (this.#isBlind) return true;
      throw reason;
    }
  }
}
const slotOf = (
  status: object,
): { readonly phase?: string; readonly target?: string } | undefined =>
  'slot' in status && typeof status.slot === 'object' && status.slot !== null
    ? status.slot
    : undefined;

/** Settles after so many milliseconds, or at Ctrl-C. */
export const pause = ({ terminal }: Context, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const over = (): void => {
      stop();
      release();
      resolve();
    };
    const stop = terminal.every(ms, over);
    const release = terminal.onInterrupt(over);
  });
