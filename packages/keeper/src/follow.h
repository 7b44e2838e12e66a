/* Whether a process that somebody names is one that a start has made. */
#ifndef KEEPER_FOLLOW_H
#define KEEPER_FOLLOW_H

#include "request.h"
#include "table.h"

/*
 * 0 where it is, and then it is pinned, by a descriptor of the caller's, and described. Else an errno: ESRCH where
 * there is none of that number, EPERM where it is not of this start.
 */
int follow_check(uint32_t at, const struct request *request, struct process_facts *facts,
                 int *pinned);

#endif
