/** What a shepherd does itself, in a configuration: saying how it is, and putting logs aside. */
import type { Exec, Labels, Log, RotationTime } from './parts.ts';

/** What every one of these takes. */
export interface ChoreOptions {
  /** Default: its own name, 'monitoring' or 'log-rotation'. */
  readonly provision?: readonly [string, ...string[]];
  /** Names of services that must run before this one starts. Default none. */
  readonly requirement?: readonly string[];
  readonly documentation?: string;
  readonly labels?: Labels;
  /** Absent, also in part: as the whole shepherd has it. */
  readonly log?: Log;
  /** Started with the daemon, unless the last command for it was stop. Default true. */
  readonly autoStart?: boolean;
}

/** What `monitoring` takes. */
export interface MonitoringOptions extends ChoreOptions {
  /** From 1 to 2,000,000. Default 1200, as in GNU Shepherd. */
  readonly everySeconds?: number;
}
/** A service whose log says how the shepherd is; made by `monitoring`. */
export interface MonitoringEntry extends MonitoringOptions {
  readonly kind: 'monitoring';
}

/** A log of a program that is no service here. */
export interface RotatedFile {
  /** Absolute, and in a folder that only the shepherd's user and root can change. */
  readonly file: string;
  /**
   * Has its writer begin another file, once this one has its new name. Absent: the file is copied and then emptied, and
   * what is written between the two is lost.
   */
  readonly run?: Exec;
}
/** What `logRotation` takes. */
export interface LogRotationOptions extends ChoreOptions {
  /**
   * When the files are put aside that have more than 8 KiB, and logs of services that say nothing else of it. Default
   * 'weekly': on Sundays at 22:00, as in GNU Shepherd.
   */
  readonly rotate?: RotationTime;
  /** At most 256. Default none. */
  readonly files?: readonly RotatedFile[];
  /** How many old ones are kept of each file, from 1 to 100. Default 5. */
  readonly keep?: number;
  /** How those are kept, all but the latest. Default 'gzip'. */
  readonly compress?: 'gzip' | 'none';
  /** Days after which those go, from 1 to 36,500. Default 90. */
  readonly expireDays?: number;
}
/** A service that puts logs aside; made by `logRotation`. */
export interface LogRotationEntry extends LogRotationOptions {
  readonly kind: 'log-rotation';
}
