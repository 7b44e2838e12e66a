/*
 * The sockets at which starts say that they are ready, in the words of sd_notify(3): one of each start with
 * FLAG_NOTIFIES, at the abstract name "bellwether/" and its id, from before its process is there until READY=1 has come
 * or it is over. It is in the table that this has come, and which descriptor of main's the socket is, so that a main
 * that is executed anew, or takes the place of another one, goes on with it.
 */
#ifndef KEEPER_READY_H
#define KEEPER_READY_H

#include <stdint.h>

/* Opens that of the start in a slot, if it is to have one; 0, or an errno. */
int ready_open(uint32_t at);
/* Takes over, or opens, that of a start of an earlier main. */
void ready_adopt(uint32_t at);
/* Reads some of what has come; whether the start has become ready by that. */
int ready_read(uint32_t at);
void ready_close(uint32_t at);

/* Sets the flags of all of their descriptors: around an execution of main. */
void ready_keep_open(int flags);

#endif
