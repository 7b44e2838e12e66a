#ifndef KEEPER_REFUSE_H
#define KEEPER_REFUSE_H

/* Descriptors that are sent along to this socket, or to one that it accepts later, are refused. 0, or an errno. */
int refuse_descriptors(int file);

/* The role that does so for a listening socket of the daemon's: the one at descriptor 3. Returns an exit code. */
int refuse_run(void);

#endif
