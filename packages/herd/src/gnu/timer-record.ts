/**
 * A timer as GNU Shepherd's clients know one. The next alarms they work out from its event by themselves; where it
 * rings by other rules than theirs there is none. Runs are told also of one that is stopped, unlike there. The
 * environment of what it runs is nobody's business, unlike there, too.
 */
import os from 'node:os';
import type { CalendarEvent, LocalStatus, TimerFacts, TimerRun } from '@bellwether/shepherd';
import { shown } from './shown.ts';
import { Dotted, Real, sym, type Datum } from './wire/datum.ts';
import { field, versionZero } from './wire/request.ts';

/** What of the status of a timer its record is made of. */
export type TimerStatus = Pick<LocalStatus, 'stage' | 'pid' | 'command' | 'runsAs'> & {
  readonly timer: TimerFacts;
};

/** The running value of a timer. */
export const timerRecord = (status: TimerStatus): Datum => {
  const { timer, stage, pid } = status;
  const { event, executingMs, leftCount, runs = [] } = timer;
  return [
    sym('timer'),
    versionZero,
    field('event', event === undefined || stage !== 'running' ? false : eventDatum(event)),
    field('action', commandDatum(status)),
    field(
      'processes',
      pid === undefined || executingMs === undefined
        ? []
        : [new Dotted([pid], secondsOf(executingMs))],
    ),
    field('remaining-occurrences', leftCount ?? new Real(Infinity)),
    field('past-runs', runs.flatMap(runDatum).toReversed()),
  ];
};

/** Seconds since 1970. */
export const secondsOf = (ms: number): number => Math.floor(ms / 1_000);
/** The number of a signal, or undefined where this machine has none of that name. */
const signalNumber = (name: string): number | undefined =>
  new Map<string, number>(Object.entries(os.constants.signals)).get(name);
/** As `waitpid` tells it: the code in the second byte, a signal in the first. */
export const waitStatus = ({
  code,
  signal,
}: {
  readonly code?: number;
  readonly signal?: string;
}): number | undefined => (signal === undefined ? code && code * 256 : signalNumber(signal));

const from = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);
const eventDatum = (event: CalendarEvent): Datum => [
  sym('calendar-event'),
  versionZero,
  field('seconds', event.seconds),
  field('minutes', event.minutes ?? from(0, 59)),
  field('hours', event.hours ?? from(0, 23)),
  field('days-of-month', event.daysOfMonth ?? from(1, 31)),
  field('days-of-week', event.daysOfWeek ?? from(0, 6)),
  field('months', event.months ?? from(1, 12)),
];

const commandDatum = ({ command = [], runsAs = {} }: TimerStatus): Datum => [
  sym('command'),
  versionZero,
  field('arguments', command.map(shown)),
  field('user', runsAs.user === undefined ? false : String(runsAs.user)),
  field('group', runsAs.group === undefined ? false : String(runsAs.group)),
  field('supplementary-groups', []),
  field('environment-variables', []),
  field('directory', '/'),
  field('resource-limits', []),
];

/** One that goes on is among the processes; of one that was lost there is nothing to tell in these words. */
const runDatum = (run: TimerRun): readonly Datum[] => {
  const { startedMs, endedMs, reason } = run;
  if (endedMs === undefined) return [];
  const status =
    reason === undefined
      ? waitStatus(run)
      : [sym('exception'), sym('misc-error'), false, '~A', [shown(reason)], false];
  return status === undefined ? [] : [[status, secondsOf(endedMs), secondsOf(startedMs)]];
};
