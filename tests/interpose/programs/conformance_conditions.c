/* Condition waits: how each can end, and that the mutex is held again whatever it was. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

static pthread_mutex_t mutex;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int waiting, woken;

static int wait_until(clockid_t clock, long ms) {
    struct timespec until = conformance_in_ms(CLOCK_MONOTONIC, ms);
    return pthread_cond_clockwait(&condition, &mutex, clock, &until);
}

static int wait_realtime(long ms) {
    struct timespec until = conformance_in_ms(CLOCK_REALTIME, ms);
    return pthread_cond_timedwait(&condition, &mutex, &until);
}

static void *try_it(void *unused) {
    TELL(pthread_mutex_trylock(&mutex));
    return unused;
}

static void *signal_when_waiting(void *unused) {
    pthread_mutex_lock(&mutex);
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void *signal_and_die(void *unused) {
    pthread_mutex_lock(&mutex);
    pthread_cond_signal(&condition);
    return unused;
}

static void make(int type, bool robust) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setrobust(&attributes, robust ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED);
    TELL(pthread_mutex_init(&mutex, &attributes));
    pthread_mutexattr_destroy(&attributes);
}

/* The other thread gets the mutex only while this one waits. */
static void woken_by(void *(*signal)(void *)) {
    pthread_t other;
    pthread_create(&other, NULL, signal, NULL);
    TELL(pthread_cond_wait(&condition, &mutex));
    pthread_join(other, NULL);
}

static void every_end(int type, bool robust) {
    make(type, robust);
    TELL(pthread_mutex_lock(&mutex));
    TELL(wait_realtime(-1000));
    TELL(wait_realtime(2));
    TELL(wait_until(CLOCK_MONOTONIC, -1000));
    TELL(wait_until(CLOCK_MONOTONIC, 2));
    TELL(wait_until(CLOCK_REALTIME, 2));
    TELL(wait_until(12345, 2));
    TELL(pthread_cond_timedwait(&condition, &mutex, &conformance_no_time));
    TELL(pthread_cond_timedwait(&condition, &mutex, &conformance_no_time_either));
    TELL(pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, &conformance_no_time));
    woken_by(signal_when_waiting);
    conformance_elsewhere(try_it, NULL);
    if (type == PTHREAD_MUTEX_RECURSIVE) {
        TELL(pthread_mutex_lock(&mutex));
        TELL(wait_realtime(2));
        TELL(pthread_mutex_unlock(&mutex));
        conformance_elsewhere(try_it, NULL);
    }
    if (robust) {
        woken_by(signal_and_die);
        TELL(pthread_mutex_consistent(&mutex));
    }
    TELL(pthread_mutex_unlock(&mutex));
    if (robust || type == PTHREAD_MUTEX_ERRORCHECK) {
        TELL(pthread_cond_wait(&condition, &mutex));
        TELL(wait_realtime(2));
    }
    TELL(pthread_mutex_destroy(&mutex));
}

static void *wait_for_all(void *unused) {
    pthread_mutex_lock(&mutex);
    waiting++;
    while (!woken)
        pthread_cond_wait(&condition, &mutex);
    waiting--;
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void broadcast(void) {
    pthread_t threads[3];
    conformance_stage_is("broadcast");
    make(PTHREAD_MUTEX_NORMAL, false);
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, wait_for_all, NULL);
    for (bool all = false; !all; usleep(1000)) {
        pthread_mutex_lock(&mutex);
        woken = all = waiting == 3;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    for (int i = 0; i < 3; i++)
        TELL(pthread_join(threads[i], NULL));
    printf("still waiting: %d\n", waiting);
    TELL(pthread_mutex_destroy(&mutex));
}

/* A cancelled thread has the mutex again when its cleanup handlers run. */
static void unlock_in_cleanup(void *unused) {
    (void)unused;
    conformance_elsewhere(try_it, NULL);
    TELL(pthread_mutex_unlock(&mutex));
}

static void *wait_to_be_cancelled(void *how) {
    pthread_mutex_lock(&mutex);
    waiting = 1;
    pthread_cleanup_push(unlock_in_cleanup, NULL);
    if ((intptr_t)how == 0)
        pthread_cond_wait(&condition, &mutex);
    else if ((intptr_t)how == 1)
        wait_realtime(60000);
    else
        wait_until(CLOCK_MONOTONIC, 60000);
    pthread_cleanup_pop(0);
    return NULL;
}

static void cancellation(void) {
    for (intptr_t how = 0; how < 3; how++) {
        pthread_t thread;
        void *value;
        conformance_stage_is("cancelled wait %d", (int)how);
        make(PTHREAD_MUTEX_ERRORCHECK, false);
        waiting = 0;
        TELL(pthread_create(&thread, NULL, wait_to_be_cancelled, (void *)how));
        for (bool waits = false; !waits; usleep(1000)) {
            pthread_mutex_lock(&mutex);
            waits = waiting;
            pthread_mutex_unlock(&mutex);
        }
        pthread_cancel(thread);
        TELL(pthread_join(thread, &value));
        printf("cancelled: %d\n", value == PTHREAD_CANCELED);
        TELL(pthread_mutex_lock(&mutex));
        TELL(pthread_mutex_unlock(&mutex));
        TELL(pthread_mutex_destroy(&mutex));
    }
}

/* ---- the owner of the robust mutex dies while this thread waits ---- */

static void *die_with_it(void *unused) {
    pthread_mutex_lock(&mutex);
    return unused;
}

static void *give_it_up(void *unused) {
    TELL(pthread_mutex_lock(&mutex));
    pthread_cond_signal(&condition);
    TELL(pthread_mutex_unlock(&mutex));
    return unused;
}

/* One dies with it while another one waits, and the next does not make it consistent. */
static void *ruin_it(void *unused) {
    conformance_elsewhere(die_with_it, NULL);
    return give_it_up(unused);
}

static int wait_plainly(void) {
    return pthread_cond_wait(&condition, &mutex);
}

static int wait_a_minute(void) {
    return wait_realtime(60000);
}

static int wait_a_minute_by_the_clock(void) {
    return wait_until(CLOCK_MONOTONIC, 60000);
}

static int (*const waits[])(void) = {wait_plainly, wait_a_minute, wait_a_minute_by_the_clock};

static int wait_while(int (*wait)(void), void *(*happens)(void *)) {
    pthread_t other;
    pthread_create(&other, NULL, happens, NULL);
    errno = CONFORMANCE_ERRNO;
    int result = wait();
    int after = errno;
    pthread_join(other, NULL);
    errno = after;
    return result;
}

static void owners_die(void) {
    for (int i = 0; i < 3; i++) {
        conformance_stage_is("owner died in wait %d", i);
        make(PTHREAD_MUTEX_NORMAL, true);
        TELL(pthread_mutex_lock(&mutex));
        TELL(wait_while(waits[i], signal_and_die));
        conformance_elsewhere(try_it, NULL);
        TELL(pthread_mutex_consistent(&mutex));
        TELL(wait_while(waits[i], signal_when_waiting));
        TELL(wait_while(waits[i], ruin_it));
        TELL(pthread_mutex_consistent(&mutex));
        TELL(pthread_mutex_destroy(&mutex));
    }
}

/* ---- signals, attributes, two processes ---- */

static int nothing(void) {
    return 0;
}

static int signal_it(void) {
    pthread_mutex_lock(&mutex);
    int result = pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    return result;
}

static void not_interrupted(void) {
    conformance_stage_is("signals");
    make(PTHREAD_MUTEX_ERRORCHECK, false);
    conformance_interrupt(false);
    TELL(pthread_mutex_lock(&mutex));
    for (int i = 0; i < 3; i++) {
        TELL(wait_realtime(20));
        TELL(wait_until(CLOCK_MONOTONIC, 20));
        conformance_hold(nothing, signal_it);
        conformance_let_go_after_signals();
        TELL(waits[i]());
        conformance_elsewhere(try_it, NULL);
        conformance_held();
    }
    TELL(pthread_mutex_unlock(&mutex));
    conformance_interrupt_no_more();
    TELL(pthread_mutex_destroy(&mutex));
}

/* The clock of pthread_cond_timedwait is the attribute's; that of clockwait is the caller's. */
static void clocks(void) {
    static const clockid_t chosen[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
    make(PTHREAD_MUTEX_NORMAL, false);
    for (int i = 0; i < 2; i++) {
        pthread_condattr_t attributes;
        conformance_stage_is("clock %d", chosen[i]);
        pthread_condattr_init(&attributes);
        TELL(pthread_condattr_setclock(&attributes, chosen[i]));
        TELL(pthread_cond_init(&condition, &attributes));
        pthread_condattr_destroy(&attributes);
        TELL(pthread_cond_signal(&condition));
        TELL(pthread_cond_broadcast(&condition));
        pthread_mutex_lock(&mutex);
        struct timespec until = conformance_in_ms(chosen[i], 2);
        TELL(pthread_cond_timedwait(&condition, &mutex, &until));
        until = conformance_in_ms(chosen[i], 60000);
        pthread_t other;
        pthread_create(&other, NULL, signal_when_waiting, NULL);
        TELL(pthread_cond_timedwait(&condition, &mutex, &until));
        pthread_join(other, NULL);
        TELL(wait_until(CLOCK_MONOTONIC, 2));
        pthread_mutex_unlock(&mutex);
        TELL(pthread_cond_destroy(&condition));
    }
    TELL(pthread_mutex_destroy(&mutex));
    TELL(pthread_cond_init(&condition, NULL));
}

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    int waiting, woken;
} *shared;

static void two_processes(void) {
    pthread_mutexattr_t mutex_attributes;
    pthread_condattr_t attributes;
    int status = -1;
    conformance_stage_is("two processes");
    shared = conformance_shared(sizeof *shared);
    pthread_mutexattr_init(&mutex_attributes);
    pthread_mutexattr_setpshared(&mutex_attributes, PTHREAD_PROCESS_SHARED);
    TELL(pthread_mutex_init(&shared->mutex, &mutex_attributes));
    pthread_condattr_init(&attributes);
    pthread_condattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    TELL(pthread_cond_init(&shared->condition, &attributes));
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(&shared->mutex);
        shared->waiting = 1;
        while (!shared->woken)
            pthread_cond_wait(&shared->condition, &shared->mutex);
        _exit(pthread_mutex_unlock(&shared->mutex));
    }
    for (bool waits = false; !waits; usleep(1000)) {
        pthread_mutex_lock(&shared->mutex);
        waits = shared->waiting;
        pthread_mutex_unlock(&shared->mutex);
    }
    TELL(pthread_mutex_lock(&shared->mutex));
    shared->woken = 1;
    TELL(pthread_cond_signal(&shared->condition));
    TELL(pthread_mutex_unlock(&shared->mutex));
    printf("child has ended: %d\n", waitpid(child, &status, 0) == child && status == 0);
    TELL(pthread_cond_destroy(&shared->condition));
    TELL(pthread_mutex_destroy(&shared->mutex));
}

void conformance_conditions(void) {
    static const struct {
        const char *name;
        int value;
    } types[] = {{"normal", PTHREAD_MUTEX_NORMAL},
                 {"recursive", PTHREAD_MUTEX_RECURSIVE},
                 {"errorcheck", PTHREAD_MUTEX_ERRORCHECK},
                 {"adaptive", PTHREAD_MUTEX_ADAPTIVE_NP}};
    for (int i = 0; i < 8; i++) {
        conformance_stage_is("wait with %s%s", types[i % 4].name, i < 4 ? "" : " robust");
        every_end(types[i % 4].value, i >= 4);
    }
    broadcast();
    cancellation();
    owners_die();
    not_interrupted();
    clocks();
    two_processes();
}
