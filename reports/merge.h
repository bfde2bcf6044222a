/* Joins the lock orders of many recordings, and looks for deadlocks that no single one of them shows.
 *
 * What makes two locks of two processes one lock (joins.h), and when two threads of two processes can run at
 * the same time (roles.h), is certain or only probable. So the search is made four times: for locks between
 * processes and for the locks of one process, first with what is certain alone. A ring that was in a
 * recording already, or was found before, is not told again.
 *
 * Not thread-safe. Memory: O(dependencies and what they hold), freed on return.
 */
#ifndef GORDIAN_REPORTS_MERGE_H
#define GORDIAN_REPORTS_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detector/finding.h"
#include "reports/facts.h"
#include "reports/report.h"
#include "reports/resolver.h"

/* One recording. */
struct merge_source {
    struct facts *facts;
    struct resolver *resolver;
    const struct report_process *process;
    const char *path;
    uint64_t base, part; /* of the recording in its file (recording_reader.h) */
};

/* A lock that is held or wanted. */
struct merge_hold {
    uint32_t lock; /* its id in the step's recording */
    uint32_t same; /* the same number in all steps that mean the same lock */
    uint32_t mode;
    uint32_t stack; /* an id in the recording of `stack_source`, which has the same calls; 0: not known */
    size_t stack_source;
};

/* A side of a ring. */
struct merge_step {
    size_t source;
    uint32_t thread; /* its id in the recording */
    uint32_t holds_count;
    const struct merge_hold *holds;
    struct merge_hold wants;
};

struct merge_ring {
    const struct merge_step *steps;
    size_t count;
    bool between;    /* of locks between processes, by processes of their own; else as in one process */
    const char *why; /* why it is uncertain; NULL when it is certain */
};

/* What a bound has kept from being looked at or told. */
struct merge_bounds {
    uint64_t cut_searches, unlisted, unkept;
};

/* Visit every ring that needs two or more of the sources, the certain ones first; it may keep nothing of what
 * it is passed. `again` is called with the number that it returned when the ring was closed once more.
 * Returns 0; -ENOMEM; or the error of a source that cannot be read any more, with a line in `error`. */
int merge_look(const struct merge_source *sources, size_t count,
               void *(*visit)(void *context, const struct merge_ring *ring), void (*again)(void *ring),
               void *context, struct merge_bounds *bounds, char *error, size_t error_size);

#endif
