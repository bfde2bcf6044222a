/* The dependencies that the lock-order graph keeps: locks, edges between them, and on each edge its uses.
 *
 * An edge says that some thread held one lock (in a mode) when it wanted another (in a mode); a use of it,
 * which thread, in which segment, and with which locks held. Of the uses by one thread in one segment only
 * those with minimal locksets are kept, because a cycle through a dependency with more gates is one through
 * the dependency with fewer, too.
 *
 * A lock at which a reader waits while a writer waits ("prefers writers") has up to two edges from itself to
 * itself, which take no part in the order: one with the uses that want it exclusively, whatever is held or
 * nothing at all (its writers), and one with those that want it shared and hold it shared (its rereads).
 *
 * Memory: the arena's. Not thread-safe.
 */
#ifndef GORDIAN_DETECTOR_DEPENDENCIES_H
#define GORDIAN_DETECTOR_DEPENDENCIES_H

#include <stdbool.h>
#include <stdint.h>

#include "detector/arena.h"
#include "detector/finding.h"
#include "detector/lockset.h"
#include "detector/segments.h"
#include "detector/table.h"
#include "detector/topo_order.h"

struct lock_node {
    struct topo_node place; /* first, so that its address is the node's */
    UT_hash_handle hh;
    uint32_t lock;
    bool prefers_writers;
    bool on_path;                        /* for the search: the path that is being tried goes through it */
    struct lock_edge *writers, *rereads; /* NULL: none */
};

struct edge_key {
    uint32_t held, wanted; /* locks */
    uint16_t held_mode, wanted_mode;
};

/* A set of locks held when the edge was used; more than one when neither is within the other. */
struct gate_set {
    struct lockset *held; /* the edge's held lock included, unless it is a lock's writers */
    struct gate_set *next;
};

struct use_key {
    struct lock_edge *edge;
    uint32_t thread, segment;
};

struct edge_use {
    struct use_key key;
    struct edge_use *next; /* of the same edge, older */
    struct gate_set gates;
};

/* All but one of an edge's uses. */
struct further_use {
    struct edge_use use; /* first, so that its address is the use's */
    UT_hash_handle hh;
};

struct lock_edge {
    struct topo_edge place; /* first, so that its address is the edge's */
    UT_hash_handle hh;
    struct edge_key key;
    uint32_t cycles;      /* reported that go through it */
    uint32_t first_cycle; /* the owner's number of the first of them */
    uint32_t told_in;     /* the last search that counted one more, so that each counts once */
    uint16_t uses_count;
    uint16_t sweep_in;     /* new uses until those that are over are looked for */
    struct edge_use *uses; /* newest first */
    struct edge_use own;   /* one of them; most edges have no other. Without a lockset it is free */
};

struct dependencies {
    struct arena *arena;
    const struct segments *segments;
    bool (*concurrent)(void *, uint32_t, uint32_t, uint32_t, uint32_t); /* instead of them; or NULL */
    void *concurrent_context;
    bool alone;             /* uses are told apart by thread alone */
    uint32_t max_uses;      /* kept per edge */
    uint32_t max_gate_sets; /* kept per use */
    struct topo_order order;
    struct lock_node *locks;  /* hash table by lock */
    struct lock_edge *edges;  /* hash table by key */
    struct further_use *uses; /* hash table by key */
    bool modes_seen[2][2];    /* by held and wanted mode: whether there ever was such an edge */
    uint64_t locks_count, edges_count;
    uint64_t kept;    /* gate sets of all uses */
    uint64_t dropped; /* those that were not kept because of the two bounds */
};

/* Make it empty. `max_uses` is at most 65535. A use that is over is dropped when room is needed: with
 * `alone`, when its thread has been joined (and all uses have segment 0); otherwise when its segment comes
 * before all that is still to come. */
void dependencies_init(struct dependencies *d, struct arena *arena, const struct segments *segments,
                       uint32_t max_uses, uint32_t max_gate_sets, bool alone);

/* From now on the lock prefers writers. -ENOMEM when memory ran out. O(1). */
int dependencies_prefer_writers(struct dependencies *d, uint32_t lock);

/* Return whether it does. O(1). */
bool dependencies_prefers_writers(const struct dependencies *d, uint32_t lock);

/* Return whether the edge is the writers of its lock. */
static inline bool dependencies_are_writers(const struct lock_edge *edge) {
    return edge->key.held == edge->key.wanted && edge->key.wanted_mode == LOCK_EXCLUSIVE;
}

/* Return whether the edge is the rereads of its lock. */
static inline bool dependencies_are_rereads(const struct lock_edge *edge) {
    return edge->key.held == edge->key.wanted && edge->key.wanted_mode != LOCK_EXCLUSIVE;
}

/* Return the edge, NULL when there is none. O(1). */
struct lock_edge *dependencies_find(const struct dependencies *d, const struct edge_key *key);

/* Return the edge, made now (with its locks) if it is not known; NULL when memory ran out. Both locks may be
 * the same one if it prefers writers and is held shared. */
struct lock_edge *dependencies_need(struct dependencies *d, const struct edge_key *key);

/* Return the use of this edge by the thread in the segment, NULL when none is kept. O(1). */
const struct edge_use *dependencies_use(const struct dependencies *d, const struct lock_edge *edge,
                                        uint32_t thread, uint32_t segment);

/* Return whether a use of this edge by the thread in the segment is kept with no lock held but the edge's
 * own. O(1). */
bool dependencies_ungated(const struct dependencies *d, const struct edge_key *key, uint32_t thread,
                          uint32_t segment);

/* Return whether a use of this edge by the thread in the segment is kept whose lockset lies within `held`. */
bool dependencies_known(const struct dependencies *d, const struct lock_edge *edge, uint32_t thread,
                        uint32_t segment, const struct lockset *held);

/* Keep a use that is not known; it takes a reference to `held`. Uses with larger locksets stay for now.
 * Returns 1, 0 when a bound was reached and it was not kept, or -ENOMEM. */
int dependencies_keep(struct dependencies *d, struct lock_edge *edge, uint32_t thread, uint32_t segment,
                      struct lockset *held);

/* Drop the uses of the edge by the same thread in the same segment that `held`, just kept, makes redundant.
 */
void dependencies_drop_redundant(struct dependencies *d, struct lock_edge *edge, uint32_t thread,
                                 uint32_t segment, const struct lockset *held);

/* Take back the use that was just kept. */
void dependencies_take_back(struct dependencies *d, struct lock_edge *edge, uint32_t thread,
                            uint32_t segment);

/* Forget the lock with all edges from and to it. O(its edges and their uses). */
void dependencies_forget(struct dependencies *d, uint32_t lock);

/* Forget all locks. O(locks, edges and their uses). */
void dependencies_reset(struct dependencies *d);

#endif
