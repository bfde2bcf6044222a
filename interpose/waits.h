/* Waits: published before a thread blocks, so that the last one to block sees the whole knot
 * (detector/wait_graph.h). */
#ifndef GORDIAN_INTERPOSE_WAITS_H
#define GORDIAN_INTERPOSE_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#include "interpose/stack_memo.h"
#include "interpose/thread.h"

/* The thread is about to block: publish the wait, look for a knot that it completes, and do what on_deadlock
 * says if there is one. `stack` may be NULL. They take the session's lock where they must. */
void waits_lock(struct thread *t, uint32_t lock, uint32_t mode, bool timed, struct stack_record *stack,
                const struct call_site *call);
void waits_join(struct thread *t, uint32_t thread, bool timed, struct stack_record *stack,
                const struct call_site *call);

/* It does not wait any more. */
void waits_over(struct thread *t);

/* The thread's last destructors have run: report the threads that wait for what it still holds. */
void waits_thread_gone(struct thread *t);

/* Return the entry by which a thread's own account says that it holds the lock in a mode that excludes
 * `mode`, or NULL. The account of another thread may be changing. */
const struct recording_held *waits_account_of(const struct thread *t, uint32_t lock, uint32_t mode);

#endif
