#ifndef KEEPER_NOTIFY_H
#define KEEPER_NOTIFY_H

/*
 * The role of a messenger: says to whoever supervises the daemon (systemd: NOTIFY_SOCKET, see sd_notify(3)) what its
 * words are, one line each, and waits until that was read. Node has no datagrams of that kind. Returns an exit code.
 */
int notify_run(char **words);

#endif
