#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include "calls.h"

static const char magic[8] = "bwkeeper";
enum { LAYOUT = 1 };

struct table *table;

static const char *const names[STEP_COUNT] = {
    [STEP_NONE] = "",           [STEP_BEGIN] = "begin",
    [STEP_FORK] = "fork",       [STEP_SESSION] = "session",
    [STEP_OOM] = "oom",         [STEP_NICE] = "nice",
    [STEP_LIMIT] = "limit",     [STEP_CGROUP] = "cgroup",
    [STEP_OPEN] = "open",       [STEP_LOG] = "log",
    [STEP_TERMINAL] = "terminal", [STEP_DESCRIPTORS] = "descriptors",
    [STEP_ROOT] = "root",       [STEP_GROUPS] = "groups",
    [STEP_GROUP] = "group",     [STEP_USER] = "user",
    [STEP_FOLDER] = "folder",   [STEP_PRIVILEGES] = "privileges",
    [STEP_EXEC] = "exec",       [STEP_SIGNAL] = "signal",
    [STEP_REQUEST] = "request", [STEP_ROOM] = "room",
    [STEP_FOLLOW] = "follow",   [STEP_LISTEN] = "listen",
    [STEP_KIND] = "kind",       [STEP_NOTIFY] = "notify",
};

const char *step_name(uint32_t step) {
  return step < STEP_COUNT ? names[step] : "unknown";
}

/* The boot id of this machine, NUL included. */
static int read_boot(char boot[40]) {
  int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  memset(boot, 0, 40);
  ssize_t length = read(file, boot, 36);
  close(file);
  return length == 36 ? 0 : EIO;
}

void table_mend(void) {
  for (uint32_t at = 0; at < SLOT_COUNT; at++) {
    struct slot *slot = &table->slots[at];
    slot->id[ID_BYTES] = 0;
    if (atomic_load(&slot->state) > STATE_ENDED) atomic_store(&slot->state, STATE_FREE);
    if (atomic_load(&slot->state) == STATE_FREE) atomic_store(&table->pids[at], 0);
  }
}

int table_has_living(void) {
  for (uint32_t at = 0; at < SLOT_COUNT; at++) {
    uint32_t state = atomic_load(&table->slots[at].state);
    if (state == STATE_PREPARED || state == STATE_RUNNING) return 1;
  }
  return 0;
}

static int read_all(int file, void *bytes, size_t length, off_t from) {
  return pread(file, bytes, length, from) == (ssize_t)length ? 0 : errno ? errno : EIO;
}

/* What earlier keepers had, with fewer slots: the same head, then as many pids and slots as it says. */
static int copy_slots(int from, struct table *to) {
  size_t head = offsetof(struct table, pids), pids = to->slot_count * sizeof to->pids[0];
  int error = read_all(from, to->pids, pids, (off_t)head);
  if (!error)
    error = read_all(from, to->slots, to->slot_count * sizeof to->slots[0], (off_t)(head + pids));
  to->slot_count = SLOT_COUNT;
  return error;
}

/* Beside it, and then in its place: whoever is killed meanwhile has changed nothing. */
static int widen(int descriptor, const struct table *head) {
  int fresh = open("table.next", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  struct table *wide = fresh < 0 ? NULL : calloc(1, sizeof *wide);
  int error = wide == NULL ? errno : 0;
  if (!error) memcpy(wide, head, offsetof(struct table, pids));
  if (!error) error = copy_slots(descriptor, wide);
  if (!error && write(fresh, wide, sizeof *wide) != (ssize_t)sizeof *wide) error = EIO;
  if (!error && rename("table.next", "table") < 0) error = errno;
  if (!error && dup3(fresh, descriptor, O_CLOEXEC) < 0) error = errno;
  free(wide);
  if (fresh >= 0) close(fresh);
  return error;
}

static int widen_if_small(int descriptor, const char boot[40]) {
  struct table *head = calloc(1, sizeof *head);
  if (head == NULL) return errno;
  size_t length = offsetof(struct table, pids);
  int is_there = pread(descriptor, head, length, 0) == (ssize_t)length;
  int is_small = is_there && memcmp(head->magic, magic, sizeof magic) == 0 && head->layout == LAYOUT &&
                 memcmp(head->boot, boot, sizeof head->boot) == 0 && head->slot_count < SLOT_COUNT;
  int error = is_small ? widen(descriptor, head) : 0;
  free(head);
  return error;
}

/* Looked at before: what is tried in vain takes the last room from the daemon for a moment, on some disks for good. */
static int has_room(int descriptor) {
  struct stat found;
  struct statvfs disk;
  if (fstat(descriptor, &found) < 0 || fstatvfs(descriptor, &disk) < 0 || disk.f_blocks == 0) return 1;
  return (uint64_t)found.st_blocks * 512 + (uint64_t)disk.f_bavail * disk.f_frsize >= sizeof *table;
}

int table_open(int descriptor, int is_anchor) {
  char boot[40];
  int error = read_boot(boot);
  if (!error && is_anchor) error = widen_if_small(descriptor, boot);
  /* All of its blocks at once: a store to a hole on a full disk would be a signal. */
  if (!error && is_anchor) error = has_room(descriptor) ? posix_fallocate(descriptor, 0, (off_t)sizeof *table) : ENOSPC;
  if (error) return error;
  void *found = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (found == MAP_FAILED) return errno;
  table = found;
  int is_of_now = memcmp(table->boot, boot, sizeof boot) == 0;
  int is_ours = memcmp(table->magic, magic, sizeof magic) == 0 && table->layout == LAYOUT &&
                table->slot_count == SLOT_COUNT;
  if (is_of_now && is_ours) {
    if (is_anchor) table_mend();
    return 0;
  }
  /* Another layout of this boot has services in it: they are not to be forgotten. */
  if (is_of_now || !is_anchor) return EPROTO;
  memset(table, 0, sizeof *table);
  memcpy(table->boot, boot, sizeof boot);
  table->layout = LAYOUT;
  table->slot_count = SLOT_COUNT;
  memcpy(table->magic, magic, sizeof magic);
  return 0;
}

/* Fields are counted behind the last parenthesis: the name before it may hold anything. */
int read_facts(int32_t pid, struct process_facts *facts) {
  char path[32], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  long file = CALL(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  long length = CALL(read, (int)file, text, sizeof text - 1);
  CALL(close, (int)file);
  if (length <= 0) return 0;
  text[length] = 0;
  char *at = strrchr(text, ')');
  if (at == NULL || at[1] != ' ') return 0;
  at += 2;
  memset(facts, 0, sizeof *facts);
  facts->state = *at;
  for (int field = 3; field <= 52; field++) {
    if (field == 4) facts->parent = (int32_t)strtol(at, NULL, 10);
    if (field == 5) facts->group = (int32_t)strtol(at, NULL, 10);
    if (field == 6) facts->session = (int32_t)strtol(at, NULL, 10);
    if (field == 22) facts->start_time = strtoull(at, NULL, 10);
    if (field == 52) facts->exit_code = (int32_t)strtol(at, NULL, 10);
    at = strchr(at, ' ');
    if (at == NULL) break;
    at++;
  }
  return facts->start_time != 0;
}

uint64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000u + (uint64_t)time.tv_nsec / 1000000u;
}

void complain(const char *what, int error) {
  dprintf(2, "keeper[%d]: %s: %s\n", getpid(), what, strerror(error));
}
