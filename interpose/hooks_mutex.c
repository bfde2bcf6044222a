/* pthread_mutex_* */
#define _GNU_SOURCE
#include "interpose/acquire.h"
#include "interpose/gil.h"
#include "interpose/objects.h"
#include "interpose/unwinder.h"

/* Without the shortcuts: a mutex that this thread holds itself, or another process may hold, is tried in
 * earnest, since session_try_lock may be the lock that waits. */
int hooks_try_mutex(void *mutex) {
    uint64_t known = lock_table_get(mutex);
    if (known & LOCK_TABLE_UNTRIABLE)
        return EBUSY;
    bool earnest = known & LOCK_TABLE_WATCHED || thread_holds(thread_now, (uint32_t)known);
    return real_is_libc && earnest ? REAL(pthread_mutex_trylock)(mutex) : session_try_lock(mutex);
}

static int take_mutex(void *mutex) {
    return REAL(pthread_mutex_lock)(mutex);
}

static int release_mutex(void *mutex) {
    return REAL(pthread_mutex_unlock)(mutex);
}

/* A mutex that this thread holds itself is waited for in vain, unless its type says otherwise. */
bool hooks_mutex_answers(void *mutex, const struct recording_held *held) {
    (void)held;
    struct locks_mutex_type type = locks_mutex_type(mutex);
    return type.recursive || type.errorcheck;
}

static int lock_otherwise(void *mutex, uint64_t pc, uint64_t sp, uint64_t bp);
static int unlock_otherwise(void *mutex, uint64_t pc, uint64_t sp, uint64_t bp);

const struct primitive hooks_mutex = {.kind = LOCK_KIND_MUTEX,
                                      .family = RECORDING_FAMILY_MUTEX,
                                      .mode = LOCK_EXCLUSIVE,
                                      .wait = WAIT_LOCK,
                                      .try_now = hooks_try_mutex,
                                      .take_free = hooks_take_free_mutex,
                                      .take = take_mutex,
                                      .release = release_mutex,
                                      .acquire_otherwise = lock_otherwise,
                                      .release_otherwise = unlock_otherwise,
                                      .answers = hooks_mutex_answers};

/* With a limit it is always tried in earnest: session_try_lock may be the lock that waits, and without a
 * limit. A robust one is not tried; this may be the first that is seen of it. */
static int try_before_limit(void *mutex) {
    return locks_mutex_type(mutex).robust ? EBUSY : REAL(pthread_mutex_trylock)(mutex);
}

const struct primitive hooks_mutex_limited = {.kind = LOCK_KIND_MUTEX,
                                              .family = RECORDING_FAMILY_MUTEX,
                                              .mode = LOCK_EXCLUSIVE,
                                              .wait = WAIT_LOCK,
                                              .try_now = try_before_limit,
                                              .answers = hooks_mutex_answers};

/* libunwind's own locks, taken while it runs under ours, need not be. */
static bool superfluous(void) {
    struct thread *t = thread_now;
    return t && t->special & THREAD_BUSY && unwinder_inside();
}

static __attribute__((noinline)) int lock_otherwise(void *mutex, uint64_t pc, uint64_t sp, uint64_t bp) {
    if (__builtin_expect(gil_within(mutex), 0)) {
        gil_mutex_lock(thread_now);
        return REAL(pthread_mutex_lock)(mutex);
    }
    return superfluous() ? 0 : acquire_slow(&hooks_mutex, mutex, pc, sp, bp);
}

static __attribute__((noinline)) int unlock_otherwise(void *mutex, uint64_t pc, uint64_t sp, uint64_t bp) {
    if (__builtin_expect(gil_within(mutex), 0)) {
        gil_mutex_unlocked(thread_now, mutex);
        return REAL(pthread_mutex_unlock)(mutex);
    }
    return superfluous() ? 0 : release_slow(&hooks_mutex, mutex, pc, sp, bp);
}

/* A recursive mutex once more: nothing is new but the depth. */
static __attribute__((noinline)) int lock_again(void *mutex, uint64_t pc, uint64_t sp, uint64_t bp) {
    struct thread *t = thread_now;
    struct recording_held *last = &t->held[t->slot->held_count - 1];
    if (!last->lock || !t->owner || !mutex_word_deepen(mutex, t->owner, true))
        return acquire_again(&hooks_mutex, mutex, pc, sp, bp);
    t->slot->events[RECORDING_FAMILY_MUTEX]++;
    last->depth++;
    return 0;
}

static __attribute__((noinline)) int unlock_once(void *mutex, uint64_t pc, uint64_t sp, uint64_t bp) {
    struct thread *t = thread_now;
    struct recording_held *last = &t->held[t->slot->held_count - 1];
    if (last->depth & RECORDING_HELD_SAMPLED || !t->owner || !mutex_word_deepen(mutex, t->owner, false))
        return release_deeper(&hooks_mutex, mutex, pc, sp, bp);
    last->depth--;
    return 0;
}

HOOK int pthread_mutex_lock(pthread_mutex_t *mutex) {
    return acquire(&hooks_mutex, mutex, lock_again);
}

HOOK int pthread_mutex_unlock(pthread_mutex_t *mutex) {
    return release(&hooks_mutex, mutex, hooks_release_mutex, unlock_once);
}

HOOK int pthread_mutex_trylock(pthread_mutex_t *mutex) {
    struct call_site call = CALL_SITE();
    if (gil_within(mutex))
        return REAL(pthread_mutex_trylock)(mutex);
    if (superfluous())
        return 0;
    return acquire_tried(&hooks_mutex, mutex, REAL(pthread_mutex_trylock)(mutex), &call);
}

HOOK int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until) {
    struct call_site call = CALL_SITE();
    struct timed_wait wait;
    if (!acquire_timed_begins(&wait, &hooks_mutex_limited, mutex, CLOCK_REALTIME, until, &call))
        return acquire_tried(&hooks_mutex, mutex, wait.result, &call);
    int result = REAL(pthread_mutex_timedlock)(mutex, until);
    acquire_timed_ends(&wait);
    return acquire_tried(&hooks_mutex, mutex, result, &call);
}

HOOK int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until) {
    struct call_site call = CALL_SITE();
    struct timed_wait wait;
    if (!acquire_timed_begins(&wait, &hooks_mutex_limited, mutex, clock, until, &call))
        return acquire_tried(&hooks_mutex, mutex, wait.result, &call);
    int result = REAL(pthread_mutex_clocklock)(mutex, clock, until);
    acquire_timed_ends(&wait);
    return acquire_tried(&hooks_mutex, mutex, result, &call);
}

HOOK int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes) {
    struct call_site call = CALL_SITE();
    struct object_change change;
    object_init_begins(&change, mutex, LOCK_KIND_MUTEX, &call);
    int result = REAL(pthread_mutex_init)(mutex, attributes);
    object_init_ends(&change, result, &call);
    return result;
}

HOOK int pthread_mutex_destroy(pthread_mutex_t *mutex) {
    struct call_site call = CALL_SITE();
    struct object_change change;
    object_destroy_begins(&change, mutex, LOCK_KIND_MUTEX, &call);
    int result = REAL(pthread_mutex_destroy)(mutex);
    object_destroy_ends(&change, result, &call);
    return result;
}

ALIAS(pthread_mutex_lock, __pthread_mutex_lock)
ALIAS(pthread_mutex_unlock, __pthread_mutex_unlock)
ALIAS(pthread_mutex_trylock, __pthread_mutex_trylock)
ALIAS(pthread_mutex_init, __pthread_mutex_init)
ALIAS(pthread_mutex_destroy, __pthread_mutex_destroy)
