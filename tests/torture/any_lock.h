/* A lock of any kind, with a counter that it protects: two threads inside at once would lose counts. */
#ifndef GORDIAN_TESTS_TORTURE_ANY_LOCK_H
#define GORDIAN_TESTS_TORTURE_ANY_LOCK_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <threads.h>

#include "tests/torture/dice.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In the order in which they are nested: a spinlock has nothing but spinlocks inside. */
enum any_lock_kind {
    ANY_MUTEX_NORMAL,
    ANY_MUTEX_RECURSIVE,
    ANY_MUTEX_ERRORCHECK,
    ANY_MUTEX_ADAPTIVE,
    ANY_MUTEX_ROBUST,
    ANY_MUTEX_INHERIT,
    ANY_MUTEX_SHARED,
    ANY_C11,
    ANY_C11_TIMED_RECURSIVE,
    ANY_RWLOCK,
    ANY_RWLOCK_WRITERS,
    ANY_SEMAPHORE,
    ANY_SPIN,
    ANY_KINDS
};

struct any_lock {
    union {
        pthread_mutex_t mutex;
        pthread_rwlock_t rwlock;
        pthread_spinlock_t spin;
        sem_t semaphore;
        mtx_t mtx;
    };
    enum any_lock_kind kind;
    long counter;
};

void any_lock_init(struct any_lock *lock, enum any_lock_kind kind);
void any_lock_destroy(struct any_lock *lock);

/* Take it, to read if `shared` and the kind has readers: by the plain call, or a timed one whose time does
 * not come, or a try and then the plain call. The dice decide. Ends the program if the call fails. */
void any_lock_take(struct any_lock *lock, bool shared, struct dice *dice);

/* Take it by the plain call. */
void any_lock_take_plainly(struct any_lock *lock, bool shared);

/* Return whether it was free, and is taken now. */
bool any_lock_try(struct any_lock *lock);

void any_lock_release(struct any_lock *lock);

bool any_lock_has_readers(const struct any_lock *lock);
bool any_lock_is_recursive(const struct any_lock *lock);

/* Ends the program, which then has no result: `what` failed with this error. */
void any_lock_must(int error, const char *what);

#ifdef __cplusplus
}
#endif

#endif
