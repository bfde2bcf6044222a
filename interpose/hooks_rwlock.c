/* pthread_rwlock_* */
#define _GNU_SOURCE
#include "interpose/acquire.h"
#include "interpose/objects.h"

static int try_read(void *rwlock) {
    return REAL(pthread_rwlock_tryrdlock)(rwlock);
}

static int take_read(void *rwlock) {
    return REAL(pthread_rwlock_rdlock)(rwlock);
}

static int try_write(void *rwlock) {
    return REAL(pthread_rwlock_trywrlock)(rwlock);
}

static int take_write(void *rwlock) {
    return REAL(pthread_rwlock_wrlock)(rwlock);
}

static int release_rwlock(void *rwlock) {
    return REAL(pthread_rwlock_unlock)(rwlock);
}

/* A writer that wants it again, either way, is refused (EDEADLK). A reader that wants to write waits for
 * itself. */
static bool answers(void *rwlock, const struct recording_held *held) {
    (void)rwlock;
    return held->mode == LOCK_EXCLUSIVE;
}

static inline bool take_free_read(const struct thread *t, void *rwlock) {
    (void)t;
    return REAL(pthread_rwlock_tryrdlock)(rwlock) == 0;
}

static inline bool take_free_write(const struct thread *t, void *rwlock) {
    (void)t;
    return REAL(pthread_rwlock_trywrlock)(rwlock) == 0;
}

static int read_otherwise(void *rwlock, uint64_t pc, uint64_t sp, uint64_t bp);
static int write_otherwise(void *rwlock, uint64_t pc, uint64_t sp, uint64_t bp);
static int unlock_otherwise(void *rwlock, uint64_t pc, uint64_t sp, uint64_t bp);

static const struct primitive read_lock = {.kind = LOCK_KIND_RWLOCK,
                                           .family = RECORDING_FAMILY_RWLOCK,
                                           .mode = LOCK_SHARED,
                                           .wait = WAIT_LOCK,
                                           .try_now = try_read,
                                           .take_free = take_free_read,
                                           .take = take_read,
                                           .release = release_rwlock,
                                           .acquire_otherwise = read_otherwise,
                                           .release_otherwise = unlock_otherwise,
                                           .answers = answers};

static const struct primitive write_lock = {.kind = LOCK_KIND_RWLOCK,
                                            .family = RECORDING_FAMILY_RWLOCK,
                                            .mode = LOCK_EXCLUSIVE,
                                            .wait = WAIT_LOCK,
                                            .try_now = try_write,
                                            .take_free = take_free_write,
                                            .take = take_write,
                                            .release = release_rwlock,
                                            .acquire_otherwise = write_otherwise,
                                            .release_otherwise = unlock_otherwise,
                                            .answers = answers};

static __attribute__((noinline)) int read_otherwise(void *rwlock, uint64_t pc, uint64_t sp, uint64_t bp) {
    return acquire_slow(&read_lock, rwlock, pc, sp, bp);
}

static __attribute__((noinline)) int write_otherwise(void *rwlock, uint64_t pc, uint64_t sp, uint64_t bp) {
    return acquire_slow(&write_lock, rwlock, pc, sp, bp);
}

static __attribute__((noinline)) int unlock_otherwise(void *rwlock, uint64_t pc, uint64_t sp, uint64_t bp) {
    return release_slow(&write_lock, rwlock, pc, sp, bp);
}

HOOK int pthread_rwlock_rdlock(pthread_rwlock_t *rwlock) {
    return acquire(&read_lock, rwlock, NULL);
}

HOOK int pthread_rwlock_wrlock(pthread_rwlock_t *rwlock) {
    return acquire(&write_lock, rwlock, NULL);
}

HOOK int pthread_rwlock_unlock(pthread_rwlock_t *rwlock) {
    return release(&write_lock, rwlock, NULL, NULL);
}

HOOK int pthread_rwlock_tryrdlock(pthread_rwlock_t *rwlock) {
    struct call_site call = CALL_SITE();
    return acquire_tried(&read_lock, rwlock, REAL(pthread_rwlock_tryrdlock)(rwlock), &call);
}

HOOK int pthread_rwlock_trywrlock(pthread_rwlock_t *rwlock) {
    struct call_site call = CALL_SITE();
    return acquire_tried(&write_lock, rwlock, REAL(pthread_rwlock_trywrlock)(rwlock), &call);
}

#define TIMED(lock, clock, real)                                                                             \
    struct call_site call = CALL_SITE();                                                                     \
    struct timed_wait wait;                                                                                  \
    if (!acquire_timed_begins(&wait, &(lock), rwlock, clock, until, &call))                                  \
        return acquire_tried(&(lock), rwlock, wait.result, &call);                                           \
    int result = real;                                                                                       \
    acquire_timed_ends(&wait);                                                                               \
    return acquire_tried(&(lock), rwlock, result, &call);

HOOK int pthread_rwlock_timedrdlock(pthread_rwlock_t *rwlock, const struct timespec *until){
    TIMED(read_lock, CLOCK_REALTIME, REAL(pthread_rwlock_timedrdlock)(rwlock, until))}

HOOK int pthread_rwlock_timedwrlock(pthread_rwlock_t *rwlock, const struct timespec *until){
    TIMED(write_lock, CLOCK_REALTIME, REAL(pthread_rwlock_timedwrlock)(rwlock, until))}

HOOK int pthread_rwlock_clockrdlock(pthread_rwlock_t *rwlock, clockid_t clock, const struct timespec *until){
    TIMED(read_lock, clock, REAL(pthread_rwlock_clockrdlock)(rwlock, clock, until))}

HOOK int pthread_rwlock_clockwrlock(pthread_rwlock_t *rwlock, clockid_t clock, const struct timespec *until){
    TIMED(write_lock, clock, REAL(pthread_rwlock_clockwrlock)(rwlock, clock, until))}

HOOK int pthread_rwlock_init(pthread_rwlock_t *rwlock, const pthread_rwlockattr_t *attributes) {
    struct call_site call = CALL_SITE();
    struct object_change change;
    object_init_begins(&change, rwlock, LOCK_KIND_RWLOCK, &call);
    int result = REAL(pthread_rwlock_init)(rwlock, attributes);
    object_init_ends(&change, result, &call);
    return result;
}

HOOK int pthread_rwlock_destroy(pthread_rwlock_t *rwlock) {
    struct call_site call = CALL_SITE();
    struct object_change change;
    object_destroy_begins(&change, rwlock, LOCK_KIND_RWLOCK, &call);
    int result = REAL(pthread_rwlock_destroy)(rwlock);
    object_destroy_ends(&change, result, &call);
    return result;
}

ALIAS(pthread_rwlock_init, __pthread_rwlock_init)
ALIAS(pthread_rwlock_destroy, __pthread_rwlock_destroy)
ALIAS(pthread_rwlock_rdlock, __pthread_rwlock_rdlock)
ALIAS(pthread_rwlock_wrlock, __pthread_rwlock_wrlock)
ALIAS(pthread_rwlock_tryrdlock, __pthread_rwlock_tryrdlock)
ALIAS(pthread_rwlock_trywrlock, __pthread_rwlock_trywrlock)
ALIAS(pthread_rwlock_unlock, __pthread_rwlock_unlock)
