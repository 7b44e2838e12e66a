/**
 * What operations need of the shepherd that carries them out, and all that they know of it. They find services through
 * it and say what is wished of them; which services there are, and when, is the shepherd's affair.
 */
import type { Clock, JournalCell, JournalMap, Log, Ref, Turn, Vow } from '@bellwether/actors';
import type { Shares } from '../checks/shares.ts';
import type { LastWish, LastWishes } from './kept/last-wishes.ts';
import type { Ledger } from './kept/ledger.ts';
import type { Memory, Operation, StepEnd } from './kept/memory.ts';
import type { Recorded } from './kept/pieces.ts';
import type { Graph } from './plan/plan.ts';
import type {
  Agent,
  Aggregate,
  AskerBook,
  Attempt,
  LocalService,
  OperationArchive,
  Records,
  Service,
  ServiceConfig,
  ServiceElsewhere,
  Touches,
} from '../words/types.ts';

/** A service of this machine and what only its description says. */
export interface OwnService {
  readonly service: Ref<LocalService>;
  readonly config: ServiceConfig;
  /** Who carries out what the description leaves to one. */
  readonly agent?: Ref<Agent>;
}

/** All steps that wait, and when time is looked at next. */
export interface Queue {
  /** By the name of their service. */
  readonly places: JournalMap<string, Place>;
  readonly look: JournalCell<{ readonly atMs: number; cancel(): void } | undefined>;
}
/** Those of one service. */
export interface Place {
  readonly waiting: JournalMap<string, Waiting>;
  /** Whether somebody will say when there is contact. */
  readonly isAsking: JournalCell<boolean>;
}
/** A step that waits. */
export interface Waiting {
  readonly operation: Operation;
  readonly key: string;
  /** Goes on with it: as it is, or with its end. */
  readonly wake: (turn: Turn, ending: StepEnd | undefined) => void;
  /** Of one that was passed on: asks how it ends. Undefined where there is nobody to be asked. */
  readonly settle: (turn: Turn) => Vow<Attempt> | undefined;
  /** Somebody has been asked that, and will say. */
  readonly isAsked: JournalCell<boolean>;
}
/** The shepherd, as its operations see it. Names of services are canonical unless it says otherwise. */
export interface Host {
  /** Stands in front of every line that this shepherd says. */
  readonly name: string;
  /** Only read, and only for deadlines, ages and stamps. */
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  readonly log: Log;
  readonly archive: OperationArchive;
  /** Absent: nobody asks through a grant. */
  readonly grants?: Ref<AskerBook>;
  readonly memory: Memory;
  /** Of what the disk has beside that. */
  readonly ledger: Ledger;
  /** Steps of operations that wait for a machine that is away. */
  readonly queue: Queue;
  /** Operations that are read from the disk to be shown. */
  readonly readings: Shares;
  /** Those that are read to be gone on with, by asker and id. */
  readonly recalls: JournalMap<string, Vow<Recorded>>;
  /** The last command for a service that was accepted in this life. */
  readonly wishes: JournalMap<string, LastWish>;
  /** Of services elsewhere, in all lives. */
  readonly lastWishes: LastWishes;
  /** What this life has found on the disk. */
  readonly records: Records;
  /** What the records say of services of this machine, as this daemon wrote it on. */
  readonly desired: JournalMap<string, boolean>;
  /** Whether the end of the daemon was asked for. */
  isClosing(): boolean;
  /**
   * Whether what somebody asks can be written down: a command, which has a member, or anything else, of which only
   * `revoke` is named, that takes rights back. Only read, and absent: it can. @throws what keeps it from that: a commit
   * that fails ends a life of the daemon, with everybody's sessions
   */
  checkRoom?(by: string, action?: string, member?: string): void;
  /** The canonical name behind any name; undefined where there is no such service. */
  canonical(turn: Turn, name: string): string | undefined;
  /** Who carries out commands for a name; nobody for an aggregate, or what is not there. */
  service(name: string): Ref<Service> | undefined;
  /** The service of this machine. */
  own(name: string): OwnService | undefined;
  /** The service at another shepherd. */
  elsewhere(name: string): Ref<ServiceElsewhere> | undefined;
  aggregate(name: string): Ref<Aggregate> | undefined;
  /** What a service elsewhere leaves on the commands that go through it. */
  hop(name: string): string | undefined;
  /** Whose status was touched since; by any of its names. */
  touchedSince(turn: Turn, count: number | undefined): Touches;
  /** The services as the planner sees them, in this turn and before anything is registered or goes in it. */
  graph(turn: Turn): Graph;
}
