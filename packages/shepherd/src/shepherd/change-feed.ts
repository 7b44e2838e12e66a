/**
 * The `^change-feed`: who follows the history hears of each status that changes. Changes come from
 * services, which wait for nobody: of what a slow follower has not taken a bounded number waits, and the
 * rest is told as a number. The history itself has them all, as far back as it goes.
 */
import type { Bcom, Behavior, JournalCell, Ref, Turn } from '@bellwether/actors';
import { limits } from '../limits.ts';
import type { ChangeFeed, LogEvent, LogStream } from '../words/types.ts';

interface Listening {
  readonly stream: Ref<LogStream>;
  readonly waitingCount: JournalCell<number>;
  readonly droppedCount: JournalCell<number>;
}

/** Makes a feed that nobody follows. `node` is the name of this shepherd. */
export const makeChangeFeed = (
  turn: Turn<ChangeFeed>,
  _bcom: Bcom<ChangeFeed>,
  node: string,
): Behavior<ChangeFeed> => {
  const entries = turn.map<number, Listening>();
  const lastNumber = turn.cell(0);
  const changeCount = turn.cell(0);
  return {
    changed: (turn, change) => {
      for (const entry of entries.values()) tell(node, turn, entry, { kind: 'change', ...change });
      changeCount.set(changeCount.get() + 1);
      return changeCount.get();
    },
    follow: (turn, stream) => {
      const number = lastNumber.get() + 1;
      lastNumber.set(number);
      entries.set(number, { stream, waitingCount: turn.cell(0), droppedCount: turn.cell(0) });
      const gone = (): void => void entries.delete(number);
      return turn.when(turn.call(stream, 'over'), gone, gone);
    },
  };
};

const tell = (node: string, turn: Turn, entry: Listening, event: LogEvent): void => {
  const { stream, waitingCount, droppedCount } = entry;
  if (waitingCount.get() >= limits.waitingChangeCount)
    return droppedCount.set(droppedCount.get() + 1);
  waitingCount.set(waitingCount.get() + 1);
  const isTaken = (turn: Turn): void => {
    waitingCount.set(waitingCount.get() - 1);
    const count = droppedCount.get();
    if (count === 0) return;
    droppedCount.set(0);
    const text = `${count} changes came too fast; the history has them`;
    tell(node, turn, entry, { kind: 'note', from: node, what: 'gone', text });
  };
  turn.when(turn.send(stream, 'pass', [event]), isTaken, () => undefined);
};
