/* sigaction and signal, for SIGBUS alone: the guard stands before the program's handler, and the program does
 * not see it. All other signals pass. */
#define _GNU_SOURCE
#include <signal.h>

#include "interpose/bus_guard.h"
#include "interpose/hooks.h"

/* The program's handlers run as they would: no state of ours is involved. */
HOOK int sigaction(int number, const struct sigaction *set, struct sigaction *old) {
    if (__builtin_expect(number == SIGBUS, 0))
        return bus_guard_sigaction(set, old);
    return REAL(sigaction)(number, set, old);
}
ALIAS(sigaction, __sigaction)

static sighandler_t set_signal(sighandler_t handler, int flags, bool masked) {
    struct sigaction set = {.sa_handler = handler, .sa_flags = flags}, old;
    if (handler == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    if (masked)
        ((uint64_t *)&set.sa_mask)[0] = (uint64_t)1 << (SIGBUS - 1);
    return bus_guard_sigaction(&set, &old) == 0 ? old.sa_handler : SIG_ERR;
}

HOOK sighandler_t signal(int number, sighandler_t handler) {
    if (__builtin_expect(number == SIGBUS, 0))
        return set_signal(handler, SA_RESTART, true);
    return REAL(signal)(number, handler);
}
ALIAS(signal, bsd_signal)
ALIAS(signal, ssignal)

HOOK sighandler_t __sysv_signal(int number, sighandler_t handler) { // NOLINT(bugprone-reserved-identifier)
    if (__builtin_expect(number == SIGBUS, 0))
        return set_signal(handler, (int)(SA_RESETHAND | SA_NODEFER), false);
    return REAL(__sysv_signal)(number, handler);
}
ALIAS(__sysv_signal, sysv_signal)
