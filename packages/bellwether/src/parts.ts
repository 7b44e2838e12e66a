/** What entries of several kinds have: a command, actions, labels, a log. */
/** A program with its arguments and surroundings; made by `exec`. No shell looks at it. */
export interface Exec {
  readonly kind: 'exec';
  /** The program (a path, or a name that is looked up in PATH) and its arguments. */
  readonly argv: readonly [string, ...string[]];
  /** Where it runs, relative to the folder of the configuration. Absent: that folder itself. */
  readonly cwd?: string;
  /**
   * Added to PATH, HOME, USER, LOGNAME, SHELL, TERM, TZ, TMPDIR, LANG, LC_*, XDG_* and the places of
   * locales and certificates, which come from the daemon. No secrets: every process of the user can
   * read it.
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * What else comes from the daemon's environment at its start: everything, or variables by name.
   * Absent: nothing.
   */
  readonly inheritEnv?: true | readonly string[];
  /**
   * As whom it runs: a name of /etc/passwd, or a number. It has no supplementary groups but those that its `process`
   * says, and HOME, USER, LOGNAME and
   * SHELL of that user. Only a shepherd of root can do that. Absent: an action and a check of readiness run as the
   * service does, that as the shepherd.
   */
  readonly user?: string | number;
  /** A name of /etc/group, or a number. Absent: that of the user in /etc/passwd. */
  readonly group?: string | number;
  /** What else its process is given: of what a service is started with alone. */
  readonly process?: ProcessTraits;
}
/** A limit of the system: both of soft and hard, or each; see setrlimit(2). */
export type ResourceLimit = number | 'unlimited' | readonly [ResourceBound, ResourceBound];
/** One of the two. */
export type ResourceBound = number | 'unlimited';
/** What a process may be given. A shepherd without its keeper refuses to start what asks for any of it. */
export interface ProcessTraits {
  /** Supplementary groups, by name of /etc/group or number. Absent: none where it has a `user`, else the shepherd's. */
  readonly groups?: readonly (string | number)[];
  /** Permissions that what it creates does not get, as 0o027. Absent: as the shepherd's. */
  readonly umask?: number;
  readonly limits?: {
    readonly addressSpaceBytes?: ResourceLimit;
    readonly coreBytes?: ResourceLimit;
    readonly cpuSeconds?: ResourceLimit;
    readonly dataBytes?: ResourceLimit;
    readonly fileBytes?: ResourceLimit;
    readonly lockedBytes?: ResourceLimit;
    readonly openFiles?: ResourceLimit;
    /** Of all processes of its user together. */
    readonly processes?: ResourceLimit;
    readonly stackBytes?: ResourceLimit;
  };
  /** From -20, who is served first, to 19. */
  readonly nice?: number;
  /** From -1000, never killed where memory is short, to 1000, killed first. */
  readonly oomScore?: number;
  /** Nothing that it executes gives it more than it has: no setuid programs. */
  readonly noNewPrivileges?: true;
  /**
   * The folder that it sees as /. Its program is then an absolute path in there, and so is `cwd`, which is / where it
   * is absent. Only a shepherd of root can do that, and against root it is no wall.
   */
  readonly root?: string;
  /** A terminal, as '/dev/tty1', which becomes that of its session and its input, output and errors: it has no log. */
  readonly terminal?: string;
  /** False: it stays in the session of the keeper, and leads a group all the same. */
  readonly ownSession?: false;
  /**
   * Files that it finds open to read, by descriptor from 3 to 255: opened by the shepherd's user, so also secrets. Also
   * folders and devices; a pipe or a socket is refused, since the start would wait for its other end.
   */
  readonly descriptors?: Readonly<Record<number, string>>;
  /**
   * The folder of a group of cgroup v2, as '/sys/fs/cgroup/web'. It is there, and what it may use is said there; with
   * `cgroupLimits` or `killCgroup` it is made below one that is there.
   */
  readonly cgroup?: string;
  /** What all processes of that group may use; refused where this machine lacks the controller. */
  readonly cgroupLimits?: {
    readonly memoryBytes?: number;
    readonly processes?: number;
    /** Of one processor: 150 are one and a half. */
    readonly cpuPercent?: number;
  };
  /**
   * Whoever is left in that group when its process has ended is killed, also what has made itself a daemon or left the
   * process group: all that a start has made is gone before its end is told. A stop begins as ever, with its signal to
   * the process group and the grace. The group is its alone: where somebody else is in it, it is not started. Takes no
   * controller.
   */
  readonly killCgroup?: true;
  /**
   * Files of variables, one NAME=value a line, which the shepherd's user reads at each start: for what is to stand in
   * no configuration. They win over `env`. Other processes of the same user can read an environment; `descriptors` they
   * cannot.
   */
  readonly environmentFiles?: readonly string[];
}
/** How much is kept of what a service writes. */
export interface Log {
  /** Mebibytes of a log before it is put aside, from 1 to 1024. Default 10. */
  readonly maxMiB?: number;
  /** How many of those that were put aside are kept, from 1 to 100. Default 5. */
  readonly keep?: number;
  /**
   * Put aside at times, too, where it has more than 8 KiB: each hour, at midnight, on Sundays at 22:00 (as in GNU
   * Shepherd), on the first of a month, or when a timer would ring; by the local time of the shepherd. Default: as
   * `logRotation` says, and 'never' where there is none.
   */
  readonly rotate?: RotationTime | 'never';
  /** How those that were put aside are kept, all but the latest. `herd log` reads them all the same. Default 'gzip'. */
  readonly compress?: 'gzip' | 'none';
  /** Days after which those go, from 1 to 36,500. Default 90. */
  readonly expireDays?: number;
}
/** Something that can be asked of a running service besides start and stop. */
export type Action = {
  /** One sentence; shown by `herd doc` and to those who are granted the action. */
  readonly documentation: string;
} & (
  | {
      /** Sent to the whole process group. */
      readonly signal: string;
    }
  | {
      /** Runs to its end; what it prints is the answer. */
      readonly run: Exec;
      /** Whether arguments of the caller may follow those of the command. Default false. */
      readonly takesArguments?: boolean;
      /**
       * Whether the audit may show the arguments of the caller: none of them is ever a secret. Default false: it tells
       * how many there were.
       */
      readonly harmlessArguments?: boolean;
    }
);
/**
 * What to call a service beside its names, so that many are picked out at once: `{ role: 'web', canary: '' }` is found
 * by `herd status -l role=web,canary`. Keys and texts are letters, digits and `_ . -`; at most 32.
 */
export type Labels = Readonly<Record<string, string>>;
/** When logs are put aside; the words are those of `log: { rotate }`. */
export type RotationTime = 'hourly' | 'daily' | 'weekly' | 'monthly' | When;
/** A day of the week. */
export type Weekday =
  'sunday' | 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday';
/** What `calendar` takes: all that is said has to match. One value, or a list; what is absent matches everything. */
export interface CalendarOptions {
  /** From 0 to 59. Default 0. */
  readonly seconds?: number | readonly number[];
  /** From 0 to 59. Absent: each minute of the hours that match. */
  readonly minutes?: number | readonly number[];
  /** From 0 to 23, by the local time of the shepherd. */
  readonly hours?: number | readonly number[];
  /** From 1 to 31. */
  readonly daysOfMonth?: number | readonly number[];
  /** From 1 to 12. */
  readonly months?: number | readonly number[];
  readonly daysOfWeek?: Weekday | readonly Weekday[];
}
/** When a timer rings: made by `calendar`, `cron` or `every`. */
export type When =
  | ({ readonly kind: 'calendar' } & CalendarOptions)
  | { readonly kind: 'cron'; readonly text: string }
  | { readonly kind: 'every'; readonly seconds: number };
