/** What a `^schedule` has and writes down: its alarms, and its runs. */
import type { Clock, JournalCell, JournalMap, Log, Ref, Resolver, Turn } from '@bellwether/actors';
import { withRun, type NotedRun } from './history.ts';
import type {
  AlarmClock,
  RecordedRun,
  TimerConfig,
  TimerMemory,
  TimerRecord,
  TimerRun,
  Zone,
} from '../words/timer-types.ts';
import type {
  Attendant,
  Entry,
  LocalService,
  ProcessMonitor,
  Run,
  ServiceConfig,
} from '../words/types.ts';

/** What makes a schedule. */
export interface ScheduleOptions {
  readonly name: string;
  /** The name of this shepherd: by it and its own a service is early or late within its spread. */
  readonly node: string;
  readonly service: Ref<Pick<LocalService, 'timed'>>;
  readonly attendant: Ref<Attendant>;
  readonly monitor: Ref<ProcessMonitor>;
  readonly alarms: Ref<AlarmClock>;
  readonly clock: Pick<Clock, 'wall'>;
  readonly zone: Zone;
  readonly log: Log;
  /** What an earlier life has left. */
  readonly memory: TimerMemory;
}

/** A run that goes on. */
export interface LivingRun {
  readonly startId: string;
  /** Absent until its program runs. */
  readonly run?: Run;
  /** Ends it when it has taken too long. */
  readonly limit?: { cancel(): void };
  /** It is being ended, with SIGKILL then. */
  readonly grace?: { cancel(): void };
}
/** The description of a service that has alarms. */
export type ArmedConfig = ServiceConfig & { readonly timer: TimerConfig };
/** What one has. */
export interface ScheduleHeld extends ScheduleOptions {
  /** What it was armed with; undefined while it is down. */
  readonly armed: JournalCell<ArmedConfig | undefined>;
  readonly record: JournalCell<TimerRecord>;
  /** The last ones, oldest first. */
  readonly runs: JournalCell<readonly RecordedRun[]>;
  /** By number. */
  readonly living: JournalMap<number, LivingRun>;
  readonly next: JournalCell<{ readonly alarmMs: number; readonly dueMs: number } | undefined>;
  /** Somebody waits for the end of all runs. */
  readonly stopping: JournalCell<Resolver<void> | undefined>;
}

/** Milliseconds since 1970. */
export const wallNow = ({ clock }: ScheduleHeld): number => Math.max(0, Math.floor(clock.wall()));

/** What is known of its alarms is different, also on the disk. */
export const noteTimer = (held: ScheduleHeld, turn: Turn, change: Partial<TimerRecord>): void => {
  const { isOwed, isOwedToOther, leftCount, ...rest } = { ...held.record.get(), ...change };
  const record: TimerRecord = {
    ...rest,
    ...(isOwed === true && { isOwed }),
    ...(isOwedToOther === true && { isOwedToOther }),
    ...(leftCount !== undefined && { leftCount }),
  };
  held.record.set(record);
  turn.record({ kind: 'timer', ...record } satisfies Entry);
};

/** The same of one of its runs. */
export const noteRun = (held: ScheduleHeld, turn: Turn, run: NotedRun): void => {
  const { runs, noted } = withRun(held.runs.get(), run, (number) => held.living.has(number));
  held.runs.set(runs);
  // Of the end of a run nothing depends: a life that does not know of it finds no process.
  const gates = run.endedMs === undefined && run.isLost !== true;
  turn.record({ kind: 'timed', service: held.name, ...noted } satisfies Entry, { gates });
};
/** One of the last runs. */
export const runNumbered = (held: ScheduleHeld, number: number): RecordedRun | undefined =>
  held.runs.get().find((run) => run.number === number);
/** Does nothing for one that is forgotten. */
export const changeRun = (
  held: ScheduleHeld,
  turn: Turn,
  number: number,
  change: Partial<TimerRun>,
): void => {
  const run = runNumbered(held, number);
  if (run !== undefined) noteRun(held, turn, { ...run, ...change });
};

/** In the log of the shepherd. */
export const tellLog = (
  held: ScheduleHeld,
  turn: Turn,
  event: string,
  text: string,
  more: object = {},
): void => turn.effect(() => held.log(`timer.${event}`, { service: held.name, ...more, text }));
/** Tells the service that something is different; `isOver`: nothing is left to ring. */
export const touchTimer = (held: ScheduleHeld, turn: Turn, isOver = false): void =>
  turn.tell(held.service, 'timed', isOver);
