/* When something came, by the clock on the wall. */
#ifndef KEEPER_SYSLOG_STAMP_H
#define KEEPER_SYSLOG_STAMP_H

/* `2026-11-26 07:00:00 `, or with milliseconds; good until the next call. */
const char *syslog_stamp(void);
void syslog_stamp_begin(int has_milliseconds);

#endif
