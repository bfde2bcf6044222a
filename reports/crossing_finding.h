/* A knot between processes as a finding of the report.
 *
 * Threads and locks are numbered by each process for itself. So in these findings their ids tell the process:
 * "T2@4711", "L1@4711" ("-1" and so on after it where a pid has had several programs, one after the other),
 * and the names of threads tell it too: "worker (pid 4711)". A lock between processes is one lock in the
 * finding, described by the process that knows best: where it was initialised, else where it was first
 * locked.
 */
#ifndef GORDIAN_REPORTS_CROSSING_FINDING_H
#define GORDIAN_REPORTS_CROSSING_FINDING_H

#include "reports/crossing.h"
#include "reports/memory.h"
#include "reports/report.h"

/* Resolve the knot, which was found among `count` processes. Sets what a finding has before it is named and
 * counted: kind, shape, severity, time, process, steps, and so their number of holds in all to *holds.
 * Everything lives in the pool. */
struct report_finding crossing_finding_of(struct memory_pool *pool, const struct crossing_knot *knot,
                                          const struct crossing_process *processes, size_t count,
                                          size_t *holds);

#endif
