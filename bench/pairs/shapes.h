/* What the measured program can do: tables of shapes, one table per family, each in a file of its own.
 *
 * A shape is a turn, which makes some pairs of calls (lock and unlock, wait and post), and how its locks are
 * made. How the turns are counted and timed is main.c's. Turns are functions of their own, called through a
 * pointer, so that no compiler moves anything out of the loop around them.
 */
#ifndef GORDIAN_BENCH_PAIRS_SHAPES_H
#define GORDIAN_BENCH_PAIRS_SHAPES_H

#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <threads.h>

#ifdef __cplusplus
extern "C" {
#endif

union lock {
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    pthread_spinlock_t spin;
    sem_t semaphore;
    mtx_t mtx;
    pthread_once_t once;
    FILE *stream;
    char line[64]; /* so that no two share one */
};

struct worker {
    union lock *locks;
    uint32_t locks_count;
    uint32_t variety; /* how many different stacks a shape of the family "stacks" makes */
    uint32_t number;  /* of this thread, from 0 */
    uint32_t threads;
    uint64_t random;
};

/* How turns are timed. */
enum timing {
    TIMING_PROCESSOR, /* each thread by its own processor time: what others do on that processor does not
                         count */
    TIMING_CLOCK,     /* each thread by the clock: other threads do part of the work */
    TIMING_SHARED, /* all threads use the same locks until the time is up: the clock, over the turns of all */
    TIMING_TOGETHER, /* each turn is one of all threads, which wait for each other: the clock, over turns */
};

struct shape {
    const char *name;
    void (*turn)(struct worker *worker);
    void (*make)(union lock *lock);
    int pairs; /* per turn */
    enum timing timing;
    uint32_t locks;   /* unless the command line says how many */
    uint32_t threads; /* that it needs; 0: any number */
};

/* The shapes of each family, up to one without a name. */
extern const struct shape shapes_locks[];  /* locks.c: each primitive, nesting, many locks */
extern const struct shape shapes_waits[];  /* waits.c: what threads do with each other */
extern const struct shape shapes_stacks[]; /* stacks.c: many different stacks */
extern const struct shape shapes_cxx[]; /* cxx.cc: C++'s locks and calls (none.c in a program without C++) */

/* Return a number below `bound`, the same ones in every run (xorshift64*). */
static inline uint32_t worker_random(struct worker *worker, uint32_t bound) {
    worker->random ^= worker->random >> 12;
    worker->random ^= worker->random << 25;
    worker->random ^= worker->random >> 27;
    return (uint32_t)((worker->random * 0x2545f4914f6cdd1du >> 32) * bound >> 32);
}

#ifdef __cplusplus
}
#endif

#endif
