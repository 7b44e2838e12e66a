#include "syslog.h"

#include <string.h>

/* A whole number of a line, up to `most`; what follows it goes on behind a space. */
static int take_number(char **at, uint64_t most, uint64_t *number) {
  uint64_t found = 0;
  char *digit = *at;
  for (; *digit >= '0' && *digit <= '9'; digit++) {
    found = found * 10 + (uint64_t)(*digit - '0');
    if (found > most) return 0;
  }
  if (digit == *at || (*digit != 0 && *digit != ' ')) return 0;
  *at = *digit == ' ' ? digit + 1 : digit;
  *number = found;
  return 1;
}

static int take_count(char **at, uint64_t most, uint32_t *count) {
  uint64_t number;
  if (!take_number(at, most, &number)) return 0;
  *count = (uint32_t)number;
  return 1;
}

/* The rest of a line. */
static int take_path(const char *at, char path[SYSLOG_PATH_BYTES]) {
  size_t length = strlen(at);
  if (at[0] != '/' || length >= SYSLOG_PATH_BYTES) return 0;
  memcpy(path, at, length + 1);
  return 1;
}

/* Steps over a word and the space behind it. */
static int take_word(char **at, const char *word) {
  size_t length = strlen(word);
  if (strncmp(*at, word, length) != 0) return 0;
  if ((*at)[length] != ' ' && (*at)[length] != 0) return 0;
  *at += (*at)[length] == ' ' ? length + 1 : length;
  return 1;
}

static int read_source(char *at, enum source_kind kind, struct syslog_config *config) {
  if (config->source_count >= SYSLOG_SOURCE_COUNT) return 0;
  struct source *source = &config->sources[config->source_count++];
  source->kind = kind;
  if (kind != FROM_UDP) return take_path(at, source->path);
  char *space = strchr(at, ' ');
  if (space == NULL || space == at || space - at >= 64) return 0;
  memcpy(source->path, at, (size_t)(space - at));
  at = space + 1;
  uint64_t port;
  if (!take_number(&at, UINT16_MAX, &port) || *at != 0) return 0;
  source->port = (uint16_t)port;
  return 1;
}

static int hex_digit(char digit) {
  const char *digits = "0123456789abcdef", *found = strchr(digits, digit);
  return digit == 0 || found == NULL ? -1 : (int)(found - digits);
}

static int read_place(char *at, struct syslog_config *config) {
  if (config->place_count >= SYSLOG_SINK_COUNT) return 0;
  struct place *place = &config->places[config->place_count++];
  for (size_t facility = 0; facility < FACILITY_COUNT; facility++, at += 2) {
    int high = hex_digit(at[0]), low = high < 0 ? -1 : hex_digit(at[1]);
    if (low < 0) return 0;
    place->levels[facility] = (uint8_t)(high << 4 | low);
  }
  if (*at++ != ' ') return 0;
  if (take_word(&at, "file")) return place->kind = SINK_FILE, take_path(at, place->path);
  if (take_word(&at, "terminal")) return place->kind = SINK_TERMINAL, take_path(at, place->path);
  place->kind = SINK_LOG;
  return take_word(&at, "log") && *at == 0;
}

static int read_line(char *at, struct syslog_config *config) {
  uint32_t flag;
  if (take_word(&at, "unix")) return read_source(at, FROM_UNIX, config);
  if (take_word(&at, "udp")) return read_source(at, FROM_UDP, config);
  if (take_word(&at, "kernel")) return read_source(at, FROM_KERNEL, config);
  if (take_word(&at, "to")) return read_place(at, config);
  if (take_word(&at, "rotate"))
    return take_number(&at, SYSLOG_ROTATE_BYTES, &config->rotate_bytes) &&
           take_count(&at, SYSLOG_KEPT_COUNT, &config->kept_count) && *at == 0;
  if (take_word(&at, "mark"))
    return take_count(&at, SYSLOG_SECONDS, &config->mark_seconds) && *at == 0;
  if (take_word(&at, "flood"))
    return take_count(&at, SYSLOG_FLOOD_COUNT, &config->flood_count) &&
           take_count(&at, SYSLOG_SECONDS, &config->flood_seconds) && *at == 0;
  if (take_word(&at, "stamp")) {
    config->has_milliseconds = take_word(&at, "milliseconds");
    return (config->has_milliseconds || take_word(&at, "seconds")) && *at == 0;
  }
  if (!take_word(&at, "senders") || !take_count(&at, 1, &flag) || *at != 0) return 0;
  config->has_senders = flag == 1;
  return 1;
}

uint32_t syslog_read_config(char *text, struct syslog_config *config) {
  memset(config, 0, sizeof *config);
  uint32_t number = 0;
  for (char *at = text, *next; *at != 0; at = next) {
    char *end = strchr(at, '\n');
    number++;
    if (end == NULL) return number;
    *end = 0;
    next = end + 1;
    if (!read_line(at, config)) return number;
  }
  int is_complete = config->source_count > 0 && config->rotate_bytes > 0 && config->kept_count > 0;
  return is_complete && (config->flood_count == 0 || config->flood_seconds > 0) ? 0 : number + 1;
}
