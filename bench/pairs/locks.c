/* Each primitive by itself, nested, and one of many. */
#define _GNU_SOURCE
#include "bench/pairs/shapes.h"

#include <stdlib.h>
#include <time.h>

/* ---- making ---- */

static void make_with(union lock *lock, int type, int robust, int protocol, int shared) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setrobust(&attributes, robust);
    pthread_mutexattr_setprotocol(&attributes, protocol);
    pthread_mutexattr_setpshared(&attributes, shared);
    if (pthread_mutex_init(&lock->mutex, &attributes) != 0)
        abort();
    pthread_mutexattr_destroy(&attributes);
}

static void make_mutex(union lock *lock) {
    pthread_mutex_init(&lock->mutex, NULL);
}

static void make_recursive(union lock *lock) {
    make_with(lock, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE,
              PTHREAD_PROCESS_PRIVATE);
}

static void make_errorcheck(union lock *lock) {
    make_with(lock, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE,
              PTHREAD_PROCESS_PRIVATE);
}

static void make_adaptive(union lock *lock) {
    make_with(lock, PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE,
              PTHREAD_PROCESS_PRIVATE);
}

static void make_robust(union lock *lock) {
    make_with(lock, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
}

static void make_inherit(union lock *lock) {
    make_with(lock, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT,
              PTHREAD_PROCESS_PRIVATE);
}

static void make_process_shared(union lock *lock) {
    make_with(lock, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED);
}

static void make_rwlock(union lock *lock) {
    pthread_rwlock_init(&lock->rwlock, NULL);
}

static void make_writers_first(union lock *lock) {
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&lock->rwlock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

static void make_spin(union lock *lock) {
    pthread_spin_init(&lock->spin, PTHREAD_PROCESS_PRIVATE);
}

static void make_semaphore(union lock *lock) {
    sem_init(&lock->semaphore, 0, 1);
}

static void make_mtx(union lock *lock) {
    mtx_init(&lock->mtx, mtx_plain);
}

static void nothing(void) {}

/* Done before it is measured: what is measured is asking whether it is done. */
static void make_once(union lock *lock) {
    lock->once = PTHREAD_ONCE_INIT;
    pthread_once(&lock->once, nothing);
}

static void make_stream(union lock *lock) {
    lock->stream = fopen("/dev/null", "w");
    if (!lock->stream)
        abort();
}

/* ---- one lock ---- */

static void turn_mutex(struct worker *worker) {
    pthread_mutex_lock(&worker->locks->mutex);
    pthread_mutex_unlock(&worker->locks->mutex);
}

/* The same lock twice. */
static void turn_twice(struct worker *worker) {
    pthread_mutex_lock(&worker->locks->mutex);
    pthread_mutex_lock(&worker->locks->mutex);
    pthread_mutex_unlock(&worker->locks->mutex);
    pthread_mutex_unlock(&worker->locks->mutex);
}

static void turn_try(struct worker *worker) {
    if (pthread_mutex_trylock(&worker->locks->mutex) == 0)
        pthread_mutex_unlock(&worker->locks->mutex);
}

/* Never waits, so a time that is past will do. */
static void turn_timed(struct worker *worker) {
    static const struct timespec past = {1, 0};
    if (pthread_mutex_timedlock(&worker->locks->mutex, &past) == 0)
        pthread_mutex_unlock(&worker->locks->mutex);
}

static void turn_read(struct worker *worker) {
    pthread_rwlock_rdlock(&worker->locks->rwlock);
    pthread_rwlock_unlock(&worker->locks->rwlock);
}

static void turn_write(struct worker *worker) {
    pthread_rwlock_wrlock(&worker->locks->rwlock);
    pthread_rwlock_unlock(&worker->locks->rwlock);
}

static void turn_spin(struct worker *worker) {
    pthread_spin_lock(&worker->locks->spin);
    pthread_spin_unlock(&worker->locks->spin);
}

static void turn_semaphore(struct worker *worker) {
    sem_wait(&worker->locks->semaphore);
    sem_post(&worker->locks->semaphore);
}

static void turn_mtx(struct worker *worker) {
    mtx_lock(&worker->locks->mtx);
    mtx_unlock(&worker->locks->mtx);
}

static void turn_once(struct worker *worker) {
    pthread_once(&worker->locks->once, nothing);
}

static void turn_stream(struct worker *worker) {
    flockfile(worker->locks->stream);
    funlockfile(worker->locks->stream);
}

static void turn_make(struct worker *worker) {
    pthread_mutex_init(&worker->locks->mutex, NULL);
    pthread_mutex_destroy(&worker->locks->mutex);
}

static void turn_make_and_use(struct worker *worker) {
    pthread_mutex_init(&worker->locks->mutex, NULL);
    pthread_mutex_lock(&worker->locks->mutex);
    pthread_mutex_unlock(&worker->locks->mutex);
    pthread_mutex_destroy(&worker->locks->mutex);
}

/* ---- several, one inside the other: each is taken in a place of its own ---- */

#define TAKE(n) pthread_mutex_lock(&locks[n].mutex)
#define LEAVE(n) pthread_mutex_unlock(&locks[n].mutex)
#define TAKE_4(n) (TAKE(n), TAKE((n) + 1), TAKE((n) + 2), TAKE((n) + 3))
#define LEAVE_4(n) (LEAVE((n) + 3), LEAVE((n) + 2), LEAVE((n) + 1), LEAVE(n))

static void turn_two(struct worker *worker) {
    union lock *locks = worker->locks;
    TAKE(0);
    TAKE(1);
    LEAVE(1);
    LEAVE(0);
}

static void turn_four(struct worker *worker) {
    union lock *locks = worker->locks;
    TAKE_4(0);
    LEAVE_4(0);
}

static void turn_eight(struct worker *worker) {
    union lock *locks = worker->locks;
    TAKE_4(0), TAKE_4(4);
    LEAVE_4(4), LEAVE_4(0);
}

static void turn_forty(struct worker *worker) {
    union lock *locks = worker->locks;
    TAKE_4(0), TAKE_4(4), TAKE_4(8), TAKE_4(12), TAKE_4(16);
    TAKE_4(20), TAKE_4(24), TAKE_4(28), TAKE_4(32), TAKE_4(36);
    LEAVE_4(36), LEAVE_4(32), LEAVE_4(28), LEAVE_4(24), LEAVE_4(20);
    LEAVE_4(16), LEAVE_4(12), LEAVE_4(8), LEAVE_4(4), LEAVE_4(0);
}

/* Four neighbours, elsewhere each turn: with 1,000 locks 997 places, and 2,994 pairs of held and wanted lock.
 */
static void turn_moving_four(struct worker *worker) {
    union lock *locks = &worker->locks[worker_random(worker, worker->locks_count - 3)];
    TAKE_4(0);
    LEAVE_4(0);
}

/* One of many, anywhere. */
static void turn_random(struct worker *worker) {
    union lock *lock = &worker->locks[worker_random(worker, worker->locks_count)];
    pthread_mutex_lock(&lock->mutex);
    pthread_mutex_unlock(&lock->mutex);
}

const struct shape shapes_locks[] = {
    {"mutex", turn_mutex, make_mutex, 1, TIMING_PROCESSOR, 1, 0},
    {"recursive", turn_mutex, make_recursive, 1, TIMING_PROCESSOR, 1, 0},
    {"recursive_twice", turn_twice, make_recursive, 2, TIMING_PROCESSOR, 1, 0},
    {"errorcheck", turn_mutex, make_errorcheck, 1, TIMING_PROCESSOR, 1, 0},
    {"adaptive", turn_mutex, make_adaptive, 1, TIMING_PROCESSOR, 1, 0},
    {"robust", turn_mutex, make_robust, 1, TIMING_PROCESSOR, 1, 0},
    {"inherit", turn_mutex, make_inherit, 1, TIMING_PROCESSOR, 1, 0},
    {"process_shared", turn_mutex, make_process_shared, 1, TIMING_PROCESSOR, 1, 0},
    {"trylock", turn_try, make_mutex, 1, TIMING_PROCESSOR, 1, 0},
    {"timedlock", turn_timed, make_mutex, 1, TIMING_PROCESSOR, 1, 0},
    {"read", turn_read, make_rwlock, 1, TIMING_PROCESSOR, 1, 0},
    {"write", turn_write, make_rwlock, 1, TIMING_PROCESSOR, 1, 0},
    {"read_writers_first", turn_read, make_writers_first, 1, TIMING_PROCESSOR, 1, 0},
    {"spin", turn_spin, make_spin, 1, TIMING_PROCESSOR, 1, 0},
    {"semaphore", turn_semaphore, make_semaphore, 1, TIMING_PROCESSOR, 1, 0},
    {"c11", turn_mtx, make_mtx, 1, TIMING_PROCESSOR, 1, 0},
    {"once", turn_once, make_once, 1, TIMING_PROCESSOR, 1, 0},
    {"stream", turn_stream, make_stream, 1, TIMING_PROCESSOR, 1, 0},
    {"two", turn_two, make_mutex, 2, TIMING_PROCESSOR, 2, 0},
    {"four", turn_four, make_mutex, 4, TIMING_PROCESSOR, 4, 0},
    {"eight", turn_eight, make_mutex, 8, TIMING_PROCESSOR, 8, 0},
    {"forty", turn_forty, make_mutex, 40, TIMING_PROCESSOR, 40, 0},
    {"moving_four", turn_moving_four, make_mutex, 4, TIMING_PROCESSOR, 1000, 0},
    {"random", turn_random, make_mutex, 1, TIMING_PROCESSOR, 1, 0},
    {"contended", turn_mutex, make_mutex, 1, TIMING_SHARED, 1, 0},
    {"contended_read", turn_read, make_rwlock, 1, TIMING_SHARED, 1, 0},
    {"make", turn_make, make_mutex, 1, TIMING_PROCESSOR, 1, 0},
    {"make_and_use", turn_make_and_use, make_mutex, 1, TIMING_PROCESSOR, 1, 0},
    {NULL, NULL, NULL, 0, TIMING_PROCESSOR, 0, 0},
};
