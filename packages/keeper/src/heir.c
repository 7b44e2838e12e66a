/*
 * The heir: a process that has all that main has open, since the two share one table of descriptors (CLONE_FILES). It
 * does nothing but wait.
 *
 *     main has sockets        it has an heir; else nobody would miss anything
 *     main ends, however      the anchor tells the heir (SIGUSR1), which executes this program again and is main: with
 *                             each socket, and whoever waits there, as it was. Before that it makes an heir itself, for
 *                             a main that is killed before it has one of its own
 *     the heir is killed      main makes another
 *     both are killed         the anchor starts a main with no sockets, and the daemon has them opened again, which it
 *                             says in its log; one whose service runs, once that has ended: until then it has it. One
 *                             that is closed before leaves its path behind, which whoever listens there next takes
 *     RENEW                   the heir is ended first: what the next program makes of sockets is its own affair
 *
 * Nothing is sent or copied, so nothing is missing and nothing is left over: what main opens the heir has, and what
 * main closes is closed. The anchor learns no more than a number. What is written of sockets is shared as well
 * (sockets.c).
 */
#include "heir.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "anchor.h"
#include "server.h"
#include "starts.h"

/* Which tells that it has ended; -1 where there is none. */
static int pin = -1;
/*
 * Of the heir that was made before this process was executed as main. It stays open, so that its number becomes nobody
 * else's: where main is killed before it could end that one, its own heir does.
 */
static int pin_before = -1;

static int is_known(void) {
  return (features_of_anchor() & FEATURE_HEIR) != 0;
}

static void make_next(void);
static void end(int file);

static _Noreturn void wait_for_word(void) {
  sigset_t word;
  siginfo_t said;
  prctl(PR_SET_NAME, "keeper-heir");
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (table->anchor_pid != getppid()) _exit(EXIT_DONE);
  sigemptyset(&word);
  sigaddset(&word, SIGUSR1);
  while (sigwaitinfo(&word, &said) != SIGUSR1 || said.si_pid != table->anchor_pid) continue;
  if (pin_before >= 0) end(pin_before);
  become_main("/proc/self/exe", make_next);
  _exit(EXIT_SYSTEM);
}

/* As the child of a start is made: one of the anchor, whose number stands in the table before it runs. */
static pid_t make(void) {
  const long how = CLONE_FILES | CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD;
  pid_t pid = (pid_t)syscall(SYS_clone, how, 0L, &table->heir, 0L, 0L);
  if (pid == 0) wait_for_word();
  if (pid < 0) complain("cannot have an heir", errno);
  return pid;
}
static void make_next(void) {
  (void)make();
}

static void end(int file) {
  if (syscall(SYS_pidfd_send_signal, file, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
    complain("cannot end an heir", errno);
}

void heir_have(void) {
  if (pin >= 0 || !is_known()) return;
  pid_t pid = make();
  if (pid < 0) return;
  pin = (int)syscall(SYS_pidfd_open, pid, 0);
  if (pin >= 0) return watch_add(pin, WATCH_HEIR, 0);
  /* Linux before 5.3: it could not be told from a stranger later. */
  complain("cannot watch an heir", errno);
  kill(pid, SIGKILL);
}

int heir_is(int32_t pid) {
  return is_known() && atomic_load(&table->heir) == pid;
}

void heir_end(void) {
  if (pin < 0) return;
  /* Ended before it is forgotten: one that nobody knows of would keep open what main closes. */
  end(pin);
  atomic_store(&table->heir, 0);
  watch_end(pin);
  pin = -1;
}

void heir_ended(void) {
  if (pin < 0) return;
  watch_end(pin);
  pin = -1;
  heir_have();
}

void heir_begin(int is_wanted) {
  if (!is_known()) return;
  /* Made a moment ago, by what was executed as this main; else the anchor has left none here. */
  pid_t before = atomic_load(&table->heir);
  if (before > 1) pin_before = (int)syscall(SYS_pidfd_open, before, 0);
  if (is_wanted) heir_have();
  if (pin_before >= 0) end(pin_before);
}
