/*
 * The keeper: the parent of every service of one daemon, which goes on when that one does not.
 *
 *     keeper anchor FOLDER [COREDUMP-FILTER]     started by a daemon; says "ready" and stays
 *     keeper init FOLDER PROGRAM WORD...         the same as the first process of a container, or of a user, which runs
 *                                                the daemon: PROGRAM, whose --state is the folder above FOLDER
 *     keeper main                                started by either
 *     keeper notify WORD...                      tells systemd that, if it waits for it: see notify.h
 *     keeper refuse                              has a listening socket take no descriptors: see refuse.h
 *     keeper build                               prints what it was made from
 *     keeper syslog [NOTICE]                     a service like any other: see syslog.h
 *
 * In FOLDER, which is private: socket, table, lock. No argument and no variable holds a secret, and the program has no
 * environment. protocol.h says what is spoken, table.h what is kept, child.c what a service is given.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/close_range.h>
#include "anchor.h"
#include "init.h"
#include "notify.h"
#include "refuse.h"
#include "server.h"
#include "syslog.h"
#include "table.h"

/* Whatever was ignored or handled for whoever started this, services are to find it as it was at the beginning. */
static void reset_signals(void) {
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
}

/* Every descriptor from 0 to 2 is open, and none above. */
static void reset_descriptors(void) {
  int nothing;
  do nothing = open("/dev/null", O_RDWR);
  while (nothing >= 0 && nothing < 3);
  if (nothing >= 0) close(nothing);
  syscall(SYS_close_range, 3, ~0u, 0);
}

/* A daemon keeps its memory out of dumps; what it starts is not to inherit that. */
static void set_dump_filter(const char *filter) {
  int file = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, filter, strlen(filter)) < 0) complain("coredump_filter", errno);
  if (file >= 0) close(file);
}

int main(int count, char **words) {
  if (count == 2 && strcmp(words[1], "main") == 0) {
    int error = table_open(ANCHOR_TABLE, 0);
    if (error) complain("table", error);
    if (error) return error == EPROTO ? EXIT_LAYOUT : EXIT_SYSTEM;
    for (int number = ANCHOR_TABLE; number <= ANCHOR_LOCK; number++)
      fcntl(number, F_SETFD, FD_CLOEXEC);
    server_run();
  }
  if (count >= 4 && strcmp(words[1], "init") == 0) {
    reset_signals();
    reset_descriptors();
    init_set(words + 3);
    anchor_run(words[2]);
  }
  if (count >= 3 && strcmp(words[1], "notify") == 0) return notify_run(words + 2);
  if (count == 2 && strcmp(words[1], "refuse") == 0) return refuse_run();
  if (count == 2 && strcmp(words[1], "build") == 0) return puts(BUILD) < 0;
  if ((count == 3 || count == 4) && strcmp(words[1], "anchor") == 0) {
    reset_signals();
    reset_descriptors();
    if (count == 4) set_dump_filter(words[3]);
    anchor_run(words[2]);
  }
  if ((count == 2 || count == 3) && strcmp(words[1], "syslog") == 0)
    syslog_run(count == 3 ? atoi(words[2]) : -1);
  complain("usage: keeper anchor FOLDER [COREDUMP-FILTER]", EINVAL);
  return EXIT_USAGE;
}
