/** How long `herd` waits, and how much it reads. Each with its unit and its reason. */

/** Milliseconds to connect and to hear the first answer of a peer. */
export const connectMs = 5_000;
/**
 * Milliseconds that a start may take where nobody says. What services may take by their
 * descriptions, to stop and to become ready, comes on top: the shepherd knows it.
 */
export const startMs = 60_000;
/** The same of everything but a start. */
export const actionMs = 90_000;
/** Milliseconds that it is waited for however much a shepherd says that it needs: a day. */
export const mostActionMs = 86_400_000;
/** Milliseconds that a shepherd may take to stop everything, one grace period after another. */
export const shutDownMs = 120_000;
/**
 * Milliseconds that a live look at a service elsewhere may take: GNU's `herd status` is a thing of
 * an instant.
 */
export const probeMs = 1_000;
/** Milliseconds that completion waits for the shepherd: somebody has pressed a key and waits. */
export const completionDialMs = 500;
/** Milliseconds that services elsewhere get of that to say what they offer. */
export const completionProbeMs = 200;
/** Milliseconds for a question that a shepherd answers from what it has. */
export const questionMs = 10_000;
/** Milliseconds for joining a controller: its shepherd waits 5 s for contact, and 6 s for an answer. */
export const joinMs = 15_000;
/** Milliseconds for a look at the end of an audit: 64 MiB of a slow disk. */
export const auditMs = 30_000;
/** Milliseconds for what a host may add to what is known here: nobody waits long for that. */
export const lookMs = 2_000;
/** Milliseconds for a backup: 2,000,000 records of a slow disk. */
export const backupMs = 600_000;
/**
 * Milliseconds that we wait longer than the peer was given, so that its own words about time
 * arrive.
 */
export const marginMs = 500;
/** Log lines where nobody says; GNU shows as many. */
export const defaultLineCount = 5;
/** Lines of `herd log SERVICE` where nobody says: a screen. */
export const defaultLogLines = 20;
/** Bytes of `admin.ref`: one URI, with the path of a socket in it. */
export const maxAdminRefBytes = 4_096;
/** Bytes of a disk below which nothing is opened or written any more: some blocks of most file systems. */
export const fullBytes = 65_536;
/** Characters of one text in an answer: the longest argument that Linux takes. The rest is cut. */
export const maxTextCharacters = 131_072;
/** Milliseconds between two heartbeats of a watching: as often as a small fleet is looked at. */
export const heartbeatMs = 2_000;
/** Milliseconds without one, after which the shepherd is said to be silent: two missed, and a little. */
export const silentMs = 4_500;
/** Milliseconds of silence after which a watching is begun anew. A shepherd gives one up after 8 s. */
export const watchAgainMs = 10_000;
/** Milliseconds before a stream that was lost is asked for again at first: a life ends and begins in less. */
export const firstAgainMs = 250;
/** Milliseconds between two attempts at most: what is back is seen while somebody still looks. */
export const lastAgainMs = 5_000;
/**
 * Milliseconds of the history that are asked for once more: the dial passes meanwhile, and a little. What is
 * printed already is known by what it says.
 */
export const historyOverlapMs = connectMs + 1_000;
/** Changes of the history that are known again: a restart of all services makes four of each. */
export const keptChangeCount = 50_000;
/** Milliseconds between two looks for the socket of a shepherd that is restarting. */
export const socketLookMs = 50;
/** Milliseconds that an answer to a piece of a release may take: what is on its way, over 256 kbit/s. */
export const pieceMs = 120_000;
/** Milliseconds that a deploy may take where nobody says: as long as the activation of a release may. */
export const deployMs = 3_600_000;
/**
 * Milliseconds between two looks at whether a release waits to be confirmed, each through a connection of its own: the
 * audit of a grant has each of them. More often where it does not wait for four of them.
 */
export const confirmLookMs = 1_000;
/** The same for who may not look, and tries. */
export const confirmBlindMs = 2_000;
/** Milliseconds for which a shepherd is looked for again that went away in the middle of a deploy. */
export const rejoinMs = 120_000;
/** Pages of connections that are asked for: more than a shepherd can have. */
export const maxNetPages = 100;
/** Connections of peers without a name, alike in all else, that `herd net` shows each by itself: a screen has room. */
export const netSingleRows = 8;
/** Milliseconds between two looks of `herd net --watch`. */
export const netRefreshMs = 2_000;
/** Milliseconds of a trace where nobody says. */
export const traceMs = 30_000;
