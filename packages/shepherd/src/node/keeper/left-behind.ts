/**
 * What a start has left that has ended: processes in a session of their own, which no signal to its group has reached.
 * They have come back to the anchor, and tell by their environment which start has made them. They are told, and
 * nothing is done to them: GNU Shepherd leaves them alone, too, and some are meant to go on, as a session of sshd.
 *
 * Not told are those that write over their environment, that another living process has made, that were there when the
 * anchor was killed, or that many younger ones hide.
 */
import { startIdVariable } from '../../words/records.ts';
import type { Proc } from '../proc.ts';
import { leftLookCount } from './limits.ts';

/** Tells of one start, a number and a name for each; `orphans` are children of the anchor that are of no start. */
export const makeLeftBehind = (
  proc: Proc,
  orphans: () => readonly number[],
): ((startId: string) => readonly string[]) => {
  let seen: readonly number[] | undefined;
  /** What the keeper says at once are ends that were before: one look is enough for a thousand. */
  const seenNow = (): readonly number[] => {
    if (seen === undefined) queueMicrotask(() => (seen = undefined));
    return (seen ??= orphans().slice(-leftLookCount));
  };
  return (startId) =>
    proc
      .findByEnvironment(startIdVariable, new Set([startId]), seenNow())
      .map(({ pid }) => `${pid} (${proc.nameOf(pid)})`);
};
