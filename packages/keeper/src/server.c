/*
 * Main: one loop around the connection of the daemon and around its starts. It is killed, or ends with its anchor, at
 * any moment without harm: everything that must be known stands in the table.
 *
 *     nobody connected, nothing to keep      exit 0, and the anchor with it
 *     a second connection                    takes the place of the first: a daemon that hangs is replaced
 *     a daemon that does not read            is not read from any more; with 4 MiB waiting it is cut off
 *     RENEW                                  the same process, executed anew from another file: what it does not know
 *                                            any more stands in the table, as after a kill
 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "anchor.h"
#include "child.h"
#include "heir.h"
#include "ready.h"
#include "sockets.h"
#include "starts.h"

/* Whole frames that are carried out before others have their turn: exits and answers wait no longer than these. */
enum { FRAMES_AT_ONCE = 16, EVENTS_AT_ONCE = 64 };
/* A keeper to which nobody has connected ends after so long. */
enum { FIRST_CONNECTION_MS = 10000 };
/* The longest frame that is sent: a STATE with all its fields. */
enum { ANSWER_BYTES = 512 };

/* What was received and is not done with lies from `input_begin` to `input_end`. */
static char input[FRAME_BYTES];
static size_t input_begin, input_end;
static char output[OUT_BYTES];
static size_t output_length;
static size_t frame_begin;
static struct request request;
static int events = -1, client = -1;
static int has_said_hello;
/* What the loop waits for on the connection. */
static uint32_t client_watch;

static void watch(int descriptor, enum watch kind, uint32_t index, int what, uint32_t how) {
  struct epoll_event event = {.events = how, .data.u64 = (uint64_t)kind << 32 | index};
  if (epoll_ctl(events, what, descriptor, &event) == 0) return;
  /* Without room for a watch nothing would ever be heard of it: another main looks at everything. */
  complain("cannot watch", errno);
  _exit(1);
}

void watch_add(int descriptor, enum watch kind, uint32_t index) {
  watch(descriptor, kind, index, EPOLL_CTL_ADD, EPOLLIN);
}

void watch_once(int descriptor, enum watch kind, uint32_t index, int is_watched) {
  watch(descriptor, kind, index, is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, EPOLLIN | EPOLLONESHOT);
}

void watch_end(int descriptor) {
  /* A child that was forked meanwhile may hold it a moment longer: closing alone would not end the watch. */
  epoll_ctl(events, EPOLL_CTL_DEL, descriptor, NULL);
  close(descriptor);
}

/* A pipe for each start that is under way. Services get what there was. */
static void allow_descriptors(void) {
  struct rlimit most = {descriptors_at_first.rlim_max, descriptors_at_first.rlim_max};
  setrlimit(RLIMIT_NOFILE, &most);
}

static void watch_client(uint32_t what) {
  client_watch = what;
  struct epoll_event event = {.events = what, .data.u64 = (uint64_t)WATCH_CLIENT << 32};
  epoll_ctl(events, EPOLL_CTL_MOD, client, &event);
}

static void drop_client(void) {
  if (client >= 0) watch_end(client);
  client = -1;
  has_said_hello = 0;
  input_begin = input_end = output_length = 0;
}

/* Frames are put together in the output; one that has no room costs the connection, and the next HELLO tells it all. */
static int frame_open(uint16_t type) {
  if (client < 0) return 0;
  if (sizeof output - output_length < ANSWER_BYTES) {
    complain("the daemon does not read", EAGAIN);
    drop_client();
    return 0;
  }
  frame_begin = output_length;
  memset(output + output_length, 0, 8);
  memcpy(output + output_length + 4, &type, 2);
  output_length += 8;
  return 1;
}

static void frame_field(uint16_t tag, const void *bytes, size_t length) {
  uint32_t size = (uint32_t)length;
  memcpy(output + output_length, &size, 4);
  memcpy(output + output_length + 4, &tag, 2);
  memset(output + output_length + 6, 0, 2);
  memcpy(output + output_length + 8, bytes, length);
  output_length += 8 + length;
}

static void frame_number(uint16_t tag, uint64_t number) {
  frame_field(tag, &number, sizeof number);
}

static void frame_text(uint16_t tag, const char *text) {
  frame_field(tag, text, strlen(text) + 1);
}

static void frame_close(void) {
  uint32_t length = (uint32_t)(output_length - frame_begin);
  memcpy(output + frame_begin, &length, 4);
}

void say_state(uint32_t at) {
  const struct slot *slot = &table->slots[at];
  uint32_t state = start_shown(at);
  if (!has_said_hello || state == STATE_FREE || !frame_open(SAY_STATE)) return;
  int32_t pid = atomic_load(&table->pids[at]);
  frame_text(TAG_ID, slot->id);
  frame_number(TAG_STATE, state);
  frame_number(TAG_PID, (uint64_t)(pid < 0 ? -pid : pid));
  frame_number(TAG_TIME, slot->start_time);
  if (state == STATE_ENDED) {
    int32_t status = slot->source == 0 ? slot->cancelled : slot->status;
    frame_number(TAG_STATUS, (uint64_t)(uint32_t)status);
    frame_number(TAG_SOURCE, slot->source == 0 ? SOURCE_REAPED : slot->source);
  }
  if (state == STATE_RUNNING && atomic_load(&slot->flags) & SLOT_READY) frame_number(TAG_READY, 1);
  if (state == STATE_PREPARED) frame_text(TAG_STEP, step_name(slot->step));
  if (state == STATE_FAILED) {
    frame_text(TAG_STEP, step_name(slot->step));
    frame_number(TAG_ERROR, (uint64_t)(uint32_t)slot->error);
    if (slot->status > 0) frame_number(TAG_WHICH, (uint64_t)slot->status - 1);
  }
  frame_close();
}

void say_refused(const char *id, enum step step, int error) {
  if (!frame_open(SAY_REFUSED)) return;
  if (id != NULL) frame_text(TAG_ID, id);
  frame_text(TAG_STEP, step_name(step));
  frame_number(TAG_ERROR, (uint64_t)(uint32_t)error);
  frame_close();
}

static void say_of(uint16_t type, const char *id) {
  if (!has_said_hello || !frame_open(type)) return;
  frame_text(TAG_ID, id);
  frame_close();
}

void say_signalled(const char *id) {
  say_of(SAY_SIGNALLED, id);
}

void say_listening(const char *id) {
  say_of(SAY_LISTENING, id);
}

void say_closed(const char *id) {
  say_of(SAY_CLOSED, id);
}

static void frame_place(uint16_t tag, const struct place *place) {
  char bytes[16 + SOCKET_PATH_BYTES + 1];
  uint64_t family = place->family, port = place->port;
  size_t length = strlen(place->text) + 1;
  memcpy(bytes, &family, 8);
  memcpy(bytes + 8, &port, 8);
  memcpy(bytes + 16, place->text, length);
  frame_field(tag, bytes, 16 + length);
}

void say_connection(const char *id, uint64_t connection, const struct place *peer,
                    const struct place *local) {
  if (!has_said_hello || !frame_open(SAY_CONNECTION)) return;
  frame_text(TAG_ID, id);
  if (connection > 0) frame_number(TAG_CONNECTION, connection);
  if (peer != NULL) frame_place(TAG_PEER, peer);
  if (local != NULL) frame_place(TAG_LOCAL, local);
  frame_close();
}

uint64_t features_of_anchor(void) {
  const char *said = getenv(FEATURES_VARIABLE);
  return said == NULL ? 0 : strtoull(said, NULL, 10);
}

/* The highest version that both know; 0 where there is none, and then it goes away. */
static void say_hello(void) {
  uint64_t highest = request.highest_version < VERSION_HIGHEST ? request.highest_version : VERSION_HIGHEST;
  int is_known = highest >= request.lowest_version && highest >= VERSION_LOWEST;
  if (!frame_open(SAY_HELLO)) return;
  frame_number(TAG_VERSION, is_known ? highest : 0);
  frame_text(TAG_BOOT, table->boot);
  frame_number(TAG_FEATURES, FEATURE_SOCKETS | FEATURE_NOTIFY | (FEATURE_FOLLOW & features_of_anchor()));
  frame_text(TAG_BUILD, BUILD);
  frame_number(TAG_PID, (uint64_t)table->anchor_pid);
  frame_close();
  if (!is_known) return;
  has_said_hello = 1;
  for (uint32_t at = 0; at < SLOT_COUNT; at++) say_state(at);
  sockets_tell();
  if (frame_open(SAY_TOLD)) frame_close();
}

int become_main(const char *file, void (*before)(void)) {
  char *words[] = {"keeper", "main", NULL};
  for (int number = ANCHOR_TABLE; number <= ANCHOR_LOCK; number++) fcntl(number, F_SETFD, 0);
  sockets_hand_over();
  ready_keep_open(0);
  if (before != NULL) before();
  setrlimit(RLIMIT_NOFILE, &descriptors_at_first);
  /* All that this one has is what the anchor says of itself. */
  execve(file, words, environ);
  int error = errno;
  sockets_keep();
  ready_keep_open(FD_CLOEXEC);
  for (int number = ANCHOR_TABLE; number <= ANCHOR_LOCK; number++)
    fcntl(number, F_SETFD, FD_CLOEXEC);
  allow_descriptors();
  return error;
}

/* Where the new one does not come up, the anchor starts the one that it knows. */
static void renew(const char *file) {
  heir_end();
  int error = become_main(file, NULL);
  if (sockets_are_there()) heir_have();
  say_refused(NULL, STEP_EXEC, error);
}

/* False where the connection cannot go on. */
static int carry_out(uint32_t type, char *bytes, size_t length) {
  int error = read_request(type, bytes, length, &request);
  if (error == EBADMSG) return 0;
  if (error) {
    say_refused(request.id, STEP_REQUEST, error);
    return 1;
  }
  if (type == HELLO) {
    say_hello();
    return 1;
  }
  if (!has_said_hello) return 0;
  if (type == START) start_begin(&request);
  if (type == SIGNAL) start_signal(&request);
  if (type == FORGET) start_forget(&request);
  if (type == FOLLOW) start_follow(&request);
  if (type == RENEW) renew(request.file);
  if (type == LISTEN) socket_listen(&request);
  if (type == CLOSE) socket_close(&request);
  if (type == WATCH) socket_watch(&request);
  if (type == DROP) socket_drop(&request);
  return 1;
}

long server_take(char *bytes, size_t length) {
  size_t done = 0;
  for (int count = 0; count < FRAMES_AT_ONCE && length - done >= 8; count++) {
    uint32_t size;
    uint16_t type, zero;
    memcpy(&size, bytes + done, 4);
    memcpy(&type, bytes + done + 4, 2);
    memcpy(&zero, bytes + done + 6, 2);
    if (size < 8 || size > FRAME_BYTES || zero != 0) return -1;
    if (length - done < size) break;
    if (!carry_out(type, bytes + done + 8, size - 8)) return -1;
    done += size;
  }
  return (long)done;
}

size_t server_drop_output(void) {
  size_t length = output_length;
  output_length = 0;
  return length;
}

/* True where a whole frame waits to be carried out. */
static int has_frame(void) {
  uint32_t size;
  if (input_end - input_begin < 8) return 0;
  memcpy(&size, input + input_begin, 4);
  return input_end - input_begin >= size;
}

static void take_input(void) {
  if (client < 0 || output_length > sizeof output / 2) return;
  long done = server_take(input + input_begin, input_end - input_begin);
  if (client < 0) return;
  if (done < 0) {
    complain("a frame is broken", EBADMSG);
    return drop_client();
  }
  input_begin += (size_t)done;
}

static void receive(void) {
  /* Moved to the front where room is short, not with each frame. */
  if (input_begin == input_end || input_end == sizeof input) {
    memmove(input, input + input_begin, input_end - input_begin);
    input_end -= input_begin;
    input_begin = 0;
  }
  if (input_end == sizeof input) return;
  ssize_t length = recv(client, input + input_end, sizeof input - input_end, MSG_DONTWAIT);
  if (length > 0) {
    input_end += (size_t)length;
  } else if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
    drop_client();
  }
}

static void flush(void) {
  while (client >= 0 && output_length > 0) {
    ssize_t sent = send(client, output, output_length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) return drop_client();
    output_length -= (size_t)sent;
    memmove(output, output + sent, output_length);
  }
  if (client < 0) return;
  int reads = input_end - input_begin < sizeof input && output_length <= sizeof output / 2;
  uint32_t wanted = (reads ? EPOLLIN : 0u) | (output_length > 0 ? EPOLLOUT : 0u);
  if (client_watch != wanted) watch_client(wanted);
}

/* The folder keeps others out; this is for a folder that somebody has opened since. */
static int is_own(int connection) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return 0;
  return peer.uid == geteuid() || peer.uid == 0;
}

void server_connect(int connection) {
  drop_client();
  client = connection;
  watch_add(client, WATCH_CLIENT, 0);
  client_watch = EPOLLIN;
}

static void accept_client(void) {
  int connection = accept4(ANCHOR_LISTENER, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (connection < 0) return;
  if (!is_own(connection)) {
    complain("another user has connected", EACCES);
    close(connection);
    return;
  }
  server_connect(connection);
}

static void read_notices(void) {
  uint32_t ended[1024];
  ssize_t length = read(ANCHOR_NOTICES, ended, sizeof ended);
  for (ssize_t each = 0; each < length / (ssize_t)sizeof *ended; each++)
    if (ended[each] < SLOT_COUNT) start_reaped(ended[each]);
  if (atomic_exchange(&table->has_missed, 0)) starts_reaped_all();
}

static void handle(const struct epoll_event *event) {
  uint32_t at = (uint32_t)event->data.u64;
  switch ((enum watch)(event->data.u64 >> 32)) {
    case WATCH_LISTENER: return accept_client();
    case WATCH_NOTICES: return read_notices();
    case WATCH_PIPE: return start_pipe_ended(at);
    case WATCH_FOSTER: return start_foster_ended(at);
    case WATCH_SOCKET: return socket_ready(at);
    case WATCH_HEIR: return heir_ended();
    case WATCH_READY: return start_notified(at);
    case WATCH_CLIENT:
      if (client >= 0 && event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive();
      return;
  }
}

static void set_up(void) {
  prctl(PR_SET_NAME, "keeper-main");
  /* Two mains at once would be one too many: this one goes with its anchor, also where that is gone already. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (table->anchor_pid != getppid()) _exit(0);
  /* Before anything is opened here: it may have to close all that the last program has left open. */
  sockets_take_over();
  events = epoll_create1(EPOLL_CLOEXEC);
  if (events < 0) {
    complain("epoll", errno);
    _exit(1);
  }
  getrlimit(RLIMIT_NOFILE, &descriptors_at_first);
  allow_descriptors();
  watch_add(ANCHOR_LISTENER, WATCH_LISTENER, 0);
  watch_add(ANCHOR_NOTICES, WATCH_NOTICES, 0);
  starts_adopt();
  ready_keep_open(FD_CLOEXEC);
  sockets_settle();
  heir_begin(sockets_are_there());
}

void server_run(void) {
  set_up();
  uint64_t idle_until = now_ms() + FIRST_CONNECTION_MS;
  for (;;) {
    if (client >= 0) idle_until = 0;
    int wait_ms = starts_look();
    flush();
    if (has_frame() && output_length <= sizeof output / 2) wait_ms = 0;
    if (client < 0 && !table_has_living() && !sockets_are_there()) {
      if (now_ms() >= idle_until) _exit(0);
      wait_ms = 100;
    }
    struct epoll_event found[EVENTS_AT_ONCE];
    int count = epoll_wait(events, found, EVENTS_AT_ONCE, wait_ms);
    for (int each = 0; each < count; each++) handle(&found[each]);
    take_input();
  }
}
