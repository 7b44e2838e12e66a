/** What a stream connection may cost. */

/** How long a peer may keep its half open after we have ended ours, before the socket is destroyed. */
export const CLOSE_MS = 1_000;
/** The longest delay that Node's setTimeout takes; a longer one would fire at once. */
export const TIMER_MS = 2_147_483_647;

/** Milliseconds until Linux says of a neighbour that there is no way to it: three questions, a second each (arp(7)). */
export const NEIGHBOUR_MS = 3_000;

/** Bytes that a socket which dials takes out of the kernel at a time: what libuv reads at once. */
export const READ_BYTES = 64 * 1024;

/** What strangers on a network may cost a netlayer, in one table. Each can be replaced in its options. */
export interface CrowdLimits {
  /** Milliseconds from the TCP accept to the end of the handshake. */
  readonly handshakeMs: number;
  /** Milliseconds from `dial` to an open connection, names and TCP included. */
  readonly dialMs: number;
  /** Connections that have not finished their handshake; beyond, the oldest goes. */
  readonly halfOpenCount: number;
  /** The same for one address (an IPv4 address, or the /64 of an IPv6 one). */
  readonly halfOpenPerAddress: number;
  /** Inbound connections in all; more are closed unheard. */
  readonly connectionCount: number;
  /** The same for one address, as above. */
  readonly connectionsPerAddress: number;
  /** The same for this machine itself, which may run any number of peers. */
  readonly connectionsFromHere: number;
}
/**
 * 10 s is what a slow link with losses needs. A connection in its handshake holds the buffers of TLS, a silent one
 * hardly more than its socket, so what half-open ones can hold is bounded. One address may take half of them: a
 * thousand nodes behind one gateway come back at once after a power cut. So many may stay, too: a sixteenth of all,
 * and no address keeps out another.
 */
export const CROWD_LIMITS: CrowdLimits = {
  handshakeMs: 10_000,
  dialMs: 10_000,
  halfOpenCount: 2_048,
  halfOpenPerAddress: 1_024,
  connectionCount: 16_384,
  connectionsPerAddress: 1_024,
  connectionsFromHere: 4_096,
};
/** Connections that the kernel queues: with less, a storm of nodes waits whole seconds for TCP to try again. */
export const BACKLOG = 4_096;
/** Milliseconds of silence before the kernel probes whether the peer still exists. */
export const KEEPALIVE_MS = 30_000;
/** Characters of a host name (RFC 1035). */
export const HOST_LENGTH = 253;
