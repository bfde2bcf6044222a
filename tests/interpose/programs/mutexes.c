/* Mutexes that say no, that are recovered, that are taken very often, and that come and go. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "tests/interpose/programs/cases.h"

static pthread_mutex_t mutex, left = PTHREAD_MUTEX_INITIALIZER;

static void make(int type, int robust) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setrobust(&attributes, robust);
    pthread_mutex_init(&mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

static void taken_again_errorcheck(void) {
    make(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED);
    printf("%d\n", pthread_mutex_lock(&mutex));
    for (int i = 0; i < 100; i++)
        if (pthread_mutex_lock(&mutex) != EDEADLK)
            puts("taken again");
    printf("%d\n", pthread_mutex_unlock(&mutex));
    printf("%d\n", pthread_mutex_unlock(&mutex) == EPERM);
}

static void joined_by_itself(void) {
    printf("%d\n", pthread_join(pthread_self(), NULL) == EDEADLK);
}

static void *lock_and_end(void *unused) {
    pthread_mutex_lock(&mutex);
    return unused;
}

static void *take_often(void *unused) {
    for (int i = 0; i < 100000; i++) {
        if (pthread_mutex_lock(&mutex) == EOWNERDEAD)
            pthread_mutex_consistent(&mutex);
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

static void robust_recovered(void) {
    pthread_t threads[4];
    make(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
    pthread_create(&threads[0], NULL, lock_and_end, NULL);
    pthread_join(threads[0], NULL);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, take_often, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    printf("%d\n", pthread_mutex_trylock(&mutex));
}

static void *take_70000_times(void *unused) {
    int failed = 0;
    make(PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED);
    for (int i = 0; i < 70000; i++)
        failed += pthread_mutex_lock(&mutex) != 0;
    /* Still held: another lock is taken inside it. */
    pthread_mutex_lock(&left);
    pthread_mutex_unlock(&left);
    for (int i = 0; i < 70000; i++)
        failed += pthread_mutex_unlock(&mutex) != 0;
    printf("failed: %d, unlocked: %d\n", failed, pthread_mutex_unlock(&mutex) == EPERM);
    return unused;
}

static void *left_mutex(void *unused) {
    pthread_mutex_lock(&left);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    pthread_mutex_unlock(&left);
    return unused;
}

static void *recursive_then_left(void *unused) {
    for (int i = 0; i < 65536 + 1; i++)
        pthread_mutex_lock(&mutex);
    for (int i = 0; i < 65536; i++)
        pthread_mutex_unlock(&mutex);
    pthread_mutex_lock(&left); /* with the mutex held once */
    pthread_mutex_unlock(&left);
    pthread_mutex_unlock(&mutex);
    left_mutex(NULL); /* and not held at all */
    return unused;
}

static void recursion_70000(void) {
    take_70000_times(NULL);
}

static void run_in_turn(void *(*one)(void *), void *(*two)(void *)) {
    pthread_t thread;
    pthread_create(&thread, NULL, one, NULL);
    pthread_join(thread, NULL);
    two(NULL);
}

/* The count of 65,537 is not taken for 1, nor the end of it for something held. */
static void recursion_ends(void) {
    make(PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED);
    run_in_turn(recursive_then_left, recursive_then_left);
    puts("done");
}

/* Resident memory in KiB. */
static long resident(void) {
    char line[256];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    if (status)
        fclose(status);
    return kib;
}

static void make_and_destroy(int times, int inside_another) {
    for (int i = 0; i < times; i++) {
        pthread_mutex_init(&mutex, NULL);
        pthread_mutex_lock(&mutex);
        if (inside_another) {
            pthread_mutex_lock(&left);
            pthread_mutex_unlock(&left);
        }
        pthread_mutex_unlock(&mutex);
        pthread_mutex_destroy(&mutex);
    }
}

static void *nothing(void *unused) {
    return unused;
}

static void churn(int times, int inside_another) {
    pthread_t thread;
    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
    make_and_destroy(times / 10, inside_another);
    long before = resident();
    make_and_destroy(times, inside_another);
    printf("%s\n", resident() - before < 4096 ? "steady" : "grown");
}

static void made_a_million_times(void) {
    churn(1000000, 0);
}

static const struct cases_case cases[] = {{"taken_again_errorcheck", taken_again_errorcheck},
                                          {"joined_by_itself", joined_by_itself},
                                          {"robust_recovered", robust_recovered},
                                          {"recursion_70000", recursion_70000},
                                          {"recursion_ends", recursion_ends},
                                          {"made_a_million_times", made_a_million_times}};

CASES_MAIN(cases)
