#ifndef KEEPER_CHILD_H
#define KEEPER_CHILD_H

#include "request.h"

/*
 * What the child of a start does from its first instruction to its program. It never returns: it executes, or leaves
 * the step and the errno in its slot and exits with 127. `pipe` is open as long as its program does not run.
 */
_Noreturn void child_run(struct request *request, uint32_t at, int pipe);

/* The limit on descriptors that the keeper was started with; its own is as high as it may be. */
extern struct rlimit descriptors_at_first;

#endif
