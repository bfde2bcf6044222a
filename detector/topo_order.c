/* Adding an edge from -> to whose ranks are the wrong way round:
 *   1. search ahead from `to` and behind from `from`, in turns, within the affected ranks, until one of the
 * two has seen all there is on its side: that is the smaller one, or nearly;
 *   2. of the components that it has met, those on a cycle through the new edge are united, if there are any;
 *   3. the others move to the far end of the edge: what lies ahead of `to` to behind `from`, or what lies
 * behind `from` to before `to`, each in its old order. The search that was not finished leaves nothing
 * behind. A component of ten thousand locks is thus not looked through whenever a lock outside of it is taken
 * in the wrong order: that lock has few around it.
 *
 * The order is a list with labels (the ranks), so that a component finds room anywhere. Where there is none,
 * those next to it are spread out (Dietz & Sleator, "Two algorithms for maintaining order in a list", 1987:
 * O(log n) amortised).
 *
 * Everything is linked through the components themselves, so that nothing here needs memory and can fail.
 */
#include "detector/topo_order.h"

#include <errno.h>
#include <string.h>

/* From one component to the next at the ends of the order. */
#define GAP ((int64_t)1 << 20)

enum direction { AHEAD, BEHIND };

struct topo_component {
    int64_t rank;                          /* ascending along the order */
    struct topo_component *before, *after; /* in the order */
    struct topo_node *nodes;               /* one of the ring */
    uint32_t size;
    bool met[2], united;            /* false but during topo_order_add_edge */
    struct topo_component *next[2]; /* of those that were met, by direction */
};

/* ---- lists of edges: those inside a component at the front, the others at the back ---- */

static void link_out(struct topo_edge *edge, bool front) {
    struct topo_node *node = edge->from;
    edge->previous_out = front ? NULL : node->out_last;
    edge->next_out = front ? node->out : NULL;
    *(edge->previous_out ? &edge->previous_out->next_out : &node->out) = edge;
    *(edge->next_out ? &edge->next_out->previous_out : &node->out_last) = edge;
}

static void unlink_out(struct topo_edge *edge) {
    *(edge->previous_out ? &edge->previous_out->next_out : &edge->from->out) = edge->next_out;
    *(edge->next_out ? &edge->next_out->previous_out : &edge->from->out_last) = edge->previous_out;
}

static void link_in(struct topo_edge *edge, bool front) {
    struct topo_node *node = edge->to;
    edge->previous_in = front ? NULL : node->in_last;
    edge->next_in = front ? node->in : NULL;
    *(edge->previous_in ? &edge->previous_in->next_in : &node->in) = edge;
    *(edge->next_in ? &edge->next_in->previous_in : &node->in_last) = edge;
}

static void unlink_in(struct topo_edge *edge) {
    *(edge->previous_in ? &edge->previous_in->next_in : &edge->to->in) = edge->next_in;
    *(edge->next_in ? &edge->next_in->previous_in : &edge->to->in_last) = edge->previous_in;
}

/* ---- the order of the components ---- */

static void unlink_component(struct topo_order *order, struct topo_component *c) {
    *(c->before ? &c->before->after : &order->first) = c->after;
    *(c->after ? &c->after->before : &order->last) = c->before;
}

/* Make room for one behind `c`: spread out as many as it takes for them to lie as far apart as they are many.
 */
static void spread_behind(struct topo_component *c) {
    int64_t count = 1;
    struct topo_component *end = c->after;
    while (end && end->rank - c->rank <= count * count) {
        end = end->after;
        count++;
    }
    int64_t step = end ? (end->rank - c->rank) / count : GAP, rank = c->rank;
    for (struct topo_component *one = c->after; one != end; one = one->after)
        one->rank = rank += step;
}

/* Link a component into the order: directly behind `before`, at the very beginning if that is NULL. */
static void link_behind(struct topo_order *order, struct topo_component *c, struct topo_component *before) {
    struct topo_component *after = before ? before->after : order->first;
    if (before && after && after->rank - before->rank < 2) {
        spread_behind(before);
        after = before->after;
    }
    if (!before)
        c->rank = after ? after->rank - GAP : 0;
    else if (!after)
        c->rank = before->rank + GAP;
    else
        c->rank = before->rank + (after->rank - before->rank) / 2;
    c->before = before;
    c->after = after;
    *(before ? &before->after : &order->first) = c;
    *(after ? &after->before : &order->last) = c;
}

/* Move a component directly behind the anchor (AHEAD), or directly before it (BEHIND). */
static void move_to(struct topo_order *order, struct topo_component *c, struct topo_component *anchor,
                    enum direction direction) {
    unlink_component(order, c);
    link_behind(order, c, direction == AHEAD ? anchor : anchor->before);
}

/* ---- step 1: the searches ---- */

struct search {
    enum direction direction;
    struct topo_component *end;          /* what lies behind it is not affected */
    struct topo_component *first, *last; /* all that were met, by `next` */
    struct topo_component *current;      /* is being looked through */
    struct topo_node *node;
    struct topo_edge *edge; /* of the node: those that lead outside, from the last one on */
};

static struct topo_edge *last_edge(const struct topo_node *node, enum direction direction) {
    return direction == AHEAD ? node->out_last : node->in_last;
}

static struct topo_edge *previous_edge(const struct topo_edge *edge, enum direction direction) {
    return direction == AHEAD ? edge->previous_out : edge->previous_in;
}

static struct topo_component *far_end(const struct topo_edge *edge, enum direction direction) {
    return direction == AHEAD ? edge->to->component : edge->from->component;
}

static void look_through(struct search *search, struct topo_component *component) {
    search->current = component;
    search->node = component ? component->nodes : NULL;
    search->edge = component ? last_edge(search->node, search->direction) : NULL;
}

static void meet(struct search *search, struct topo_component *component) {
    if (component->met[search->direction])
        return;
    component->met[search->direction] = true;
    component->next[search->direction] = NULL;
    *(search->last ? &search->last->next[search->direction] : &search->first) = component;
    search->last = component;
}

static void start_search(struct search *search, enum direction direction, struct topo_component *start,
                         struct topo_component *end) {
    *search = (struct search){.direction = direction, .end = end};
    meet(search, start);
    look_through(search, start);
}

/* Look at one more edge or node. Returns whether there is still something to look at. */
static bool go_on(struct search *search) {
    enum direction direction = search->direction;
    if (search->edge) {
        struct topo_component *other = far_end(search->edge, direction);
        if (other != search->current) {
            if (direction == AHEAD ? other->rank <= search->end->rank : other->rank >= search->end->rank)
                meet(search, other);
            search->edge = previous_edge(search->edge, direction);
            return true;
        }
    }
    search->node = search->node->next;
    search->edge = last_edge(search->node, direction);
    if (search->node != search->current->nodes)
        return true;
    struct topo_component *next = search->current->next[direction];
    if (next == search->end) /* all that lies behind it lies behind the limit */
        next = next->next[direction];
    look_through(search, next);
    return next != NULL;
}

/* ---- steps 2 and 3: one component out of those on a cycle, and a new place for the others ---- */

static bool comes_first(const struct topo_component *a, const struct topo_component *b,
                        enum direction direction) {
    return direction == AHEAD ? a->rank > b->rank : a->rank < b->rank;
}

static struct topo_component *merge(struct topo_component *a, struct topo_component *b,
                                    enum direction direction) {
    struct topo_component *list = NULL, **end = &list;
    while (a && b) {
        struct topo_component **least = comes_first(a, b, direction) ? &a : &b;
        *end = *least;
        end = &(*end)->next[direction];
        *least = (*least)->next[direction];
    }
    *end = a ? a : b;
    return list;
}

/* Sort what a search has met: the farthest from its start first. Merge sort with one pending list per power
 * of two. */
static struct topo_component *sort(struct topo_component *list, enum direction direction) {
    struct topo_component *pending[64] = {NULL};
    unsigned used = 0;
    while (list) {
        struct topo_component *one = list;
        list = list->next[direction];
        one->next[direction] = NULL;
        unsigned power = 0;
        for (; pending[power]; power++) {
            one = merge(pending[power], one, direction);
            pending[power] = NULL;
        }
        pending[power] = one;
        used = power >= used ? power + 1 : used;
    }
    for (unsigned power = 0; power < used; power++)
        list = merge(pending[power], list, direction);
    return list;
}

/* Return whether an edge leads from the component, in this direction, to one that is on the cycle. */
static bool leads_to_united(const struct topo_component *component, enum direction direction) {
    const struct topo_node *node = component->nodes;
    do {
        for (const struct topo_edge *e = last_edge(node, direction); e && far_end(e, direction) != component;
             e = previous_edge(e, direction))
            if (far_end(e, direction)->united)
                return true;
        node = node->next;
    } while (node != component->nodes);
    return false;
}

static void absorb(struct topo_component *whole, struct topo_component *part) {
    struct topo_node *node = part->nodes;
    do {
        node->component = whole;
        node = node->next;
    } while (node != part->nodes);
    struct topo_node *whole_last = whole->nodes->previous, *part_last = part->nodes->previous;
    whole_last->next = part->nodes;
    part->nodes->previous = whole_last;
    part_last->next = whole->nodes;
    whole->nodes->previous = part_last;
    whole->size += part->size;
}

static void move_to_front(struct topo_edge *edge) {
    unlink_out(edge);
    link_out(edge, true);
    unlink_in(edge);
    link_in(edge, true);
}

/* The part's edges from and to the rest of its new component lie inside now. */
static void bring_edges_inside(struct topo_component *part) {
    struct topo_node *node = part->nodes;
    struct topo_edge *next;
    for (uint32_t i = 0; i < part->size; i++, node = node->next) {
        for (struct topo_edge *e = node->out; e; e = next) {
            next = e->next_out;
            if (topo_order_inside(e))
                move_to_front(e);
        }
        for (struct topo_edge *e = node->in; e; e = next) {
            next = e->next_in;
            if (topo_order_inside(e))
                move_to_front(e);
        }
    }
}

/* Let the largest of the list, which are on a cycle, take in the others, so that a node changes its component
 * at most log(nodes) times. It gets the place of the anchor, which is one of them. */
static void unite(struct topo_order *order, struct topo_component *list, struct topo_component *anchor,
                  enum direction direction) {
    struct topo_component *whole = anchor;
    for (struct topo_component *c = list; c; c = c->next[direction])
        if (c->size > whole->size)
            whole = c;
    if (whole != anchor)
        move_to(order, whole, anchor, direction);
    for (struct topo_component *c = list; c; c = c->next[direction])
        if (c != whole)
            absorb(whole, c);
    for (struct topo_component *next, *c = list; c; c = next) {
        next = c->next[direction];
        if (c == whole)
            continue;
        bring_edges_inside(c);
        unlink_component(order, c);
        arena_free(order->arena, c, sizeof *c);
    }
    whole->united = false;
}

static void forget_meeting(struct search *search) {
    for (struct topo_component *c = search->first; c; c = c->next[search->direction])
        c->met[search->direction] = false;
}

static void restore_order(struct topo_order *order, struct topo_node *from, struct topo_node *to) {
    struct search ahead, behind, *done;
    start_search(&ahead, AHEAD, to->component, from->component);
    start_search(&behind, BEHIND, from->component, to->component);
    do
        done = !go_on(&ahead) ? &ahead : !go_on(&behind) ? &behind : NULL;
    while (!done);
    forget_meeting(&ahead);
    forget_meeting(&behind);

    /* Every edge leads to a component that comes earlier in the sorted list, or beyond the end. */
    enum direction direction = done->direction;
    struct topo_component *anchor = done->end, *united = NULL, *next;
    for (struct topo_component *c = sort(done->first, direction); c; c = next) {
        next = c->next[direction];
        c->united = c == anchor || leads_to_united(c, direction);
        if (c->united) {
            c->next[direction] = united;
            united = c;
        } else {
            move_to(order, c, anchor, direction);
        }
    }
    if (united)
        unite(order, united, anchor, direction);
}

/* ---- the order ---- */

void topo_order_init(struct topo_order *order, struct arena *arena) {
    *order = (struct topo_order){.arena = arena};
}

int topo_order_add_node(struct topo_order *order, struct topo_node *node, bool source) {
    struct topo_component *component = arena_alloc(order->arena, sizeof *component);
    if (!component)
        return -ENOMEM;
    link_behind(order, component, source ? NULL : order->last);
    component->nodes = node;
    component->size = 1;
    *node = (struct topo_node){.component = component, .next = node, .previous = node};
    return 0;
}

void topo_order_place_node(struct topo_order *order, struct topo_node *node, bool source) {
    if (node->out || node->in || node->component->size != 1)
        return;
    unlink_component(order, node->component);
    link_behind(order, node->component, source ? NULL : order->last);
}

void topo_order_remove_node(struct topo_order *order, struct topo_node *node) {
    struct topo_component *component = node->component;
    if (--component->size == 0) {
        unlink_component(order, component);
        arena_free(order->arena, component, sizeof *component);
        return;
    }
    node->previous->next = node->next;
    node->next->previous = node->previous;
    component->nodes = node->next;
}

void topo_order_add_edge(struct topo_order *order, struct topo_edge *edge, struct topo_node *from,
                         struct topo_node *to) {
    edge->from = from;
    edge->to = to;
    if (from->component->rank > to->component->rank)
        restore_order(order, from, to);
    link_out(edge, topo_order_inside(edge));
    link_in(edge, topo_order_inside(edge));
}

void topo_order_remove_edge(struct topo_edge *edge) {
    unlink_out(edge);
    unlink_in(edge);
}

bool topo_order_inside(const struct topo_edge *edge) {
    return edge->from->component == edge->to->component;
}

struct topo_edge *topo_order_first_inside(const struct topo_node *node) {
    return node->out && topo_order_inside(node->out) ? node->out : NULL;
}

struct topo_edge *topo_order_next_inside(const struct topo_edge *edge) {
    return edge->next_out && topo_order_inside(edge->next_out) ? edge->next_out : NULL;
}

uint32_t topo_order_component_size(const struct topo_node *node) {
    return node->component->size;
}

int64_t topo_order_rank(const struct topo_node *node) {
    return node->component->rank;
}
