#include "detector/dependencies.h"

#include <errno.h>

/* A smaller edge is never searched for uses that are over. */
#define SWEEP_LEAST 64

static struct lock_edge *edge_at(struct topo_edge *place) {
    return (struct lock_edge *)place;
}

void dependencies_init(struct dependencies *d, struct arena *arena, const struct segments *segments,
                       uint32_t max_uses, uint32_t max_gate_sets, bool alone) {
    *d = (struct dependencies){.arena = arena,
                               .segments = segments,
                               .alone = alone,
                               .max_uses = max_uses < UINT16_MAX ? max_uses : UINT16_MAX,
                               .max_gate_sets = max_gate_sets};
    topo_order_init(&d->order, arena);
}

/* ---- locks ---- */

static struct lock_node *find_lock(const struct dependencies *d, uint32_t lock) {
    struct lock_node *node;
    HASH_FIND(hh, d->locks, &lock, sizeof lock, node);
    return node;
}

/* Return the lock's node, made now if it is not known; NULL when memory ran out. Without edges it gets the
 * place in the order that suits its first one. */
static struct lock_node *need_lock(struct dependencies *d, uint32_t lock, bool source) {
    struct arena *arena = d->arena;
    struct lock_node *node = find_lock(d, lock);
    if (node) {
        topo_order_place_node(&d->order, &node->place, source);
        return node;
    }
    if (!(node = arena_alloc(arena, sizeof *node)))
        return NULL;
    if (topo_order_add_node(&d->order, &node->place, source) == 0) {
        node->lock = lock;
        TABLE_ADD(d->locks, lock, node);
        if (table_holds(node)) {
            d->locks_count++;
            return node;
        }
        topo_order_remove_node(&d->order, &node->place);
    }
    arena_free(arena, node, sizeof *node);
    return NULL;
}

static void free_lock(struct dependencies *d, struct lock_node *node) {
    struct arena *arena = d->arena;
    TABLE_DEL(d->locks, node);
    topo_order_remove_node(&d->order, &node->place);
    arena_free(arena, node, sizeof *node);
    d->locks_count--;
}

int dependencies_prefer_writers(struct dependencies *d, uint32_t lock) {
    struct lock_node *node = find_lock(d, lock);
    if (!node && !(node = need_lock(d, lock, false)))
        return -ENOMEM;
    node->prefers_writers = true;
    return 0;
}

bool dependencies_prefers_writers(const struct dependencies *d, uint32_t lock) {
    const struct lock_node *node = find_lock(d, lock);
    return node && node->prefers_writers;
}

/* ---- edges ---- */

/* Where a lock keeps such an edge from itself to itself. */
static struct lock_edge **own_edge(struct lock_edge *edge) {
    struct lock_node *node = (struct lock_node *)edge->place.to;
    return dependencies_are_writers(edge) ? &node->writers : &node->rereads;
}

/* Connect the edge with its locks. Only one between two locks says something about their order. */
static void link_edge(struct dependencies *d, struct lock_edge *edge, struct lock_node *held,
                      struct lock_node *wanted) {
    if (held != wanted) {
        topo_order_add_edge(&d->order, &edge->place, &held->place, &wanted->place);
        d->modes_seen[edge->key.held_mode][edge->key.wanted_mode] = true;
        return;
    }
    edge->place.from = edge->place.to = &held->place;
    *own_edge(edge) = edge;
}

static void unlink_edge(struct lock_edge *edge) {
    if (edge->place.from != edge->place.to)
        topo_order_remove_edge(&edge->place);
    else
        *own_edge(edge) = NULL;
}

struct lock_edge *dependencies_find(const struct dependencies *d, const struct edge_key *key) {
    struct lock_edge *edge;
    HASH_FIND(hh, d->edges, key, sizeof *key, edge);
    return edge;
}

struct lock_edge *dependencies_need(struct dependencies *d, const struct edge_key *key) {
    struct arena *arena = d->arena;
    struct lock_edge *edge = dependencies_find(d, key);
    if (edge)
        return edge;
    struct lock_node *held = need_lock(d, key->held, true);
    struct lock_node *wanted = need_lock(d, key->wanted, false);
    if (!held || !wanted || !(edge = arena_alloc(arena, sizeof *edge)))
        return NULL;
    edge->key = *key;
    edge->sweep_in = SWEEP_LEAST;
    TABLE_ADD(d->edges, key, edge);
    if (!table_holds(edge)) {
        arena_free(arena, edge, sizeof *edge);
        return NULL;
    }
    link_edge(d, edge, held, wanted);
    d->edges_count++;
    return edge;
}

/* ---- uses ---- */

/* Most edges are used by one thread, or by the same one as the last time. */
static struct edge_use *find_use(const struct dependencies *d, const struct lock_edge *edge, uint32_t thread,
                                 uint32_t segment) {
    struct edge_use *newest = edge->uses;
    if (!newest || (newest->key.thread == thread && newest->key.segment == segment))
        return newest;
    if (!newest->next)
        return NULL;
    if (edge->own.gates.held && edge->own.key.thread == thread && edge->own.key.segment == segment)
        return (struct edge_use *)&edge->own;
    struct use_key key = {(struct lock_edge *)edge, thread, segment};
    struct further_use *further;
    HASH_FIND(hh, d->uses, &key, sizeof key, further);
    return further ? &further->use : NULL;
}

const struct edge_use *dependencies_use(const struct dependencies *d, const struct lock_edge *edge,
                                        uint32_t thread, uint32_t segment) {
    return find_use(d, edge, thread, segment);
}

static void free_gate_sets(struct dependencies *d, struct edge_use *use) {
    struct gate_set *next;
    lockset_release(d->arena, use->gates.held);
    d->kept--;
    for (struct gate_set *gates = use->gates.next; gates; gates = next) {
        next = gates->next;
        lockset_release(d->arena, gates->held);
        arena_free(d->arena, gates, sizeof *gates);
        d->kept--;
    }
}

static void free_use(struct dependencies *d, struct edge_use **link) {
    struct arena *arena = d->arena;
    struct edge_use *use = *link;
    struct lock_edge *edge = use->key.edge;
    *link = use->next;
    edge->uses_count--;
    free_gate_sets(d, use);
    if (use == &edge->own) {
        use->gates = (struct gate_set){NULL, NULL};
        return;
    }
    struct further_use *further = (struct further_use *)use;
    TABLE_DEL(d->uses, further);
    arena_free(arena, further, sizeof *further);
}

static bool is_over(const struct dependencies *d, const struct use_key *key) {
    return d->alone ? segments_joined(d->segments, key->thread)
                    : segments_over(d->segments, key->thread, key->segment);
}

/* Drop the uses that can be in no cycle any more. */
static void sweep(struct dependencies *d, struct lock_edge *edge) {
    for (struct edge_use **link = &edge->uses; *link;) {
        if (is_over(d, &(*link)->key))
            free_use(d, link);
        else
            link = &(*link)->next;
    }
    edge->sweep_in = edge->uses_count > SWEEP_LEAST ? edge->uses_count : SWEEP_LEAST;
}

bool dependencies_ungated(const struct dependencies *d, const struct edge_key *key, uint32_t thread,
                          uint32_t segment) {
    const struct lock_edge *edge = dependencies_find(d, key);
    const struct edge_use *use = edge ? find_use(d, edge, thread, segment) : NULL;
    return use && use->gates.held->count == 1;
}

bool dependencies_known(const struct dependencies *d, const struct lock_edge *edge, uint32_t thread,
                        uint32_t segment, const struct lockset *held) {
    const struct edge_use *use = find_use(d, edge, thread, segment);
    for (const struct gate_set *gates = use ? &use->gates : NULL; gates; gates = gates->next)
        if (lockset_within(gates->held, held))
            return true;
    return false;
}

/* Return a use with this key that is in no list yet, or NULL when memory ran out. */
static struct edge_use *make_use(struct dependencies *d, struct lock_edge *edge, const struct use_key *key) {
    struct arena *arena = d->arena;
    if (!edge->own.gates.held) {
        edge->own.key = *key;
        return &edge->own;
    }
    struct further_use *further = arena_alloc(arena, sizeof *further);
    if (!further)
        return NULL;
    further->use.key = *key;
    TABLE_ADD(d->uses, use.key, further);
    if (table_holds(further))
        return &further->use;
    arena_free(arena, further, sizeof *further);
    return NULL;
}

static int add_use(struct dependencies *d, struct lock_edge *edge, uint32_t thread, uint32_t segment,
                   struct lockset *held) {
    if (edge->sweep_in-- == 0)
        sweep(d, edge);
    if (edge->uses_count >= d->max_uses)
        return 0;
    struct use_key key = {edge, thread, segment};
    struct edge_use *use = make_use(d, edge, &key);
    if (!use)
        return -ENOMEM;
    use->gates = (struct gate_set){held, NULL};
    use->next = edge->uses;
    edge->uses = use;
    edge->uses_count++;
    return 1;
}

/* The new set goes into the use itself, where dependencies_ungated looks; what was there moves behind it. */
static int add_gate_set(struct dependencies *d, struct edge_use *use, struct lockset *held) {
    uint32_t count = 0;
    for (const struct gate_set *gates = &use->gates; gates; gates = gates->next)
        count += !lockset_within(held, gates->held);
    if (count >= d->max_gate_sets)
        return 0;
    struct gate_set *moved = arena_alloc(d->arena, sizeof *moved);
    if (!moved)
        return -ENOMEM;
    *moved = use->gates;
    use->gates = (struct gate_set){held, moved};
    return 1;
}

int dependencies_keep(struct dependencies *d, struct lock_edge *edge, uint32_t thread, uint32_t segment,
                      struct lockset *held) {
    struct edge_use *use = find_use(d, edge, thread, segment);
    int kept = use ? add_gate_set(d, use, held) : add_use(d, edge, thread, segment, held);
    if (kept == 1) {
        held->references++;
        d->kept++;
    } else if (kept == 0) {
        d->dropped++;
    }
    return kept;
}

void dependencies_drop_redundant(struct dependencies *d, struct lock_edge *edge, uint32_t thread,
                                 uint32_t segment, const struct lockset *held) {
    struct edge_use *use = find_use(d, edge, thread, segment);
    for (struct gate_set **link = &use->gates.next; *link;) {
        struct gate_set *gates = *link;
        if (!lockset_within(held, gates->held)) {
            link = &gates->next;
            continue;
        }
        *link = gates->next;
        lockset_release(d->arena, gates->held);
        arena_free(d->arena, gates, sizeof *gates);
        d->kept--;
    }
}

void dependencies_take_back(struct dependencies *d, struct lock_edge *edge, uint32_t thread,
                            uint32_t segment) {
    struct edge_use *use = find_use(d, edge, thread, segment);
    struct gate_set *older = use->gates.next;
    if (!older) {
        free_use(d, &edge->uses); /* the newest */
        return;
    }
    lockset_release(d->arena, use->gates.held);
    use->gates = *older;
    arena_free(d->arena, older, sizeof *older);
    d->kept--;
}

/* ---- forgetting ---- */

static void free_edge(struct dependencies *d, struct lock_edge *edge) {
    struct arena *arena = d->arena;
    while (edge->uses)
        free_use(d, &edge->uses);
    unlink_edge(edge);
    TABLE_DEL(d->edges, edge);
    arena_free(arena, edge, sizeof *edge);
    d->edges_count--;
}

static void forget_lock(struct dependencies *d, struct lock_node *node) {
    while (node->place.out)
        free_edge(d, edge_at(node->place.out));
    while (node->place.in)
        free_edge(d, edge_at(node->place.in));
    if (node->writers)
        free_edge(d, node->writers);
    if (node->rereads)
        free_edge(d, node->rereads);
    free_lock(d, node);
}

void dependencies_forget(struct dependencies *d, uint32_t lock) {
    struct lock_node *node = find_lock(d, lock);
    if (node)
        forget_lock(d, node);
}

void dependencies_reset(struct dependencies *d) {
    while (d->locks)
        forget_lock(d, d->locks);
}
