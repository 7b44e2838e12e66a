/**
 * What `herd` takes from a command line and from a terminal's user, at most. Each with its unit and
 * its reason.
 */

/**
 * Words in all: 'do', an action, a service and the 64 arguments that a shepherd takes; what is more
 * belongs into a file.
 */
export const maxWordCount = 67;
/** UTF-16 units of one word: a shepherd takes 16 KiB of arguments. Beyond it, a file was meant. */
export const maxWordChars = 16_384;
/**
 * Milliseconds of `--timeout`: one day, since timers of Node end at 24.8 days and nobody watches
 * for longer.
 */
export const maxTimeoutMs = 86_400_000;
/** Lines of `-n`: what one answer carries without a stream. */
export const maxLogLines = 10_000;
/**
 * Targets in one list before they are grouped by outcome; a table of more does not fit a screen.
 */
export const groupFromCount = 20;
/** Names shown of one group; the rest is a count. `--json` has them all. */
export const maxGroupNames = 200;
