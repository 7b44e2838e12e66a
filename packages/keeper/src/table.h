/*
 * The table of all starts: a file that every process of the keeper has mapped, the child of a start among them until it
 * executes its program. What is stored there survives the death of all of them by any signal, with no write and no
 * sync; after a reboot it means nothing any more, and the boot id in its head says so.
 *
 *     FREE ──main──► PREPARED ──child──► RUNNING ──anchor──► ENDED ──main──► FREE     (forgotten)
 *                       │                   └──child───► FAILED ──main──► FREE
 *                       └──main──► FAILED, ENDED: it never ran
 *
 * PREPARED is left by one compare-and-swap, of the child that goes on to its program, or of a main that says it never
 * ran (its pipe has ended, its main was killed, or a signal came before). Whoever comes second gives up. So no program
 * runs that was reported as never run, and a start needs no gate at which its child would have to wait.
 *
 * A process that hands over (FLAG_HANDS_OVER) is followed by another one, which main puts in its place, number first:
 * of a slot whose number is another one by then the anchor leaves all as it is.
 *
 * A slot is written by: main while it is FREE or over, the child while it is PREPARED, the anchor when it reaps. The
 * number in `pids` comes from the kernel, in the fork; it turns negative when the anchor is done with it, and not
 * before that may main give the slot away.
 */
#ifndef KEEPER_TABLE_H
#define KEEPER_TABLE_H

#include <stdatomic.h>
#include <stdint.h>
#include "protocol.h"

/* What can fail between the fork and the program; names in table.c. Append, do not change: an older main reads them. */
enum step {
  STEP_NONE,
  STEP_BEGIN,
  STEP_FORK,
  STEP_SESSION,
  STEP_OOM,
  STEP_NICE,
  STEP_LIMIT,
  STEP_CGROUP,
  STEP_OPEN,
  STEP_LOG,
  STEP_TERMINAL,
  STEP_DESCRIPTORS,
  STEP_ROOT,
  STEP_GROUPS,
  STEP_GROUP,
  STEP_USER,
  STEP_FOLDER,
  STEP_PRIVILEGES,
  STEP_EXEC,
  STEP_SIGNAL,
  STEP_REQUEST,
  STEP_ROOM,
  STEP_FOLLOW,
  STEP_LISTEN,
  STEP_KIND,
  STEP_NOTIFY,
  STEP_COUNT,
};

struct slot {
  _Atomic uint32_t state;
  uint32_t source;
  /* Of an end as waitpid(2) has it; of a failure with a file the descriptor that this was to be, plus 1. */
  int32_t status;
  /* Of a failure; of what has not failed, the user whose processes may say that it is ready. */
  union { int32_t error; uint32_t notifier; };
  /* That failed, or that its child is at. */
  uint32_t step;
  /* The signal that came before its program; of an end without a source it is the status. */
  int32_t cancelled;
  /* Field 22 of /proc/PID/stat: with the pid it is an identity. */
  uint64_t start_time;
  /* Which anchor is its parent: see `anchor` below. */
  uint64_t anchor;
  char id[ID_BYTES + 8];
  /*
   * Bits of FLAG_KEEP_GROUP and FLAG_NOTIFIES, as the start said, of FLAG_HANDS_OVER until it has handed over, and of
   * SLOT_READY. From SLOT_FILE_SHIFT on the descriptor of main's at which it says so, 0 for none.
   */
  _Atomic uint32_t flags;
  /* The group of its process, where that leads none of its own; else 0. */
  int32_t group;
  /* The connection that it was given, by its number, until it is known that it never ran; 0 for none. */
  uint64_t connection;
};
_Static_assert(sizeof(struct slot) == 128, "the layout of a slot is part of the table's version");

enum { SLOT_READY = 256, SLOT_FILE_SHIFT = 16 };

struct table {
  char magic[8];
  uint32_t layout;
  uint32_t slot_count;
  char boot[40];
  /* Counts anchors: that of a slot is its parent only if it is this one. */
  uint64_t anchor;
  int32_t anchor_pid;
  /* A notice of the anchor found its pipe full: main looks at all slots. */
  _Atomic uint32_t has_missed;
  _Atomic int32_t pids[SLOT_COUNT];
  struct slot slots[SLOT_COUNT];
  /* Of main's heir, 0 for none. It is there only where the anchor has FEATURE_HEIR: the table of others ends before. */
  _Atomic int32_t heir;
};

/* Mapped by table_open. */
extern struct table *table;

/* The word for a step, as it goes over the wire. */
const char *step_name(uint32_t step);

/*
 * Maps the file behind a descriptor; 0, or an errno: EPROTO where another layout is there, which is left as it is. The
 * anchor, which is alone then, makes what is not there yet, and of a table with fewer slots one with as many as these.
 */
int table_open(int descriptor, int is_anchor);

/* Whether any process is there to be kept. */
int table_has_living(void);

/* Of a file that may say anything: texts get their end, numbers their range. */
void table_mend(void);

/* Reads /proc/PID/stat. False where there is no such process. */
struct process_facts {
  char state;
  int32_t parent, group, session;
  uint64_t start_time;
  int32_t exit_code; /* of a zombie, as waitpid(2) has it */
};
int read_facts(int32_t pid, struct process_facts *facts);

/* Milliseconds that only grow. */
uint64_t now_ms(void);

/* One line on stderr, which is the keeper's log. */
void complain(const char *what, int error);

#endif
