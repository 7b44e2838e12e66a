/**
 * The receiver of followed logs. The answer to a batch, which is the credit for another, comes when what
 * it was printed to has taken it: a slow pager slows the reading of the file, on whatever machine that is.
 */
import type { Bcom, Behavior, Turn, Vow } from '@bellwether/actors';
import { limits, type Follower, type LogEvent, type LogQuery } from '@bellwether/shepherd';
import { BadAnswer, logBatchIn } from './answers.ts';
import { inOrder, whenTaken } from './batches.ts';
import type { Line, OnInterrupt, Stream } from './line.ts';

/**
 * Prints a batch, an empty one when the following has begun. Settles when more may come, rejects where nobody
 * reads any more: that ends the following.
 */
export type LogTold = (events: readonly LogEvent[]) => Promise<void>;

/**
 * Makes a follower that wants more until its session ends. What is no batch, or not the next one, is refused, and what
 * comes without credit: it would have to be kept until somebody reads it.
 */
const makeClientFollower = (
  turn: Turn<Follower>,
  _bcom: Bcom<Follower>,
  told: LogTold,
): Behavior<Follower> => {
  const batchCount = turn.cell(0);
  const waitingCount = turn.cell(0);
  const never = turn.vow<void>().vow;
  return {
    lines: (turn, batch, sequence): Vow<void> => {
      inOrder('log: expected batch', batchCount, sequence);
      if (waitingCount.get() >= limits.followBatchCount)
        throw new BadAnswer('log: a batch without credit');
      const events = logBatchIn(batch);
      waitingCount.set(waitingCount.get() + 1);
      return turn.when(
        whenTaken(turn, () => told(events)),
        () => waitingCount.set(waitingCount.get() - 1),
      );
    },
    // Whoever sends asks this first of all.
    over: (turn) => {
      turn.effect(() => void told([]).catch(ignored));
      return never;
    },
  };
};

/** Nobody reads any more: the next batch is refused with that. */
const ignored = (): void => undefined;

/** Begins to follow; `target` are the arguments in front of the query. */
export const openLog = (
  line: Line,
  method: 'follow' | 'follow-history',
  target: readonly string[],
  query: LogQuery,
  told: LogTold,
  onInterrupt: OnInterrupt,
): Stream =>
  line.open({
    method,
    args: (turn) => [...target, query, turn.spawn(makeClientFollower, told)],
    endsWithAnswer: true,
    onInterrupt,
  });
