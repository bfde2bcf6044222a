/* The wait-for graph: reports a deadlock at the moment in which its last thread is about to block.
 *
 * A thread publishes what it waits for, then calls wait_graph_find. Since every thread publishes before it
 * looks (sequentially consistent), the last one to block sees the whole knot.
 *
 * Waits are of two models (Holt, "Some deadlock properties of computer systems", 1972; Knapp, "Deadlock
 * detection in distributed databases", 1987). A thread that needs all of its releasers (a mutex, a writer
 * that waits for several readers, a join) is stuck as soon as one of them is. One that needs any of them (a
 * counting semaphore) is stuck when all of them are. A condition, a semaphore that is a signal, or a barrier
 * can be released by any thread that can still run: such waits are stuck only when every thread is
 * (wait_graph_all). A waiter of a condition needs its mutex in any case, whether it is woken, cancelled or
 * runs out of time.
 *
 * Everything that a verdict relies on is read a second time before it is believed: threads that are not stuck
 * move on meanwhile. What those do does not matter: it neither makes a verdict wrong nor hides a knot. The
 * state is read through a view, so the module knows no threads and no memory of theirs. Thread-safe as far as
 * the view is, with a memory for each caller. Allocates nothing.
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
    uint32_t kind;   /* enum wait_kind */
    uint32_t target; /* WAIT_JOIN: the thread; else the lock, condition, semaphore or barrier */
    uint32_t mode;   /* enum lock_mode, for WAIT_LOCK */
    uint32_t lock;   /* WAIT_CONDITION: its mutex; else 0 */
    bool timed;      /* it ends by itself; but a condition's waiter then still needs its mutex */
    uint64_t ticket; /* changes with each wait of that thread, so that two waits can be told apart */
};

/* How a wait ends. */
enum wait_need {
    WAIT_CAN_GO = 0,     /* by itself, or it has ended already: the thread runs or is about to */
    WAIT_NEEDS_ALL,      /* each of the listed threads must do something first; none listed: it can go */
    WAIT_NEEDS_ANY,      /* one of the listed threads, which are all that can, must do something; none listed:
                            nobody can, and it is stuck */
    WAIT_NEEDS_SOMEONE,  /* any thread at all may end it (of the listed ones, each must go on, too: the mutex
                            of a condition) */
    WAIT_NEEDS_THE_DEAD, /* the (one) listed thread is gone, and took with it what is waited for */
};

struct wait_view {
    void *context;
    /* What the thread waits for now. A thread that is gone, or not known, waits for nothing. */
    void (*wait)(void *context, uint32_t thread, struct wait_edge *out);
    /* How this wait of `thread` ends, and the threads that it needs: at most `room` ids, without repetition,
     * in ascending order, into `threads`, their number into *count. More than room: set *count to room + 1,
     * and the wait counts as one that can go on. Only for waits that may be stuck: not asked about WAIT_NONE,
     * WAIT_OUTSIDE and, but for a condition's, timed ones. A condition's timed wait is WAIT_NEEDS_ALL for its
     * mutex, or WAIT_CAN_GO.
     *
     * The answer must be right for threads that wait all the while; it may be stale for those that run:
     * - What a thread holds does not change between the publication of its wait and the wait's end. The mutex
     *   of a condition leaves its account before, and what it has waited for comes onto it after that.
     * - What it has got while it ran is on its account before it waits again. Before that, it is missing; so
     *   a semaphore with fewer holders in sight than units given out is WAIT_CAN_GO, since a list of
     *   WAIT_NEEDS_ANY must be complete.
     * - What it has released may still be on its account, but not a semaphore's unit: with WAIT_NEEDS_ANY,
     *   one more who runs would hide the knot from the last one to block. It leaves the account before others
     *   can get it.
     * - Who was released but has not said so (one that was signalled) is not stuck for that any more. */
    enum wait_need (*need)(void *context, uint32_t thread, const struct wait_edge *edge, uint32_t *threads,
                           uint32_t room, uint32_t *count);
};

enum wait_verdict { WAIT_NO_KNOT = 0, WAIT_KNOT = 1, WAIT_ORPHANED = 2, WAIT_TOO_LARGE = 3 };

struct wait_node;

/* The search's memory, the caller's. What lies in it after a search is the search's own, but for `threads`
 * and `waits`. It need not be cleared. */
struct wait_memory {
    uint32_t capacity;       /* threads that a search may reach, the one that is gone included */
    uint32_t room;           /* needs of all of them together: 16 for each thread, and 4096 */
    uint32_t *threads;       /* capacity */
    struct wait_edge *waits; /* capacity */

    struct wait_node *nodes; /* capacity: the threads reached */
    uint32_t *queue;         /* capacity: nodes that can go, or that were reached */
    uint32_t *places; /* places_mask + 1, at least 2 * capacity: a hash table of the nodes, by thread */
    uint32_t places_mask;
    uint32_t *needed;  /* room: the nodes that each node needs */
    uint32_t *waiters; /* room: the same, the other way round */
};

/* Bytes that wait_memory_lay wants for so many threads: about 280 for each, and 33000. More than 2^22
 * threads, which is Linux's limit, count as so many. */
uint64_t wait_memory_bytes(uint32_t capacity);
/* Lay the arrays into `bytes`, which is aligned to 8. */
struct wait_memory wait_memory_lay(void *bytes, uint32_t capacity);

struct wait_knot {
    enum wait_verdict verdict;
    uint32_t shape; /* enum finding_shape: self (one thread); cycle (locks, semaphores that are locks,
                       and conditions for the sake of their mutex); join (a join is among them); mixed
                       (anything else is); orphaned */
    uint32_t count; /* threads in memory.threads, each with its wait in memory.waits: the shortest ring that
                       begins with `thread`, each waiting for the next, the last for the first; or for
                       WAIT_ORPHANED the shortest way from `thread` on, waiters and last the thread that is
                       gone (its wait is WAIT_NONE). Of several, the one with the lowest ids first. Where the
                       wait is a condition's, the way goes on through its mutex (wait_edge.lock). 0: none */
};

/* Look for a knot that `thread` is part of, or, if there is none, for a thread that is gone and to which its
 * wait leads (WAIT_ORPHANED). A thread that merely waits for others, which were stuck before and do not wait
 * for it, is no new knot (WAIT_NO_KNOT): the last one of those has reported them. Nor is a wait that nobody
 * can end (WAIT_NEEDS_ANY with nobody listed). WAIT_TOO_LARGE when the memory is too small to tell; never
 * when its capacity is more than the number of threads, and at least a sixteenth of that number's square.
 *
 * Whoever blocks looks for itself. When a thread ends, others' needs get fewer or turn into
 * WAIT_NEEDS_THE_DEAD, which may complete a knot, too: then the thread that ends looks for each that waits.
 *
 * O(waits reached and their needs), each read at most twice. */
struct wait_knot wait_graph_find(const struct wait_view *view, uint32_t thread, struct wait_memory *memory);

/* Whether all of these threads (count of them, without repetition: all of the process that may still run) are
 * stuck, if nobody else comes: none of them in a wait that can go on or that ends by itself, or that needs
 * only threads that are not among them. Their waits go to memory.waits, in the order of `threads`, which is
 * copied to memory.threads. False when count is 0 or beyond the memory's capacity. O(threads and their
 * needs). */
bool wait_graph_all(const struct wait_view *view, const uint32_t *threads, uint32_t count,
                    struct wait_memory *memory);

/* Whether the waits of the last search's first `count` threads are still the same. The one that is gone is
 * passed over. */
bool wait_graph_unchanged(const struct wait_view *view, const struct wait_memory *memory, uint32_t count);

#endif
