/** What makes a `^service`, as plain data: its command, how it is asked and stopped, and its actions. */
import type { Labels } from './labels.ts';
import type { LogBounds } from './log-types.ts';
import type { Arrival, SocketConfig } from './socket-types.ts';
import type { TimerConfig } from './timer-types.ts';

/** A program and its surroundings. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  /** Added to the daemon's own environment. No secrets: every process of the user can read it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Absent: as the shepherd. */
  readonly runAs?: RunAs;
  /** What it reads from its standard input, to the end; of a start alone. Absent: nothing. No secrets. */
  readonly input?: string;
  /** What only the keeper can give. */
  readonly traits?: ProcessTraits;
}
/** See the type of this name in packages/bellwether: here both of soft and hard are there. */
export interface ProcessTraits {
  readonly groups?: readonly (string | number)[];
  readonly umask?: number;
  readonly limits?: Partial<Record<LimitName, readonly [LimitBound, LimitBound]>>;
  readonly nice?: number;
  readonly oomScore?: number;
  readonly noNewPrivileges?: true;
  readonly root?: string;
  readonly terminal?: string;
  readonly ownSession?: false;
  /** By descriptor. */
  readonly descriptors?: Readonly<Record<string, string>>;
  readonly cgroup?: string;
  readonly cgroupLimits?: {
    readonly memoryBytes?: number;
    readonly processes?: number;
    readonly cpuPercent?: number;
  };
  readonly killCgroup?: true;
  readonly environmentFiles?: readonly string[];
}
/** One side of a resource limit. */
export type LimitBound = number | 'unlimited';
/** Resource limits by what they count. */
export type LimitName =
  | 'addressSpaceBytes'
  | 'coreBytes'
  | 'cpuSeconds'
  | 'dataBytes'
  | 'fileBytes'
  | 'lockedBytes'
  | 'openFiles'
  | 'processes'
  | 'stackBytes';
/**
 * As whom something runs, by name or number; what it means is looked up on its machine, at each start. Both absent: as
 * the shepherd.
 */
export interface RunAs {
  readonly user?: string | number;
  /** Absent: that of the user. */
  readonly group?: string | number;
}
/** The name of a signal, SIGTERM for example. */
export type SignalName = `SIG${string}`;
/** How a service shows that it is ready: by running at all, or by a sign before the deadline. */
export type Readiness =
  | { readonly kind: 'spawned' }
  /** It writes a newline to this descriptor, which it finds open at its start (as in s6). */
  | { readonly kind: 'notify'; readonly descriptor: number; readonly timeoutMs: number }
  /** It says READY=1 at a socket of its start, whose name is in NOTIFY_SOCKET, as of sd_notify(3). */
  | { readonly kind: 'sd-notify'; readonly timeoutMs: number }
  /** A command, asked again and again, ends with exit code 0. */
  | { readonly kind: 'exec'; readonly command: Command; readonly timeoutMs: number }
  /** This text stands in what it has written to its log since its start. */
  | { readonly kind: 'log'; readonly text: string; readonly timeoutMs: number }
  | { readonly kind: 'http'; readonly url: string; readonly timeoutMs: number }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly timeoutMs: number;
    };
/** Whether a service that runs is still alive. */
export interface Liveness {
  readonly probe: Extract<Readiness, { readonly kind: 'http' | 'tcp' | 'exec' }>;
  /** From the end of one check to the next. */
  readonly everyMs: number;
  /** So many in a row that fail, and its process is ended. */
  readonly failureCount: number;
}
/** How often, and after which delay, a service that died is started again. */
export interface RespawnPolicy {
  /** More than this many respawns within the window disable the service. GNU: 5 within 7 s. */
  readonly limitCount: number;
  readonly limitWindowMs: number;
  /** The first delay; each further one doubles up to the cap. GNU: 100 ms, always. */
  readonly delayMs: number;
  readonly maxDelayMs: number;
  /** What has ended by itself with the exit code 0 is left alone; absent: any death. */
  readonly on?: 'failure';
}
/** How a requirement binds what requires it; what is absent is as with a name alone. */
export interface RequirementTerms {
  /** Its process is enough, or a run that has ended well in this life of the shepherd; absent: it is ready. */
  readonly until?: 'started' | 'completed';
  /** What becomes of who requires it where it ends by itself; absent: nothing. */
  readonly ifLost?: 'stop' | 'restart';
}
/** What is done when a service has failed. */
export type FailureHook =
  | { readonly kind: 'start'; readonly service: string }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'webhook'; readonly url: string };
/** A custom action: data, never code in the daemon. */
export type ActionConfig = { readonly documentation: string } & (
  | { readonly kind: 'signal'; readonly signal: SignalName }
  | {
      readonly kind: 'command';
      readonly command: Command;
      /**
       * Whether the arguments of the request follow those of the command. Absent: a request with
       * some is refused.
       */
      readonly takesArguments?: boolean;
      /** The audit may show the arguments of a request. Absent: it tells how many there were. */
      readonly areArgumentsHarmless?: true;
    }
  /** The agent of the service carries it out: whoever defines it gives one along. */
  | {
      readonly kind: 'agent';
      /** Absent: a request with some is refused. */
      readonly takesArguments?: boolean;
      readonly areArgumentsHarmless?: true;
    }
  /** Of a timer: a run at once. */
  | {
      readonly kind: 'trigger';
      readonly takesArguments?: never;
      readonly areArgumentsHarmless?: never;
    }
);
/** The file in which a program leaves the number of the process that it has made. */
export interface PidFile {
  /** Absolute. */
  readonly path: string;
  /** Milliseconds until it has to be there. */
  readonly timeoutMs: number;
}
/** How a service has a process for each connection: a transient service beside it, which ends with its process. */
export interface InetdConfig {
  /** Connections that there may be at once; who comes beyond is turned away. */
  readonly maxCount: number;
  /** The same of those from one address. Absent: no other bound. */
  readonly maxPerSource?: number;
  /** What they are called, with a number each: `STEM-7`. */
  readonly stem: string;
}
/** A connection that a process is given: its input and output; what it says of errors goes to the log of `of`. */
export interface ConnectionConfig {
  /** The canonical name of the service that has accepted it. */
  readonly of: string;
  readonly arrival: Arrival;
}
/** What else is said of a start than its command. */
export interface StartManner {
  /** It stays up once its process has ended with exit code 0. */
  readonly remains?: true;
  /** Its process makes another one, which is what runs then. */
  readonly pidFile?: PidFile;
  /** What is left of its group goes on without it. */
  readonly keepsGroup?: true;
  /** It finds these open, from descriptor 3 on. */
  readonly sockets?: readonly SocketConfig[];
  readonly connection?: ConnectionConfig;
}
/** How a service is stopped. */
export interface StopConfig {
  readonly signal: SignalName;
  /** What its command gets, and then its process after the signal. */
  readonly graceMs: number;
  /** Run before its process is signalled, where it is up. */
  readonly run?: Command;
}
/** What makes a `^service`. Plain data, checked and completed by whoever read the configuration. */
export interface ServiceConfig {
  readonly provision: readonly [string, ...string[]];
  readonly requirement: readonly string[];
  /** By names as `requirement` has them. */
  readonly terms?: Readonly<Record<string, RequirementTerms>>;
  readonly onFailure?: readonly FailureHook[];
  readonly documentation: string;
  readonly labels?: Labels;
  /** Absent: a service without a process, running from start until stop. */
  readonly start?: Command;
  /** In place of that: it runs something at times, from start until stop. */
  readonly timer?: TimerConfig;
  /** Nobody has configured it. A parent is what others require, so that they end with it. */
  readonly transient?: 'parent' | 'child';
  /** As whom a command runs that is brought later: that of a slot. Any other says it itself. */
  readonly runAs?: RunAs;
  /** Why there is nothing to start: the sentence that refuses it. */
  readonly unstartable?: string;
  readonly stop: StopConfig;
  readonly ready: Readiness;
  readonly isOneShot: boolean;
  /** Its start runs to its end, and with exit code 0 it is up then, without a process. */
  readonly remainsAfterExit?: true;
  readonly live?: Liveness;
  /** What listens for it as long as it is up, whether or not a process runs. */
  readonly sockets?: readonly SocketConfig[];
  /** Its process is started once somebody comes to one of them. */
  readonly isLazy?: true;
  /** In place of a process of its own: `start` runs for each who comes to one of them. */
  readonly inetd?: InetdConfig;
  /** What it is for, where it is such a process. */
  readonly connection?: ConnectionConfig;
  /** Where its program says which process it has made. */
  readonly pidFile?: PidFile;
  /** What is left of the group of its process goes on when that has ended. */
  readonly keepsGroup?: true;
  readonly respawn?: RespawnPolicy;
  readonly actions: Readonly<Record<string, ActionConfig>>;
  /** Wanted when there is no desired state on disk yet. */
  readonly isAutoStarted: boolean;
  readonly log?: LogBounds;
}
