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
 * It runs in a copy of main with one thread, so all of libc may be used; but main's memory is not its own to free.
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
#include "table.h"

struct rlimit descriptors_at_first;

/* Above every descriptor that a start may ask for. */
enum { OUT_OF_THE_WAY = HIGHEST_DESCRIPTOR + 1 };

/* On the way to a file, as many as the kernel follows. */
enum { MOST_LINKS = 40 };

/* Told of a start that is under way for long. */
static void go_on(struct slot *slot, enum step step) {
  slot->step = step;
}

static _Noreturn void fail(struct slot *slot, enum step step, int error) {
  slot->step = step;
  slot->error = error;
  atomic_store(&slot->state, STATE_FAILED);
  _exit(127);
}

static void begin(const struct request *request, struct slot *slot) {
  struct process_facts facts;
  if (request->flags & FLAG_KEEP_SESSION ? setpgid(0, 0) < 0 : setsid() < 0) _exit(126);
  if (!read_facts(getpid(), &facts)) _exit(126);
  slot->start_time = facts.start_time;
  uint32_t prepared = STATE_PREPARED;
  if (!atomic_compare_exchange_strong(&slot->state, &prepared, STATE_RUNNING)) _exit(126);
}

static int write_text(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t length = (ssize_t)strlen(text), written = write(file, text, (size_t)length);
  int error = errno;
  close(file);
  errno = error;
  return written == length ? 0 : -1;
}

static void place(const struct request *request, struct slot *slot) {
  if (request->has_umask) umask(request->umask);
  if (request->has_oom) {
    char text[16];
    snprintf(text, sizeof text, "%d", request->oom);
    if (write_text("/proc/self/oom_score_adj", text) < 0) fail(slot, STEP_OOM, errno);
  }
  if (request->has_nice && setpriority(PRIO_PROCESS, 0, request->nice) < 0)
    fail(slot, STEP_NICE, errno);
  if (request->cgroup != NULL) {
    go_on(slot, STEP_CGROUP);
    char path[4096];
    if (snprintf(path, sizeof path, "%s/cgroup.procs", request->cgroup) >= (int)sizeof path)
      fail(slot, STEP_CGROUP, ENAMETOOLONG);
    if (write_text(path, "0") < 0) fail(slot, STEP_CGROUP, errno);
  }
}

/* Behind the files: one that allows few descriptors would be in their way. */
static void limit(const struct request *request, struct slot *slot) {
  if (setrlimit(RLIMIT_NOFILE, &descriptors_at_first) < 0) fail(slot, STEP_LIMIT, errno);
  for (uint32_t each = 0; each < request->limit_count; each++) {
    const struct limit *limit = &request->limits[each];
    if (setrlimit((__rlimit_resource_t)limit->which, &limit->value) < 0)
      fail(slot, STEP_LIMIT, errno);
  }
}

static enum step step_of(uint32_t how) {
  return how == OPEN_LOG ? STEP_LOG : how >= OPEN_TERMINAL ? STEP_TERMINAL : STEP_OPEN;
}

/* With which of its files it failed. */
static _Noreturn void fail_with(struct slot *slot, enum step step, int error, int descriptor) {
  slot->status = descriptor + 1;
  fail(slot, step, error);
}

/* Whose opening or reading does not hang on what somebody else does: no pipe, no socket. */
static int is_kind_for(int file, uint32_t how) {
  struct stat found;
  if (fstat(file, &found) < 0) return 0;
  if (how >= OPEN_TERMINAL) return S_ISCHR(found.st_mode);
  if (S_ISREG(found.st_mode)) return 1;
  return how == OPEN_READ &&
         (S_ISCHR(found.st_mode) || S_ISBLK(found.st_mode) || S_ISDIR(found.st_mode));
}

/* In a folder that others can write to, a link or a second name would lead root wherever they like. */
static int is_fit_for_log(int file) {
  struct stat found;
  if (fstat(file, &found) < 0) return 0;
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

/*
 * Opens what is at a path, to be opened by /proc/self/fd: no link is followed that others could have made, since root
 * would give them what they must not read. Each folder is opened below the one before, so none of it can be changed
 * meanwhile. -1 with ELOOP for such a link, with EPERM for a file that is not to be there.
 */
static int find(const char *path) {
  char left[PATH_MAX], target[PATH_MAX];
  struct stat folder = {0}, found = {0};
  int links = 0, at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (at < 0 || fstat(at, &found) < 0) return -1;
  if (snprintf(left, sizeof left, "%s", path) >= (int)sizeof left) return errno = ENAMETOOLONG, -1;
  for (char *name = left + strspn(left, "/"); *name != 0;) {
    size_t length = strcspn(name, "/");
    char *next = name + length + strspn(name + length, "/");
    name[length] = 0;
    folder = found;
    int entry = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (entry < 0 || fstat(entry, &found) < 0) return -1;
    if (!S_ISLNK(found.st_mode)) {
      close(at);
      at = entry;
      name = next;
      continue;
    }
    if (!is_ours(found.st_uid) || ++links > MOST_LINKS) return errno = ELOOP, -1;
    ssize_t size = readlinkat(entry, "", target, sizeof target - 1);
    close(entry);
    if (size < 0) return -1;
    target[size] = 0;
    size_t rest = strlen(next);
    if ((size_t)size + rest + 2 > sizeof left) return errno = ENAMETOOLONG, -1;
    memmove(left + size + 1, next, rest + 1);
    memcpy(left, target, (size_t)size);
    left[size] = '/';
    name = left + strspn(left, "/");
    if (target[0] == '/') {
      close(at);
      at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    if (at < 0 || fstat(at, &found) < 0) return -1;
  }
  if (!is_fit_to_hand_out(&folder, &found)) return errno = EPERM, -1;
  return at;
}

/* What is left open where it fails is closed with the process. */
static int open_way(const struct opening *opening, int flags) {
  if (opening->how != OPEN_READ) return open(opening->path, flags);
  char path[32];
  int at = find(opening->path);
  if (at < 0) return -1;
  snprintf(path, sizeof path, "/proc/self/fd/%d", at);
  int file = open(path, flags);
  int error = errno;
  close(at);
  errno = error;
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
  int file = open_way(opening, ways[opening->how] | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file < 0) fail_with(slot, step, errno, at);
  if (opening->how == OPEN_LOG && !is_fit_for_log(file)) fail_with(slot, step, EPERM, at);
  if (opening->how != OPEN_LOG && !is_kind_for(file, opening->how))
    fail_with(slot, step == STEP_OPEN ? STEP_KIND : step, step == STEP_OPEN ? EINVAL : ENOTTY, at);
  if (fcntl(file, F_SETFL, ways[opening->how] & O_APPEND) < 0) fail_with(slot, step, errno, at);
  if (opening->how == OPEN_TERMINAL && ioctl(file, TIOCSCTTY, 0) < 0)
    fail_with(slot, step, errno, at);
  return file;
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
  if (pipe != OUT_OF_THE_WAY && dup3(pipe, OUT_OF_THE_WAY, O_CLOEXEC) < 0)
    fail(slot, STEP_DESCRIPTORS, errno);
  /* Linux before 5.9 lacks that call: there all of it is closed by the exec. */
  syscall(SYS_close_range, 3, OUT_OF_THE_WAY - 1, 0);
  for (unsigned from = OUT_OF_THE_WAY + 1;;) {
    unsigned next = next_handed(request, from);
    if (next > from) syscall(SYS_close_range, from, next - 1, 0);
    if (next == ~0u) break;
    from = next + 1;
  }
}

/* First all are opened, out of the way of each other, then each gets its number. Nothing else is left open. */
static void hand_out(const struct request *request, struct slot *slot) {
  int files[OPEN_COUNT];
  for (uint32_t each = 0; each < request->opening_count; each++) {
    int file = open_one(&request->openings[each], slot);
    files[each] = fcntl(file, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    if (files[each] < 0) fail(slot, STEP_DESCRIPTORS, errno);
    close(file);
  }
  int has_error = 0;
  for (uint32_t each = 0; each < request->opening_count; each++) {
    int descriptor = request->openings[each].descriptor;
    if (dup2(files[each], descriptor) < 0) fail(slot, STEP_DESCRIPTORS, errno);
    has_error |= descriptor == 2;
  }
  /* These are out of the way from the beginning. */
  for (uint32_t each = 0; each < request->handed_count; each++) {
    const struct handed *handed = &request->handed[each];
    if (dup2(handed->file, handed->descriptor) < 0) fail(slot, STEP_DESCRIPTORS, errno);
    has_error |= handed->descriptor == 2;
  }
  /* Descriptors 0 to 2 of main are /dev/null, /dev/null and its own log. */
  if (!has_error && dup2(1, 2) < 0) fail(slot, STEP_DESCRIPTORS, errno);
}

static void become(const struct request *request, struct slot *slot) {
  go_on(slot, STEP_ROOT);
  if (request->root != NULL && (chroot(request->root) < 0 || chdir("/") < 0))
    fail(slot, STEP_ROOT, errno);
  /* Nobody keeps groups of root by an oversight. */
  int drops = request->has_groups || (request->has_uid && geteuid() == 0);
  if (drops && setgroups(request->group_count, request->groups) < 0)
    fail(slot, STEP_GROUPS, errno);
  if (request->has_gid && setresgid(request->gid, request->gid, request->gid) < 0)
    fail(slot, STEP_GROUP, errno);
  if (request->has_uid && setresuid(request->uid, request->uid, request->uid) < 0)
    fail(slot, STEP_USER, errno);
  go_on(slot, STEP_FOLDER);
  if (chdir(request->folder) < 0) fail(slot, STEP_FOLDER, errno);
  if (request->flags & FLAG_NO_NEW_PRIVILEGES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    fail(slot, STEP_PRIVILEGES, errno);
}

/* As of sd_listen_fds(3): only the process that has this number may take the descriptors for its own. */
static void tell_listen_pid(struct request *request) {
  static char text[32];
  if (request->handed_count == 0 || request->connection > 0) return;
  snprintf(text, sizeof text, "LISTEN_PID=%d", getpid());
  request->env[request->env_count++] = text;
  request->env[request->env_count] = NULL;
}

void child_run(struct request *request, uint32_t at, int pipe) {
  struct slot *slot = &table->slots[at];
  begin(request, slot);
  leave_main(request, pipe, slot);
  place(request, slot);
  hand_out(request, slot);
  limit(request, slot);
  become(request, slot);
  tell_listen_pid(request);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  go_on(slot, STEP_EXEC);
  /* A file that is neither a binary nor begins with #! is read by /bin/sh, as everywhere. */
  execvpe(request->file, request->args, request->env);
  fail(slot, STEP_EXEC, errno);
}
