#include "detector/wait_graph.h"

/* Where a wait leads: the state of what it waits for, and the thread that it waits for. */
static enum wait_holder_state follow(const struct wait_view *view, const struct wait_edge *edge,
                                     uint32_t *thread) {
    if (edge->kind == WAIT_JOIN) {
        *thread = edge->target;
        return WAIT_HOLDER_ALIVE;
    }
    if (edge->kind == WAIT_LOCK)
        return view->holder(view->context, edge->target, edge->mode, thread);
    return WAIT_HOLDER_NONE;
}

static bool still_waits(const struct wait_view *view, uint32_t thread, const struct wait_edge *edge) {
    struct wait_edge now;
    view->wait(view->context, thread, &now);
    return now.kind == edge->kind && now.target == edge->target && now.mode == edge->mode &&
           now.ticket == edge->ticket;
}

static bool still_leads(const struct wait_view *view, const struct wait_edge *edge,
                        enum wait_holder_state state, uint32_t thread) {
    uint32_t now = 0;
    return follow(view, edge, &now) == state && now == thread;
}

/* Read the path again, from its end (the last wait leads to `end`) to its beginning. A wait whose ticket is
 * the same has lasted from its first reading to its second. These times enclose one another, so that at the
 * moment between the two readings all these threads were stuck at once; and what a thread holds is read
 * within its own time, in which it could neither take nor release a lock. */
static bool still_stuck(const struct wait_view *view, const uint32_t *threads, const struct wait_edge *edges,
                        uint32_t count, enum wait_holder_state end_state, uint32_t end) {
    if (!still_leads(view, &edges[count - 1], end_state, end))
        return false;
    for (uint32_t i = count; i-- > 0;) {
        if (i > 0 && !still_leads(view, &edges[i - 1], WAIT_HOLDER_ALIVE, threads[i]))
            return false;
        if (!still_waits(view, threads[i], &edges[i]))
            return false;
    }
    return true;
}

static uint32_t shape_of_ring(const struct wait_edge *edges, uint32_t count) {
    if (count == 1)
        return FINDING_SHAPE_SELF;
    for (uint32_t i = 0; i < count; i++)
        if (edges[i].kind == WAIT_JOIN)
            return FINDING_SHAPE_JOIN;
    return FINDING_SHAPE_CYCLE;
}

struct wait_knot wait_graph_find(const struct wait_view *view, uint32_t thread, uint32_t *threads,
                                 struct wait_edge *edges, uint32_t capacity) {
    struct wait_knot knot = {.verdict = WAIT_NO_KNOT};
    /* A ring that does not lead back to `thread` comes back to the mark, which moves on at each power of two
     * (Brent's algorithm). */
    uint32_t mark = thread, mark_moves_at = 1;
    for (uint32_t current = thread;;) {
        uint32_t place = knot.count++;
        if (place == capacity)
            return knot;
        threads[place] = current;
        view->wait(view->context, current, &edges[place]);

        uint32_t next = 0;
        enum wait_holder_state state = follow(view, &edges[place], &next);
        if (state == WAIT_HOLDER_NONE)
            return knot;
        if (state == WAIT_HOLDER_GONE) {
            if (knot.count++ == capacity)
                return knot;
            threads[place + 1] = next;
            edges[place + 1] = (struct wait_edge){.kind = WAIT_NONE};
            if (still_stuck(view, threads, edges, place + 1, state, next)) {
                knot.verdict = WAIT_ORPHANED;
                knot.shape = FINDING_SHAPE_ORPHANED;
                knot.first = place;
            }
            return knot;
        }
        if (next == thread) {
            if (still_stuck(view, threads, edges, knot.count, state, next)) {
                knot.verdict = WAIT_KNOT;
                knot.shape = shape_of_ring(edges, knot.count);
            }
            return knot;
        }
        if (next == mark)
            return knot;
        if (knot.count == mark_moves_at) {
            mark = next;
            mark_moves_at *= 2;
        }
        current = next;
    }
}
