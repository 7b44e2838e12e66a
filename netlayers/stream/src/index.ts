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
export { CLOSE_MS } from './limits.ts';
export { nodeClock, type NodeClock } from './powers/clock.ts';
export { keyPairOf, nodeCrypto, nodeEntropy } from './powers/crypto.ts';
export { nodeReaper } from './powers/reaper.ts';
export { nodeSchedulers, type NodeScheduler, type NodeSchedulers } from './powers/schedulers.ts';
export { Traffic } from './traffic.ts';
