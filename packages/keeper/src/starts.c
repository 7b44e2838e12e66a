/*
 * What main knows of each start beside its slot, and what moves it:
 *
 *     START       slot PREPARED, fork, pipe watched
 *     pipe ends   RUNNING   told: the program runs
 *                 FAILED    told
 *                 PREPARED  its process has died before it had a record: FAILED, told
 *     SIGNAL      PREPARED  ENDED by that signal; its child gives up
 *                 RUNNING   sent to its group
 *     READY=1     told, and again with each STATE of it while it runs (ready.c)
 *     reaped      its group is looked at until nothing is left of it, for a second at most; then ENDED is told
 *     FORGET      the slot is free, once the anchor is done with it
 *     FOLLOW      another process takes the place of one that hands over, where follow.c finds that it is its own
 *
 * Children of main are made as children of the anchor (CLONE_PARENT). So there is one who reaps, and it is always
 * the same: nobody has to find out whose child is whose when main was killed.
 */
#include "starts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cradle.h"
#include "follow.h"
#include "ready.h"
#include "sockets.h"

/* Signals a whole group by its leader, and nobody else whose number it may become: Linux 6.9. */
enum { SIGNAL_GROUP = 4 };
/* How long the end of a start may wait for what is left of its killed group. */
enum { GROUP_GONE_MS = 1000, GROUP_LOOK_MS = 4 };

/* Told so far: a start that is forgotten before the anchor is done with it waits for that. */
enum told { TOLD_NOTHING, TOLD_RUNNING, TOLD_END, TOLD_FORGOTTEN };

/* Of the id, so that looking for one does not read the whole table; 0 where there is none. */
static uint32_t hashes[SLOT_COUNT];
static int pipes[SLOT_COUNT];
static int fosters[SLOT_COUNT];
static uint8_t told[SLOT_COUNT];
/* Of a group that is waited for: until when. */
static uint64_t lingers_until[SLOT_COUNT];
static uint32_t lingering_count;
static uint8_t lives[SLOT_COUNT];
static uint32_t next_free;

static uint32_t state_of(uint32_t at) {
  return atomic_load(&table->slots[at].state);
}
static int32_t pid_of(uint32_t at) {
  int32_t pid = atomic_load(&table->pids[at]);
  return pid < 0 ? -pid : pid;
}
/* The anchor is done with it: nobody but main writes to this slot any more. */
static int is_released(uint32_t at) {
  return atomic_load(&table->pids[at]) <= 0;
}
static void release(uint32_t at) {
  atomic_store(&table->pids[at], -pid_of(at));
}

/* FNV-1a; never 0, which stands for none. */
static uint32_t hash_of(const char *id) {
  uint32_t hash = 2166136261u;
  for (; *id; id++) hash = (hash ^ (uint8_t)*id) * 16777619u;
  return hash | 1u;
}

static uint32_t find(const char *id) {
  uint32_t hash = hash_of(id);
  for (uint32_t at = 0; at < SLOT_COUNT; at++)
    if (hashes[at] == hash && strcmp(table->slots[at].id, id) == 0) return at;
  return SLOT_COUNT;
}

static uint32_t find_free(void) {
  for (uint32_t count = 0; count < SLOT_COUNT; count++) {
    uint32_t at = next_free;
    next_free = (next_free + 1) % SLOT_COUNT;
    if (state_of(at) == STATE_FREE) return at;
  }
  return SLOT_COUNT;
}

static void close_pipe(uint32_t at) {
  if (pipes[at] < 0) return;
  watch_end(pipes[at]);
  pipes[at] = -1;
  cradle_end(at);
}

static void set_free(uint32_t at) {
  struct slot *slot = &table->slots[at];
  close_pipe(at);
  ready_close(at);
  atomic_store(&slot->state, STATE_FREE);
  atomic_store(&table->pids[at], 0);
  told[at] = TOLD_NOTHING;
  hashes[at] = 0;
  /* Forgotten by whoever heard of its end from an earlier main, which had waited for its group. */
  if (lingers_until[at] != 0) lingering_count--;
  lingers_until[at] = 0;
}

static void tell_end(uint32_t at) {
  if (told[at] >= TOLD_END) return;
  told[at] = TOLD_END;
  close_pipe(at);
  ready_close(at);
  say_state(at);
}

/* Where main knows before, or instead of, the anchor. False: its child was faster, and goes on. */
static int never_ran(uint32_t at, enum step step, int error) {
  struct slot *slot = &table->slots[at];
  uint32_t prepared = STATE_PREPARED;
  if (!atomic_compare_exchange_strong(&slot->state, &prepared, STATE_FAILED)) return 0;
  slot->step = step;
  slot->error = error;
  slot->connection = 0;
  return 1;
}

static void prepare(uint32_t at, const struct request *request) {
  struct slot *slot = &table->slots[at];
  memset((char *)slot + sizeof slot->state, 0, sizeof *slot - sizeof slot->state);
  memcpy(slot->id, request->id, strlen(request->id) + 1);
  slot->anchor = table->anchor;
  slot->connection = request->connection;
  slot->notifier = request->has_uid ? request->uid : geteuid();
  atomic_store(&slot->flags, (uint32_t)request->flags & (FLAG_KEEP_GROUP | FLAG_HANDS_OVER | FLAG_NOTIFIES));
  hashes[at] = hash_of(slot->id);
  atomic_store(&table->pids[at], 0);
  atomic_store(&slot->state, STATE_PREPARED);
}

void start_begin(struct request *request) {
  uint32_t at = find(request->id);
  if (at < SLOT_COUNT) return say_state(at);
  at = find_free();
  if (at == SLOT_COUNT) return say_refused(request->id, STEP_ROOM, EAGAIN);
  int error = sockets_hand_out(request);
  if (error) return say_refused(request->id, STEP_LISTEN, error);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return say_refused(request->id, STEP_FORK, errno);
  prepare(at, request);
  error = ready_open(at);
  enum step step = error ? STEP_NOTIFY : STEP_FORK;
  /* The kernel puts its number into the table before it runs: a main that is killed here leaves no child that nobody
     knows of, and whose slot would be given away under it. */
  pid_t pid = error ? -1 : cradle_begin(request, at, ends[1], &table->pids[at]);
  if (!error) error = errno;
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    set_free(at);
    return say_refused(request->id, step, error);
  }
  socket_drop(request); /* that connection is the start's own now */
  pipes[at] = ends[0];
  watch_add(ends[0], WATCH_PIPE, at);
}

void start_pipe_ended(uint32_t at) {
  if (pipes[at] < 0) return;
  close_pipe(at);
  /* It was killed before it could say anything; the anchor found no record to put that into. */
  if (state_of(at) == STATE_PREPARED && never_ran(at, STEP_BEGIN, EINTR)) release(at);
  if (state_of(at) == STATE_FAILED) return tell_end(at);
  /* Of one that has ended already the anchor's notice is on its way. */
  if (state_of(at) == STATE_ENDED || told[at] != TOLD_NOTHING) return;
  told[at] = TOLD_RUNNING;
  say_state(at);
}

void start_notified(uint32_t at) {
  if (ready_read(at) && told[at] == TOLD_RUNNING) say_state(at);
}

/* The number of the group that its process leads, or is in. */
static int32_t group_of(uint32_t at) {
  int32_t group = table->slots[at].group;
  return group > 1 ? group : pid_of(at);
}

/* In whose groups somebody lives: one pass over all processes for all starts. */
static void look_who_lives(void) {
  memset(lives, 0, sizeof lives);
  DIR *all = opendir("/proc");
  for (struct dirent *each; all != NULL && (each = readdir(all)) != NULL;) {
    struct process_facts facts;
    if (!read_facts(atoi(each->d_name), &facts) || facts.state == 'Z' || facts.state == 'X') continue;
    for (uint32_t at = 0; at < SLOT_COUNT; at++)
      if (pid_of(at) != 0 && group_of(at) == facts.group) lives[at] = 1;
  }
  if (all != NULL) closedir(all);
}

static int group_is_there(uint32_t at) {
  static uint64_t looked_at;
  int32_t group = group_of(at);
  if (atomic_load(&table->slots[at].flags) & FLAG_KEEP_GROUP) return 0;
  if (group <= 1 || (kill(-group, 0) < 0 && errno != EPERM)) return 0;
  /* Others than the anchor may never reap what has ended, so that a group of theirs stays. */
  if (table->slots[at].anchor == table->anchor) return 1;
  if (now_ms() - looked_at >= GROUP_LOOK_MS) look_who_lives(), looked_at = now_ms();
  return lives[at];
}

void start_reaped(uint32_t at) {
  if (!is_released(at)) return;
  uint32_t state = state_of(at);
  if (told[at] == TOLD_FORGOTTEN) return set_free(at);
  if (state == STATE_FAILED) return tell_end(at);
  if (state != STATE_ENDED || told[at] == TOLD_END || lingers_until[at] != 0) return;
  if (!group_is_there(at)) return tell_end(at);
  lingers_until[at] = now_ms() + GROUP_GONE_MS;
  lingering_count++;
}

void starts_reaped_all(void) {
  for (uint32_t at = 0; at < SLOT_COUNT; at++)
    if (state_of(at) >= STATE_FAILED) start_reaped(at);
}

int starts_look(void) {
  if (lingering_count == 0) return -1;
  uint64_t now = now_ms();
  for (uint32_t at = 0; at < SLOT_COUNT; at++) {
    if (lingers_until[at] == 0 || (lingers_until[at] > now && group_is_there(at))) continue;
    lingers_until[at] = 0;
    lingering_count--;
    tell_end(at);
  }
  return lingering_count > 0 ? GROUP_LOOK_MS : -1;
}

/* As if the signal had come an instant later; its child finds that out, and exits. False: it was faster. */
static int ended_before_it_ran(uint32_t at, int signal) {
  struct slot *slot = &table->slots[at];
  uint32_t prepared = STATE_PREPARED;
  /* Not its status: if the child was faster, that may be written at this moment, by the anchor. */
  slot->cancelled = signal;
  return atomic_compare_exchange_strong(&slot->state, &prepared, STATE_ENDED);
}

/* To its group; to itself alone where it has left that, as one in the session of the keeper can. */
static int send_pinned(int pinned, int32_t pid, int32_t group, int signal) {
  /* One that is in the group of another: that is nobody else's as long as it is there. */
  if (group != pid && kill(-group, signal) == 0) return 0;
  long done = pinned < 0 ? -1 : syscall(SYS_pidfd_send_signal, pinned, signal, NULL, SIGNAL_GROUP);
  if (done < 0 && (errno == EINVAL || errno == ENOSYS)) done = kill(-pid, signal);
  if (done < 0 && errno == ESRCH && pinned >= 0)
    done = syscall(SYS_pidfd_send_signal, pinned, signal, NULL, 0);
  return done < 0 ? errno : 0;
}

/* Its process has handed over and ended, and nobody has said to which one: its number is not its own any more. */
static int has_left(uint32_t at) {
  uint32_t flags = atomic_load(&table->slots[at].flags);
  return state_of(at) == STATE_RUNNING && flags & FLAG_HANDS_OVER && is_released(at);
}

/* What is left of its group is killed, where no other process leads one of that number; then it is over. */
static int give_up_following(uint32_t at) {
  struct process_facts facts;
  int32_t pid = pid_of(at);
  if (!read_facts(pid, &facts)) kill(-pid, SIGKILL);
  table->slots[at].source = SOURCE_REAPED;
  atomic_store(&table->slots[at].state, STATE_ENDED);
  tell_end(at);
  return 0;
}

/*
 * Its number means this process as long as nobody has reaped it, so its state is looked at once more after the process
 * was pinned; what an earlier anchor has started is pinned from the beginning. Where the kernel cannot signal a group
 * through that, the number is used an instant later.
 */
static int signal_group(uint32_t at, int signal) {
  int32_t pid = pid_of(at);
  if (pid <= 1) return ESRCH;
  if (state_of(at) == STATE_PREPARED && ended_before_it_ran(at, signal)) return 0;
  if (has_left(at)) return give_up_following(at);
  int is_foster = fosters[at] >= 0;
  int pinned = is_foster ? fosters[at] : (int)syscall(SYS_pidfd_open, pid, 0);
  int error = state_of(at) == STATE_RUNNING ? send_pinned(pinned, pid, group_of(at), signal) : ESRCH;
  if (!is_foster && pinned >= 0) close(pinned);
  return error;
}

void start_signal(const struct request *request) {
  uint32_t at = find(request->id);
  if (at == SLOT_COUNT) return say_refused(request->id, STEP_SIGNAL, ESRCH);
  int error = signal_group(at, (int)request->signal);
  if (error) return say_refused(request->id, STEP_SIGNAL, error);
  say_signalled(request->id);
}

void start_forget(const struct request *request) {
  uint32_t at = find(request->id);
  if (at == SLOT_COUNT || state_of(at) < STATE_FAILED) return;
  if (is_released(at)) return set_free(at);
  told[at] = TOLD_FORGOTTEN;
  /* A main that comes after this one sees by that that it was forgotten. */
  table->slots[at].id[0] = 0;
  hashes[at] = 0;
}

int starts_have(uint64_t connection) {
  for (uint32_t at = 0; at < SLOT_COUNT; at++)
    if (state_of(at) != STATE_FREE && table->slots[at].connection == connection) return 1;
  return 0;
}

uint32_t start_shown(uint32_t at) {
  if (state_of(at) == STATE_FREE || told[at] == TOLD_FORGOTTEN) return STATE_FREE;
  if (told[at] == TOLD_END) return state_of(at);
  return told[at] == TOLD_RUNNING ? STATE_RUNNING : STATE_PREPARED;
}

/* What the kernel says, from 6.15 on, of a process that somebody else has reaped (linux/pidfd.h). */
struct pidfd_facts {
  uint64_t mask;
  uint64_t cgroup;
  uint32_t ids[11];
  int32_t exit_code;
  uint32_t more[2];
};
enum { PIDFD_EXIT = 1 << 3 };

static void end_foster(uint32_t at, int source, int status) {
  struct slot *slot = &table->slots[at];
  slot->source = (uint32_t)source;
  slot->status = status;
  uint32_t running = STATE_RUNNING;
  if (!atomic_compare_exchange_strong(&slot->state, &running, STATE_ENDED)) return;
  release(at);
  start_reaped(at);
}

/* Nobody is its parent here. The number of a group without its leader is nobody else's while that group is there. */
static void read_fate(uint32_t at, int pinned) {
  struct slot *slot = &table->slots[at];
  int32_t pid = pid_of(at);
  struct process_facts facts;
  /* A table that is damaged must not end everybody: 0 and 1 mean a group, or all there is. */
  if (pid <= 1) return end_foster(at, SOURCE_UNKNOWN, 0);
  int is_there = read_facts(pid, &facts);
  int is_zombie = is_there && facts.start_time == slot->start_time && facts.state == 'Z';
  int keeps = (atomic_load(&slot->flags) & FLAG_KEEP_GROUP) != 0;
  if ((!is_there || is_zombie) && !keeps) kill(-group_of(at), SIGKILL);
  if (is_zombie) return end_foster(at, SOURCE_ZOMBIE, facts.exit_code);
  struct pidfd_facts asked = {.mask = PIDFD_EXIT};
  if (pinned >= 0 && ioctl(pinned, _IOWR(0xFF, 11, struct pidfd_facts), &asked) == 0 &&
      asked.mask & PIDFD_EXIT)
    return end_foster(at, SOURCE_PIDFD, asked.exit_code);
  end_foster(at, SOURCE_UNKNOWN, 0);
}

/* From now on the process of this start is another one, and how that ends is told of it. */
static void put_in_place(uint32_t at, int pinned, const struct process_facts *facts, int32_t pid) {
  struct slot *slot = &table->slots[at];
  int32_t before = pid_of(at);
  slot->group = facts->group == pid ? 0 : facts->group == before ? before : 0;
  slot->start_time = facts->start_time;
  /* Number first, then the flag: see note_end of the anchor. */
  atomic_store(&table->pids[at], pid);
  atomic_fetch_and(&slot->flags, ~(uint32_t)FLAG_HANDS_OVER);
  struct process_facts now;
  int is_there = read_facts(pid, &now) && now.start_time == facts->start_time;
  /* The anchor has reaped it before it could know that it is this one. */
  if (!is_there) read_fate(at, pinned);
}

void start_follow(const struct request *request) {
  uint32_t at = find(request->id);
  if (at == SLOT_COUNT) return say_refused(request->id, STEP_FOLLOW, ESRCH);
  struct slot *slot = &table->slots[at];
  int is_open = state_of(at) == STATE_RUNNING && atomic_load(&slot->flags) & FLAG_HANDS_OVER;
  if (!is_open || told[at] != TOLD_RUNNING) return say_refused(request->id, STEP_FOLLOW, EALREADY);
  struct process_facts facts;
  int pinned = -1;
  int error = follow_check(at, request, &facts, &pinned);
  if (!error) put_in_place(at, pinned, &facts, request->pid);
  if (pinned >= 0) close(pinned);
  if (error) return say_refused(request->id, STEP_FOLLOW, error);
  say_state(at);
}

void start_foster_ended(uint32_t at) {
  if (fosters[at] < 0) return;
  read_fate(at, fosters[at]);
  watch_end(fosters[at]);
  fosters[at] = -1;
}

static void adopt_foster(uint32_t at) {
  struct slot *slot = &table->slots[at];
  struct process_facts facts;
  int pinned = (int)syscall(SYS_pidfd_open, pid_of(at), 0);
  int is_same = read_facts(pid_of(at), &facts) && facts.start_time == slot->start_time && facts.state != 'Z';
  if (pinned < 0 || !is_same) {
    if (pinned >= 0) close(pinned);
    return read_fate(at, -1);
  }
  fosters[at] = pinned;
  watch_add(pinned, WATCH_FOSTER, at);
}

void starts_adopt(void) {
  lingering_count = 0;
  cradles_clear();
  for (uint32_t at = 0; at < SLOT_COUNT; at++) {
    struct slot *slot = &table->slots[at];
    pipes[at] = fosters[at] = -1;
    lingers_until[at] = hashes[at] = told[at] = 0;
    if (state_of(at) == STATE_FREE) continue;
    int is_forgotten = slot->id[0] == 0 && state_of(at) >= STATE_FAILED;
    hashes[at] = is_forgotten ? 0 : hash_of(slot->id);
    int is_foster = slot->anchor != table->anchor;
    /* Its pipe is gone, so what has begun is taken to run. What has not will not, which is told once it is reaped. */
    int is_lost = state_of(at) == STATE_PREPARED && never_ran(at, STEP_BEGIN, EINTR);
    told[at] = is_forgotten ? TOLD_FORGOTTEN : is_lost ? TOLD_NOTHING : TOLD_RUNNING;
    ready_adopt(at);
    if (has_left(at)) continue;
    if (is_foster && state_of(at) == STATE_RUNNING) adopt_foster(at);
    else if (is_foster) release(at);
  }
  starts_reaped_all();
}
