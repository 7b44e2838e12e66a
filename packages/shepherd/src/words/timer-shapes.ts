/** What crosses machines of a timer: what its status tells, read field by field. */
import { limits } from '../limits.ts';
import { list, readCount, readTrue, struct, wordOf, type Read } from '../read.ts';
import type { CalendarEvent, TimerFacts, TimerRun } from './timer-types.ts';

/** @throws Malformed */
export const timerReader = (text: Read<string>): Read<TimerFacts> =>
  struct<TimerFacts>(
    { when: text },
    {
      event: readEvent,
      nextMs: readCount,
      executingMs: readCount,
      leftCount: readCount,
      upcoming: list(readCount, limits.upcomingAlarmCount),
      runs: list(runReader(text), limits.timerRunCount),
    },
  );

const numbers = list(readCount, limits.calendarNumberCount);
const readEvent = struct<CalendarEvent>(
  { kind: wordOf(['calendar'] as const, 'calendar'), seconds: numbers },
  {
    minutes: numbers,
    hours: numbers,
    daysOfMonth: numbers,
    months: numbers,
    daysOfWeek: numbers,
    isEitherDay: readTrue,
  },
);

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
