/* C11's threads: mutexes, conditions, threads. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <threads.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

static mtx_t mutex;
static cnd_t condition;

static int timed(long ms) {
    struct timespec until = conformance_in_ms(CLOCK_REALTIME, ms);
    return mtx_timedlock(&mutex, &until);
}

static int wait_within(long ms) {
    struct timespec until = conformance_in_ms(CLOCK_REALTIME, ms);
    return cnd_timedwait(&condition, &mutex, &until);
}

#define TRY(call)                                                                                            \
    do {                                                                                                     \
        errno = CONFORMANCE_ERRNO;                                                                           \
        int result = (call);                                                                                 \
        conformance_tell_c11(#call, result);                                                                 \
        if (result == thrd_success)                                                                          \
            TELL_C11(mtx_unlock(&mutex));                                                                    \
    } while (0)

static void *while_free(void *unused) {
    TRY(mtx_lock(&mutex));
    TRY(mtx_trylock(&mutex));
    TRY(timed(-1000));
    TRY(timed(60000));
    TRY(mtx_timedlock(&mutex, &conformance_no_time));
    TRY(mtx_timedlock(&mutex, &conformance_no_time_either));
    return unused;
}

static void *while_held(void *unused) {
    TRY(mtx_trylock(&mutex));
    TRY(timed(-1000));
    TRY(timed(2));
    TRY(mtx_timedlock(&mutex, &conformance_no_time));
    TRY(mtx_timedlock(&mutex, &conformance_no_time_either));
    return unused;
}

static void *unlock_it(void *unused) {
    TELL_C11(mtx_unlock(&mutex));
    return unused;
}

static int lock_and_unlock(void) {
    int result = mtx_lock(&mutex);
    return result == thrd_success ? mtx_unlock(&mutex) : result;
}

static int timed_and_unlock(void) {
    int result = timed(60000);
    return result == thrd_success ? mtx_unlock(&mutex) : result;
}

static int unlock(void) {
    return mtx_unlock(&mutex);
}

static int lock(void) {
    return mtx_lock(&mutex);
}

static void mutexes(int type, bool made) {
    conformance_stage_is("type %d", type);
    TELL_C11(mtx_init(&mutex, type));
    if (!made)
        return;
    while_free(NULL);
    conformance_elsewhere(while_free, NULL);
    TELL_C11(mtx_lock(&mutex));
    while_held(NULL);
    conformance_elsewhere(while_held, NULL);
    if (type & mtx_recursive) {
        TRY(mtx_lock(&mutex));
        conformance_elsewhere(unlock_it, NULL);
        conformance_elsewhere(while_held, NULL);
    }
    TELL_C11(mtx_unlock(&mutex));
    if (type & mtx_recursive)
        TELL_C11(mtx_unlock(&mutex));
    TELL_C11(mtx_lock(&mutex));
    BLOCKS(lock_and_unlock, unlock);
    TELL_C11(mtx_trylock(&mutex));
    BLOCKS(timed_and_unlock, unlock);
    conformance_interrupt(false);
    conformance_hold(lock, unlock);
    conformance_let_go_after_signals();
    TELL_C11(lock_and_unlock());
    conformance_held();
    conformance_interrupt_no_more();
    while_free(NULL);
    mtx_destroy(&mutex);
}

static void *signal_it(void *unused) {
    mtx_lock(&mutex);
    TELL_C11(cnd_signal(&condition));
    mtx_unlock(&mutex);
    return unused;
}

static void *try_it(void *unused) {
    TRY(mtx_trylock(&mutex));
    return unused;
}

/* The other thread gets the mutex only while this one waits. */
static void conditions(int type) {
    pthread_t other;
    conformance_stage_is("wait with type %d", type);
    TELL_C11(mtx_init(&mutex, type));
    TELL_C11(cnd_init(&condition));
    TELL_C11(cnd_signal(&condition));
    TELL_C11(cnd_broadcast(&condition));
    TELL_C11(mtx_lock(&mutex));
    TELL_C11(wait_within(-1000));
    TELL_C11(wait_within(2));
    TELL_C11(cnd_timedwait(&condition, &mutex, &conformance_no_time));
    TELL_C11(cnd_timedwait(&condition, &mutex, &conformance_no_time_either));
    conformance_elsewhere(try_it, NULL);
    for (int i = 0; i < 2; i++) {
        pthread_create(&other, NULL, signal_it, NULL);
        errno = CONFORMANCE_ERRNO;
        int result = i ? wait_within(60000) : cnd_wait(&condition, &mutex);
        int after = errno;
        pthread_join(other, NULL);
        errno = after;
        conformance_tell_c11(i ? "wait_within(60000)" : "cnd_wait(&condition, &mutex)", result);
        conformance_elsewhere(try_it, NULL);
    }
    TELL_C11(mtx_unlock(&mutex));
    conformance_elsewhere(try_it, NULL);
    cnd_destroy(&condition);
    mtx_destroy(&mutex);
}

static int waiting, woken;

static int wait_for_all(void *unused) {
    (void)unused;
    mtx_lock(&mutex);
    waiting++;
    while (!woken)
        cnd_wait(&condition, &mutex);
    waiting--;
    mtx_unlock(&mutex);
    return 0;
}

static void broadcast(void) {
    thrd_t threads[3];
    conformance_stage_is("broadcast");
    TELL_C11(mtx_init(&mutex, mtx_plain));
    TELL_C11(cnd_init(&condition));
    for (int i = 0; i < 3; i++)
        TELL_C11(thrd_create(&threads[i], wait_for_all, NULL));
    for (bool all = false; !all; usleep(1000)) {
        mtx_lock(&mutex);
        woken = all = waiting == 3;
        cnd_broadcast(&condition);
        mtx_unlock(&mutex);
    }
    for (int i = 0; i < 3; i++)
        TELL_C11(thrd_join(threads[i], NULL));
    printf("still waiting: %d\n", waiting);
    cnd_destroy(&condition);
    mtx_destroy(&mutex);
}

static int give(void *value) {
    return *(int *)value;
}

static int exit_with(void *value) {
    thrd_exit(*(int *)value);
}

static tss_t key;
static int destroyed;

static void destroy_value(void *value) {
    destroyed = *(int *)value;
}

static int with_value(void *value) {
    return tss_set(key, value) == thrd_success && tss_get(key) == value;
}

static void threads(void) {
    static int values[] = {0, 1, -1, 66, INT_MAX, INT_MIN};
    thrd_t thread;
    int result;
    conformance_stage_is("threads");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        TELL_C11(thrd_create(&thread, give, &values[i]));
        TELL_C11(thrd_join(thread, &result));
        printf("%d returned, ", result);
        TELL_C11(thrd_create(&thread, exit_with, &values[i]));
        TELL_C11(thrd_join(thread, &result));
        printf("%d given to thrd_exit\n", result);
    }
    TELL_C11(tss_create(&key, destroy_value));
    TELL_C11(thrd_create(&thread, with_value, &values[3]));
    TELL_C11(thrd_join(thread, &result));
    tss_delete(key);
    printf("%d, destroyed %d\n", result, destroyed);
}

static int released;

static int wait_for_release(void *unused) {
    (void)unused;
    while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE))
        thrd_yield();
    return 0;
}

static int tell_current(void *thread) {
    *(thrd_t *)thread = thrd_current();
    return thrd_equal(thrd_current(), *(thrd_t *)thread);
}

static void refused_joins(void) {
    thrd_t thread, told;
    int result;
    conformance_stage_is("joins");
    TELL_C11(thrd_join(thrd_current(), NULL));
    TELL_C11(thrd_create(&thread, wait_for_release, NULL));
    TELL_C11(thrd_detach(thread));
    TELL_C11(thrd_detach(thread));
    TELL_C11(thrd_join(thread, NULL));
    __atomic_store_n(&released, 1, __ATOMIC_RELEASE);
    TELL_C11(thrd_create(&thread, tell_current, &told));
    TELL_C11(thrd_join(thread, &result));
    printf("itself: %d %d %d\n", result, thrd_equal(thread, told) != 0,
           thrd_equal(thread, thrd_current()) != 0);
}

/* A C11 thread is a POSIX thread: each interface joins what the other made. */
static void *give_pointer(void *value) {
    return value;
}

static void mixed(void) {
    static int sixty_six = 66;
    pthread_t posix;
    thrd_t c11;
    void *pointer;
    int result;
    conformance_stage_is("mixed");
    TELL(pthread_create(&posix, NULL, give_pointer, (void *)(intptr_t)-66));
    TELL_C11(thrd_join(posix, &result));
    TELL_C11(thrd_create(&c11, give, &sixty_six));
    TELL(pthread_join(c11, &pointer));
    printf("%d %d\n", result, (int)(intptr_t)pointer);
}

static void sleeping(void) {
    struct timespec none = {0}, minute = {.tv_sec = 60}, left = {0};
    conformance_stage_is("sleeping");
    TELL_C11(thrd_sleep(&none, NULL));
    TELL_C11(thrd_sleep(&conformance_no_time, NULL));
    conformance_interrupt(false);
    int result = thrd_sleep(&minute, &left);
    conformance_interrupt_no_more();
    printf("interrupted: %d, some left: %d\n", result, left.tv_sec > 0);
}

void conformance_c11(void) {
    static const int types[] = {mtx_plain, mtx_timed, mtx_recursive, mtx_timed | mtx_recursive};
    for (int i = 0; i < 4; i++)
        mutexes(types[i], true);
    mutexes(4711, false);
    mutexes(-1, false);
    for (int i = 0; i < 4; i++)
        conditions(types[i]);
    broadcast();
    threads();
    refused_joins();
    mixed();
    sleeping();
}
