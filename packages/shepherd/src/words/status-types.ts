/** What is told of services, and how that changed. All of it crosses machines, so it is plain data. */
import type { SlotFacts } from './agent-types.ts';
import type { Labels } from './labels.ts';
import type { Version } from './messages.ts';
import type { Ending, Hanging } from './process-types.ts';
import type { Prompt } from './prompt-types.ts';
import type { RunAs } from './service-config.ts';
import type { AcceptFacts, ConnectionFacts } from './socket-types.ts';
import type { TimerFacts } from './timer-types.ts';
import type { changes, Health, Stage } from './vocabulary.ts';

/**
 * One service as it is, or as it was last seen (`ageMs`). What `herd status` prints is made of this
 * alone.
 */
export type Status = LocalStatus | ExportedStatus | FleetStatus;
/** What every kind of service tells. */
export interface StatusFacts {
  readonly provision: readonly string[];
  readonly stage: Stage;
  readonly requirement: readonly string[];
  readonly documentation: string;
  readonly actions: readonly { readonly name: string; readonly documentation: string }[];
  /** Age of this knowledge: 0 for a service of the answering shepherd. Absent: it was never seen. */
  readonly ageMs?: number;
  /** Running, but not (yet, or any more) ready. */
  readonly isReady?: boolean;
  readonly isEnabled: boolean;
  readonly isOneShot: boolean;
  readonly isRespawned: boolean;
  /** Respawns since the last explicit start or stop. */
  readonly respawnCount: number;
  /** Why the stage is unknown, if it is. */
  readonly unknownReason?: string;
  /** The last explicit wish, not what is: true after a start, false after a stop. */
  readonly isWanted?: boolean;
  /** It has died and comes back by itself: the delay before that, and the attempt. */
  readonly isRespawning?: boolean;
  /**
   * Milliseconds for which it has not been running and ready, since its last start at most; absent
   * while it is.
   */
  readonly unservedMs?: number;
  /** Milliseconds that it may take to become ready; absent where it is ready as soon as it exists. */
  readonly readyMs?: number;
  /** Milliseconds that it may take to stop; absent where no process has to. Of a fleet the most of both. */
  readonly graceMs?: number;
  /** What the operator of the shepherd that answers calls it beside its names. */
  readonly labels?: Labels;
}
/** A service that is at home in the shepherd that answers. */
export interface LocalStatus extends StatusFacts, Hanging {
  readonly kind: 'local';
  /** Absent where nothing but the name is known. */
  readonly version?: Version;
  /** Wall clock, milliseconds since 1970, when the stage was entered. */
  readonly since?: number;
  readonly pid?: number;
  readonly command?: readonly string[];
  /** What stops it before its process is signalled. */
  readonly stopCommand?: readonly string[];
  /** It is up without a process once its start has run to its end. */
  readonly remainsAfterExit?: boolean;
  /** Where it is asked whether it is alive, and runs. */
  readonly live?: LifeSigns;
  /** Where it is listened for it. */
  readonly endpoints?: readonly Endpoint[];
  /** Where it has a process for each connection: how many there are. */
  readonly accepting?: AcceptFacts;
  /** Which connection it is the process of. */
  readonly connection?: ConnectionFacts;
  /** Where its program says which process it has made. */
  readonly pidFile?: string;
  /** What is left of the group of its process goes on without that. */
  readonly keepsGroup?: boolean;
  /** Absent: as the shepherd, or it is not told. A slot that runs as the shepherd says so: `{}`. */
  readonly runsAs?: RunAs;
  readonly lastRespawn?: number;
  readonly lastExit?: Exit;
  /** How its last processes ended, the newest last; absent: none has. */
  readonly exits?: readonly Exit[];
  /** It has died: milliseconds until it is started again. */
  readonly nextStartMs?: number;
  /** Why it disabled itself, where it did. */
  readonly disabledReason?: string;
  /** What its last start, its last stop and its being disabled came from; told where one service is looked at. */
  readonly startedBy?: Prompt;
  readonly stoppedBecause?: Prompt;
  readonly disabledBy?: Prompt;
  /** Stopped because its last start failed. */
  readonly failure?: Failure;
  /** It was described anew since it was started: a restart makes it so. */
  readonly hasReplacement?: boolean;
  /** To who watches: its name is no service any more. */
  readonly isGone?: boolean;
  readonly logFile?: string;
  readonly recentLines?: readonly string[];
  /** Which release of it is active, where it is a slot. */
  readonly slot?: SlotFacts;
  /** When it runs what, where it is a timer: `command` is what it runs, `pid` a run that goes on. */
  readonly timer?: TimerFacts;
  /** Nobody has configured it: it lives once, or has ended and is remembered for a while. */
  readonly transient?: 'lives' | 'ended';
}
/** How a process ended, and when: wall clock, milliseconds since 1970. */
export type Exit = Ending & { readonly at: number };
/** What was seen of a service that is asked whether it is alive. */
export interface LifeSigns {
  /** Checks in a row that have failed, and how many may not. */
  readonly failureCount: number;
  readonly limitCount: number;
  /** Wall clock of the last check, milliseconds since 1970; absent before the first. */
  readonly checkedAt?: number;
}
/** A socket of a service, for people. */
export interface Endpoint {
  readonly name: string;
  readonly address: string;
}
/** A start that did not work. */
export interface Failure {
  readonly reason: string;
  /** As in a row. */
  readonly plainReason?: string;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
}
/** An aggregate. */
export interface FleetStatus extends StatusFacts {
  readonly kind: 'fleet';
  readonly members: readonly MemberStatus[];
  /** Members that run and are ready. */
  readonly runningCount: number;
  /** Members that have to. */
  readonly neededCount: number;
  /** What its members are picked out by, where they follow their labels: `web-server{role=web}`. */
  readonly follows?: string;
  /** Absent: it is stopped as it was wished, or nobody knows. */
  readonly health?: Health;
  /** Members that do not serve, where any is wanted; the first ones, where they are many. */
  readonly blame?: readonly string[];
}
/** A service elsewhere: what is known of it there, be it one at home there or an aggregate. */
export interface ExportedStatus
  extends Omit<LocalStatus, 'kind'>, Partial<Omit<FleetStatus, 'kind' | keyof StatusFacts>> {
  readonly kind: 'exported';
  /** Where it is, as the operator knows it. */
  readonly origin: string;
}
/** One member of an aggregate, as its aggregate knows it. */
export interface MemberStatus {
  readonly name: string;
  readonly stage: Stage;
  /** False: it runs, but is not ready. */
  readonly isReady?: boolean;
  /** Absent: it was never seen. */
  readonly ageMs?: number;
  readonly pid?: number;
  /** The last explicit wish. */
  readonly isWanted?: boolean;
  /** False: it refuses to start. */
  readonly isEnabled?: boolean;
  /** Why it does not serve, where it failed; of the first ones, where they are many. */
  readonly reason?: string;
  readonly respawnCount?: number;
  readonly unknownReason?: string;
  /** As it tells itself, where it is a slot. */
  readonly slot?: SlotFacts;
  /** Other aggregates that have it, too. */
  readonly sharedWith?: readonly string[];
}

/** One status change, for `herd log`. */
export interface Change {
  readonly service: string;
  readonly what: (typeof changes)[number];
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  /** Of what is observed: why nobody can tell, what failed, or who does not serve. */
  readonly reason?: string;
}
/** One that is kept, and which it is of all of this life: several have the same time. */
export type KeptChange = Change & { readonly number: number };
