/** What crosses machines of a timer: what its status tells, read field by field. */
import { limits } from '../limits.ts';
import { list, readBoolean, readCount, struct, type Read } from '../read.ts';
import type { TimerFacts, TimerRun } from './timer-types.ts';

/** @throws Malformed */
export const timerReader = (text: Read<string>): Read<TimerFacts> =>
  struct<TimerFacts>(
    { when: text },
    {
      nextMs: readCount,
      executingMs: readCount,
      leftCount: readCount,
      upcoming: list(readCount, limits.upcomingAlarmCount),
      runs: list(runReader(text), limits.timerRunCount),
    },
  );

const readTrue: Read<true | undefined> = (value, what) =>
  readBoolean(value, what) ? true : undefined;

const runReader = (text: Read<string>): Read<TimerRun> =>
  struct<TimerRun>(
    { number: readCount, startedMs: readCount },
    {
      endedMs: readCount,
      code: readCount,
      signal: text,
      reason: text,
      isOverdue: readTrue,
      isTriggered: readTrue,
      isLost: readTrue,
    },
  );
