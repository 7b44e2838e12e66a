/* What a frame says, once it was checked: nothing else of it is looked at. Text stays in the frame. */
#ifndef KEEPER_REQUEST_H
#define KEEPER_REQUEST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include "protocol.h"

struct opening {
  int descriptor;
  uint32_t how;
  const char *path;
};
struct place {
  uint32_t family, port;
  /* Of a path, or of an address. */
  const char *text;
};
/* A socket of main's that a start is to find, as what; main says which descriptor of its own that is. */
struct handed {
  int descriptor, file;
  const char *id;
};
struct limit {
  int which;
  struct rlimit value;
};
struct request {
  /* The fields that it was read from, which hold all of its texts. */
  const char *frame;
  size_t frame_length;
  const char *id;
  uint64_t signal;
  uint64_t lowest_version, highest_version;
  /* Of a FOLLOW. */
  int32_t pid;
  /* Of a LISTEN. */
  struct place place;
  uint32_t style, backlog;
  int has_mode;
  mode_t mode;
  /* Of a DROP, and of a start; 0 where there is none. */
  uint64_t connection;
  /* Of a start. NULL, or -1 where there is such a flag: it was not said. */
  const char *file, *folder, *root, *cgroup;
  /* With room for one more, and for what ends them. */
  char *args[ARG_COUNT + 2];
  char *env[ENV_COUNT + 1];
  int has_uid, has_gid, has_groups, has_umask, has_nice, has_oom;
  uid_t uid;
  gid_t gid;
  gid_t groups[GROUP_COUNT];
  mode_t umask;
  int nice, oom;
  uint64_t flags;
  uint32_t arg_count, env_count, group_count, limit_count, opening_count;
  struct limit limits[LIMIT_COUNT];
  struct opening openings[OPEN_COUNT];
  uint32_t handed_count;
  struct handed handed[OWN_SOCKET_COUNT + 3];
};

/*
 * Reads the fields behind the head of a frame. 0, or an errno: EBADMSG for what is no field, EPROTO for an unknown one,
 * E2BIG for too many, EINVAL for a value out of range or one that is missing.
 */
int read_request(uint32_t type, char *bytes, size_t length, struct request *request);

#endif
