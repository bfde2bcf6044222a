/* Lays out a directed graph with graphviz.
 *
 * graphviz runs as a process of its own, without a shell and with a time limit: its layouts can take minutes,
 * and a command that has findings to tell must not wait or die with it. It gets numbers and sizes alone,
 * nothing of what the program calls its locks, and only coordinates are read from its answer. Not
 * thread-safe. Coordinates are pixels, x to the right and y downwards.
 */
#ifndef GORDIAN_REPORTS_LAYOUT_H
#define GORDIAN_REPORTS_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "reports/memory.h"

/* A machine that has other work gives the layout as much processor time, only later. */
#define LAYOUT_PATIENCE 4

struct layout_node {
    double width, height; /* given */
    double x, y;          /* of its centre */
};

struct layout_edge {
    uint32_t from, to;    /* given: indices of nodes */
    const double *points; /* x, y of a cubic spline: 1 + 3 n points; NULL when it was not drawn */
    size_t count;         /* points */
};

struct layout {
    struct layout_node *nodes;
    size_t nodes_count;
    struct layout_edge *edges;
    size_t edges_count;
    double width, height; /* of the whole */
};

/* Lay out with one of graphviz's programs: "dot" (layers; best up to some hundred nodes), "sfdp" (springs;
 * for many). Spline points come from the pool. Returns 0; -ENOENT when graphviz is not installed, -ETIMEDOUT
 * after `limit_ms`, -EIO when it failed or what it said makes no sense. */
int layout_run(struct layout *layout, const char *program, unsigned limit_s, struct memory_pool *pool);

#endif
