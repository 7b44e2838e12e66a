/*
 * The system log: a role of this program that a shepherd starts as it starts any service, so it goes on when the daemon
 * does not, and nothing that is sent meanwhile is lost.
 *
 *     keeper syslog [NOTICE]     reads its configuration from standard input, to the end; listens; then writes a
 *                                newline to descriptor NOTICE, and goes on until SIGTERM
 *
 *     /dev/log ──┐
 *     UDP ───────┼──► flood.c ──► message.c ──► masks ──► sinks.c: files, terminals, standard output
 *     kernel ────┘    too many?   a line                  rotated by size, counted where there is no room
 *
 *     SIGHUP     opens its files anew        SIGUSR1    rotates them now        SIGTERM    takes what waits, ends
 *
 *     2026-11-26 07:00:00 localhost text         the second word of a line says where it came from: `localhost` or the
 *     2026-11-26 07:00:00 10.0.0.7:514 text      address of a sender, whatever he says; `linux:` of what was read from
 *     2026-11-26 07:00:00 linux: text            the kernel; `system-log:` of this program's own. So no message
 *     2026-11-26 07:00:00 system-log: text       looks like one of these two
 *
 * Its configuration is lines of words; a path is the rest of its line. What does not fit is refused with the number of
 * its line.
 *
 *     unix PATH                listens there for datagrams; what others have there is not removed
 *     udp ADDRESS PORT
 *     kernel PATH              as /proc/kmsg or /dev/kmsg has it; where it cannot be read, that is said
 *     to MASK file PATH        a place, and what goes there: two hex digits for each facility, a bit for each level
 *     to MASK terminal PATH
 *     to MASK log              standard output
 *     rotate BYTES COUNT       at so many bytes, and so many old files are kept
 *     mark SECONDS             of silence before a line says that it is silent; 0: never
 *     flood COUNT SECONDS      messages of one sender within so long; more are dropped and counted; 0: any number
 *     stamp seconds | milliseconds
 *     senders 0 | 1            whether a line tells pid and uid of whoever wrote it, as the kernel vouches for them
 */
#ifndef KEEPER_SYSLOG_H
#define KEEPER_SYSLOG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes of the configuration: 16 sources and 32 places with the longest of paths have 50,000. */
#define SYSLOG_CONFIG_BYTES 65536u
/* Sockets and kernel logs that are listened to, and places that are written to. */
#define SYSLOG_SOURCE_COUNT 16u
#define SYSLOG_SINK_COUNT 32u
/* Bytes of a path. */
#define SYSLOG_PATH_BYTES 1024u
/* Bytes of one message: RFC 5424 wants 2,048. Of a longer one the rest is left out, and its line says how much. */
#define SYSLOG_MESSAGE_BYTES 8192u
/* A byte of it may be written as four; stamp and sender come before that. */
#define SYSLOG_LINE_BYTES (4u * SYSLOG_MESSAGE_BYTES + 512u)
/* Bytes of a message, and of what its line is longer, for each of which it counts as one more: few are as long. */
#define SYSLOG_SHARE_BYTES 256u
/* Senders of a kind that are counted each by itself; all of that kind that come on top share one count. */
#define SYSLOG_SENDER_COUNT 256u
/* Messages that are taken from one source before the others have their turn. */
#define SYSLOG_TURN_COUNT 64
/* The most that a configuration may ask for. */
#define SYSLOG_ROTATE_BYTES ((uint64_t)1 << 40)
#define SYSLOG_KEPT_COUNT 100u
#define SYSLOG_SECONDS 604800u
#define SYSLOG_FLOOD_COUNT 10000000u
/* Milliseconds after which a place that could not be opened or written to is tried again though nobody writes. */
#define SYSLOG_RETRY_MS 1000u

enum { FACILITY_KERNEL = 0, FACILITY_USER = 1, FACILITY_SYSLOG = 5, FACILITY_COUNT = 24 };
enum { LEVEL_WARNING = 4, LEVEL_NOTICE = 5, LEVEL_INFO = 6, LEVEL_COUNT = 8 };

enum source_kind { FROM_UNIX, FROM_UDP, FROM_KERNEL };
struct source {
  enum source_kind kind;
  char path[SYSLOG_PATH_BYTES]; /* of UDP the address */
  uint16_t port;
};

enum sink_kind { SINK_FILE, SINK_TERMINAL, SINK_LOG };
struct place {
  enum sink_kind kind;
  uint8_t levels[FACILITY_COUNT]; /* a bit for each level */
  char path[SYSLOG_PATH_BYTES];
};

struct syslog_config {
  uint32_t source_count, place_count;
  struct source sources[SYSLOG_SOURCE_COUNT];
  struct place places[SYSLOG_SINK_COUNT];
  uint64_t rotate_bytes;
  uint32_t kept_count, mark_seconds, flood_count, flood_seconds;
  int has_milliseconds, has_senders;
};

/* Reads a configuration, whose text it takes apart; 0, or the number of the line that is wrong. */
uint32_t syslog_read_config(char *text, struct syslog_config *config);

/* What a message says, as it stands in its bytes. */
struct span {
  const uint8_t *at;
  size_t length;
};
struct message {
  uint8_t facility, level;
  /* Of RFC 5424, else empty: who, which process of it, and structured data. */
  struct span program, process, data;
  struct span text;
};

/* Reads what was sent, which may be anything. */
void syslog_read_message(const uint8_t *bytes, size_t length, struct message *message);
/* The same of a line of /proc/kmsg or a record of /dev/kmsg; false where it goes with the line before it. */
int syslog_read_kernel(const uint8_t *bytes, size_t length, struct message *message);
/*
 * Writes a message as part of one line: controls, what would turn the direction of text, and what is no UTF-8, escaped.
 * Takes 4 bytes for each of the message, and 8 more; gives how many it has written.
 */
size_t syslog_write_message(const struct message *message, char *line);

/* Who sent something: only what the kernel says. */
enum sender_kind { SENDER_UID, SENDER_PID, SENDER_ADDRESS, SENDER_KINDS };
struct sender {
  enum sender_kind kind;
  int is_others; /* all of its kind that are not counted each by itself */
  uint8_t key[16];
};
/* False where this is one too many of its sender, which is counted. */
int syslog_admit(const struct sender *sender, size_t length, uint64_t now);
/* The line of the one that was admitted last is so many bytes longer than it: escapes are its sender's, too. */
void syslog_charge(size_t length);
/* Milliseconds until somebody's time is over, at most `most`. */
uint64_t syslog_flood_wait(uint64_t now, uint64_t most);
/* A sender whose time is over and of whom some were dropped, and how many; false where there is none. */
int syslog_dropped(uint64_t now, struct sender *sender, uint64_t *count);
/* 0 messages: no limit. */
void syslog_flood_begin(uint32_t count, uint32_t seconds);

/* Opens all places; what cannot be opened is said, and tried again. The configuration stays the caller's. */
void syslog_sinks_begin(const struct syslog_config *config);
/* To every place whose bit is set; the line ends in a newline. */
void syslog_sinks_write(uint32_t places, const char *line, size_t length);
void syslog_sinks_reopen(void);
void syslog_sinks_rotate(void);
/* Tries what could not be done, and says what was lost; milliseconds until that is to be done again, at most `most`. */
uint64_t syslog_sinks_look(uint64_t now, uint64_t most);
/* A line of this program's own, to standard output alone. */
void syslog_say(const char *form, ...) __attribute__((format(printf, 1, 2)));

/* What is listened to. */
struct listening {
  int file;
  enum source_kind kind;
  uint32_t dropped; /* by the kernel, of UDP, as far as it was told */
};
/* Listens; -1 with errno and a reason where that cannot be. */
int syslog_listen(const struct source *source, const char **reason);
/* Removes the sockets that are this program's. */
void syslog_unlisten(void);

_Noreturn void syslog_run(int notice);

#endif
