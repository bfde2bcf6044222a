/* The knot of a finding as a picture: threads and locks, and who holds and wants what.
 *
 * A ring is drawn as a ring: thread, the lock that it wants, the thread that holds it, and so on. Other
 * findings are drawn with the threads on one side and the locks on the other, or with one lock between two
 * threads. Here is where everything stands; html_knot.h draws it. Pure; memory comes from the pool.
 * Coordinates are pixels.
 */
#ifndef GORDIAN_REPORTS_KNOT_H
#define GORDIAN_REPORTS_KNOT_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/memory.h"
#include "reports/report.h"

#define KNOT_STEPS 16 /* threads of a picture; a larger knot is drawn in part */
#define KNOT_NAME 22  /* characters of a name */
#define KNOT_HOLDS 4  /* locks held that are drawn of a thread, where the finding is no ring */

struct knot_node {
    const struct report_thread *thread; /* or */
    const struct report_lock *lock;
    const char *name; /* whole */
    unsigned colour;  /* of a thread: its place among the finding's */
    bool gone;        /* the thread has ended */
    double x, y, width, height;
};

struct knot_edge {
    size_t from, to; /* a wish leads from the thread to the lock, a hold from the lock to the thread */
    bool wish;
    const char *verb; /* "waits for", "holds" */
    const struct report_stack *stack;
    double bend; /* how far its middle is off the straight line, for two between the same nodes */
};

struct knot {
    struct knot_node *nodes;
    size_t nodes_count;
    struct knot_edge *edges;
    size_t edges_count;
    size_t threads_left_out, holds_left_out; /* what is not drawn */
    bool ring;
    double width, height;
};

/* The picture of a finding. Without nodes when it names no lock. */
struct knot knot_of(struct memory_pool *pool, const struct report_finding *finding);

/* The number of the colour of a thread: the same in all parts of a finding. */
unsigned knot_colour(const struct report_finding *finding, const struct report_thread *thread);

/* Where the edge begins and ends: at the borders of its nodes. Also a point for the bend. */
void knot_ends(const struct knot *knot, const struct knot_edge *edge, double from[2], double middle[2],
               double to[2]);

#endif
