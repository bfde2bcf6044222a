/* The sides of a finding: every lock that takes part, as one thread holds it or wants it.
 *
 * In a deadlock these are, for each step, the lock by which its thread blocks the step before it, and the
 * lock that it wants. What is held beside the knot is no side. Where there is no ring (all threads are
 * blocked, a misuse, a wait with locks held), all that the steps hold and want are sides. Pure.
 */
#ifndef GORDIAN_REPORTS_SIDES_H
#define GORDIAN_REPORTS_SIDES_H

#include "reports/report.h"

/* The locks held in a step that are sides of the finding: `*count` of them, from the one returned on. Some
 * may have no lock. O(locks held). */
const struct report_hold *sides_held(const struct report_finding *finding, size_t step, size_t *count);

/* A way through all sides: for each step what it holds, then what it wants. */
struct sides {
    const struct report_finding *finding;
    size_t step;                    /* one past the one that is looked at */
    const struct report_hold *held; /* the next one of those that it holds */
    size_t held_count;
    bool wants; /* what it wants comes next */
};

/* Begin before the first side. */
struct sides sides_begin(const struct report_finding *finding);

/* Return the next side, NULL at the end. Its lock is not NULL. Amortised O(locks held). */
const struct report_hold *sides_next(struct sides *sides);

#endif
