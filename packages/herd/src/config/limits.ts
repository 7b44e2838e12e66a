/** What a configuration may cost, at most. Each with its unit and its reason. */

/**
 * Evaluation and bundling together, by the clock. An ordinary configuration takes 0.1 s: where it takes a hundred times
 * that, as on a machine that boots with all cores busy, it is read all the same. One that hangs costs who waits.
 */
export const evaluationMs = 60_000;
/**
 * Memory of the evaluating process, MiB: a configuration that fills memory ends itself, not the
 * machine.
 */
export const evaluationMebibytes = 512;
/** Once the evaluating process has ended, its pipes get this long to close, milliseconds. */
export const closeMs = 500;
/** Characters of the message of an error that a configuration threw. */
export const thrownChars = 2_000;
/** What is kept of what a configuration prints, in characters: the end, where errors stand. */
export const printedChars = 64 * 1024;
/**
 * Bytes of what the evaluating process tells: a description of the longest kind, with the places of
 * its entries.
 */
export const resultBytes = 16 * 1024 * 1024;
/**
 * Bytes of a description as canonical JSON: what a daemon keeps and compares. The largest fleet takes
 * half of that.
 */
export const descriptionBytes = 4 * 1024 * 1024;

/** Services of one shepherd: as many as it takes. */
export const serviceCount = 11_000;
/** Members of one fleet: as many as an outcome has rows. */
export const memberCount = 10_000;
/** Names of one service. */
export const provisionCount = 16;
/** Requirements of one service. */
export const requirementCount = 1_000;
/** Custom actions of one service: all are listed wherever it is shown. */
export const actionCount = 64;
/** Characters of a name: it is a file name, a word of the command line and a column of a table. */
export const nameChars = 128;
/** Characters of a documentation: a paragraph. */
export const documentationChars = 4_096;
/** Characters of the name of a user or group: as useradd(8) takes. */
export const accountNameChars = 32;
/** The highest number of one: Node runs nothing as a higher one. */
export const highestAccount = 2_147_483_647;
/** Supplementary groups of one process: as many as the keeper gives it. */
export const supplementaryCount = 64;
/** Files that a process is to find open: as many as the keeper opens beside its log. */
export const descriptorCount = 32;
/** Words of one command line. */
export const argumentCount = 1_000;
/** Characters of one argument, variable or path; Linux takes 128 KiB for one string. */
export const argumentChars = 128 * 1024 - 1;
/** Characters of the path of a file that is watched or listened at: Linux takes 4,096 with the NUL at the end. */
export const pathChars = 4_095;
/** Checks in a row that may fail before a service counts as dead. */
export const liveFailureCount = 100;
/** Seconds between two checks at least: each may be a program. */
export const leastLiveSeconds = 1;
/** Sockets of one service: as many as the keeper hands to a start. */
export const socketCount = 16;
/** Characters of the name of a socket: what systemd takes. */
export const socketNameChars = 255;
/** Connections that a service may have a process for each of: the keeper has room for eight such services. */
export const inetdConnectionCount = 1_000;
/** Characters of what they are called, before a number with a hyphen, so that all of it is a name. */
export const connectionNameChars = 112;
/** Connections that may wait to be accepted; the kernel takes 4,096 where nobody says otherwise. */
export const backlogCount = 65_535;
/** Tries to have a socket, a second apart: a minute is long for a start. */
export const bindCount = 60;
/** Variables of one command. */
export const variableCount = 1_000;
/** Characters of a URL or of a host. */
export const urlChars = 2_048;
/** Seconds of any time in a configuration: an hour is long for a start, a stop or a delay. */
export const longestSeconds = 3_600;
/** Seconds for which a release has to be well: all of an activation takes an hour at most. */
export const longestHealthySeconds = 900;
/** Runs after which a timer stops by itself: one each second for a month. */
export const occurrenceCount = 2_678_400;
/** Seconds that a run of a timer may be bounded to: a week. */
export const timerSeconds = 604_800;
/** Seconds by which alarms may be spread: a day. */
export const spreadSeconds = 86_400;
/** Seconds between two alarms: a year. What is rarer is a day of the calendar. */
export const intervalSeconds = 31_622_400;
/** Characters of a time in the words of cron: as a shepherd reads. */
export const cronChars = 1_024;
/** The first descriptor that a service may be given to say that it is ready; those below are taken. */
export const firstDescriptor = 3;
/** The last one: a program has 1,024 of them where nobody says otherwise. */
export const lastDescriptor = 255;
/** Origins of pages that may connect: a handful of applications. */
export const originCount = 64;
/** Services that a door for GNU Shepherd's clients is for, and actions that it allows: a few of one kind of work. */
export const gnuNameCount = 256;
/** Bytes of a certificate with those above it, and of a key: each in PEM, as authorities hand them out. */
export const pemFileBytes = 256 * 1024;
/** Milliseconds before its end at which a certificate is named: two weeks; most are renewed a month before. */
export const certificateWarningMs = 14 * 86_400_000;
/** Characters of a text that is looked for in a log: a line for people. */
export const logTextChars = 1_024;
/** Mebibytes of one log: what is put aside at once, beside the event loop. */
export const logMebibytes = 1_024;
/** Old logs that are kept of one service: each costs a look whenever somebody reads far back. */
export const keptLogCount = 100;
/** Sources of a system log: its program takes as many. */
export const systemLogSourceCount = 16;
/** Rules of one; its program is told what goes to each place, so they cost it nothing. */
export const systemLogRuleCount = 64;
/** Places that one writes to. */
export const systemLogPlaceCount = 32;
/** Bytes of the path of a unix socket: what Linux takes. */
export const socketPathBytes = 107;
/** Bytes of the path of a place of one. */
export const systemLogPathBytes = 1_000;
/** Minutes of silence before a system log says so: a week. */
export const markMinutes = 10_080;
/** Messages that one sender may be allowed at once: beyond that there is no limit worth the name. */
export const floodMessages = 10_000_000;

/** Days for which old logs may be kept: a century. */
export const expiredDays = 36_500;
/** Things that are done when one service has failed: whom to tell, and what to try. */
export const failureHookCount = 8;
/** Seconds between two lines of a monitoring: as many as its agent takes. */
export const monitoringSeconds = 2_000_000;
/** Files of others that a shepherd puts aside: each is looked at once a minute. */
export const rotatedFileCount = 256;
/** Respawns that a policy may allow in its window. */
export const respawnCount = 1_000;

/** Keys that a slot trusts: as many as a release has signatures. */
export const trustedKeyCount = 16;

/** Problems told at once; the rest often follows from them. */
export const problemCount = 20;

/** Machines of one declaration: each is dialled and deployed to from here; beyond that a controller does it better. */
export const machineCount = 256;

/** Processes of a group of cgroup v2: Linux has no numbers for more. */
export const groupProcessCount = 4_194_304;
/** What such a group may use, in percent of one processor: ten thousand of them are more than any machine has. */
export const groupPercent = 1_000_000;
/** Files of variables of one command: nobody keeps track of more. */
export const environmentFileCount = 16;
