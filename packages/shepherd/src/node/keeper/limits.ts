/** What the client of the keeper holds at most; those of the keeper itself are in packages/keeper/src/protocol.h. */

/** Milliseconds for which what was left by a start that was stopped may end by itself before it is told. */
export const leftAgainMs = 200;
/** Orphans whose environment is read at the end of a start, the youngest: any service may leave thousands. */
export const leftLookCount = 64;
/** Bytes of a frame to the keeper: arguments and environment of one start. Linux takes 6 MiB, nobody writes that. */
export const startBytes = 1024 * 1024;
/** Bytes of a frame from the keeper: a state with all its fields has 300. */
export const answerBytes = 4096;
/** Arguments of one start, and variables of its environment. */
export const argumentCount = 4096;
/** Signals of one start that wait for a keeper that is being started again; the oldest of more go. */
export const owedSignalCount = 64;
/**
 * Milliseconds for which the end of a process stays in the keeper after it was told, at least: to record it takes less,
 * and then it stays until the disk has that.
 */
export const forgetMs = 1_000;
/** Ends that wait to be forgotten before they are, at once: an eighth of the keeper's table. */
export const forgetCount = 1_000;
/** Milliseconds for a keeper to come up, and to say what it has: it takes 3, but a machine may be busy. */
export const startKeeperMs = 10_000;
/** The pause before the second try to reach it, and the longest one, in milliseconds. */
export const firstPauseMs = 10;
/** See `firstPauseMs`. */
export const longestPauseMs = 1_000;
/** Tries to reach it before a daemon that begins gives up. */
export const reachTryCount = 5;
/** Bytes of the keeper's own log before it is begun anew. */
export const keeperLogBytes = 1024 * 1024;
/** Tries of a start whose process was ended before it could begin, as by a kill of the keeper's main. */
export const startTryCount = 8;
/** Milliseconds for which starts wait for a keeper that was lost: another one takes a few, or a second. */
export const giveUpMs = 5_000;
/** Milliseconds of one turn of the event loop in which starts are made: each takes 0.1, a collection between them 1. */
export const pieceMs = 0.5;
