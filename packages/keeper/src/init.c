/*
 * The anchor as the init of a container, or of a user: it starts the daemon, and starts it again.
 *
 *     the daemon ends with 0, nothing runs     the end, with 0: its services were stopped, as was asked of it
 *     it ends otherwise                        again after 100 ms, each time twice that, up to 5 s; after a life of
 *                                              10 s after 50 ms, and anew. Five short lives in a row, and nothing
 *                                              runs: the end, with 70
 *     TERM, INT, PWR, RTMIN+3                  the daemon is to stop all in order; its end is the end, with its code.
 *                                              Where none runs, services are told to end themselves. Once more: at once
 *     HUP, USR1, USR2                          passed on to the daemon, which knows what they mean
 *
 * In the end whatever is left hears TERM, and KILL 2 s later: as the first process of its namespace all there is, else
 * the groups of its services. There is no time after which a daemon that stops services is killed: it has one itself.
 * These words are all that anybody says to the anchor, and each is a signal.
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "table.h"

enum { FIRST_PAUSE_MS = 50, LONGEST_PAUSE_MS = 5000, SHORT_LIFE_MS = 10000, SHORT_LIVES = 5 };
enum { LAST_WORDS_MS = 2000 };
/* EX_SOFTWARE of sysexits.h: the runtime of the container is to see that this cannot work. */
enum { EXIT_NEVER_RAN = 70 };
/* Of a program that could not be executed, as in sh. */
enum { EXIT_NO_PROGRAM = 127 };

extern char **environ;

static char **program, home[4096];
static pid_t daemon_pid;
static uint64_t daemon_began, daemon_due;
static unsigned short_lives;
/* It was asked to stop everything; since `ending_until` was set, what is left is told to end. */
static int is_stopping;
static uint64_t ending_until;
static int last_code;

void init_set(char **words) {
  program = words;
  /* The anchor works in its folder; relative paths in these words are of where it was begun. */
  if (getcwd(home, sizeof home) == NULL) home[0] = 0;
}
int init_is_on(void) {
  return program != NULL;
}

/* SIGRTMIN+3 is how containers of systemd are told to halt. */
static int asks_for_end(int number) {
  return number == SIGTERM || number == SIGINT || number == SIGPWR || number == SIGRTMIN + 3;
}

void init_await(sigset_t *signals) {
  if (!init_is_on()) return;
  static const int words[] = {SIGTERM, SIGINT, SIGPWR, SIGHUP, SIGUSR1, SIGUSR2};
  for (size_t at = 0; at < sizeof words / sizeof *words; at++) sigaddset(signals, words[at]);
  sigaddset(signals, SIGRTMIN + 3);
}

static void tell_all(int number) {
  if (getpid() == 1) {
    kill(-1, number);
    return;
  }
  for (uint32_t at = 0; at < SLOT_COUNT; at++) {
    int32_t pid = atomic_load(&table->pids[at]);
    int32_t group = table->slots[at].group;
    /* One of this anchor is not reaped as long as its number stands there; one that was followed may lead no group. */
    if (pid <= 1 || table->slots[at].anchor != table->anchor) continue;
    if (kill(group > 1 ? -group : -pid, number) < 0) kill(pid, number);
  }
}

static void end(int code) {
  if (ending_until != 0) return;
  last_code = code;
  ending_until = now_ms() + LAST_WORDS_MS;
  tell_all(SIGTERM);
}

int init_is_over(void) {
  return ending_until != 0;
}

static _Noreturn void leave(void) {
  tell_all(SIGKILL);
  _exit(last_code);
}

void init_signal(int number) {
  if (!asks_for_end(number)) {
    if (daemon_pid > 0) kill(daemon_pid, number);
    return;
  }
  is_stopping = 1;
  if (daemon_pid <= 0) return end(0);
  /* Of a second one the daemon makes that it ends at once. */
  kill(daemon_pid, SIGTERM);
}

void init_child_ended(const siginfo_t *ended) {
  if (!init_is_on() || ended->si_pid != daemon_pid) return;
  int code = ended->si_code == CLD_EXITED ? ended->si_status : 128 + ended->si_status;
  uint64_t now = now_ms();
  daemon_pid = 0;
  if (is_stopping) return end(code);
  if (code == 0 && !table_has_living()) return end(0);
  short_lives = now - daemon_began < SHORT_LIFE_MS ? short_lives + 1 : 0;
  if (short_lives >= SHORT_LIVES && !table_has_living()) {
    complain(code == EXIT_NO_PROGRAM ? program[0] : "the daemon does not stay", ENOEXEC);
    return end(EXIT_NEVER_RAN);
  }
  unsigned doublings = short_lives < 8 ? short_lives : 8;
  uint64_t pause = (uint64_t)FIRST_PAUSE_MS << doublings;
  daemon_due = now + (pause < LONGEST_PAUSE_MS ? pause : LONGEST_PAUSE_MS);
}

static void execute(void) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  if (chdir(home) < 0) complain("cannot go back to where this was begun", errno);
  execvpe(program[0], program, environ);
  complain(program[0], errno);
  _exit(EXIT_NO_PROGRAM);
}

static void start(uint64_t now) {
  daemon_began = now;
  daemon_due = now + LONGEST_PAUSE_MS;
  daemon_pid = fork();
  if (daemon_pid == 0) execute();
  if (daemon_pid < 0) complain("fork", errno);
}

/* Nobody is left to wait for: of all there is, where this is the first process, else of services. */
static int is_alone(void) {
  return !table_has_living() && (getpid() != 1 || kill(-1, 0) < 0);
}

int64_t init_look(uint64_t now) {
  if (!init_is_on()) return -1;
  if (ending_until != 0) {
    if (now >= ending_until || is_alone()) leave();
    return 20;
  }
  if (daemon_pid > 0) return -1;
  if (now >= daemon_due) start(now);
  return daemon_pid > 0 ? -1 : (int64_t)(daemon_due - now);
}
