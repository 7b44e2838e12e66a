/** What is said of a system log, of the rotation of logs, and of monitoring in a configuration. */
import type { Labels, Log } from './parts.ts';

/** What kind of program says something, as syslog(3) and RFC 5424 have it. */
export type Facility =
  | 'kern'
  | 'user'
  | 'mail'
  | 'daemon'
  | 'auth'
  | 'syslog'
  | 'lpr'
  | 'news'
  | 'uucp'
  | 'cron'
  | 'authpriv'
  | 'ftp'
  | 'ntp'
  | 'security'
  | 'console'
  | 'solaris-cron'
  | 'local0'
  | 'local1'
  | 'local2'
  | 'local3'
  | 'local4'
  | 'local5'
  | 'local6'
  | 'local7';
/** How urgent something is, the most urgent first. */
export type Level =
  'emergency' | 'alert' | 'critical' | 'error' | 'warning' | 'notice' | 'info' | 'debug';

/**
 * Where messages come from: a socket for datagrams at an absolute path, what the kernel says (where that cannot be
 * read, as in most containers, its log says so and it goes on without), or UDP at `address:port`.
 */
export type SystemLogSource = 'kernel' | `/${string}` | { readonly udp: string };

/** Where messages go, and which. All rules count: what several of them send to one place stands there once. */
export interface SystemLogRule {
  /** Absent: every one. */
  readonly facility?: Facility | readonly Facility[];
  /** All but these. */
  readonly notFacility?: Facility | readonly Facility[];
  /** This one and all that are more urgent. Absent: every one. */
  readonly level?: Level;
  /** These alone. */
  readonly onlyLevel?: Level | readonly Level[];
  /**
   * A file by its absolute path, a terminal as '/dev/tty12', 'console', or 'log': what `herd log` shows of the system
   * log itself.
   */
  readonly to: SystemLogPlace | readonly SystemLogPlace[];
}
/** One place. */
export type SystemLogPlace = 'log' | 'console' | `/${string}`;

/** What `systemLog` takes. */
export interface SystemLogOptions {
  /** Default: 'system-log' and 'syslogd'. */
  readonly provision?: readonly [string, ...string[]];
  /** Names of services that must run before this one starts. Default none. */
  readonly requirement?: readonly string[];
  readonly documentation?: string;
  readonly labels?: Labels;
  /** Default: '/dev/log' and 'kernel' for root; for others a socket `log` beside that of the shepherd. */
  readonly sources?: readonly [SystemLogSource, ...SystemLogSource[]];
  /**
   * Default for root, as in GNU Shepherd: all but mail and authpriv, from info on, to /var/log/messages and /dev/tty12,
   * the most urgent to the console, debug to /var/log/debug, auth and authpriv to /var/log/secure; and all of it to its
   * own log. For others: all of it to `syslog` in the folder of the logs, and to its own.
   */
  readonly rules?: readonly [SystemLogRule, ...SystemLogRule[]];
  /** Mebibytes of a file before another one is begun, from 1 to 1024. Default 10. */
  readonly maxMiB?: number;
  /** How many old ones are kept of each file, from 1 to 100. Default 5. */
  readonly keep?: number;
  /** After so many minutes in which nobody said anything a line says so. 0: never. Default 20. */
  readonly markMinutes?: number;
  /**
   * What one sender may say within a time, a user with all of his processes, each process of root, or an address; more
   * is dropped, and a line tells how much that was. False: anything. Default 10,000 messages within 30 s; one of
   * them counts once more for each 256 bytes that it takes.
   */
  readonly flood?: false | { readonly messages: number; readonly seconds: number };
  /** How exact the time is that stands before each line. Default 'seconds'. */
  readonly stamps?: 'seconds' | 'milliseconds';
  /** Whether a line tells the pid and the user of who sent it, as the kernel knows them. Default false. */
  readonly senders?: boolean;
  /** Of its own log. Absent, also in part: as the whole shepherd has it. */
  readonly log?: Log;
  /** Started with the daemon, unless the last command for it was stop. Default true. */
  readonly autoStart?: boolean;
}
/** The log of a machine, or of one user; made by `systemLog`. */
export interface SystemLogEntry extends SystemLogOptions {
  readonly kind: 'system-log';
}
