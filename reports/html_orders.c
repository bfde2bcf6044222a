#include "reports/html_orders.h"

#include <errno.h>
#include <math.h>

#include "reports/frames.h"
#include "reports/html_stack.h"
#include "reports/layout.h"
#include "reports/names.h"
#include "reports/numbers.h"
#include "reports/order_part.h"

/* dot draws layers, which show orders best, but its time grows fast. */
#define DOT_NODES 250
#define DOT_EDGES 500
#define DOT_LIMIT_S 3 /* processor time */
#define SFDP_LIMIT_S 7

#define NAME 28     /* characters of a name in the picture */
#define ROWS 300    /* orders in the table */
#define HEIGHT 26.0 /* pixels of a box */
#define CHARACTER 6.9
#define ARROW 7.0

static void write_numbers(struct html_page *page, const struct order_graph *graph) {
    struct memory_pool *pool = &page->pool;
    size_t cycles = order_graph_cycles(graph);
    html_markup(page,
                "<p class=\"lede\">An arrow leads from a lock that was held to the lock that was taken then. "
                "%s lock%s, %s order%s, ",
                numbers_count(pool, order_graph_nodes(graph)), numbers_plural(order_graph_nodes(graph)),
                numbers_count(pool, order_graph_edges(graph)), numbers_plural(order_graph_edges(graph)));
    if (cycles)
        html_markup(
            page,
            "%s group%s of locks on cycles. <span class=\"key found\">Orders of a finding</span> are red. "
            "<span class=\"key cyclic\">Others on a cycle</span> are dashed: a gate lock, a single thread "
            "or the order of the threads keeps them from a deadlock, or gordian has not listed them.</p>\n",
            numbers_count(pool, cycles), numbers_plural(cycles));
    else
        fputs("no cycle: whatever was taken together was taken in one order.</p>\n", page->out);
}

static void write_bounds(struct html_page *page, const struct order_graph *graph,
                         const struct order_part *part) {
    struct memory_pool *pool = &page->pool;
    if (part->cyclic_only)
        html_markup(
            page,
            "<p class=\"warn\">More than %s locks: the picture shows only those on a cycle or in a finding "
            "(%s of %s).</p>\n",
            numbers_count(pool, ORDER_PART_NODES), numbers_count(pool, part->nodes_count),
            numbers_count(pool, order_graph_nodes(graph)));
    if (part->nodes_left || part->edges_left)
        html_markup(page,
                    "<p class=\"warn\">The picture leaves out %s more locks and %s more orders; "
                    "<code>--dot FILE</code> writes them all.</p>\n",
                    numbers_count(pool, part->nodes_left), numbers_count(pool, part->edges_left));
    if (order_graph_unread(graph))
        html_markup(
            page,
            "<p class=\"warn\">%zu recording%s could not be read again: their orders are missing.</p>\n",
            order_graph_unread(graph), numbers_plural(order_graph_unread(graph)));
}

/* ---- the picture ---- */

static int lay_out(struct html_page *page, struct order_graph *graph, const struct order_part *part,
                   struct layout *layout) {
    struct memory_pool *pool = &page->pool;
    *layout = (struct layout){
        .nodes = memory_pool_alloc(pool, (part->nodes_count + 1) * sizeof *layout->nodes),
        .nodes_count = part->nodes_count,
        .edges = memory_pool_alloc(pool, (part->edges_count + 1) * sizeof *layout->edges),
        .edges_count = part->edges_count,
    };
    for (size_t i = 0; i < part->nodes_count; i++) {
        const char *name = order_graph_lock(graph, part->nodes[i])->name;
        layout->nodes[i].width = CHARACTER * (double)html_short_length(name, NAME) + 20;
        layout->nodes[i].height = HEIGHT;
    }
    for (size_t i = 0; i < part->edges_count; i++) {
        const struct order_graph_edge *edge = order_graph_edge(graph, part->edges[i]);
        layout->edges[i].from = part->place_of[edge->from] - 1;
        layout->edges[i].to = part->place_of[edge->to] - 1;
    }
    bool small = part->nodes_count <= DOT_NODES && part->edges_count <= DOT_EDGES;
    int error = small ? layout_run(layout, "dot", DOT_LIMIT_S, pool) : -ETIMEDOUT;
    return error == 0 || error == -ENOENT ? error : layout_run(layout, "sfdp", SFDP_LIMIT_S, pool);
}

/* "alice, then bob: 2 threads; alice at bank.c:31, bob at bank.c:34". Places are looked up where they matter.
 */
static void write_edge_title(struct html_page *page, struct order_graph *graph, size_t index) {
    const struct order_graph_edge *edge = order_graph_edge(graph, index);
    html_text(page, order_graph_lock(graph, edge->from)->name);
    fputs(", then ", page->out);
    html_text(page, order_graph_lock(graph, edge->to)->name);
    html_markup(page, ": %u thread%s", edge->threads, numbers_plural(edge->threads));
    if (!edge->cyclic && !edge->found)
        return;
    struct order_graph_use use = order_graph_use(graph, index);
    fputs("; held since ", page->out);
    if (!html_stack_site(page, &use.held, 60))
        fputs("an unknown place", page->out);
    fputs(", wanted at ", page->out);
    if (!html_stack_site(page, &use.wanted, 60))
        fputs("an unknown place", page->out);
}

static const char *edge_class(const struct order_graph_edge *edge) {
    return edge->found ? " found" : edge->cyclic ? " cyclic" : "";
}

static void write_edge(struct html_page *page, struct order_graph *graph, size_t index,
                       const struct layout_edge *line) {
    if (!line->points || line->count < 4)
        return;
    const double *p = line->points;
    const double *end = p + 2 * (line->count - 1), *before = end - 2;
    double dx = end[0] - before[0], dy = end[1] - before[1], length = fmax(hypot(dx, dy), 0.1);
    dx *= ARROW / length;
    dy *= ARROW / length;
    html_markup(page, "<g class=\"e%s\" data-f=\"%u\" data-t=\"%u\"><path d=\"M%.0f %.0fC",
                edge_class(order_graph_edge(graph, index)), line->from, line->to, p[0], p[1]);
    for (size_t i = 1; i < line->count; i++)
        html_markup(page, "%s%.0f %.0f", i > 1 ? " " : "", p[2 * i], p[2 * i + 1]);
    html_markup(page, "\"/><path class=\"head\" d=\"M%.0f %.0fL%.1f %.1fL%.1f %.1fZ\"/><title>", end[0] + dx,
                end[1] + dy, end[0] - dy * 0.45, end[1] + dx * 0.45, end[0] + dy * 0.45, end[1] - dx * 0.45);
    write_edge_title(page, graph, index);
    fputs("</title></g>\n", page->out);
}

static void write_node(struct html_page *page, struct order_graph *graph, size_t index, size_t place,
                       const struct layout_node *box) {
    const struct order_graph_node *node = order_graph_node(graph, index);
    const struct report_lock *lock = order_graph_lock(graph, index);
    html_markup(page,
                "<g class=\"n%s\" data-n=\"%zu\"><rect x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\" "
                "rx=\"4\"/><text x=\"%.0f\" y=\"%.0f\">",
                node->found   ? " found"
                : node->cycle ? " cyclic"
                              : "",
                place, box->x - box->width / 2, box->y - box->height / 2, box->width, box->height, box->x,
                box->y + 4);
    html_short(page, lock->name, NAME);
    fputs("</text><title>", page->out);
    html_text(page, lock->name);
    html_markup(page, " (%s)", names_kind(lock->kind));
    if (node->process && report_processes(page->report) > 1) {
        fputs(" of ", page->out);
        html_text(page, frames_basename(node->process->exe));
        html_markup(page, " (pid %u)", node->process->pid);
    }
    html_markup(page, ": %u before it, %u after it</title></g>\n", node->in, node->out);
}

static void write_picture(struct html_page *page, struct order_graph *graph, const struct order_part *part,
                          const struct layout *layout) {
    double margin = 12, width = layout->width + 2 * margin, height = layout->height + 2 * margin;
    html_markup(page,
                "<div class=\"graph\" id=\"graph\" tabindex=\"0\" aria-label=\"Lock-order graph\">\n"
                "<div class=\"zoom\" hidden><button type=\"button\" data-zoom=\"in\" aria-label=\"Zoom "
                "in\">+</button>"
                "<button type=\"button\" data-zoom=\"out\" aria-label=\"Zoom out\">\xe2\x88\x92</button>"
                "<button type=\"button\" data-zoom=\"fit\">Fit</button></div>\n"
                "<svg viewBox=\"%.0f %.0f %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\" "
                "aria-label=\"%zu locks and %zu orders; those on cycles are in the table below\">\n",
                -margin, -margin, width, height, width, height, part->nodes_count, part->edges_count);
    for (size_t i = part->edges_count; i-- > 0;) /* those of findings last, on top */
        write_edge(page, graph, part->edges[i], &layout->edges[i]);
    for (size_t i = 0; i < part->nodes_count; i++)
        write_node(page, graph, part->nodes[i], i, &layout->nodes[i]);
    fputs("</svg>\n</div>\n", page->out);
}

static void write_graph(struct html_page *page, struct order_graph *graph, const struct order_part *part) {
    struct layout layout;
    if (!part->edges_count)
        return;
    switch (lay_out(page, graph, part, &layout)) {
    case 0:
        write_picture(page, graph, part, &layout);
        break;
    case -ENOENT:
        fputs("<p class=\"warn\">graphviz is not installed, so there is no picture of the graph here "
              "(<code>apt-get install graphviz</code>, then <code>gordian report</code> again).</p>\n",
              page->out);
        break;
    case -ETIMEDOUT:
        fputs("<p class=\"warn\">graphviz took too long to lay out this graph; <code>--dot FILE</code> "
              "writes it "
              "for graphviz alone.</p>\n",
              page->out);
        break;
    default:
        fputs(
            "<p class=\"warn\">graphviz could not lay out this graph; <code>--dot FILE</code> writes it for "
            "graphviz alone.</p>\n",
            page->out);
    }
}

/* ---- the table ---- */

static void write_row(struct html_page *page, struct order_graph *graph, size_t index) {
    const struct order_graph_edge *edge = order_graph_edge(graph, index);
    struct order_graph_use use = order_graph_use(graph, index);
    fputs("<tr><td class=\"name\">", page->out);
    html_text(page, order_graph_lock(graph, edge->from)->name);
    fputs("</td><td class=\"name\">", page->out);
    html_text(page, order_graph_lock(graph, edge->to)->name);
    html_markup(page, "</td><td class=\"num\">%u</td><td class=\"site\">", edge->threads);
    html_text(page, names_place(&page->pool, &use.held));
    fputs("</td><td class=\"site\">", page->out);
    html_text(page, names_place(&page->pool, &use.wanted));
    fputs("</td><td>", page->out);
    const struct report_finding *finding;
    for (size_t i = 0; i < 4 && (finding = order_graph_finding(graph, index, i)) != NULL; i++)
        html_markup(page, "%s<a href=\"#f-%s\"><code>%.8s</code></a>", i ? " " : "", finding->id,
                    finding->id);
    fputs(order_graph_finding(graph, index, 4) ? " and more</td></tr>\n" : "</td></tr>\n", page->out);
}

static void write_table(struct html_page *page, struct order_graph *graph, const struct order_part *part) {
    size_t cyclic = 0, all = 0;
    for (size_t i = 0; i < order_graph_edges(graph); i++) {
        const struct order_graph_edge *edge = order_graph_edge(graph, i);
        all += edge->found || edge->cyclic;
    }
    if (!all)
        return;
    fputs("<div class=\"scroll\"><table class=\"sortable\" id=\"orders-table\">\n<caption>Orders on cycles, "
          "those of "
          "findings first</caption>\n<thead><tr><th scope=\"col\">held</th><th scope=\"col\">then taken</th>"
          "<th scope=\"col\" class=\"num\">threads</th><th scope=\"col\">held since</th>"
          "<th scope=\"col\">taken at</th><th scope=\"col\">finding</th></tr></thead>\n<tbody>\n",
          page->out);
    for (size_t i = 0; i < part->edges_count && cyclic < ROWS; i++) {
        const struct order_graph_edge *edge = order_graph_edge(graph, part->edges[i]);
        if (!edge->found && !edge->cyclic)
            break;
        write_row(page, graph, part->edges[i]);
        cyclic++;
    }
    fputs("</tbody></table></div>\n", page->out);
    if (all > cyclic)
        html_markup(
            page, "<p class=\"dim\">%s more orders on cycles; <code>--dot FILE</code> writes them all.</p>\n",
            numbers_count(&page->pool, all - cyclic));
}

void html_orders_write(struct html_page *page) {
    html_section(page, "orders", "Lock orders");
    struct order_graph *graph = order_graph_create(page->report);
    if (!order_graph_edges(graph)) {
        fputs("<p class=\"lede\">No thread took a lock while it held another.</p>\n", page->out);
    } else {
        struct order_part part = order_part_of(graph);
        write_numbers(page, graph);
        write_bounds(page, graph, &part);
        write_graph(page, graph, &part);
        write_table(page, graph, &part);
        order_part_free(&part);
    }
    order_graph_free(graph);
    html_section_end(page);
}
