#include "syslog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "syslog-stamp.h"
#include "table.h"

enum { EXIT_CONFIG = 78, EXIT_SOURCE = 69 }; /* as sysexits.h has them */
/* Messages that are taken from each source at the end: what has come before the signal. */
enum { LAST_COUNT = 10000 };

/* What was read, whose it is, and what it becomes. */
struct received {
  uint8_t bytes[SYSLOG_MESSAGE_BYTES];
  size_t length, cut;
  struct sender sender;
  char name[INET6_ADDRSTRLEN + 16];
  int has_peer;
  pid_t pid;
  uid_t uid;
};

static struct syslog_config config;
static struct listening listening[SYSLOG_SOURCE_COUNT];
static uint32_t listening_count;
static struct received received;
static char line[SYSLOG_LINE_BYTES];
/* The beginning of a line of the kernel's that is not whole yet. */
static size_t kernel_length;
static uint8_t kernel_bytes[8192];
static uint64_t silent_since;

static uint32_t places_of(const struct message *message) {
  uint32_t places = 0;
  for (uint32_t at = 0; at < config.place_count; at++)
    if (config.places[at].levels[message->facility] >> message->level & 1) places |= 1u << at;
  return places;
}

/* `sender` is what stands before the message: whence it came, and nothing that it says. Gives the bytes of the line. */
static size_t log_message(const struct message *message, const char *sender, size_t cut) {
  uint32_t places = places_of(message);
  silent_since = now_ms();
  if (places == 0) return 0;
  int begin = snprintf(line, 256, "%s%s ", syslog_stamp(), sender);
  size_t length = (size_t)begin + syslog_write_message(message, line + begin);
  if (cut > 0) length += (size_t)snprintf(line + length, 64, " [cut: %zu bytes more]", cut);
  line[length++] = '\n';
  syslog_sinks_write(places, line, length);
  return length;
}

/* What this program has to say goes where others' messages of its kind go. */
static void log_own(uint8_t level, const char *text) {
  struct message message = {.facility = FACILITY_SYSLOG, .level = level};
  message.text = (struct span){(const uint8_t *)text, strlen(text)};
  message.program = message.process = message.data = (struct span){(const uint8_t *)text, 0};
  log_message(&message, "system-log:", 0);
}

static void name_address(const struct sockaddr_storage *from) {
  char text[INET6_ADDRSTRLEN];
  received.sender = (struct sender){.kind = SENDER_ADDRESS};
  const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
  if (from->ss_family == AF_INET) {
    memset(received.sender.key + 10, 0xff, 2); /* as IPv6 has it */
    memcpy(received.sender.key + 12, &v4->sin_addr, 4);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    snprintf(received.name, sizeof received.name, "%s:%u", text, ntohs(v4->sin_port));
  } else {
    memcpy(received.sender.key, &v6->sin6_addr, 16);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    snprintf(received.name, sizeof received.name, "[%s]:%u", text, ntohs(v6->sin6_port));
  }
}

static void name_peer(const struct ucred *peer) {
  int is_root = peer->uid == 0;
  received.sender = (struct sender){.kind = is_root ? SENDER_PID : SENDER_UID};
  if (is_root) memcpy(received.sender.key, &peer->pid, sizeof peer->pid);
  else memcpy(received.sender.key, &peer->uid, sizeof peer->uid);
  received.pid = peer->pid;
  received.uid = peer->uid;
  if (config.has_senders)
    snprintf(received.name, sizeof received.name, "localhost pid=%d uid=%u", peer->pid, peer->uid);
}

static void say_dropped(const char *who, uint64_t count) {
  char text[256];
  snprintf(text, sizeof text, "%llu messages of %s were dropped: more than %u within %u s",
           (unsigned long long)count, who, config.flood_count, config.flood_seconds);
  log_own(LEVEL_WARNING, text);
}

/* What the kernel had no room for before it was read, of which it counts all. */
static void note_overflow(struct listening *one, uint32_t dropped) {
  char text[128];
  uint32_t more = dropped - one->dropped;
  if (more == 0) return;
  one->dropped = dropped;
  snprintf(text, sizeof text, "%u messages by UDP were lost before they were read", more);
  log_own(LEVEL_WARNING, text);
}

static void read_control(struct listening *one, struct msghdr *header) {
  for (struct cmsghdr *each = CMSG_FIRSTHDR(header); each != NULL; each = CMSG_NXTHDR(header, each)) {
    if (each->cmsg_level != SOL_SOCKET) continue;
    if (each->cmsg_type == SCM_CREDENTIALS && each->cmsg_len == CMSG_LEN(sizeof(struct ucred))) {
      struct ucred peer;
      memcpy(&peer, CMSG_DATA(each), sizeof peer);
      name_peer(&peer);
    }
    if (each->cmsg_type == SCM_RIGHTS) {
      /* Somebody sends descriptors: nobody wants them, and they are not to be kept open. */
      size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (size_t at = 0; at < count; at++) {
        int file;
        memcpy(&file, CMSG_DATA(each) + at * sizeof file, sizeof file);
        close(file);
      }
    }
    if (each->cmsg_type == SO_RXQ_OVFL) {
      uint32_t dropped;
      memcpy(&dropped, CMSG_DATA(each), sizeof dropped);
      note_overflow(one, dropped);
    }
  }
}

/* One message into `received`; false where nothing waits. */
static int receive(struct listening *one) {
  struct sockaddr_storage from = {0};
  union {
    struct cmsghdr head;
    char room[512];
  } control;
  struct iovec part = {received.bytes, sizeof received.bytes};
  struct msghdr header = {.msg_name = &from,
                          .msg_namelen = sizeof from,
                          .msg_iov = &part,
                          .msg_iovlen = 1,
                          .msg_control = &control,
                          .msg_controllen = sizeof control};
  ssize_t length = recvmsg(one->file, &header, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
  if (length < 0) return errno == EINTR;
  received.length = (size_t)length < sizeof received.bytes ? (size_t)length : sizeof received.bytes;
  received.cut = (size_t)length - received.length;
  received.sender = (struct sender){.kind = SENDER_UID};
  memset(received.sender.key, 0xff, sizeof received.sender.key);
  snprintf(received.name, sizeof received.name, "localhost");
  if (one->kind == FROM_UDP) name_address(&from);
  read_control(one, &header);
  return 1;
}

static void take_socket(struct listening *one, int most) {
  for (int count = 0; count < most && receive(one); count++) {
    if (received.length == 0 || !syslog_admit(&received.sender, received.length, now_ms())) continue;
    struct message message;
    syslog_read_message(received.bytes, received.length, &message);
    size_t length = log_message(&message, received.name, received.cut);
    if (length > received.length) syslog_charge(length - received.length);
    received.length = 0;
  }
}

static void take_kernel_line(const uint8_t *bytes, size_t length) {
  struct message message;
  if (syslog_read_kernel(bytes, length, &message)) log_message(&message, "linux:", 0);
}

/* False where it is over. */
static int take_kernel(struct listening *one, int most) {
  for (int count = 0; count < most; count++) {
    size_t room = sizeof kernel_bytes - kernel_length;
    ssize_t length = read(one->file, kernel_bytes + kernel_length, room);
    if (length < 0 && errno == EPIPE) {
      log_own(LEVEL_WARNING, "the kernel has overwritten messages before they were read");
      continue;
    }
    if (length < 0) return errno == EAGAIN || errno == EINTR;
    if (length == 0) return errno = ENODATA, 0;
    kernel_length += (size_t)length;
    size_t done = 0;
    for (uint8_t *end; (end = memchr(kernel_bytes + done, '\n', kernel_length - done)) != NULL;) {
      take_kernel_line(kernel_bytes + done, (size_t)(end - kernel_bytes) - done);
      done = (size_t)(end - kernel_bytes) + 1;
    }
    /* No line of the kernel's is as long as that. */
    if (done == 0 && kernel_length == sizeof kernel_bytes) {
      take_kernel_line(kernel_bytes, kernel_length);
      done = kernel_length;
    }
    memmove(kernel_bytes, kernel_bytes + done, kernel_length - done);
    kernel_length -= done;
  }
  return 1;
}

static void take(struct listening *one, int most) {
  if (one->kind != FROM_KERNEL) return take_socket(one, most);
  if (take_kernel(one, most)) return;
  syslog_say("what the kernel says cannot be read any more: %s", strerror(errno));
  close(one->file);
  one->file = -1;
}

static void name_sender(const struct sender *sender, char *who, size_t room) {
  struct in6_addr address;
  uint32_t number;
  memcpy(&number, sender->key, sizeof number);
  memcpy(&address, sender->key, sizeof address);
  if (sender->is_others) {
    static const char *const others[] = {"users", "processes of root", "addresses"};
    snprintf(who, room, "all other %s", others[sender->kind]);
    return;
  }
  switch (sender->kind) {
    case SENDER_UID: snprintf(who, room, "user %u", number); return;
    case SENDER_PID: snprintf(who, room, "process %u of root", number); return;
    default:
      if (IN6_IS_ADDR_V4MAPPED(&address)) inet_ntop(AF_INET, sender->key + 12, who, (socklen_t)room);
      else inet_ntop(AF_INET6, &address, who, (socklen_t)room);
  }
}

static void say_all_dropped(uint64_t now) {
  struct sender sender;
  uint64_t count;
  char who[64];
  while (syslog_dropped(now, &sender, &count)) {
    name_sender(&sender, who, sizeof who);
    say_dropped(who, count);
  }
}

/* Milliseconds until something has to be looked at. */
static uint64_t look(void) {
  uint64_t now = now_ms(), wait = 60000;
  say_all_dropped(now);
  wait = syslog_sinks_look(now, syslog_flood_wait(now, wait));
  if (config.mark_seconds == 0) return wait;
  uint64_t due = silent_since + (uint64_t)config.mark_seconds * 1000;
  if (now >= due) log_own(LEVEL_INFO, "-- MARK --");
  else if (due - now < wait) wait = due - now;
  return wait;
}

static _Noreturn void end(void) {
  for (uint32_t at = 0; at < listening_count; at++)
    if (listening[at].file >= 0) take(&listening[at], LAST_COUNT);
  say_all_dropped(UINT64_MAX);
  syslog_sinks_look(UINT64_MAX, 0);
  syslog_unlisten();
  syslog_say("ends");
  _exit(0);
}

static void take_signals(int signals) {
  struct signalfd_siginfo found;
  while (read(signals, &found, sizeof found) == (ssize_t)sizeof found) {
    if (found.ssi_signo == SIGHUP) syslog_sinks_reopen();
    if (found.ssi_signo == SIGUSR1) syslog_sinks_rotate();
    if (found.ssi_signo == SIGTERM || found.ssi_signo == SIGINT) end();
  }
}

static int catch_signals(void) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGHUP);
  sigaddset(&wanted, SIGUSR1);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void configure(void) {
  static char text[SYSLOG_CONFIG_BYTES + 1];
  size_t length = 0;
  for (ssize_t count; length < sizeof text; length += (size_t)count) {
    count = read(0, text + length, sizeof text - length);
    if (count < 0 && errno == EINTR) count = 0;
    else if (count <= 0) break;
  }
  if (length == sizeof text || memchr(text, 0, length) != NULL) {
    syslog_say("its configuration has more than %u bytes, or no text", SYSLOG_CONFIG_BYTES);
    _exit(EXIT_CONFIG);
  }
  text[length] = 0;
  uint32_t number = syslog_read_config(text, &config);
  if (number == 0) return;
  syslog_say("its configuration cannot be understood: line %u", number);
  _exit(EXIT_CONFIG);
}

/* What the kernel says may be out of reach, as in a container; anything else was asked for. */
static void listen_to_all(void) {
  for (uint32_t at = 0; at < config.source_count; at++) {
    const struct source *source = &config.sources[at];
    const char *reason = "";
    int file = syslog_listen(source, &reason);
    if (file < 0) {
      const char *rest = source->kind == FROM_KERNEL ? "; it goes on without" : "";
      syslog_say("cannot listen to %s%s: %s%s", source->path, reason, strerror(errno), rest);
      if (source->kind == FROM_KERNEL) continue;
      syslog_unlisten();
      _exit(EXIT_SOURCE);
    }
    listening[listening_count++] = (struct listening){file, source->kind, 0};
    syslog_say("listens to %s", source->path);
  }
}

static void say_ready(int notice) {
  if (notice < 0) return;
  if (write(notice, "\n", 1) != 1) syslog_say("nobody waits for it to be ready");
  close(notice);
}

_Noreturn void syslog_run(int notice) {
  struct pollfd watched[SYSLOG_SOURCE_COUNT + 1];
  prctl(PR_SET_NAME, "system-log");
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  int signals = catch_signals();
  umask(0);
  configure();
  syslog_stamp_begin(config.has_milliseconds);
  syslog_flood_begin(config.flood_count, config.flood_seconds);
  syslog_sinks_begin(&config);
  listen_to_all();
  silent_since = now_ms();
  say_ready(notice);
  for (;;) {
    for (uint32_t at = 0; at < listening_count; at++)
      watched[at] = (struct pollfd){.fd = listening[at].file, .events = POLLIN};
    watched[listening_count] = (struct pollfd){.fd = signals, .events = POLLIN};
    if (poll(watched, listening_count + 1, (int)look()) <= 0) continue;
    for (uint32_t at = 0; at < listening_count; at++)
      if (watched[at].revents != 0) take(&listening[at], SYSLOG_TURN_COUNT);
    if (watched[listening_count].revents != 0) take_signals(signals);
  }
}
