/* The lock-order graph: predicts deadlocks from the order in which locks were taken.
 *
 * A dependency says: this thread, in this segment, held these locks (each with its mode and stack) when it
 * wanted that one. A cycle of dependencies is a deadlock that some schedule can reach if
 *   - it has two or more threads, a different one for each dependency, and distinct locks,
 *   - each wanted lock is held by the next dependency in a mode that excludes the wanted one,
 *   - no two of the held sets have a lock in common that excludes (a gate lock), and
 *   - no two of the dependencies are ordered by thread creation and joining (segments.h).
 * This is the Goodlock condition with gate locks and segments (Havelund 2000; Bensalem & Havelund 2005), on
 * the dependency relation of Joshi et al., "A randomized dynamic program analysis technique for detecting
 * real deadlocks" (2009, iGoodlock), for cycles of any length.
 *
 * Readers of a lock that prefers writers wait while a writer waits (pthread_rwlockattr_setkind_np,
 * PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP). There a wanted shared mode is blocked by a shared hold, too,
 * if the cycle has a witness for it: one more dependency, by one more thread, that wants the lock exclusively
 * and fulfils the last two conditions with all others. It may hold nothing. Each such lock of the cycle has a
 * witness of its own. A thread that wants such a lock shared while it holds it shared closes a cycle of one
 * lock with a witness.
 *
 * With the option single_thread, cycles of dependencies by one thread alone are found too, whose locks other
 * threads may want in these orders one day: all conditions but those on threads and their creation and
 * joining. They are notes of a kind of their own, kept apart from the others, and not told of a cycle of
 * locks that was already reported between threads.
 *
 * The graph keeps one edge per held and wanted lock with their modes, and on it only the dependencies whose
 * gate sets are minimal, since a cycle through a dependency with more gates is also one through the
 * dependency with fewer. The locks' strongly connected components are maintained incrementally in a
 * topological order (Pearce & Kelly, "A dynamic topological sort algorithm for directed acyclic graphs",
 * 2007), so a new edge that agrees with the order costs O(1) and only a dependency inside a component pays
 * for a search, shortest cycles first. What a search may cost is bounded (search_budgets.h), and so is what
 * is kept and reported; each bound is an option, and the counts tell when it was reached.
 *
 * Each cycle of locks is reported once. Not thread-safe: the owner serialises. Memory: the arena's.
 */
#ifndef GORDIAN_DETECTOR_LOCK_GRAPH_H
#define GORDIAN_DETECTOR_LOCK_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "detector/arena.h"
#include "detector/finding.h"
#include "detector/segments.h"

struct lock_graph;

struct lock_dependency {
    uint32_t thread;
    uint32_t segment;
    uint32_t holds_count;
    const struct lock_hold *holds; /* distinct locks, in order of acquisition */
    struct lock_hold wants;
};

/* What the graph tells its owner, during lock_graph_add. */
struct lock_graph_listener {
    void *context;
    /* A new cycle. Returns the owner's number for it, which `again` gets when it is closed once more. */
    uint32_t (*found)(void *context, const struct finding *finding);
    /* A cycle reported before was closed again by another dependency, or another cycle of locks with the same
     * set of stacks beyond `max_per_signature`, or through the same edge beyond `max_per_edge`, was found:
     * count it. */
    void (*again)(void *context, uint32_t number);
};

struct lock_graph_options {
    uint32_t max_steps;         /* bound on one dependency's search, in edges tried; 0 means 65536 */
    uint32_t max_per_signature; /* cycles of locks reported with the same set of (held, wanted) stacks; 0
                                   means 64 */
    uint32_t max_per_edge;  /* cycles reported that go through the same edge, shortest first; 0 means 4. One
                               order that is wrong among many that are right closes a cycle with each */
    uint32_t max_cycles;    /* cycles reported in all; 0 means 1024 */
    uint32_t max_uses;      /* pairs of thread and segment kept per edge, and wanting exclusively per lock
                               that prefers writers, at most 65535; 0 means 4096 */
    uint32_t max_gate_sets; /* locksets kept per edge, thread and segment; 0 means 64 */
    bool single_thread;     /* report cycles by one thread alone, too (FINDING_ORDER_SINGLE_THREAD) */
    /* Whether the two segments of different threads can run at the same time; NULL: what `segments` says. */
    bool (*concurrent)(void *context, uint32_t thread_a, uint32_t segment_a, uint32_t thread_b,
                       uint32_t segment_b);
    void *concurrent_context;
};

/* With single_thread, what is kept for the cycles by one thread alone is counted with the rest. */
struct lock_graph_counts {
    uint64_t locks, edges, dependencies; /* kept now; all writers of a lock are one edge */
    uint64_t cycles;                     /* reported, of more than one thread */
    uint64_t single_thread;              /* reported, by one thread alone */
    uint64_t unreported;                 /* closings of cycles beyond max_per_edge or max_cycles */
    uint64_t cut_searches;               /* searches that reached max_steps (or its reduced budget) */
    uint64_t dropped;                    /* dependencies searched but not kept (max_uses, max_gate_sets) */
};

/* Return an empty graph, or NULL when memory ran out. `segments` and `arena` must outlive it. */
struct lock_graph *lock_graph_create(struct arena *arena, struct segments *segments,
                                     const struct lock_graph_options *options,
                                     const struct lock_graph_listener *listener);

/* The lock prefers writers: its readers wait while a writer waits. To be told before the first dependency
 * that wants or holds it. -ENOMEM when memory ran out, and then it may be told again. O(1). */
int lock_graph_prefers_writers(struct lock_graph *graph, uint32_t lock);

/* Add a dependency and report every new cycle that it closes. Returns 1 when it was new and is kept; 0 when
 * everything that it says was known (from the same thread and segment, with the same or fewer gates), or was
 * searched but not kept because of max_uses or max_gate_sets; -ENOMEM when memory ran out (the graph stays
 * usable, and adding it again makes up for it). O(1) per held lock unless an edge contradicts the order.
 *
 * A dependency that holds nothing says something only if it wants exclusively a lock that prefers writers.
 * One that holds what it wants says something only if it does both shared and the lock prefers writers; then
 * nothing but that, since whatever cycle it could be in needs the witness that closes this shortest one.
 * Others are taken for known (0). */
int lock_graph_add(struct lock_graph *graph, const struct lock_dependency *dependency);

/* Return whether an edge from `held` to `wanted` is known from this thread and segment without any gate: then
 * a dependency whose every held lock (at least one) answers true has nothing new to say. O(1). */
bool lock_graph_knows(const struct lock_graph *graph, uint32_t thread, uint32_t segment,
                      const struct lock_hold *held, const struct lock_hold *wanted);

/* The cycle of these locks, in this order, has happened and was reported: do not report it as a prediction. A
 * lock several times in a row, which a waiting writer makes of it, counts once. */
void lock_graph_mark_reported(struct lock_graph *graph, const uint32_t *locks, uint32_t count,
                              uint32_t number);

/* The lock is destroyed, its address is used for another lock, or it has proved to be none: forget it with
 * all its edges and writers, and that it prefers them. What was found stays reported. Ids of locks destroyed
 * are never used again. O(its edges). */
void lock_graph_remove(struct lock_graph *graph, uint32_t lock);

/* A new epoch: forget every lock, as lock_graph_remove does, but the ids may be used on. What was found stays
 * reported, and is counted when it is closed again. O(locks, edges and what is kept on them). */
void lock_graph_reset(struct lock_graph *graph);

void lock_graph_count(const struct lock_graph *graph, struct lock_graph_counts *out);

#endif
