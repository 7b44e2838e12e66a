/*
 * Where lines go. Nothing here waits for anybody, and no line is written in part:
 *
 *     open ── no room, or an error ──► this line is counted as lost; the next one is tried again
 *       │           ──► room again: a line says how many are missing, and why; then it goes on
 *       ├── over its size ──► another file is begun beside it, then names move on: web, web.1, web.2 …
 *       └── SIGHUP ──► opened anew: somebody else has moved it
 *     shut ──► tried again each second
 *
 * A file is written to if it is a plain one of this user with this one name: in a folder that others can write to, a
 * link would lead root wherever they like. A link to a folder above is followed only where nobody else could have made
 * it.
 */
#include "syslog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "syslog-stamp.h"
#include "table.h"

struct sink {
  const struct place *place;
  int folder; /* of a file: what its names are in; -1 while it is shut */
  const char *name;
  int file; /* -1: shut */
  uint64_t size, lost, lost_at, retry_at;
  int error; /* why the first of these was lost */
  int is_stuck; /* it could not be put aside, and that was said */
};

static struct sink sinks[SYSLOG_SINK_COUNT];
static uint32_t sink_count;
static uint64_t rotate_bytes;
static uint32_t kept_count;

/* Whether nobody but this user and root can change what is in a folder, or all keep to what is theirs there. */
static int is_trusted(int folder) {
  struct stat found;
  if (fstat(folder, &found) < 0) return 0;
  if (found.st_uid != geteuid() && found.st_uid != 0) return 0;
  return !(found.st_mode & 022);
}

/* The folder that a path is in, step by step; -1 with errno. A folder that goes away is opened again. */
static int open_folder(const char *path) {
  char word[256];
  int folder = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (const char *at = path + 1, *slash; folder >= 0 && (slash = strchr(at, '/')); at = slash + 1) {
    size_t length = (size_t)(slash - at);
    if (length == 0) continue;
    if (length >= sizeof word) return close(folder), errno = ENAMETOOLONG, -1;
    memcpy(word, at, length);
    word[length] = 0;
    int how = O_PATH | O_DIRECTORY | O_CLOEXEC | (is_trusted(folder) ? 0 : O_NOFOLLOW);
    int next = openat(folder, word, how);
    int error = errno;
    close(folder);
    errno = error;
    folder = next;
  }
  return folder;
}

static int is_ours(int file) {
  struct stat found;
  if (fstat(file, &found) < 0) return 0;
  return S_ISREG(found.st_mode) && found.st_uid == geteuid() && found.st_nlink == 1;
}

static int is_device(int file) {
  struct stat found;
  return fstat(file, &found) == 0 && S_ISCHR(found.st_mode);
}

/* As GNU Shepherd's: its group may read it. */
enum { FILE_MODE = 0640 };
enum { WRITE_TO = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

/* Opens a name in the folder of a sink; -1 with errno. */
static int open_name(const struct sink *sink, const char *name, int how) {
  int file = openat(sink->folder, name, WRITE_TO | O_CREAT | how, FILE_MODE);
  if (file < 0 || is_ours(file)) return file;
  close(file);
  errno = EPERM;
  return -1;
}

/* Of its own, so that nobody else is kept from waiting for a pipe, and this program from not doing so. */
static int open_output(void) {
  int file = open("/proc/self/fd/1", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return file >= 0 ? file : fcntl(1, F_DUPFD_CLOEXEC, 3);
}

static int open_place(struct sink *sink) {
  const char *path = sink->place->path;
  if (sink->place->kind == SINK_LOG) return open_output();
  sink->folder = open_folder(path);
  if (sink->folder < 0) return -1;
  sink->name = strrchr(path, '/') + 1;
  if (sink->place->kind == SINK_FILE) return open_name(sink, sink->name, 0);
  int file = openat(sink->folder, sink->name, WRITE_TO);
  if (file < 0 || is_device(file)) return file;
  close(file);
  errno = ENOTTY;
  return -1;
}

static void shut(struct sink *sink) {
  if (sink->file >= 0) close(sink->file);
  if (sink->folder >= 0) close(sink->folder);
  sink->file = sink->folder = -1;
}

/* Said once, not each second. */
static void open_sink(struct sink *sink) {
  struct stat found;
  int was_said = sink->error;
  sink->file = open_place(sink);
  if (sink->file >= 0) {
    sink->size = fstat(sink->file, &found) == 0 && S_ISREG(found.st_mode) ? (uint64_t)found.st_size : 0;
    if (sink->lost == 0) sink->error = 0;
    return;
  }
  sink->error = errno;
  shut(sink);
  sink->retry_at = now_ms() + SYSLOG_RETRY_MS;
  if (was_said != sink->error)
    syslog_say("%s: %s; what is for it is counted, and it is tried again", sink->place->path,
               strerror(sink->error));
}

/* All of it or nothing; the size is that of what is there. */
static int write_whole(struct sink *sink, const struct iovec *parts, int count) {
  ssize_t written, length = 0;
  for (int each = 0; each < count; each++) length += (ssize_t)parts[each].iov_len;
  do written = writev(sink->file, parts, count);
  while (written < 0 && errno == EINTR);
  if (written == length) {
    sink->size += (uint64_t)length;
    return 1;
  }
  struct stat found;
  int error = written < 0 ? errno : ENOSPC;
  if (written > 0 && fstat(sink->file, &found) == 0 && S_ISREG(found.st_mode) &&
      ftruncate(sink->file, found.st_size - written) < 0)
    sink->size += (uint64_t)written; /* a torn line is better than none to know of */
  if (sink->lost == 0) sink->error = error;
  return 0;
}

/*
 * A line, or none, behind what says how many are missing here, where some are: both in one write, or that word would
 * take the last bytes of a full disk again and again.
 */
static int write_line(struct sink *sink, const char *line, size_t length) {
  char lost[256];
  union {
    const char *here;
    void *there;
  } bytes = {line}; /* writev(2) only reads it */
  struct iovec parts[2] = {{lost, 0}, {bytes.there, length}};
  if (sink->lost > 0)
    parts[0].iov_len = (size_t)snprintf(
        lost, sizeof lost, "%ssystem-log: %llu %s missing here: %s\n", syslog_stamp(),
        (unsigned long long)sink->lost, sink->lost == 1 ? "line is" : "lines are",
        strerror(sink->error));
  if (!write_whole(sink, parts, 2)) return 0;
  sink->lost = 0;
  sink->error = 0;
  return 1;
}

static void name_of(const struct sink *sink, uint32_t number, char *name, size_t room) {
  snprintf(name, room, "%s.%u", sink->name, number);
}

/* Every old file moves on by one; more than are kept go. */
static void shift(const struct sink *sink) {
  char from[300], to[300];
  struct stat found;
  for (uint32_t number = kept_count;; number++) {
    name_of(sink, number, from, sizeof from);
    if (fstatat(sink->folder, from, &found, AT_SYMLINK_NOFOLLOW) < 0) break;
    if (unlinkat(sink->folder, from, 0) < 0) break;
  }
  for (uint32_t number = kept_count - 1; number >= 1; number--) {
    name_of(sink, number, from, sizeof from);
    name_of(sink, number + 1, to, sizeof to);
    renameat(sink->folder, from, sink->folder, to); /* most often it is not there yet */
  }
}

/* Said once, until it works again: it grows meanwhile. */
static void say_stuck(struct sink *sink) {
  if (!sink->is_stuck) syslog_say("%s: cannot be put aside: %s", sink->place->path, strerror(errno));
  sink->is_stuck = 1;
}

/* The new file is there before the old one gets its name: where it cannot be made, nothing has changed. */
static void rotate(struct sink *sink) {
  char fresh[300], first[300];
  sink->retry_at = now_ms() + SYSLOG_RETRY_MS;
  snprintf(fresh, sizeof fresh, "%s.new", sink->name);
  name_of(sink, 1, first, sizeof first);
  unlinkat(sink->folder, fresh, 0);
  int file = open_name(sink, fresh, O_EXCL);
  if (file < 0) return say_stuck(sink);
  shift(sink);
  if (renameat(sink->folder, sink->name, sink->folder, first) < 0 && errno != ENOENT) {
    say_stuck(sink);
    close(file);
    unlinkat(sink->folder, fresh, 0);
    return;
  }
  if (renameat(sink->folder, fresh, sink->folder, sink->name) < 0) {
    syslog_say("%s: cannot get its name back: %s", sink->place->path, strerror(errno));
    unlinkat(sink->folder, fresh, 0);
  }
  close(sink->file);
  sink->file = file;
  sink->size = 0;
  sink->retry_at = 0;
  sink->is_stuck = 0;
}

/* Whether a file has more than so much; somebody else may have emptied it. */
static int is_over(struct sink *sink, uint64_t bytes) {
  struct stat found;
  if (sink->place->kind != SINK_FILE || sink->size <= bytes) return 0;
  if (fstat(sink->file, &found) == 0) sink->size = (uint64_t)found.st_size;
  return sink->size > bytes;
}

static int is_full(struct sink *sink, size_t more) {
  uint64_t room = more < rotate_bytes ? rotate_bytes - more : 0;
  return is_over(sink, room) && now_ms() >= sink->retry_at;
}

static void put(struct sink *sink, const char *line, size_t length) {
  if (sink->file < 0 && now_ms() >= sink->retry_at) open_sink(sink);
  if (sink->file >= 0 && is_full(sink, length)) rotate(sink);
  if (sink->file >= 0 && write_line(sink, line, length)) return;
  sink->lost++;
  sink->lost_at = now_ms();
}

void syslog_sinks_begin(const struct syslog_config *config) {
  rotate_bytes = config->rotate_bytes;
  kept_count = config->kept_count;
  sink_count = config->place_count;
  for (uint32_t at = 0; at < sink_count; at++) {
    sinks[at] = (struct sink){.place = &config->places[at], .folder = -1, .file = -1};
    open_sink(&sinks[at]);
  }
}

void syslog_sinks_write(uint32_t places, const char *line, size_t length) {
  for (uint32_t at = 0; at < sink_count; at++)
    if (places >> at & 1) put(&sinks[at], line, length);
}

void syslog_sinks_reopen(void) {
  for (uint32_t at = 0; at < sink_count; at++) {
    shut(&sinks[at]);
    open_sink(&sinks[at]);
  }
}

void syslog_sinks_rotate(void) {
  for (uint32_t at = 0; at < sink_count; at++)
    if (sinks[at].file >= 0 && is_over(&sinks[at], 0)) rotate(&sinks[at]);
}

uint64_t syslog_sinks_look(uint64_t now, uint64_t most) {
  for (uint32_t at = 0; at < sink_count; at++) {
    struct sink *sink = &sinks[at];
    if (sink->file < 0 && now >= sink->retry_at) open_sink(sink);
    if (sink->file >= 0 && sink->lost == 0) continue;
    /* The next line says it, too; this is for when none comes. */
    if (sink->file >= 0 && now >= sink->lost_at + SYSLOG_RETRY_MS) write_line(sink, "", 0);
    if (most > SYSLOG_RETRY_MS) most = SYSLOG_RETRY_MS;
  }
  return most;
}

void syslog_say(const char *form, ...) {
  char line[SYSLOG_PATH_BYTES + 256];
  size_t room = sizeof line - 1;
  int length = snprintf(line, room, "%ssystem-log: ", syslog_stamp());
  va_list words;
  va_start(words, form);
  length += vsnprintf(line + length, room - (size_t)length, form, words);
  va_end(words);
  size_t end = (size_t)length < room ? (size_t)length : room - 1;
  line[end] = '\n';
  /* Where its log has no room, there is nobody to tell. */
  if (write(1, line, end + 1) < 0) return;
}
