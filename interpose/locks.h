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
    uint32_t init_thread;        /* who initialised it; 0: not known */
    uint32_t value;              /* semaphore: its first value; barrier: its count; 0: not known; file: the
                                    descriptor by which it was taken last */
    bool recorded;               /* its record is in the log */
    bool robust;                 /* the next to lock it is told that its owner is gone, and gets it */
    bool shared;                 /* between processes */
    bool prefers_writers;        /* rwlock: readers wait while a writer waits */
    bool signal;                 /* semaphore: posted by threads that did not take it, or counting: no lock */
    bool proven;                 /* semaphore: somebody who took it has posted it */
    bool in_graph;               /* rwlock: the lock graph knows what it prefers */
    bool python;      /* semaphore: the interpreter's, whose callers' functions are kept each time */
    uint32_t life_of; /* semaphore: that thread took it first and posts it last (python.h); 0: none */
    bool inherited;   /* held in the parent when this process was forked off */

    /* These are changed without the session's lock. */
    uint64_t word;   /* condition, barrier: see parties.h; once: whether it has ended; file: its inode */
    uint64_t device; /* file: with its inode, which one it is */
    uint32_t mutex;  /* condition: the one that its waiters hold */

    struct recording_profile *profile;  /* NULL: none yet */
    bool unprofiled;                    /* counted as one for whose profile there was no room */
    struct lock_signals *signals;       /* for one that a signal handler has taken (handlers.h); else NULL */
    bool taken;                         /* the next three are known */
    uint64_t unblocked;                 /* when it was first taken: the signals whose handlers could run */
    uint32_t taken_thread, taken_stack; /* by whom, where */
};

/* What glibc keeps in a mutex about its type. It may have been initialised in another process, so its init
 * need not have been seen. All false with another libc. */
struct locks_mutex_type {
    bool recursive, errorcheck, robust, shared;
};
struct locks_mutex_type locks_mutex_type(const pthread_mutex_t *mutex);

/* The same of a rwlock: whether readers wait while a writer waits
 * (PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP). */
struct locks_rwlock_type {
    bool prefers_writers, shared;
};
struct locks_rwlock_type locks_rwlock_type(const pthread_rwlock_t *rwlock);

/* These take the session's lock themselves; `stack` may be NULL. */

/* Return the id of the lock at `address`, making one when it is new; 0 without memory. */
uint32_t locks_id(struct thread *t, const void *address, enum recording_lock_kind kind,
                  struct stack_record *stack, const struct call_site *call);

/* A new lock is at `address`; returns its id, 0 without memory. */
uint32_t locks_init(struct thread *t, const void *address, enum recording_lock_kind kind,
                    struct stack_record *stack, const struct call_site *call);

/* There is no lock at `address` any more. */
void locks_gone(struct thread *t, const void *address);

/* The same, by a call that destroys it: remembered for a while, so that its next use can be told
 * (locks_destroyed). */
void locks_destroy(struct thread *t, const void *address, enum recording_lock_kind kind,
                   struct stack_record *stack, const struct call_site *call);

/* The others are for the holder of the session's lock. */

/* Forget every lock: a new recording begins. */
void locks_start(void);

/* Put a new lock at `address`; returns its id, 0 without memory. */
uint32_t locks_place(struct thread *t, const void *address, enum recording_lock_kind kind,
                     uint32_t initialised, uint32_t first, const struct call_site *call);

/* Return what is known of a lock, NULL for 0 or an unknown id. Needs no lock; the address stays valid. */
struct lock *locks_at(uint32_t lock);

/* The lock is one between processes: it is recorded at once, with its place in the file that it lies in,
 * since the process may be killed while it holds it, and stays off the fast path. */
void locks_share(uint32_t lock);

/* Set and clear flags (lock_table.h) of the lock that is at its address. */
void locks_flag(uint32_t lock, uint64_t set, uint64_t clear);

/* A destroyed lock. */
struct locks_ruin {
    uint64_t address;
    uint32_t kind;
    uint32_t thread;      /* that destroyed it */
    uint32_t destroyed;   /* stack */
    uint32_t initialised; /* stack; 0: not known */
};

/* Return what was destroyed at `address` and not initialised again, as far as it is remembered (the last
 * thousands), or NULL. */
const struct locks_ruin *locks_destroyed(const void *address);
void locks_forget_destroyed(const void *address);

/* Write the lock's record, if that was not done. */
void locks_record(uint32_t lock);

/* Record what the semaphore has proved to be, if it is recorded itself. The caller holds the session. */
void locks_record_semaphore(uint32_t lock);

/* Return the id of the lock that stands for the thread's life; it is recorded. */
uint32_t locks_of_life(struct thread *t);

/* The program has given what lies at `address` a name, a copy that stays; NULL: none any more. */
void locks_named(const void *address, const char *name);

/* The lock graph has forgotten them all. */
void locks_out_of_graph(void);

/* Gates have addresses of their own, since what stands for a gate may be a lock, too. */
#define LOCKS_GATE ((uint64_t)1 << 63)
static inline const void *locks_gate(const volatile void *object) {
    return (const void *)((uint64_t)(uintptr_t)object | LOCKS_GATE);
}

/* The thread is gone, and the locks on its stack with it. */
void locks_on_stack_gone(struct thread *t);

/* A module's addresses were unmapped, and the locks in them with it. */
void locks_within_gone(uint64_t start, uint64_t end);

#endif
