/* Items that make threads: children, their endings, cancellation. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/torture/machine.h"

struct child {
    struct machine *machine;
    struct dice dice;
    uint32_t ending;
    sem_t done; /* of a detached one */
};

enum { ENDS_BY_RETURN, ENDS_BY_EXIT, ENDS_WITH_DESTRUCTOR, ENDS_DETACHED, ENDINGS };

static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void child_nest(struct child *child) {
    struct worker worker = {.machine = child->machine};
    machine_nest(&worker, &child->dice);
    machine_add(child->machine, worker.sum);
}

/* Takes locks when most of the thread is gone; and once more, in a later round of destructors. */
static void destructor(void *argument) {
    struct child *child = argument;
    child_nest(child);
    if (child->ending == ENDS_WITH_DESTRUCTOR) {
        child->ending = ENDS_BY_RETURN;
        pthread_setspecific(key, child);
    }
}

static void make_key(void) {
    any_lock_must(pthread_key_create(&key, destructor), "pthread_key_create");
}

static __attribute__((noinline)) uint32_t leave_from_below(uint32_t depth) {
    if (depth == 0)
        pthread_exit((void *)7);
    return leave_from_below(depth - 1) + 1;
}

static void *child_main(void *argument) {
    struct child *child = argument;
    child_nest(child);
    if (child->ending == ENDS_WITH_DESTRUCTOR)
        pthread_setspecific(key, child);
    if (child->ending == ENDS_BY_EXIT)
        leave_from_below(5);
    if (child->ending == ENDS_DETACHED)
        sem_post(&child->done);
    return (void *)7;
}

void act_child(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item;
    /* A detached child may still be in sem_post when the wait for it is over. */
    static struct child kept[PROGRAM_ITEMS];
    struct child *child = &kept[item - worker->machine->program->items];
    *child = (struct child){worker->machine, {item->seed ^ 1}, dice_throw(dice, ENDINGS), {{0}}};
    pthread_once(&key_once, make_key);
    sem_init(&child->done, 0, 0);
    pthread_t thread = machine_thread(child_main, child, dice);
    if (child->ending == ENDS_DETACHED) {
        any_lock_must(pthread_detach(thread), "pthread_detach");
        while (sem_wait(&child->done) != 0)
            any_lock_must(errno == EINTR ? 0 : errno, "sem_wait");
        return;
    }
    machine_nest(worker, dice);
    worker->sum += (uintptr_t)machine_join(thread, dice);
}

/* ---- two orders, one thread after the other ---- */

struct pair {
    pthread_mutex_t *first, *second;
};

static void *take_pair(void *argument) {
    struct pair *pair = argument;
    pthread_mutex_lock(pair->first);
    pthread_mutex_lock(pair->second);
    pthread_mutex_unlock(pair->second);
    pthread_mutex_unlock(pair->first);
    return NULL;
}

void act_ordered(struct worker *worker, const struct item *item, struct dice *dice) {
    static pthread_mutex_t pairs[PROGRAM_THREADS][2];
    pthread_mutex_t *own = pairs[worker->index];
    (void)item;
    for (uint32_t i = dice_throw(dice, 2), end = i + 2; i < end; i++) {
        struct pair pair = {&own[i % 2], &own[(i + 1) % 2]};
        machine_join(machine_thread(take_pair, &pair, dice), dice);
    }
}

/* ---- cancellation ---- */

struct victim {
    pthread_mutex_t mutex; /* first these two: see unwinding_victim */
    pthread_cond_t condition;
    sem_t semaphore;
    mtx_t mtx;
    cnd_t cnd;
    pthread_t joined;
};

static void unlock_mutex(void *mutex) {
    any_lock_must(pthread_mutex_unlock(mutex), "the mutex of a cancelled wait");
}

static void unlock_mtx(void *mtx) {
    any_lock_must(mtx_unlock(mtx) != thrd_success, "the mutex of a cancelled wait");
}

static struct timespec in_1000_s(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    at.tv_sec += 1000;
    return at;
}

static void *waits_for_condition(void *argument) {
    struct victim *victim = argument;
    pthread_mutex_lock(&victim->mutex);
    pthread_cleanup_push(unlock_mutex, &victim->mutex);
    for (;;)
        pthread_cond_wait(&victim->condition, &victim->mutex);
    pthread_cleanup_pop(0);
}

static void *waits_for_condition_in_time(void *argument) {
    struct victim *victim = argument;
    struct timespec at = in_1000_s(CLOCK_REALTIME);
    pthread_mutex_lock(&victim->mutex);
    pthread_cleanup_push(unlock_mutex, &victim->mutex);
    for (;;)
        pthread_cond_timedwait(&victim->condition, &victim->mutex, &at);
    pthread_cleanup_pop(0);
}

static void *waits_for_condition_of_clock(void *argument) {
    struct victim *victim = argument;
    struct timespec at = in_1000_s(CLOCK_MONOTONIC);
    pthread_mutex_lock(&victim->mutex);
    pthread_cleanup_push(unlock_mutex, &victim->mutex);
    for (;;)
        pthread_cond_clockwait(&victim->condition, &victim->mutex, CLOCK_MONOTONIC, &at);
    pthread_cleanup_pop(0);
}

static void *waits_for_c11(void *argument) {
    struct victim *victim = argument;
    mtx_lock(&victim->mtx);
    pthread_cleanup_push(unlock_mtx, &victim->mtx);
    for (;;)
        cnd_wait(&victim->cnd, &victim->mtx);
    pthread_cleanup_pop(0);
}

__attribute__((noreturn)) static void *waits_for_semaphore(void *argument) {
    struct victim *victim = argument;
    for (;;)
        sem_wait(&victim->semaphore);
}

__attribute__((noreturn)) static void *waits_for_semaphore_in_time(void *argument) {
    struct victim *victim = argument;
    struct timespec at = in_1000_s(CLOCK_MONOTONIC);
    for (;;)
        sem_clockwait(&victim->semaphore, CLOCK_MONOTONIC, &at);
}

__attribute__((noreturn)) static void *waits_for_signal(void *argument) {
    (void)argument;
    for (;;)
        pause();
}

__attribute__((noreturn)) static void *waits_in_a_loop(void *argument) {
    (void)argument;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    for (;;)
        __asm__ volatile("" ::: "memory");
}

static void *waits_for_thread(void *argument) {
    struct victim *victim = argument;
    pthread_join(victim->joined, NULL);
    return NULL; /* not reached: who is joined ends after this one */
}

static void *(*const victims[])(void *) = {
    waits_for_condition,
    waits_for_condition_in_time,
    waits_for_condition_of_clock,
    waits_for_c11,
    waits_for_semaphore,
    waits_for_semaphore_in_time,
    waits_for_signal,
    waits_in_a_loop,
    waits_for_thread,
    unwinding_victim,
};

static void *is_joined(void *argument) {
    struct victim *victim = argument;
    while (sem_wait(&victim->semaphore) != 0)
        any_lock_must(errno == EINTR ? 0 : errno, "sem_wait");
    return (void *)9;
}

void act_cancel(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item;
    struct victim victim;
    void *(*run)(void *) = victims[dice_throw(dice, sizeof victims / sizeof *victims)];
    pthread_mutex_init(&victim.mutex, NULL);
    pthread_cond_init(&victim.condition, NULL);
    sem_init(&victim.semaphore, 0, 0);
    mtx_init(&victim.mtx, mtx_plain);
    cnd_init(&victim.cnd);
    if (run == waits_for_thread)
        any_lock_must(pthread_create(&victim.joined, NULL, is_joined, &victim), "pthread_create");
    pthread_t thread = machine_thread(run, &victim, dice);
    if (dice_throw(dice, 2))
        usleep(dice_throw(dice, 500));
    else
        machine_nest(worker, dice);
    any_lock_must(pthread_cancel(thread), "pthread_cancel");
    worker->sum += machine_join(thread, dice) == PTHREAD_CANCELED;
    if (run == waits_for_thread) {
        sem_post(&victim.semaphore);
        worker->sum += (uintptr_t)machine_join(victim.joined, dice);
    }
    /* The wait is over in every respect: the mutex is free, and nobody waits. */
    any_lock_must(pthread_mutex_trylock(&victim.mutex), "the mutex of a cancelled wait");
    pthread_mutex_unlock(&victim.mutex);
    pthread_cond_destroy(&victim.condition);
    any_lock_must(pthread_mutex_destroy(&victim.mutex), "pthread_mutex_destroy");
    sem_destroy(&victim.semaphore);
    cnd_destroy(&victim.cnd);
    mtx_destroy(&victim.mtx);
}

/* ---- a robust mutex whose owner is gone ---- */

static void *leaves_it_locked(void *mutex) {
    any_lock_must(pthread_mutex_lock(mutex), "a robust mutex");
    return NULL;
}

void act_robust(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item;
    struct any_lock lock;
    any_lock_init(&lock, ANY_MUTEX_ROBUST);
    machine_join(machine_thread(leaves_it_locked, &lock.mutex, dice), dice);
    int result = pthread_mutex_lock(&lock.mutex);
    worker->sum += result == EOWNERDEAD;
    any_lock_must(pthread_mutex_consistent(&lock.mutex), "pthread_mutex_consistent");
    any_lock_release(&lock);
    any_lock_destroy(&lock);
}
