/* What every hook does first and last. */
#ifndef GORDIAN_INTERPOSE_HOOKS_H
#define GORDIAN_INTERPOSE_HOOKS_H

#include <errno.h>

#include "interpose/real.h"
#include "interpose/session.h"
#include "interpose/thread.h"

#define HOOK __attribute__((visibility("default")))

/* The same hook under another name of the same function. */
#if __has_attribute(copy)
#define COPY(name) __attribute__((copy(name)))
#else
#define COPY(name)
#endif
#define ALIAS(name, other)                                                                                   \
    extern __typeof__(name) other __attribute__((alias(#name), visibility("default"))) COPY(name);

/* How far a hook may go (hooks_mode). */
enum hook_mode {
    HOOK_FULL,    /* the normal case */
    HOOK_ACCOUNT, /* inside the library or a fork: only keep account of what is held */
    HOOK_PASS     /* do nothing but forward */
};

/* For a thread that is not in the normal case: find out, and do what it was asked to. */
enum hook_mode hooks_mode(struct thread *t, const struct call_site *call);

/* Return the calling thread's state, NULL when gordian is off. */
static inline struct thread *hooks_thread(void) {
    struct thread *t = thread_now;
    return __builtin_expect(t != NULL, 1) ? t : session_thread();
}

/* Whether any thread was ever cancelled: cancellation points then have to be some even when they do not wait.
 */
extern bool hooks_cancelling;

/* Slow paths make calls that may set errno; the program must not see that. */
struct hooks_errno {
    int value;
};

static inline void hooks_errno_restore(const struct hooks_errno *saved) {
    errno = saved->value;
}

#define KEEP_ERRNO                                                                                           \
    __attribute__((cleanup(hooks_errno_restore), unused)) const struct hooks_errno saved_errno = {errno}

#endif
