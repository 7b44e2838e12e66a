/* Sockets that listen for services: main holds them, whatever becomes of the services and of the daemon. */
#ifndef KEEPER_SOCKETS_H
#define KEEPER_SOCKETS_H

#include "request.h"

/* What a daemon asks for; the answer is said with say_listening, say_connection or say_refused. */
void socket_listen(const struct request *request);
void socket_close(const struct request *request);
void socket_watch(const struct request *request);
void socket_drop(const struct request *request);

/* Somebody has come to a socket that is watched. */
void socket_ready(uint32_t at);

/* Says which there are, and whom they have accepted that nobody has taken. */
void sockets_tell(void);
int sockets_are_there(void);

/*
 * For a main that executes another program: what it holds stays open, and a variable says where it is written down; and
 * as before, where that program could not be executed. The next one takes it over; where it has other words for it, the
 * daemon opens all of them again.
 */
void sockets_hand_over(void);
void sockets_keep(void);
void sockets_take_over(void);
/* Once the starts are known, too: of whom one of them was given main has nothing any more. */
void sockets_settle(void);

/* Finds what a start asks for, and the connection that it is for; 0, or an errno. */
int sockets_hand_out(struct request *request);

/* In server.c. */
void say_listening(const char *id);
void say_closed(const char *id);
void say_connection(const char *id, uint64_t connection, const struct place *peer,
                    const struct place *local);

#endif
