/*
 * Whoever may write to a unix socket can send descriptors along. Where they are not wanted the kernel closes them in
 * the thread that reads, and to close a socket may take as long as its owner likes (SO_LINGER). Linux 6.16 and newer
 * can refuse them: the sender gets EPERM. What a listening socket refuses is refused by those that it accepts, also by
 * those that wait to be accepted.
 */
#include "refuse.h"

#include <errno.h>
#include <sys/socket.h>
#include "anchor.h"

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif
enum { LISTENER = 3 };

int refuse_descriptors(int file) {
  int no = 0;
  return setsockopt(file, SOL_SOCKET, SO_PASSRIGHTS, &no, sizeof no) < 0 ? errno : 0;
}

int refuse_run(void) {
  return refuse_descriptors(LISTENER) ? EXIT_SYSTEM : EXIT_DONE;
}
