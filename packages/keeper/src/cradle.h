/*
 * Where the child of a start begins: in main's memory (CLONE_VM), on a stack of its own, beside its request. It need
 * not copy that memory, nor main what it writes to from then on, which is most of what a fork costs. Main does not wait
 * for it, as it would for that of a vfork, which a disk that does not answer could hold up. A cradle is free again when
 * the child executes its program or has ended: that ends its use of the memory before it closes its pipe.
 *
 * Whoever is no match for main's memory is forked as ever: who becomes somebody else, so that no user but main's could
 * ever trace what shares that (fs.suid_dumpable may be 1); who enters another group of the kernel's, where a lack of
 * memory would end all that share it, or has another oom_score_adj, which all would have; and who says more than a
 * cradle has room for, or finds none free, as where others hang. On Linux before 5.16 a signal that dumps core ends all
 * that share memory: one that a child gets before its program runs ends main, too, which the anchor starts again.
 */
#ifndef KEEPER_CRADLE_H
#define KEEPER_CRADLE_H

#include "request.h"

/* Cradles: as many as are in use at once where nothing hangs. Bytes of the frame and of the stack of one. */
#ifndef CRADLE_COUNT /* fewer for tests */
#define CRADLE_COUNT 64u
#endif
enum { CRADLE_FRAME_BYTES = 32768, CRADLE_STACK_BYTES = 65536 };

/*
 * Makes the child of a start, as one of the anchor, which runs child_run; its number is in `pid` before it has run one
 * instruction. Its number, or -1 with an errno. `at` is its slot.
 */
pid_t cradle_begin(struct request *request, uint32_t at, int pipe, _Atomic int32_t *pid);

/* The child of this slot has closed its pipe. */
void cradle_end(uint32_t at);

/* All are free: before any child is made. */
void cradles_clear(void);

#endif
