/*
 * What is listened to. A socket that somebody has left is replaced; one at which somebody listens is not, nor anything
 * that is no socket: a link there is most often another system log's.
 */
#include "syslog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "refuse.h"

/* What waits to be read, where the kernel lets us: at boot a lot comes at once. */
enum { RECEIVE_BYTES = 1 << 20 };

struct made {
  char path[sizeof((struct sockaddr_un *)0)->sun_path];
  dev_t device;
  ino_t number;
};

static struct made made[SYSLOG_SOURCE_COUNT];
static uint32_t made_count;

static int refuse(int file, const char **reason, const char *why) {
  int error = errno;
  if (file >= 0) close(file);
  errno = error;
  *reason = why;
  return -1;
}

static void widen(int file) {
  int wanted = RECEIVE_BYTES;
  if (setsockopt(file, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) < 0)
    setsockopt(file, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
}

/* Removes what an earlier one has left; false where it is somebody's. */
static int clear_path(const struct sockaddr_un *address, const char **reason) {
  struct stat found;
  if (lstat(address->sun_path, &found) < 0) return errno == ENOENT ? 1 : (refuse(-1, reason, ""), 0);
  errno = EEXIST;
  if (S_ISLNK(found.st_mode)) return refuse(-1, reason, ": a symbolic link is there, not ours"), 0;
  if (!S_ISSOCK(found.st_mode)) return refuse(-1, reason, ": what is there is no socket"), 0;
  int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return refuse(-1, reason, ""), 0;
  int is_taken = connect(probe, (const struct sockaddr *)address, sizeof *address) == 0 || errno != ECONNREFUSED;
  close(probe);
  errno = EADDRINUSE;
  if (is_taken) return refuse(-1, reason, ": somebody listens there"), 0;
  return unlink(address->sun_path) == 0 ? 1 : (refuse(-1, reason, ": what was left there"), 0);
}

static int listen_unix(const struct source *source, const char **reason) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(source->path);
  errno = ENAMETOOLONG;
  if (length >= sizeof address.sun_path) return refuse(-1, reason, "");
  memcpy(address.sun_path, source->path, length + 1);
  if (!clear_path(&address, reason)) return -1;
  int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) return refuse(file, reason, "");
  int yes = 1;
  if (setsockopt(file, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) < 0) return refuse(file, reason, "");
  /* To close a socket that somebody sends along may take as long as he likes. Kernels before 6.16 cannot refuse one. */
  refuse_descriptors(file);
  widen(file);
  /* All may write to it. What it is bound with, not what then lies there: that somebody else may have put there. */
  if (fchmod(file, 0666) < 0) return refuse(file, reason, "");
  if (bind(file, (struct sockaddr *)&address, sizeof address) < 0) return refuse(file, reason, "");
  struct stat found;
  if (lstat(address.sun_path, &found) < 0) return refuse(file, reason, "");
  struct made *one = &made[made_count++];
  memcpy(one->path, address.sun_path, length + 1);
  one->device = found.st_dev;
  one->number = found.st_ino;
  return file;
}

static int listen_udp(const struct source *source, const char **reason) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(source->port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(source->port)};
  int is_v4 = inet_pton(AF_INET, source->path, &v4.sin_addr) == 1;
  errno = EINVAL;
  if (!is_v4 && inet_pton(AF_INET6, source->path, &v6.sin6_addr) != 1)
    return refuse(-1, reason, ": no address");
  int file = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) return refuse(file, reason, "");
  int yes = 1;
  /* How many the kernel had no room for comes along with each; where it does not, nobody counts them. */
  setsockopt(file, SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof yes);
  widen(file);
  const struct sockaddr *address = is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
  if (bind(file, address, is_v4 ? sizeof v4 : sizeof v6) < 0) return refuse(file, reason, "");
  return file;
}

/* Opening may be allowed where reading is not. */
static int open_kernel(const struct source *source, const char **reason) {
  int file = open(source->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  char nothing;
  if (file < 0 || (read(file, &nothing, 0) < 0 && errno != EAGAIN && errno != EINVAL))
    return refuse(file, reason, "");
  return file;
}

int syslog_listen(const struct source *source, const char **reason) {
  switch (source->kind) {
    case FROM_UNIX: return listen_unix(source, reason);
    case FROM_UDP: return listen_udp(source, reason);
    default: return open_kernel(source, reason);
  }
}

void syslog_unlisten(void) {
  struct stat found;
  for (uint32_t at = 0; at < made_count; at++) {
    if (lstat(made[at].path, &found) < 0) continue;
    if (found.st_dev == made[at].device && found.st_ino == made[at].number) unlink(made[at].path);
  }
}
