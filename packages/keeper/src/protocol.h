/*
 * What a daemon and its keeper say to each other, over a unix stream socket that only the user of both can reach.
 * Both are on one machine, so numbers are as that machine has them: little endian (checked where this is built).
 *
 *     frame    u32 length of all of it, 8 bytes to 1 MiB | u16 type | u16 zero | fields
 *     field    u32 length of the bytes | u16 tag | u16 zero | bytes
 *     number   8 bytes          text   ends in a NUL and has no other one          pair   two numbers, then text
 *
 *     type          fields                                       what follows
 *     to the keeper
 *       1 HELLO     VERSION the lowest, VERSION the highest      HELLO, a STATE for each start, TOLD
 *       2 START     ID FILE ARG+, and what child.c can give      a STATE; of a known id the one it has, and no start
 *       3 SIGNAL    ID SIGNAL                                    SIGNALLED, or REFUSED where it could not be sent
 *       4 FORGET    ID                                           nothing: whoever waits for that end knows it
 *       5 FOLLOW    ID PID, and UID as that it runs as            a STATE; or REFUSED, where that is not its process
 *       6 LISTEN    ID PLACE, and what sockets.c can do          LISTENING; or REFUSED. The same place: as it is
 *       7 CLOSE     ID                                           CLOSED: neither the socket nor its path is there
 *       8 WATCH     ID                                           CONNECTION, once, when somebody comes
 *       9 DROP      CONNECTION                                   nothing: that connection is closed
 *      16 RENEW     FILE                                         the connection ends: main is that program from now
 *                                                                on; REFUSED where it cannot be executed
 *     to the daemon
 *      65 HELLO     VERSION the one that is spoken, BOOT, FEATURES, BUILD, PID of the anchor
 *      66 STATE     ID STATE PID TIME, of an end STATUS SOURCE, else STEP, of a failure ERROR WHICH; READY once it
 *                   has said so
 *      67 TOLD      nothing                                      that was the whole table
 *      68 REFUSED   ID STEP ERROR                                nothing was done
 *      69 SIGNALLED ID                                           it was sent, to its whole group
 *      70 LISTENING ID
 *      71 CONNECTION ID, of an inetd socket CONNECTION its number, PEER, LOCAL
 *      72 CLOSED    ID
 *
 *     STATE     PREPARED  it is under way, at STEP: another STATE follows, also where a START has asked for this one
 *               RUNNING   the program runs, or is about to: its process has its record
 *               FAILED    it never ran: ERROR is an errno, STEP the word for what gave it, and WHICH, where that was a
 *                         file, the descriptor as which the process was to find it
 *               ENDED     STATUS as waitpid(2) has it, unless SOURCE is UNKNOWN
 *
 * FEATURES are what not every keeper of a version has: whoever asks one for what it lacks is refused.
 *
 * A STATE is sent at each change, and again with each HELLO, until it is forgotten: so whoever was cut off knows
 * everything after the next HELLO, and nothing is queued for him. A tag with bit 15 may be skipped by whoever does not
 * know it; any other unknown tag, and every unknown type, is refused. A frame that is broken ends its connection. The
 * newest connection takes the place of the one before.
 */
#ifndef KEEPER_PROTOCOL_H
#define KEEPER_PROTOCOL_H

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the keeper and its client speak little endian"
#endif

/* The versions that this program speaks. */
#define VERSION_LOWEST 1u
#define VERSION_HIGHEST 1u

/* Types of frames. */
enum {
  HELLO = 1,
  START = 2,
  SIGNAL = 3,
  FORGET = 4,
  FOLLOW = 5,
  LISTEN = 6,
  CLOSE = 7,
  WATCH = 8,
  DROP = 9,
  RENEW = 16,
  SAY_HELLO = 65,
  SAY_STATE = 66,
  SAY_TOLD = 67,
  SAY_REFUSED = 68,
  SAY_SIGNALLED = 69,
  SAY_LISTENING = 70,
  SAY_CONNECTION = 71,
  SAY_CLOSED = 72,
};

/* Tags of fields; the pairs are { what, which, text }. */
enum {
  TAG_VERSION = 1,
  TAG_ID = 2,
  TAG_STATE = 3,
  TAG_PID = 4,
  TAG_TIME = 5,
  TAG_STATUS = 6,
  TAG_SOURCE = 7,
  TAG_STEP = 8,
  TAG_ERROR = 9,
  TAG_BOOT = 10,
  TAG_SIGNAL = 11,
  TAG_FILE = 12,
  TAG_ARG = 13,
  TAG_ENV = 14,
  TAG_CWD = 15,
  TAG_ROOT = 16,
  TAG_UID = 17,
  TAG_GID = 18,
  TAG_GROUP = 19,
  TAG_UMASK = 20,
  TAG_NICE = 21,
  TAG_OOM = 22,
  TAG_LIMIT = 23, /* three numbers: which, soft, hard */
  TAG_OPEN = 24,  /* a pair: the descriptor, how (enum below), the path */
  TAG_FLAGS = 25,
  TAG_CGROUP = 26, /* the folder of a group of cgroup v2 */
  TAG_FEATURES = 27,
  TAG_PLACE = 28, /* a pair: the family (enum below), the port, the address or the path */
  TAG_STYLE = 29, /* bits, below */
  TAG_BACKLOG = 30,
  TAG_MODE = 31,
  TAG_SOCKET = 32,     /* a pair: the descriptor, 0, the id of a socket */
  TAG_CONNECTION = 33, /* a number that a CONNECTION has said */
  TAG_PEER = 34,       /* as TAG_PLACE */
  TAG_LOCAL = 35,
};
#define TAG_MAY_BE_SKIPPED 0x8000u
/* Which sources this program was made from, as a text: another one is another keeper. */
#define TAG_BUILD (TAG_MAY_BE_SKIPPED | 40u)
/* A descriptor. */
#define TAG_WHICH (TAG_MAY_BE_SKIPPED | 41u)
/* Of a start that runs: it has said that it is ready. */
#define TAG_READY (TAG_MAY_BE_SKIPPED | 42u)
#ifndef BUILD /* build.mjs says */
#define BUILD "unknown"
#endif

/* How TAG_OPEN opens a path. */
enum {
  OPEN_READ = 0,
  /* A file that is there already, to write at its end. */
  OPEN_APPEND = 1,
  /* The same, for a log: a plain file of the keeper's user with this one name, or a device of root's. */
  OPEN_LOG = 2,
  /* A terminal, for reading and writing, which becomes that of the session. */
  OPEN_TERMINAL = 3,
  /* The same terminal once more. */
  OPEN_SCREEN = 4,
};

/* Families of TAG_PLACE. */
enum { PLACE_UNIX = 1, PLACE_4 = 4, PLACE_6 = 6 };
/* Bits of TAG_STYLE. */
enum {
  STYLE_DATAGRAM = 1,
  /* What comes is accepted here, one at a time, and handed out by its number. */
  STYLE_ACCEPTS = 2,
  STYLES = 3,
};

/* Bits of TAG_FLAGS. */
enum {
  FLAG_NO_NEW_PRIVILEGES = 1,
  /* Stays in the session of the keeper; it leads a group of its own nevertheless. */
  FLAG_KEEP_SESSION = 2,
  /* What is left of its group when it ends goes on. */
  FLAG_KEEP_GROUP = 4,
  /* It makes the process that FOLLOW names, and its own end with 0 is none until then. */
  FLAG_HANDS_OVER = 8,
  /* It says that it is ready at a socket of its own: see ready.h. */
  FLAG_NOTIFIES = 16,
  FLAGS = 31,
};

/* Bits of TAG_FEATURES: of main, and of its anchor, which may be older. */
enum {
  /* FOLLOW, FLAG_KEEP_GROUP and FLAG_HANDS_OVER. */
  FEATURE_FOLLOW = 1,
  /* LISTEN and what goes with it: of main alone. */
  FEATURE_SOCKETS = 2,
  /* A main that ends is followed by its heir, which the table names: of the anchor alone. */
  FEATURE_HEIR = 4,
  /* FLAG_NOTIFIES: of main alone. */
  FEATURE_NOTIFY = 8,
  FEATURES = 15,
};
/* In which an anchor tells its main of its own ones, by their number. */
#define FEATURES_VARIABLE "KEEPER_FEATURES"

/* Values of TAG_STATE; FREE is said to nobody. */
enum { STATE_FREE = 0, STATE_PREPARED = 1, STATE_RUNNING = 2, STATE_FAILED = 3, STATE_ENDED = 4 };

/* Values of TAG_SOURCE: who has seen the end. */
enum {
  SOURCE_REAPED = 1, /* its parent, the anchor */
  SOURCE_ZOMBIE = 2, /* /proc, of a process whose anchor was killed and that nobody has reaped yet */
  SOURCE_PIDFD = 3,  /* the kernel (6.15 and newer), of such a process that was reaped by somebody */
  SOURCE_UNKNOWN = 4,
};

/* Starts that the table has room for, those among them that have ended and are not forgotten. A machine with more
   services than this is not run by one daemon. */
#ifndef SLOT_COUNT /* fewer for the fuzzer */
#define SLOT_COUNT 8192u
#endif
/* Bytes of a frame: a start with 1 MiB of arguments and environment. Linux takes 6 MiB of them, nobody writes that. */
#define FRAME_BYTES (1u << 20)
/* Bytes that wait for a daemon which does not read: the whole table twice over. More, and it is cut off. */
#ifndef OUT_BYTES
#define OUT_BYTES (4u << 20)
#endif
/* Bytes of an id of a start, without the NUL. */
#define ID_BYTES 64u
/* Arguments of a program, and variables of its environment. */
#define ARG_COUNT 4096u
#define ENV_COUNT 4096u
/* Supplementary groups, resource limits, and descriptors beside 0 to 2 that a start may ask for. */
#define GROUP_COUNT 64u
#define LIMIT_COUNT 16u
#define OPEN_COUNT 36u
/* Sockets that listen for services, each with one connection that nobody has been given yet; those of one service. */
#ifndef SOCKET_COUNT /* fewer for tests */
#define SOCKET_COUNT 1024u
#endif
#define OWN_SOCKET_COUNT 16u
/* Bytes of the path of a socket: what Linux takes, without the NUL. */
#define SOCKET_PATH_BYTES 107u
/* The highest descriptor that a start may ask for. */
#define HIGHEST_DESCRIPTOR 255u

#endif
