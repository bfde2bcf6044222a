/* pairs SHAPE DEPTH THREADS MILLISECONDS [--locks N] [--variety N] [--turns N]: measures what one pair of
 * calls costs in this process.
 *
 * Prints the nanoseconds per pair, a space, and the file that pthread_mutex_lock comes from, so that the
 * caller knows what it has measured. Only created threads lock, while main waits for them: glibc takes the
 * path for several threads in the rows with one thread too. With THREADS 0 main itself does it, and no thread
 * is ever created. Each thread has its own locks unless the shape shares them.
 *
 * DEPTH counts the calls, none of them inlined, between the loop and the function that locks. They are made
 * anew each time, as a program does, and so are part of the figure; with DEPTH 0 it is the pair alone.
 *
 * With --turns nothing is timed: each thread makes so many turns. That is for counting instructions.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/pairs/shapes.h"

enum { THREADS_MAX = 64, SEGMENTS = 25, WARM_UP = 2000 };

/* The clock is read once per batch, which takes about so long: then the reading does not count. */
#define BATCH_NS 50000.0

struct measured {
    pthread_t thread;
    struct worker worker;
    double pair_ns; /* the result, or */
    uint64_t turns; /* made while the time ran */
};

static const struct shape *const families[] = {shapes_locks, shapes_waits, shapes_stacks, shapes_cxx};
static const struct shape *shape;
static int depth;
static uint64_t turns_wanted; /* 0: what fits into the time */
static double time_ns;

static struct measured measured[THREADS_MAX];
static int threads;

/* Where all threads wait for each other, without any lock. */
static atomic_int arrived;
static atomic_bool time_is_up;

static void meet(void) {
    int round = atomic_fetch_add(&arrived, 1) / threads;
    while (atomic_load(&arrived) / threads == round)
        sched_yield();
}

/* ---- the loop ---- */

/* Functions with frames of different sizes. The empty asm keeps the calls from becoming jumps. */
static void descend(struct worker *worker, int levels);

#define LEVEL(name, bytes)                                                                                   \
    __attribute__((noinline)) static void name(struct worker *worker, int levels) {                          \
        char frame[bytes];                                                                                   \
        __asm__ volatile("" ::"r"(frame) : "memory");                                                        \
        descend(worker, levels - 1);                                                                         \
        __asm__ volatile("" ::: "memory");                                                                   \
    }

LEVEL(level_a, 8)
LEVEL(level_b, 40)
LEVEL(level_c, 120)
LEVEL(level_d, 24)

__attribute__((noinline)) static void descend(struct worker *worker, int levels) {
    if (levels <= 1)
        shape->turn(worker);
    else if (levels % 4 == 0)
        level_a(worker, levels - 1);
    else if (levels % 4 == 1)
        level_b(worker, levels - 1);
    else if (levels % 4 == 2)
        level_c(worker, levels - 1);
    else
        level_d(worker, levels - 1);
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void run(struct worker *worker, uint64_t turns) {
    if (depth == 0)
        for (uint64_t i = 0; i < turns; i++)
            shape->turn(worker);
    else
        for (uint64_t i = 0; i < turns; i++)
            descend(worker, depth);
}

/* ---- timing ---- */

static double now_ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Return how many turns make a batch. The least of several runs counts: the first one from here has a stack
 * that is new, and one may be interrupted. */
static uint64_t measure_batch(struct worker *worker) {
    for (uint64_t turns = 1;; turns *= 2) {
        double least = 0;
        for (int i = 0; i < 4; i++) {
            double start = now_ns(CLOCK_MONOTONIC);
            run(worker, turns);
            double elapsed = now_ns(CLOCK_MONOTONIC) - start;
            least = i == 0 || elapsed < least ? elapsed : least;
        }
        if (least >= BATCH_NS / 2)
            return turns;
    }
}

/* The median of several segments: one that was interrupted does not count. */
static void measure_alone(struct measured *m, clockid_t clock) {
    double segments[SEGMENTS];
    uint64_t batch = measure_batch(&m->worker);
    meet();
    for (int i = 0; i < SEGMENTS; i++) {
        double start = now_ns(clock), elapsed, pairs = 0;
        do {
            run(&m->worker, batch);
            pairs += (double)batch * shape->pairs;
            elapsed = now_ns(clock) - start;
        } while (elapsed < time_ns / SEGMENTS);
        segments[i] = elapsed / pairs;
    }
    qsort(segments, SEGMENTS, sizeof segments[0], compare_doubles);
    m->pair_ns = segments[SEGMENTS / 2];
}

/* All threads until the time is up; the first one keeps it. */
static void measure_shared(struct measured *m) {
    meet();
    double start = now_ns(CLOCK_MONOTONIC);
    while (!atomic_load_explicit(&time_is_up, memory_order_relaxed)) {
        run(&m->worker, 100);
        m->turns += 100;
        if (m->worker.number == 0 && now_ns(CLOCK_MONOTONIC) - start >= time_ns)
            atomic_store(&time_is_up, true);
    }
    double elapsed = now_ns(CLOCK_MONOTONIC) - start;
    meet();
    uint64_t turns = 0;
    for (int i = 0; i < threads; i++)
        turns += measured[i].turns;
    m->pair_ns = elapsed / ((double)turns * shape->pairs);
}

/* Rounds in which all threads make the same number of turns, more and more until a round takes the time. */
static void measure_together(struct measured *m) {
    static atomic_bool enough;
    for (uint64_t turns = 16;; turns *= 2) {
        meet();
        double start = now_ns(CLOCK_MONOTONIC);
        run(&m->worker, turns);
        double elapsed = now_ns(CLOCK_MONOTONIC) - start;
        m->pair_ns = elapsed / ((double)turns * shape->pairs);
        if (m->worker.number == 0)
            atomic_store(&enough, elapsed >= time_ns / 2);
        meet();
        if (atomic_load(&enough))
            return;
    }
}

static void *measure(void *argument) {
    struct measured *m = argument;
    if (shape->timing != TIMING_TOGETHER && shape->timing != TIMING_CLOCK)
        run(&m->worker, WARM_UP);
    if (turns_wanted)
        run(&m->worker, turns_wanted);
    else if (shape->timing == TIMING_SHARED)
        measure_shared(m);
    else if (shape->timing == TIMING_TOGETHER)
        measure_together(m);
    else
        measure_alone(m, shape->timing == TIMING_CLOCK ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID);
    return NULL;
}

/* ---- the program ---- */

/* Return so many locks, on pages of their own. */
static union lock *make_locks(uint32_t count) {
    union lock *locks = aligned_alloc(4096, (count * sizeof *locks + 4095) / 4096 * 4096);
    if (!locks)
        abort();
    for (uint32_t i = 0; i < count; i++)
        shape->make(&locks[i]);
    return locks;
}

static const char *lock_module(void) {
    Dl_info info;
    void *lock = dlsym(RTLD_DEFAULT, "pthread_mutex_lock");
    return lock && dladdr(lock, &info) && info.dli_fname ? info.dli_fname : "?";
}

static const struct shape *find_shape(const char *name) {
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        for (const struct shape *s = families[i]; s->name; s++)
            if (strcmp(s->name, name) == 0)
                return s;
    return NULL;
}

static int usage(void) {
    fprintf(stderr,
            "usage: pairs SHAPE DEPTH THREADS MILLISECONDS [--locks N] [--variety N] [--turns N]\nshapes:");
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        for (const struct shape *s = families[i]; s->name; s++)
            fprintf(stderr, " %s", s->name);
    fputc('\n', stderr);
    return 2;
}

int main(int argc, char **argv) {
    if (argc < 5 || argc % 2 == 0 || !(shape = find_shape(argv[1])))
        return usage();
    depth = (int)strtol(argv[2], NULL, 10);
    threads = (int)strtol(argv[3], NULL, 10);
    time_ns = strtod(argv[4], NULL) * 1e6;
    long locks_count = shape->locks, variety = 1024;
    for (int i = 5; i < argc; i += 2) {
        long n = strtol(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--locks") == 0)
            locks_count = n;
        else if (strcmp(argv[i], "--variety") == 0)
            variety = n;
        else if (strcmp(argv[i], "--turns") == 0)
            turns_wanted = n > 0 ? (uint64_t)n : 0;
        else
            return usage();
    }
    bool alone = threads == 0 && shape->threads == 0;
    if (depth < 0 || threads < 0 || threads > THREADS_MAX || !(time_ns > 0) || locks_count < shape->locks ||
        variety < 1 || (!alone && threads == 0) || (shape->threads != 0 && (int)shape->threads != threads))
        return usage();

    if (alone)
        threads = 1;
    bool share = shape->timing == TIMING_SHARED || shape->timing == TIMING_TOGETHER;
    union lock *shared = share ? make_locks((uint32_t)locks_count) : NULL;
    for (int i = 0; i < threads; i++) {
        measured[i].worker = (struct worker){.locks = shared ? shared : make_locks((uint32_t)locks_count),
                                             .locks_count = (uint32_t)locks_count,
                                             .variety = (uint32_t)variety,
                                             .number = (uint32_t)i,
                                             .threads = (uint32_t)threads,
                                             .random = 0x9e3779b97f4a7c15u * (uint64_t)(i + 1)};
        if (!alone && pthread_create(&measured[i].thread, NULL, measure, &measured[i]) != 0)
            abort();
    }
    if (alone)
        measure(&measured[0]);
    double sum = 0;
    for (int i = 0; i < threads; i++) {
        if (!alone)
            pthread_join(measured[i].thread, NULL);
        sum += measured[i].pair_ns;
    }
    printf("%.3f %s\n", sum / threads, lock_module());
    return 0;
}
