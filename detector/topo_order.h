/* A topological order of a growing graph, over its strongly connected components.
 *
 * Every node belongs to one component, and the components have ranks such that each edge between two of them
 * goes from the lower to the higher rank. An edge that agrees with the ranks is added in O(1). One that
 * contradicts them has the affected part searched, between the two ranks, forwards from its target and
 * backwards from its source in turns, until one side has been seen whole; that side moves across the edge.
 * (The affected part is that of Pearce & Kelly, "A dynamic topological sort algorithm for directed acyclic
 * graphs", 2007; the search in turns is that of Bender, Fineman, Gilbert & Tarjan, "A new approach to
 * incremental cycle detection and related problems", 2015.) When that side holds the other end, the edge has
 * closed a cycle, and the components on its paths become one. Removing edges or nodes never splits a
 * component: two nodes in one component have been on a common cycle at some time.
 *
 * Nodes and edges are the caller's memory, part of larger structures; components are the arena's. Not
 * thread-safe.
 */
#ifndef GORDIAN_DETECTOR_TOPO_ORDER_H
#define GORDIAN_DETECTOR_TOPO_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "detector/arena.h"

struct topo_component;
struct topo_edge;

struct topo_node {
    struct topo_component *component;
    struct topo_edge *out, *in;           /* the edges inside the component come first */
    struct topo_edge *out_last, *in_last; /* ends of these lists */
    struct topo_node *next, *previous;    /* ring of the component's nodes */
};

struct topo_edge {
    struct topo_node *from, *to;
    struct topo_edge *next_out, *previous_out;
    struct topo_edge *next_in, *previous_in;
};

struct topo_order {
    struct arena *arena;
    struct topo_component *first, *last;
};

/* Make the order empty. */
void topo_order_init(struct topo_order *order, struct arena *arena);

/* Add a node without edges (all its fields are set): before all others if its first edge is to go out of it
 * (`source`), else after them, so that this edge agrees with the order. -ENOMEM when memory ran out. O(1). */
int topo_order_add_node(struct topo_order *order, struct topo_node *node, bool source);

/* Place a node anew, as topo_order_add_node would, if it has no edges and is alone in its component;
 * otherwise it stays where it is. O(1). */
void topo_order_place_node(struct topo_order *order, struct topo_node *node, bool source);

/* Remove a node, which has no edges left. O(1). */
void topo_order_remove_node(struct topo_order *order, struct topo_node *node);

/* Add an edge between two different nodes. Needs no memory. */
void topo_order_add_edge(struct topo_order *order, struct topo_edge *edge, struct topo_node *from,
                         struct topo_node *to);

/* Remove an edge. O(1). */
void topo_order_remove_edge(struct topo_edge *edge);

/* Return whether the edge lies inside one component, so that it may be part of a cycle. O(1). */
bool topo_order_inside(const struct topo_edge *edge);

/* Return the first edge out of the node that lies inside its component, and the next one after an edge; NULL
 * when there is none. O(1). */
struct topo_edge *topo_order_first_inside(const struct topo_node *node);
struct topo_edge *topo_order_next_inside(const struct topo_edge *edge);

/* Return how many nodes are in the node's component. O(1). */
uint32_t topo_order_component_size(const struct topo_node *node);

/* Return the rank of the node's component. O(1). */
int64_t topo_order_rank(const struct topo_node *node);

#endif
