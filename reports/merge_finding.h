/* A ring over several recordings as a finding of the report.
 *
 * Threads and locks are numbered by each recording for itself, so their ids tell which one it is: "T2@1" is
 * T2 of the first recording, and the thread's name tells it too, "main of run 1". What is the same lock in
 * several recordings is one lock in the finding, described by the first of them that saw it initialised, else
 * by the first of the ring. The message ends with which recordings these are, and why a note is one.
 */
#ifndef GORDIAN_REPORTS_MERGE_FINDING_H
#define GORDIAN_REPORTS_MERGE_FINDING_H

#include "reports/memory.h"
#include "reports/merge.h"
#include "reports/report.h"

/* Resolve the ring. Sets what a finding has before it is named and counted, and its number of holds in all
 * to *holds. Everything lives in the pool. */
struct report_finding merge_finding_of(struct memory_pool *pool, const struct merge_ring *ring,
                                       const struct merge_source *sources, size_t *holds);

/* What is to follow the finding's message: " (the orders are of different runs: ...)". */
const char *merge_finding_origin(struct memory_pool *pool, const struct merge_ring *ring,
                                 const struct merge_source *sources);

#endif
