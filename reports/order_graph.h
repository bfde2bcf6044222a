/* The lock-order graph of the recordings of a report: an edge from each lock that was held to the lock that
 * was wanted.
 *
 * It is read from the dependencies of the recordings (detector/recording.h), each of which is a combination
 * of thread, segment, locks held and lock wanted that was new when it was seen: their number says how varied
 * an order is, not how often it was taken. Orders that only a finding knows (between processes, or of a
 * deadlock that was imported) are edges without dependencies. A lock between processes is one node when each
 * process has it once.
 *
 * An edge is on a cycle when a way leads back from the wanted lock to the held one. Not every cycle is a
 * deadlock: a gate lock, a single thread or the order of threads may rule it out. Those that gordian takes
 * for one are findings, and their edges name them.
 *
 * Names and stacks are resolved when they are asked for. Not thread-safe. Memory belongs to the graph and is
 * proportional to the edges; what is resolved belongs to the report. The report must not be updated while the
 * graph is in use.
 */
#ifndef GORDIAN_REPORTS_ORDER_GRAPH_H
#define GORDIAN_REPORTS_ORDER_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/report.h"

struct order_graph;

struct order_graph_node {
    const struct report_process *process; /* the first that has it; NULL when only a finding names it */
    uint32_t cycle;                       /* 0: on none; else the number of its component, the largest is 1 */
    uint32_t in, out;                     /* edges */
    bool found;                           /* an edge of it belongs to a finding */
};

struct order_graph_edge {
    uint32_t from, to;     /* nodes: the lock held, the lock wanted */
    uint32_t dependencies; /* 0: only a finding knows the order */
    uint32_t threads;      /* that took the two in this order */
    bool cyclic;           /* on a cycle */
    bool found;            /* belongs to a finding */
};

/* One time that an edge was seen: the one that its finding tells of, else the first. */
struct order_graph_use {
    const struct report_thread *thread;
    uint32_t held_mode, wanted_mode; /* enum lock_mode */
    struct report_stack held, wanted;
};

/* Read the graph. Never NULL. O(dependencies and the locks held in them), one pass over each recording. */
struct order_graph *order_graph_create(const struct report *report);
void order_graph_free(struct order_graph *graph);

size_t order_graph_nodes(const struct order_graph *graph);
size_t order_graph_edges(const struct order_graph *graph);
const struct order_graph_node *order_graph_node(const struct order_graph *graph, size_t index);
const struct order_graph_edge *order_graph_edge(const struct order_graph *graph, size_t index);

/* How many components with a cycle there are: the numbers are 1 to that. */
size_t order_graph_cycles(const struct order_graph *graph);

/* How many recordings could not be read again: their orders are missing. */
size_t order_graph_unread(const struct order_graph *graph);

/* The lock of a node, with its name. */
const struct report_lock *order_graph_lock(struct order_graph *graph, size_t node);

/* A use of the edge, with its stacks. */
struct order_graph_use order_graph_use(struct order_graph *graph, size_t edge);

/* The findings that the edge belongs to, one after the other from 0; NULL when there are no more. */
const struct report_finding *order_graph_finding(const struct order_graph *graph, size_t edge, size_t index);

#endif
