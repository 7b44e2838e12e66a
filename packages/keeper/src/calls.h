/*
 * Calls to the kernel that give an errno, below zero, and put none anywhere: of children that have their memory in
 * common with main (cradle.h) each would else write over the errno of all others. Where it is not known how a kind of
 * machine makes such calls it makes those of libc, and no memory is shared.
 */
#ifndef KEEPER_CALLS_H
#define KEEPER_CALLS_H

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined WITHOUT_CALLS /* for tests */
#define HAS_CALLS 0
#elif defined __x86_64__
#define HAS_CALLS 1
static inline long call(long number, long a, long b, long c, long d, long e) {
  register long fourth __asm__("r10") = d, fifth __asm__("r8") = e;
  __asm__ volatile("syscall"
                   : "+a"(number)
                   : "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
                   : "rcx", "r11", "memory");
  return number;
}
#elif defined __aarch64__
#define HAS_CALLS 1
static inline long call(long number, long a, long b, long c, long d, long e) {
  register long which __asm__("x8") = number;
  register long first __asm__("x0") = a;
  register long second __asm__("x1") = b, third __asm__("x2") = c, fourth __asm__("x3") = d, fifth __asm__("x4") = e;
  __asm__ volatile("svc 0"
                   : "+r"(first)
                   : "r"(which), "r"(second), "r"(third), "r"(fourth), "r"(fifth)
                   : "memory");
  return first;
}
#else
#define HAS_CALLS 0
#endif

/* A call by the name that it has in libc and in the kernel, with one to five arguments; a long. */
#if HAS_CALLS
#define CALL(name, ...) CALL_OF(SYS_##name, __VA_ARGS__, 0, 0, 0, 0, 0)
#define CALL_OF(number, a, b, c, d, e, ...) \
  call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))
#define CALL_SETSID() call(SYS_setsid, 0, 0, 0, 0, 0)
#define CALL_CLOSE_RANGE(from, to) CALL(close_range, from, to, 0)
#define CALL_UNBLOCK_SIGNALS() CALL(rt_sigprocmask, SIG_SETMASK, &(const uint64_t){0}, NULL, sizeof(uint64_t))
#else
#define CALL(name, ...) call_result((long)name(__VA_ARGS__))
#define CALL_SETSID() call_result(setsid())
#define CALL_CLOSE_RANGE(from, to) ((void)syscall(SYS_close_range, from, to, 0))
#define CALL_UNBLOCK_SIGNALS() sigprocmask(SIG_SETMASK, &(const sigset_t){0}, NULL)
static inline long call_result(long result) {
  return result < 0 ? -errno : result;
}
#endif

#endif
