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

/** Bytes of /etc/passwd, and of /etc/group: 100,000 users. They are read at each start that names one. */
export const accountFileBytes = 8 * 1024 * 1024;
/** The highest number of a user or group: Linux has twice as many, and Node takes no more (`spawn`: an int32). */
export const highestId = 2_147_483_647;

/**
 * How often the processes are looked at that an earlier daemon started. One timer serves them all.
 */
export const adoptedPollMs = 250;
/** How long the ending of a process may wait for the rest of its killed group to go: SIGKILL is not
 *  refused, but a process that hangs in the kernel (a dead network disk) goes when that lets it. */
export const groupGoneMs = 1_000;
/** How long the ending of a process may wait for the rest of its killed group of cgroup v2 to go, for the same reason:
 *  longer, since there may be thousands in it. */
export const cgroupGoneMs = 5_000;

/**
 * The most that one answer has of a log, in bytes: 10,000 ordinary lines; a log of gigabytes costs
 * the same. Who wants more follows.
 */
export const linesBytes = 1024 * 1024;
/** Lines of such an answer at most. */
export const tailLineCount = 10_000;
/** Characters of one line of it; the rest of the line is in the file. */
export const tailLineChars = 8 * 1024;
/** A log is read in pieces of this size, in bytes. */
export const chunkBytes = 64 * 1024;
/**
 * Bytes that are looked through for the beginning of the last N lines of a follower: 10,000 of 1,600
 * characters.
 */
export const scannedBytes = 16 * 1024 * 1024;
/** Bytes that are looked through for each of them: of one that is longer the end is told. */
export const tailLineBytes = 64 * 1024;
/** Logs that are looked through at once: a disk is no faster for more, and each has a file open. */
export const lookCount = 4;
/**
 * Bytes and lines of one piece for a follower. With the names around its lines it is smaller than a
 * batch of a stream may be, whatever is in it.
 */
export const followedBytes = 16 * 1024;
/** Lines of such a piece. */
export const followedLineCount = 256;
/** Bytes of one line for a follower: a longer one comes in several. */
export const followedLineBytes = 4096;
/** Milliseconds that one reading waits for more at most: what is forgotten ends by itself. */
export const followedMs = 30_000;
/** Bytes of the times of one log: 7,000 stamps, which is most of a day of a busy service. */
export const timesBytes = 256 * 1024;
/** Bytes by which a log is told from its copy after a crash. */
export const comparedBytes = 64 * 1024;

/** Folders of a PATH that an error text names: the first ones tell the story. */
export const namedFolderCount = 12;
/**
 * Bytes of a script that are read to name its interpreter. Linux itself looks at no more than 256.
 */
export const scriptHeadBytes = 256;

/** Bytes of a service's log before it is rotated, where its configuration says nothing. */
export const logBytes = 10 * 1024 * 1024;
/** Old logs that are kept of each service then. */
export const keptLogCount = 5;
/**
 * How often the sizes are looked at, at the latest: a service that writes 10 MiB a second has 110 MiB by then. It
 * is also how exactly it is known when a line was written.
 */
export const logPollMs = 10_000;
/**
 * How often it is looked how much room the disk of the logs has, in milliseconds: one call, however many logs there
 * are. Where others fill that disk all logs are looked at so often.
 */
export const roomLookMs = 1_000;
/**
 * Bytes of that room by which it may shrink until the logs are looked at before their time. So a log that somebody
 * floods has no more than its size, this, and what the disk takes in a second (on a disk that tells late how full it
 * is, in ten); of that only the end is kept, behind a line that says how much is gone.
 */
export const roomLossBytes = 64 * 1024 * 1024;
/**
 * Bytes over its size of which nothing is lost when a log is rotated: what a service writes that says
 * 12 MiB a second between two looks. Of a longer log, which may be nothing but a hole (ftruncate), only
 * as much is kept as its size may be.
 */
export const burstBytes = 128 * 1024 * 1024;
/**
 * Bytes of the newest lines that are kept of a log which has filled the disk: they are moved within it in one step,
 * while nothing else is done here. Never more than half of what it may have.
 */
export const keptInPlaceBytes = 4 * 1024 * 1024;
/** Bytes of a log that are compressed together: to read any of them, all of them are unpacked. */
export const packedPieceBytes = 256 * 1024;
/** Pieces of one packed log: 4 GiB of it, which is more than a log may have before it is put aside. */
export const packedPieceCount = 16_000;
/** Milliseconds after which old logs go where nobody says otherwise: 90 days, as in GNU Shepherd. */
export const expireMs = 90 * 86_400_000;
/** Milliseconds between two looks whether old logs have to go: an hour is nothing in 90 days. */
export const expireLookMs = 3_600_000;
/** Bytes of a log that is put aside because of the time: a shorter one waits for the next one, as in GNU Shepherd. */
export const leastRotatedBytes = 8_192;
/** Bytes of a file that are counted: sums of them stay exact, and no disk has as many. */
export const fileBytes = 2 ** 50;
/** A rotation copies in pieces of this size, in bytes, between which others have their turn. */
export const pieceBytes = 1024 * 1024;
/** Pieces that it copies at once in the end, while nothing else is done here. */
export const lastPieceCount = 64;

/** Bytes of a PID file: a number, and white space around it. */
export const pidFileBytes = 64;
/** Links on the way to a PID file, the folder of a socket, or a file for a process: as many as Linux itself follows. */
export const folderLinkCount = 40;
/** Bytes in which a process may write the newline of its notice; s6 programs write nothing else. */
export const noticeBytes = 4096;
/** How often a file is looked at that somebody waits for and that cannot be watched, in milliseconds. */
export const lookMs = 250;
/** The same of one that is watched: some file systems let it be, and then tell nothing. */
export const watchedLookMs = 1_000;
/** Milliseconds between the first two looks at a file that changes all the time: a line is told at once. */
export const lookPauseMs = 10;
/**
 * Twice as many after each look that has found nothing, up to these: dots without a newline are not looked
 * at a hundred times a second by each who follows.
 */
export const lastLookPauseMs = 200;
/**
 * Bytes of its log that are searched for the text by which a service says that it is ready. A
 * service that says more before it is ready is not waited for by reading along.
 */
export const searchedBytes = 16 * 1024 * 1024;

/** Milliseconds for which a look at what services use is given again: whoever asks more often costs no more. */
export const usageBetweenMs = 400;
/** Processes of the machine that one look reads; meanwhile the daemon does nothing else. */
export const usageProcessCount = 20_000;

/** Posts over HTTP at once: each is a socket, and where much fails at once, much is told; the others wait. */
export const webhookCount = 64;
/** Answers that only announce one (100 to 199), of who is asked over HTTP: there is one of each kind at most. */
export const interimCount = 16;

/** Bytes of a file of variables: a start has room for a mebibyte of them, together with its arguments. */
export const environmentFileBytes = 65_536;
