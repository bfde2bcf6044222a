/* The wait-for graph: reports a deadlock at the moment in which its last thread is about to block.
 *
 * A thread publishes what it waits for, then calls wait_graph_find, which follows wait -> holder -> wait
 * until it comes back (a knot), reaches a lock whose holder is gone (orphaned), or reaches a thread that can
 * go on. Since every thread publishes before it looks (sequentially consistent), the last one to block sees
 * the whole knot. Locks and joins have one successor each here. Waits with a time limit are no edges: they
 * end by themselves.
 *
 * Every edge of a knot is read a second time, from its end to its beginning, before it is believed: threads
 * that are not stuck move on meanwhile. The state is read through a view, so the module knows no threads and
 * no memory of theirs. Thread-safe as far as the view is. Allocates nothing.
 */
#ifndef GORDIAN_DETECTOR_WAIT_GRAPH_H
#define GORDIAN_DETECTOR_WAIT_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "detector/finding.h"

/* The numbers are part of the recording's format (recording_slot.wait_kind). */
enum wait_kind {
    WAIT_NONE = 0,
    WAIT_LOCK = 1, /* a mutex, rwlock, spinlock, once, stream lock: whoever holds it releases it */
    WAIT_JOIN = 2,
    WAIT_CONDITION = 3,
    WAIT_SEMAPHORE = 4,
    WAIT_BARRIER = 5,
    WAIT_OUTSIDE = 6, /* for something that another process may release: shown, never stuck */
    WAIT_KINDS        /* one past the last */
};

struct wait_edge {
    uint32_t kind;   /* enum wait_kind; WAIT_NONE: the thread runs, or waits with a time limit */
    uint32_t target; /* WAIT_LOCK: the lock; WAIT_JOIN: the thread */
    uint32_t mode;   /* enum lock_mode, for WAIT_LOCK */
    uint64_t ticket; /* changes with each wait of that thread, so that two waits can be told apart */
};

enum wait_holder_state { WAIT_HOLDER_NONE = 0, WAIT_HOLDER_ALIVE = 1, WAIT_HOLDER_GONE = 2 };

struct wait_view {
    void *context;
    /* What the thread waits for now. */
    void (*wait)(void *context, uint32_t thread, struct wait_edge *out);
    /* Who holds the lock in a mode that excludes `mode`: sets *thread, returns its state (GONE: the holder
     * has ended without unlocking). NONE: nobody, or it cannot be told. */
    enum wait_holder_state (*holder)(void *context, uint32_t lock, uint32_t mode, uint32_t *thread);
};

enum wait_verdict { WAIT_NO_KNOT = 0, WAIT_KNOT = 1, WAIT_ORPHANED = 2 };

struct wait_knot {
    enum wait_verdict verdict;
    uint32_t shape; /* enum finding_shape: self (one thread), cycle (locks only), join (a join is among the
                       waits), orphaned */
    uint32_t count; /* threads on the path; capacity + 1 when it is longer than that */
    uint32_t first; /* index in `threads` at which the knot begins: 0 for a ring; the thread that waits for
                       the lock without a living holder, to which a tail of waiters may lead */
};

/* Follow the waits from `thread`. `threads` and `edges` (capacity entries each, caller's memory) receive the
 * path: the ring that begins with `thread`; or for WAIT_ORPHANED the waiters and last the thread that is
 * gone. O(length of the path), bounded by `capacity`: a longer path gives WAIT_NO_KNOT with count > capacity.
 * A ring that does not contain `thread` itself is not reported again (WAIT_NO_KNOT): its own last thread has
 * reported it. */
struct wait_knot wait_graph_find(const struct wait_view *view, uint32_t thread, uint32_t *threads,
                                 struct wait_edge *edges, uint32_t capacity);

#endif
