/** OCapN over a simulated network. */
export { NetworkError, type NetworkCode } from './errors.ts';
export { MEMORY_LIMITS, type MemoryLimits } from './limits.ts';
export type { MemoryWorld } from './link.ts';
export { MemoryNetwork } from './network.ts';
export { MEMORY_TRANSPORT, type MemoryPeerOptions } from './peer.ts';
