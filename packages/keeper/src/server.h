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

/* What the anchor can do: one that says nothing of its own can do nothing more. */
uint64_t features_of_anchor(void);

/*
 * Has this process be main from its beginning, as the program of a file: with what the anchor gave it, and with its
 * sockets. What is to be done last, all else being ready, is `before`, if there is any. Returns an errno.
 */
int become_main(const char *file, void (*before)(void));

/* Bytes that wait to be sent, and forgets them. */
size_t server_drop_output(void);

#endif
