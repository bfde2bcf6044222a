/* Locks: their ids, and what is known of each.
 *
 * A lock gets an id when it is initialised or first locked, and a new one whenever its address is initialised
 * again. Its record is written only when something is recorded about it; ids of locks that never took part in
 * anything are used again, so that short-lived locks cost nothing that stays.
 */
#ifndef GORDIAN_INTERPOSE_LOCKS_H
#define GORDIAN_INTERPOSE_LOCKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "detector/recording.h"
#include "interpose/stack_memo.h"

struct thread;

struct lock {
    uint64_t address;
    uint32_t kind;               /* enum recording_lock_kind */
    uint32_t owner_stack;        /* the thread on whose stack it lies; 0: on none */
    uint32_t next_own, last_own; /* in the list of locks on that stack; ids that are free use next_own */
    uint32_t initialised, first; /* stacks, for the record */
    bool recorded;               /* its record is in the log */
    bool robust;                 /* the next to lock it is told that its owner is gone, and gets it */
    bool shared;                 /* between processes */
};

/* What glibc keeps in a mutex about its type. It may have been initialised in another process, so its init
 * need not have been seen. All false with another libc. */
struct locks_mutex_type {
    bool recursive, errorcheck, robust, shared;
};
struct locks_mutex_type locks_mutex_type(const pthread_mutex_t *mutex);

/* These three take the session's lock themselves; `stack` may be NULL. */

/* Return the id of the lock at `address`, making one when it is new; 0 without memory. */
uint32_t locks_id(struct thread *t, const void *address, enum recording_lock_kind kind,
                  struct stack_record *stack, const struct call_site *call);

/* A new lock is at `address`. */
void locks_init(struct thread *t, const void *address, enum recording_lock_kind kind,
                struct stack_record *stack, const struct call_site *call);

/* There is no lock at `address` any more. */
void locks_gone(struct thread *t, const void *address);

/* Whether the lock, which is known, is one between processes. Needs no lock. */
bool locks_shared(uint32_t lock);

/* The others are for the holder of the session's lock. */

/* Forget every lock: a new recording begins. */
void locks_start(void);

/* Put a new lock at `address`; returns its id, 0 without memory. */
uint32_t locks_place(struct thread *t, const void *address, enum recording_lock_kind kind,
                     uint32_t initialised, uint32_t first, const struct call_site *call);

/* Return what is known of a lock, NULL for 0 or an unknown id. */
const struct lock *locks_at(uint32_t lock);

/* Write the lock's record, if that was not done. */
void locks_record(uint32_t lock);

/* Return the id of the lock that stands for the thread's life; it is recorded. */
uint32_t locks_of_life(struct thread *t);

/* The thread is gone, and the locks on its stack with it. */
void locks_on_stack_gone(struct thread *t);

/* A module's addresses were unmapped, and the locks in them with it. */
void locks_within_gone(uint64_t start, uint64_t end);

#endif
