/* The items of correct programs, and those of them that are about locks and messages alone. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/torture/machine.h"

static void act_nest(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item;
    machine_nest(worker, dice);
}

static void act_send(struct worker *worker, const struct item *item, struct dice *dice) {
    machine_send(worker, item, dice);
}

static void act_receive(struct worker *worker, const struct item *item, struct dice *dice) {
    machine_receive(worker, item, dice);
}

static void act_pause(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)worker, (void)item;
    usleep(dice_throw(dice, 300));
}

/* ---- out of order, and yet right ---- */

/* A try never waits. */
static void act_try(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item;
    struct machine *machine = worker->machine;
    uint32_t high = 1 + dice_throw(dice, machine->program->locks - 1), low = dice_throw(dice, high);
    any_lock_take(&machine->locks[high], false, dice);
    bool taken = any_lock_try(&machine->locks[low]);
    machine_nest_from(worker, dice, high + 1, 4);
    if (taken)
        any_lock_release(&machine->locks[low]);
    any_lock_release(&machine->locks[high]);
}

/* Nobody can be between the two who does not hold the gate. */
static void act_gated(struct worker *worker, const struct item *item, struct dice *dice) {
    static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    static pthread_mutex_t sides[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
    (void)item;
    uint32_t first = dice_throw(dice, 2), last = dice_throw(dice, 2);
    pthread_mutex_lock(&gate);
    pthread_mutex_lock(&sides[first]);
    pthread_mutex_lock(&sides[!first]);
    worker->sum++;
    pthread_mutex_unlock(&sides[!last]);
    machine_nest(worker, dice);
    pthread_mutex_unlock(&sides[last]);
    pthread_mutex_unlock(&gate);
}

/* Readers do not wait for readers. */
static void act_readers(struct worker *worker, const struct item *item, struct dice *dice) {
    static pthread_rwlock_t sides[2] = {PTHREAD_RWLOCK_INITIALIZER, PTHREAD_RWLOCK_INITIALIZER};
    (void)item;
    uint32_t first = dice_throw(dice, 2);
    pthread_rwlock_rdlock(&sides[first]);
    pthread_rwlock_rdlock(&sides[!first]);
    worker->sum++;
    pthread_rwlock_unlock(&sides[0]);
    pthread_rwlock_unlock(&sides[1]);
}

static void make_two(struct any_lock *locks, struct dice *dice) {
    any_lock_init(&locks[0], (enum any_lock_kind)dice_throw(dice, ANY_SPIN));
    any_lock_init(&locks[1], (enum any_lock_kind)dice_throw(dice, ANY_SPIN));
}

static void use_two(struct any_lock *locks, uint32_t first, struct dice *dice) {
    any_lock_take(&locks[first], false, dice);
    any_lock_take(&locks[!first], false, dice);
    any_lock_release(&locks[first]);
    any_lock_release(&locks[!first]);
    any_lock_destroy(&locks[0]);
    any_lock_destroy(&locks[1]);
}

/* Locks that come and go at the same addresses have no order with those that were there before. */
static void act_remade(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item;
    struct any_lock here[2], *there = malloc(2 * sizeof *there);
    any_lock_must(there ? 0 : ENOMEM, "malloc");
    for (uint32_t round = dice_throw(dice, 6); round > 0; round--) {
        struct any_lock *locks = dice_throw(dice, 2) ? here : there;
        make_two(locks, dice);
        use_two(locks, dice_throw(dice, 2), dice);
        worker->sum++;
    }
    free(there);
}

/* ---- what happens once ---- */

static struct machine *once_machine;

static void once_routine(void) {
    struct worker worker = {.machine = once_machine};
    struct dice dice = {1};
    machine_nest(&worker, &dice);
    machine_add(once_machine, worker.sum);
}

static void act_once(struct worker *worker, const struct item *item, struct dice *dice) {
    static pthread_once_t posix[8];
    static once_flag c11[8] = {ONCE_FLAG_INIT};
    (void)item;
    __atomic_store_n(&once_machine, worker->machine, __ATOMIC_RELAXED);
    uint32_t which = dice_throw(dice, 8);
    if (dice_throw(dice, 2))
        pthread_once(&posix[which], once_routine);
    else
        call_once(&c11[which], once_routine);
    worker->sum++;
}

const struct act acts[] = {
    {"nest", 40, act_nest, NULL},      {"message", 20, act_send, act_receive},
    {"pause", 2, act_pause, NULL},     {"try", 8, act_try, NULL},
    {"gated", 4, act_gated, NULL},     {"readers", 4, act_readers, NULL},
    {"remade", 6, act_remade, NULL},   {"once", 4, act_once, NULL},
    {"child", 6, act_child, NULL},     {"ordered", 2, act_ordered, NULL},
    {"cancel", 5, act_cancel, NULL},   {"robust", 2, act_robust, NULL},
    {"signal", 5, act_signal, NULL},   {"storm", 3, act_storm, act_stormed},
    {"context", 5, act_context, NULL}, {"jump", 5, act_jump, NULL},
    {"fork", 1, act_fork, NULL},       {"shared", 1, act_shared, NULL},
    {"plugin", 3, act_plugin, NULL},   {"throw", 5, act_throw, NULL},
};
const uint32_t acts_count = sizeof acts / sizeof *acts;
