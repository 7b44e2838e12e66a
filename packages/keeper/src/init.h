#ifndef KEEPER_INIT_H
#define KEEPER_INIT_H

#include <signal.h>
#include <stdint.h>

/* The daemon that is to run as long as the anchor does; words end in NULL. Without this all else here does nothing. */
void init_set(char **words);
int init_is_on(void);

/* Signals that are waited for beside that of a child. */
void init_await(sigset_t *signals);
/* One of them has come. */
void init_signal(int signal);

/* A child has ended, which is about to be reaped. */
void init_child_ended(const siginfo_t *end);

/* What is left has been told to end: main is not needed any more. */
int init_is_over(void);

/* Does what is due; milliseconds until something is again, -1 for nothing. It exits once all is over. */
int64_t init_look(uint64_t now);

#endif
