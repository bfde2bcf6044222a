#include "reports/order_part.h"

#include <stdlib.h>

#include "reports/memory.h"

/* 0: belongs to a finding, 1: is on a cycle, 2: neither. */
static int node_rank(const struct order_graph *graph, size_t node) {
    const struct order_graph_node *is = order_graph_node(graph, node);
    return is->found ? 0 : is->cycle ? 1 : 2;
}

static int edge_rank(const struct order_graph *graph, size_t edge) {
    const struct order_graph_edge *is = order_graph_edge(graph, edge);
    return is->found ? 0 : is->cyclic ? 1 : 2;
}

static uint32_t *words(size_t count) {
    size_t capacity = 0;
    uint32_t *array = memory_array_grow(NULL, &capacity, count + 1, sizeof *array);
    for (size_t i = 0; i <= count; i++)
        array[i] = 0;
    return array;
}

static void choose_nodes(const struct order_graph *graph, struct order_part *part) {
    size_t all = order_graph_nodes(graph);
    int ranks = part->cyclic_only ? 2 : 3;
    for (int rank = 0; rank < ranks; rank++)
        for (size_t i = 0; i < all; i++) {
            if (node_rank(graph, i) != rank)
                continue;
            if (part->nodes_count == ORDER_PART_NODES) {
                part->nodes_left++;
                continue;
            }
            part->nodes[part->nodes_count++] = (uint32_t)i;
            part->place_of[i] = (uint32_t)part->nodes_count;
        }
}

static void choose_edges(const struct order_graph *graph, struct order_part *part) {
    for (int rank = 0; rank < 3; rank++)
        for (size_t i = 0; i < order_graph_edges(graph); i++) {
            const struct order_graph_edge *edge = order_graph_edge(graph, i);
            if (edge_rank(graph, i) != rank || !part->place_of[edge->from] || !part->place_of[edge->to])
                continue;
            if (part->edges_count < ORDER_PART_EDGES)
                part->edges[part->edges_count++] = (uint32_t)i;
            else
                part->edges_left++;
        }
}

struct order_part order_part_of(const struct order_graph *graph) {
    struct order_part part = {
        .nodes = words(ORDER_PART_NODES),
        .edges = words(ORDER_PART_EDGES),
        .place_of = words(order_graph_nodes(graph)),
        .cyclic_only = order_graph_nodes(graph) > ORDER_PART_NODES,
    };
    choose_nodes(graph, &part);
    choose_edges(graph, &part);
    return part;
}

void order_part_free(struct order_part *part) {
    free(part->nodes);
    free(part->edges);
    free(part->place_of);
    *part = (struct order_part){0};
}
