/**
 * Starts that do not come to run their program: a disk that does not answer holds their process in the kernel, before
 * any signal but SIGKILL means anything to it.
 *
 *     spawning ──after a while──► looked at: the status says what it is at
 *              ──its deadline───► stopping, as one that was not ready; without a deadline it is waited for
 *              ──a stop─────────► stopping ──after the grace──► SIGKILL, also while nobody has told of its process
 */
import type { Turn } from '@bellwether/actors';
import { limits } from '../limits.ts';
import {
  change,
  say,
  stateOf,
  type Launch,
  type ServiceHeld,
  type Timer,
} from './service-state.ts';
import type { Readiness } from '../words/types.ts';

/** Looks at a start that takes long, and ends it where that is longer than it may take until it is ready. */
export const lookLater = (
  held: ServiceHeld,
  turn: Turn,
  startId: string,
  ready: Readiness,
  isLate: (turn: Turn, launch: Launch, reason: string) => void,
): Timer => {
  const withinMs = ready.kind === 'spawned' ? Infinity : ready.timeoutMs;
  const late = (turn: Turn): void => {
    const state = stateOf(held);
    if (state.at !== 'spawning' || state.startId !== startId) return;
    isLate(turn, state.launch, `its program was not run within ${withinMs / 1_000} s`);
  };
  return turn.after(Math.min(withinMs, limits.hangMs), (turn) => {
    const state = stateOf(held);
    if (state.at !== 'spawning' || state.startId !== startId) return;
    if (withinMs <= limits.hangMs) return late(turn);
    if (withinMs !== Infinity) {
      const deadline = turn.after(withinMs - limits.hangMs, late);
      change(held, turn, { state: { ...state, deadline } });
    }
    look(held, turn, startId);
  });
};

const look = (held: ServiceHeld, turn: Turn, startId: string): void =>
  void turn.when(turn.send(held.monitor, 'look', startId), (turn, hang) => {
    const state = stateOf(held);
    const isSame =
      (state.at === 'spawning' || state.at === 'stopping') && state.startId === startId;
    if (!isSame || hang === undefined) return;
    change(held, turn, { hang });
    const { pid, at } = hang;
    const text = `Process ${pid} of service ${held.name} hangs before it runs its program.`;
    say(held, turn, 'service.hangs', { pid, at, text });
  });

/** SIGKILL after the grace, for a start that nobody wants any more. */
export const cutShort = (held: ServiceHeld, turn: Turn, startId: string): Timer => {
  const { graceMs } = held.config.get().stop;
  return turn.after(graceMs, (turn) => {
    const text = `Grace period of ${graceMs / 1000} seconds is over; sending SIGKILL to what does not run its program.`;
    say(held, turn, 'service.killed', { startId, text });
    turn.tell(held.monitor, 'signal', startId, 'SIGKILL');
  });
};
