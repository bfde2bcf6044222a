/* A process of a few threads for the tests of the wait-for graph: locks, semaphores and conditions, what its
 * threads do with them, and what they say of it. All of it is atomic: they can be real ones. */
#ifndef GORDIAN_TESTS_DETECTOR_WAIT_PROCESS_H
#define GORDIAN_TESTS_DETECTOR_WAIT_PROCESS_H

#include <string.h>

#include "tests/detector/random.h"
#include "tests/detector/wait_model.h"

enum { MUTEXES = 3, FIRST_RWLOCK = MUTEXES, FIRST_SEMAPHORE = 5, RESOURCES = 6, CONDITIONS = 2, UNITS = 2 };
enum { EXCLUSIVE = 1, SHARED = 2 }; /* an account; 0: not held */

/* Read and written by all, atomically. */
static int32_t process_taken[RESOURCES]; /* rwlock: -1: by a writer; else how often */
static uint64_t process_tickets;
static struct {
    uint32_t kind, target, mode, lock;
    uint64_t ticket;
    uint32_t gone, signalled;
    uint32_t account[RESOURCES];
} process_said[CAPACITY];

#define GET(place) __atomic_load_n(&(place), __ATOMIC_SEQ_CST)
#define SET(place, value) __atomic_store_n(&(place), (value), __ATOMIC_SEQ_CST)

__attribute__((unused)) static bool process_take(uint32_t resource, uint32_t mode) {
    int32_t old = GET(process_taken[resource]), wider;
    do {
        if (resource < FIRST_RWLOCK)
            wider = 1;
        else if (resource < FIRST_SEMAPHORE)
            wider = mode == SHARED ? old + 1 : -1;
        else
            wider = old + 1;
        bool in_use = resource >= FIRST_SEMAPHORE ? old == UNITS : mode == SHARED ? old < 0 : old != 0;
        if (in_use)
            return false;
    } while (!__atomic_compare_exchange_n(&process_taken[resource], &old, wider, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_SEQ_CST));
    return true;
}

__attribute__((unused)) static void process_give(uint32_t resource, uint32_t mode) {
    bool counted = mode == SHARED || resource >= FIRST_SEMAPHORE;
    if (counted)
        __atomic_sub_fetch(&process_taken[resource], 1, __ATOMIC_SEQ_CST);
    else
        SET(process_taken[resource], 0);
}

__attribute__((unused)) static void process_publish(uint32_t thread, uint32_t kind, uint32_t target,
                                                    uint32_t mode, uint32_t lock) {
    SET(process_said[thread].target, target);
    SET(process_said[thread].mode, mode);
    SET(process_said[thread].lock, lock);
    SET(process_said[thread].signalled, 0);
    SET(process_said[thread].ticket, __atomic_add_fetch(&process_tickets, 1, __ATOMIC_SEQ_CST));
    SET(process_said[thread].kind, kind);
}

__attribute__((unused)) static void process_wait_over(uint32_t thread) {
    SET(process_said[thread].kind, WAIT_NONE);
}

__attribute__((unused)) static void process_signal(uint32_t condition) {
    for (uint32_t thread = 1; thread <= THREADS; thread++)
        if (GET(process_said[thread].kind) == WAIT_CONDITION && GET(process_said[thread].target) == condition)
            SET(process_said[thread].signalled, 1);
}

static void (*process_changes)(void);

__attribute__((unused)) static void process_wait(void *context, uint32_t thread, struct wait_edge *out) {
    (void)context;
    if (process_changes)
        process_changes();
    *out = (struct wait_edge){.kind = GET(process_said[thread].kind),
                              .target = GET(process_said[thread].target)};
    out->mode = GET(process_said[thread].mode);
    out->lock = GET(process_said[thread].lock);
    out->ticket = GET(process_said[thread].ticket);
    if (GET(process_said[thread].gone))
        out->kind = WAIT_NONE;
}

/* The holders by their own account that are in the way. */
static enum wait_need process_need_of(uint32_t resource, uint32_t mode, uint32_t *list, uint32_t *count) {
    uint32_t holders = 0, gone = 0;
    *count = 0;
    for (uint32_t thread = 1; thread <= THREADS; thread++) {
        if (process_changes)
            process_changes();
        uint32_t account = GET(process_said[thread].account[resource]);
        if (!account || (account == SHARED && mode == SHARED))
            continue;
        holders++;
        if (!GET(process_said[thread].gone))
            list[(*count)++] = thread;
        else if (!gone)
            gone = thread;
    }
    bool semaphore = resource >= FIRST_SEMAPHORE;
    if (semaphore && holders < UNITS)
        return WAIT_CAN_GO;
    if (gone && !(semaphore && *count)) {
        list[0] = gone;
        *count = 1;
        return WAIT_NEEDS_THE_DEAD;
    }
    return semaphore ? WAIT_NEEDS_ANY : WAIT_NEEDS_ALL;
}

__attribute__((unused)) static enum wait_need process_need(void *context, uint32_t thread,
                                                           const struct wait_edge *edge, uint32_t *threads,
                                                           uint32_t room, uint32_t *count) {
    (void)context;
    if (room < THREADS) {
        *count = room + 1;
        return WAIT_CAN_GO;
    }
    if (edge->kind == WAIT_JOIN) {
        threads[0] = edge->target;
        *count = 1;
        return GET(process_said[edge->target].gone) ? WAIT_CAN_GO : WAIT_NEEDS_ALL;
    }
    if (edge->kind != WAIT_CONDITION)
        return process_need_of(edge->target, edge->mode, threads, count);
    enum wait_need need = process_need_of(edge->lock, EXCLUSIVE, threads, count);
    return need == WAIT_NEEDS_ALL && !GET(process_said[thread].signalled) ? WAIT_NEEDS_SOMEONE : need;
}

static const struct wait_view process_view = {NULL, process_wait, process_need};

/* What its threads say now. Nothing must change meanwhile. */
__attribute__((unused)) static struct model process_snapshot(void) {
    struct model m = {0};
    for (uint32_t thread = 1; thread <= THREADS; thread++) {
        process_wait(NULL, thread, &m.of[thread].wait);
        if (m.of[thread].wait.kind != WAIT_NONE)
            m.of[thread].need = process_need(NULL, thread, &m.of[thread].wait, m.of[thread].list, CAPACITY,
                                             &m.of[thread].count);
    }
    return m;
}

__attribute__((unused)) static uint32_t process_living(void) {
    uint32_t present = 0;
    for (uint32_t thread = 1; thread <= THREADS; thread++)
        present |= (uint32_t)!GET(process_said[thread].gone) << thread;
    return present;
}

__attribute__((unused)) static bool process_look_at_all(uint32_t present, struct wait_memory *memory) {
    uint32_t threads[THREADS], count = 0;
    for (uint32_t thread = 1; thread <= THREADS; thread++)
        if (present >> thread & 1)
            threads[count++] = thread;
    return wait_graph_all(&process_view, threads, count, memory);
}

static bool process_holds(const struct model *m, uint32_t holder, uint32_t waiter) {
    const struct wait_edge *wait = &m->of[waiter].wait;
    return process_said[holder].account[wait->kind == WAIT_CONDITION ? wait->lock : wait->target] != 0;
}

/* Whether `a` is stuck for the sake of `b`, which lives. When another of the holders has gone with the lock,
 * the dead alone are listed. */
static bool process_needs(const struct model *m, uint32_t a, uint32_t b) {
    if (!m->of[a].goes && m->of[a].need == WAIT_NEEDS_THE_DEAD)
        return !m->of[b].goes && process_holds(m, b, a);
    return model_is_for(m, a, b);
}

/* Whether what was reported is so in `m`. */
__attribute__((unused)) static bool process_is_true(const struct model *m, enum wait_verdict verdict,
                                                    uint32_t count, const uint32_t *threads,
                                                    const uint64_t *waits) {
    uint32_t stuck = verdict == WAIT_ORPHANED ? count - 1 : count;
    for (uint32_t i = 0; i < stuck; i++)
        if (m->of[threads[i]].goes || m->of[threads[i]].wait.ticket != waits[i] ||
            (i + 1 < stuck && !process_needs(m, threads[i], threads[i + 1])))
            return false;
    uint32_t last = threads[stuck - 1];
    if (verdict == WAIT_KNOT)
        return process_needs(m, last, threads[0]);
    return m->of[last].need == WAIT_NEEDS_THE_DEAD && process_said[threads[stuck]].gone &&
           process_holds(m, threads[stuck], last);
}

__attribute__((unused)) static void process_fresh(void) {
    memset(process_said, 0, sizeof process_said);
    memset(process_taken, 0, sizeof process_taken);
    process_changes = NULL;
}

/* ---- what a thread does next ---- */

enum step {
    STEP_NOTHING, /* between two actions */
    STEP_TAKE,    /* a lock; waits if it cannot */
    STEP_SAY,     /* it has the lock */
    STEP_GIVE,    /* it has said that it has it no more */
    STEP_UNSAY,   /* it has given it, but not said so; not with semaphores (wait_graph.h) */
    STEP_SLEEP,   /* in a condition's wait: gives the mutex */
    STEP_WAKE,    /* once it is signalled */
    STEP_SIGNAL,
    STEP_JOIN, /* waits until the other is gone */
    STEP_END
};

struct action {
    enum step step;
    uint32_t resource, mode, condition, thread;
};

__attribute__((unused)) static struct action process_next_action(uint32_t thread, bool may_end) {
    struct action action = {.resource = random_below(RESOURCES),
                            .mode = EXCLUSIVE,
                            .condition = random_below(CONDITIONS),
                            .thread = 1 + random_below(THREADS)};
    const uint32_t *account = process_said[thread].account;
    /* Rather one that it holds: otherwise it would soon hold half of them. */
    for (uint32_t i = 0; i < RESOURCES && !GET(account[action.resource]) && random_below(8); i++)
        action.resource = (action.resource + 1) % RESOURCES;
    bool shareable = action.resource >= FIRST_RWLOCK && action.resource < FIRST_SEMAPHORE;
    uint32_t held = GET(account[action.resource]), luck = random_below(200);
    if (may_end && luck < 2) {
        action.step = STEP_END;
    } else if (luck < 4) {
        action.step = STEP_JOIN;
    } else if (luck < 40) {
        action.step = STEP_SIGNAL;
    } else if (held && luck == 40 && action.resource < FIRST_SEMAPHORE) {
        action.step = STEP_TAKE; /* a deadlock with itself */
    } else if (held) {
        action.mode = held;
        if (luck < 60 && action.resource < FIRST_RWLOCK)
            action.step = STEP_SLEEP;
        else
            action.step = luck % 2 && action.resource < FIRST_SEMAPHORE ? STEP_UNSAY : STEP_GIVE;
    } else {
        action.step = STEP_TAKE;
        if (shareable && luck % 3)
            action.mode = SHARED;
    }
    return action;
}

/* Begin an action: go to where the thread may have to wait. Returns whether its wait is published. */
__attribute__((unused)) static bool process_begin(uint32_t thread, struct action *action) {
    uint32_t *account = &process_said[thread].account[action->resource];
    switch (action->step) {
    case STEP_TAKE:
        if (process_take(action->resource, action->mode)) {
            action->step = STEP_SAY;
            return false;
        }
        process_publish(thread, action->resource >= FIRST_SEMAPHORE ? WAIT_SEMAPHORE : WAIT_LOCK,
                        action->resource, action->mode, 0);
        return true;
    case STEP_GIVE:
        SET(*account, 0);
        return false;
    case STEP_UNSAY:
        process_give(action->resource, action->mode);
        return false;
    case STEP_SLEEP:
        SET(*account, 0);
        process_publish(thread, WAIT_CONDITION, action->condition, 0, action->resource);
        return true;
    case STEP_JOIN:
        process_publish(thread, WAIT_JOIN, action->thread, 0, 0);
        return true;
    default:
        return false;
    }
}

/* Go on with an action, if that is possible. It ends with STEP_NOTHING, or STEP_END. */
__attribute__((unused)) static void process_go_on(uint32_t thread, struct action *action) {
    uint32_t *account = &process_said[thread].account[action->resource];
    switch (action->step) {
    case STEP_TAKE:
        if (process_take(action->resource, action->mode))
            action->step = STEP_SAY;
        break;
    case STEP_SAY:
        process_wait_over(thread); /* first: who waits for what it has is stuck */
        SET(*account, action->mode);
        action->step = STEP_NOTHING;
        break;
    case STEP_GIVE:
        process_give(action->resource, action->mode);
        action->step = STEP_NOTHING;
        break;
    case STEP_UNSAY:
        SET(*account, 0);
        action->step = STEP_NOTHING;
        break;
    case STEP_SLEEP:
        process_give(action->resource, EXCLUSIVE);
        action->step = STEP_WAKE;
        break;
    case STEP_WAKE:
        if (GET(process_said[thread].signalled))
            action->step = STEP_TAKE;
        break;
    case STEP_SIGNAL:
        process_signal(action->condition);
        action->step = STEP_NOTHING;
        break;
    case STEP_JOIN:
        if (GET(process_said[action->thread].gone)) {
            process_wait_over(thread);
            action->step = STEP_NOTHING;
        }
        break;
    default:
        break;
    }
}

#endif
