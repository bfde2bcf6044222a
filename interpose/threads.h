/* Threads: their creation, end and joining, and the list of them.
 *
 * A thread's state and slot are used again once the thread is gone for good: when it was joined, when its
 * pthread_t has a new owner, or when the kernel has forgotten it.
 */
#ifndef GORDIAN_INTERPOSE_THREADS_H
#define GORDIAN_INTERPOSE_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "interpose/thread.h"

/* The events take the session's lock themselves. */

/* `creator` is about to create a thread. Returns the new thread's state, for threads_begin, or NULL without
 * memory. */
struct thread *threads_created(struct thread *creator, struct stack_record *stack,
                               const struct call_site *call);

/* The creation failed. */
void threads_not_created(struct thread *creator, struct thread *created);

/* The calling thread, created with this state, begins. */
void threads_begin(struct thread *t);

/* Its start routine has returned, or it was cancelled, or it called pthread_exit. Destructors may still run.
 */
void threads_end(struct thread *t);

/* The thread with id `ended` was joined. */
void threads_joined(struct thread *joiner, uint32_t ended);

/* The join of the thread `id`, which threads_by_handle began, came to nothing. */
void threads_not_joined(struct thread *joiner, uint32_t id);

/* The thread with this pthread_t is about to be cancelled. */
void threads_cancelled(struct thread *t, uint64_t handle);

/* The thread knows that the one with id `ended` has come to its end, in another way than by joining it. */
void threads_known_ended(struct thread *t, uint32_t ended);

/* Return the thread with this pthread_t that can be joined or detached, or NULL. Waits for a thread that was
 * created and has not begun. */
struct thread *threads_by_handle(struct thread *t, uint64_t handle, bool join);

/* The others are for the holder of the session's lock. */

/* Forget every thread: a new recording begins. */
void threads_start(void);

/* Return a state for the calling thread, which pthread_create did not make, or NULL without memory. */
struct thread *threads_attach(uint32_t tid);

/* Return the id of a thread that does not live in this process but left something in it: the parent's, after
 * a fork. */
uint32_t threads_ghost(uint32_t tid, const char name[16]);

/* The first of all threads, for thread.next; some of them are gone (slot->state). Needs no lock. */
struct thread *threads_first(void);

/* Return the thread with this pthread_t, be it detached or not, or the one that had it last; NULL when it is
 * not known. */
struct thread *threads_with_handle(uint64_t handle);

/* Return the thread with this id, NULL when it is gone. */
struct thread *threads_at(uint32_t id);

/* Whether the thread will never unlock anything again. */
bool threads_gone(const struct thread *t);

/* Record the thread's name when it is new. */
void threads_record_name(struct thread *t, const char name[16]);

#endif
