/** What `herd` takes from a command line and from a terminal's user, at most. Each with its unit and its reason. */

/** Words after the ACTION. A shepherd takes 256 arguments in a request; what is longer belongs into a file. */
export const maxWordCount = 257;
/** UTF-16 units of one word. Beyond it, a file was meant. */
export const maxWordChars = 65_536;
/** Milliseconds of `--timeout`: one day, since timers of Node end at 24.8 days and nobody watches for longer. */
export const maxTimeoutMs = 86_400_000;
/** Lines of `-n`: what one answer carries without a stream. */
export const maxLogLines = 10_000;
/** Targets in one list before they are grouped by outcome; a table of more does not fit a screen. */
export const groupFromCount = 20;
/** Names shown of one group; the rest is a count. `--json` has them all. */
export const maxGroupNames = 200;
