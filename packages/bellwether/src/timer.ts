/** What a configuration says of something that is run at times: plain data, as in types.ts. */
import type { Action, Exec, Labels, Log, When } from './parts.ts';
import type { FailureHook, Requirement } from './policies.ts';

/** What `timer` takes. */
export interface TimerOptions {
  /** The names of the service, the canonical one first. */
  readonly provision: readonly [string, ...string[]];
  /** What must run before this one starts, by name, or with how it binds. Default none. */
  readonly requirement?: readonly (string | Requirement)[];
  readonly documentation?: string;
  readonly labels?: Labels;
  /** What is done when a run has failed: at most eight things, five times a minute. */
  readonly onFailure?: FailureHook | readonly FailureHook[];
  readonly when: When;
  /** What is run; what it prints is the log of the timer. */
  readonly run: Exec;
  /** Runs after which it stops by itself. Absent: it goes on. */
  readonly occurrences?: number;
  /** Seconds after which a run is ended as `stop` says, up to a week. Absent: it may take as long as it likes. */
  readonly maxSeconds?: number;
  /** How runs are ended that take too long, and those that go on when the timer is stopped. */
  readonly stop?: {
    /** Sent to the whole process group. Default SIGTERM. */
    readonly signal?: string;
    /** After this long without an end the group is killed. Default 5, as in GNU Shepherd. */
    readonly graceSeconds?: number;
  };
  /**
   * What becomes of an alarm while a run goes on. 'skip': nothing; 'wait': one run behind that one, for all that ring
   * meanwhile; 'allow': a run beside it, up to 16. Default 'skip'.
   */
  readonly overlap?: 'skip' | 'wait' | 'allow';
  /**
   * What becomes of alarms that were missed, since the machine slept or no shepherd ran. False: nothing, as in GNU
   * Shepherd; 'once': one run for all of them. Default false.
   */
  readonly catchUp?: false | 'once';
  /**
   * Up to so many seconds each alarm is late, so that many machines do not begin at once: by a time that follows from
   * the names of machine and timer and from the alarm. Up to a day. Default 0.
   */
  readonly spreadSeconds?: number;
  /** What else it can be asked for, beside `trigger`: a run at once. */
  readonly actions?: Readonly<Record<string, Action>>;
  /** Absent, also in part: as the whole shepherd has it. */
  readonly log?: Log;
  /** Started with the daemon, unless the last command for it was stop. Default false. */
  readonly autoStart?: boolean;
}
/** Something that is run at times; made by `timer`. */
export interface TimerEntry extends TimerOptions {
  readonly kind: 'timer';
}
