/* Every function that libc has under an older version of its symbol, or only for old programs, called by that
 * version.
 *
 * All but the conditions of conditions_old.c are the same code as the newest, and lead to the same hook.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <threads.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

#define OLD(result, name, version, parameters)                                                               \
    __asm__(".symver old_" #name ", " #name "@GLIBC_" version);                                              \
    result old_##name parameters;

typedef pthread_mutex_t mutex_type;
typedef pthread_mutexattr_t mutex_attributes;
typedef const struct timespec *time_type;

OLD(int, pthread_mutex_trylock, "2.2.5", (mutex_type *))
OLD(int, pthread_mutex_timedlock, "2.2.5", (mutex_type *, time_type))
OLD(int, pthread_mutex_clocklock, "2.30", (mutex_type *, clockid_t, time_type))
OLD(int, pthread_mutex_consistent, "2.12", (mutex_type *))
OLD(int, pthread_mutex_consistent_np, "2.4", (mutex_type *))
OLD(int, pthread_mutex_getprioceiling, "2.4", (const mutex_type *, int *))
OLD(int, pthread_mutex_setprioceiling, "2.4", (mutex_type *, int, int *))
OLD(int, __pthread_mutex_init, "2.2.5", (mutex_type *, const mutex_attributes *))
OLD(int, __pthread_mutex_destroy, "2.2.5", (mutex_type *))
OLD(int, __pthread_mutex_lock, "2.2.5", (mutex_type *))
OLD(int, __pthread_mutex_trylock, "2.2.5", (mutex_type *))
OLD(int, __pthread_mutex_unlock, "2.2.5", (mutex_type *))

OLD(int, pthread_mutexattr_settype, "2.2.5", (mutex_attributes *, int))
OLD(int, pthread_mutexattr_setpshared, "2.2.5", (mutex_attributes *, int))
OLD(int, pthread_mutexattr_setprotocol, "2.4", (mutex_attributes *, int))
OLD(int, pthread_mutexattr_setrobust, "2.12", (mutex_attributes *, int))
OLD(int, pthread_mutexattr_setrobust_np, "2.4", (mutex_attributes *, int))
OLD(int, pthread_mutexattr_setkind_np, "2.2.5", (mutex_attributes *, int))
OLD(int, __pthread_mutexattr_init, "2.2.5", (mutex_attributes *))
OLD(int, __pthread_mutexattr_destroy, "2.2.5", (mutex_attributes *))
OLD(int, __pthread_mutexattr_settype, "2.2.5", (mutex_attributes *, int))

OLD(int, pthread_rwlock_init, "2.2.5", (pthread_rwlock_t *, const pthread_rwlockattr_t *))
OLD(int, pthread_rwlock_destroy, "2.2.5", (pthread_rwlock_t *))
OLD(int, pthread_rwlock_rdlock, "2.2.5", (pthread_rwlock_t *))
OLD(int, pthread_rwlock_wrlock, "2.2.5", (pthread_rwlock_t *))
OLD(int, pthread_rwlock_tryrdlock, "2.2.5", (pthread_rwlock_t *))
OLD(int, pthread_rwlock_trywrlock, "2.2.5", (pthread_rwlock_t *))
OLD(int, pthread_rwlock_timedrdlock, "2.2.5", (pthread_rwlock_t *, time_type))
OLD(int, pthread_rwlock_timedwrlock, "2.2.5", (pthread_rwlock_t *, time_type))
OLD(int, pthread_rwlock_clockrdlock, "2.30", (pthread_rwlock_t *, clockid_t, time_type))
OLD(int, pthread_rwlock_clockwrlock, "2.30", (pthread_rwlock_t *, clockid_t, time_type))
OLD(int, pthread_rwlock_unlock, "2.2.5", (pthread_rwlock_t *))
OLD(int, __pthread_rwlock_init, "2.2.5", (pthread_rwlock_t *, const pthread_rwlockattr_t *))
OLD(int, __pthread_rwlock_destroy, "2.2.5", (pthread_rwlock_t *))
OLD(int, __pthread_rwlock_rdlock, "2.2.5", (pthread_rwlock_t *))
OLD(int, __pthread_rwlock_wrlock, "2.2.5", (pthread_rwlock_t *))
OLD(int, __pthread_rwlock_tryrdlock, "2.2.5", (pthread_rwlock_t *))
OLD(int, __pthread_rwlock_trywrlock, "2.2.5", (pthread_rwlock_t *))
OLD(int, __pthread_rwlock_unlock, "2.2.5", (pthread_rwlock_t *))

OLD(int, pthread_spin_init, "2.2.5", (pthread_spinlock_t *, int))
OLD(int, pthread_spin_destroy, "2.2.5", (pthread_spinlock_t *))
OLD(int, pthread_spin_lock, "2.2.5", (pthread_spinlock_t *))
OLD(int, pthread_spin_trylock, "2.2.5", (pthread_spinlock_t *))
OLD(int, pthread_spin_unlock, "2.2.5", (pthread_spinlock_t *))

OLD(int, sem_init, "2.2.5", (sem_t *, int, unsigned))
OLD(int, sem_destroy, "2.2.5", (sem_t *))
OLD(sem_t *, sem_open, "2.2.5", (const char *, int, ...))
OLD(int, sem_close, "2.2.5", (sem_t *))
OLD(int, sem_unlink, "2.2.5", (const char *))
OLD(int, sem_wait, "2.2.5", (sem_t *))
OLD(int, sem_trywait, "2.2.5", (sem_t *))
OLD(int, sem_timedwait, "2.2.5", (sem_t *, time_type))
OLD(int, sem_clockwait, "2.30", (sem_t *, clockid_t, time_type))
OLD(int, sem_post, "2.2.5", (sem_t *))
OLD(int, sem_getvalue, "2.2.5", (sem_t *, int *))

OLD(int, pthread_barrier_init, "2.2.5", (pthread_barrier_t *, const pthread_barrierattr_t *, unsigned))
OLD(int, pthread_barrier_wait, "2.2.5", (pthread_barrier_t *))
OLD(int, pthread_barrier_destroy, "2.2.5", (pthread_barrier_t *))
OLD(int, pthread_once, "2.2.5", (pthread_once_t *, void (*)(void)))
OLD(int, __pthread_once, "2.2.5", (pthread_once_t *, void (*)(void)))
OLD(int, pthread_cond_clockwait, "2.30", (pthread_cond_t *, mutex_type *, clockid_t, time_type))

OLD(int, pthread_create, "2.2.5", (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))
OLD(int, pthread_join, "2.2.5", (pthread_t, void **))
OLD(int, pthread_tryjoin_np, "2.3.3", (pthread_t, void **))
OLD(int, pthread_timedjoin_np, "2.3.3", (pthread_t, void **, time_type))
OLD(int, pthread_clockjoin_np, "2.31", (pthread_t, void **, clockid_t, time_type))
OLD(int, pthread_detach, "2.2.5", (pthread_t))
OLD(int, pthread_cancel, "2.2.5", (pthread_t))
OLD(int, pthread_setname_np, "2.12", (pthread_t, const char *))
OLD(int, pthread_getname_np, "2.12", (pthread_t, char *, size_t))
OLD(int, dlclose, "2.2.5", (void *))

OLD(int, mtx_init, "2.28", (mtx_t *, int))
OLD(void, mtx_destroy, "2.28", (mtx_t *))
OLD(int, mtx_lock, "2.28", (mtx_t *))
OLD(int, mtx_trylock, "2.28", (mtx_t *))
OLD(int, mtx_timedlock, "2.28", (mtx_t *, time_type))
OLD(int, mtx_unlock, "2.28", (mtx_t *))
OLD(int, cnd_init, "2.28", (cnd_t *))
OLD(void, cnd_destroy, "2.28", (cnd_t *))
OLD(int, cnd_signal, "2.28", (cnd_t *))
OLD(int, cnd_broadcast, "2.28", (cnd_t *))
OLD(int, cnd_wait, "2.28", (cnd_t *, mtx_t *))
OLD(int, cnd_timedwait, "2.28", (cnd_t *, mtx_t *, time_type))
OLD(int, thrd_create, "2.28", (thrd_t *, thrd_start_t, void *))
OLD(int, thrd_join, "2.28", (thrd_t, int *))
OLD(int, thrd_detach, "2.28", (thrd_t))
OLD(void, thrd_exit, "2.28", (int))
OLD(void, call_once, "2.28", (once_flag *, void (*)(void)))

static mutex_type mutex;
static pthread_rwlock_t rwlock;
static sem_t semaphore;
static const struct timespec long_ago = {.tv_sec = 1};

static void *try_mutex(void *unused) {
    TAKE(old_pthread_mutex_trylock(&mutex), old___pthread_mutex_unlock(&mutex));
    TAKE(old___pthread_mutex_trylock(&mutex), old___pthread_mutex_unlock(&mutex));
    TAKE(old_pthread_mutex_timedlock(&mutex, &long_ago), old___pthread_mutex_unlock(&mutex));
    TAKE(old_pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &long_ago), old___pthread_mutex_unlock(&mutex));
    return unused;
}

static void *die_with_mutex(void *unused) {
    TELL(old___pthread_mutex_lock(&mutex));
    return unused;
}

static int lock_mutex(void) {
    int result = old___pthread_mutex_lock(&mutex);
    return result != 0 ? result : old___pthread_mutex_unlock(&mutex);
}

static int unlock_mutex(void) {
    return old___pthread_mutex_unlock(&mutex);
}

static void mutexes(void) {
    mutex_attributes attributes;
    int ceiling;
    TELL(old___pthread_mutexattr_init(&attributes));
    TELL(old_pthread_mutexattr_setkind_np(&attributes, PTHREAD_MUTEX_RECURSIVE));
    TELL(old_pthread_mutexattr_settype(&attributes, 4711));
    TELL(old___pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK));
    TELL(old_pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_PRIVATE));
    TELL(old_pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_NONE));
    TELL(old_pthread_mutexattr_setrobust_np(&attributes, PTHREAD_MUTEX_STALLED));
    TELL(old_pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
    TELL(old___pthread_mutex_init(&mutex, &attributes));
    TELL(old___pthread_mutexattr_destroy(&attributes));
    try_mutex(NULL);
    TELL(old___pthread_mutex_lock(&mutex));
    TELL(old___pthread_mutex_lock(&mutex));
    conformance_elsewhere(try_mutex, NULL);
    BLOCKS(lock_mutex, unlock_mutex);
    TELL(old___pthread_mutex_unlock(&mutex));
    for (int i = 0; i < 2; i++) {
        conformance_elsewhere(die_with_mutex, NULL);
        TELL(old___pthread_mutex_lock(&mutex));
        TELL(i ? old_pthread_mutex_consistent(&mutex) : old_pthread_mutex_consistent_np(&mutex));
        TELL(old___pthread_mutex_unlock(&mutex));
    }
    TELL(old_pthread_mutex_getprioceiling(&mutex, &ceiling));
    TELL(old_pthread_mutex_setprioceiling(&mutex, 1, &ceiling));
    TELL(old___pthread_mutex_destroy(&mutex));
}

static void *try_rwlock(void *unused) {
    TAKE(old_pthread_rwlock_tryrdlock(&rwlock), old_pthread_rwlock_unlock(&rwlock));
    TAKE(old_pthread_rwlock_trywrlock(&rwlock), old_pthread_rwlock_unlock(&rwlock));
    TAKE(old___pthread_rwlock_tryrdlock(&rwlock), old___pthread_rwlock_unlock(&rwlock));
    TAKE(old___pthread_rwlock_trywrlock(&rwlock), old___pthread_rwlock_unlock(&rwlock));
    TAKE(old_pthread_rwlock_timedrdlock(&rwlock, &long_ago), old_pthread_rwlock_unlock(&rwlock));
    TAKE(old_pthread_rwlock_timedwrlock(&rwlock, &long_ago), old_pthread_rwlock_unlock(&rwlock));
    TAKE(old_pthread_rwlock_clockrdlock(&rwlock, CLOCK_MONOTONIC, &long_ago),
         old_pthread_rwlock_unlock(&rwlock));
    TAKE(old_pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &long_ago),
         old_pthread_rwlock_unlock(&rwlock));
    return unused;
}

static int write_rwlock(void) {
    int result = old_pthread_rwlock_wrlock(&rwlock);
    return result != 0 ? result : old___pthread_rwlock_unlock(&rwlock);
}

static int unlock_rwlock(void) {
    return old_pthread_rwlock_unlock(&rwlock);
}

static void rwlocks(void) {
    for (int i = 0; i < 2; i++) {
        TELL(i ? old___pthread_rwlock_init(&rwlock, NULL) : old_pthread_rwlock_init(&rwlock, NULL));
        try_rwlock(NULL);
        TELL(i ? old___pthread_rwlock_rdlock(&rwlock) : old_pthread_rwlock_rdlock(&rwlock));
        conformance_elsewhere(try_rwlock, NULL);
        BLOCKS(write_rwlock, unlock_rwlock);
        TELL(i ? old___pthread_rwlock_wrlock(&rwlock) : old_pthread_rwlock_wrlock(&rwlock));
        TELL(i ? old___pthread_rwlock_rdlock(&rwlock) : old_pthread_rwlock_rdlock(&rwlock));
        conformance_elsewhere(try_rwlock, NULL);
        BLOCKS(write_rwlock, unlock_rwlock);
        TELL(i ? old___pthread_rwlock_destroy(&rwlock) : old_pthread_rwlock_destroy(&rwlock));
    }
}

static void spins_and_barriers(void) {
    static pthread_spinlock_t spin;
    static pthread_barrier_t barrier;
    TELL(old_pthread_spin_init(&spin, 0));
    TELL(old_pthread_spin_lock(&spin));
    TELL(old_pthread_spin_trylock(&spin));
    TELL(old_pthread_spin_unlock(&spin));
    TELL(old_pthread_spin_destroy(&spin));
    TELL(old_pthread_barrier_init(&barrier, NULL, 0));
    TELL(old_pthread_barrier_init(&barrier, NULL, 1));
    TELL(old_pthread_barrier_wait(&barrier));
    TELL(old_pthread_barrier_destroy(&barrier));
}

static int wait_semaphore(void) {
    return old_sem_wait(&semaphore) == 0 ? 0 : errno;
}

static int post_semaphore(void) {
    return old_sem_post(&semaphore);
}

static void semaphores(void) {
    int value = 0;
    TELL_ERRNO(old_sem_init(&semaphore, 0, 0));
    TELL_ERRNO(old_sem_trywait(&semaphore));
    TELL_ERRNO(old_sem_post(&semaphore));
    TELL_ERRNO(old_sem_trywait(&semaphore));
    TELL_ERRNO(old_sem_timedwait(&semaphore, &long_ago));
    TELL_ERRNO(old_sem_clockwait(&semaphore, CLOCK_MONOTONIC, &long_ago));
    TELL_ERRNO(old_sem_clockwait(&semaphore, 12345, &long_ago));
    BLOCKS(wait_semaphore, post_semaphore);
    TELL_ERRNO(old_sem_getvalue(&semaphore, &value));
    conformance_interrupt(false);
    TELL_ERRNO(old_sem_wait(&semaphore));
    conformance_interrupt_no_more();
    TELL_ERRNO(old_sem_destroy(&semaphore));
    char name[64];
    snprintf(name, sizeof name, "/gordian-versions-%d", getpid());
    sem_t *named = old_sem_open(name, O_CREAT | O_EXCL, 0600, 5);
    TELL_ERRNO(named == SEM_FAILED ? -1 : 0);
    TELL_ERRNO(old_sem_getvalue(named, &value));
    printf("%d\n", value);
    TELL_ERRNO(old_sem_close(named));
    TELL_ERRNO(old_sem_unlink(name));
    TELL_ERRNO(old_sem_unlink(name));
}

static int runs;

static void run(void) {
    runs++;
}

static void once(void) {
    static pthread_once_t first = PTHREAD_ONCE_INIT, second = PTHREAD_ONCE_INIT;
    static once_flag third = ONCE_FLAG_INIT;
    for (int i = 0; i < 2; i++) {
        TELL(old_pthread_once(&first, run));
        TELL(old___pthread_once(&second, run));
        old_call_once(&third, run);
    }
    printf("runs: %d\n", runs);
}

static void *wait_to_be_cancelled(void *unused) {
    old_sem_wait(&semaphore);
    return unused;
}

static void threads(void) {
    pthread_t thread;
    char name[16];
    void *value = NULL;
    old_sem_init(&semaphore, 0, 0);
    TELL(old_pthread_create(&thread, NULL, wait_to_be_cancelled, &semaphore));
    TELL(old_pthread_setname_np(thread, "old"));
    TELL(old_pthread_getname_np(thread, name, sizeof name));
    puts(name);
    TELL(old_pthread_tryjoin_np(thread, NULL));
    TELL(old_pthread_timedjoin_np(thread, NULL, &long_ago));
    TELL(old_pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &long_ago));
    TELL(old_pthread_cancel(thread));
    TELL(old_pthread_join(thread, &value));
    printf("cancelled: %d\n", value == PTHREAD_CANCELED);
    TELL(old_pthread_create(&thread, NULL, wait_to_be_cancelled, &semaphore));
    TELL(old_pthread_detach(thread));
    TELL(old_pthread_join(thread, NULL));
    TELL(old_sem_post(&semaphore));
    TELL(old_dlclose(dlopen("libm.so.6", RTLD_NOW)));
}

static mtx_t c11_mutex;
static cnd_t c11_condition;

static int exit_with(void *value) {
    old_mtx_lock(&c11_mutex);
    old_cnd_signal(&c11_condition);
    old_mtx_unlock(&c11_mutex);
    old_thrd_exit(*(int *)value);
    return 0;
}

static int return_at_once(void *unused) {
    return unused != NULL;
}

static void c11(void) {
    thrd_t thread;
    int value = -66, result = 0;
    TELL_C11(old_mtx_init(&c11_mutex, mtx_timed));
    TELL_C11(old_cnd_init(&c11_condition));
    TELL_C11(old_mtx_lock(&c11_mutex));
    TELL_C11(old_mtx_trylock(&c11_mutex));
    TELL_C11(old_mtx_timedlock(&c11_mutex, &long_ago));
    TELL_C11(old_cnd_timedwait(&c11_condition, &c11_mutex, &long_ago));
    TELL_C11(old_cnd_broadcast(&c11_condition));
    TELL_C11(old_thrd_create(&thread, exit_with, &value));
    TELL_C11(old_cnd_wait(&c11_condition, &c11_mutex));
    TELL_C11(old_mtx_unlock(&c11_mutex));
    TELL_C11(old_thrd_join(thread, &result));
    printf("%d\n", result);
    TELL_C11(old_thrd_create(&thread, return_at_once, NULL));
    TELL_C11(old_thrd_detach(thread));
    old_cnd_destroy(&c11_condition);
    old_mtx_destroy(&c11_mutex);
}

static void condition(void) {
    static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    old___pthread_mutex_init(&mutex, NULL);
    TELL(old___pthread_mutex_lock(&mutex));
    TELL(old_pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, &long_ago));
    TELL(old_pthread_cond_clockwait(&condition, &mutex, 12345, &long_ago));
    TELL(old___pthread_mutex_unlock(&mutex));
    TELL(old___pthread_mutex_destroy(&mutex));
}

void conformance_versions(void) {
    conformance_stage_is("old versions");
    mutexes();
    rwlocks();
    spins_and_barriers();
    semaphores();
    once();
    condition();
    threads();
    c11();
}
