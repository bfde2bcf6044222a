/* Deadlocks between processes: found from outside, in the thread slots of their recordings.
 *
 * Inside a process nobody sees the threads of another. But the recordings of a run show what every thread
 * holds and waits for, and a lock between processes has a name that all of them share: its place in a file
 * (recording_lock). So the threads of all processes make one wait-for graph (detector/wait_graph.h). Only
 * knots of at least two processes are told here; those of one are its library's.
 *
 * A knot is told when it is true: its waits have no time limit and are the same in two readings, between
 * which all of its threads were stuck at once. Whoever is gone with a lock (its process has died, or its
 * thread has ended) is told only while the one that waits for it is still there, and when it still waits for
 * it CROSSING_CONFIRM_MS later: processes that die together are no deadlock. Processes that are all gone
 * count as they were last. Where accounts of who holds a lock contradict each other, those of processes that
 * are gone are old ones; else nothing is told. A robust mutex is never left behind.
 *
 * What cannot be seen: a thread that has ended with a lock and whose slot is another's by now; semaphores,
 * which have no owner: any process may post them, and none sees what the others make of them; whoever has
 * unmapped a segment and mapped another in its place, without initialising the locks there, is not known to
 * use the other.
 *
 * Not thread-safe. O(threads and what they hold) for each look, and for each thread that waits for a lock
 * between processes the waits that it leads to.
 */
#ifndef GORDIAN_REPORTS_CROSSING_H
#define GORDIAN_REPORTS_CROSSING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/facts.h"
#include "reports/report.h"
#include "reports/resolver.h"

#define CROSSING_CONFIRM_MS REPORT_CONFIRM_MS

/* A process of the run. */
struct crossing_process {
    struct facts *facts;
    const char *path;                     /* of its recording */
    struct resolver *resolver;            /* these two are for those who name a knot: */
    const struct report_process *process; /* crossing_finding.h */
};

/* A lock held or wanted, by the ids of its process's recording. */
struct crossing_hold {
    uint32_t lock; /* 0: nothing is wanted, the thread is gone */
    uint32_t mode;
    uint32_t stack;
    uint64_t site;    /* with stack 0: an address inside the call */
    uint32_t awaited; /* the thread that is joined: no lock then */
};

/* One side of a knot, as in finding.h. */
struct crossing_step {
    size_t process; /* index in the processes that were looked at */
    uint32_t thread;
    const struct crossing_hold *holds;
    size_t holds_count;
    struct crossing_hold wants;
};

struct crossing_knot {
    uint32_t shape;     /* enum finding_shape */
    uint64_t newest_ns; /* when the last of the waits began; CLOCK_MONOTONIC */
    const struct crossing_step *steps;
    size_t count;
};

/* What was told before, so that nothing is told twice. */
struct crossing;

struct crossing *crossing_create(void);
void crossing_free(struct crossing *crossing);

/* Look at these processes, and call `found` for each knot that is new; it is valid during the call. A process
 * keeps its index from look to look. The facts are updated. Returns whether there is a knot to be confirmed
 * by another look, CROSSING_CONFIRM_MS later. */
bool crossing_look(struct crossing *crossing, const struct crossing_process *processes, size_t count,
                   void (*found)(void *context, const struct crossing_knot *knot), void *context);

/* What a recording has to do with deadlocks between processes, or-ed. Reads the slots alone. */
enum crossing_signs {
    CROSSING_WAITS = 1, /* a thread has waited for a lock without limit since before `before_ns` */
    CROSSING_HOLDS = 2  /* a thread holds a lock */
};
unsigned crossing_signs(const char *path, uint64_t before_ns);

#endif
