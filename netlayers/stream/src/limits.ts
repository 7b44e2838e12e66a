/** What a stream connection may cost. */

/** How long a peer may keep its half open after we have ended ours, before the socket is destroyed. */
export const CLOSE_MS = 1_000;
/** The longest delay that Node's setTimeout takes; a longer one would fire at once. */
export const TIMER_MS = 2_147_483_647;

/** Bytes that a socket which dials takes out of the kernel at a time: what libuv reads at once. */
export const READ_BYTES = 64 * 1024;
