/* Order in time, and in time alone, for the programs of the suite.
 *
 * A case must show the same interleaving in every run, yet the threads must stay unordered in the eyes of a
 * detector: were they ordered by a lock, a condition, a semaphore, a join or an acquiring atomic, the bug
 * would be gone. So a thread marks a step as reached with a relaxed atomic, and another polls for it. A
 * relaxed atomic orders nothing, by the C standard (C11 7.17.3) as for ThreadSanitizer, and a detector that
 * watches locks does not see it at all.
 *
 *     enum { STARTED, READ };            steps are numbered from 0, at most 32
 *     schedule_reach(READ);              in one thread
 *     schedule_wait(READ);               in another
 *
 * Thread-safe. For C and C++, by the compilers' own atomics. Included by one source file per program.
 */
#ifndef GORDIAN_CASES_SCHEDULE_H
#define GORDIAN_CASES_SCHEDULE_H

#include <stdbool.h>
#include <unistd.h>

enum { SCHEDULE_POLL_US = 500, SCHEDULE_LINGER_US = 500000 };

static unsigned schedule_reached;

/* Mark `step` as reached. */
static inline void schedule_reach(int step) {
    __atomic_fetch_or(&schedule_reached, 1U << step, __ATOMIC_RELAXED);
}

/* Return whether `step` has been reached. */
static inline bool schedule_has(int step) {
    return __atomic_load_n(&schedule_reached, __ATOMIC_RELAXED) & (1U << step);
}

/* Wait until `step` is reached. */
static inline void schedule_wait(int step) {
    while (!schedule_has(step))
        usleep(SCHEDULE_POLL_US);
}

/* Give the others time to reach `step`: wait for it, but go on after half a second. For a place where the
 * fixed twin keeps the others out: there the step is not reached, and the thread must go on to let them in.
 */
static inline void schedule_linger(int step) {
    for (int us = 0; us < SCHEDULE_LINGER_US && !schedule_has(step); us += SCHEDULE_POLL_US)
        usleep(SCHEDULE_POLL_US);
}

#endif
