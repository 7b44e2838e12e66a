/**
 * How often a controller looks at its members. Below a hundred machines everything is quick; above, what
 * is asked of the network and of the controller itself must not grow with their number for long.
 *
 *     machines     heartbeat each   unknown after   heartbeats in a second
 *     up to 99     2 s              4.5 s           up to 50
 *     up to 360    15 s             30.5 s          7 to 24
 *     up to 720    30 s             60.5 s          12 to 24
 *     up to 1,080  45 s             90.5 s          16 to 24
 *     more         60 s             120.5 s         18 and more
 *
 * That is how long the word of a member holds of which nothing is heard at all; in a large fleet whoever
 * watches is told of it with the next whole second. A session that ends makes
 * it unknown at once, and that the kernel tells of every process that is gone, over tcp-tls also of a
 * machine that is (40 s); who asks for a status or commands does not go by it.
 */
import { LIMITS } from '../limits.ts';

/** All in milliseconds. */
export interface Pace {
  /** Between two heartbeats of a member. */
  readonly heartbeatMs: number;
  /** Two missed heartbeats and the time that news may take: what was seen longer ago is not known any more. */
  readonly staleMs: number;
  /** The longest wait before a machine is dialled again. */
  readonly redialCapMs: number;
  /** Over which the first dials are spread. */
  readonly spreadMs: number;
}

/** The pace for so many machines. */
export const paceFor = (peerCount: number): Pace => {
  const isLarge = peerCount >= LIMITS.largeFleetCount;
  const heartbeatMs = isLarge ? slowHeartbeatMs(peerCount) : LIMITS.heartbeatMs;
  return {
    heartbeatMs,
    staleMs: LIMITS.missedHeartbeatCount * heartbeatMs + LIMITS.newsMs,
    redialCapMs: isLarge ? LIMITS.slowRedialCapMs : LIMITS.redialCapMs,
    spreadMs: peerCount * LIMITS.spreadMs,
  };
};

/** In whole steps, so that a reload with a few machines more has nobody asked anew. */
const slowHeartbeatMs = (peerCount: number): number => {
  const { slowHeartbeatMs: stepMs, heartbeatRate, slowestHeartbeatMs } = LIMITS;
  const stepCount = Math.ceil((peerCount * 1_000) / (heartbeatRate * stepMs));
  return Math.min(stepCount * stepMs, slowestHeartbeatMs);
};
