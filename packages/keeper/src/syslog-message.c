/*
 * From what somebody sends to a line of the log. Two forms are known, and whatever is neither of them is text:
 *
 *     RFC 3164    <PRI>Nov 26 07:00:00 text          the date is left out: here is when it came
 *     RFC 5424    <PRI>1 TIME HOST PROGRAM PROCESS ID [data] text
 *
 * Without a number there is no saying what it is: `user.notice`, as others have it. Whoever sends a message is not the
 * kernel, which is read elsewhere: what says that it is comes from the facility `user`.
 */
#include "syslog.h"

#include <string.h>

static int is_digit(uint8_t byte) {
  return byte >= '0' && byte <= '9';
}

static void step(struct span *span, size_t count) {
  span->at += count;
  span->length -= count;
}

/* `<191>`: facility and level; false, and nothing taken, where it is none. */
static int take_priority(struct span *rest, struct message *message) {
  uint32_t number = 0;
  size_t at = 1;
  if (rest->length < 3 || rest->at[0] != '<') return 0;
  for (; at < rest->length && at < 4 && is_digit(rest->at[at]); at++)
    number = number * 10 + (uint32_t)(rest->at[at] - '0');
  if (at == 1 || at >= rest->length || rest->at[at] != '>') return 0;
  if (number >= FACILITY_COUNT * LEVEL_COUNT) return 0;
  message->facility = (uint8_t)(number / LEVEL_COUNT);
  message->level = (uint8_t)(number % LEVEL_COUNT);
  step(rest, at + 1);
  return 1;
}

/* `Nov 26 07:00:00 `: letters, digits and spaces where they belong. Which month it is matters to nobody. */
static void skip_date(struct span *rest) {
  static const char form[] = "aaa dd dd:dd:dd ";
  size_t length = sizeof form - 1;
  if (rest->length < length) return;
  for (size_t at = 0; at < length; at++) {
    uint8_t byte = rest->at[at], lower = byte | 0x20;
    int fits = form[at] == 'a'   ? lower >= 'a' && lower <= 'z'
               : form[at] == 'd' ? is_digit(byte) || (at == 4 && byte == ' ')
                                 : byte == (uint8_t)form[at];
    if (!fits) return;
  }
  step(rest, length);
}

/* A word and the space behind it; `-` is none. */
static int take_word(struct span *rest, struct span *word) {
  const uint8_t *space = memchr(rest->at, ' ', rest->length);
  if (space == NULL || space == rest->at) return 0;
  *word = (struct span){rest->at, (size_t)(space - rest->at)};
  if (word->length == 1 && word->at[0] == '-') word->length = 0;
  step(rest, (size_t)(space - rest->at) + 1);
  return 1;
}

/* `-`, or `[…]` again and again: a quoted value may hold a bracket, and a quote behind a backslash. */
static int take_data(struct span *rest, struct span *data) {
  if (rest->length == 0) return 0;
  size_t at = 0;
  int is_inside = 0, is_quoted = 0;
  *data = (struct span){rest->at, 0};
  if (rest->at[0] == '-') {
    at = 1;
  } else {
    for (; at < rest->length; at++) {
      uint8_t byte = rest->at[at];
      if (is_quoted && byte == '\\') at++;
      else if (is_inside && byte == '"') is_quoted = !is_quoted;
      else if (!is_quoted && byte == ']') is_inside = 0;
      else if (!is_inside && byte == '[') is_inside = 1;
      else if (!is_inside) break;
    }
    if (is_inside || at == 0 || at > rest->length) return 0;
    data->length = at;
  }
  if (at < rest->length && rest->at[at] != ' ') return 0;
  step(rest, at < rest->length ? at + 1 : at);
  return 1;
}

/* Behind `<PRI>`; nothing is changed where it is not that form. */
static int read_5424(struct span rest, struct message *message) {
  struct span version, time, host, program, process, id, data;
  if (!take_word(&rest, &version) || version.length != 1 || version.at[0] != '1') return 0;
  if (!take_word(&rest, &time) || !take_word(&rest, &host) || !take_word(&rest, &program)) return 0;
  if (!take_word(&rest, &process) || !take_word(&rest, &id) || !take_data(&rest, &data)) return 0;
  static const uint8_t mark[] = {0xef, 0xbb, 0xbf}; /* says that UTF-8 follows */
  if (rest.length >= sizeof mark && memcmp(rest.at, mark, sizeof mark) == 0) step(&rest, sizeof mark);
  message->program = program;
  message->process = process;
  message->data = data;
  message->text = rest;
  return 1;
}

static void begin(struct message *message, uint8_t facility) {
  static const uint8_t nothing[1];
  struct span empty = {nothing, 0};
  *message = (struct message){facility, LEVEL_NOTICE, empty, empty, empty, empty};
}

void syslog_read_message(const uint8_t *bytes, size_t length, struct message *message) {
  /* Many end a message as they end a line or a string. */
  while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == 0)) length--;
  struct span rest = {bytes, length};
  begin(message, FACILITY_USER);
  if (take_priority(&rest, message)) {
    if (message->facility == FACILITY_KERNEL) message->facility = FACILITY_USER;
    if (read_5424(rest, message)) return;
    skip_date(&rest);
  }
  message->text = rest;
}

/* `6,339,5140900,-;text` of /dev/kmsg: the first number is the priority. */
static int take_record(struct span *rest, struct message *message) {
  uint32_t number = 0;
  size_t at = 0;
  for (; at < rest->length && at < 4 && is_digit(rest->at[at]); at++)
    number = number * 10 + (uint32_t)(rest->at[at] - '0');
  if (at == 0 || at >= rest->length || rest->at[at] != ',') return 0;
  const uint8_t *text = memchr(rest->at, ';', rest->length);
  if (text == NULL) return 0;
  if (number < FACILITY_COUNT * LEVEL_COUNT) {
    message->facility = (uint8_t)(number / LEVEL_COUNT);
    message->level = (uint8_t)(number % LEVEL_COUNT);
  }
  step(rest, (size_t)(text - rest->at) + 1);
  return 1;
}

int syslog_read_kernel(const uint8_t *bytes, size_t length, struct message *message) {
  struct span rest = {bytes, length};
  begin(message, FACILITY_KERNEL);
  /* Of a record, facts about its device stand in lines of their own. */
  if (length == 0 || bytes[0] == ' ') return 0;
  if (!take_priority(&rest, message)) take_record(&rest, message);
  message->text = rest;
  return 1;
}

/* The length of a character of UTF-8, or 0 for what is none: too long a form, half of a pair, beyond the last one. */
static size_t character(const uint8_t *at, size_t length, uint32_t *code) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  uint8_t first = at[0];
  size_t count = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (count == 0 || count > length) return 0;
  *code = count == 1 ? first : first & (0x7fu >> count);
  for (size_t each = 1; each < count; each++) {
    if ((at[each] & 0xc0) != 0x80) return 0;
    *code = *code << 6 | (at[each] & 0x3fu);
  }
  if (*code < least[count] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000)) return 0;
  return count;
}

/* What would end a line, speak to a terminal, or turn the direction in which the rest is read. */
static int is_hostile(uint32_t code) {
  if (code == '\t') return 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 1;
  if (code == 0x200e || code == 0x200f || code == 0x61c) return 1;
  return (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* Never longer than four times what it stands for. */
static char *put_escape(char *line, uint32_t code) {
  static const char digits[] = "0123456789abcdef";
  *line++ = '\\';
  if (code == '\n') return *line++ = 'n', line;
  *line++ = code > 0xff ? 'u' : 'x';
  for (int shift = code > 0xff ? 12 : 4; shift >= 0; shift -= 4) *line++ = digits[code >> shift & 15];
  return line;
}

static char *put_text(char *line, struct span span) {
  while (span.length > 0) {
    uint32_t code;
    size_t count = character(span.at, span.length, &code);
    if (count == 0) {
      line = put_escape(line, span.at[0]);
      count = 1;
    } else if (is_hostile(code)) {
      line = put_escape(line, code);
    } else {
      memcpy(line, span.at, count);
      line += count;
    }
    step(&span, count);
  }
  return line;
}

size_t syslog_write_message(const struct message *message, char *line) {
  char *at = put_text(line, message->program);
  if (message->process.length > 0) {
    *at++ = '[';
    at = put_text(at, message->process);
    *at++ = ']';
  }
  if (at != line) {
    *at++ = ':';
    *at++ = ' ';
  }
  if (message->data.length > 0) {
    at = put_text(at, message->data);
    *at++ = ' ';
  }
  return (size_t)(put_text(at, message->text) - line);
}
