/* The starts of main: how they begin, what is told of them, and how they go. server.c says when. */
#ifndef KEEPER_STARTS_H
#define KEEPER_STARTS_H

#include "request.h"
#include "table.h"

/* What the loop calls back for, and of which slot. */
enum watch { WATCH_LISTENER, WATCH_CLIENT, WATCH_NOTICES, WATCH_PIPE, WATCH_FOSTER, WATCH_SOCKET, WATCH_HEIR,
             WATCH_READY };
void watch_add(int descriptor, enum watch kind, uint32_t index);
/* The same for one event; of one that is watched already, once more. */
void watch_once(int descriptor, enum watch kind, uint32_t index, int is_watched);
/* Closes it. */
void watch_end(int descriptor);

/* Takes over what is in the table, once, before anything else. */
void starts_adopt(void);

/* What a daemon asks for; the answer is said with say_state or say_refused. */
void start_begin(struct request *request);
void start_signal(const struct request *request);
void start_forget(const struct request *request);
void start_follow(const struct request *request);

/* The program of a start runs, or its process is gone. */
void start_pipe_ended(uint32_t at);
/* Something has come to the socket at which it says that it is ready. */
void start_notified(uint32_t at);
/* A process ended that an earlier anchor had started. */
void start_foster_ended(uint32_t at);
/* The anchor has reaped one. */
void start_reaped(uint32_t at);
void starts_reaped_all(void);

/* Looks after groups whose leader has ended; milliseconds until it wants to look again, -1 for never. */
int starts_look(void);

/* Whether some start was given this connection. */
int starts_have(uint64_t connection);

/* The state of a start for others: a group that is not gone yet counts as running. */
uint32_t start_shown(uint32_t at);

/* In server.c; nothing where no daemon is connected. */
void say_state(uint32_t at);
void say_signalled(const char *id);
void say_refused(const char *id, enum step step, int error);

#endif
