/*
 * What libFuzzer drives of the system log: the first byte says which.
 *
 *     0    the rest is a message of anybody's      the line that it becomes is one line, in UTF-8, within its room
 *     1    the rest is a line of the kernel's      the same
 *     2    the rest is a configuration             what is taken is within its limits
 *     3    each byte is a message of that sender   none has more than he may, and all that is dropped is told
 */
#include <stdlib.h>
#include <string.h>
#include "../src/syslog.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(int holds) {
  if (!holds) abort();
}

/* Whether a text is UTF-8 without anything that could end a line, or speak to a terminal: written apart from what it
   judges. */
static void check_line(const char *line, size_t length) {
  const uint8_t *at = (const uint8_t *)line, *end = at + length;
  while (at < end) {
    uint32_t code = *at, count = code < 0x80 ? 0 : code >= 0xf0 ? 3 : code >= 0xe0 ? 2 : 1;
    must(code < 0x80 || (code >= 0xc2 && code <= 0xf4));
    if (count > 0) code &= 0x3fu >> count;
    must((size_t)(end - at) > count);
    for (uint32_t each = 1; each <= count; each++) {
      must(at[each] >= 0x80 && at[each] < 0xc0);
      code = code * 64 + (at[each] - 0x80u);
    }
    at += count + 1;
    must(code == '\t' || (code >= 0x20 && code != 0x7f && !(code >= 0x80 && code < 0xa0)));
    must(code != 0x2028 && code != 0x2029 && code != 0x202e && code != 0x2066);
    must(code < 0xd800 || (code > 0xdfff && code <= 0x10ffff));
  }
}

static void message(const uint8_t *bytes, size_t length, int is_kernel) {
  struct message message;
  /* Of its own size, so that a byte too far is found. */
  uint8_t *copy = malloc(length + 1);
  char *line = malloc(4 * length + 8);
  memcpy(copy, bytes, length);
  copy = realloc(copy, length > 0 ? length : 1);
  int is_one = 1;
  if (is_kernel) is_one = syslog_read_kernel(copy, length, &message);
  else syslog_read_message(copy, length, &message);
  if (is_one) {
    must(message.facility < FACILITY_COUNT && message.level < LEVEL_COUNT);
    size_t written = syslog_write_message(&message, line);
    must(written <= 4 * length + 8);
    check_line(line, written);
  }
  free(line);
  free(copy);
}

static void configuration(const uint8_t *bytes, size_t length) {
  static struct syslog_config config;
  char *text = malloc(length + 1);
  memcpy(text, bytes, length);
  text[length] = 0;
  if (syslog_read_config(text, &config) == 0) {
    must(config.source_count > 0 && config.source_count <= SYSLOG_SOURCE_COUNT);
    must(config.place_count <= SYSLOG_SINK_COUNT);
    must(config.rotate_bytes > 0 && config.kept_count > 0 && config.kept_count <= SYSLOG_KEPT_COUNT);
    for (uint32_t at = 0; at < config.place_count; at++)
      must(memchr(config.places[at].path, 0, SYSLOG_PATH_BYTES) != NULL);
  }
  free(text);
}

static void flood(const uint8_t *bytes, size_t length) {
  uint64_t now = 1, admitted = 0, dropped = 0, told = 0, count;
  struct sender sender = {.kind = SENDER_UID};
  /* Of each in this instant. */
  uint8_t had[SENDER_KINDS][256][4] = {0};
  syslog_flood_begin(2, 1);
  for (size_t at = 0; at < length; at++) {
    /* A step in time now and then, and with it what is told meanwhile. */
    if (bytes[at] == 0) now += 300, memset(had, 0, sizeof had);
    sender.kind = (enum sender_kind)(at % SENDER_KINDS);
    sender.key[0] = bytes[at];
    sender.key[1] = (uint8_t)(at & 3);
    if (syslog_admit(&sender, 1, now)) {
      admitted++;
      syslog_charge(bytes[at]);
      /* His own, and those of all others together where there was no room for him before. */
      must(++had[sender.kind][bytes[at]][at & 3] <= 4);
    } else {
      dropped++;
    }
    struct sender who;
    while (syslog_dropped(now, &who, &count)) told += count;
  }
  struct sender who;
  while (syslog_dropped(UINT64_MAX, &who, &count)) told += count;
  must(told == dropped && admitted + dropped == length);
  must(syslog_flood_wait(now, 7) == 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  if (length == 0) return 0;
  switch (bytes[0] & 3) {
    case 0: message(bytes + 1, length - 1, 0); break;
    case 1: message(bytes + 1, length - 1, 1); break;
    case 2: configuration(bytes + 1, length - 1); break;
    default: flood(bytes + 1, length - 1); break;
  }
  return 0;
}
