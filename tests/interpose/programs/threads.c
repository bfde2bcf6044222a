/* Threads: many, small, short-lived, cancelled; their handles and stacks are used again. */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/interpose/programs/cases.h"

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;

static void take_both(pthread_mutex_t *first, pthread_mutex_t *second) {
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *left_right(void *unused) {
    take_both(&left, &right);
    return unused;
}

static void *right_left(void *unused) {
    take_both(&right, &left);
    return unused;
}

/* The second waits in time alone until the first is done. */
static int first_done;

static void *left_right_first(void *unused) {
    left_right(NULL);
    __atomic_store_n(&first_done, 1, __ATOMIC_RELAXED);
    return unused;
}

static void *right_left_second(void *unused) {
    while (!__atomic_load_n(&first_done, __ATOMIC_RELAXED))
        sched_yield();
    return right_left(unused);
}

static void run_two(const pthread_attr_t *attributes, void *(*first)(void *), void *(*second)(void *)) {
    pthread_t threads[2];
    pthread_create(&threads[0], attributes, first, NULL);
    pthread_create(&threads[1], attributes, second, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

/* ---- many ---- */

static void two_thousand(void) {
    pthread_t threads[500];
    int failed = 0;
    for (int i = 0; i < 2000; i++) {
        failed += pthread_create(&threads[0], NULL, left_right, NULL) != 0;
        failed += pthread_join(threads[0], NULL) != 0;
    }
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 500; i++)
            failed += pthread_create(&threads[i], NULL, left_right, NULL) != 0;
        for (int i = 0; i < 500; i++)
            failed += pthread_join(threads[i], NULL) != 0;
    }
    printf("failed: %d\n", failed);
}

/* ---- more stacks than a thread remembers, from several threads at once ---- */

enum { HELD = 64, ROUNDS = 500 };

static void lock_by_path(pthread_mutex_t *mutex, unsigned path);

static __attribute__((noinline)) void one_way(pthread_mutex_t *mutex, unsigned path) {
    lock_by_path(mutex, path);
    __asm__ volatile("" ::: "memory");
}

static __attribute__((noinline)) void other_way(pthread_mutex_t *mutex, unsigned path) {
    lock_by_path(mutex, path);
    __asm__ volatile("" ::: "memory");
}

/* The bits of `path` are the way, the highest one its end. */
static void lock_by_path(pthread_mutex_t *mutex, unsigned path) {
    if (path == 1)
        pthread_mutex_lock(mutex);
    else
        (path & 1 ? one_way : other_way)(mutex, path >> 1);
}

static void *hold_by_many_paths(void *unused) {
    pthread_mutex_t own[HELD];
    for (unsigned i = 0; i < HELD; i++)
        pthread_mutex_init(&own[i], NULL);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < HELD; i++)
            lock_by_path(&own[i], 1u << 15 | (round * HELD + i));
        for (unsigned i = HELD; i-- > 0;)
            pthread_mutex_unlock(&own[i]);
    }
    return unused;
}

static void many_stacks(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, hold_by_many_paths, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    puts("done");
}

/* ---- small stacks ---- */

static void smallest_stacks(void) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    printf("%d\n", pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN));
    run_two(&attributes, left_right_first, right_left_second);
}

static pthread_mutex_t *below_left, *below_right;

static void *below_left_right(void *unused) {
    take_both(below_left, below_right);
    __atomic_store_n(&first_done, 1, __ATOMIC_RELAXED);
    return unused;
}

static void *below_right_left(void *unused) {
    while (!__atomic_load_n(&first_done, __ATOMIC_RELAXED))
        sched_yield();
    take_both(below_right, below_left);
    return unused;
}

/* The stack is the last part of a mapping; the locks lie in the same one, below it, and belong to no thread's
 * stack. */
static void locks_below_a_small_stack(void) {
    size_t size = 1u << 20, stack = 65536;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attributes;
    pthread_t threads[2];
    below_left = (pthread_mutex_t *)memory;
    below_right = (pthread_mutex_t *)(memory + 4096);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, memory + size - stack, stack);
    pthread_create(&threads[0], &attributes, below_left_right, NULL);
    pthread_create(&threads[1], NULL, below_right_left, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    puts("done");
}

/* ---- what is used again ---- */

static int may_end;

static void *wait_for_the_end(void *unused) {
    while (!__atomic_load_n(&may_end, __ATOMIC_RELAXED))
        usleep(500);
    return unused;
}

static void *nothing(void *unused) {
    return unused;
}

static void wait_until_alone(void) {
    char line[256];
    for (int threads = 2; threads != 1; sched_yield()) {
        FILE *status = fopen("/proc/self/status", "re");
        while (status && fgets(line, sizeof line, status))
            if (strncmp(line, "Threads:", 8) == 0)
                threads = (int)strtol(line + 8, NULL, 10);
        if (status)
            fclose(status);
    }
}

/* Threads that are joined get handles that detached ones had; all that lock anything are joined one by one.
 */
static void handles(void) {
    for (int round = 0; round < 20; round++) {
        pthread_t detached, joined[4];
        __atomic_store_n(&may_end, 0, __ATOMIC_RELAXED);
        for (int i = 0; i < 4; i++) {
            pthread_create(&detached, NULL, wait_for_the_end, NULL);
            pthread_detach(detached);
        }
        for (int i = 0; i < 4; i++)
            pthread_create(&joined[i], NULL, nothing, NULL);
        for (int i = 0; i < 4; i++)
            pthread_join(joined[i], NULL);
        __atomic_store_n(&may_end, 1, __ATOMIC_RELAXED);
        wait_until_alone();
        pthread_create(&joined[0], NULL, round % 2 ? left_right : right_left, NULL);
        pthread_join(joined[0], NULL);
    }
    puts("done");
}

static void *own_left(void *unused) {
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    take_both(&own, &left);
    return unused;
}

static void *left_own(void *unused) {
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    take_both(&left, &own);
    return unused;
}

static void stacks(void) {
    for (int round = 0; round < 40; round++) {
        pthread_t joined[4], detached;
        for (int i = 0; i < 4; i++)
            pthread_create(&joined[i], NULL, nothing, NULL);
        for (int i = 0; i < 4; i++)
            pthread_join(joined[i], NULL);
        pthread_create(&detached, NULL, round % 2 ? own_left : left_own, NULL);
        pthread_detach(detached);
        wait_until_alone();
    }
    puts("done");
}

/* ---- the end of threads ---- */

static pthread_key_t key;

static void left_right_thrice(void *rounds) {
    left_right(NULL);
    if ((intptr_t)rounds > 1)
        pthread_setspecific(key, (void *)((intptr_t)rounds - 1));
    else
        __atomic_store_n(&first_done, 1, __ATOMIC_RELAXED);
}

static void *lock_in_destructors(void *unused) {
    pthread_setspecific(key, (void *)3);
    return unused;
}

static void destructors(void) {
    pthread_key_create(&key, left_right_thrice);
    for (int i = 0; i < 100; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, lock_in_destructors, NULL);
        pthread_join(thread, NULL);
    }
    first_done = 0;
    run_two(NULL, lock_in_destructors, right_left_second);
    puts("done");
}

static void *make_locks_forever(void *unused) {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    for (;;) {
        pthread_mutex_t made;
        pthread_mutex_init(&made, NULL);
        pthread_mutex_lock(&made);
        pthread_mutex_unlock(&made);
        pthread_mutex_destroy(&made);
    }
    return unused;
}

/* Cancelled at any moment, inside a hook too; afterwards everything still works. */
static void cancelled_at_any_moment(void) {
    for (useconds_t i = 0; i < 100; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, make_locks_forever, NULL);
        usleep(1000 + i * 10);
        pthread_cancel(thread);
        pthread_join(thread, NULL);
    }
    run_two(NULL, left_right_first, right_left_second);
    puts("done");
}

static void has_ended(void *semaphore) {
    sem_post(semaphore);
}

static void unlock(void *mutex) {
    pthread_mutex_unlock(mutex);
}

static void *waits_for_nobody(void *ended) {
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cleanup_push(has_ended, ended);
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, &mutex);
    for (;;)
        pthread_cond_wait(&condition, &mutex);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return NULL;
}

/* Most of them are cancelled before they have run at all. They are joined later, so that each is a new one.
 */
static void cancelled_before_it_runs(void) {
    enum { COUNT = 200 };
    pthread_t threads[COUNT];
    sem_t ended;
    sem_init(&ended, 0, 0);
    for (int i = 0; i < COUNT; i++) {
        pthread_create(&threads[i], NULL, waits_for_nobody, &ended);
        pthread_cancel(threads[i]);
        sem_wait(&ended);
    }
    int cancelled = 0;
    for (int i = 0; i < COUNT; i++) {
        void *result;
        pthread_join(threads[i], &result);
        cancelled += result == PTHREAD_CANCELED;
    }
    printf("cancelled %d\n", cancelled);
}

struct order {
    pthread_mutex_t *first, *second;
};

static void *take_order(void *argument) {
    struct order *order = argument;
    take_both(order->first, order->second);
    return NULL;
}

static void *two_orders_one_after_the_other(void *unused) {
    pthread_mutex_t own[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
    (void)unused;
    for (int i = 0; i < 300; i++) {
        struct order order = {&own[i % 2], &own[(i + 1) % 2]};
        pthread_t thread;
        pthread_create(&thread, NULL, take_order, &order);
        pthread_join(thread, NULL);
    }
    return NULL;
}

/* The handle of a thread that is joined is at once that of another one, which somebody else has made. */
static void joined_side_by_side(void) {
    pthread_t threads[6];
    for (int i = 0; i < 6; i++)
        pthread_create(&threads[i], NULL, two_orders_one_after_the_other, NULL);
    for (int i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    puts("done");
}

static const struct cases_case cases[] = {{"two_thousand", two_thousand},
                                          {"many_stacks", many_stacks},
                                          {"smallest_stacks", smallest_stacks},
                                          {"locks_below_a_small_stack", locks_below_a_small_stack},
                                          {"handles", handles},
                                          {"stacks", stacks},
                                          {"destructors", destructors},
                                          {"cancelled_at_any_moment", cancelled_at_any_moment},
                                          {"cancelled_before_it_runs", cancelled_before_it_runs},
                                          {"joined_side_by_side", joined_side_by_side}};

CASES_MAIN(cases)
