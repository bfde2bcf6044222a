/* The strongly connected components of a directed graph that have a cycle (Tarjan 1972, without recursion).
 *
 * Not thread-safe. All arrays belong to the components after components_find; O(nodes and edges) time and
 * memory.
 */
#ifndef GORDIAN_REPORTS_COMPONENTS_H
#define GORDIAN_REPORTS_COMPONENTS_H

#include <stddef.h>
#include <stdint.h>

struct components {
    size_t nodes, edges;
    uint32_t *from, *to; /* of each edge; no edge leads to where it begins */

    /* What is found. */
    uint32_t *cycle_of; /* by node: 0 for none, else the number of the component that it shares with others */
    size_t cycles;      /* the numbers are 1 to this, the largest component first */
};

/* Fill in `cycle_of` and `cycles`. */
void components_find(struct components *components);

/* Free all arrays, those that were passed too. */
void components_free(struct components *components);

#endif
