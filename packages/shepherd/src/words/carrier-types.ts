/** The words of who keeps releases for services elsewhere, and brings them there. Near only. */
import type { Ref, Vow } from '@bellwether/actors';
import type { Offer, Offered, Piece, Put } from './agent-types.ts';
import type { Asker } from './observation.ts';
import type { Lines, ServiceElsewhere } from './service-types.ts';

/**
 * The `^carrier` of a shepherd: it takes releases for services that are not at home there, keeps them for a while, and
 * has them brought to each service that is about to be asked to take one.
 */
export interface Carrier {
  /** What it lacks of a release. Broken with its refusals; the shape of the offer was checked. */
  offer(offer: Offer, asker: Asker): Vow<Offered>;
  /** Takes a piece of what it said it lacks. Broken likewise. */
  put(piece: Piece, asker: Asker): Vow<Put>;
  /** How a release is offered that it has; undefined where it has none of that name. */
  offerOf(release: string): Offer | undefined;
  /** Who brings a release to one service elsewhere; undefined where it is not here. */
  courier(release: string, errand: Errand): Ref<Courier> | undefined;
}
/** Where a release is brought. */
export interface Errand {
  readonly to: Ref<Pick<ServiceElsewhere, 'offer' | 'put' | 'contact'>>;
  /** As it is told to people. */
  readonly name: string;
  /** Told once how much there is to bring. */
  readonly writer: Ref<Lines>;
}
/** Brings one release to one service. */
export interface Courier {
  /**
   * Begins, once; kept when all is there, or it was cancelled. Where contact is lost it goes on with the next. Broken
   * with what the other side refuses, what keeps it from being reached for too long, and what went wrong here.
   */
  run(): Vow<Carried>;
  /** It is not wanted any more: no further piece is sent. */
  cancel(): void;
}
/** What was sent. */
export interface Carried {
  readonly pieceCount: number;
  readonly byteCount: number;
}
