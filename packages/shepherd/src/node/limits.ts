/**
 * What the powers of a shepherd on Node hold at most. Each has its unit in its name and its reason
 * beside it.
 */

/** Output kept of a custom action: one screenful and a bit, since it travels inside an Outcome. */
export const commandOutputLineCount = 100;
/** The same in bytes, so that one endless line costs no more than a hundred short ones. */
export const commandOutputBytes = 64 * 1024;
/**
 * Custom actions that may run at once on the machine: each is a process of the operator's making,
 * often asked for from afar. How many of these one service may have is a limit of its own.
 */
export const commandCount = 256;
/**
 * After the group of a command was killed, its pipes get this long to close: a process that left
 * the group keeps them open for as long as it likes.
 */
export const pipeCloseMs = 500;

/**
 * How often the processes are looked at that an earlier daemon started. One timer serves them all.
 */
export const adoptedPollMs = 250;
/** How long the ending of a process may wait for the rest of its killed group to go: SIGKILL is not
 *  refused, but a process that hangs in the kernel (a dead network disk) goes when that lets it. */
export const groupGoneMs = 1_000;

/**
 * What `tail` reads of a log file: enough for 10,000 ordinary lines; a file of gigabytes costs the
 * same.
 */
export const tailBytes = 1024 * 1024;
/** Lines that `tail` gives at most. */
export const tailLineCount = 10_000;
/** Characters of one line that `tail` gives; the rest of the line is in the file. */
export const tailLineChars = 8 * 1024;

/** Folders of a PATH that an error text names: the first ones tell the story. */
export const namedFolderCount = 12;
/**
 * Bytes of a script that are read to name its interpreter. Linux itself looks at no more than 256.
 */
export const scriptHeadBytes = 256;

/** Bytes of a service's log before it is rotated. */
export const logBytes = 10 * 1024 * 1024;
/** Old logs that are kept of each service. */
export const keptLogCount = 5;
/** How often the sizes are looked at: a service that writes 10 MiB a second has 110 MiB by then. */
export const logPollMs = 10_000;
/** A rotation copies in pieces of this size, in bytes, between which others have their turn. */
export const pieceBytes = 1024 * 1024;
/** Pieces that it copies that way at most: 1 GiB, whatever a service goes on writing. */
export const pieceCount = 1024;
/** Pieces that it copies at once in the end, while nothing else is done here. */
export const lastPieceCount = 64;
