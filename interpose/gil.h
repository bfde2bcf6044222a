/* CPython's global interpreter lock (GIL).
 *
 * It is no user's lock, so it takes no part in lock orders and predictions. But it deadlocks with those that
 * are: a thread that holds it waits for a mutex whose owner waits for it.
 *
 * Who holds it is not derived from what happens to the mutex and the condition that it is made of: the
 * interpreter itself tells each thread about that thread (python_api_attached), and only a thread that is
 * about to block matters. So the account of a thread says that it holds the GIL exactly while it is blocked
 * with it.
 *
 * Who wants it is seen: a wait with a time limit for a condition inside _PyRuntime is one turn of the loop in
 * take_gil (Python/ceval_gil.c), which goes on until the GIL is taken and ends by unlocking the mutex. That
 * is one wait for a lock, without a limit. All other locks and conditions inside _PyRuntime are the
 * interpreter's own and are not looked at.
 *
 * Thread-safe: each function is about the calling thread.
 */
#ifndef GORDIAN_INTERPOSE_GIL_H
#define GORDIAN_INTERPOSE_GIL_H

#include <stdbool.h>
#include <stdint.h>

#include "interpose/stack_memo.h"

struct thread;

/* Where _PyRuntime is; no bytes while there is no interpreter. */
extern uint64_t gil_runtime, gil_runtime_bytes;

/* The id of the GIL, the lock (LOCK_KIND_GIL) at the address of _PyRuntime; 0 until it is needed. */
extern uint32_t gil_lock;

/* Whether the mutex or condition is the interpreter's own: calls about it are passed on as they are, but for
 * the three below. */
static inline bool gil_within(const void *address) {
    return (uint64_t)(uintptr_t)address - gil_runtime < gil_runtime_bytes;
}

/* Before the thread locks a mutex that is gil_within. */
void gil_mutex_lock(struct thread *t);

/* Before it waits, with a limit, for a condition that is gil_within: it wants the GIL from here on. */
void gil_condition_wait(struct thread *t, const void *mutex, const struct call_site *call);

/* After it has unlocked a mutex that is gil_within. */
void gil_mutex_unlocked(struct thread *t, const void *mutex);

/* The thread is about to block: if it holds the GIL, say so in its account. Not under the session's lock. */
void gil_account(struct thread *t, const struct call_site *call);

/* It is blocked no more. */
void gil_unaccount(struct thread *t);

/* The interpreter was found or, with no bytes, is gone. */
void gil_found(uint64_t runtime, uint64_t bytes);

/* Forget the lock: a new recording begins. */
void gil_restart(void);

#endif
