/**
 * What `herd` takes from a command line and from a terminal's user, at most. Each with its unit and
 * its reason.
 */
import { limits } from '@bellwether/shepherd';

/**
 * Words in all: 'do', an action, a service and the arguments that a shepherd takes; what is more
 * belongs into a file.
 */
export const maxWordCount = 3 + limits.argumentCount;
/** UTF-16 units of one word: the bytes of arguments that a shepherd takes. */
export const maxWordChars = limits.argumentBytes;
/** Milliseconds of `--timeout`: what a shepherd takes. Timers of Node end at 24.8 days. */
export const maxTimeoutMs = limits.remainingMs;
/** Members of `--min-ready`: as many as a fleet may have. */
export const maxMembers = limits.rowCount;
/** Milliseconds of `--since`: what a shepherd takes. */
export const maxSinceMs = limits.sinceMs;
/** Milliseconds of a span of time: ten years, which is for ever among machines. */
export const maxSpanMs = 3_653 * 86_400_000;
/** Lines of `-n`: what a shepherd takes, and one answer carries without a stream. */
export const maxLogLines = limits.logLineCount;
/**
 * Targets in one list before they are grouped by outcome; a table of more does not fit a screen.
 */
export const groupFromCount = 20;
/** Rows that failed in the same words before they share one line: of fewer each is easier to read by itself. */
export const mergeFromCount = 4;
/** Names shown of one group; the rest is a count. `--json` has them all. */
export const maxGroupNames = 200;
/** Operations in one list: what a shepherd tells of. */
export const maxOperations = limits.operationListCount;
/** Services that an answer to 'herd why' goes through: a chain of more is read by nobody. */
export const maxWhyCount = 32;
/** Levels of a tree of services: of a deeper one each line would be wider than any terminal. */
export const maxTreeDepth = 64;
/** Candidates that a shell is told; a list of more helps nobody. */
export const maxCandidates = 1_000;
/** Characters of one candidate: those of a name, and its `@`. */
export const maxCandidateChars = 1 + limits.nameCharacters;
/** Characters that are said about one; shells cut it at the width of the terminal. */
export const maxAboutChars = 100;
/** Lines that one look, or one round of it, has open: a fleet is accepted in seconds, and no descriptors are missed. */
export const mostLines = 16;
/** Machines that are deployed to at a time, once the first is well: each has a share of the line of whoever deploys. */
export const machinesAtOnce = 4;
/** Services that a selector picks out, from which on a person is asked whether they are meant: a line of names. */
export const askFromCount = 10;
/** Bytes of output that wait for whoever reads it, as a pager: what comes beyond them is lost, and that is said. */
export const unreadBytes = 67_108_864;
/** Milliseconds until those who are waited for are looked at, again and again: longer than most commands take. */
export const lookAgainMs = 4_000;
/** Characters of rows, as JSON, that are kept until what came of a command is told: more than of 10,000 members. */
export const keptRowChars = 33_554_432;
/** Names of those that are shown before; `--dry-run` has them all. */
export const shownNameCount = 20;

/** What `herd import` reads. */
export const importLimits = {
  /** Bytes of one file: descriptions are written by hand. */
  fileBytes: 1_048_576,
  /** Drop-ins of one unit: whoever edits one by hand has a few. */
  dropInCount: 64,
} as const;
