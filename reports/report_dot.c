#include "reports/report_dot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "reports/escape.h"
#include "reports/frames.h"
#include "reports/memory.h"
#include "reports/names.h"
#include "reports/numbers.h"
#include "reports/order_graph.h"

/* Write what goes between the quotes of a label: a backslash means something there. */
static void write_label(const char *text, FILE *out) {
    char *line = NULL;
    size_t size = 0;
    FILE *buffer = text ? open_memstream(&line, &size) : NULL;
    if (!buffer)
        return;
    escape_write(text, buffer);
    if (fclose(buffer) == 0)
        for (const char *at = line; *at; at++) {
            if (*at == '"' || *at == '\\')
                fputc('\\', out);
            fputc(*at, out);
        }
    free(line);
}

static void write_node(struct order_graph *graph, size_t index, bool processes, FILE *out) {
    const struct order_graph_node *node = order_graph_node(graph, index);
    const struct report_lock *lock = order_graph_lock(graph, index);
    fprintf(out, "  n%zu [label=\"", index + 1);
    write_label(lock->name, out);
    if (lock->kind != LOCK_KIND_MUTEX)
        fprintf(out, "\\n%s", names_kind(lock->kind));
    if (processes && node->process) {
        fputs("\\n", out);
        write_label(frames_basename(node->process->exe), out);
        fprintf(out, " (pid %u)", node->process->pid);
    }
    fputs(node->cycle || node->found ? "\", color=\"#c62828\"];\n" : "\"];\n", out);
}

/* Orders on a cycle tell where: the place of the held lock, that of the wanted one, and the findings. */
static void write_edge(struct order_graph *graph, size_t index, struct memory_pool *pool, FILE *out) {
    const struct order_graph_edge *edge = order_graph_edge(graph, index);
    fprintf(out, "  n%" PRIu32 " -> n%" PRIu32, edge->from + 1, edge->to + 1);
    if (!edge->cyclic && !edge->found) {
        fputs(";\n", out);
        return;
    }
    struct order_graph_use use = order_graph_use(graph, index);
    const char *held = names_place(pool, &use.held), *wanted = names_place(pool, &use.wanted);
    const struct report_finding *finding;
    fputs(" [color=\"#c62828\", fontcolor=\"#c62828\", label=\"", out);
    write_label(order_graph_lock(graph, edge->from)->name, out);
    fputs(" at ", out);
    write_label(held ? held : "an unknown place", out);
    fputs("\\n", out);
    write_label(order_graph_lock(graph, edge->to)->name, out);
    fputs(" at ", out);
    write_label(wanted ? wanted : "an unknown place", out);
    fprintf(out, "\\n%u thread%s", edge->threads, numbers_plural(edge->threads));
    for (size_t i = 0; (finding = order_graph_finding(graph, index, i)) != NULL; i++)
        fprintf(out, "\\n%s %s", finding_kind_name(finding->kind), finding->id);
    fputs(edge->found ? "\", penwidth=2];\n" : "\", style=dashed];\n", out);
}

int report_dot_write(const struct report *report, FILE *out) {
    struct order_graph *graph = order_graph_create(report);
    struct memory_pool pool = {0};
    fprintf(
        out,
        "// gordian: %zu locks, %zu orders; %zu groups of locks on cycles. An arrow leads from a lock that "
        "was "
        "held to\n// the one that was taken then. Red: on a cycle; thick: in a finding; dashed: in none, "
        "since "
        "a gate lock, a\n// single thread or the order of threads keeps it from a deadlock, or it was not "
        "listed.\n",
        order_graph_nodes(graph), order_graph_edges(graph), order_graph_cycles(graph));
    if (order_graph_unread(graph))
        fprintf(out, "// %zu recordings could not be read again: their orders are missing.\n",
                order_graph_unread(graph));
    fputs(
        "digraph \"lock order\" {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\", "
        "fontsize=11];\n  edge [fontname=\"sans-serif\", fontsize=9];\n",
        out);
    for (size_t i = 0; i < order_graph_nodes(graph); i++)
        write_node(graph, i, report_processes(report) > 1, out);
    for (size_t i = 0; i < order_graph_edges(graph); i++) {
        write_edge(graph, i, &pool, out);
        memory_pool_free(&pool);
    }
    fputs("}\n", out);
    order_graph_free(graph);
    if (fflush(out) != 0)
        return errno ? -errno : -EIO;
    return ferror(out) ? -EIO : 0;
}
