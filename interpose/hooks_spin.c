/* pthread_spin_* */
#define _GNU_SOURCE
#include "interpose/acquire.h"
#include "interpose/objects.h"

#define SPINS 1000 /* before a spin counts as a wait: longer than most critical sections under a spinlock */

static inline bool take_free(const struct thread *t, void *lock) {
    (void)t;
    return REAL(pthread_spin_trylock)(lock) == 0;
}

static inline void pause_spinning(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int try_spin(void *lock) {
    int result = REAL(pthread_spin_trylock)(lock);
    if (result == EBUSY && thread_holds(thread_now, lock_table_find(lock)))
        return result;
    for (unsigned spins = 0; result == EBUSY && spins < SPINS; spins++) {
        pause_spinning();
        result = REAL(pthread_spin_trylock)(lock);
    }
    return result;
}

static int take_spin(void *lock) {
    return REAL(pthread_spin_lock)(lock);
}

static int release_spin(void *lock) {
    return REAL(pthread_spin_unlock)(lock);
}

static int lock_otherwise(void *lock, uint64_t pc, uint64_t sp, uint64_t bp);
static int unlock_otherwise(void *lock, uint64_t pc, uint64_t sp, uint64_t bp);

static const struct primitive spin = {.kind = LOCK_KIND_SPIN,
                                      .family = RECORDING_FAMILY_SPIN,
                                      .mode = LOCK_EXCLUSIVE,
                                      .wait = WAIT_LOCK,
                                      .try_now = try_spin,
                                      .take_free = take_free,
                                      .take = take_spin,
                                      .release = release_spin,
                                      .acquire_otherwise = lock_otherwise,
                                      .release_otherwise = unlock_otherwise};

static __attribute__((noinline)) int lock_otherwise(void *lock, uint64_t pc, uint64_t sp, uint64_t bp) {
    return acquire_slow(&spin, lock, pc, sp, bp);
}

static __attribute__((noinline)) int unlock_otherwise(void *lock, uint64_t pc, uint64_t sp, uint64_t bp) {
    return release_slow(&spin, lock, pc, sp, bp);
}

HOOK int pthread_spin_lock(pthread_spinlock_t *lock) {
    return acquire(&spin, (void *)(uintptr_t)lock, NULL);
}

HOOK int pthread_spin_unlock(pthread_spinlock_t *lock) {
    return release(&spin, (void *)(uintptr_t)lock, NULL, NULL);
}

HOOK int pthread_spin_trylock(pthread_spinlock_t *lock) {
    struct call_site call = CALL_SITE();
    return acquire_tried(&spin, (void *)(uintptr_t)lock, REAL(pthread_spin_trylock)(lock), &call);
}

HOOK int pthread_spin_init(pthread_spinlock_t *lock, int shared) {
    struct call_site call = CALL_SITE();
    struct object_change change;
    object_init_begins(&change, (const void *)(uintptr_t)lock, LOCK_KIND_SPIN, &call);
    int result = REAL(pthread_spin_init)(lock, shared);
    object_init_ends(&change, result, &call);
    if (change.lock && shared == PTHREAD_PROCESS_SHARED)
        object_shared(&change);
    return result;
}

HOOK int pthread_spin_destroy(pthread_spinlock_t *lock) {
    struct call_site call = CALL_SITE();
    struct object_change change;
    object_destroy_begins(&change, (const void *)(uintptr_t)lock, LOCK_KIND_SPIN, &call);
    int result = REAL(pthread_spin_destroy)(lock);
    object_destroy_ends(&change, result, &call);
    return result;
}
