/* Locks and signal handlers: a lock that a handler takes, and that other code takes while the signal can
 * come, is a self-deadlock waiting to happen (deadlock.potential, shape signal).
 *
 * A stack through a signal frame is a handler's; which signal it is stands there (SA_SIGINFO), or
 * follows from the handler's address (sigaction). Faults (SIGSEGV and the like) come from what the thread
 * itself executes, not in between, and are left out. With which signals unblocked a lock was taken elsewhere
 * is known for the first time, and for every time once a handler has taken it: from then on it stays off the
 * fast path.
 */
#ifndef GORDIAN_INTERPOSE_HANDLERS_H
#define GORDIAN_INTERPOSE_HANDLERS_H

#include <stdbool.h>
#include <stdint.h>

#include "interpose/locks.h"
#include "interpose/thread.h"

/* What is known of a lock and signals. Guarded by the session's lock. */
struct lock_signals {
    uint64_t in_handlers; /* signals (bit number - 1) in whose handlers it was taken */
    uint64_t told;        /* of these, those that are reported */
    uint32_t stack;       /* in the handler */
    uint32_t mode;
    uint64_t handler_pc; /* where, as stack_record has it */
};

/* Whether an acquisition of the lock with this stack has to be looked at. */
static inline bool handlers_matter(uint32_t lock, const struct stack_record *stack) {
    const struct lock *about = locks_at(lock);
    return (stack && stack->handler_pc) || (about && (!about->taken || about->signals));
}

/* The thread has taken the lock. `tried`: without waiting, so that it harms nobody in a handler. Takes the
 * session's lock. */
void handlers_note(struct thread *t, uint32_t lock, struct recording_held *held, struct stack_record *stack,
                   bool tried, const struct call_site *call);

/* Forget everything: a new recording begins. */
void handlers_start(void);

#endif
