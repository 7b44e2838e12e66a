#include "syslog-stamp.h"

#include <stdio.h>
#include <time.h>

static int is_exact;
/* What a second is called here is found out once: a file says it. */
static time_t second = -1;
static char text[64];
static size_t text_length;

void syslog_stamp_begin(int has_milliseconds) {
  is_exact = has_milliseconds;
  second = -1;
}

const char *syslog_stamp(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec != second) {
    struct tm *parts = localtime(&now.tv_sec);
    text_length = parts == NULL ? 0 : strftime(text, 32, "%Y-%m-%d %H:%M:%S", parts);
    second = now.tv_sec;
  }
  char *end = text + text_length;
  if (is_exact) snprintf(end, 16, ".%03u ", (unsigned)(now.tv_nsec / 1000000));
  else end[0] = ' ', end[1] = 0;
  return text;
}
