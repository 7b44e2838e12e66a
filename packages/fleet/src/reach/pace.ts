/**
 * How often a controller looks at its members. Below a hundred machines everything is quick; above, what
 * is asked of the network and of the controller itself must not grow with their number for long.
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
  const heartbeatMs = isLarge ? LIMITS.slowHeartbeatMs : LIMITS.heartbeatMs;
  return {
    heartbeatMs,
    staleMs: LIMITS.missedHeartbeatCount * heartbeatMs + LIMITS.newsMs,
    redialCapMs: isLarge ? LIMITS.slowRedialCapMs : LIMITS.redialCapMs,
    spreadMs: peerCount * LIMITS.spreadMs,
  };
};
