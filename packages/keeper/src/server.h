#ifndef KEEPER_SERVER_H
#define KEEPER_SERVER_H

#include <stddef.h>
#include <stdint.h>

/* The role of main: serves a daemon, forever. */
_Noreturn void server_run(void);

/*
 * Carries out the whole frames at the beginning of what was received, a few of them; the number of bytes that are done
 * with, or -1 where the connection cannot go on. What libFuzzer drives, too.
 */
long server_take(char *bytes, size_t length);

/* Takes the place of the connection that there is. */
void server_connect(int connection);

/* Bytes that wait to be sent, and forgets them. */
size_t server_drop_output(void);

#endif
