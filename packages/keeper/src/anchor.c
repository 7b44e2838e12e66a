/*
 * The anchor: parent of main and of every service, and of what they orphan. It reads nothing from anybody, so nothing
 * that somebody sends can end it. All it does:
 *
 *     a child has ended     its status goes into its slot, what is left of its group is killed, then it is reaped
 *     main has ended        its heir is told to be main (heir.c). Where it has none, main is started again, from the
 *                           path of this program, so that a newer one takes over; where that cannot read the table
 *                           (exit 78), this one as it is
 *     main exits with 0     nothing is left to keep: the anchor ends, too
 *
 * It holds the table, the listening socket and the pipe of notices for main, so those outlive a main that is killed.
 * Signals that ask a program to end mean nothing to it: a daemon that is told to stop its services still needs it. As
 * init, which starts the daemon too, it has words for them (init.c), and ends with that alone.
 * Where the anchor itself is killed, main goes with it, and the next keeper finds the table.
 */
#include "anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "init.h"
#include "table.h"

/* A main that lives less long has died quickly; the pause before the next one grows with each of these. */
enum { QUICK_MS = 1000, PAUSE_MS = 50, LONGEST_PAUSE_MS = 1000 };
/* Quick ends in a row that nobody has brought about, after which a main begins without what the one before had open. */
enum { MOST_FAULTS = 3 };
/* The lock of a keeper that was killed goes with its main, a moment later. */
enum { LOCK_TRIES = 200, LOCK_TRY_US = 10000 };
/* Beside the numbers that main finds: of the anchor alone. */
enum { OWN_NOTICES = 7, OWN_PROGRAM = 8 };

static char path[4096];
static int is_own_program;
static pid_t main_pid;
static uint64_t main_began, main_due;
static unsigned quick_deaths, faults;

static _Noreturn void give_up(const char *what, int error, int code) {
  complain(what, error);
  _exit(code);
}

/* Gives a descriptor its number, which main will know it by. */
static void place(int descriptor, int number) {
  if (descriptor < 0) give_up("cannot open", errno, EXIT_SYSTEM);
  if (descriptor == number) return;
  if (dup3(descriptor, number, O_CLOEXEC) < 0) give_up("dup3", errno, EXIT_SYSTEM);
  close(descriptor);
}

/* Whoever could write here could put another table, or another socket. */
static void enter(const char *folder) {
  struct stat found;
  if (mkdir(folder, 0700) < 0 && errno != EEXIST) give_up(folder, errno, EXIT_SYSTEM);
  if (chdir(folder) < 0 || stat(".", &found) < 0) give_up(folder, errno, EXIT_SYSTEM);
  if (found.st_uid != geteuid() || found.st_mode & 077) give_up(folder, EPERM, EXIT_SYSTEM);
}

static void lock(void) {
  place(open("lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), ANCHOR_LOCK);
  for (int tries = 0; flock(ANCHOR_LOCK, LOCK_EX | LOCK_NB) < 0; tries++) {
    if (errno != EWOULDBLOCK) give_up("lock", errno, EXIT_SYSTEM);
    if (tries == LOCK_TRIES) give_up("another keeper is here", EWOULDBLOCK, EXIT_LOCKED);
    usleep(LOCK_TRY_US);
  }
}

static int listen_here(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) return -1;
  unlink(address.sun_path);
  mode_t before = umask(0177);
  int error = bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8);
  umask(before);
  return error ? -1 : listener;
}

/*
 * A table that was copied, with its folder, while its keeper lives: what runs is that one's. Of a keeper that has died
 * the children have another parent.
 */
static int is_copy(void) {
  struct process_facts facts;
  for (uint32_t at = 0; at < SLOT_COUNT && table->anchor_pid != getpid(); at++) {
    int32_t pid = atomic_load(&table->pids[at]);
    if (atomic_load(&table->slots[at].state) != STATE_RUNNING || pid <= 0 || !read_facts(pid, &facts)) continue;
    if (facts.start_time == table->slots[at].start_time && facts.parent == table->anchor_pid) return 1;
  }
  return 0;
}

/* Numbers 0 to 8 are to be free, so all that is opened before stands above them. */
static void open_all(const char *folder) {
  int image = open("/proc/self/exe", O_PATH | O_CLOEXEC);
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) give_up("/proc/self/exe", errno, EXIT_SYSTEM);
  place(image, OWN_PROGRAM);
  enter(folder);
  lock();
  place(open("table", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), ANCHOR_TABLE);
  int error = table_open(ANCHOR_TABLE, 1);
  int is_full = error == ENOSPC || error == EDQUOT;
  if (error) give_up("table", error, error == EPROTO ? EXIT_LAYOUT : is_full ? EXIT_FULL : EXIT_SYSTEM);
  if (is_copy()) give_up("this is a copy, and its services have another keeper", EBUSY, EXIT_COPY);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) give_up("pipe", errno, EXIT_SYSTEM);
  int reads = fcntl(ends[0], F_DUPFD_CLOEXEC, OWN_PROGRAM + 1);
  int writes = fcntl(ends[1], F_DUPFD_CLOEXEC, OWN_PROGRAM + 1);
  close(ends[0]);
  close(ends[1]);
  place(reads, ANCHOR_NOTICES);
  place(writes, OWN_NOTICES);
  place(listen_here(), ANCHOR_LISTENER);
}

static void execute_main(void) {
  char *words[] = {"keeper", "main", NULL};
  char features[64];
  snprintf(features, sizeof features, FEATURES_VARIABLE "=%d", FEATURES);
  char *variables[] = {features, NULL};
  for (int number = ANCHOR_TABLE; number <= ANCHOR_LOCK; number++) fcntl(number, F_SETFD, 0);
  /* As the daemon, which starts it elsewhere, leaves it: nothing to read, and nobody who waits for words. */
  int nothing = open("/dev/null", O_RDWR);
  if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0) give_up("/dev/null", errno, EXIT_SYSTEM);
  if (nothing > 1) close(nothing);
  if (!is_own_program) execve(path, words, variables);
  syscall(SYS_execveat, OWN_PROGRAM, "", words, variables, AT_EMPTY_PATH);
  give_up(path, errno, EXIT_SYSTEM);
}

/* Of a child of this anchor: one of an earlier anchor may have ended unseen, and its number be given away. */
static uint32_t slot_of(pid_t pid) {
  for (uint32_t at = 0; at < SLOT_COUNT; at++)
    if (atomic_load(&table->pids[at]) == pid && table->slots[at].anchor == table->anchor) return at;
  return SLOT_COUNT;
}

/* Signals main's heir, which is none from now on; its number, or 0 where there is none. */
static pid_t tell_heir(int word) {
  pid_t heir = atomic_exchange(&table->heir, 0);
  siginfo_t end = {0};
  /* Only of a child that lives, and is no service, is it known that its number is not somebody else's. */
  int is_there = heir > 1 && waitid(P_PID, (id_t)heir, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid == 0;
  return is_there && slot_of(heir) == SLOT_COUNT && kill(heir, word) == 0 ? heir : 0;
}

static void start_main(void) {
  main_began = now_ms();
  main_due = 0;
  main_pid = tell_heir(faults < MOST_FAULTS ? SIGUSR1 : SIGKILL);
  if (main_pid > 0 && faults < MOST_FAULTS) return;
  main_pid = fork();
  if (main_pid == 0) execute_main();
  if (main_pid > 0) return;
  complain("fork", errno);
  main_pid = 0;
  main_due = main_began + LONGEST_PAUSE_MS;
}

static void main_ended(const siginfo_t *end) {
  int is_exit = end->si_code == CLD_EXITED;
  if (is_exit && end->si_status == EXIT_DONE && !init_is_on()) {
    unlink("socket");
    _exit(EXIT_DONE);
  }
  if (is_exit && end->si_status == EXIT_LAYOUT && !is_own_program) is_own_program = 1;
  uint64_t now = now_ms();
  int is_quick = now - main_began < QUICK_MS;
  int is_killed = end->si_code == CLD_KILLED && end->si_status == SIGKILL;
  quick_deaths = is_quick ? quick_deaths + 1 : 0;
  faults = is_quick && !is_killed ? faults + 1 : 0;
  unsigned pause = quick_deaths * PAUSE_MS;
  main_pid = 0;
  main_due = now + (pause < LONGEST_PAUSE_MS ? pause : LONGEST_PAUSE_MS);
}

/* Undefined bits of the status are left out: as waitpid(2) has it. */
static int status_of(const siginfo_t *end) {
  if (end->si_code == CLD_EXITED) return (end->si_status & 0xff) << 8;
  return (end->si_status & 0x7f) | (end->si_code == CLD_DUMPED ? 0x80 : 0);
}

static void note_end(uint32_t at, const siginfo_t *end) {
  struct slot *slot = &table->slots[at];
  if (atomic_load(&slot->state) != STATE_RUNNING) return; /* it has failed, and said why */
  uint32_t flags = atomic_load(&slot->flags);
  if (flags & FLAG_HANDS_OVER && status_of(end) == 0) return;
  /* It has handed over a moment ago: this is not the end of what came after it. */
  if (atomic_load(&table->pids[at]) != end->si_pid) return;
  slot->status = status_of(end);
  slot->source = SOURCE_REAPED;
  /* Its number, and that of a group that it is in, are nobody else's as long as it is not reaped. */
  if (!(flags & FLAG_KEEP_GROUP)) kill(slot->group > 1 ? -slot->group : -end->si_pid, SIGKILL);
  atomic_store(&slot->state, STATE_ENDED);
}

/* Main has made it the process of a start while it was reaped: what is told is told, but nothing is signalled by it. */
static void note_late_end(uint32_t at, const siginfo_t *end) {
  struct slot *slot = &table->slots[at];
  slot->status = status_of(end);
  slot->source = SOURCE_REAPED;
  uint32_t running = STATE_RUNNING;
  atomic_compare_exchange_strong(&slot->state, &running, STATE_ENDED);
}

static void tell_main(uint32_t at) {
  if (write(OWN_NOTICES, &at, sizeof at) != (ssize_t)sizeof at) atomic_store(&table->has_missed, 1);
}

static void reap_all(void) {
  for (;;) {
    siginfo_t end = {0};
    if (waitid(P_ALL, 0, &end, WEXITED | WNOHANG | WNOWAIT) < 0 || end.si_pid == 0) return;
    uint32_t at = end.si_pid == main_pid ? SLOT_COUNT : slot_of(end.si_pid);
    if (at < SLOT_COUNT) note_end(at, &end);
    init_child_ended(&end);
    waitpid(end.si_pid, NULL, 0);
    if (at == SLOT_COUNT && end.si_pid != main_pid && (at = slot_of(end.si_pid)) < SLOT_COUNT)
      note_late_end(at, &end);
    if (at < SLOT_COUNT) {
      int32_t pid = end.si_pid;
      atomic_compare_exchange_strong(&table->pids[at], &pid, -pid);
      tell_main(at);
    }
    if (end.si_pid == main_pid) main_ended(&end);
  }
}

/* Whoever started this waits for the word; afterwards nothing of his is held open. */
static void say_ready(void) {
  if (write(1, "ready\n", 6) != 6) complain("nobody waits for this keeper", errno);
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0)
    give_up("/dev/null", errno, EXIT_SYSTEM);
  close(nothing);
}

void anchor_run(const char *folder) {
  sigset_t all, awaited;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGCHLD);
  init_await(&awaited);
  prctl(PR_SET_NAME, "keeper-anchor");
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  open_all(folder);
  table->anchor++;
  atomic_store(&table->heir, 0);
  table->anchor_pid = getpid();
  start_main();
  if (!init_is_on()) say_ready();
  for (;;) {
    reap_all();
    uint64_t now = now_ms();
    if (init_is_over()) {
      tell_heir(SIGKILL);
      if (main_pid > 0) kill(main_pid, SIGKILL);
    }
    if (main_pid == 0 && now >= main_due && !init_is_over()) {
      start_main();
      continue;
    }
    int64_t wait_ms = main_pid == 0 ? (int64_t)(main_due - now) : 60000, look_ms = init_look(now);
    if (look_ms >= 0 && look_ms < wait_ms) wait_ms = look_ms;
    struct timespec wait = {(time_t)(wait_ms / 1000), (long)(wait_ms % 1000) * 1000000};
    int came = sigtimedwait(&awaited, NULL, &wait);
    if (came > 0 && came != SIGCHLD) init_signal(came);
  }
}
