/* What threads do with each other: they hand over, meet, start and end. */
#define _GNU_SOURCE
#include "bench/pairs/shapes.h"

#include <stdatomic.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static uint32_t whose; /* turn it is, guarded by the mutex */
static sem_t ping, pong;

static void make_nothing(union lock *lock) {
    (void)lock;
}

static void make_mutex(union lock *lock) {
    pthread_mutex_init(&lock->mutex, NULL);
}

static void make_semaphores(union lock *lock) {
    (void)lock;
    sem_init(&ping, 0, 0);
    sem_init(&pong, 0, 0);
}

/* One pair is a lock and unlock with a signal to nobody in between. */
static void turn_signal(struct worker *worker) {
    pthread_mutex_lock(&worker->locks->mutex);
    pthread_cond_signal(&turned);
    pthread_mutex_unlock(&worker->locks->mutex);
}

/* Each turn passes once around: there and back with two threads. */
static void turn_condition(struct worker *worker) {
    pthread_mutex_lock(&mutex);
    while (whose != worker->number)
        pthread_cond_wait(&turned, &mutex);
    whose = (whose + 1) % worker->threads;
    pthread_cond_broadcast(&turned);
    pthread_mutex_unlock(&mutex);
}

static void turn_semaphores(struct worker *worker) {
    if (worker->number == 0) {
        sem_post(&ping);
        sem_wait(&pong);
    } else {
        sem_wait(&ping);
        sem_post(&pong);
    }
}

/* Made by the first who comes: only now is it known how many will. */
static void turn_barrier(struct worker *worker) {
    static atomic_int made; /* 0: no, 1: being made, 2: yes */
    if (atomic_load(&made) != 2) {
        int no = 0;
        if (atomic_compare_exchange_strong(&made, &no, 1)) {
            pthread_barrier_init(&barrier, NULL, worker->threads);
            atomic_store(&made, 2);
        }
        while (atomic_load(&made) != 2)
            ;
    }
    pthread_barrier_wait(&barrier);
}

static void *end_at_once(void *argument) {
    return argument;
}

static void turn_thread(struct worker *worker) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, end_at_once, worker) != 0)
        abort();
    pthread_join(thread, NULL);
}

const struct shape shapes_waits[] = {
    {"signal", turn_signal, make_mutex, 1, TIMING_PROCESSOR, 1, 0},
    {"condition_ping_pong", turn_condition, make_nothing, 1, TIMING_TOGETHER, 1, 2},
    {"semaphore_ping_pong", turn_semaphores, make_semaphores, 1, TIMING_TOGETHER, 1, 2},
    {"barrier", turn_barrier, make_nothing, 1, TIMING_TOGETHER, 1, 0},
    {"create_join", turn_thread, make_nothing, 1, TIMING_CLOCK, 1, 0},
    {NULL, NULL, NULL, 0, TIMING_PROCESSOR, 0, 0},
};
