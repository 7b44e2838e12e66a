/** The words of services that run something at times: what they are described by, what they tell, and their actors. */
import type { Ref, Vow } from '@bellwether/actors';
import type { Run } from './process-types.ts';
import type { Command, ServiceConfig } from './service-config.ts';

/** What local time is at a place: a power, since it depends on files of the machine. */
export interface Zone {
  /** What has to be added to an instant, milliseconds since 1970, for its UTC to be the local time. */
  offsetMs(instantMs: number): number;
}
/** Lists are sorted, without repeats, and hold what matches; an absent one matches everything. */
export interface CalendarEvent {
  readonly kind: 'calendar';
  /** From 0 to 59. */
  readonly seconds: readonly number[];
  readonly minutes?: readonly number[];
  /** From 0 to 23. */
  readonly hours?: readonly number[];
  /** From 1 to 31. */
  readonly daysOfMonth?: readonly number[];
  /** From 1 to 12. */
  readonly months?: readonly number[];
  /** From 0, which is Sunday, to 6. */
  readonly daysOfWeek?: readonly number[];
  /** A day matches where it is in either of the two lists of days, and not in both: cron's rule. */
  readonly isEitherDay?: true;
}
/** When something rings. */
export type When =
  | CalendarEvent
  | { readonly kind: 'every'; readonly everyMs: number }
  | { readonly kind: 'once'; readonly atMs: number };

/** What becomes of an alarm while a run goes on: nothing, one run behind that one, or a run beside it. */
export type Overlap = 'skip' | 'wait' | 'allow';

/** What a service runs at times; how a run is ended is the `stop` of its service. */
export interface TimerConfig {
  readonly when: When;
  readonly run: Command;
  /** Runs after which it stops by itself. Absent: it goes on. */
  readonly runCount?: number;
  /** Milliseconds after which a run is ended. Absent: it may take as long as it likes. */
  readonly maxMs?: number;
  readonly overlap: Overlap;
  /** Alarms that were missed, while the machine slept or no daemon ran, are made up for by one run. */
  readonly isCaughtUp?: true;
  /** Milliseconds by which an alarm may be late on purpose, each by another time. */
  readonly spreadMs?: number;
}

/** One run. */
export interface TimerRun {
  /** From 1, over all lives of the daemon. */
  readonly number: number;
  /** Wall clock, milliseconds since 1970. */
  readonly startedMs: number;
  /** Absent: it goes on, or nobody has seen how it ended; see `isLost`. */
  readonly endedMs?: number;
  readonly code?: number;
  readonly signal?: string;
  /** Why there was no process. */
  readonly reason?: string;
  /** It took longer than it may, and was ended for that. */
  readonly isOverdue?: true;
  /** Somebody asked for it: no alarm. */
  readonly isTriggered?: true;
  /** Nobody has seen how it ended, nor whether it began. */
  readonly isLost?: true;
}
/** What the disk has of a run beside that. */
export interface RecordedRun extends TimerRun {
  readonly startId: string;
  /** Where on the disk, below `timerRunCount`: what lies there is forgotten for it. */
  readonly place: number;
  /** Another than the owner of this machine has asked for it. */
  readonly isByOther?: true;
}
/** What a timer leaves on the disk. */
export interface TimerRecord {
  readonly service: string;
  /** It was up when this was written: a next life goes on with it. */
  readonly isArmed: boolean;
  /** The digest of its `when`: another one begins anew. */
  readonly madeFrom: string;
  /** Wall clock: when it was started, and until when every alarm has rung or was given up. */
  readonly originMs: number;
  readonly settledMs: number;
  /** Runs that are left of those that it has; absent: no end. */
  readonly leftCount?: number;
  /** A run follows the one that goes on. */
  readonly isOwed?: true;
  /** And nobody but others than the owner has asked for that one: no alarm. */
  readonly isOwedToOther?: true;
  /** Runs there ever were. */
  readonly runCount: number;
}
/** What the disk has of one. */
export interface TimerMemory {
  readonly record?: TimerRecord;
  /** The last ones, oldest first. */
  readonly runs: readonly RecordedRun[];
}

/** What the status of a service tells of its timer. */
export interface TimerFacts {
  /** When it rings, in words: `minute 0,30; hour 3`. */
  readonly when: string;
  /** Wall clock: its next alarm, absent where it is down or there is none; since when a run goes on, if one does. */
  readonly nextMs?: number;
  readonly executingMs?: number;
  /** The same as data, where it is a calendar in which days have to be in both lists, if there are two. */
  readonly event?: CalendarEvent;
  /** As of a TimerRecord. */
  readonly leftCount?: number;
  /** The next alarms and the last runs, oldest first: where it is asked, not where it is watched. */
  readonly upcoming?: readonly number[];
  readonly runs?: readonly TimerRun[];
}

/** Who is woken at an instant of the wall clock. */
export interface Sleeper {
  /** Its time has come, or the clock was set: it looks at the clock itself. */
  due(): void;
}
/** The `^alarm-clock`: one timer for all timers of a shepherd. Near only. */
export interface AlarmClock {
  /** At this instant, milliseconds since 1970; it takes the place of what was said for that name before. */
  wake(name: string, atMs: number, sleeper: Ref<Sleeper>): void;
  forget(name: string): void;
}
/** The `^schedule`: rings the alarms of one service, and knows its runs. Near only. */
export interface Schedule extends Sleeper {
  /** It rings from now on; where an earlier life was at it, it goes on with that. Undefined, or why it never would. */
  arm(config: ServiceConfig & { readonly timer: TimerConfig }): string | undefined;
  /** It rings no more. Kept once its runs are over, which are ended. `isResting`: a next life goes on with it. */
  disarm(isResting: boolean): Vow<void>;
  /**
   * Runs at once. Kept once the process is there, or with why there is none. `isByOther`: another than the owner of
   * this machine asks for it.
   */
  trigger(isByOther: boolean): Vow<string | undefined>;
  /** A run that has outlived the daemon, or ended while there was none. */
  adopt(run: Run): void;
  /** What its status tells; the two lists where they are wanted. */
  facts(config: TimerConfig, hasLists: boolean): TimerFacts;
  /** Of the run that goes on for the longest. */
  pid(): number | undefined;
  /** What it would leave behind. */
  memory(): TimerMemory;
}
