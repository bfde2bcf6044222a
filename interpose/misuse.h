/* Misuse of the API: what a call contradicts is found before it, and reported when the call went through. */
#ifndef GORDIAN_INTERPOSE_MISUSE_H
#define GORDIAN_INTERPOSE_MISUSE_H

#include <stdint.h>

#include "interpose/thread.h"

/* Another thread's hold on a lock. */
struct misuse_foreign {
    uint32_t owner; /* 0: nobody holds it */
    uint32_t mode, stack;
    uint64_t site;
};

/* Return the hold of the other thread that holds a lock which `t` is about to release. Takes the session's
 * lock. */
struct misuse_foreign misuse_foreign_owner(struct thread *t, uint32_t lock);

/* `t` has released it: misuse.unlock_not_owner. `stack` may be NULL. Takes the session's lock. */
void misuse_foreign_unlock(struct thread *t, uint32_t lock, const struct misuse_foreign *foreign,
                           struct stack_record *stack, const struct call_site *call);

#endif
