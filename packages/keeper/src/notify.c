#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "anchor.h"
#include "table.h"

/* Bytes of all that is said at once, and for how long whoever reads is waited for. */
enum { WORDS_BYTES = 1024, READ_MS = 5000 };

/* A path, or an abstract name behind a @. False for what is neither, or has no room. */
static int address_of(const char *name, struct sockaddr_un *address, socklen_t *length) {
  size_t count = strlen(name);
  if ((name[0] != '/' && name[0] != '@') || count < 2 || count >= sizeof address->sun_path) return 0;
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, name, count);
  if (name[0] == '@') address->sun_path[0] = 0;
  *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count);
  return 1;
}

/*
 * Root may say whose words these are: those of the daemon, which has made this process. So systemd need listen to
 * nobody else (NotifyAccess=main), and no service can speak in its name. Anybody else speaks for himself.
 */
static int say_as(int socket, const struct sockaddr_un *to, socklen_t length, char *text, pid_t speaker) {
  union {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(struct ucred))];
  } control = {0};
  struct iovec words = {text, strlen(text)};
  struct sockaddr_un address = *to;
  struct msghdr message = {.msg_name = &address, .msg_namelen = length, .msg_iov = &words, .msg_iovlen = 1,
                           .msg_control = &control, .msg_controllen = sizeof control};
  struct ucred who = {speaker, geteuid(), getegid()};
  control.head.cmsg_level = SOL_SOCKET;
  control.head.cmsg_type = SCM_CREDENTIALS;
  control.head.cmsg_len = CMSG_LEN(sizeof who);
  memcpy(CMSG_DATA(&control.head), &who, sizeof who);
  return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? errno : 0;
}

static int say(int socket, const struct sockaddr_un *to, socklen_t length, char *text, int passed) {
  union {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control;
  struct iovec words = {text, strlen(text)};
  struct sockaddr_un address = *to;
  struct msghdr message = {
      .msg_name = &address, .msg_namelen = length, .msg_iov = &words, .msg_iovlen = 1};
  if (passed >= 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.head), &passed, sizeof passed);
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? errno : 0;
}

/* Whoever reads closes what comes with these words: by then he knows who has sent the others, which is still here. */
static void wait_until_read(int socket, const struct sockaddr_un *to, socklen_t length) {
  char barrier[] = "BARRIER=1";
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return;
  int error = say(socket, to, length, barrier, ends[1]);
  close(ends[1]);
  struct pollfd read_end = {.fd = ends[0], .events = 0};
  if (!error) poll(&read_end, 1, READ_MS);
  close(ends[0]);
}

int notify_run(char **words) {
  const char *name = getenv("NOTIFY_SOCKET");
  struct sockaddr_un to;
  socklen_t length;
  char text[WORDS_BYTES] = "";
  for (size_t used = 0; *words != NULL; words++) {
    size_t count = strlen(*words);
    if (used + count + 2 > sizeof text) return EXIT_USAGE;
    memcpy(text + used, *words, count);
    memcpy(text + used + count, "\n", 2);
    used += count + 1;
  }
  if (name == NULL || !address_of(name, &to, &length)) {
    complain("NOTIFY_SOCKET", EINVAL);
    return EXIT_USAGE;
  }
  int socket_end = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  pid_t daemon = getppid();
  /* Of a daemon that has gone since its place is the first process's, for which nobody speaks. */
  int error = socket_end < 0 ? errno : daemon > 1 ? say_as(socket_end, &to, length, text, daemon) : EPERM;
  if (error == EPERM || error == ESRCH) error = say(socket_end, &to, length, text, -1);
  if (error) {
    complain(name, error);
    return EXIT_SYSTEM;
  }
  wait_until_read(socket_end, &to, length);
  return EXIT_DONE;
}
