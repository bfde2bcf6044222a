#include "detector/wait_graph.h"

#include <stddef.h>

#define MOST_THREADS (1u << 22)
#define NEEDS_PER_THREAD 16u
#define FIRST_NEEDS 4096u
#define NOWHERE UINT32_MAX

struct wait_node {
    struct wait_edge wait;
    uint32_t thread;
    uint32_t place;        /* its place in `places` */
    uint32_t need;         /* enum wait_need; WAIT_CAN_GO as soon as it is known not to be stuck */
    uint32_t first, count; /* in `needed`: nodes, or NOWHERE for threads that are none and so run; but with
                              WAIT_NEEDS_THE_DEAD the thread that is gone */
    uint32_t missing;      /* needed ones not known to go on */
    uint32_t waiters;      /* in `waiters`: the first of those that need it */
    uint32_t before;       /* on the way from the first node; NOWHERE: not reached */
};

struct search {
    const struct wait_view *view;
    struct wait_memory *memory;
    struct wait_node *nodes;
    uint32_t count;
    uint32_t needs; /* in `needed` */
    bool too_large;
};

/* ---- the memory ---- */

static uint32_t bounded(uint32_t capacity) {
    return capacity < MOST_THREADS ? capacity : MOST_THREADS;
}

static uint32_t places_for(uint32_t capacity) {
    uint32_t places = 2;
    while (places < 2 * capacity)
        places *= 2;
    return places;
}

static uint32_t room_for(uint32_t capacity) {
    return capacity * NEEDS_PER_THREAD + FIRST_NEEDS;
}

uint64_t wait_memory_bytes(uint32_t capacity) {
    uint64_t n = bounded(capacity);
    uint64_t words = 2 * n + places_for((uint32_t)n) + (uint64_t)2 * room_for((uint32_t)n);
    return n * (sizeof(struct wait_edge) + sizeof(struct wait_node)) + words * sizeof(uint32_t);
}

struct wait_memory wait_memory_lay(void *bytes, uint32_t capacity) {
    uint32_t n = bounded(capacity), places = places_for(n), room = room_for(n);
    struct wait_memory memory = {.capacity = n, .room = room, .places_mask = places - 1};
    memory.waits = bytes; /* the ones with 64-bit fields first */
    memory.nodes = (struct wait_node *)(void *)(memory.waits + n);
    memory.threads = (uint32_t *)(void *)(memory.nodes + n);
    memory.queue = memory.threads + n;
    memory.places = memory.queue + n;
    memory.needed = memory.places + places;
    memory.waiters = memory.needed + room;
    return memory;
}

/* ---- the nodes, by thread ---- */

/* The table is not cleared: a place is taken if its node says so, too (Briggs and Torczon, "An efficient
 * representation for sparse sets", 1993). */
static bool is_taken(const struct search *search, uint32_t place) {
    uint32_t n = search->memory->places[place];
    return n < search->count && search->nodes[n].place == place;
}

/* The place that the thread has, or would get. At least half of them are free. */
static uint32_t place_of(const struct search *search, uint32_t thread) {
    uint32_t mask = search->memory->places_mask;
    uint32_t place = (uint32_t)((thread * 0x9e3779b97f4a7c15u) >> 32) & mask;
    while (is_taken(search, place) && search->nodes[search->memory->places[place]].thread != thread)
        place = (place + 1) & mask;
    return place;
}

static uint32_t node_of(const struct search *search, uint32_t thread) {
    uint32_t place = place_of(search, thread);
    return is_taken(search, place) ? search->memory->places[place] : NOWHERE;
}

static uint32_t add_node(struct search *search, uint32_t thread) {
    uint32_t place = place_of(search, thread), n = search->count;
    if (is_taken(search, place))
        return search->memory->places[place];
    if (n == search->memory->capacity) {
        search->too_large = true;
        return NOWHERE;
    }
    search->nodes[n] = (struct wait_node){.thread = thread, .place = place};
    search->memory->places[place] = n;
    search->count++;
    return n;
}

/* ---- reading ---- */

static bool may_be_stuck(const struct wait_edge *wait) {
    if (wait->kind == WAIT_NONE || wait->kind == WAIT_OUTSIDE)
        return false;
    return !wait->timed || wait->kind == WAIT_CONDITION;
}

static bool still_waits(const struct wait_view *view, uint32_t thread, const struct wait_edge *edge) {
    struct wait_edge now = {0};
    view->wait(view->context, thread, &now);
    return now.kind == edge->kind && now.target == edge->target && now.mode == edge->mode &&
           now.lock == edge->lock && now.timed == edge->timed && now.ticket == edge->ticket;
}

/* Read what the node needs. Threads that are no nodes become some, if `reach`. */
static void read_needs(struct search *search, uint32_t n, bool reach) {
    struct wait_node *node = &search->nodes[n];
    uint32_t *needed = search->memory->needed + search->needs;
    uint32_t room = search->memory->room - search->needs, count = 0;
    enum wait_need need =
        search->view->need(search->view->context, node->thread, &node->wait, needed, room, &count);
    if (count > room) {
        search->too_large = true;
        need = WAIT_CAN_GO;
    }
    node->need = need;
    if (need == WAIT_CAN_GO)
        return;
    node->first = search->needs;
    node->count = count;
    search->needs += count;
    if (need == WAIT_NEEDS_THE_DEAD)
        return;
    for (uint32_t i = 0; i < count; i++)
        needed[i] = reach ? add_node(search, needed[i]) : node_of(search, needed[i]);
}

/* Read everything that is reached from the thread. */
static void reach(struct search *search, uint32_t thread) {
    add_node(search, thread);
    for (uint32_t n = 0; n < search->count; n++) {
        struct wait_node *node = &search->nodes[n];
        search->view->wait(search->view->context, node->thread, &node->wait);
        node->need = WAIT_CAN_GO;
        if (may_be_stuck(&node->wait))
            read_needs(search, n, true);
    }
}

/* Read again what looks stuck: first all needs, then all waits. What does not wait as it did can go.
 *
 * A wait whose ticket is the same has lasted from its first reading to its second. All first readings come
 * before all needs, and these before all second readings: so, while the needs were read, all threads that
 * are found stuck in the end stood still at once. What they hold could not change, and what the needs say of
 * them was true all the while; what they say of others counts for nothing, since those count as running. So
 * the stuck ones, each with what it needs among them, are a deadlock.
 *
 * And none is missed. The threads of a deadlock that was complete when the search began stand still, too, so
 * both readings find them, each with what it needs among them. That a list has changed in between (another
 * reader has left the lock that a writer waits for) does not matter: only the second one counts. */
static void read_again(struct search *search) {
    search->needs = 0;
    for (uint32_t n = 0; n < search->count; n++)
        if (search->nodes[n].need != WAIT_CAN_GO)
            read_needs(search, n, false);
    for (uint32_t n = 0; n < search->count; n++) {
        struct wait_node *node = &search->nodes[n];
        if (node->need != WAIT_CAN_GO && !still_waits(search->view, node->thread, &node->wait))
            node->need = WAIT_CAN_GO;
    }
}

/* ---- who can go ---- */

/* Whether the node's need number `i` is a thread that is not known to go on. */
static bool may_lack(const struct search *search, const struct wait_node *node, uint32_t i) {
    uint32_t needed = search->memory->needed[node->first + i];
    return needed != NOWHERE && search->nodes[needed].need != WAIT_CAN_GO;
}

static bool has_needs(const struct wait_node *node) {
    return node->need != WAIT_CAN_GO && node->need != WAIT_NEEDS_THE_DEAD;
}

/* For each node, the list of those that need it. Returns the length of all. */
static uint32_t turn_round(struct search *search) {
    struct wait_node *nodes = search->nodes;
    const uint32_t *needed = search->memory->needed;
    uint32_t all = 0;
    for (uint32_t n = 0; n < search->count; n++)
        nodes[n].waiters = nodes[n].missing = 0;
    for (uint32_t n = 0; n < search->count; n++)
        for (uint32_t i = 0; has_needs(&nodes[n]) && i < nodes[n].count; i++)
            if (may_lack(search, &nodes[n], i)) {
                nodes[n].missing++;
                nodes[needed[nodes[n].first + i]].waiters++;
            }
    for (uint32_t n = 0; n < search->count; n++)
        nodes[n].waiters = all += nodes[n].waiters;
    /* Each list is filled from its end to its beginning. */
    for (uint32_t n = 0; n < search->count; n++)
        for (uint32_t i = 0; has_needs(&nodes[n]) && i < nodes[n].count; i++)
            if (may_lack(search, &nodes[n], i))
                search->memory->waiters[--nodes[needed[nodes[n].first + i]].waiters] = n;
    return all;
}

static bool can_go_now(const struct wait_node *node) {
    switch (node->need) {
    case WAIT_NEEDS_ALL:
    case WAIT_NEEDS_SOMEONE: /* somebody who runs may end it */
        return node->missing == 0;
    case WAIT_NEEDS_ANY:
        return node->missing < node->count;
    default:
        return false;
    }
}

/* The least fixpoint: who can go lets others go. What is left is stuck. */
static void let_go(struct search *search) {
    struct wait_node *nodes = search->nodes;
    uint32_t *queue = search->memory->queue, queued = 0;
    uint32_t all = turn_round(search);
    for (uint32_t n = 0; n < search->count; n++)
        if (can_go_now(&nodes[n]))
            queue[queued++] = n;
    for (uint32_t i = 0; i < queued; i++)
        nodes[queue[i]].need = WAIT_CAN_GO;
    for (uint32_t i = 0; i < queued; i++) {
        uint32_t n = queue[i];
        uint32_t end = n + 1 < search->count ? nodes[n + 1].waiters : all;
        for (uint32_t k = nodes[n].waiters; k < end; k++) {
            struct wait_node *waiter = &nodes[search->memory->waiters[k]];
            waiter->missing--;
            if (can_go_now(waiter)) {
                waiter->need = WAIT_CAN_GO;
                queue[queued++] = search->memory->waiters[k];
            }
        }
    }
}

/* ---- what is shown ---- */

/* Write the way from the first node to this one, and return its length. */
static uint32_t write_way(const struct search *search, uint32_t last) {
    uint32_t count = 0;
    for (uint32_t n = last; n != NOWHERE; n = n ? search->nodes[n].before : NOWHERE)
        count++;
    for (uint32_t n = last, i = count; i-- > 0; n = search->nodes[n].before) {
        search->memory->threads[i] = search->nodes[n].thread;
        search->memory->waits[i] = search->nodes[n].wait;
    }
    return count;
}

static uint32_t shape_of_ring(const struct search *search, uint32_t last) {
    uint32_t shape = FINDING_SHAPE_CYCLE;
    if (last == 0)
        return FINDING_SHAPE_SELF;
    for (uint32_t n = last;; n = search->nodes[n].before) {
        const struct wait_node *node = &search->nodes[n];
        bool for_its_mutex = node->wait.kind == WAIT_CONDITION && node->need != WAIT_NEEDS_ANY;
        bool as_lock = node->wait.kind == WAIT_SEMAPHORE && node->need == WAIT_NEEDS_ALL;
        if (node->wait.kind == WAIT_JOIN)
            shape = FINDING_SHAPE_JOIN;
        else if (node->wait.kind != WAIT_LOCK && !for_its_mutex && !as_lock)
            return FINDING_SHAPE_MIXED;
        if (n == 0)
            return shape;
    }
}

/* From the first node on through those that are stuck, in breadth: the first that needs the first one closes
 * the shortest ring. Lists are in ascending order, so it is the one with the lowest ids, too.
 *
 * Where a deadlock comes to be by the first one's wait, there is such a ring: without one, those that it
 * leads to would be stuck by one another, without it, and were so before. */
static struct wait_knot show(struct search *search) {
    struct wait_node *nodes = search->nodes;
    struct wait_memory *memory = search->memory;
    uint32_t *queue = memory->queue, queued = 0, orphaned = NOWHERE;
    for (uint32_t n = 1; n < search->count; n++)
        nodes[n].before = NOWHERE;
    queue[queued++] = 0;
    for (uint32_t i = 0; i < queued; i++) {
        uint32_t n = queue[i];
        if (nodes[n].need == WAIT_NEEDS_THE_DEAD && nodes[n].count == 1 && orphaned == NOWHERE)
            orphaned = n;
        for (uint32_t k = 0; has_needs(&nodes[n]) && k < nodes[n].count; k++) {
            uint32_t next = memory->needed[nodes[n].first + k];
            if (!may_lack(search, &nodes[n], k))
                continue;
            if (next == 0)
                return (struct wait_knot){WAIT_KNOT, shape_of_ring(search, n), write_way(search, n)};
            if (nodes[next].before == NOWHERE) {
                nodes[next].before = n;
                queue[queued++] = next;
            }
        }
    }
    struct wait_knot knot = {.verdict = search->too_large ? WAIT_TOO_LARGE : WAIT_NO_KNOT};
    if (orphaned == NOWHERE)
        return knot;
    uint32_t gone = memory->needed[nodes[orphaned].first], count = write_way(search, orphaned);
    if (count == memory->capacity)
        return (struct wait_knot){.verdict = WAIT_TOO_LARGE};
    memory->threads[count] = gone;
    memory->waits[count] = (struct wait_edge){.kind = WAIT_NONE};
    return (struct wait_knot){WAIT_ORPHANED, FINDING_SHAPE_ORPHANED, count + 1};
}

struct wait_knot wait_graph_find(const struct wait_view *view, uint32_t thread, struct wait_memory *memory) {
    struct search search = {.view = view, .memory = memory, .nodes = memory->nodes};
    reach(&search, thread);
    let_go(&search);
    if (search.count && search.nodes[0].need != WAIT_CAN_GO) {
        read_again(&search);
        let_go(&search);
    }
    if (search.count && search.nodes[0].need != WAIT_CAN_GO)
        return show(&search);
    return (struct wait_knot){.verdict = search.too_large ? WAIT_TOO_LARGE : WAIT_NO_KNOT};
}

/* ---- all of them ---- */

/* Whether the node is stuck if all the others are: then that all are is no contradiction, and so, they are.
 */
static bool is_stuck_among_all(const struct search *search, const struct wait_node *node) {
    uint32_t among = 0;
    switch (node->need) {
    case WAIT_NEEDS_SOMEONE: /* there is nobody */
    case WAIT_NEEDS_THE_DEAD:
        return true;
    case WAIT_NEEDS_ALL:
    case WAIT_NEEDS_ANY:
        for (uint32_t i = 0; i < node->count; i++)
            among += search->memory->needed[node->first + i] != NOWHERE;
        return node->need == WAIT_NEEDS_ALL ? among > 0 : among == node->count;
    default:
        return false;
    }
}

/* The needs are read between the two readings of all waits, while all these threads stand still: once is
 * enough. */
bool wait_graph_all(const struct wait_view *view, const uint32_t *threads, uint32_t count,
                    struct wait_memory *memory) {
    struct search search = {.view = view, .memory = memory, .nodes = memory->nodes};
    if (count == 0 || count > memory->capacity)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        memory->threads[i] = threads[i];
        memory->waits[i] = (struct wait_edge){0};
        view->wait(view->context, threads[i], &memory->waits[i]);
        if (!may_be_stuck(&memory->waits[i]) || memory->waits[i].timed)
            return false;
        search.nodes[add_node(&search, threads[i])].wait = memory->waits[i];
    }
    for (uint32_t n = 0; n < search.count; n++) {
        search.needs = 0;
        read_needs(&search, n, false);
        if (!is_stuck_among_all(&search, &search.nodes[n]))
            return false;
    }
    return wait_graph_unchanged(view, memory, count);
}

bool wait_graph_unchanged(const struct wait_view *view, const struct wait_memory *memory, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (memory->waits[i].kind != WAIT_NONE && !still_waits(view, memory->threads[i], &memory->waits[i]))
            return false;
    return true;
}
