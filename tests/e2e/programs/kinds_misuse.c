/* Mutexes misused, each beside the same done right. */
#define _GNU_SOURCE
#include <errno.h>
#include <semaphore.h>

#include "tests/e2e/programs/kinds.h"

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t checked = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_mutex_t again = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static void enter(void) {
    pthread_mutex_lock(&left);
}

static void leave(void) {
    REQUIRE(pthread_mutex_unlock(&left) == 0);
}

static void enter_and_leave(void) {
    enter();
    leave();
}

/* ---- unlocking ---- */

static void unlock_unlocked(void) {
    REQUIRE(pthread_mutex_unlock(&left) == 0); /* REPORTED: wants left */
}

/* One whose type was set to what it is by default. */
static void unlock_unlocked_normal(void) {
    static pthread_mutex_t normal;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_NORMAL);
    pthread_mutex_init(&normal, &attributes);    /* REPORTED: holds normal */
    REQUIRE(pthread_mutex_unlock(&normal) == 0); /* REPORTED: wants normal */
}

static void unlock_unlocked_checked(void) {
    REQUIRE(pthread_mutex_unlock(&checked) == EPERM); /* REPORTED: wants checked */
}

static void hold_left(void) {
    pthread_mutex_lock(&left); /* REPORTED: holds left */
    reach();
    pause();
}

static void unlock_by_another(void) {
    start(hold_left);
    await(1);
    REQUIRE(pthread_mutex_unlock(&left) == 0); /* REPORTED: wants left */
}

static void hold_left_for_good(void) {
    pthread_mutex_lock(&left); /* REPORTED: holds left */
    reach();
    await(2);
}

/* Its owner ends without it, for somebody else has unlocked it meanwhile. */
static void unlock_by_another_for_good(void) {
    struct actor *owner = start(hold_left_for_good);
    await(1);
    REQUIRE(pthread_mutex_unlock(&left) == 0); /* REPORTED: wants left */
    reach();
    finish(owner);
    IN_TURNS(enter_and_leave, enter_and_leave);
}

static void hold_checked(void) {
    pthread_mutex_lock(&checked); /* REPORTED: holds checked */
    reach();
    await(2);
    REQUIRE(pthread_mutex_unlock(&checked) == 0);
}

static void unlock_by_another_checked(void) {
    struct actor *owner = start(hold_checked);
    await(1);
    REQUIRE(pthread_mutex_unlock(&checked) == EPERM); /* REPORTED: wants checked */
    reach();
    finish(owner);
}

static void unlock_in_another_function(void) {
    IN_TURNS(enter_and_leave, enter_and_leave);
}

static void unlock_out_of_order(void) {
    for (int i = 0; i < 3; i++) {
        pthread_mutex_lock(&left);
        pthread_mutex_lock(&checked);
        pthread_mutex_lock(&again);
        pthread_mutex_unlock(&left);
        pthread_mutex_unlock(&again);
        pthread_mutex_unlock(&checked);
    }
}

/* ---- locking again ---- */

static void relock_checked(void) {
    pthread_mutex_lock(&checked);                     /* REPORTED: holds checked */
    REQUIRE(pthread_mutex_lock(&checked) == EDEADLK); /* REPORTED: wants checked */
    REQUIRE(pthread_mutex_unlock(&checked) == 0);
}

static void relock_in_time(void) {
    struct timespec limit = after_ms(CLOCK_REALTIME, 20);
    pthread_mutex_lock(&left);
    REQUIRE(pthread_mutex_timedlock(&left, &limit) == ETIMEDOUT);
    REQUIRE(pthread_mutex_trylock(&left) == EBUSY);
    pthread_mutex_unlock(&left);
}

static void count_recursion(void) {
    for (int i = 0; i < 3; i++)
        REQUIRE(pthread_mutex_lock(&again) == 0);
    REQUIRE(pthread_mutex_trylock(&again) == 0);
    for (int i = 0; i < 4; i++)
        REQUIRE(pthread_mutex_unlock(&again) == 0);
}

static void recursive(void) {
    IN_TURNS(count_recursion, count_recursion);
}

static void unlock_once_too_often(void) {
    count_recursion();
    REQUIRE(pthread_mutex_unlock(&again) == EPERM); /* REPORTED: wants again */
}

/* ---- two orders in one thread ---- */

static void both_orders(void) {
    pthread_mutex_lock(&left);  /* REPORTED: holds left */
    pthread_mutex_lock(&again); /* REPORTED: wants again */
    pthread_mutex_unlock(&again);
    pthread_mutex_unlock(&left);
    pthread_mutex_lock(&again); /* REPORTED: holds again */
    pthread_mutex_lock(&left);  /* REPORTED: wants left */
    pthread_mutex_unlock(&left);
    pthread_mutex_unlock(&again);
}

static void one_thread_both_orders(void) {
    IN_TURNS(both_orders);
}

/* ---- destroying ---- */

static void destroy_locked(void) {
    start(hold_left);
    await(1);
    REQUIRE(pthread_mutex_destroy(&left) == EBUSY); /* REPORTED: wants left */
}

/* Both are told: that its owner has ended with it, and that it is destroyed. */
static void destroy_left_behind(void) {
    reach();
    finish(start(hold_left_for_good));
    REQUIRE(pthread_mutex_destroy(&left) == EBUSY); /* REPORTED: wants left */
}

static void unlock_left_behind(void) {
    reach();
    finish(start(hold_left_for_good));
    REQUIRE(pthread_mutex_unlock(&left) == 0); /* REPORTED: wants left */
}

static void destroy_locked_by_oneself(void) {
    pthread_mutex_lock(&left);                      /* REPORTED: holds left */
    REQUIRE(pthread_mutex_destroy(&left) == EBUSY); /* REPORTED: wants left */
    REQUIRE(pthread_mutex_unlock(&left) == 0);
}

static void lock_destroyed(void) {
    REQUIRE(pthread_mutex_destroy(&left) == 0);   /* REPORTED: holds left */
    REQUIRE(pthread_mutex_lock(&left) == EINVAL); /* REPORTED: wants left */
}

static void destroy_left(void) {
    pthread_mutex_destroy(&left); /* REPORTED: holds left */
}

static void lock_destroyed_by_another(void) {
    finish(start(destroy_left));
    REQUIRE(pthread_mutex_trylock(&left) == EINVAL); /* REPORTED: wants left */
}

static void renewed(void) {
    for (int i = 0; i < 5; i++) {
        enter_and_leave();
        REQUIRE(pthread_mutex_destroy(&left) == 0);
        REQUIRE(pthread_mutex_init(&left, NULL) == 0);
    }
    IN_TURNS(enter_and_leave, enter_and_leave);
}

/* ---- initialising ---- */

static void init_locked(void) {
    start(hold_left);
    await(1);
    REQUIRE(pthread_mutex_init(&left, NULL) == 0); /* REPORTED: wants left */
}

static void init_under_owner(void) {
    struct actor *owner = start(hold_left_for_good);
    await(1);
    REQUIRE(pthread_mutex_init(&left, NULL) == 0); /* REPORTED: wants left */
    reach();
    finish(owner);
}

static void init_unlocked(void) {
    enter_and_leave();
    REQUIRE(pthread_mutex_init(&left, NULL) == 0);
    IN_TURNS(enter_and_leave, enter_and_leave);
}

/* ---- the same memory for one thing after the other ---- */

union any {
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    pthread_spinlock_t spin;
    pthread_cond_t condition;
    pthread_barrier_t barrier;
    sem_t semaphore;
};

static union any *memory;

static void use_mutex(bool end) {
    pthread_mutex_init(&memory->mutex, NULL);
    pthread_mutex_lock(&memory->mutex);
    pthread_mutex_unlock(&memory->mutex);
    if (end)
        pthread_mutex_destroy(&memory->mutex);
}

static void use_rwlock(bool end) {
    pthread_rwlock_init(&memory->rwlock, NULL);
    pthread_rwlock_rdlock(&memory->rwlock);
    pthread_rwlock_unlock(&memory->rwlock);
    if (end)
        pthread_rwlock_destroy(&memory->rwlock);
}

static void use_spin(bool end) {
    pthread_spin_init(&memory->spin, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_lock(&memory->spin);
    pthread_spin_unlock(&memory->spin);
    if (end)
        pthread_spin_destroy(&memory->spin);
}

static void use_condition(bool end) {
    pthread_cond_init(&memory->condition, NULL);
    pthread_cond_broadcast(&memory->condition);
    if (end)
        pthread_cond_destroy(&memory->condition);
}

static void use_barrier(bool end) {
    pthread_barrier_init(&memory->barrier, NULL, 1);
    pthread_barrier_wait(&memory->barrier);
    if (end)
        pthread_barrier_destroy(&memory->barrier);
}

static void use_semaphore(bool end) {
    sem_init(&memory->semaphore, 0, 1);
    sem_wait(&memory->semaphore);
    sem_post(&memory->semaphore);
    if (end)
        sem_destroy(&memory->semaphore);
}

static void (*const uses[])(bool end) = {use_mutex,     use_rwlock,  use_spin,
                                         use_condition, use_barrier, use_semaphore};
enum { USES = sizeof uses / sizeof *uses };

/* Every kind of object after every other, at one address. */
static void use_memory(bool end) {
    for (int i = 0; i < USES; i++)
        for (int k = 0; k < USES; k++) {
            memory = malloc(sizeof *memory);
            uses[i](end);
            free(memory);
            memory = malloc(sizeof *memory);
            uses[k](end);
            free(memory);
        }
}

static void use_memory_and_destroy(void) {
    use_memory(true);
}

static void use_memory_and_forget(void) {
    use_memory(false);
}

static void memory_reused(void) {
    IN_TURNS(use_memory_and_destroy, use_memory_and_destroy);
}

/* Freed without a destroy call, as many programs do. */
static void memory_reused_undestroyed(void) {
    IN_TURNS(use_memory_and_forget, use_memory_and_forget);
}

static const struct scenario scenarios[] = {
    {"unlock_unlocked", unlock_unlocked},
    {"unlock_unlocked_normal", unlock_unlocked_normal},
    {"unlock_unlocked_checked", unlock_unlocked_checked},
    {"unlock_by_another", unlock_by_another},
    {"unlock_by_another_for_good", unlock_by_another_for_good},
    {"unlock_by_another_checked", unlock_by_another_checked},
    {"unlock_in_another_function", unlock_in_another_function},
    {"unlock_out_of_order", unlock_out_of_order},
    {"relock_checked", relock_checked},
    {"relock_in_time", relock_in_time},
    {"recursive", recursive},
    {"unlock_once_too_often", unlock_once_too_often},
    {"one_thread_both_orders", one_thread_both_orders},
    {"destroy_locked", destroy_locked},
    {"destroy_left_behind", destroy_left_behind},
    {"unlock_left_behind", unlock_left_behind},
    {"destroy_locked_by_oneself", destroy_locked_by_oneself},
    {"lock_destroyed", lock_destroyed},
    {"lock_destroyed_by_another", lock_destroyed_by_another},
    {"renewed", renewed},
    {"init_locked", init_locked},
    {"init_under_owner", init_under_owner},
    {"init_unlocked", init_unlocked},
    {"memory_reused", memory_reused},
    {"memory_reused_undestroyed", memory_reused_undestroyed},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
