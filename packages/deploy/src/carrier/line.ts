/** The `^line`: so many at a time, in the order in which they came. Who waits for somebody else leaves it meanwhile. */
import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';

/** Who wants to be at his turn. Near only. */
export interface Queuer {
  /** It is, until it exits. */
  go(): void;
}
/** Near only. */
export interface Line {
  enter(queuer: Ref<Queuer>): void;
  /** At its turn, or not yet, it wants no more; nothing for who is not in it. */
  exit(queuer: Ref<Queuer>): void;
}

/** Makes one for so many at a time. */
export const makeLine = (
  turn: Turn<Line>,
  _bcom: Bcom<Line>,
  atOnceCount: number,
): Behavior<Line> => {
  /** Those that are in it, the first ones at their turn. */
  const queuers = turn.map<Ref<Queuer>, 'waits' | 'goes'>();
  const goingCount = turn.cell(0);
  const next = (turn: Turn<Line>): void => {
    for (const [queuer, state] of queuers.entries()) {
      if (goingCount.get() >= atOnceCount) return;
      if (state === 'goes') continue;
      queuers.set(queuer, 'goes');
      goingCount.set(goingCount.get() + 1);
      turn.tell(queuer, 'go');
    }
  };
  return {
    enter: (turn, queuer) => {
      if (queuers.has(queuer)) return;
      queuers.set(queuer, 'waits');
      next(turn);
    },
    exit: (turn, queuer) => {
      const state = queuers.get(queuer);
      queuers.delete(queuer);
      if (state !== 'goes') return;
      goingCount.set(goingCount.get() - 1);
      next(turn);
    },
  };
};
