/* A program in which there is something to find, again and again: finder NAME [ARG]
 *
 * Two threads take pair after pair of locks, one each way, in turns. The paths to them vary, so that the
 * findings do.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/interpose/programs/cases.h"

enum { PAIRS = 1 << 16, PATHS = 1 << 8 };

static pthread_mutex_t left[PAIRS], right[PAIRS];
static int wanted = PAIRS;
static long turn;

static void take_both(pthread_mutex_t *first, pthread_mutex_t *second) {
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void by_path(int pair, int path);

static __attribute__((noinline)) void one_way(int pair, int path) {
    by_path(pair, path);
    __asm__ volatile("" ::: "memory");
}

static __attribute__((noinline)) void other_way(int pair, int path) {
    by_path(pair, path);
    __asm__ volatile("" ::: "memory");
}

/* The bits of `path` are the way, the highest one its end. */
static void by_path(int pair, int path) {
    if (path == 1)
        take_both(&left[pair], &right[pair]);
    else if (path & 1)
        one_way(pair, path >> 1);
    else
        other_way(pair, path >> 1);
}

static void *there(void *unused) {
    for (int i = 0; i < wanted; i++) {
        while (__atomic_load_n(&turn, __ATOMIC_RELAXED) != 2 * i)
            sched_yield();
        by_path(i, PATHS | i % PATHS);
        __atomic_store_n(&turn, 2 * i + 1, __ATOMIC_RELAXED);
    }
    return unused;
}

static void *back(void *unused) {
    for (int i = 0; i < wanted; i++) {
        while (__atomic_load_n(&turn, __ATOMIC_RELAXED) != 2 * i + 1)
            sched_yield();
        take_both(&right[i], &left[i]);
        __atomic_store_n(&turn, 2 * i + 2, __ATOMIC_RELAXED);
    }
    return unused;
}

static void find(int count) {
    pthread_t threads[2];
    wanted = count;
    turn = 0;
    if (pthread_create(&threads[0], NULL, there, NULL) != 0 ||
        pthread_create(&threads[1], NULL, back, NULL) != 0)
        exit(4);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

/* Killed while it is at it, or done in the end. */
static void many(void) {
    find(PAIRS);
    puts("done");
}

static void some(void) {
    find(500);
    puts("done");
}

static void one(void) {
    find(1);
    puts("done");
}

/* A descriptor, memory and a thread are to be had as without the library. */
static void with_memory(void) {
    char *memory = malloc(20u << 20);
    if (!memory)
        exit(3);
    memset(memory, 1, 20u << 20);
    find(1);
    printf("done %d\n", memory[1 << 20]);
    free(memory);
}

static void next_descriptor(void) {
    find(1);
    printf("descriptor %d\n", open("/dev/null", O_RDONLY | O_CLOEXEC));
}

/* What is at number 2 then is a file of the program's, in which nobody else may write. */
static void stderr_closed(void) {
    close(2);
    printf("descriptor %d\n", open("stderr.out", O_WRONLY | O_CREAT | O_TRUNC, 0600));
    find(3);
}

static void stderr_replaced(void) {
    int file = open("stderr.out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file >= 0)
        printf("descriptor %d\n", dup2(file, 2));
    find(3);
}

static const struct cases_case cases[] = {{"many", many},
                                          {"some", some},
                                          {"one", one},
                                          {"with_memory", with_memory},
                                          {"next_descriptor", next_descriptor},
                                          {"stderr_closed", stderr_closed},
                                          {"stderr_replaced", stderr_replaced}};

CASES_MAIN(cases)
