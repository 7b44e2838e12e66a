/** What whoever reaches the door for GNU Shepherd's clients can have us keep, and wait for. */

/** Connections at once: each `herd` has one, for as long as what it asked for takes. */
export const connectionCount = 256;
/** Milliseconds in which a request has to be there: it is written in one go, on this machine. */
export const requestMs = 10_000;
/** Milliseconds in which a reply has to be taken: who prints it reads it in one go. */
export const replyMs = 30_000;
/** Bytes of replies that were not taken yet, all connections together: a status of 1,000 services is a mebibyte. */
export const unsentBytes = 67_108_864;
/**
 * Lines of one reply that an operation says, and that the action of a fleet prints: the rest is a number. What one
 * service prints is bounded where it runs.
 */
export const messageCount = 2_000;
/** Characters of one of them, and of one line of a log. */
export const messageCharacters = 4_096;
/** Milliseconds in which services elsewhere have to answer how they are. */
export const statusMs = 2_000;
/** Lines of a log that `herd log SERVICE` shows: GNU Shepherd keeps as many in memory as it shows of any. */
export const logLineCount = 20;
/** Status changes of one service that are told, as many as GNU Shepherd keeps. */
export const changeCount = 30;
