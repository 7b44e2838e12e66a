#ifndef KEEPER_HEIR_H
#define KEEPER_HEIR_H

#include <stdint.h>

/* Of main, where it has sockets: makes sure that it has one; nothing where its anchor knows of none. */
void heir_have(void);

/* Whether this is the number of main's heir. */
int heir_is(int32_t pid);

/* It is of no use any more. */
void heir_end(void);

/* It has ended, though nobody has asked for that. */
void heir_ended(void);

/* Of a main that begins: it has one of its own if it is to, and none is left that was made before. */
void heir_begin(int is_wanted);

#endif
