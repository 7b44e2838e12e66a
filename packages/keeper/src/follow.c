/*
 * The number in a PID file is the word of whoever could write to that file: of the service, and of whom it has let in
 * there. A process is taken for the one that a start has handed over to only if all of this holds:
 *
 *     it lives, and has begun since the start has
 *     it is below the anchor, which all orphans of services come back to, and is neither that nor main nor its heir
 *     no other start has it
 *     it is in the session or the group of the start's own process, or below that,
 *       or had the id of the start in its environment,
 *       or is an orphan of the start's user without the id of another start: many programs write over their environment
 *
 * So whoever writes such a file has nothing signalled that he could not signal himself. Nor can he hold main up by what
 * he has put in the place of his environment: the kernel reads none of it that lies in a file (FOLL_ANON, Linux 4.17).
 */
#include "follow.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "heir.h"

/* Processes above one that are looked at; nobody is as deep. */
enum { MOST_ABOVE = 64 };
#define START_VARIABLE "BELLWETHER_START="

/* What its environment says of a start: none, this one, or another. */
enum word { SAYS_NOTHING, SAYS_THIS, SAYS_OTHER };

static enum word word_of(int32_t pid, const char *id) {
  static char text[FRAME_BYTES];
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/environ", pid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return SAYS_NOTHING;
  size_t length = 0;
  for (ssize_t more = 1; more > 0 && length < sizeof text - 1; length += more > 0 ? (size_t)more : 0)
    more = read(file, text + length, sizeof text - 1 - length);
  close(file);
  text[length] = 0;
  for (const char *each = text; each < text + length; each += strlen(each) + 1)
    if (strncmp(each, START_VARIABLE, strlen(START_VARIABLE)) == 0)
      return strcmp(each + strlen(START_VARIABLE), id) == 0 ? SAYS_THIS : SAYS_OTHER;
  return SAYS_NOTHING;
}

static int is_of(int32_t pid, uid_t user) {
  char path[32];
  struct stat found;
  snprintf(path, sizeof path, "/proc/%d", pid);
  return stat(path, &found) == 0 && found.st_uid == user;
}

static int is_taken(uint32_t at, int32_t pid) {
  for (uint32_t other = 0; other < SLOT_COUNT; other++)
    if (other != at && atomic_load(&table->pids[other]) == pid) return 1;
  return 0;
}

/* Whether it is below the anchor, and on the way there below another one. */
static int is_below_anchor(const struct process_facts *facts, int32_t other, int *is_below) {
  struct process_facts above = *facts;
  for (int count = 0; count < MOST_ABOVE; count++) {
    if (above.parent == other) *is_below = 1;
    if (above.parent >= 1 && above.parent == table->anchor_pid) return 1;
    if (above.parent <= 1 || !read_facts(above.parent, &above)) return 0;
  }
  return 0;
}

static int judge(uint32_t at, const struct request *request, const struct process_facts *facts) {
  const struct slot *slot = &table->slots[at];
  int32_t first = atomic_load(&table->pids[at]);
  /* Of one that has ended the number is another's by now: only a group or a session still has it. */
  int is_there = first > 0, is_below = 0;
  if (first < 0) first = -first;
  if (facts->state == 'Z' || facts->state == 'X') return ESRCH;
  if (facts->start_time < slot->start_time || is_taken(at, request->pid)) return EPERM;
  if (request->pid == first) return is_there && facts->start_time == slot->start_time ? 0 : EPERM;
  if (request->pid == getpid() || heir_is(request->pid) || !is_below_anchor(facts, first, &is_below)) return EPERM;
  if (facts->session == first || facts->group == first || (is_there && is_below)) return 0;
  enum word word = word_of(request->pid, slot->id);
  if (word != SAYS_NOTHING) return word == SAYS_THIS ? 0 : EPERM;
  uid_t user = request->has_uid ? request->uid : geteuid();
  return facts->parent == table->anchor_pid && is_of(request->pid, user) ? 0 : EPERM;
}

int follow_check(uint32_t at, const struct request *request, struct process_facts *facts,
                 int *pinned) {
  /* Pinned before it is looked at: what is found is of this process, and of none that has its number later. */
  *pinned = (int)syscall(SYS_pidfd_open, request->pid, 0);
  if (*pinned < 0 && errno != ENOSYS) return errno == ESRCH ? ESRCH : EPERM;
  if (!read_facts(request->pid, facts)) return ESRCH;
  return judge(at, request, facts);
}
