/**
 * Two peers may dial each other at the same moment, and one that was restarted dials again. Both
 * sides must reach the same verdict on an inbound hello from an identity that we already have to do
 * with:
 *
 *   what we have with that peer          verdict
 *   nothing                              opens
 *   a dial that has not connected        opens; the dial is cancelled, who waited follows
 *   a dial in its hello, or an open      a crossing: the connection whose dialler has the lower
 *     dialled session that is not        public id goes, on both sides
 *     confirmed and is young
 *   any other open session               opens beside it, leads with the peer's first operation;
 *                                        the old one is kept in reserve for a while
 *
 * The comparison is OCapN's "crossed hellos mitigation". In the last row the peer has either lost
 * the session that we know, for example with its power, and dialled again; or this is the loser of
 * a crossing whose hello, and whose fetch, were slow, and whose abort is still on its way. Nothing
 * that has come yet tells them apart, so that the old session must outlive the doubt: where it went
 * at once, some crossings with jitter lost both connections (the seeds of crossing.test.ts). An unconfirmed session
 * counts as confirmed after a while, else a restarted peer could lose against a dial that is long
 * dead.
 */
import { compareBytes } from '../syrup/values.ts';

/**
 * Milliseconds that a replaced session is kept in reserve: an abort that is under way has come by
 * then.
 */
export const RESERVE_MS = 1_000;

/** Why the loser of a crossing is aborted. Peers match no text of it. */
export const CROSSED = 'captp: crossed hellos, the other connection stays';
/** Why a session is aborted that a newer one has replaced. */
export const REPLACED = 'captp: a newer session replaces this one';
/** Why a session is aborted that was dialled because another had fallen silent. */
export const NO_DOUBT = 'captp: the session beside this one has come back';

/** A connection that we dialled and that may still lose. */
export interface Rival {
  /** Our public id on it; undefined on one that we did not dial, which is nobody's rival. */
  readonly publicId: Uint8Array | undefined;
}

/**
 * Whether an inbound connection whose dialler has `theirId` stays, when `rival` is what we dialled.
 */
export const inboundStays = (rival: Rival | undefined, theirId: Uint8Array): boolean =>
  rival?.publicId === undefined || compareBytes(rival.publicId, theirId) < 0;
