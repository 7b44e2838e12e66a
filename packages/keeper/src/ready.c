/*
 * A name that anybody on the machine finds in /proc/net/unix, and may write to: so the kernel says of each datagram who
 * has sent it, and one counts that is of root, of the user of the service or of its own process, whatever user that
 * has become. What is longer than it may be, and descriptors that are sent along, are not taken. A few are read at a
 * time, so that others have their turn, and none once the start is ready.
 */
#include "ready.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "refuse.h"
#include "starts.h"

enum { READ_AT_ONCE = 16, MESSAGE_BYTES = 2048 };

static int file_of(uint32_t at) {
  return (int)(atomic_load(&table->slots[at].flags) >> SLOT_FILE_SHIFT);
}
static void set_file(uint32_t at, int file) {
  uint32_t others = atomic_load(&table->slots[at].flags) & ((1u << SLOT_FILE_SHIFT) - 1);
  atomic_store(&table->slots[at].flags, others | (uint32_t)file << SLOT_FILE_SHIFT);
}

static socklen_t name_of(uint32_t at, struct sockaddr_un *name) {
  *name = (struct sockaddr_un){.sun_family = AF_UNIX};
  int length = snprintf(name->sun_path + 1, sizeof name->sun_path - 1, "bellwether/%s", table->slots[at].id);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

/* Of a main that was killed nothing is open any more, and the number may be that of something else. */
static int is_open(uint32_t at) {
  struct sockaddr_un own, found;
  socklen_t wanted = name_of(at, &own), length = sizeof found;
  return file_of(at) > 0 && getsockname(file_of(at), (struct sockaddr *)&found, &length) == 0 && length == wanted &&
         memcmp(&own, &found, length) == 0;
}

int ready_open(uint32_t at) {
  struct sockaddr_un name;
  socklen_t length = name_of(at, &name);
  if (!(atomic_load(&table->slots[at].flags) & FLAG_NOTIFIES)) return 0;
  int on = 1, file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) return errno;
  refuse_descriptors(file);
  errno = EMFILE; /* for a number that has no room in the table */
  if (file >> SLOT_FILE_SHIFT != 0 || setsockopt(file, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0 ||
      bind(file, (struct sockaddr *)&name, length) < 0) {
    int error = errno;
    close(file);
    return error;
  }
  set_file(at, file);
  watch_add(file, WATCH_READY, at);
  return 0;
}

void ready_close(uint32_t at) {
  int file = file_of(at);
  set_file(at, 0);
  if (file > 0) watch_end(file);
}

void ready_adopt(uint32_t at) {
  const struct slot *slot = &table->slots[at];
  int waits = atomic_load(&slot->state) == STATE_RUNNING && !(atomic_load(&slot->flags) & SLOT_READY);
  if (waits && is_open(at)) return watch_add(file_of(at), WATCH_READY, at);
  if (!is_open(at)) set_file(at, 0);
  if (!waits) return ready_close(at);
  int error = ready_open(at);
  if (error) complain("cannot hear whether a service is ready", error);
}

void ready_keep_open(int flags) {
  for (uint32_t at = 0; at < SLOT_COUNT; at++)
    if (file_of(at) > 0 && is_open(at)) fcntl(file_of(at), F_SETFD, flags);
}

static int says_ready(char *text) {
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
    if (strcmp(line, "READY=1") == 0) return 1;
  return 0;
}

/* Whether it says so; -1 where nothing has come. */
static int read_one(uint32_t at) {
  char text[MESSAGE_BYTES + 1];
  /* Room for the sender alone: of descriptors the kernel then lets go by itself. */
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
  struct iovec part = {text, MESSAGE_BYTES};
  struct msghdr message = {NULL, 0, &part, 1, control, sizeof control, 0};
  ssize_t length = recvmsg(file_of(at), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (length < 0) return -1;
  text[length] = 0;
  const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  if (head == NULL || head->cmsg_type != SCM_CREDENTIALS || message.msg_flags & MSG_TRUNC) return 0;
  const struct ucred *sender = (const struct ucred *)CMSG_DATA(head);
  int may_say = sender->uid == 0 || sender->uid == table->slots[at].notifier ||
                sender->pid == atomic_load(&table->pids[at]);
  return may_say && says_ready(text);
}

int ready_read(uint32_t at) {
  int found = 0;
  for (int count = 0; count < READ_AT_ONCE && found == 0; count++) found = read_one(at);
  if (found <= 0) return 0;
  atomic_fetch_or(&table->slots[at].flags, SLOT_READY);
  ready_close(at);
  return 1;
}
