/**
 * How a finished command ends for scripts. The first line that holds decides:
 *
 *     9   every target lost to a later command, or has another operation under way
 *     8   of some target the way back to the release before failed: somebody has to look
 *     7   some target went back to the release before
 *     2   every target refused what was typed, which has to be changed
 *     1   every target failed, or the command itself did
 *     3   some targets failed or were denied, also where enough are ready
 *     5   every target was denied: a grant does not allow it, or not any more
 *     0   the policy is met; strictly: by every member
 *     6   the operation's own deadline passed and outcomes are not known
 *     9   all that is missing lost to a later command: nobody was out of reach, so there is nothing to look for
 *     4   the rest: nothing failed, something was not reached or is not known
 *
 * So 4 is told only where a target did not answer, was left out or was called off: who lost has an answer, and to ask
 * again is what helps.
 *
 * A command without rows is one target.
 */
import { isGood, worstOf, type Outcome, type Row } from '@bellwether/shepherd';

/** By what a client judges the outcome. */
export interface Strictness {
  /** Whether every member must have succeeded, whatever the policy of the fleet. */
  readonly isStrict: boolean;
}

/** The exit code for an outcome; usage, refusal and interruption are the client's own affair. */
export const exitCodeOf = (
  outcome: Outcome,
  { isStrict }: Strictness,
): 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 => {
  const targets: readonly Row[] = outcome.rows.length > 0 ? outcome.rows : [outcome];
  if (targets.every(isOutdone)) return 9;
  const worst = worstOf([outcome, ...targets]);
  if (worst === 'rollback-failed') return 8;
  if (worst === 'rolled-back') return 7;
  if (targets.every(({ isSlip }) => isSlip === true)) return 2;
  const failedCount = targets.filter((row) => row.result === 'failed').length;
  if (failedCount > 0) return failedCount === targets.length ? 1 : 3;
  if (outcome.result === 'failed') return 1;
  const deniedCount = targets.filter((row) => row.result === 'denied').length;
  if (deniedCount > 0) return deniedCount === targets.length ? 5 : 3;
  const missing = targets.filter((row) => !isGood(row));
  if (isStrict ? missing.length === 0 : isGood(outcome)) return 0;
  if (missing.length > 0 && missing.every(isOutdone)) return 9;
  return outcome.isLate === true && targets.some(isOpen) ? 6 : 4;
};

const isOutdone = ({ result, isBusy }: Row): boolean =>
  result === 'superseded' || (result === 'failed' && isBusy === true);
const isOpen = (row: Row): boolean => row.result === 'timed-out' || row.result === 'unknown';
