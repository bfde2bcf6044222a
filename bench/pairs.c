/* pairs SHAPE DEPTH THREADS MILLISECONDS: measures what one pair of calls costs in this process: lock+unlock,
 * or what the primitive has for it.
 *
 * Prints the nanoseconds per pair, a space, and the file that pthread_mutex_lock comes from, so that the
 * caller knows what it has measured. Only created threads lock, while main waits for them: glibc takes the
 * path for several threads in the rows with one thread too. Each thread has its own locks, except in
 * `contended`.
 *
 * DEPTH counts the calls, none of them inlined, between the loop and the function that locks. They are made
 * anew each time, as a program does, and so are part of the figure; with DEPTH 0 it is the pair alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOCKS = 1000, THREADS_MAX = 64, SEGMENTS = 25, BATCH = 500, WARM_UP = 2 * LOCKS };

union lock {
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    pthread_spinlock_t spin;
    sem_t semaphore;
    char line[64]; /* so that no two share one */
};

typedef void turn_function(union lock *locks);
typedef void make_function(union lock *lock);

struct shape {
    const char *name;
    turn_function *turn;
    make_function *make;
    int pairs;   /* per turn */
    bool shared; /* all threads use the same locks */
};

struct worker {
    pthread_t thread;
    const struct shape *shape;
    union lock *locks;
    int depth;
    double segment_ns;
    double pair_ns; /* the result */
};

/* Workers that are ready; they start together. */
static atomic_int waiting_for;

static void make_mutex(union lock *lock) {
    pthread_mutex_init(&lock->mutex, NULL);
}

static void make_recursive(union lock *lock) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&lock->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

static void make_rwlock(union lock *lock) {
    pthread_rwlock_init(&lock->rwlock, NULL);
}

static void make_spin(union lock *lock) {
    pthread_spin_init(&lock->spin, PTHREAD_PROCESS_PRIVATE);
}

static void make_semaphore(union lock *lock) {
    sem_init(&lock->semaphore, 0, 1);
}

static void turn_one(union lock *locks) {
    pthread_mutex_lock(&locks[0].mutex);
    pthread_mutex_unlock(&locks[0].mutex);
}

static void turn_two(union lock *locks) {
    pthread_mutex_lock(&locks[0].mutex);
    pthread_mutex_lock(&locks[1].mutex);
    pthread_mutex_unlock(&locks[1].mutex);
    pthread_mutex_unlock(&locks[0].mutex);
}

/* Four neighbours, elsewhere each turn: 997 places, and 2,994 different pairs of held and wanted lock. */
static void turn_four(union lock *locks) {
    static _Thread_local unsigned place;
    place = (place + 619) % (LOCKS - 3);
    union lock *four = &locks[place];
    pthread_mutex_lock(&four[0].mutex);
    pthread_mutex_lock(&four[1].mutex);
    pthread_mutex_lock(&four[2].mutex);
    pthread_mutex_lock(&four[3].mutex);
    pthread_mutex_unlock(&four[3].mutex);
    pthread_mutex_unlock(&four[2].mutex);
    pthread_mutex_unlock(&four[1].mutex);
    pthread_mutex_unlock(&four[0].mutex);
}

/* The same lock twice. */
static void turn_recursive(union lock *locks) {
    pthread_mutex_lock(&locks[0].mutex);
    pthread_mutex_lock(&locks[0].mutex);
    pthread_mutex_unlock(&locks[0].mutex);
    pthread_mutex_unlock(&locks[0].mutex);
}

static void turn_read(union lock *locks) {
    pthread_rwlock_rdlock(&locks[0].rwlock);
    pthread_rwlock_unlock(&locks[0].rwlock);
}

static void turn_write(union lock *locks) {
    pthread_rwlock_wrlock(&locks[0].rwlock);
    pthread_rwlock_unlock(&locks[0].rwlock);
}

static void turn_spin(union lock *locks) {
    pthread_spin_lock(&locks[0].spin);
    pthread_spin_unlock(&locks[0].spin);
}

static void turn_semaphore(union lock *locks) {
    sem_wait(&locks[0].semaphore);
    sem_post(&locks[0].semaphore);
}

static const struct shape shapes[] = {
    {"one", turn_one, make_mutex, 1, false},
    {"two", turn_two, make_mutex, 2, false},
    {"four", turn_four, make_mutex, 4, false},
    {"contended", turn_one, make_mutex, 1, true},
    {"recursive", turn_recursive, make_recursive, 2, false},
    {"read", turn_read, make_rwlock, 1, false},
    {"write", turn_write, make_rwlock, 1, false},
    {"spin", turn_spin, make_spin, 1, false},
    {"semaphore", turn_semaphore, make_semaphore, 1, false},
};

/* The empty asm keeps the calls from becoming jumps. */
__attribute__((noinline)) static void descend(const struct worker *worker, int depth) {
    if (depth > 1)
        descend(worker, depth - 1);
    else
        worker->shape->turn(worker->locks);
    __asm__ volatile("" ::: "memory");
}

static void run(const struct worker *worker, int turns) {
    for (int i = 0; i < turns; i++) {
        if (worker->depth == 0)
            worker->shape->turn(worker->locks);
        else
            descend(worker, worker->depth);
    }
}

static double now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of several segments: one that was interrupted does not count. */
static void *measure(void *argument) {
    struct worker *worker = argument;
    double segments[SEGMENTS];
    run(worker, WARM_UP);
    atomic_fetch_sub(&waiting_for, 1);
    while (atomic_load(&waiting_for) > 0)
        ;
    for (int i = 0; i < SEGMENTS; i++) {
        double start = now_ns(), elapsed;
        double pairs = 0;
        do {
            run(worker, BATCH);
            pairs += (double)BATCH * worker->shape->pairs;
            elapsed = now_ns() - start;
        } while (elapsed < worker->segment_ns);
        segments[i] = elapsed / pairs;
    }
    qsort(segments, SEGMENTS, sizeof segments[0], compare_doubles);
    worker->pair_ns = segments[SEGMENTS / 2];
    return NULL;
}

/* Return LOCKS locks on pages of their own. */
static union lock *make_locks(const struct shape *shape) {
    union lock *locks = aligned_alloc(4096, (LOCKS * sizeof *locks + 4095) / 4096 * 4096);
    if (!locks)
        abort();
    for (int i = 0; i < LOCKS; i++)
        shape->make(&locks[i]);
    return locks;
}

static const char *lock_module(void) {
    Dl_info info;
    void *lock = dlsym(RTLD_DEFAULT, "pthread_mutex_lock");
    return lock && dladdr(lock, &info) && info.dli_fname ? info.dli_fname : "?";
}

int main(int argc, char **argv) {
    static struct worker workers[THREADS_MAX];
    const struct shape *shape = NULL;
    for (size_t i = 0; argc == 5 && i < sizeof shapes / sizeof shapes[0]; i++)
        if (strcmp(argv[1], shapes[i].name) == 0)
            shape = &shapes[i];
    int depth = argc == 5 ? (int)strtol(argv[2], NULL, 10) : 0;
    int threads = argc == 5 ? (int)strtol(argv[3], NULL, 10) : 0;
    double milliseconds = argc == 5 ? strtod(argv[4], NULL) : 0;
    if (!shape || depth < 0 || threads < 1 || threads > THREADS_MAX || milliseconds <= 0) {
        fprintf(stderr, "usage: pairs one|two|four|contended|recursive|read|write|spin|semaphore DEPTH "
                        "THREADS MILLISECONDS\n");
        return 2;
    }

    union lock *shared = shape->shared ? make_locks(shape) : NULL;
    atomic_store(&waiting_for, threads);
    for (int i = 0; i < threads; i++) {
        struct worker *worker = &workers[i];
        *worker =
            (struct worker){.shape = shape, .depth = depth, .segment_ns = milliseconds * 1e6 / SEGMENTS};
        worker->locks = shared ? shared : make_locks(shape);
        if (pthread_create(&worker->thread, NULL, measure, worker) != 0)
            abort();
    }
    double sum = 0;
    for (int i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        sum += workers[i].pair_ns;
    }
    printf("%.3f %s\n", sum / threads, lock_module());
    return 0;
}
