/**
 * The `^alarm-clock`: one timer for all timers of a shepherd. Alarms are instants of the wall clock, and a timer counts
 * by a clock that nobody sets and that may stand while the machine sleeps; so it looks at the wall clock again at least
 * each minute, and has everybody look where that was set back.
 */
import type { Bcom, Behavior, Clock, JournalCell, JournalMap, Ref, Turn } from '@bellwether/actors';
import { limits } from '../limits.ts';
import type { AlarmClock, Sleeper } from '../words/timer-types.ts';

interface Held {
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  readonly sleepers: JournalMap<string, Sleeping>;
  /** When it looks next, and by how much the wall clock was ahead of the other one when it looked last. */
  readonly look: JournalCell<{ readonly atMs: number; cancel(): void } | undefined>;
  readonly aheadMs: JournalCell<number>;
}
interface Sleeping {
  readonly atMs: number;
  readonly sleeper: Ref<Sleeper>;
}

/** Makes it, with nobody to wake. */
export const makeAlarmClock = (
  turn: Turn<AlarmClock>,
  _bcom: Bcom<AlarmClock>,
  clock: Pick<Clock, 'now' | 'wall'>,
): Behavior<AlarmClock> => {
  const held: Held = {
    clock,
    sleepers: turn.map(),
    look: turn.cell<{ readonly atMs: number; cancel(): void } | undefined>(undefined),
    aheadMs: turn.cell(clock.wall() - clock.now()),
  };
  return {
    wake: (turn, name, atMs, sleeper) => {
      held.sleepers.set(name, { atMs, sleeper });
      const next = held.look.get();
      if (next === undefined || atMs < next.atMs) lookAgain(held, turn);
    },
    forget: (_turn, name) => void held.sleepers.delete(name),
  };
};

/** Waits for the first of all, or a minute. */
const lookAgain = (held: Held, turn: Turn): void => {
  held.look.get()?.cancel();
  if (held.sleepers.size === 0) return held.look.set(undefined);
  const wall = held.clock.wall();
  let atMs = wall + limits.alarmLookMs;
  for (const each of held.sleepers.values()) atMs = Math.min(atMs, each.atMs);
  const { cancel } = turn.after(Math.max(atMs - wall, 0), (turn) => look(held, turn));
  held.look.set({ atMs, cancel });
};

const look = (held: Held, turn: Turn): void => {
  held.look.set(undefined);
  const wall = held.clock.wall();
  const ahead = wall - held.clock.now();
  const isSetBack = ahead < held.aheadMs.get() - limits.clockSlackMs;
  held.aheadMs.set(ahead);
  for (const [name, { atMs, sleeper }] of [...held.sleepers.entries()]) {
    if (atMs > wall && !isSetBack) continue;
    held.sleepers.delete(name);
    turn.tell(sleeper, 'due');
  }
  lookAgain(held, turn);
};
