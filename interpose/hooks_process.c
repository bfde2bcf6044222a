/* fork, and the ways to fork that run no fork handlers: Chromium's zygotes use clone. */
#define _GNU_SOURCE
#include "interpose/hooks_process.h"

#include <sched.h>
#include <stdarg.h>
#include <sys/syscall.h>

#include "interpose/hooks.h"
#include "interpose/inheritance.h"
#include "interpose/misuse.h"

bool process_forks(long number, long flags) {
#ifdef SYS_fork
    if (number == SYS_fork)
        return true;
#endif
    return number == SYS_clone && !(flags & CLONE_VM);
}

void process_before_fork(void) {
    KEEP_ERRNO;
    inheritance_before_fork();
}

void process_after_fork(long child) {
    KEEP_ERRNO;
    if (child == 0)
        inheritance_in_new_child();
    else
        inheritance_in_parent();
}

/* What the fork handlers do, inheritance.c does in its own. */
HOOK pid_t fork(void) {
    struct call_site call = CALL_SITE();
    struct thread *t = thread_now;
    if (t && thread_plain(t) && t->slot->held_count) {
        KEEP_ERRNO;
        misuse_fork_holding(t, &call);
    }
    return REAL(fork)();
}

HOOK pid_t _Fork(void) { // NOLINT(bugprone-reserved-identifier)
    process_before_fork();
    pid_t child = REAL(_Fork)();
    process_after_fork(child);
    return child;
}

struct beginning {
    int (*run)(void *);
    void *argument;
};

/* In the child, which has a copy of the parent's memory: also of this. */
static int begin(void *copied) {
    struct beginning beginning = *(struct beginning *)copied;
    process_after_fork(0);
    return beginning.run(beginning.argument);
}

HOOK int clone(int (*run)(void *), void *stack, int flags, void *argument, ...) {
    va_list more;
    va_start(more, argument);
    void *parent_tid = va_arg(more, void *), *tls = va_arg(more, void *), *child_tid = va_arg(more, void *);
    va_end(more);
    if (!run || !stack || !process_forks(SYS_clone, flags))
        return REAL(clone)(run, stack, flags, argument, parent_tid, tls, child_tid);
    struct beginning beginning = {run, argument};
    process_before_fork();
    int child = REAL(clone)(begin, stack, flags, &beginning, parent_tid, tls, child_tid);
    process_after_fork(child);
    return child;
}
