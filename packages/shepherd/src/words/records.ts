/** The words that a shepherd leaves on the disk for the next one. */
import type { Answer } from '@bellwether/actors';
import type { AskerLink } from './operation-types.ts';
import type { Principal } from './principal.ts';
import type { NotedPrompt, PromptRecord, Prompts } from './prompt-types.ts';
import type { Wish } from './steps.ts';
import type { TransientRecord } from './transient-types.ts';
import type { RecordedRun, TimerMemory, TimerRecord } from './timer-types.ts';

/**
 * What must survive the daemon. Written by turns (`turn.record`), committed by a store, read again
 * at boot.
 */
export type Entry =
  | {
      readonly kind: 'desired';
      readonly service: string;
      readonly isWanted: boolean;
      /** The command that says so, where it was one. */
      readonly by?: Wisher;
    }
  /** What was wished of it counts no longer: it went out of the configuration. */
  | { readonly kind: 'unwished'; readonly service: string }
  | ({ readonly kind: 'wished' } & WishRecord)
  /** Erases those of which nothing counts any more. */
  | { readonly kind: 'outdated'; readonly numbers: readonly number[] }
  | {
      readonly kind: 'enabled';
      readonly service: string;
      readonly isEnabled: boolean;
      /** What it came from that it is not. */
      readonly because?: NotedPrompt;
    }
  /** What its last start and its last stop came from. */
  | ({ readonly kind: 'prompted' } & PromptRecord)
  /** Written before the process is made (without a pid), and again when it is. */
  | { readonly kind: 'running'; readonly running: RunningRecord }
  | { readonly kind: 'ended'; readonly startId: string }
  | ({ readonly kind: 'timer' } & TimerRecord)
  /** A run of a timer; it takes the place of an older one, which is told no more. */
  | ({ readonly kind: 'timed'; readonly service: string } & RecordedRun)
  /** Erases both; so many places there were. */
  | { readonly kind: 'untimed'; readonly service: string; readonly placeCount: number }
  | ({ readonly kind: 'transient' } & TransientRecord)
  /** It went out of the configuration: nobody needs to know that any more. */
  | { readonly kind: 'unprompted'; readonly service: string }
  /** It is remembered no more, nor what it was started and stopped by. */
  | { readonly kind: 'untransient'; readonly service: string }
  | ({ readonly kind: 'accepted' } & AcceptedRecord)
  | ({ readonly kind: 'intent' } & PieceRecord)
  | ({ readonly kind: 'outcome' } & PieceRecord)
  /** Erases all three of an operation. */
  | {
      readonly kind: 'forgotten';
      readonly asker: string;
      readonly operation: string;
      readonly intentCount: number;
      readonly outcomeCount: number;
    }
  | AuditedEvent;
/** Which command says what is wished of a service. */
export interface Wisher {
  readonly asker: Principal;
  readonly operation: string;
  /** Wall clock, milliseconds since 1970, when that was taken on. */
  readonly atMs: number;
}
/** What one command wishes of services elsewhere: see last-wishes.ts. */
export interface WishRecord {
  /** A later one has a higher number. */
  readonly number: number;
  readonly wish: Wish;
  readonly by: Wisher;
  /** Canonical names. */
  readonly names: readonly string[];
}
/** What is on disk of an operation as a whole. */
export interface AcceptedRecord {
  readonly asker: Principal;
  readonly operation: string;
  /** Wall clock, milliseconds since 1970, when it was taken on. */
  readonly atMs: number;
  /** Of what was asked for first, with the canonical name of its service. */
  readonly action: string;
  readonly service: string;
  /** How many pieces there are of either, for whoever erases them. */
  readonly intentCount: number;
  readonly outcomeCount: number;
  /** How many bytes those have. Absent: nobody has counted. */
  readonly intentBytes?: number;
  readonly outcomeBytes?: number;
  /** Wall clock when it was over; absent while it is under way. */
  readonly endedMs?: number;
  /** What it came to. */
  readonly result?: string;
  /** The worst that came of somebody who was asked, where that did not spoil it. */
  readonly worst?: string;
  readonly isCancelled?: true;
  /** That came too late: all of it had begun. */
  readonly isInVain?: true;
  /** Who had it tried again last, where that was somebody else: what comes of it is his doing. */
  readonly retriedBy?: Principal;
  /** Wall clock: nothing of it goes on before a machine is there that is away, which is waited for until then. */
  readonly queuedUntilMs?: number;
}
/** A part of what an operation takes, or of what came of it: its lines of JSON, cut anywhere. */
export interface PieceRecord {
  readonly asker: string;
  readonly operation: string;
  /** From 0. */
  readonly piece: number;
  readonly bytes: Uint8Array;
}
/** What is on disk of one operation beside its `accepted`: the bytes of its pieces, in their order. */
export interface OperationPieces {
  readonly intents: readonly Uint8Array[];
  readonly outcomes: readonly Uint8Array[];
}
/** The power to read operations that are not in memory any more. */
export interface OperationArchive {
  /** Kept with OperationPieces; what was committed before the question is in them. */
  read(asker: string, operation: string, answer: Answer): void;
}
/** For the audit of the daemon, which tells what else there is. */
export interface AuditedEvent {
  readonly kind: 'audit';
  readonly event: 'asked' | 'ended';
  /** Who asked: `root`, the hash of a reference, or the id of a grant. */
  readonly asker: string;
  /** Of an asker through a grant: what stands behind it. */
  readonly chain?: readonly AskerLink[];
  readonly service?: string;
  readonly action: string;
  readonly args?: readonly string[];
  readonly operation?: string;
  /** Whose operation it is, where that is not the asker's. */
  readonly whose?: string;
  readonly result?: string;
  readonly code?: string;
  readonly reason?: string;
}
/**
 * The variable that carries the start id in the environment of everything that is started: so a
 * later daemon finds a process whose pid this one did not live to write down. No secret.
 */
export const startIdVariable = 'BELLWETHER_START';
/** What is on disk of a start: enough to find its process again. */
export interface RunningRecord {
  readonly startId: string;
  readonly service: string;
  readonly pid?: number;
  readonly startTime?: string;
  readonly bootId?: string;
  /** A command: the next daemon ends it where it would adopt a service. */
  readonly isCommand?: true;
  /** It has ended with exit code 0, and its service stays up without it. */
  readonly isDone?: true;
  /** Its service will stay up without it once it has ended so. */
  readonly remains?: true;
  /** It makes another process, and its PID file has not named that yet. */
  readonly handsOver?: true;
  /** The folder of its group of cgroup v2, whose processes end with it. */
  readonly cgroup?: string;
  /** Its service was seen to be ready. Absent: the next daemon asks before it says running. */
  readonly isReady?: true;
  /** The digest of its command, to tell whether the configuration has another by now. */
  readonly madeFrom?: string;
  /** Wall clock, milliseconds since 1970: when it was started, or seen to be ready. */
  readonly since?: number;
}
/** What the store found at boot. */
export interface Records {
  readonly desired: ReadonlyMap<string, boolean>;
  /** By service: the command that says so, where it was one. */
  readonly wishers: ReadonlyMap<string, Wisher>;
  readonly enabled: ReadonlyMap<string, boolean>;
  readonly running: readonly RunningRecord[];
  /** By service. */
  readonly prompts: ReadonlyMap<string, Prompts>;
  /** By service. */
  readonly timers: ReadonlyMap<string, TimerMemory>;
  /** In any order. */
  readonly transients: readonly TransientRecord[];
  readonly operations: readonly AcceptedRecord[];
  /** Of services elsewhere, in any order. */
  readonly wishes: readonly WishRecord[];
}
