/** What unix sockets allow, and what we allow on them. */

/**
 * Bytes of a path that a socket call takes: `sun_path` has 108 with its final zero on Linux, 104 on BSD and macOS.
 * Node cuts a longer one silently.
 */
export const PATH_BYTES = process.platform === 'linux' ? 107 : 103;
/** Inbound connections at once: many operators and scripts, and far below the descriptors of a process. */
export const CONNECTION_COUNT = 1_024;
/**
 * The same on a shared socket. Who goes where too many came is decided by those who know what was fetched: 1,024
 * without a hello, 1,024 without a fetch and 1,024 others. This is above them with what is just being closed, and
 * below the 4,096 descriptors that old systems give a process at most, where no more can be accepted.
 */
export const SHARED_CONNECTION_COUNT = 3_584;
/** Connections that the kernel queues before it answers EAGAIN: a burst of clients while a vat is busy. */
export const BACKLOG = 1_024;
/**
 * The same on a shared socket. Where somebody connects without end the queue is full whatever its length, and who is
 * in it waits for all before him, so it is short. test/cli/story-11.test.ts does that, and has others served meanwhile.
 */
export const SHARED_BACKLOG = 256;
/** How long a dial may take, retries included. */
export const DIAL_MS = 5_000;
/** The first wait after EAGAIN (the queue of the listener is full); doubled each time up to the longest. */
export const RETRY_MS = 5;
/** The longest wait between two tries: who asks rarely never finds a place in a queue that others press into. */
export const LONGEST_RETRY_MS = 25;
