/* Spinlocks. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

static pthread_spinlock_t own;
static volatile pthread_spinlock_t *lock = &own;

#define TRY(call) TAKE(call, pthread_spin_unlock(lock))

static void *try_it(void *unused) {
    TRY(pthread_spin_trylock(lock));
    return unused;
}

static void try_in_the_child(void) {
    try_it(NULL);
}

static void *take_it(void *unused) {
    TRY(pthread_spin_lock(lock));
    TRY(pthread_spin_trylock(lock));
    return unused;
}

static void uses(void) {
    take_it(NULL);
    conformance_elsewhere(take_it, NULL);
    TELL(pthread_spin_lock(lock));
    try_it(NULL);
    conformance_elsewhere(try_it, NULL);
    TELL(pthread_spin_unlock(lock));
    TELL(pthread_spin_trylock(lock));
    try_it(NULL);
    conformance_elsewhere(try_it, NULL);
    TELL(pthread_spin_unlock(lock));
    take_it(NULL);
}

static int has_it;

static void *spin(void *unused) {
    TELL(pthread_spin_lock(lock));
    __atomic_store_n(&has_it, 1, __ATOMIC_RELEASE);
    TELL(pthread_spin_unlock(lock));
    return unused;
}

/* Let the thread spin for 3 milliseconds of its own time, or 10 seconds. */
static void let_spin(pthread_t thread) {
    clockid_t clock;
    struct timespec spent = {0};
    if (pthread_getcpuclockid(thread, &clock) != 0)
        return;
    for (int i = 0; i < 10000 && spent.tv_sec == 0 && spent.tv_nsec < 3000000; i++, usleep(1000))
        clock_gettime(clock, &spent);
}

static void blocking(void) {
    pthread_t thread;
    __atomic_store_n(&has_it, 0, __ATOMIC_RELEASE);
    TELL(pthread_spin_lock(lock));
    pthread_create(&thread, NULL, spin, NULL);
    let_spin(thread);
    printf("the other has it: %d\n", __atomic_load_n(&has_it, __ATOMIC_ACQUIRE));
    /* Not printed before the other's: who prints first is anybody's guess. */
    pthread_spin_unlock(lock);
    TELL(pthread_join(thread, NULL));
}

enum { THREADS = 3, ROUNDS = 3000 };
static int count;

static void *add(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 2 || pthread_spin_trylock(lock) != 0)
            pthread_spin_lock(lock);
        count++;
        pthread_spin_unlock(lock);
    }
    return unused;
}

static void many(void) {
    pthread_t threads[THREADS];
    count = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, add, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%d\n", count);
}

static void two_processes(void) {
    conformance_stage_is("two processes");
    lock = conformance_shared(sizeof *lock);
    TELL(pthread_spin_init(lock, PTHREAD_PROCESS_SHARED));
    TELL(pthread_spin_lock(lock));
    conformance_in_child(try_in_the_child);
    TELL(pthread_spin_unlock(lock));
    conformance_in_child(try_in_the_child);
    TELL(pthread_spin_destroy(lock));
    lock = &own;
}

void conformance_spins(void) {
    static const int sharing[] = {PTHREAD_PROCESS_PRIVATE, PTHREAD_PROCESS_SHARED, 4711};
    for (int i = 0; i < 3; i++) {
        conformance_stage_is("shared %d", sharing[i]);
        TELL(pthread_spin_init(lock, sharing[i]));
        uses();
        blocking();
        many();
        TELL(pthread_spin_destroy(lock));
    }
    two_processes();
}
