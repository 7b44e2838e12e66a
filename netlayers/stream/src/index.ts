/** What the stream netlayers share, and the powers of Node. */
export { StreamConnection } from './connection.ts';
export { DialAttempt } from './dial.ts';
export {
  BadPlace,
  NetlayerClosed,
  PlaceTaken,
  systemCode,
  Unreachable,
  Untrusted,
} from './errors.ts';
export { Doorstep } from './doorstep.ts';
export {
  BACKLOG,
  CLOSE_MS,
  CROWD_LIMITS,
  type CrowdLimits,
  HOST_LENGTH,
  KEEPALIVE_MS,
} from './limits.ts';
export { type Port, showAddress } from './listening.ts';
export { nodeClock, type NodeClock } from './powers/clock.ts';
export { keyPairOf, nodeCrypto, nodeEntropy } from './powers/crypto.ts';
export { nodeReaper } from './powers/reaper.ts';
export { nodeSchedulers, type NodeScheduler, type NodeSchedulers } from './powers/schedulers.ts';
export { type Ending, Traffic } from './traffic.ts';
export { leadsHere, type Way, wayTo } from './way.ts';
