/* Who is stuck, by definition: let whoever can go, go, until nobody can. What is left is stuck. And which way
 * is shown: the first, when all are tried in order. */
#ifndef GORDIAN_TESTS_DETECTOR_WAIT_MODEL_H
#define GORDIAN_TESTS_DETECTOR_WAIT_MODEL_H

#include "detector/wait_graph.h"

#define THREADS 6 /* 1 to THREADS */
#define STRANGER (THREADS + 1)
#define CAPACITY (THREADS + 2)

struct model {
    struct {
        struct wait_edge wait;
        enum wait_need need;
        uint32_t list[CAPACITY], count;
        bool goes;
    } of[CAPACITY];
};

struct expected {
    enum wait_verdict verdict;
    uint32_t shape, count, way[CAPACITY];
};

__attribute__((unused)) static bool model_goes_now(const struct model *m, uint32_t thread,
                                                   bool someone_comes) {
    const struct wait_edge *wait = &m->of[thread].wait;
    uint32_t going = 0, count = m->of[thread].count;
    if (wait->kind == WAIT_NONE || wait->kind == WAIT_OUTSIDE ||
        (wait->timed && wait->kind != WAIT_CONDITION))
        return true;
    for (uint32_t i = 0; i < count; i++)
        going += m->of[m->of[thread].list[i]].goes;
    switch (m->of[thread].need) {
    case WAIT_CAN_GO:
        return true;
    case WAIT_NEEDS_ALL:
        return going == count;
    case WAIT_NEEDS_ANY:
        return going > 0;
    case WAIT_NEEDS_SOMEONE:
        return someone_comes && going == count;
    case WAIT_NEEDS_THE_DEAD:
        return false;
    }
    return true;
}

/* Threads that are not among `present` (bits) run. */
__attribute__((unused)) static void model_let_go(struct model *m, uint32_t present, bool someone_comes) {
    for (uint32_t thread = 0; thread < CAPACITY; thread++)
        m->of[thread].goes = !(present >> thread & 1);
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t thread = 0; thread < CAPACITY; thread++)
            if (!m->of[thread].goes && model_goes_now(m, thread, someone_comes))
                changed = m->of[thread].goes = true;
    }
}

__attribute__((unused)) static bool model_lists(const struct model *m, uint32_t thread, uint32_t other) {
    for (uint32_t i = 0; i < m->of[thread].count; i++)
        if (m->of[thread].list[i] == other)
            return true;
    return false;
}

/* Whether thread `b` is one of those for which `a` is stuck. */
__attribute__((unused)) static bool model_is_for(const struct model *m, uint32_t a, uint32_t b) {
    return !m->of[a].goes && m->of[a].need != WAIT_NEEDS_THE_DEAD && !m->of[b].goes && model_lists(m, a, b);
}

/* Complete a way of so many threads, the lowest first, to where the last one needs the first, or the dead. */
__attribute__((unused)) static bool model_complete(const struct model *m, struct expected *e, uint32_t length,
                                                   bool to_the_dead) {
    uint32_t last = e->way[e->count - 1];
    if (e->count == length)
        return to_the_dead ? m->of[last].need == WAIT_NEEDS_THE_DEAD : model_is_for(m, last, e->way[0]);
    for (uint32_t next = 0; next < CAPACITY; next++) {
        bool again = false;
        for (uint32_t i = 0; i < e->count; i++)
            again |= e->way[i] == next;
        if (again || !model_is_for(m, last, next))
            continue;
        e->way[e->count++] = next;
        if (model_complete(m, e, length, to_the_dead))
            return true;
        e->count--;
    }
    return false;
}

__attribute__((unused)) static uint32_t model_shape_of(const struct model *m, const struct expected *e) {
    uint32_t joins = 0, others = 0;
    for (uint32_t i = 0; i < e->count; i++) {
        uint32_t kind = m->of[e->way[i]].wait.kind;
        joins += kind == WAIT_JOIN;
        others += kind == WAIT_SEMAPHORE || kind == WAIT_BARRIER ||
                  (kind == WAIT_CONDITION && m->of[e->way[i]].need == WAIT_NEEDS_ANY);
    }
    if (e->count == 1)
        return FINDING_SHAPE_SELF;
    if (others)
        return FINDING_SHAPE_MIXED;
    return joins ? FINDING_SHAPE_JOIN : FINDING_SHAPE_CYCLE;
}

__attribute__((unused)) static struct expected model_fate(struct model *m, uint32_t thread) {
    struct expected e = {.count = 1, .way = {thread}};
    model_let_go(m, ~(uint32_t)0, true);
    if (m->of[thread].goes)
        return (struct expected){.verdict = WAIT_NO_KNOT};
    for (uint32_t length = 1; length < CAPACITY; length++)
        if (model_complete(m, &e, length, false)) {
            e.verdict = WAIT_KNOT;
            e.shape = model_shape_of(m, &e);
            return e;
        }
    for (uint32_t length = 1; length < CAPACITY; length++)
        if (model_complete(m, &e, length, true)) {
            e.verdict = WAIT_ORPHANED;
            e.shape = FINDING_SHAPE_ORPHANED;
            e.way[e.count] = m->of[e.way[e.count - 1]].list[0];
            e.count++;
            return e;
        }
    return (struct expected){.verdict = WAIT_NO_KNOT};
}

__attribute__((unused)) static bool model_all_stuck(struct model *m, uint32_t present) {
    model_let_go(m, present, false);
    for (uint32_t thread = 0; thread < CAPACITY; thread++)
        if (present >> thread & 1 && (m->of[thread].goes || m->of[thread].wait.timed))
            return false;
    return present != 0;
}

#endif
