/* The search for cycles of dependencies that a new dependency closes, shortest cycles of locks first.
 *
 * Only edges inside one component of the topological order can be on a cycle. The search walks simple paths
 * of locks from the wanted lock of the new dependency back to its held one. A path goes on only while there
 * is a use for each of its edges such that all go together: different threads, concurrent segments, locksets
 * that do not exclude each other. So no path is longer than there are threads.
 *
 * Where a lock is wanted shared and held shared, the one does not wait for the other. It does if the lock
 * prefers writers and some other thread wants it exclusively at that moment, a witness: it waits for the
 * holder, and the reader for it. So a witness is one more step, between the two, and has to go together with
 * all others like any step.
 *
 * The search can also be for cycles by one thread alone, whose steps go together if their locksets do not
 * exclude each other. The witnesses are then by this thread, too.
 *
 * Memory: the arena's, kept between searches. Not thread-safe.
 */
#ifndef GORDIAN_DETECTOR_CYCLE_SEARCH_H
#define GORDIAN_DETECTOR_CYCLE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "detector/dependencies.h"

/* One dependency of a cycle. steps[i]'s wanted lock is held by steps[i + 1], the last one's by steps[0]; but
 * where steps[i + 1] is a witness, it wants this lock too, and the next step holds it. Then its edge is the
 * lock's writers (dependencies.h). */
struct cycle_step {
    const struct lock_edge *edge;
    uint32_t thread, segment;
    const struct lockset *held;
    const struct edge_use *use;   /* the search's own: which use of the edge this is, */
    const struct gate_set *gates; /* and which of its gate sets; NULL before the first */
};

/* Gets a cycle; may keep nothing of it. Returns 0, or a negative errno, which ends the search. */
typedef int (*cycle_visitor)(void *context, const struct cycle_step *steps, uint32_t count);

struct cycle_search {
    const struct dependencies *dependencies; /* if they are `alone`, so are the cycles: of one thread each */
    struct cycle_step *steps;                /* the path that is being tried, with a use for each edge */
    struct cycle_step *kept;                 /* room for a copy of it */
    uint32_t capacity;
    uint64_t budget; /* what is left of it */
    cycle_visitor visitor;
    void *context;
};

struct cycle_search_result {
    int error;      /* 0, -ENOMEM, or the visitor's */
    bool cut;       /* the budget was spent with work left */
    uint64_t spent; /* steps: edges and uses tried */
};

void cycle_search_init(struct cycle_search *search, const struct dependencies *dependencies);

/* Visit every cycle that `start` closes, until `budget` steps are spent. Each cycle of edges is visited at
 * most once, and begins with `start`, which may be a witness. */
struct cycle_search_result cycle_search_run(struct cycle_search *search, const struct cycle_step *start,
                                            uint64_t budget, cycle_visitor visitor, void *context);

#endif
