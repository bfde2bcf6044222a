/* The part of a lock-order graph that a picture can show.
 *
 * All of it while it is small. Beyond ORDER_PART_NODES locks only those on a cycle or in a finding, and when
 * there are still more, those of findings before others. Beyond ORDER_PART_EDGES orders, those of findings
 * and on cycles before others. What was left out is told. Not thread-safe. The arrays belong to the part.
 * O(nodes and edges).
 */
#ifndef GORDIAN_REPORTS_ORDER_PART_H
#define GORDIAN_REPORTS_ORDER_PART_H

#include "reports/order_graph.h"

#define ORDER_PART_NODES 2000
#define ORDER_PART_EDGES 6000

struct order_part {
    uint32_t *nodes; /* of the graph, in the order of the part */
    size_t nodes_count;
    uint32_t *edges;
    size_t edges_count;
    uint32_t *place_of;            /* by node of the graph: its place in the part + 1, or 0 */
    bool cyclic_only;              /* locks on no cycle were left out */
    size_t nodes_left, edges_left; /* beyond the bounds: of what should be shown */
};

struct order_part order_part_of(const struct order_graph *graph);
void order_part_free(struct order_part *part);

#endif
