#ifndef KEEPER_ANCHOR_H
#define KEEPER_ANCHOR_H

/* What main finds open when it is executed, by the number. */
enum {
  ANCHOR_TABLE = 3,
  ANCHOR_NOTICES = 4,
  ANCHOR_LISTENER = 5,
  ANCHOR_LOCK = 6,
};

/* How a main ends that is not to be started again as it is. */
enum {
  EXIT_DONE = 0,
  EXIT_LOCKED = 75,
  EXIT_COPY = 76,
  EXIT_LAYOUT = 78,
  EXIT_SYSTEM = 71,
  EXIT_FULL = 73,
  EXIT_USAGE = 64,
};

/* The role of the anchor, in a folder that is private to its user; returns only by exit. */
_Noreturn void anchor_run(const char *folder);

#endif
