/** What this transport allows: few peers, all on this machine. */

/** Milliseconds that a dial may take: nothing on the loopback is slower but a stopped process. */
export const DIAL_MS = 5_000;
/** Inbound connections at once: a suite opens a dozen. */
export const CONNECTION_COUNT = 256;
/** Connections that the kernel queues. */
export const BACKLOG = 64;
