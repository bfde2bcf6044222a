/* Misuse of the API.
 *
 * What a call contradicts is looked for before the call, since afterwards the object may be gone, and
 * reported when the call went through. Only what is certain is reported: what our own account says must agree
 * with what libc keeps in the object, as far as it keeps anything there. A misuse is recorded once for each
 * pair of places and counted.
 *
 * All of them take the session's lock where they must; `stack` may be NULL.
 */
#ifndef GORDIAN_INTERPOSE_MISUSE_H
#define GORDIAN_INTERPOSE_MISUSE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "interpose/acquire.h"
#include "interpose/thread.h"

/* The earlier event that a misuse contradicts. */
struct misuse_event {
    uint32_t thread; /* 0: none is known */
    uint32_t mode;
    uint32_t stack; /* 0: only `site` is known */
    uint64_t site;
};

/* Record it: `t` misuses `lock` at `stack`. */
void misuse_report(struct thread *t, enum finding_kind kind, enum finding_severity severity, uint32_t lock,
                   uint32_t mode, struct stack_record *stack, const struct call_site *call,
                   const struct misuse_event *earlier);

/* How another thread than `t` (NULL: any thread) holds the lock in a mode that excludes `mode`. */
struct misuse_event misuse_holder(struct thread *t, const struct thread *except, uint32_t lock,
                                  uint32_t mode);

/* Where the lock was initialised. */
struct misuse_event misuse_origin(uint32_t lock);

/* A release of what the thread does not hold. */
struct misuse_release {
    uint32_t kind; /* enum finding_kind; 0: nothing is wrong, or it cannot be told */
    struct misuse_event holder;
};
/* Whether libc keeps in the mutex, rwlock or spinlock that nobody has it; false when that cannot be told. */
bool misuse_is_free(const void *object, uint32_t kind);

struct misuse_release misuse_release_look(struct thread *t, const struct primitive *p, const void *object,
                                          uint32_t lock);
void misuse_release_report(struct thread *t, const struct misuse_release *release, uint32_t lock,
                           struct stack_record *stack, const struct call_site *call);

/* The thread, which holds it already, was refused another acquisition (EDEADLK). */
void misuse_relock(struct thread *t, uint32_t lock, uint32_t mode, struct stack_record *stack,
                   const struct call_site *call);

/* A new object was found at `object`: report it if one was destroyed there and nothing was initialised since.
 */
void misuse_use_destroyed(struct thread *t, const void *object, uint32_t kind, uint32_t lock,
                          struct stack_record *stack, const struct call_site *call);

/* An object is about to be initialised, or destroyed. Returns what the call contradicts. */
struct misuse_release misuse_init_look(struct thread *t, const void *object, uint32_t kind);
struct misuse_release misuse_destroy_look(struct thread *t, const void *object, uint32_t kind);

/* The thread is about to be gone with these locks. */
void misuse_exit_holding(struct thread *t);

/* The thread is about to call fork: with locks of its own held (note). What its fork handlers take does not
 * count. */
void misuse_fork_holding(struct thread *t, const struct call_site *call);

/* A lock was tried in vain (EBUSY, or a limit passed): in a forked child it may be held by a thread that was
 * not forked with it, and never be released. */
void misuse_fork_lost(struct thread *t, const void *object, uint32_t kind, uint32_t mode,
                      const struct call_site *call);

/* The thread is about to wait for a condition with a mutex that it does not hold by its account. Returns
 * whether that is so in truth, and was reported. */
bool misuse_wait_unlocked(struct thread *t, const pthread_mutex_t *mutex, struct stack_record *stack,
                          const struct call_site *call);

/* The thread is about to wait for the condition with that mutex: others may do so with another one. */
void misuse_two_mutexes(struct thread *t, uint32_t condition, uint32_t mutex, struct stack_record *stack,
                        const struct call_site *call);

/* The thread, which holds locks besides `besides`, is about to wait for something that is no lock (note). */
void misuse_wait_holding(struct thread *t, uint32_t target, struct stack_record *stack, uint32_t besides,
                         const struct call_site *call);

#endif
