/**
 * The receiver of a watching. The answer to a push, which is the credit for another, comes when what it
 * was shown on has taken it: a slow terminal is told less often, and never what is old by then.
 */
import type { Bcom, Behavior, Turn, Vow } from '@bellwether/actors';
import type { Observer, Status } from '@bellwether/shepherd';
import { statusesIn } from './answers.ts';
import { inOrder, whenTaken } from './batches.ts';
import type { Line, OnInterrupt, Stream } from './line.ts';

/** Shows a push; none: a heartbeat. Settles when more may come; rejects where nobody looks any more. */
export type StatusTold = (statuses: readonly Status[]) => Promise<void>;

/** Makes an observer. What is no push, or not the next one, is refused, which ends the watching. */
const makeClientObserver = (
  turn: Turn<Observer>,
  _bcom: Bcom<Observer>,
  told: StatusTold,
): Behavior<Observer> => {
  const pushCount = turn.cell(0);
  return {
    observed: (turn, sequence, pushed): Vow<void> => {
      inOrder('watch: expected push', pushCount, sequence);
      const statuses = statusesIn(pushed);
      return whenTaken(turn, () => told(statuses));
    },
  };
};

/** Begins to watch; `target` are the arguments in front of the observer. */
export const openWatching = (
  line: Line,
  target: readonly (readonly string[])[],
  heartbeatMs: number,
  told: StatusTold,
  onInterrupt: OnInterrupt,
): Stream =>
  line.open({
    method: 'watch',
    args: (turn) => [...target, turn.spawn(makeClientObserver, told), heartbeatMs],
    endsWithAnswer: false,
    onInterrupt,
  });
