/**
 * A stream that outlasts who sends it: a watching, a log that is followed.
 *
 *     what happens                        was it heard before?   then
 *     nobody is reached                   no                     told, as of any other command
 *     nobody is reached, session ended    yes                    said once; tried again, 0.25 s doubling to 5 s
 *     it is heard again                                          said once; on from there
 *     the peer refuses                                           told: the service may be gone by now
 *     Ctrl-C                                                     a good end, whenever it comes
 *     --timeout                                                  a good end; while it is away the last reason is told
 */
import { messageOf } from '@bellwether/actors';
import { isNoAnswer, isOutOfReach, isNoShepherd } from '../../client/errors.ts';
import { visible } from '../../client/escape.ts';
import { firstAgainMs, lastAgainMs } from '../../client/limits.ts';
import { type Context, isPetnameWord } from '../context.ts';
import { pause } from '../terminal/pause.ts';

/** How an attempt hears that it is heard, and when it has to end. */
export interface Hearing {
  /** To be called when the peer says something. */
  readonly heard: () => void;
  /** Whether the peer was lost and has not been heard again. */
  readonly isAway: () => boolean;
  /** When to end, on the terminal's monotonic clock, in milliseconds; Infinity: never by itself. */
  readonly endsAt: number;
}
/** What is streamed. */
export interface Lasting {
  /** Who sends it, for people. */
  readonly whom: string;
  /** Begins it, on a line of its own, and settles when Ctrl-C, the time or the peer has ended it. */
  readonly attempt: (attempt: Hearing) => Promise<void>;
  /** Told before something is said on standard error. */
  readonly aside: () => void;
}

/** What to call the sender of what a word leads to; none: of everything here. */
export const senderOf = (service: string | undefined): string =>
  service !== undefined && isPetnameWord(service) ? visible(service) : 'the shepherd';

/** Runs attempts until one ends well. Rejects with what the peer refuses, or with why it is away at the end. */
export const lasting = async (context: Context, stream: Lasting): Promise<void> => {
  const { terminal, options } = context;
  const endsAt = terminal.now() + (options.timeout ?? Infinity);
  let lost: unknown;
  let isKnown = false;
  let waitMs = firstAgainMs;
  let isInterrupted = false;
  const say = (what: string): void => {
    stream.aside();
    terminal.err(`herd: ${stream.whom} ${what}\n`);
  };
  const heard = (): void => {
    isKnown = true;
    waitMs = firstAgainMs;
    if (lost === undefined) return;
    lost = undefined;
    say('is there again');
  };
  const release = terminal.onInterrupt(() => (isInterrupted = true));
  try {
    for (;;) {
      const reason = await failureOf(
        stream.attempt({ heard, isAway: () => lost !== undefined, endsAt }),
      );
      if (isInterrupted) return;
      isKnown ||= isNoAnswer(reason);
      if (reason !== undefined && !(isKnown && mayPass(reason))) throw reason;
      if (reason === undefined && lost === undefined) return;
      if (lost === undefined) say(`is away, trying again: ${visible(messageOf(reason))}`);
      lost = reason ?? lost;
      await pause(context, Math.min(waitMs, endsAt - terminal.now()));
      if (isInterrupted) return;
      if (terminal.now() >= endsAt) throw lost;
      waitMs = Math.min(2 * waitMs, lastAgainMs);
    }
  } finally {
    release();
  }
};

const failureOf = async (attempt: Promise<void>): Promise<unknown> => {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    return error;
  }
};
/** Whether trying again may help: nobody has refused anything. */
const mayPass = (reason: unknown): boolean =>
  isNoAnswer(reason) || isOutOfReach(reason) || isNoShepherd(reason);
