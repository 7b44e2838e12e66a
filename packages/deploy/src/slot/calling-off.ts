/**
 * `herd op cancel` of what a slot is about, by whoever has asked for it:
 *
 *     it is at                        and then
 *     verified, staged, prechecked    cancelled: nothing was touched
 *     activating, health-gate,        taken back, as by a rollback: he says that he does not confirm it. Not where
 *       awaiting-confirm                data would be lost that nobody has given up: that is said, and it goes on
 *     reverting                       it goes on back
 *
 * Where a right has ended instead, what was switched to goes on: it is confirmed by somebody, or not.
 */
import type { Turn } from '@bellwether/actors';
import { revert } from './back.ts';
import { endUnchanged } from './forward.ts';
import { mayGoBack } from './policy.ts';
import { named } from './record.ts';
import { keyOf, questionIn, type Held } from './state.ts';

/** Calls off what is under way, if it is this; `isTakenBack`: also what was switched to. */
export const callOff = (
  held: Held,
  turn: Turn,
  operation: string,
  principal: string,
  isTakenBack: boolean,
): void => {
  const record = held.record.get();
  const { underway } = record;
  if (underway?.operation !== operation || underway.asker !== principal) return;
  switch (underway.phase) {
    case 'verified':
    case 'staged':
    case 'prechecked':
      return endUnchanged(held, turn, 'cancelled', 'it was called off');
    case 'activating':
    case 'health-gate':
    case 'awaiting-confirm': {
      if (!isTakenBack) return;
      const { target, from, acceptsLoss = false } = underway;
      if (mayGoBack(record, target, from, acceptsLoss))
        return revert(held, turn, 'it was called off');
      const lines = held.waiters.get(keyOf(questionIn(underway)))?.lines;
      const why =
        `${named(record, target)} has changed data so that ${named(record, from)} cannot use it. ` +
        "'herd rollback --accept-data-loss' goes back all the same.";
      const text = `Service ${held.name}: not called off: ${why}`;
      if (lines !== undefined) turn.tell(lines, 'line', text, { about: held.name });
      return;
    }
    case 'reverting':
      return;
  }
};
