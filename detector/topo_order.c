/* Adding an edge from -> to whose ranks are the wrong way round:
 *   1. mark the components that `to` reaches within the affected ranks (AHEAD), and those that reach `from`
 *      (BEHIND);
 *   2. a component with both marks is on a cycle through the new edge: unite these;
 *   3. give the ranks of all marked components out again: to those behind, then to those united (which need
 *      only one of theirs), then to those ahead, each group in its old order.
 * Everything is linked through the components themselves, so that nothing here needs memory and can fail.
 */
#include "detector/topo_order.h"

#include <errno.h>
#include <string.h>

enum mark { BEHIND = 1, AHEAD = 2, UNITED = BEHIND | AHEAD };

struct topo_component {
    int64_t rank;
    int64_t new_rank;
    struct topo_node *nodes; /* one of the ring */
    uint32_t size;
    uint32_t marks;              /* enum mark; 0 but during topo_order_add_edge */
    struct topo_component *next; /* list of the marked ones */
    struct topo_component *todo; /* stack of those whose edges are still to be followed */
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

/* ---- step 1: the affected components ---- */

struct marked {
    struct topo_component *list;
    struct topo_component *todo;
};

static void visit(struct marked *marked, struct topo_component *component, enum mark mark) {
    if (component->marks & mark)
        return;
    if (!component->marks) {
        component->next = marked->list;
        marked->list = component;
    }
    component->marks |= mark;
    component->todo = marked->todo;
    marked->todo = component;
}

static struct topo_component *pop(struct marked *marked) {
    struct topo_component *component = marked->todo;
    if (component)
        marked->todo = component->todo;
    return component;
}

static void mark_ahead(struct marked *marked, struct topo_component *start, int64_t limit) {
    visit(marked, start, AHEAD);
    for (struct topo_component *c; (c = pop(marked));) {
        struct topo_node *node = c->nodes;
        do {
            for (struct topo_edge *e = node->out_last; e && e->to->component != c; e = e->previous_out)
                if (e->to->component->rank <= limit)
                    visit(marked, e->to->component, AHEAD);
            node = node->next;
        } while (node != c->nodes);
    }
}

static void mark_behind(struct marked *marked, struct topo_component *start, int64_t limit) {
    visit(marked, start, BEHIND);
    for (struct topo_component *c; (c = pop(marked));) {
        struct topo_node *node = c->nodes;
        do {
            for (struct topo_edge *e = node->in_last; e && e->from->component != c; e = e->previous_in)
                if (e->from->component->rank >= limit)
                    visit(marked, e->from->component, BEHIND);
            node = node->next;
        } while (node != c->nodes);
    }
}

/* ---- steps 2 and 3: new ranks, and one component out of those on a cycle ---- */

static struct topo_component *merge_by_rank(struct topo_component *a, struct topo_component *b) {
    struct topo_component *list = NULL, **end = &list;
    while (a && b) {
        struct topo_component **least = a->rank < b->rank ? &a : &b;
        *end = *least;
        end = &(*end)->next;
        *least = (*least)->next;
    }
    *end = a ? a : b;
    return list;
}

/* Merge sort with one pending list per power of two. */
static struct topo_component *sort_by_rank(struct topo_component *list) {
    struct topo_component *pending[64] = {NULL};
    unsigned used = 0;
    while (list) {
        struct topo_component *one = list;
        list = list->next;
        one->next = NULL;
        unsigned power = 0;
        for (; pending[power]; power++) {
            one = merge_by_rank(pending[power], one);
            pending[power] = NULL;
        }
        pending[power] = one;
        used = power >= used ? power + 1 : used;
    }
    for (unsigned power = 0; power < used; power++)
        list = merge_by_rank(pending[power], list);
    return list;
}

/* Give the components with exactly these marks new ranks out of the old ones, from that of `pool` on. Returns
 * where the ranks not given out begin. */
static struct topo_component *assign_ranks(struct topo_component *list, uint32_t marks,
                                           struct topo_component *pool) {
    for (struct topo_component *c = list; c && pool; c = c->next) {
        if (c->marks != marks)
            continue;
        c->new_rank = pool->rank;
        pool = pool->next;
    }
    return pool;
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

static struct topo_component *largest_on_cycle(struct topo_component *list) {
    struct topo_component *largest = NULL;
    for (struct topo_component *c = list; c; c = c->next)
        if (c->marks == UNITED && (!largest || c->size > largest->size))
            largest = c;
    return largest;
}

/* Let the largest component with both marks, which take part in a cycle, take in the others, so that a node
 * changes its component at most log(nodes) times. Returns the list of those that remain. */
static struct topo_component *unite(struct topo_order *order, struct topo_component *list,
                                    struct topo_component *whole) {
    for (struct topo_component *c = list; c; c = c->next)
        if (c->marks == UNITED && c != whole)
            absorb(whole, c);
    struct topo_component *next;
    for (struct topo_component **link = &list, *c = list; c; c = next) {
        next = c->next;
        if (c->marks != UNITED || c == whole) {
            link = &c->next;
            continue;
        }
        *link = next;
        bring_edges_inside(c);
        arena_free(order->arena, c, sizeof *c);
    }
    return list;
}

static void restore_order(struct topo_order *order, struct topo_node *from, struct topo_node *to) {
    struct marked marked = {NULL, NULL};
    int64_t low = to->component->rank, high = from->component->rank;
    mark_ahead(&marked, to->component, high);
    mark_behind(&marked, from->component, low);

    struct topo_component *list = sort_by_rank(marked.list), *pool = list;
    pool = assign_ranks(list, BEHIND, pool);
    pool = assign_ranks(list, UNITED, pool);
    assign_ranks(list, AHEAD, pool);
    struct topo_component *whole = largest_on_cycle(list);
    if (whole)
        list = unite(order, list, whole);

    for (struct topo_component *c = list; c; c = c->next) {
        c->rank = c->new_rank;
        c->marks = 0;
    }
}

/* ---- the order ---- */

void topo_order_init(struct topo_order *order, struct arena *arena) {
    *order = (struct topo_order){.arena = arena};
}

static int64_t new_rank(struct topo_order *order, bool source) {
    return source ? --order->lowest : ++order->highest;
}

int topo_order_add_node(struct topo_order *order, struct topo_node *node, bool source) {
    struct topo_component *component = arena_alloc(order->arena, sizeof *component);
    if (!component)
        return -ENOMEM;
    component->rank = new_rank(order, source);
    component->nodes = node;
    component->size = 1;
    *node = (struct topo_node){.component = component, .next = node, .previous = node};
    return 0;
}

void topo_order_place_node(struct topo_order *order, struct topo_node *node, bool source) {
    if (!node->out && !node->in && node->component->size == 1)
        node->component->rank = new_rank(order, source);
}

void topo_order_remove_node(struct topo_order *order, struct topo_node *node) {
    struct topo_component *component = node->component;
    if (--component->size == 0) {
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
