/* Waits: published before a thread blocks, so that the last one to block sees the whole knot
 * (detector/wait_graph.h).
 */
#ifndef GORDIAN_INTERPOSE_WAITS_H
#define GORDIAN_INTERPOSE_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#include "detector/wait_graph.h"
#include "interpose/stack_memo.h"
#include "interpose/thread.h"

/* What a slot says of a wait. */
struct wait_state {
    uint32_t kind, target, mode, lock, stack, timed;
    uint64_t address, since_ns, ticket, sp;
};

struct wait {
    enum wait_kind kind;
    uint32_t target; /* the lock, condition, semaphore or barrier; WAIT_JOIN: the thread */
    uint32_t mode;   /* WAIT_LOCK: enum lock_mode; WAIT_BARRIER: the round (parties.h) */
    uint32_t lock;   /* WAIT_CONDITION: its mutex */
    bool timed;
    const void *address;        /* of the target */
    struct stack_record *stack; /* may be NULL */
    struct wait_state outer; /* waits.c's: the wait that a signal handler, which waits now, has interrupted */
};

/* The thread is about to block: publish the wait, look for a knot that it completes, and do what on_deadlock
 * says if there is one. `wait` stays valid until waits_over. Takes the session's lock where it must. */
void waits_begin(struct thread *t, struct wait *wait, const struct call_site *call);

/* It does not wait any more. Returns how long it did, in nanoseconds. */
uint64_t waits_over(struct thread *t, const struct wait *wait);

/* The thread counts from here on among those that may still run and release others. */
void waits_thread_runs(struct thread *t);

/* The thread's last destructors have run: report the threads that wait for what it still holds, and those
 * that nobody is left to wake. */
void waits_thread_gone(struct thread *t);

/* The same without a look: it never began, or was joined. For the holder of the session's lock. */
void waits_thread_uncounted(struct thread *t);

/* Forget everything: a new recording begins. */
void waits_start(void);

/* Return the entry by which a thread's own account says that it holds the lock in a mode that excludes
 * `mode`, or NULL. The account of another thread may be changing. */
const struct recording_held *waits_account_of(const struct thread *t, uint32_t lock, uint32_t mode);

#endif
