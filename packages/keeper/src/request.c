#include "request.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

struct field {
  uint32_t tag;
  char *bytes;
  uint32_t length;
};

static uint64_t number_at(const char *bytes) {
  uint64_t number;
  memcpy(&number, bytes, sizeof number);
  return number;
}

/* A text has its NUL at its end and nowhere else. */
static int is_text(const char *bytes, uint32_t length) {
  return length > 0 && memchr(bytes, 0, length) == bytes + length - 1;
}

static int read_text(const struct field *field, const char **text) {
  if (!is_text(field->bytes, field->length)) return EBADMSG;
  *text = field->bytes;
  return 0;
}

/* A number from lowest to highest; those below zero come as two's complement. */
static int read_number(const struct field *field, int64_t lowest, int64_t highest, int64_t *found) {
  if (field->length != 8) return EBADMSG;
  int64_t number = (int64_t)number_at(field->bytes);
  if (number < lowest || number > highest) return EINVAL;
  *found = number;
  return 0;
}

/* Ids are names of files elsewhere, and said again where they are refused: only a good one is kept. */
static int read_id(const struct field *field, const char **id) {
  const char *text;
  int error = read_text(field, &text);
  if (error) return error;
  if (field->length < 2 || field->length > ID_BYTES + 1) return EINVAL;
  const char *plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  if (strspn(text, plain) != field->length - 1) return EINVAL;
  *id = text;
  return 0;
}

static int add_text(const struct field *field, char **list, uint32_t *count, uint32_t most) {
  const char *text;
  int error = read_text(field, &text);
  if (error) return error;
  if (*count >= most) return E2BIG;
  list[(*count)++] = field->bytes;
  list[*count] = NULL;
  return 0;
}

static int add_limit(const struct field *field, struct request *request) {
  if (field->length != 24) return EBADMSG;
  uint64_t which = number_at(field->bytes);
  if (which >= RLIM_NLIMITS) return EINVAL;
  if (request->limit_count >= LIMIT_COUNT) return E2BIG;
  struct limit *limit = &request->limits[request->limit_count++];
  limit->which = (int)which;
  limit->value.rlim_cur = number_at(field->bytes + 8);
  limit->value.rlim_max = number_at(field->bytes + 16);
  return 0;
}

static int add_opening(const struct field *field, struct request *request) {
  if (field->length < 17 || !is_text(field->bytes + 16, field->length - 16)) return EBADMSG;
  uint64_t descriptor = number_at(field->bytes), how = number_at(field->bytes + 8);
  if (descriptor > HIGHEST_DESCRIPTOR || how > OPEN_SCREEN || field->bytes[16] != '/')
    return EINVAL;
  if (request->opening_count >= OPEN_COUNT) return E2BIG;
  for (uint32_t at = 0; at < request->opening_count; at++)
    if (request->openings[at].descriptor == (int)descriptor) return EINVAL;
  request->openings[request->opening_count++] =
      (struct opening){(int)descriptor, (uint32_t)how, field->bytes + 16};
  return 0;
}

static int read_place(const struct field *field, struct request *request) {
  if (field->length < 17 || !is_text(field->bytes + 16, field->length - 16)) return EBADMSG;
  uint64_t family = number_at(field->bytes), port = number_at(field->bytes + 8);
  const char *text = field->bytes + 16;
  if (family == PLACE_UNIX && (text[0] != '/' || port != 0)) return EINVAL;
  if (family != PLACE_UNIX && family != PLACE_4 && family != PLACE_6) return EINVAL;
  if (strlen(text) > SOCKET_PATH_BYTES || port > UINT16_MAX) return EINVAL;
  request->place = (struct place){(uint32_t)family, (uint32_t)port, text};
  return 0;
}

static int add_socket(const struct field *field, struct request *request) {
  if (field->length < 17) return EBADMSG;
  uint64_t descriptor = number_at(field->bytes);
  struct field rest = {field->tag, field->bytes + 16, field->length - 16};
  const char *id;
  int error = read_id(&rest, &id);
  if (error) return error;
  if (descriptor < 3 || descriptor > HIGHEST_DESCRIPTOR) return EINVAL;
  if (request->handed_count >= OWN_SOCKET_COUNT) return E2BIG;
  for (uint32_t at = 0; at < request->handed_count; at++)
    if (request->handed[at].descriptor == (int)descriptor) return EINVAL;
  request->handed[request->handed_count++] = (struct handed){(int)descriptor, -1, id};
  return 0;
}

static int read_socket(const struct field *field, struct request *request) {
  int64_t number = 0;
  int error;
  switch (field->tag) {
    case TAG_PLACE: return read_place(field, request);
    case TAG_SOCKET: return add_socket(field, request);
    case TAG_STYLE:
      error = read_number(field, 0, STYLES, &number);
      if (number == (STYLE_DATAGRAM | STYLE_ACCEPTS)) return EINVAL;
      if (!error) request->style = (uint32_t)number;
      return error;
    case TAG_BACKLOG:
      error = read_number(field, 0, UINT16_MAX, &number);
      if (!error) request->backlog = (uint32_t)number;
      return error;
    case TAG_MODE:
      error = read_number(field, 0, 0777, &number);
      if (!error) request->has_mode = 1, request->mode = (mode_t)number;
      return error;
    case TAG_CONNECTION:
      error = read_number(field, 1, INT64_MAX, &number);
      if (!error) request->connection = (uint64_t)number;
      return error;
    default: return field->tag & TAG_MAY_BE_SKIPPED ? 0 : EPROTO;
  }
}

static int add_group(const struct field *field, struct request *request) {
  request->has_groups = 1;
  if (field->length == 0) return 0; /* none at all */
  int64_t group;
  int error = read_number(field, 0, UINT32_MAX - 1, &group);
  if (error) return error;
  if (request->group_count >= GROUP_COUNT) return E2BIG;
  request->groups[request->group_count++] = (gid_t)group;
  return 0;
}

static int read_surroundings(const struct field *field, struct request *request) {
  int64_t number;
  int error;
  switch (field->tag) {
    case TAG_UID:
      error = read_number(field, 0, UINT32_MAX - 1, &number);
      if (!error) request->has_uid = 1, request->uid = (uid_t)number;
      return error;
    case TAG_GID:
      error = read_number(field, 0, UINT32_MAX - 1, &number);
      if (!error) request->has_gid = 1, request->gid = (gid_t)number;
      return error;
    case TAG_UMASK:
      error = read_number(field, 0, 0777, &number);
      if (!error) request->has_umask = 1, request->umask = (mode_t)number;
      return error;
    case TAG_NICE:
      error = read_number(field, -20, 19, &number);
      if (!error) request->has_nice = 1, request->nice = (int)number;
      return error;
    case TAG_OOM:
      error = read_number(field, -1000, 1000, &number);
      if (!error) request->has_oom = 1, request->oom = (int)number;
      return error;
    case TAG_FLAGS:
      error = read_number(field, 0, FLAGS, &number);
      if (!error) request->flags = (uint64_t)number;
      return error;
    case TAG_GROUP: return add_group(field, request);
    case TAG_LIMIT: return add_limit(field, request);
    case TAG_OPEN: return add_opening(field, request);
    default: return read_socket(field, request);
  }
}

static int read_field(const struct field *field, struct request *request) {
  int64_t number;
  int error;
  switch (field->tag) {
    case TAG_ID: return read_id(field, &request->id);
    case TAG_FILE: return read_text(field, &request->file);
    case TAG_CWD: return read_text(field, &request->folder);
    case TAG_ROOT: return read_text(field, &request->root);
    case TAG_CGROUP: return read_text(field, &request->cgroup);
    case TAG_ARG: return add_text(field, request->args, &request->arg_count, ARG_COUNT);
    case TAG_ENV: return add_text(field, request->env, &request->env_count, ENV_COUNT);
    case TAG_SIGNAL:
      error = read_number(field, 1, 64, &number);
      if (!error) request->signal = (uint64_t)number;
      return error;
    case TAG_PID:
      error = read_number(field, 1, INT32_MAX, &number);
      if (!error) request->pid = (int32_t)number;
      return error;
    case TAG_VERSION:
      error = read_number(field, 1, INT32_MAX, &number);
      if (error) return error;
      if (request->lowest_version == 0) request->lowest_version = (uint64_t)number;
      request->highest_version = (uint64_t)number;
      return 0;
    default: return read_surroundings(field, request);
  }
}

static int is_absolute(const char *path) {
  return path != NULL && path[0] == '/';
}

/* A descriptor is one thing; and LISTEN_PID takes a variable more. */
static int check_handed(const struct request *request) {
  if (request->handed_count > 0 && request->env_count >= ENV_COUNT) return E2BIG;
  for (uint32_t at = 0; at < request->opening_count; at++) {
    int descriptor = request->openings[at].descriptor;
    if (request->connection > 0 && descriptor < 2) return EINVAL;
    for (uint32_t other = 0; other < request->handed_count; other++)
      if (request->handed[other].descriptor == descriptor) return EINVAL;
  }
  return 0;
}

/* What each type cannot do without. */
static int check(uint32_t type, const struct request *request) {
  switch (type) {
    case HELLO: return request->lowest_version > 0 ? 0 : EINVAL;
    case FORGET: return request->id != NULL ? 0 : EINVAL;
    case RENEW: return is_absolute(request->file) ? 0 : EINVAL;
    case SIGNAL: return request->id != NULL && request->signal > 0 ? 0 : EINVAL;
    case LISTEN: return request->id != NULL && request->place.text != NULL ? 0 : EINVAL;
    case CLOSE:
    case WATCH: return request->id != NULL ? 0 : EINVAL;
    case DROP: return request->connection > 0 ? 0 : EINVAL;
    case FOLLOW: return request->id != NULL && request->pid > 0 ? 0 : EINVAL;
    case START:
      if (request->id == NULL || request->arg_count == 0 || !is_absolute(request->file))
        return EINVAL;
      if (!is_absolute(request->folder)) return EINVAL;
      if (request->root != NULL && !is_absolute(request->root)) return EINVAL;
      if (request->cgroup != NULL && !is_absolute(request->cgroup)) return EINVAL;
      return check_handed(request);
    default: return ENOSYS;
  }
}

/* The large arrays are filled from their beginning, so the rest of them need not be cleared. */
static void clear(struct request *request) {
  memset(request, 0, offsetof(struct request, args));
  request->args[0] = request->env[0] = NULL;
  memset(&request->has_uid, 0, offsetof(struct request, limits) - offsetof(struct request, has_uid));
  request->handed_count = 0;
}

int read_request(uint32_t type, char *bytes, size_t length, struct request *request) {
  clear(request);
  request->frame = bytes;
  request->frame_length = length;
  while (length > 0) {
    struct field field;
    uint16_t tag, zero;
    if (length < 8) return EBADMSG;
    memcpy(&field.length, bytes, 4);
    memcpy(&tag, bytes + 4, 2);
    memcpy(&zero, bytes + 6, 2);
    bytes += 8;
    length -= 8;
    if (zero != 0 || field.length > length) return EBADMSG;
    field.tag = tag;
    field.bytes = bytes;
    int error = read_field(&field, request);
    if (error) return error;
    bytes += field.length;
    length -= field.length;
  }
  return check(type, request);
}
