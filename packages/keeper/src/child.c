/*
 * Between the fork and the program, in this order, for these reasons:
 *
 *     session, identity, RUNNING   a group of its own before anybody may signal it; a record before it can do anything
 *     what main has open           closed: nothing of the keeper may hang where this hangs
 *     umask, oom, nice, cgroup     some may be raised by root alone, so before it is somebody else
 *     files, terminal              opened by whoever configured them, and nothing is waited for
 *     limits                       behind the files, in whose way they could be
 *     root, groups, group, user    in the order in which each is still allowed
 *     folder                       behind the user: one that it may not enter is refused here
 *     privileges, exec
 *
 * It runs in main's memory (cradle.h), or in a copy of it: so it writes to nothing but its request, its slot and its
 * own stack, has no errno, and of libc it uses what handles texts and numbers alone.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "calls.h"
#include "table.h"

struct rlimit descriptors_at_first;

/* Above every descriptor that a start may ask for. */
enum { OUT_OF_THE_WAY = HIGHEST_DESCRIPTOR + 1 };

/* On the way to a file, as many as the kernel follows. */
enum { MOST_LINKS = 40 };
enum { LISTEN_PID_BYTES = 32 };

/* Told of a start that is under way for long. */
static void go_on(struct slot *slot, enum step step) {
  slot->step = step;
}

static _Noreturn void fail(struct slot *slot, enum step step, long error) {
  slot->step = step;
  slot->error = (int32_t)-error;
  atomic_store(&slot->state, STATE_FAILED);
  _exit(127);
}

static void begin(const struct request *request, uint32_t at, struct slot *slot) {
  struct process_facts facts;
  if (request->flags & FLAG_KEEP_SESSION ? CALL(setpgid, 0, 0) < 0 : CALL_SETSID() < 0) _exit(126);
  if (!read_facts(atomic_load(&table->pids[at]), &facts)) _exit(126);
  slot->start_time = facts.start_time;
  uint32_t prepared = STATE_PREPARED;
  if (!atomic_compare_exchange_strong(&slot->state, &prepared, STATE_RUNNING)) _exit(126);
}

/* An errno below zero, or what a short write is: none. */
static long write_text(const char *path, const char *text) {
  long file = CALL(openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return file;
  size_t length = strlen(text);
  long written = CALL(write, (int)file, text, length);
  CALL(close, (int)file);
  return written < 0 ? written : (size_t)written == length ? 0 : -EIO;
}

static void place(const struct request *request, struct slot *slot) {
  long error;
  if (request->has_umask) CALL(umask, request->umask);
  if (request->has_oom) {
    char text[16];
    snprintf(text, sizeof text, "%d", request->oom);
    if ((error = write_text("/proc/self/oom_score_adj", text)) < 0) fail(slot, STEP_OOM, error);
  }
  if (request->has_nice && (error = CALL(setpriority, PRIO_PROCESS, 0, request->nice)) < 0)
    fail(slot, STEP_NICE, error);
  if (request->cgroup != NULL) {
    go_on(slot, STEP_CGROUP);
    char path[4096];
    if (snprintf(path, sizeof path, "%s/cgroup.procs", request->cgroup) >= (int)sizeof path)
      fail(slot, STEP_CGROUP, -ENAMETOOLONG);
    if ((error = write_text(path, "0")) < 0) fail(slot, STEP_CGROUP, error);
  }
}

/* Behind the files: one that allows few descriptors would be in their way. */
static void limit(const struct request *request, struct slot *slot) {
  long error = CALL(setrlimit, RLIMIT_NOFILE, &descriptors_at_first);
  if (error < 0) fail(slot, STEP_LIMIT, error);
  for (uint32_t each = 0; each < request->limit_count; each++) {
    const struct limit *limit = &request->limits[each];
    error = CALL(setrlimit, (__rlimit_resource_t)limit->which, &limit->value);
    if (error < 0) fail(slot, STEP_LIMIT, error);
  }
}

static enum step step_of(uint32_t how) {
  return how == OPEN_LOG ? STEP_LOG : how >= OPEN_TERMINAL ? STEP_TERMINAL : STEP_OPEN;
}

/* With which of its files it failed. */
static _Noreturn void fail_with(struct slot *slot, enum step step, long error, int descriptor) {
  slot->status = descriptor + 1;
  fail(slot, step, error);
}

/* Whose opening or reading does not hang on what somebody else does: no pipe, no socket. */
static int is_kind_for(int file, uint32_t how) {
  struct stat found;
  if (CALL(fstat, file, &found) < 0) return 0;
  if (how >= OPEN_TERMINAL) return S_ISCHR(found.st_mode);
  if (S_ISREG(found.st_mode)) return 1;
  return how == OPEN_READ &&
         (S_ISCHR(found.st_mode) || S_ISBLK(found.st_mode) || S_ISDIR(found.st_mode));
}

/* In a folder that others can write to, a link or a second name would lead root wherever they like. */
static int is_fit_for_log(int file) {
  struct stat found;
  if (CALL(fstat, file, &found) < 0) return 0;
  if (S_ISCHR(found.st_mode) && found.st_uid == 0) return 1;
  return S_ISREG(found.st_mode) && found.st_uid == geteuid() && found.st_nlink == 1;
}

static int is_ours(uid_t owner) {
  return owner == 0 || owner == geteuid();
}

/* What lies in a folder of somebody else is his; and in one where anybody may write it has no second name. */
static int is_fit_to_hand_out(const struct stat *folder, const struct stat *found) {
  if (!is_ours(folder->st_uid)) return found->st_uid == folder->st_uid;
  return !(folder->st_mode & 022) || !S_ISREG(found->st_mode) || found->st_nlink == 1;
}

static long open_root(struct stat *found) {
  long at = CALL(openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  long error = at < 0 ? at : CALL(fstat, (int)at, found);
  return error < 0 ? error : at;
}

/*
 * Opens what is at a path, to be opened by /proc/self/fd: no link is followed that others could have made, since root
 * would give them what they must not read. Each folder is opened below the one before, so none of it can be changed
 * meanwhile. ELOOP for such a link, EPERM for a file that is not to be there, below zero.
 */
static long find(const char *path) {
  char left[PATH_MAX], target[PATH_MAX];
  struct stat folder = {0}, found = {0};
  int links = 0;
  long error, at = open_root(&found);
  if (at < 0) return at;
  if (snprintf(left, sizeof left, "%s", path) >= (int)sizeof left) return -ENAMETOOLONG;
  for (char *name = left + strspn(left, "/"); *name != 0;) {
    size_t length = strcspn(name, "/");
    char *next = name + length + strspn(name + length, "/");
    name[length] = 0;
    folder = found;
    long entry = CALL(openat, (int)at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (entry < 0) return entry;
    if ((error = CALL(fstat, (int)entry, &found)) < 0) return error;
    if (!S_ISLNK(found.st_mode)) {
      CALL(close, (int)at);
      at = entry;
      name = next;
      continue;
    }
    if (!is_ours(found.st_uid) || ++links > MOST_LINKS) return -ELOOP;
    long size = CALL(readlinkat, (int)entry, "", target, sizeof target - 1);
    CALL(close, (int)entry);
    if (size < 0) return size;
    target[size] = 0;
    size_t rest = strlen(next);
    if ((size_t)size + rest + 2 > sizeof left) return -ENAMETOOLONG;
    memmove(left + size + 1, next, rest + 1);
    memcpy(left, target, (size_t)size);
    left[size] = '/';
    name = left + strspn(left, "/");
    if (target[0] == '/') {
      CALL(close, (int)at);
      at = open_root(&found);
    } else if ((error = CALL(fstat, (int)at, &found)) < 0) {
      return error;
    }
    if (at < 0) return at;
  }
  if (!is_fit_to_hand_out(&folder, &found)) return -EPERM;
  return at;
}

/* What is left open where it fails is closed with the process. */
static long open_way(const struct opening *opening, int flags) {
  if (opening->how != OPEN_READ) return CALL(openat, AT_FDCWD, opening->path, flags);
  char path[32];
  long at = find(opening->path);
  if (at < 0) return at;
  snprintf(path, sizeof path, "/proc/self/fd/%d", (int)at);
  long file = CALL(openat, AT_FDCWD, path, flags);
  CALL(close, (int)at);
  return file;
}

static int open_one(const struct opening *opening, struct slot *slot) {
  static const int ways[] = {
      [OPEN_READ] = O_RDONLY,
      [OPEN_APPEND] = O_WRONLY | O_APPEND | O_NOFOLLOW,
      [OPEN_LOG] = O_WRONLY | O_APPEND | O_NOFOLLOW,
      [OPEN_TERMINAL] = O_RDWR,
      [OPEN_SCREEN] = O_RDWR,
  };
  enum step step = step_of(opening->how);
  int at = opening->descriptor;
  go_on(slot, step);
  /* Only what is asked for as its terminal becomes that. Nothing is waited for: not who writes to a pipe that somebody
     has put there, not a line that is to ring, not whoever holds a lease of the file. */
  long file = open_way(opening, ways[opening->how] | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), error;
  if (file < 0) fail_with(slot, step, file, at);
  if (opening->how == OPEN_LOG && !is_fit_for_log((int)file)) fail_with(slot, step, -EPERM, at);
  if (opening->how != OPEN_LOG && !is_kind_for((int)file, opening->how))
    fail_with(slot, step == STEP_OPEN ? STEP_KIND : step, step == STEP_OPEN ? -EINVAL : -ENOTTY, at);
  error = CALL(fcntl, (int)file, F_SETFL, ways[opening->how] & O_APPEND);
  if (error < 0) fail_with(slot, step, error, at);
  if (opening->how == OPEN_TERMINAL && (error = CALL(ioctl, (int)file, TIOCSCTTY, 0)) < 0)
    fail_with(slot, step, error, at);
  return (int)file;
}

/* The lowest descriptor from this one on that is handed to it; ~0 where there is none. */
static unsigned next_handed(const struct request *request, unsigned from) {
  unsigned lowest = ~0u;
  for (uint32_t each = 0; each < request->handed_count; each++) {
    unsigned file = (unsigned)request->handed[each].file;
    if (file >= from && file < lowest) lowest = file;
  }
  return lowest;
}

/*
 * What main has open is closed at once, not with the exec: of a child that hangs before it, at a pipe or a dead disk,
 * the lock and the socket would outlive their keeper. Not before it has begun: until then no other keeper may come.
 */
static void leave_main(const struct request *request, int pipe, struct slot *slot) {
  long error = pipe == OUT_OF_THE_WAY ? 0 : CALL(dup3, pipe, OUT_OF_THE_WAY, O_CLOEXEC);
  if (error < 0) fail(slot, STEP_DESCRIPTORS, error);
  /* Linux before 5.9 lacks that call: there all of it is closed by the exec. */
  CALL_CLOSE_RANGE(3, OUT_OF_THE_WAY - 1);
  for (unsigned from = OUT_OF_THE_WAY + 1;;) {
    unsigned next = next_handed(request, from);
    if (next > from) CALL_CLOSE_RANGE(from, next - 1);
    if (next == ~0u) break;
    from = next + 1;
  }
}

/* First all are opened, out of the way of each other, then each gets its number. Nothing else is left open. */
static void hand_out(const struct request *request, struct slot *slot) {
  int files[OPEN_COUNT];
  for (uint32_t each = 0; each < request->opening_count; each++) {
    int file = open_one(&request->openings[each], slot);
    long copy = CALL(fcntl, file, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    if (copy < 0) fail(slot, STEP_DESCRIPTORS, copy);
    files[each] = (int)copy;
    CALL(close, file);
  }
  long error;
  int has_error = 0;
  for (uint32_t each = 0; each < request->opening_count; each++) {
    int descriptor = request->openings[each].descriptor;
    if ((error = CALL(dup3, files[each], descriptor, 0)) < 0) fail(slot, STEP_DESCRIPTORS, error);
    has_error |= descriptor == 2;
  }
  /* These are out of the way from the beginning. */
  for (uint32_t each = 0; each < request->handed_count; each++) {
    const struct handed *handed = &request->handed[each];
    error = CALL(dup3, handed->file, handed->descriptor, 0);
    if (error < 0) fail(slot, STEP_DESCRIPTORS, error);
    has_error |= handed->descriptor == 2;
  }
  /* Descriptors 0 to 2 of main are /dev/null, /dev/null and its own log. */
  if (!has_error && (error = CALL(dup3, 1, 2, 0)) < 0) fail(slot, STEP_DESCRIPTORS, error);
}

static void become(const struct request *request, struct slot *slot) {
  long error;
  go_on(slot, STEP_ROOT);
  if (request->root != NULL && ((error = CALL(chroot, request->root)) < 0 || (error = CALL(chdir, "/")) < 0))
    fail(slot, STEP_ROOT, error);
  /* Nobody keeps groups of root by an oversight. */
  int drops = request->has_groups || (request->has_uid && geteuid() == 0);
  if (drops && (error = CALL(setgroups, request->group_count, request->groups)) < 0)
    fail(slot, STEP_GROUPS, error);
  if (request->has_gid && (error = CALL(setresgid, request->gid, request->gid, request->gid)) < 0)
    fail(slot, STEP_GROUP, error);
  if (request->has_uid && (error = CALL(setresuid, request->uid, request->uid, request->uid)) < 0)
    fail(slot, STEP_USER, error);
  go_on(slot, STEP_FOLDER);
  if ((error = CALL(chdir, request->folder)) < 0) fail(slot, STEP_FOLDER, error);
  if (request->flags & FLAG_NO_NEW_PRIVILEGES && (error = CALL(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) < 0)
    fail(slot, STEP_PRIVILEGES, error);
}

/* As of sd_listen_fds(3): only the process that has this number may take the descriptors for its own. */
static void tell_listen_pid(struct request *request, uint32_t at, char text[LISTEN_PID_BYTES]) {
  if (request->handed_count == 0 || request->connection > 0) return;
  snprintf(text, LISTEN_PID_BYTES, "LISTEN_PID=%d", atomic_load(&table->pids[at]));
  request->env[request->env_count++] = text;
  request->env[request->env_count] = NULL;
}

/* A file that is neither a binary nor begins with #! is read by /bin/sh, as everywhere. */
static long read_by_shell(struct request *request) {
  memmove(request->args + 2, request->args + 1, request->arg_count * sizeof request->args[0]);
  request->args[0] = "/bin/sh";
  request->args[1] = (char *)request->file;
  return CALL(execve, request->args[0], request->args, request->env);
}

void child_run(struct request *request, uint32_t at, int pipe) {
  struct slot *slot = &table->slots[at];
  begin(request, at, slot);
  leave_main(request, pipe, slot);
  place(request, slot);
  hand_out(request, slot);
  limit(request, slot);
  become(request, slot);
  char listen_pid[LISTEN_PID_BYTES];
  tell_listen_pid(request, at, listen_pid);
  CALL_UNBLOCK_SIGNALS();
  go_on(slot, STEP_EXEC);
  long error = CALL(execve, request->file, request->args, request->env);
  if (error == -ENOEXEC) error = read_by_shell(request);
  fail(slot, STEP_EXEC, error);
}
