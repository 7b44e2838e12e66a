/**
 * What becomes of what an earlier life has left. Its service was described as the release that it was run as, and its
 * processes were adopted, before:
 *
 *     it was at                           what becomes of it
 *     verified, staged, prechecked        failed-unchanged: nothing was touched
 *     activating, health-gate             the trial begins anew, with what was left of its time
 *     awaiting-confirm                    waits for what was left
 *     reverting                           goes on back, likewise
 *
 * What is left is the less of what the wall clock says and of what was noted last: a clock that was set back gives at
 * most the time since that note again, one that was set forward takes at most all of it.
 */
import type { Turn } from '@bellwether/actors';
import { goBack, lose, revert } from './back.ts';
import { awaitConfirm, endUnchanged, onTrial } from './forward.ts';
import { limits } from './limits.ts';
import { factsOf, runningIn } from './record.ts';
import {
  deadline,
  endAfter,
  later,
  leftMs,
  move,
  pointTo,
  serviceOf,
  statusOf,
  type Held,
} from './state.ts';
import { endIn } from './trial.ts';
import type { Underway } from './types.ts';

/** Goes on. */
export const resume = (held: Held, turn: Turn): void => {
  const record = held.record.get();
  const { underway } = record;
  turn.call(serviceOf(held), 'showSlot', factsOf(record));
  // No tree goes now: where the records are those of a backup, the process that was adopted may run in any of them.
  if (record.generation > 0) pointTo(held, turn, runningIn(record));
  if (underway === undefined) return;
  switch (underway.phase) {
    case 'verified':
    case 'staged':
    case 'prechecked':
      return endUnchanged(held, turn, 'failed', 'the shepherd ended before it was switched to');
    case 'activating':
    case 'health-gate':
    case 'awaiting-confirm':
    case 'reverting':
      return goOn(held, turn, underway, leftIn(held, underway));
  }
};

const leftIn = ({ clock }: Held, { deadlineMs = 0, leftMs = 0 }: Underway): number =>
  Math.max(0, Math.min(leftMs, deadlineMs - clock.wall()));

const goOn = (held: Held, turn: Turn, before: Underway, ms: number): void => {
  const isWaiting = before.phase === 'awaiting-confirm';
  const underway = { ...before, ...deadline(held, ms) };
  held.upSinceMs.set(held.clock.now());
  held.wasFoundDisabled.set(!statusOf(held, turn).isEnabled);
  move(held, turn, { underway });
  if (underway.phase === 'reverting') return goBack(held, turn, underway, ms);
  const late = 'the shepherd ended, and its time was up before it was well again';
  endAfter(held, turn, ms, (turn) => revert(held, turn, late));
  settle(held, turn, (turn) => {
    if (isWaiting) awaitConfirm(held, turn, leftMs(held));
    else onTrial(held, turn, { ...underway, phase: 'activating' }, leftMs(held));
  });
};
/** What it requires comes first when a life begins: until then it is stopped, and nothing is wrong. */
const settle = (held: Held, turn: Turn, go: (turn: Turn) => void): void => {
  const status = statusOf(held, turn);
  if (status.isWanted !== true) return lose(held, turn);
  if (!status.isEnabled) return revert(held, turn, 'it is disabled');
  if (status.stage !== 'stopped' || endIn(status) !== undefined) return go(turn);
  later(held, turn, limits.lookMs, (turn) => settle(held, turn, go));
};
