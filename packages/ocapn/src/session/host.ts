/** What a session may ask of the router that it belongs to. */
import type { Clock, Frontier, Log, Place, Ref, Vow } from '@bellwether/actors';
import type { JudgedHello } from '../identity/hello.ts';
import type { Limits } from '../limits.ts';
import type { Crypto, Reaper } from '../powers.ts';
import type { Envelope } from '../wire/operations.ts';
import type { OperationReader } from '../wire/read.ts';
import type { Faults } from './faults.ts';
import type { Flow } from './flow.ts';
import type { Origin } from './origin.ts';
import type { Outbox } from './outbox.ts';
import type { Keeping } from './keeping.ts';
import type { Partials } from './partials.ts';
import type { Signatures } from './signatures.ts';
import type { Session } from './session.ts';
import type { Room } from './tables.ts';

/** Where a reference of another session leads. */
export type Elsewhere = Extract<Place, { readonly kind: 'elsewhere' }>;
/** A gift in a frame that is being written. */
export interface GiftInFrame {
  /** The signed give as Syrup. */
  readonly bytes: Uint8Array;
  /** Leaves the reference at its exporter. To be called when the frame is complete, not before. */
  readonly deposit: () => void;
}
/** How references reach a third peer. Nothing here throws: what cannot be had is a vow that breaks. */
export interface Handoffs {
  /** A gift of `value`, a reference of another session; undefined: export a forwarder instead. */
  give(value: object, place: Elsewhere, to: Session): GiftInFrame | undefined;
  /** What stands for a gift that came in. */
  receive(gift: Envelope, from: Session): object;
  /** The peer leaves a gift for somebody. */
  deposit(from: Session, args: readonly unknown[]): Vow;
  /** The peer asks for a gift. */
  withdraw(from: Session, args: readonly unknown[]): Vow;
}

/** Shared by all sessions of a router. */
export interface SessionHost {
  readonly frontier: Frontier;
  readonly crypto: Crypto;
  readonly limits: Limits;
  readonly reader: OperationReader;
  readonly outbox: Outbox;
  readonly flow: Flow;
  readonly partials: Partials;
  readonly keeping: Keeping;
  readonly signatures: Signatures;
  readonly clock: Clock;
  readonly reaper: Reaper;
  /** Whole seconds of the clock, as of the last look at anything: a few late, and as cheap as a field. */
  readonly seconds: number;
  /** Counts up every few seconds: whether something has come lately is asked in these, without a look at a clock. */
  readonly lap: number;
  readonly handoffs: Handoffs;
  /** Whether there can be handoffs, for which a session keeps its keys. */
  readonly keepsKeys: boolean;
  /** The room of a peer that we dialled. */
  readonly wholeRoom: Room;
  /** Export 0 of every session. */
  readonly bootstrap: Ref;
  /** Writes so many lines of one event as the limits allow, and counts the rest. */
  readonly log: Log;
  readonly faults: Faults;
  /**
   * Judges a hello that is signed well, or whose signature is judged later. Undefined: the session must not open, the
   * host has aborted it.
   */
  admit(session: Session, peer: JudgedHello): Room | undefined;
  /** The session is open now. */
  opened(session: Session): void;
  /**
   * The peer has fetched something with this swissnum, or was given it by who has that origin: it is no stranger any
   * more. Called at most once.
   */
  known(session: Session, by: Uint8Array | Origin): Room;
  /** The peer's first operation after its hello is about to be handled. Called once. */
  confirmed(session: Session): void;
  /** The session has been quiet for a while, and something was asked on it. */
  doubt(session: Session): void;
  /** The session has ended; its tables are empty. Called once. */
  gone(session: Session, reason: Error): void;
}
