#include "cradle.h"

#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "calls.h"
#include "child.h"

/* The stack grows down, to a page that nobody may touch. */
struct cradle {
  char fence[4096] __attribute__((aligned(4096)));
  char stack[CRADLE_STACK_BYTES] __attribute__((aligned(64)));
  struct request request;
  char frame[CRADLE_FRAME_BYTES];
  uint32_t at;
  int pipe;
};

static struct cradle *cradles;
/* Numbers of those that are free, the last one used last; of a slot its cradle plus 1, 0 for none. */
static uint8_t spare[CRADLE_COUNT];
static uint32_t spare_count;
static uint8_t cradle_of[SLOT_COUNT];

void cradles_clear(void) {
  memset(cradle_of, 0, sizeof cradle_of);
  spare_count = 0;
  if (!HAS_CALLS) return;
  void *memory = cradles;
  if (memory == NULL)
    memory = mmap(NULL, CRADLE_COUNT * sizeof *cradles, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  cradles = memory;
  for (uint8_t each = 0; each < CRADLE_COUNT; each++)
    if (mprotect(cradles[each].fence, sizeof cradles[each].fence, PROT_NONE) == 0) spare[spare_count++] = each;
}

static int is_fit(const struct request *request) {
  int is_other = request->has_uid || request->has_gid || request->has_groups;
  return !is_other && request->cgroup == NULL && !request->has_oom && request->frame_length <= CRADLE_FRAME_BYTES;
}

/* The same request, with its text beside it. */
static void move_in(struct cradle *cradle, const struct request *request) {
  memcpy(cradle->frame, request->frame, request->frame_length);
  read_request(START, cradle->frame, request->frame_length, &cradle->request);
  memcpy(cradle->request.handed, request->handed, sizeof request->handed);
  cradle->request.handed_count = request->handed_count;
}

static int begin(void *memory) {
  struct cradle *cradle = memory;
  child_run(&cradle->request, cradle->at, cradle->pipe);
}

pid_t cradle_begin(struct request *request, uint32_t at, int pipe, _Atomic int32_t *pid) {
  const int how = CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD;
  if (spare_count == 0 || !is_fit(request)) {
    pid_t made = (pid_t)syscall(SYS_clone, (long)how, 0L, pid, 0L, 0L);
    if (made == 0) child_run(request, at, pipe);
    return made;
  }
  uint8_t which = spare[spare_count - 1];
  struct cradle *cradle = &cradles[which];
  move_in(cradle, request);
  cradle->at = at;
  cradle->pipe = pipe;
  pid_t made = clone(begin, cradle->stack + sizeof cradle->stack, how | CLONE_VM, cradle, pid);
  if (made < 0) return made;
  spare_count--;
  cradle_of[at] = (uint8_t)(which + 1);
  return made;
}

void cradle_end(uint32_t at) {
  if (cradle_of[at] == 0) return;
  spare[spare_count++] = (uint8_t)(cradle_of[at] - 1);
  cradle_of[at] = 0;
}
