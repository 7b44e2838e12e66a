/** What a peer may cost here beside what any stranger may (`CrowdLimits`). Each can be replaced in the options. */
import { CROWD_LIMITS, type CrowdLimits } from '@bellwether/netlayer-stream';

const KiB = 1_024;
const MiB = 1_024 * KiB;

/** The limits of one netlayer, in one table. */
export interface WebSocketLimits extends CrowdLimits {
  /** Bytes of a message, which is one record; a longer one is refused by its length, before any of it is kept. */
  readonly messageBytes: number;
  /** Pieces in which a message may come, fragments and chunks of the network apart; each costs more than its bytes. */
  readonly pieceCount: number;
  /** Bytes of the path, the names and the values of an HTTP request, at which Node refuses it. */
  readonly requestBytes: number;
  /** Pongs that wait for a peer that asks for them and does not read; one more ends it. */
  readonly pongCount: number;
  /** Milliseconds of silence after which a peer is pinged, so that no proxy gives it up; Infinity: never. */
  readonly pingMs: number;
  /** Such spans in a row without a byte from the peer, after which it is gone. */
  readonly silentCount: number;
}
/**
 * Through a proxy of this machine the whole network comes from here, and a router decides who goes: that number
 * is above what it keeps (1,024 without a hello, 1,024 without a fetch, 4,096 others) with those that still shake hands
 * and those that are just being closed. A message is as long as a record of CapTP may be. Goblins pings after 30 s and
 * gives a peer up after three such spans; nginx closes what is silent for 60 s.
 */
export const WEBSOCKET_LIMITS: WebSocketLimits = {
  ...CROWD_LIMITS,
  connectionsFromHere: 8_192,
  messageBytes: 8 * MiB,
  pieceCount: 16 * KiB,
  requestBytes: 8 * KiB,
  pongCount: 16,
  pingMs: 30_000,
  silentCount: 3,
};
/** Bytes of a first message that is not all there: more than a challenge takes, or its answer. */
export const FIRST_BYTES = 4_096;
/** Frames this long together are written before the end of the tick. */
export const BATCH_BYTES = 64 * KiB;
/** Bytes in which a long message is given to the socket, so that a line that works is seen to work. */
export const STEP_BYTES = 256 * KiB;
/** Bytes that a piece of a message costs beside its own. */
export const PIECE_COST_BYTES = 256;
/** Origins of pages that are let in. */
export const ORIGIN_COUNT = 64;
