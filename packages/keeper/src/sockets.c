/*
 * Sockets of services, which listen before a service runs, while it is started again, and while there is no daemon. Who
 * comes meanwhile waits in the kernel.
 *
 *     LISTEN    bound, and kept; of the same id at another place: that one is closed first. It is said again before
 *               each start and each wait: one that a service has shut down listens again, or is bound anew
 *     WATCH     told once, when somebody comes; he is not accepted, the service does that
 *               of a socket that ACCEPTS: one is accepted, numbered and told; who comes next waits for the next WATCH
 *     START     is given sockets by their id, or the connection by its number as 0 to 2, but for 2 where it opens that
 *     CLOSE     closed, and its path is removed where that still is this socket
 *
 * No socket is ever made non-blocking for a service: that is a property which all who have it share.
 *
 * What is written of them is shared with main's heir (heir.h), which has the sockets themselves, so that main may be
 * killed at any moment: a record is complete before it has an id, one that is being closed is closed by the next main,
 * and of who is accepted the descriptor is written down before he has it.
 */
#include "sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "anchor.h"
#include "heir.h"
#include "starts.h"

/* Theirs are above all that a start may ask for, so that nothing of a child is in their way. */
enum { FIRST_FILE = HIGHEST_DESCRIPTOR + 2 };
struct listener {
  /* Empty where there is none. */
  char id[ID_BYTES + 1];
  char path[SOCKET_PATH_BYTES + 1];
  struct place place;
  uint32_t style;
  int file;
  int is_watched, is_wanted, is_closing;
  /* Of its path: whether that still is this socket. */
  dev_t device;
  ino_t inode;
  /* Accepted, and not handed out: 0 for none. */
  uint64_t connection;
  int accepted;
};
static struct listener *listeners;
enum { LISTENERS_BYTES = SOCKET_COUNT * sizeof(struct listener) };
static uint32_t listener_count;
static uint64_t last_connection;

union address {
  struct sockaddr any;
  struct sockaddr_un path;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

/* What stands before this is there before what stands behind it, for whoever goes on where this process is killed. */
static void write_now(void) {
  atomic_signal_fence(memory_order_seq_cst);
}

/* That with an empty id is a free one. */
static struct listener *find(const char *id) {
  for (uint32_t at = 0; at < SOCKET_COUNT; at++)
    if (strcmp(listeners[at].id, id) == 0) return &listeners[at];
  return NULL;
}

static struct listener *find_connection(uint64_t number) {
  for (uint32_t at = 0; number > 0 && at < SOCKET_COUNT; at++)
    if (listeners[at].id[0] != 0 && listeners[at].connection == number) return &listeners[at];
  return NULL;
}

static void end_connection(struct listener *one) {
  if (one->connection > 0) close(one->accepted);
  one->connection = 0;
}

static void clear(struct listener *one) {
  one->id[0] = 0;
  write_now();
  memset(one, 0, sizeof *one);
}

static void end(struct listener *one) {
  struct stat found;
  one->is_closing = 1;
  write_now();
  if (one->place.family == PLACE_UNIX && lstat(one->path, &found) == 0 && found.st_dev == one->device &&
      found.st_ino == one->inode) unlink(one->path);
  watch_end(one->file);
  end_connection(one);
  clear(one);
  listener_count--;
  if (listener_count == 0) heir_end();
}

/* 0, or an errno. */
static int address_of(const struct place *place, union address *address, socklen_t *length) {
  memset(address, 0, sizeof *address);
  switch (place->family) {
    case PLACE_UNIX:
      address->path.sun_family = AF_UNIX;
      memcpy(address->path.sun_path, place->text, strlen(place->text) + 1);
      *length = sizeof address->path;
      return 0;
    case PLACE_4:
      address->v4.sin_family = AF_INET;
      address->v4.sin_port = htons((uint16_t)place->port);
      *length = sizeof address->v4;
      return inet_pton(AF_INET, place->text, &address->v4.sin_addr) == 1 ? 0 : EINVAL;
    default:
      address->v6.sin6_family = AF_INET6;
      address->v6.sin6_port = htons((uint16_t)place->port);
      *length = sizeof address->v6;
      return inet_pton(AF_INET6, place->text, &address->v6.sin6_addr) == 1 ? 0 : EINVAL;
  }
}

/*
 * Whoever was killed leaves its path behind; one that somebody listens at is not taken from him. He is not to find a
 * client who is nobody, once a second: a datagram socket learns as well whether anybody is there, and gets nowhere.
 */
static int remove_stale(const union address *address, socklen_t length) {
  const char *path = address->path.sun_path;
  struct stat found;
  if (lstat(path, &found) < 0) return errno == ENOENT ? 0 : errno;
  if (!S_ISSOCK(found.st_mode)) return EEXIST;
  int trial = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (trial < 0) return errno;
  int is_stale = connect(trial, &address->any, length) < 0 && errno == ECONNREFUSED;
  close(trial);
  if (!is_stale) return EADDRINUSE;
  return unlink(path) < 0 && errno != ENOENT ? errno : 0;
}

/* Root gives nothing away that somebody who may write to its folder has put in the place of the socket meanwhile. */
static int give(const char *path, const struct request *request) {
  if (!request->has_uid && !request->has_gid) return 0;
  int entry = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (entry < 0) return errno;
  struct stat found;
  int is_own = fstat(entry, &found) == 0 && S_ISSOCK(found.st_mode) && found.st_nlink == 1 &&
               found.st_uid == geteuid();
  uid_t uid = request->has_uid ? request->uid : (uid_t)-1;
  gid_t gid = request->has_gid ? request->gid : (gid_t)-1;
  int error = is_own ? 0 : EPERM;
  if (!error && fchownat(entry, "", uid, gid, AT_EMPTY_PATH) < 0) error = errno;
  close(entry);
  return error;
}

static int set_up(int file, const struct request *request, const union address *address,
                  socklen_t length) {
  int on = 1, family = address->any.sa_family;
  int is_datagram = (request->style & STYLE_DATAGRAM) != 0;
  if (family == AF_INET6 && setsockopt(file, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
    return errno;
  if (family != AF_UNIX && !is_datagram && setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
    return errno;
  /* Of a path: what it is bound with is what its entry has from its first moment. */
  if (family == AF_UNIX && fchmod(file, request->has_mode ? request->mode : 0666) < 0) return errno;
  mode_t before = umask(0);
  int error = bind(file, &address->any, length) < 0 ? errno : 0;
  umask(before);
  if (error) return error;
  if (family == AF_UNIX) error = give(address->path.sun_path, request);
  if (!error && !is_datagram && listen(file, (int)request->backlog) < 0) error = errno;
  if (error && family == AF_UNIX) unlink(address->path.sun_path);
  return error;
}

static int open_listener(const struct request *request, int *file) {
  union address address;
  socklen_t length;
  int type = request->style & STYLE_DATAGRAM ? SOCK_DGRAM : SOCK_STREAM;
  int error = address_of(&request->place, &address, &length);
  if (!error && address.any.sa_family == AF_UNIX) error = remove_stale(&address, length);
  if (error) return error;
  int opened = socket(address.any.sa_family, type | SOCK_CLOEXEC, 0);
  if (opened < 0) return errno;
  *file = fcntl(opened, F_DUPFD_CLOEXEC, FIRST_FILE);
  error = *file < 0 ? errno : 0;
  close(opened);
  if (error) return error;
  error = set_up(*file, request, &address, length);
  if (error) close(*file);
  return error;
}

/* Whoever has it can shut it down for all: of TCP that ends the listening, of others it shows as a hangup. */
static int is_open(const struct listener *one) {
  struct pollfd look = {.fd = one->file, .events = POLLRDHUP};
  int listens = one->style & STYLE_DATAGRAM;
  socklen_t length = sizeof listens;
  if (!listens) getsockopt(one->file, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length);
  return listens && (poll(&look, 1, 0) <= 0 || !(look.revents & (POLLRDHUP | POLLHUP)));
}

/* At the same place it does; of TCP one that was shut down can listen once more, with all who have it. */
static int can_stay(const struct listener *one, const struct request *request) {
  int is_same = one->place.family == request->place.family && one->place.port == request->place.port &&
                one->style == request->style && strcmp(one->path, request->place.text) == 0;
  return is_same && (is_open(one) || (listen(one->file, (int)request->backlog) == 0 && is_open(one)));
}

void socket_listen(const struct request *request) {
  struct listener *one = find(request->id);
  if (one != NULL && can_stay(one, request)) return say_listening(one->id);
  if (one != NULL) end(one);
  one = find("");
  if (one == NULL) return say_refused(request->id, STEP_LISTEN, EMFILE);
  int file = -1, error = open_listener(request, &file);
  if (error) return say_refused(request->id, STEP_LISTEN, error);
  struct stat found;
  memcpy(one->path, request->place.text, strlen(request->place.text) + 1);
  one->place = (struct place){request->place.family, request->place.port, one->path};
  one->style = request->style;
  one->file = file;
  if (one->place.family == PLACE_UNIX && lstat(one->path, &found) == 0) {
    one->device = found.st_dev;
    one->inode = found.st_ino;
  }
  memcpy(one->id + 1, request->id + 1, strlen(request->id));
  write_now();
  one->id[0] = request->id[0];
  listener_count++;
  heir_have();
  say_listening(one->id);
}

void socket_close(const struct request *request) {
  struct listener *one = find(request->id);
  if (one != NULL) end(one);
  say_closed(request->id);
}

/* Once, as epoll has it: what a service accepts meanwhile is none of main's business. */
static void watch(struct listener *one) {
  one->is_wanted = 1;
  watch_once(one->file, WATCH_SOCKET, (uint32_t)(one - listeners), one->is_watched);
  one->is_watched = 1;
}

void socket_watch(const struct request *request) {
  struct listener *one = find(request->id);
  if (one == NULL) return say_refused(request->id, STEP_LISTEN, EBADF);
  if (one->connection == 0) watch(one);
}

static void describe(const union address *address, socklen_t length, char text[SOCKET_PATH_BYTES + 1],
                     struct place *place) {
  *place = (struct place){PLACE_UNIX, 0, text};
  text[0] = 0;
  if (length < sizeof(sa_family_t)) return;
  if (address->any.sa_family == AF_INET) {
    *place = (struct place){PLACE_4, ntohs(address->v4.sin_port), text};
    inet_ntop(AF_INET, &address->v4.sin_addr, text, SOCKET_PATH_BYTES);
  } else if (address->any.sa_family == AF_INET6) {
    *place = (struct place){PLACE_6, ntohs(address->v6.sin6_port), text};
    inet_ntop(AF_INET6, &address->v6.sin6_addr, text, SOCKET_PATH_BYTES);
  }
}

/* Who has left meanwhile is nobody any more: no addresses are told of him, and his process finds an end. */
static void say_accepted(const struct listener *one) {
  union address peer, local;
  socklen_t peer_length = sizeof peer, local_length = sizeof local;
  char peer_text[SOCKET_PATH_BYTES + 1], local_text[SOCKET_PATH_BYTES + 1];
  struct place from, to;
  if (getpeername(one->accepted, &peer.any, &peer_length) < 0) peer_length = 0;
  if (getsockname(one->accepted, &local.any, &local_length) < 0) local_length = 0;
  describe(&peer, peer_length, peer_text, &from);
  describe(&local, local_length, local_text, &to);
  if (one->place.family == PLACE_UNIX) to = one->place;
  say_connection(one->id, one->connection, peer_length == 0 ? NULL : &from, &to);
}

/*
 * In one boot of the machine none comes twice, whichever main there is: whoever asks once more for what an earlier one
 * was to hand out must not be given somebody else. In microseconds, which numbers of 53 bits have room for.
 */
static uint64_t next_connection(void) {
  struct timespec now;
  uint64_t least = last_connection + 1, started = 0;
  if (clock_gettime(CLOCK_BOOTTIME, &now) == 0)
    started = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
  last_connection = started > least ? started : least;
  return last_connection;
}

static int move_up(struct listener *one) {
  int low = one->accepted, high = fcntl(low, F_DUPFD_CLOEXEC, FIRST_FILE);
  int error = high < 0 ? errno : 0;
  if (high >= 0) one->accepted = high;
  write_now();
  if (error) one->connection = 0;
  close(low);
  return error;
}

/* 0, or an errno: EAGAIN where whoever came has gone. */
static int accept_one(struct listener *one) {
  struct pollfd look = {.fd = one->file, .events = POLLIN};
  if (poll(&look, 1, 0) <= 0) return EAGAIN;
  /* The lowest number that is free is the one that he will have. */
  one->accepted = fcntl(one->file, F_DUPFD_CLOEXEC, 0);
  if (one->accepted < 0) return errno;
  close(one->accepted);
  write_now();
  one->connection = next_connection();
  int flags = fcntl(one->file, F_GETFL);
  /* No service has this socket. */
  fcntl(one->file, F_SETFL, flags | O_NONBLOCK);
  int opened = accept4(one->file, NULL, NULL, SOCK_CLOEXEC);
  if (opened < 0) {
    one->connection = 0;
    return errno == ECONNABORTED || errno == EINTR ? EAGAIN : errno;
  }
  one->accepted = opened;
  return move_up(one);
}

void socket_ready(uint32_t at) {
  struct listener *one = &listeners[at];
  if (at >= SOCKET_COUNT || one->id[0] == 0 || !one->is_wanted) return;
  one->is_wanted = 0;
  if (!(one->style & STYLE_ACCEPTS)) return say_connection(one->id, 0, NULL, NULL);
  int error = accept_one(one);
  if (error == EAGAIN) return watch(one);
  /* As without descriptors: whoever watches does so again later. */
  if (error) return say_refused(one->id, STEP_LISTEN, error);
  say_accepted(one);
}

void socket_drop(const struct request *request) {
  struct listener *one = find_connection(request->connection);
  if (one != NULL) end_connection(one);
}

void sockets_tell(void) {
  for (uint32_t at = 0; listener_count > 0 && at < SOCKET_COUNT; at++) {
    const struct listener *one = &listeners[at];
    if (one->id[0] == 0) continue;
    say_listening(one->id);
    if (one->connection > 0) say_accepted(one);
  }
}

int sockets_are_there(void) {
  return listener_count > 0;
}

static int opens_errors(const struct request *request) {
  for (uint32_t each = 0; each < request->opening_count; each++)
    if (request->openings[each].descriptor == 2) return 1;
  return 0;
}

int sockets_hand_out(struct request *request) {
  for (uint32_t each = 0; each < request->handed_count; each++) {
    const struct listener *one = find(request->handed[each].id);
    if (one == NULL) return EBADF;
    request->handed[each].file = one->file;
  }
  if (request->connection == 0) return 0;
  const struct listener *one = find_connection(request->connection);
  if (one == NULL) return ECONNABORTED;
  for (int number = 0; number < (opens_errors(request) ? 2 : 3); number++)
    request->handed[request->handed_count++] = (struct handed){number, one->accepted, NULL};
  return 0;
}

/* What another main finds: all of it, if it has the same layout. */
#define SOCKETS_VARIABLE "KEEPER_SOCKETS"
enum { SOCKETS_LAYOUT = 2 };
struct left {
  uint32_t layout, size;
  uint64_t last_connection;
};
static int left_file = -1;

static void set_closing(int flags) {
  for (uint32_t at = 0; at < SOCKET_COUNT; at++) {
    if (listeners[at].id[0] == 0) continue;
    fcntl(listeners[at].file, F_SETFD, flags);
    if (listeners[at].connection > 0) fcntl(listeners[at].accepted, F_SETFD, flags);
  }
}

void sockets_hand_over(void) {
  /* Of an heir that was made by another one: what that has written. */
  sockets_keep();
  if (listener_count == 0) return;
  struct left left = {SOCKETS_LAYOUT, LISTENERS_BYTES, last_connection};
  char text[16];
  left_file = memfd_create("sockets", 0);
  int is_whole = left_file >= 0 && write(left_file, &left, sizeof left) == (ssize_t)sizeof left &&
                 write(left_file, listeners, LISTENERS_BYTES) == (ssize_t)LISTENERS_BYTES;
  if (!is_whole) return complain("cannot hand sockets over", errno);
  snprintf(text, sizeof text, "%d", left_file);
  setenv(SOCKETS_VARIABLE, text, 1);
  set_closing(0);
}

void sockets_keep(void) {
  unsetenv(SOCKETS_VARIABLE);
  if (left_file >= 0) close(left_file);
  left_file = -1;
  set_closing(FD_CLOEXEC);
}

static int is_socket(int file, int least) {
  struct stat found;
  return file >= least && fstat(file, &found) == 0 && S_ISSOCK(found.st_mode);
}

/* No epoll knows them yet. One that is no socket is nobody's: the rest is as it was. */
static void mend(struct listener *one) {
  one->id[ID_BYTES] = one->path[SOCKET_PATH_BYTES] = 0;
  if (one->id[0] == 0) return;
  if (!is_socket(one->file, FIRST_FILE)) return clear(one);
  one->place.text = one->path;
  one->is_watched = one->is_wanted = 0;
  listener_count++;
  if (one->connection > 0 && !is_socket(one->accepted, ANCHOR_LOCK + 1)) one->connection = 0;
  if (one->connection > 0 && one->accepted < FIRST_FILE) move_up(one);
  if (one->is_closing) end(one);
}

/* Shared with whoever this process makes its heir. */
static void have_records(void) {
  listener_count = 0;
  if (listeners != NULL) return;
  void *found = mmap(NULL, LISTENERS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (found == MAP_FAILED) {
    complain("cannot share what is known of sockets", errno);
    _exit(EXIT_SYSTEM);
  }
  listeners = found;
}

void sockets_settle(void) {
  for (struct listener *one = listeners; listener_count > 0 && one < listeners + SOCKET_COUNT; one++)
    if (one->id[0] != 0 && one->connection > 0 && starts_have(one->connection)) end_connection(one);
}

void sockets_take_over(void) {
  have_records();
  const char *said = getenv(SOCKETS_VARIABLE);
  if (said == NULL) return;
  int file = (int)strtol(said, NULL, 10);
  unsetenv(SOCKETS_VARIABLE);
  struct left left;
  int is_known = pread(file, &left, sizeof left, 0) == (ssize_t)sizeof left &&
                 left.layout == SOCKETS_LAYOUT && left.size == LISTENERS_BYTES &&
                 pread(file, listeners, LISTENERS_BYTES, sizeof left) == (ssize_t)LISTENERS_BYTES;
  close(file);
  if (!is_known) {
    memset(listeners, 0, LISTENERS_BYTES);
    /* Nobody knows them any more, and as long as they listen nobody else can: nothing else is open up there. */
    syscall(SYS_close_range, FIRST_FILE, ~0u, 0);
    return complain("sockets of another layout are closed", EPROTO);
  }
  last_connection = left.last_connection;
  for (uint32_t at = 0; at < SOCKET_COUNT; at++) mend(&listeners[at]);
  set_closing(FD_CLOEXEC);
}
