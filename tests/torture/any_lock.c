#define _GNU_SOURCE
#include "tests/torture/any_lock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void any_lock_must(int error, const char *what) {
    if (error == 0)
        return;
    dprintf(2, "torture: %s: %s\n", what, strerror(error));
    _exit(3);
}

static struct timespec far_away(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    at.tv_sec += 1000;
    return at;
}

static void mutex_init(pthread_mutex_t *mutex, enum any_lock_kind kind) {
    static const int types[] = {PTHREAD_MUTEX_NORMAL,      PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                                PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_MUTEX_NORMAL,    PTHREAD_MUTEX_NORMAL,
                                PTHREAD_MUTEX_NORMAL};
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, types[kind]);
    if (kind == ANY_MUTEX_ROBUST)
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (kind == ANY_MUTEX_INHERIT)
        pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    if (kind == ANY_MUTEX_SHARED)
        pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    any_lock_must(pthread_mutex_init(mutex, &attributes), "pthread_mutex_init");
    pthread_mutexattr_destroy(&attributes);
}

void any_lock_init(struct any_lock *lock, enum any_lock_kind kind) {
    pthread_rwlockattr_t attributes;
    lock->kind = kind;
    lock->counter = 0;
    switch (kind) {
    case ANY_C11:
        any_lock_must(mtx_init(&lock->mtx, mtx_plain) != thrd_success, "mtx_init");
        break;
    case ANY_C11_TIMED_RECURSIVE:
        any_lock_must(mtx_init(&lock->mtx, mtx_timed | mtx_recursive) != thrd_success, "mtx_init");
        break;
    case ANY_RWLOCK:
    case ANY_RWLOCK_WRITERS:
        pthread_rwlockattr_init(&attributes);
        if (kind == ANY_RWLOCK_WRITERS)
            pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
        any_lock_must(pthread_rwlock_init(&lock->rwlock, &attributes), "pthread_rwlock_init");
        pthread_rwlockattr_destroy(&attributes);
        break;
    case ANY_SEMAPHORE:
        any_lock_must(sem_init(&lock->semaphore, 0, 1) ? errno : 0, "sem_init");
        break;
    case ANY_SPIN:
        any_lock_must(pthread_spin_init(&lock->spin, PTHREAD_PROCESS_PRIVATE), "pthread_spin_init");
        break;
    default:
        mutex_init(&lock->mutex, kind);
    }
}

void any_lock_destroy(struct any_lock *lock) {
    switch (lock->kind) {
    case ANY_C11:
    case ANY_C11_TIMED_RECURSIVE:
        mtx_destroy(&lock->mtx);
        break;
    case ANY_RWLOCK:
    case ANY_RWLOCK_WRITERS:
        any_lock_must(pthread_rwlock_destroy(&lock->rwlock), "pthread_rwlock_destroy");
        break;
    case ANY_SEMAPHORE:
        any_lock_must(sem_destroy(&lock->semaphore) ? errno : 0, "sem_destroy");
        break;
    case ANY_SPIN:
        any_lock_must(pthread_spin_destroy(&lock->spin), "pthread_spin_destroy");
        break;
    default:
        any_lock_must(pthread_mutex_destroy(&lock->mutex), "pthread_mutex_destroy");
    }
}

bool any_lock_has_readers(const struct any_lock *lock) {
    return lock->kind == ANY_RWLOCK || lock->kind == ANY_RWLOCK_WRITERS;
}

bool any_lock_is_recursive(const struct any_lock *lock) {
    return lock->kind == ANY_MUTEX_RECURSIVE || lock->kind == ANY_C11_TIMED_RECURSIVE;
}

/* A signal may end a semaphore's wait; the others go on by themselves. */
static void wait_for_semaphore(sem_t *semaphore) {
    while (sem_wait(semaphore) != 0)
        any_lock_must(errno == EINTR ? 0 : errno, "sem_wait");
}

void any_lock_take_plainly(struct any_lock *lock, bool shared) {
    switch (lock->kind) {
    case ANY_C11:
    case ANY_C11_TIMED_RECURSIVE:
        any_lock_must(mtx_lock(&lock->mtx) != thrd_success, "mtx_lock");
        break;
    case ANY_RWLOCK:
    case ANY_RWLOCK_WRITERS:
        any_lock_must(shared ? pthread_rwlock_rdlock(&lock->rwlock) : pthread_rwlock_wrlock(&lock->rwlock),
                      "pthread_rwlock");
        break;
    case ANY_SEMAPHORE:
        wait_for_semaphore(&lock->semaphore);
        break;
    case ANY_SPIN:
        any_lock_must(pthread_spin_lock(&lock->spin), "pthread_spin_lock");
        break;
    default:
        any_lock_must(pthread_mutex_lock(&lock->mutex), "pthread_mutex_lock");
    }
}

static void take_in_time(struct any_lock *lock, bool shared, clockid_t clock) {
    struct timespec at = far_away(clock);
    bool realtime = clock == CLOCK_REALTIME;
    int result = 0;
    switch (lock->kind) {
    case ANY_C11_TIMED_RECURSIVE:
        at = far_away(CLOCK_REALTIME);
        result = mtx_timedlock(&lock->mtx, &at) != thrd_success;
        break;
    case ANY_RWLOCK:
    case ANY_RWLOCK_WRITERS:
        if (shared)
            result = realtime ? pthread_rwlock_timedrdlock(&lock->rwlock, &at)
                              : pthread_rwlock_clockrdlock(&lock->rwlock, clock, &at);
        else
            result = realtime ? pthread_rwlock_timedwrlock(&lock->rwlock, &at)
                              : pthread_rwlock_clockwrlock(&lock->rwlock, clock, &at);
        break;
    case ANY_SEMAPHORE:
        do
            result = (realtime ? sem_timedwait(&lock->semaphore, &at)
                               : sem_clockwait(&lock->semaphore, clock, &at))
                         ? errno
                         : 0;
        while (result == EINTR);
        break;
    case ANY_C11:
    case ANY_SPIN:
        any_lock_take_plainly(lock, shared);
        break;
    case ANY_MUTEX_INHERIT: /* whose clock is always the same */
        at = far_away(CLOCK_REALTIME);
        result = pthread_mutex_timedlock(&lock->mutex, &at);
        break;
    default:
        result = realtime ? pthread_mutex_timedlock(&lock->mutex, &at)
                          : pthread_mutex_clocklock(&lock->mutex, clock, &at);
    }
    any_lock_must(result, "a timed lock");
}

bool any_lock_try(struct any_lock *lock) {
    int result;
    switch (lock->kind) {
    case ANY_C11:
    case ANY_C11_TIMED_RECURSIVE:
        return mtx_trylock(&lock->mtx) == thrd_success;
    case ANY_RWLOCK:
    case ANY_RWLOCK_WRITERS:
        result = pthread_rwlock_trywrlock(&lock->rwlock);
        break;
    case ANY_SEMAPHORE:
        result = sem_trywait(&lock->semaphore) == 0 ? 0 : errno == EAGAIN ? EBUSY : errno;
        break;
    case ANY_SPIN:
        result = pthread_spin_trylock(&lock->spin);
        break;
    default:
        result = pthread_mutex_trylock(&lock->mutex);
    }
    any_lock_must(result == EBUSY ? 0 : result, "a try");
    return result == 0;
}

void any_lock_take(struct any_lock *lock, bool shared, struct dice *dice) {
    shared = shared && any_lock_has_readers(lock);
    switch (dice_throw(dice, 8)) {
    case 0:
        take_in_time(lock, shared, CLOCK_REALTIME);
        break;
    case 1:
        take_in_time(lock, shared, CLOCK_MONOTONIC);
        break;
    case 2:
        if (shared || !any_lock_try(lock))
            any_lock_take_plainly(lock, shared);
        break;
    default:
        any_lock_take_plainly(lock, shared);
    }
}

void any_lock_release(struct any_lock *lock) {
    switch (lock->kind) {
    case ANY_C11:
    case ANY_C11_TIMED_RECURSIVE:
        any_lock_must(mtx_unlock(&lock->mtx) != thrd_success, "mtx_unlock");
        break;
    case ANY_RWLOCK:
    case ANY_RWLOCK_WRITERS:
        any_lock_must(pthread_rwlock_unlock(&lock->rwlock), "pthread_rwlock_unlock");
        break;
    case ANY_SEMAPHORE:
        any_lock_must(sem_post(&lock->semaphore) ? errno : 0, "sem_post");
        break;
    case ANY_SPIN:
        any_lock_must(pthread_spin_unlock(&lock->spin), "pthread_spin_unlock");
        break;
    default:
        any_lock_must(pthread_mutex_unlock(&lock->mutex), "pthread_mutex_unlock");
    }
}
