/**
 * The words that the actors of a shepherd say to each other, to their powers and to their store.
 * Everything that crosses a machine (Request, Event, Outcome, Status) is plain data.
 */
import type { Ref, Vow } from '@bellwether/actors';
import type { Offer, Offered, Piece, Put, SlotFacts } from './agent-types.ts';
import type { Labels } from './labels.ts';
import type { Follow, LogQuery } from './log-types.ts';
import type { Attempt, LineTopic, Event, MinReady, Outcome, Request, Version } from './messages.ts';
import type { Asker } from './observation.ts';
import type { Principal } from './principal.ts';
import type { Prompt, Prompting, Prompts } from './prompt-types.ts';
import type { changes, Health, Stage } from './vocabulary.ts';
import type { Ending, Hanging, Run } from './process-types.ts';
import type { AcceptFacts, ConnectionFacts } from './socket-types.ts';
import type { RunAs, ServiceConfig } from './service-config.ts';
import type { TimerFacts, TimerMemory } from './timer-types.ts';

export type * from './agent-types.ts';
export type * from './carrier-types.ts';
export type * from './chore-types.ts';
export type { Labels } from './labels.ts';
export type * from './log-types.ts';
export type * from './machine-types.ts';
export type * from './messages.ts';
export type * from './observation.ts';
export type * from './operation-types.ts';
export type { Principal } from './principal.ts';
export type { Named, NamedAndAsked, Question } from './questions.ts';
export type * from './records.ts';
export type { Followed, Selected, Selecting, Selector, SelectView } from './selectors.ts';
export type * from './service-facet.ts';
export type * from './shepherd-types.ts';
export type * from './process-types.ts';
export type * from './prompt-types.ts';
export type * from './registry.ts';
export type * from './service-config.ts';
export type * from './socket-types.ts';
export type { Health, Result, Stage, Topic } from './vocabulary.ts';
export type { SlotPhase } from './slot-shapes.ts';
export type { Digest } from './slot-words.ts';
export type * from './timer-types.ts';
export type * from './transient-types.ts';

/** Whoever is told what an operation says. */
export interface Lines {
  /**
   * One line of this shepherd's own, stamped with its node name; it goes to the daemon's log too.
   */
  line(text: string, about?: LineTopic): void;
  /** Events of this side; with `from` those of the machine that the operator calls so, as far as its share goes. */
  pass(events: readonly Event[], from?: string): void;
}
/** The `^writer`: the sender's end of a Sink, one for each operation at each shepherd. */
export interface Writer extends Lines {
  /** Flushes a last batch without waiting for credit; nothing is sent afterwards. */
  finish(): void;
}

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

/** What has names and a place in the graph: a service, or an aggregate of some. */
export interface Provider {
  canonicalName(): string;
  /** All names, the canonical one first. */
  provision(): readonly string[];
  requirement(): readonly string[];
  /** What is known now; never waits. */
  status(): Status;
  /**
   * Asks afresh where knowing takes asking; a local service answers as `status`. `hops` is the way
   * that the question came, its own hop the last.
   */
  probe(timeoutMs: number, hops?: readonly string[]): Vow<Status>;
}
/** A service as its own shepherd sees it; an exported service is one, too. */
export interface Service extends Provider {
  /**
   * start, stop and custom actions of this one service. The graph around it is the shepherd's
   * affair. One elsewhere asks under an id made from the principal and that of the request, so that it hears again what
   * came of one that it has sent before; of those at home the shepherd knows. `prompting`: what it comes from, for one
   * at home; absent: this request.
   */
  perform(request: Request, writer: Ref<Lines>, asker: Asker, prompting?: Prompting): Vow<Attempt>;
  /** Lines of its log, oldest first, as far as one answer has room for them. */
  log(query: LogQuery): Vow<readonly string[]>;
  /** Kept when nothing comes any more, or nobody wants it; broken with what keeps it from coming. */
  follow(follow: Follow): Vow<void>;
}
/** A service that is at home at another shepherd, as this one sees it. */
export interface ServiceElsewhere extends Service {
  /**
   * Calls off there what has not begun; kept once that is heard, or cannot be. `goesOn`: as of a facet's.
   */
  cancel(operation: string, principal: Principal, goesOn: boolean): Vow<void>;
  /**
   * How a command ends that it answered with `isPending`, and the same once more where it is not over yet. Broken where
   * that cannot be heard for now: it is to be asked again with the next contact.
   */
  settle(request: Request, writer: Ref<Lines>, asker: Asker): Vow<Attempt>;
  /**
   * Kept while there is contact with its machine, else with the next; broken once nobody here wants any. It is of this
   * life and this configuration alone.
   */
  contact(): Vow<void>;
  /** What the slot that it is lacks of a release; broken with what keeps that from being known, and what it refuses. */
  offer(offer: Offer): Vow<Offered>;
  /** Passes a piece of one on to it. Broken likewise. */
  put(piece: Piece): Vow<Put>;
  /** It was taken in: from now on it finds out by itself how it is. */
  enter(): void;
  /** It was taken out: nobody wants to know any more. */
  leave(): void;
}
/**
 * Services of one shepherd under one name. It has no process and no state, and requires nothing;
 * the shepherd carries out its actions on each of its members.
 */
export interface Aggregate extends Provider {
  /** Names at this shepherd; a name may stand there twice. */
  members(): readonly string[];
  /**
   * The outcome of an action, from those of the members in their order, by the policy of the
   * aggregate or by the one that is given. Changes nothing.
   */
  sum(action: string, outcomes: readonly Outcome[], minReady?: MinReady): Outcome;
}
/** Whether a service of this machine is up, and may be started. */
export interface Standing {
  readonly stage: Stage;
  readonly isEnabled: boolean;
  /** It was transient, and is over. */
  readonly hasEnded: boolean;
  /** It is a one-shot that was run since the machine was switched on; see prompts.ts. */
  readonly isSpent: boolean;
}
/** A service that is at home in this shepherd: what only its own shepherd says to it. */
export interface LocalService extends Service {
  /**
   * Takes over a process that outlived the daemon. @throws Refused unless the service is stopped.
   */
  adopt(run: Run): void;
  status(): LocalStatus;
  /** What of that is asked of a thousand at once, before a command. */
  standing(): Standing;
  /** Shows the last explicit wish that was accepted for it; does nothing about it. */
  wish(isWanted: boolean): void;
  /**
   * Ends starts and respawning for good, also those of custom actions' commands; `why` is the sentence
   * that refuses them. Undefined takes that back. `by`: what it comes from; absent: a reload.
   */
  retire(why: string | undefined, by?: Prompting): void;
  /** What it was started, stopped and disabled by last. */
  prompts(): Prompts;
  /** Of a start that the records know nothing was found, once all others were adopted. */
  unfound(): void;
  /** Describes it anew, under the same canonical name; how it is run changes once no process runs. */
  revise(config: ServiceConfig): void;
  /** From now on its status tells this of the slot that it is; undefined: nothing. */
  showSlot(facts: SlotFacts | undefined): void;
  /** Its schedule has changed, or has come to its end: then it stops by itself. */
  timed(isOver: boolean): void;
  /** One that it has accepted has a service by this name, from this address where there is one; it is over. */
  connected(name: string, source: string | undefined): void;
  disconnected(name: string): void;
  /** What its schedule leaves behind; undefined where it has none. */
  timerMemory(): TimerMemory | undefined;
  /** Its last status changes, oldest first. */
  history(): readonly KeptChange[];
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
/** The `^chronicle`: status changes of services elsewhere and of aggregates, as they were observed. */
export interface Chronicle {
  /** Something may be different about the service of this canonical name. */
  service(name: string): void;
  /** The same of an aggregate, which is looked at a little later. */
  aggregate(name: string): void;
  /** The last changes, oldest first. */
  history(): readonly KeptChange[];
}
