/** Whether a service may be started: by its owner, and by its shepherd, which may be about to end. */
import type { Turn, Vow } from '@bellwether/actors';
import {
  change,
  enter,
  outcomeOf,
  stateOf,
  stopped,
  withLastLines,
  type ServiceHeld,
} from './service-state.ts';
import { disabledReasons } from '../words/wording.ts';
import type { Entry, Outcome } from '../words/types.ts';

/** Lets the service be started again. */
export const enable = (held: ServiceHeld, turn: Turn): Vow<Outcome> => setEnabled(held, turn, true);
/** Refuses starts from now on. A running service goes on, but is not respawned. */
export const disable = (held: ServiceHeld, turn: Turn): Vow<Outcome> => {
  const state = stateOf(held);
  if (state.at === 'resting') {
    state.timer.cancel();
    enter(held, turn, stopped, 'stopped');
    turn.tell(held.attendant, 'serviceIsLost', held.name, false);
  }
  return setEnabled(held, turn, false);
};
const setEnabled = (held: ServiceHeld, turn: Turn, isEnabled: boolean): Vow<Outcome> => {
  if (held.shown.get().isEnabled === isEnabled) return turn.kept(outcomeOf(held, 'ok'));
  recordEnabled(held, turn, isEnabled);
  return turn.kept(outcomeOf(held, 'changed'));
};
/** Notes it, and why the service has disabled itself. */
export const recordEnabled = (
  held: ServiceHeld,
  turn: Turn,
  isEnabled: boolean,
  disabledReason?: string,
): void => {
  change(held, turn, { isEnabled, disabledReason });
  turn.record({ kind: 'enabled', service: held.name, isEnabled } satisfies Entry);
};

/** Refuses a start; of a service that has disabled itself with the last lines of its log. */
export const refuseDisabled = (held: ServiceHeld, turn: Turn): Vow<Outcome> => {
  const { disabledReason, failure, exits } = held.shown.get();
  const why = disabledReasons({ disabledReason, failure, lastExit: exits.at(-1) });
  const outcome: Outcome = { ...outcomeOf(held, 'failed'), ...why, isDisabled: true };
  return disabledReason === undefined ? turn.kept(outcome) : withLastLines(held, turn, outcome);
};

/** No respawn and no start any more, for this reason. */
export const retire = (held: ServiceHeld, turn: Turn, why: string | undefined): void => {
  held.retirement.set(why);
  if (why === undefined) return;
  const state = stateOf(held);
  if (state.at !== 'resting') return;
  state.timer.cancel();
  enter(held, turn, stopped, 'stopped');
};
