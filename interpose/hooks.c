#include "interpose/hooks.h"

#include "interpose/inheritance.h"
#include "interpose/unwinder.h"

bool hooks_cancelling;

enum hook_mode hooks_mode(struct thread *t, const struct call_site *call) {
    /* A longjmp out of a handler left it behind. (A handler on a stack of its own is not above it.) */
    if ((t->special & THREAD_BUSY) && call->sp > t->busy_sp && t->busy_sp >= t->stack_low &&
        call->sp < t->stack_high)
        t->special &= ~(uint32_t)THREAD_BUSY;
    if (t->special & THREAD_BUSY)
        return unwinder_inside() ? HOOK_PASS : HOOK_ACCOUNT;
    if (t->special & THREAD_FORKING)
        return inheritance_in_child() ? HOOK_PASS : HOOK_ACCOUNT;
    KEEP_ERRNO;
    session_attend(t, call);
    return HOOK_FULL;
}
