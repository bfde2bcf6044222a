/* Order by thread creation and joining as its definition says it: a graph of segments, and its transitive
 * closure, a matrix that is brought up to date with each edge. */
#ifndef GORDIAN_TESTS_DETECTOR_ORDER_MODEL_H
#define GORDIAN_TESTS_DETECTOR_ORDER_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ORDER_THREADS 512
#define ORDER_SEGMENTS 2048

struct order_model {
    uint32_t count;                  /* segments of all threads */
    uint32_t thread[ORDER_SEGMENTS]; /* of each */
    uint32_t current[ORDER_THREADS]; /* each thread's current segment, as an index of its own, */
    uint32_t newest[ORDER_THREADS];  /* and as one of all segments */
    uint32_t first[ORDER_THREADS][128];
    bool started[ORDER_THREADS], joined[ORDER_THREADS];
    bool before[ORDER_SEGMENTS][ORDER_SEGMENTS]; /* or the same */
};

/* Make a segment of the thread that comes after these two (-1: none). */
__attribute__((unused)) static void order_enter(struct order_model *m, uint32_t thread, int after,
                                                int after_too) {
    uint32_t segment = m->count++;
    m->thread[segment] = thread;
    m->newest[thread] = segment;
    m->first[thread][m->current[thread]] = segment;
    for (uint32_t i = 0; i < segment; i++)
        m->before[i][segment] =
            (after >= 0 && m->before[i][after]) || (after_too >= 0 && m->before[i][after_too]);
    m->before[segment][segment] = true;
}

__attribute__((unused)) static void order_start(struct order_model *m, uint32_t thread, uint32_t creator) {
    m->started[thread] = true;
    int from = creator ? (int)m->newest[creator] : -1;
    order_enter(m, thread, from, -1);
    if (creator) {
        m->current[creator]++;
        order_enter(m, creator, from, -1);
    }
}

__attribute__((unused)) static void order_join(struct order_model *m, uint32_t joiner, uint32_t ended) {
    m->joined[ended] = true;
    m->current[joiner]++;
    order_enter(m, joiner, (int)m->newest[joiner], (int)m->newest[ended]);
}

__attribute__((unused)) static bool order_before(const struct order_model *m, uint32_t a, uint32_t i,
                                                 uint32_t b, uint32_t j) {
    return m->before[m->first[a][i]][m->first[b][j]];
}

__attribute__((unused)) static bool order_concurrent(const struct order_model *m, uint32_t a, uint32_t i,
                                                     uint32_t b, uint32_t j) {
    return !order_before(m, a, i, b, j) && !order_before(m, b, j, a, i);
}

/* Return whether the segment is before all that other threads can still do. */
__attribute__((unused)) static bool order_over(const struct order_model *m, uint32_t thread,
                                               uint32_t segment) {
    for (uint32_t t = 1; t < ORDER_THREADS; t++)
        if (m->started[t] && !m->joined[t] && t != thread &&
            !order_before(m, thread, segment, t, m->current[t]))
            return false;
    return true;
}

/* Make it empty; only what was used is cleared. */
__attribute__((unused)) static void order_clear(struct order_model *m) {
    for (uint32_t i = 0; i < m->count; i++)
        memset(m->before[i], 0, m->count);
    memset(m->current, 0, sizeof m->current);
    memset(m->started, 0, sizeof m->started);
    memset(m->joined, 0, sizeof m->joined);
    m->count = 0;
}

#endif
