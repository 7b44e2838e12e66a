/** What the owner of a shepherd sees of its network: what crosses between herd and its local root. No secrets. */
import type { Ref, Vow } from '@bellwether/actors';
import type { LinkState, TraceDetail, TracedMessage } from '@bellwether/ocapn';

/** Who is at the other end, as this shepherd knows him: by his key, and by what names it has for that. */
export interface NetPeer {
  /** The designator that was proved, or is dialled: the hash of a key. Absent: anonymous, or the owner. */
  readonly key?: string;
  /** `host:port`, where it says so itself or is dialled there. */
  readonly address?: string;
  /** The machine that has joined here under this name. */
  readonly node?: string;
  /** The controller that this machine has joined, as that calls itself. */
  readonly controller?: string;
  /** Refs of the daemon's own store that lead there. */
  readonly petnames?: readonly string[];
  /** A program of the shepherd's own user: nobody else can connect to that socket. */
  readonly isOwner?: true;
}
/** One connection: the facts of LinkFacts of ocapn, flat and in whole milliseconds. */
export interface NetLink {
  readonly number: number;
  /** The name of its session, the same at both ends: `s-` and 8 characters. Absent before the peer's hello. */
  readonly session?: string;
  readonly peer: NetPeer;
  readonly transport: string;
  readonly direction: 'dialled' | 'accepted';
  readonly state: LinkState;
  /** It has fetched something, or was dialled. */
  readonly isKnown: boolean;
  readonly ageMs: number;
  readonly silentMs: number;
  readonly exports: number;
  readonly imports: number;
  readonly questions: number;
  readonly answers: number;
  readonly gifts: number;
  readonly oldestQuestionMs?: number;
  readonly gotBytes: number;
  readonly sentBytes: number;
  readonly gotCount: number;
  readonly sentCount: number;
  readonly unsentBytes: number;
}
/** A peer that is not reached yet. */
export interface NetDial {
  readonly peer: NetPeer;
  readonly transport: string;
  /** `waiting`: the next attempt has its time. */
  readonly state: 'dialling' | 'greeting' | 'waiting';
  /** How long the attempt that is under way takes. */
  readonly ageMs?: number;
  /** When the next one begins. */
  readonly nextMs?: number;
  /** Attempts that have failed since there was contact. */
  readonly failureCount: number;
  /** Why the last one did, and how long ago. */
  readonly error?: string;
  readonly errorAgoMs?: number;
}
/** Some of the connections, oldest first, and with the first of them who is dialled. */
export interface NetPage {
  readonly links: readonly NetLink[];
  /** There are more after the last one. */
  readonly isCut?: true;
  readonly dials: readonly NetDial[];
  /** So many more of those have no room in it. */
  readonly unlistedDialCount?: number;
}

/** What caused something: a turn of this vat, or a message that came. Neither: it came from outside. */
export interface NetCause {
  readonly turn?: number;
  /** As `link` of a crossing; absent where the ring has forgotten it. */
  readonly message?: string;
}
/** A turn, or a message that crossed a session. */
export type NetEvent =
  | {
      readonly kind: 'turn';
      readonly turn: number;
      readonly what: string;
      readonly outcome: 'done' | 'threw';
      readonly cause: NetCause;
      /** Of a `when`: what settled the vow. */
      readonly woken: NetCause;
    }
  | {
      readonly kind: 'got' | 'sent';
      readonly session: string;
      /** Who has sent it: the end that dialled, or the one that was dialled. */
      readonly from: 'dialler' | 'accepter';
      readonly number: number;
      /** Session, direction and number as one word, the same at both ends: `s-k7qm2xzf/d17`. */
      readonly link: string;
      readonly what: string;
      readonly cause: NetCause;
    };

/** What is asked of a trace. */
export interface TraceQuery {
  readonly forMs: number;
  readonly detail: TraceDetail;
}
/** A message that was traced. */
export interface TraceLine extends TracedMessage {
  /** As of a NetEvent. */
  readonly link: string;
  /** Milliseconds since 1970, by the clock of the shepherd. */
  readonly at: number;
}
/** How a trace ended. */
export interface TraceEnd {
  /** `ended`: the session has. `closed`: nobody wants more. */
  readonly why: 'time' | 'bytes' | 'ended' | 'closed';
  readonly messageCount: number;
  /** All others: those that had no room, and those that still waited. */
  readonly droppedCount: number;
}
/** Whoever is told of a trace. */
export interface Tracer {
  /**
   * The next of them, numbered from 0; the answer is the credit for another batch. `droppedCount`: those that had no
   * room, behind the last of these and before the next batch.
   */
  traced(batch: readonly TraceLine[], sequence: number, droppedCount: number): Vow<void>;
  /** Asked once the session is listened in on; answered when nothing more is wanted. Broken by the end of its own. */
  over(): Vow<void>;
}

/** What of a local root is about its network. Nobody but the owner of the machine has it. */
export interface NetRoot {
  /** The first connections, or those after one of them. */
  netLinks(after?: number): Vow<NetPage>;
  /** The last events of this shepherd, oldest first. */
  netEvents(count: number): readonly NetEvent[];
  /**
   * Tells what is said on a session from now on: decoded, and what it is made of instead of what it says. Kept when
   * it is over. Broken with Malformed; Refused where there is no such session, or it is traced already; Limit.
   */
  netTrace(session: string, query: TraceQuery, tracer: Ref<Tracer>): Vow<TraceEnd>;
}
/** One ref of a daemon's own store. */
export type ListedRef =
  | { readonly petname: string; readonly peer: string }
  | { readonly petname: string; readonly problem: string };
