/* Barriers: one thread of each round is told that it is the one, the others get 0. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

enum { PARTIES = 4, ROUNDS = 300 };

static pthread_barrier_t own, *barrier = &own;

static void refused(void) {
    static const unsigned counts[] = {0, UINT_MAX, (unsigned)INT_MAX + 1, INT_MAX};
    conformance_stage_is("refused");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        TELL(pthread_barrier_init(barrier, NULL, counts[i]));
    TELL(pthread_barrier_init(barrier, NULL, INT_MAX - 1));
    TELL(pthread_barrier_destroy(barrier));
}

static void of_one(void) {
    conformance_stage_is("of one");
    TELL(pthread_barrier_init(barrier, NULL, 1));
    for (int i = 0; i < 3; i++)
        TELL(pthread_barrier_wait(barrier));
    TELL(pthread_barrier_destroy(barrier));
}

static int arrived[ROUNDS], serial[ROUNDS], early, other_results, touched;

/* Whoever leaves must find that all have arrived. */
static void *pass(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        __atomic_fetch_add(&arrived[i], 1, __ATOMIC_RELAXED);
        errno = CONFORMANCE_ERRNO;
        int result = pthread_barrier_wait(barrier);
        if (errno != CONFORMANCE_ERRNO)
            __atomic_fetch_add(&touched, 1, __ATOMIC_RELAXED);
        if (__atomic_load_n(&arrived[i], __ATOMIC_RELAXED) % PARTIES != 0)
            __atomic_fetch_add(&early, 1, __ATOMIC_RELAXED);
        if (result == PTHREAD_BARRIER_SERIAL_THREAD)
            __atomic_fetch_add(&serial[i], 1, __ATOMIC_RELAXED);
        else if (result != 0)
            __atomic_fetch_add(&other_results, 1, __ATOMIC_RELAXED);
    }
    return unused;
}

/* Two sets of threads use it, one after the other. */
static void rounds(void) {
    pthread_t threads[PARTIES];
    conformance_stage_is("rounds");
    TELL(pthread_barrier_init(barrier, NULL, PARTIES));
    for (int set = 1; set <= 2; set++) {
        int wrong = 0;
        for (int i = 0; i < PARTIES; i++)
            pthread_create(&threads[i], NULL, pass, NULL);
        for (int i = 0; i < PARTIES; i++)
            TELL(pthread_join(threads[i], NULL));
        for (int i = 0; i < ROUNDS; i++)
            wrong += arrived[i] != set * PARTIES || serial[i] != set;
        printf("wrong rounds: %d, left early: %d, other results: %d, errno touched: %d\n", wrong, early,
               other_results, touched);
    }
    TELL(pthread_barrier_destroy(barrier));
    TELL(pthread_barrier_init(barrier, NULL, 2));
    TELL(pthread_barrier_destroy(barrier));
}

/* 0 for whichever result it was: which of the two gets which is not fixed. */
static int wait_at_it(void) {
    int result = pthread_barrier_wait(barrier);
    return result == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : result;
}

static void blocking(void) {
    conformance_stage_is("blocking");
    TELL(pthread_barrier_init(barrier, NULL, 2));
    BLOCKS(wait_at_it, wait_at_it);
    BLOCKS(wait_at_it, wait_at_it);
    TELL(pthread_barrier_destroy(barrier));
}

/* The one that is destroyed by the first to leave: the others may still be on their way out. */
static void *wait_and_destroy(void *results) {
    int result = pthread_barrier_wait(barrier);
    if (result == PTHREAD_BARRIER_SERIAL_THREAD)
        __atomic_fetch_add((int *)results, pthread_barrier_destroy(barrier) == 0, __ATOMIC_RELAXED);
    return results;
}

static void destroyed_at_once(void) {
    int destroyed = 0;
    conformance_stage_is("destroyed at once");
    for (int round = 0; round < 100; round++) {
        pthread_t threads[PARTIES];
        pthread_barrier_t here;
        barrier = &here;
        pthread_barrier_init(barrier, NULL, PARTIES);
        for (int i = 0; i < PARTIES; i++)
            pthread_create(&threads[i], NULL, wait_and_destroy, &destroyed);
        for (int i = 0; i < PARTIES; i++)
            pthread_join(threads[i], NULL);
    }
    printf("%d\n", destroyed);
    barrier = &own;
}

static int nothing(void) {
    return 0;
}

static void not_interrupted(void) {
    conformance_stage_is("signals");
    TELL(pthread_barrier_init(barrier, NULL, 2));
    conformance_interrupt(false);
    conformance_hold(nothing, wait_at_it);
    conformance_let_go_after_signals();
    TELL(wait_at_it());
    conformance_interrupt_no_more();
    conformance_held();
    TELL(pthread_barrier_destroy(barrier));
}

static void two_processes(void) {
    pthread_barrierattr_t attributes;
    int status = -1;
    conformance_stage_is("two processes");
    barrier = conformance_shared(sizeof *barrier);
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    TELL(pthread_barrier_init(barrier, &attributes, 2));
    pthread_barrierattr_destroy(&attributes);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 3; i++)
            wait_at_it();
        _exit(0);
    }
    conformance_until_asleep(child);
    printf("child has ended: %d\n", waitpid(child, &status, WNOHANG) == child);
    for (int i = 0; i < 3; i++)
        TELL(wait_at_it());
    printf("child has ended: %d\n", waitpid(child, &status, 0) == child && status == 0);
    TELL(pthread_barrier_destroy(barrier));
    barrier = &own;
}

void conformance_barriers(void) {
    refused();
    of_one();
    rounds();
    blocking();
    destroyed_at_once();
    not_interrupted();
    two_processes();
}
