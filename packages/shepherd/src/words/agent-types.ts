/**
 * The words of a service that carries out more than signals and commands: of its agent, an actor that whoever put the
 * daemon together gave to it, and of the releases that are brought to one. What a facet passes is wire format.
 */
import type { Ref, Vow } from '@bellwether/actors';
import type { Outcome, Request } from './messages.ts';
import type { Asker } from './observation.ts';
import type { Principal } from './principal.ts';
import type { SlotPhase } from './slot-shapes.ts';
import type { ServiceConfig } from './service-config.ts';
import type { Lines, LocalService } from './service-types.ts';

/**
 * Who carries out those actions of one service that its description leaves to an actor. Near only. How many of them it
 * has under way at once is its own affair, and so is what an operation means that it knows already.
 */
export interface Agent {
  /** Said once, when the service is there and before anything is asked: which one it is. */
  attach(service: Ref<LocalService>): void;
  /**
   * Carries out an action, under the id of the request and for this asker, or answers with what came of that. The
   * service does not wait for it: the agent may stop and start it. `isRepeat`: it may have been begun, in this life or
   * in an earlier one, so that what is not known is not begun anew.
   */
  perform(
    service: Ref<LocalService>,
    request: Request,
    asker: Asker,
    lines: Ref<Lines>,
  ): Vow<Outcome>;
  /**
   * Whether an action does nothing but end well what this asker has begun: who may begin it may ask for that, too, and
   * it is no use of his grant. What is asked so comes in a later turn, before anything else can have been begun.
   */
  owns(action: string, principal: Principal): boolean;
  /**
   * Calls off an operation that it has under way for this asker. What was not begun is not; whether what was is taken
   * back, as far as it can be, is said with it. One that it does not know, or that is over, stays as it is.
   */
  cancel(operation: string, principal: Principal, isTakenBack: boolean): void;
  /** What it lacks of a release. @throws its own refusals; the shape of the offer was checked */
  offer(offer: Offer, asker: Asker): Vow<Offered>;
  /** Takes a piece of what it said it lacks. @throws as `offer` does */
  put(piece: Piece, asker: Asker): Vow<Put>;
  /**
   * Its service ends, with the daemon or because it goes out of the configuration: that it stops says nothing of how
   * well it is, and the next life goes on with what is under way. False: it stays after all.
   */
  rest(isResting: boolean): void;
  /** Its service has come up, or is not up any more. */
  turned(isUp: boolean): void;
  /**
   * How its service is to be run by a description: said before the service is made from the answer, and again whenever
   * it is described anew.
   */
  describe(config: ServiceConfig): ServiceConfig;
}

/** A release that somebody means to bring. */
export interface Offer {
  /** Its digest: `rel:sha256-` and 64 hex digits, the SHA-256 of its manifest, which is the first thing to bring. */
  readonly release: string;
  /** How long that text is. */
  readonly manifestBytes: number;
  /** The text of its signatures; absent where nobody has signed. */
  readonly signatures?: Uint8Array;
  /** What is missing behind this SHA-256: the next page. */
  readonly after?: string;
}
/** What is missing of a release, in pages. */
export interface Offered {
  /** The manifest alone, until that is there; then files, each content once, in the order of their SHA-256. */
  readonly missing: readonly Missing[];
  /** There is more behind the last of them. */
  readonly isMore?: true;
  /** Of all pages, what is there in part not counted. */
  readonly missingCount: number;
  readonly missingBytes: number;
  /** What the machine of the slot is, in Node's words: `linux-x64`. Absent where another one carries it there. */
  readonly platform?: string;
}
/** One content that is missing. */
export interface Missing {
  /** 64 hex digits. */
  readonly sha256: string;
  /** Bytes of it, and how many of these are there: the next piece begins behind them. */
  readonly size: number;
  readonly have: number;
}
/** A piece of one content. */
export interface Piece {
  readonly sha256: string;
  /** Where it begins: bytes. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}
/** What is there of a content after a piece of it came: bytes. A piece that does not go on there changes nothing. */
export interface Put {
  readonly have: number;
}

/** What a slot tells of itself. */
export interface SlotFacts {
  /** Digests of the release that is active, and of the one before it. */
  readonly current?: string;
  readonly previous?: string;
  /** Where the deploy is that is under way, or how one ended that has to be told of; see `slotPhases`. */
  readonly phase?: SlotPhase;
  /** Which release that is about, and in which operation. */
  readonly target?: string;
  readonly operation?: string;
  /** Wall clock of its machine, milliseconds since 1970: when it goes back by itself. */
  readonly deadlineMs?: number;
}
