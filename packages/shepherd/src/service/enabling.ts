/** Whether a service may be started: by its owner, and by its shepherd, which may be about to end. */
import type { Turn, Vow } from '@bellwether/actors';
import { notePrompt, promptNow } from './prompts.ts';
import { noteBesides } from './besides.ts';
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
import type { Entry, Outcome, Prompting } from '../words/types.ts';

/** Lets the service be started again. */
export const enable = (held: ServiceHeld, turn: Turn): Vow<Outcome> => setEnabled(held, turn, true);
/** Refuses starts from now on. A running service goes on, but is not respawned. */
export const disable = (held: ServiceHeld, turn: Turn, by: Prompting): Vow<Outcome> => {
  const state = stateOf(held);
  if (state.at === 'resting') {
    state.timer.cancel();
    notePrompt(held, turn, 'stopped', by);
    enter(held, turn, stopped, 'stopped');
    turn.tell(held.attendant, 'serviceIsLost', held.name, false);
  }
  return setEnabled(held, turn, false, by);
};
const setEnabled = (
  held: ServiceHeld,
  turn: Turn,
  isEnabled: boolean,
  by?: Prompting,
): Vow<Outcome> => {
  if (held.shown.get().isEnabled === isEnabled) return turn.kept(outcomeOf(held, 'ok'));
  recordEnabled(held, turn, isEnabled, by);
  return turn.kept(outcomeOf(held, 'changed'));
};
/** Notes it, and what it came from that it is disabled. */
export const recordEnabled = (
  held: ServiceHeld,
  turn: Turn,
  isEnabled: boolean,
  by?: Prompting,
): void => {
  const { disabled: _disabled, ...before } = held.prompts.get();
  const disabled = by && promptNow(held, by);
  held.prompts.set({ ...before, ...(disabled && { disabled }) });
  change(held, turn, { isEnabled });
  const because = disabled && { because: disabled };
  turn.record({ kind: 'enabled', service: held.name, isEnabled, ...because } satisfies Entry);
};

/** Refuses a start; of a service that has disabled itself with the last lines of its log. */
export const refuseDisabled = (held: ServiceHeld, turn: Turn): Vow<Outcome> => {
  const { failure, exits } = held.shown.get();
  const disabledReason = held.prompts.get().disabled?.reason;
  const why = disabledReasons({ disabledReason, failure, lastExit: exits.at(-1) });
  const outcome: Outcome = { ...outcomeOf(held, 'failed'), ...why, isDisabled: true };
  return disabledReason === undefined ? turn.kept(outcome) : withLastLines(held, turn, outcome);
};

/** No respawn and no start any more, for this reason; where it waits for one, it stops for what that comes from. */
export const retire = (
  held: ServiceHeld,
  turn: Turn,
  why: string | undefined,
  by: Prompting = { kind: 'reload' },
): void => {
  noteBesides(held, { retirement: why });
  if (why === undefined) return;
  const state = stateOf(held);
  if (state.at !== 'resting') return;
  state.timer.cancel();
  notePrompt(held, turn, 'stopped', by);
  enter(held, turn, stopped, 'stopped');
};
