#define _GNU_SOURCE
#include "tests/torture/machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct timespec far_away(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    at.tv_sec += 1000;
    return at;
}

/* ---- messages ---- */

enum { BY_CONDITION, BY_C11, BY_SEMAPHORE, BY_BARRIER, WAYS };

static void message_init(struct message *message, bool monotonic) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    if (monotonic)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&message->mutex, NULL);
    pthread_cond_init(&message->condition, &attributes);
    pthread_condattr_destroy(&attributes);
    mtx_init(&message->mtx, mtx_plain);
    cnd_init(&message->cnd);
    sem_init(&message->semaphore, 0, 0);
    pthread_barrier_init(&message->barrier, NULL, 2);
    sem_init(&message->answer, 0, 0);
}

static struct message *message_of(struct worker *worker, const struct item *item) {
    return &worker->machine->messages[item - worker->machine->program->items];
}

void machine_send(struct worker *worker, const struct item *item, struct dice *dice) {
    struct message *message = message_of(worker, item);
    uint32_t way = dice_throw(dice, WAYS), detail = dice_throw(dice, 6);
    switch (way) {
    case BY_CONDITION:
        any_lock_must(pthread_mutex_lock(&message->mutex), "a message's mutex");
        message->sent++;
        if (detail & 1)
            pthread_cond_signal(&message->condition);
        any_lock_must(pthread_mutex_unlock(&message->mutex), "a message's mutex");
        if (!(detail & 1))
            pthread_cond_broadcast(&message->condition);
        break;
    case BY_C11:
        mtx_lock(&message->mtx);
        message->sent++;
        cnd_signal(&message->cnd);
        mtx_unlock(&message->mtx);
        break;
    case BY_SEMAPHORE:
        sem_post(&message->semaphore);
        break;
    default:
        pthread_barrier_wait(&message->barrier);
    }
}

static int wait_on_condition(struct message *message, uint32_t detail, bool monotonic) {
    struct timespec at = far_away(monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME);
    struct timespec soon;
    switch (detail) {
    case 0:
        return pthread_cond_timedwait(&message->condition, &message->mutex, &at);
    case 1:
        return pthread_cond_clockwait(&message->condition, &message->mutex, CLOCK_REALTIME,
                                      &(struct timespec){far_away(CLOCK_REALTIME).tv_sec, 0});
    case 2: /* times out again and again */
        clock_gettime(CLOCK_MONOTONIC, &soon);
        soon.tv_nsec += 1000000;
        soon.tv_sec += soon.tv_nsec / 1000000000;
        soon.tv_nsec %= 1000000000;
        int result = pthread_cond_clockwait(&message->condition, &message->mutex, CLOCK_MONOTONIC, &soon);
        return result == ETIMEDOUT ? 0 : result;
    default:
        return pthread_cond_wait(&message->condition, &message->mutex);
    }
}

void machine_receive(struct worker *worker, const struct item *item, struct dice *dice) {
    struct message *message = message_of(worker, item);
    uint32_t way = dice_throw(dice, WAYS), detail = dice_throw(dice, 6);
    bool monotonic = (item - worker->machine->program->items) % 2;
    switch (way) {
    case BY_CONDITION:
        any_lock_must(pthread_mutex_lock(&message->mutex), "a message's mutex");
        while (message->sent == 0)
            any_lock_must(wait_on_condition(message, detail, monotonic), "a wait for a condition");
        message->sent--;
        any_lock_must(pthread_mutex_unlock(&message->mutex), "a message's mutex");
        break;
    case BY_C11:
        mtx_lock(&message->mtx);
        while (message->sent == 0)
            cnd_wait(&message->cnd, &message->mtx);
        message->sent--;
        mtx_unlock(&message->mtx);
        break;
    case BY_SEMAPHORE:
        while (sem_wait(&message->semaphore) != 0)
            any_lock_must(errno == EINTR ? 0 : errno, "sem_wait");
        break;
    default:
        pthread_barrier_wait(&message->barrier);
    }
}

void machine_answer(struct worker *worker, const struct item *item) {
    sem_post(&message_of(worker, item)->answer);
}

void machine_await_answer(struct worker *worker, const struct item *item) {
    while (sem_wait(&message_of(worker, item)->answer) != 0)
        any_lock_must(errno == EINTR ? 0 : errno, "sem_wait");
}

void machine_add(struct machine *machine, uint64_t value) {
    __atomic_add_fetch(&machine->children_sum, value, __ATOMIC_RELAXED);
}

/* ---- locks ---- */

static void use(struct any_lock *lock, bool shared, struct worker *worker) {
    if (shared)
        return;
    long before = lock->counter;
    if (before % 64 == 0)
        sched_yield();
    lock->counter = before + 1;
    worker->sum++;
}

void machine_nest_from(struct worker *worker, struct dice *dice, uint32_t from, uint32_t depth) {
    struct machine *machine = worker->machine;
    for (uint32_t times = 1 + dice_throw(dice, 3); times > 0 && from < machine->program->locks; times--) {
        uint32_t index = from + dice_throw(dice, machine->program->locks - from);
        struct any_lock *lock = &machine->locks[index];
        bool shared = dice_throw(dice, 2) && any_lock_has_readers(lock);
        any_lock_take(lock, shared, dice);
        use(lock, shared, worker);
        if (any_lock_is_recursive(lock) && dice_throw(dice, 2)) {
            any_lock_take_plainly(lock, false);
            any_lock_release(lock);
        }
        if (depth < 8 && dice_throw(dice, 4) != 0)
            machine_nest_from(worker, dice, index + 1, depth + 1);
        any_lock_release(lock);
    }
}

void machine_nest(struct worker *worker, struct dice *dice) {
    machine_nest_from(worker, dice, 0, 0);
}

/* Spinlocks come last, so that nobody waits in the kernel with one of them. */
static void make_locks(struct machine *machine) {
    struct dice dice = {~machine->program->seed};
    uint32_t spins = dice_throw(&dice, 3), count = machine->program->locks;
    for (uint32_t i = 0; i < count; i++)
        any_lock_init(&machine->locks[i],
                      i + spins >= count ? ANY_SPIN : (enum any_lock_kind)dice_throw(&dice, ANY_SPIN));
}

/* ---- threads ---- */

pthread_t machine_thread(void *(*run)(void *), void *argument, struct dice *dice) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    switch (dice_throw(dice, 4)) {
    case 0:
        pthread_attr_setstacksize(&attributes, 128 << 10);
        break;
    case 1:
        pthread_attr_setguardsize(&attributes, 0);
        break;
    default:
        break;
    }
    any_lock_must(pthread_create(&thread, &attributes, run, argument), "pthread_create");
    pthread_attr_destroy(&attributes);
    return thread;
}

void *machine_join(pthread_t thread, struct dice *dice) {
    struct timespec at;
    void *result = NULL;
    int error;
    switch (dice_throw(dice, 4)) {
    case 0:
        while ((error = pthread_tryjoin_np(thread, &result)) == EBUSY)
            usleep(100);
        break;
    case 1:
        at = far_away(CLOCK_REALTIME);
        error = pthread_timedjoin_np(thread, &result, &at);
        break;
    case 2:
        at = far_away(CLOCK_MONOTONIC);
        error = pthread_clockjoin_np(thread, &result, CLOCK_MONOTONIC, &at);
        break;
    default:
        error = pthread_join(thread, &result);
    }
    any_lock_must(error, "a join");
    return result;
}

static void *work(void *argument) {
    struct worker *worker = argument;
    struct program *program = worker->machine->program;
    worker->handle = pthread_self();
    for (uint32_t i = 0; i < program->count; i++) {
        const struct item *item = &program->items[i];
        if (!item->act || plants_comes_last(item->act))
            continue;
        struct dice dice = {item->seed};
        if (item->thread == worker->index)
            item->act->first(worker, item, &dice);
        else if (item->act->second && item->other == worker->index)
            item->act->second(worker, item, &dice);
    }
    return NULL;
}

void machine_run(struct program *program, const char *self) {
    static struct machine machine;
    struct dice dice = {program->seed + 1};
    machine.program = program;
    machine.self = self;
    machine.messages = calloc(program->count, sizeof *machine.messages);
    if (!machine.messages)
        any_lock_must(ENOMEM, "calloc");
    for (uint32_t i = 0; i < program->count; i++)
        message_init(&machine.messages[i], i % 2);
    make_locks(&machine);
    if (program->planted < program->count)
        plants_init(program->items[program->planted].act, program->items[program->planted].seed);
    for (uint32_t i = 0; i < program->threads; i++)
        machine.workers[i] = (struct worker){.machine = &machine, .index = i};
    pthread_t threads[PROGRAM_THREADS];
    for (uint32_t i = 1; i < program->threads; i++)
        threads[i] = machine_thread(work, &machine.workers[i], &dice);
    work(&machine.workers[0]);
    for (uint32_t i = 1; i < program->threads; i++)
        machine_join(threads[i], &dice);
    if (program->planted < program->count && plants_comes_last(program->items[program->planted].act))
        program->items[program->planted].act->first(&machine.workers[0], NULL, &dice);
    for (uint32_t i = 0; i < program->threads; i++)
        printf("thread %u: %llu\n", i, (unsigned long long)machine.workers[i].sum);
    for (uint32_t i = 0; i < program->locks; i++)
        printf("lock %u: %ld\n", i, machine.locks[i].counter);
    printf("others: %llu\n", (unsigned long long)machine.children_sum);
    for (uint32_t i = 0; i < program->locks; i++)
        any_lock_destroy(&machine.locks[i]);
}
