/* Which locks of several processes are one lock.
 *
 * Certain:
 *   - A variable: the same build (build id) of a file and the same offset in it; or another build of the same
 *     program (variables_alike) and the same name, distance and size there.
 *   - Between processes: the same place in a file (device, inode, offset) on the same machine and boot.
 * Probable, which is enough for a note:
 *   - A variable that had several lives in a process, or was initialised in different places: the first life
 *     is joined to the first one, the second to the second.
 *   - A variable of the same name in files of the same name that are not alike, or without a build id.
 *   - Elsewhere in memory: initialised (or, without that, first locked) by the same calls, and in its process
 *     there is no other one like it.
 * Two locks of one process are never joined: what the process itself did not close stays open.
 */
#ifndef GORDIAN_REPORTS_JOINS_H
#define GORDIAN_REPORTS_JOINS_H

#include <stddef.h>
#include <stdint.h>

#include "reports/merge.h"
#include "reports/orders.h"

/* A recording with its orders. Its threads and locks are known among all by `before` + their number. */
struct merge_run {
    const struct merge_source *source;
    struct orders orders;
    uint32_t threads_before, locks_before;
    uint64_t *roles; /* of its threads, by number - 1 (roles.h) */
};

enum joins_kind { JOINS_CERTAIN, JOINS_PROBABLE, JOINS_BETWEEN, JOINS_KINDS };

/* By kind, for each lock (before + number): the number of all that are the same, never 0. JOINS_PROBABLE
 * joins what JOINS_CERTAIN joins, and more; JOINS_BETWEEN joins locks between processes alone. */
struct joins {
    uint32_t *same[JOINS_KINDS];
    size_t count;          /* locks in all */
    bool any[JOINS_KINDS]; /* whether any two are joined */
};

void joins_make(const struct merge_run *runs, size_t count, struct joins *joins);
void joins_free(struct joins *joins);

#endif
