/*
 * What libFuzzer drives: the first byte says which.
 *
 *     even    the rest is what a daemon sends; then its starts run, end, and are forgotten or not
 *     odd     the rest is the beginning of a table that an earlier keeper has left, which is taken over and told
 *     bit 6   then its sockets are handed over to a next main, in the records the end of the input is written over what
 *             is there, and that takes them over
 *
 * Nothing is forked, signalled or watched: those calls are wrapped by the linker (fuzz.mjs). Everything else is the
 * keeper's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../src/server.h"
#include "../src/sockets.h"
#include "../src/starts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
long __wrap_syscall(long number, ...);
int __wrap_clone(int (*run)(void *), void *stack, int how, void *given, ...);
int __wrap_kill(pid_t pid, int signal);
int __wrap_epoll_ctl(int events, int what, int descriptor, struct epoll_event *event);
int __wrap_pipe2(int ends[2], int flags);
int __wrap_close(int descriptor);
int __wrap_socket(int family, int type, int protocol);
int __wrap_fcntl(int descriptor, int what, ...);
int __wrap_setsockopt(int socket, int level, int what, const void *value, socklen_t length);
int __wrap_bind(int socket, const struct sockaddr *address, socklen_t length);
int __wrap_listen(int socket, int backlog);
int __wrap_connect(int socket, const struct sockaddr *address, socklen_t length);
int __wrap_fchmod(int descriptor, mode_t mode);
int __wrap_fchownat(int folder, const char *path, uid_t uid, gid_t gid, int flags);
int __wrap_unlink(const char *path);
int __wrap_poll(struct pollfd *all, nfds_t count, int wait_ms);
int __wrap_accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);
int __wrap_execve(const char *path, char *const words[], char *const env[]);
int __wrap_setrlimit(int which, const struct rlimit *limit);
int __wrap_fstat(int descriptor, struct stat *found);
int __real_fstat(int descriptor, struct stat *found);
int __real_close(int descriptor);

enum { PIDS_FROM = 1 << 22, DESCRIPTORS_FROM = 1 << 20, USED_SLOTS = 24 };

static int32_t last_pid = PIDS_FROM;
/* Whether what is left of a group takes its time. */
static int has_groups;

static int32_t make_child(_Atomic int32_t *pid) {
  last_pid = last_pid == INT32_MAX ? PIDS_FROM : last_pid + 1;
  atomic_store(pid, last_pid);
  return last_pid;
}

/* It runs on the stack that it is given, which is to be there. */
int __wrap_clone(int (*run)(void *), void *stack, int how, void *given, ...) {
  va_list words;
  if (run == NULL || (how & SIGCHLD) == 0 || given == NULL) abort();
  memset((char *)stack - 4096, 1, 4096);
  va_start(words, given);
  int32_t pid = make_child(va_arg(words, _Atomic int32_t *));
  va_end(words);
  return pid;
}

long __wrap_syscall(long number, ...) {
  if (number == SYS_clone) {
    va_list words;
    va_start(words, number);
    (void)va_arg(words, long), (void)va_arg(words, long);
    int32_t pid = make_child(va_arg(words, _Atomic int32_t *));
    va_end(words);
    return pid;
  }
  va_list words;
  va_start(words, number);
  int first = va_arg(words, int);
  va_end(words);
  if (number == SYS_pidfd_open && first == atomic_load(&table->heir)) return DESCRIPTORS_FROM + 5;
  if (number == SYS_pidfd_send_signal && first == DESCRIPTORS_FROM + 5) return 0;
  errno = ENOSYS;
  return -1;
}

int __wrap_kill(pid_t pid, int signal) {
  /* Another sign would be a group where one is meant, or everybody. */
  if (pid == 0 || pid == -1 || pid == 1) abort();
  if (has_groups && signal == 0) return 0;
  errno = ESRCH;
  return -1;
}

int __wrap_epoll_ctl(int events, int what, int descriptor, struct epoll_event *event) {
  (void)events, (void)what, (void)descriptor, (void)event;
  return 0;
}

int __wrap_pipe2(int ends[2], int flags) {
  (void)flags;
  ends[0] = DESCRIPTORS_FROM;
  ends[1] = DESCRIPTORS_FROM + 1;
  return 0;
}

int __wrap_execve(const char *path, char *const words[], char *const env[]) {
  if (path[0] != '/' || words[0] == NULL || env == NULL) abort();
  errno = EACCES;
  return -1;
}

int __wrap_setrlimit(int which, const struct rlimit *limit) {
  (void)which, (void)limit;
  return 0;
}

/* Sockets are numbers here, and no path of the machine is touched. */
int __wrap_socket(int family, int type, int protocol) {
  (void)family, (void)type, (void)protocol;
  return DESCRIPTORS_FROM + 3;
}
int __wrap_fcntl(int descriptor, int what, ...) {
  (void)what;
  return descriptor;
}
int __wrap_setsockopt(int socket, int level, int what, const void *value, socklen_t length) {
  (void)socket, (void)level, (void)what, (void)value, (void)length;
  return 0;
}
int __wrap_bind(int socket, const struct sockaddr *address, socklen_t length) {
  (void)socket, (void)address, (void)length;
  return 0;
}
int __wrap_listen(int socket, int backlog) {
  (void)socket, (void)backlog;
  return 0;
}
int __wrap_connect(int socket, const struct sockaddr *address, socklen_t length) {
  (void)socket, (void)address, (void)length;
  errno = EINPROGRESS;
  return -1;
}
int __wrap_fchmod(int descriptor, mode_t mode) {
  (void)descriptor, (void)mode;
  return 0;
}
int __wrap_fchownat(int folder, const char *path, uid_t uid, gid_t gid, int flags) {
  (void)folder, (void)path, (void)uid, (void)gid, (void)flags;
  return 0;
}
int __wrap_unlink(const char *path) {
  (void)path;
  return 0;
}
int __wrap_poll(struct pollfd *all, nfds_t count, int wait_ms) {
  (void)all, (void)count, (void)wait_ms;
  return 1;
}
int __wrap_accept4(int socket, struct sockaddr *address, socklen_t *length, int flags) {
  (void)socket, (void)address, (void)length, (void)flags;
  return DESCRIPTORS_FROM + 4;
}

int __wrap_fstat(int descriptor, struct stat *found) {
  if (descriptor < DESCRIPTORS_FROM) return __real_fstat(descriptor, found);
  memset(found, 0, sizeof *found);
  found->st_mode = S_IFSOCK;
  return 0;
}

int __wrap_close(int descriptor) {
  return descriptor < DESCRIPTORS_FROM ? __real_close(descriptor) : 0;
}

static void hello(void) {
  static const uint8_t frame[] = {24, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
  char copy[sizeof frame];
  memcpy(copy, frame, sizeof frame);
  if (server_take(copy, sizeof copy) != (long)sizeof copy) abort();
}

/* As the child, the pipe and the anchor do it. */
static void live_on(uint32_t at, uint8_t how) {
  struct slot *slot = &table->slots[at];
  if (atomic_load(&slot->state) == STATE_PREPARED && how & 1) atomic_store(&slot->state, STATE_RUNNING);
  start_pipe_ended(at);
  if (atomic_load(&slot->state) == STATE_RUNNING && how & 2) {
    slot->source = SOURCE_REAPED;
    atomic_store(&slot->state, how & 4 ? STATE_ENDED : STATE_FAILED);
    atomic_store(&table->pids[at], -abs(atomic_load(&table->pids[at])));
    start_reaped(at);
  }
}

static void take_all(char *bytes, size_t length, uint8_t how) {
  for (size_t done = 0; done < length;) {
    long taken = server_take(bytes + done, length - done);
    if (taken <= 0) return;
    done += (size_t)taken;
    for (uint32_t at = 0; at < USED_SLOTS; at++) live_on(at, how);
    for (uint32_t at = 0; how & 1 && at < 4; at++) socket_ready(at);
    starts_look();
    if (server_drop_output() > OUT_BYTES) abort();
  }
}

/* As where main is killed, and what its heir has to read is damaged: a place of two bytes, and what is there. */
static void succeed(const uint8_t *bytes, size_t length) {
  sockets_hand_over();
  const char *said = getenv("KEEPER_SOCKETS");
  if (said == NULL) return;
  for (size_t at = length % 3; at < length; at += 3)
    if (pwrite(atoi(said), bytes + at + 2, 1, bytes[at] << 8 | bytes[at + 1]) < 0) abort();
  sockets_take_over();
  sockets_settle();
  sockets_tell();
  if (server_drop_output() > OUT_BYTES) abort();
  for (uint32_t at = 0; at < 4; at++) socket_ready(at);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  if (table == NULL) {
    table = calloc(1, sizeof *table);
    setenv(FEATURES_VARIABLE, "7", 1);
    sockets_take_over();
  }
  if (length < 2) return 0;
  memset(table, 0, sizeof *table);
  int is_table = bytes[0] & 1;
  has_groups = bytes[0] >> 7;
  if (is_table) {
    size_t most = (size_t)USED_SLOTS * sizeof table->slots[0];
    memcpy(table->slots, bytes + 1, length - 1 < most ? length - 1 : most);
    for (uint32_t at = 0; at < USED_SLOTS; at++)
      table->pids[at] = (int32_t)(table->slots[at].start_time % INT32_MAX);
    table_mend();
  }
  starts_adopt();
  server_connect(DESCRIPTORS_FROM + 2);
  hello();
  char *copy = malloc(length);
  memcpy(copy, bytes, length);
  take_all(copy + 1, length - 1, bytes[0] >> 1);
  if (bytes[0] & 0x40) succeed(bytes + length - (length < 31 ? length - 1 : 30), length < 31 ? length - 1 : 30);
  free(copy);
  return 0;
}
