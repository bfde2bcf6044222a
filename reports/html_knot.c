#include "reports/html_knot.h"

#include <math.h>

#include "reports/html_stack.h"
#include "reports/knot.h"
#include "reports/names.h"

#define SITE 26        /* characters of a place beside an edge */
#define LABELLED 10    /* edges that have words beside them; of more, only their places */
#define ARROW 8.0      /* pixels */
#define SMALL_TEXT 6.4 /* pixels of a character beside an edge */

static void write_arrow(struct html_page *page, const double from[2], const double to[2]) {
    double dx = to[0] - from[0], dy = to[1] - from[1], length = fmax(hypot(dx, dy), 0.1);
    dx *= ARROW / length;
    dy *= ARROW / length;
    double tip[2] = {to[0] + dx * 0.8, to[1] + dy * 0.8};
    html_markup(page, "<path class=\"head\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fZ\"/>", tip[0], tip[1],
                to[0] - dx * 0.35 - dy * 0.5, to[1] - dy * 0.35 + dx * 0.5, to[0] - dx * 0.35 + dy * 0.5,
                to[1] - dy * 0.35 - dx * 0.5);
}

static void write_edge(struct html_page *page, const struct knot *knot, const struct knot_edge *edge) {
    double from[2], middle[2], to[2];
    knot_ends(knot, edge, from, middle, to);
    const struct knot_node *thread = &knot->nodes[edge->wish ? edge->from : edge->to];
    html_markup(page, "<g class=\"edge %s t%u\">", edge->wish ? "wish" : "hold", thread->colour);
    if (edge->bend == 0) {
        html_markup(page, "<path d=\"M%.1f %.1fL%.1f %.1f\"/>", from[0], from[1], to[0], to[1]);
        write_arrow(page, from, to);
    } else {
        double control[2] = {2 * middle[0] - (from[0] + to[0]) / 2, 2 * middle[1] - (from[1] + to[1]) / 2};
        html_markup(page, "<path d=\"M%.1f %.1fQ%.1f %.1f %.1f %.1f\"/>", from[0], from[1], control[0],
                    control[1], to[0], to[1]);
        write_arrow(page, control, to);
    }
    fputs("</g>\n", page->out);
}

/* What stands beside an edge: what it is, and below that where. */
static void write_label(struct html_page *page, const struct knot *knot, const struct knot_edge *edge) {
    double from[2], middle[2], to[2];
    knot_ends(knot, edge, from, middle, to);
    const char *site = html_stack_site_text(page, edge->stack);
    bool words = knot->edges_count <= LABELLED;
    size_t length = site ? html_short_length(site, SITE) : 0,
           verb = words ? html_short_length(edge->verb, SITE) : 0;
    if (!length && !verb)
        return;
    double x = (from[0] + to[0]) / 2 + (edge->bend == 0 ? 0 : middle[0] - (from[0] + to[0]) / 2);
    double y = (from[1] + to[1]) / 2 + (edge->bend == 0 ? 0 : middle[1] - (from[1] + to[1]) / 2);
    double width = SMALL_TEXT * (double)(length > verb ? length : verb) + 10,
           lines = (verb > 0) + (length > 0);
    html_markup(page,
                "<g class=\"label\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"4\"/>",
                x - width / 2, y - 7.5 * lines - 1, width, 15 * lines + 2);
    if (verb) {
        html_markup(page, "<text x=\"%.1f\" y=\"%.1f\">", x, y + (length ? -3.5 : 4));
        html_short(page, edge->verb, SITE);
        fputs("</text>", page->out);
    }
    if (length) {
        html_markup(page, "<text class=\"site\" x=\"%.1f\" y=\"%.1f\">", x, y + (verb ? 11.5 : 4));
        html_short(page, site, SITE);
        fputs("</text>", page->out);
    }
    fputs("</g>\n", page->out);
}

static void write_node(struct html_page *page, const struct knot_node *node) {
    if (node->thread)
        html_markup(page, "<g class=\"thread t%u%s\">", node->colour, node->gone ? " gone" : "");
    else
        fputs("<g class=\"lock\">", page->out);
    html_markup(page, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%d\"/>",
                node->x - node->width / 2, node->y - node->height / 2, node->width, node->height,
                node->thread ? 18 : 5);
    html_markup(page, "<text x=\"%.1f\" y=\"%.1f\">", node->x, node->y + 4.5);
    html_short(page, node->name, KNOT_NAME);
    fputs("</text><title>", page->out);
    html_text(page, node->name);
    if (node->lock)
        html_markup(page, " (%s)", names_kind(node->lock->kind));
    fputs(node->gone ? ", which has ended</title></g>\n" : "</title></g>\n", page->out);
}

void html_knot_write(struct html_page *page, const struct report_finding *finding) {
    struct knot knot = knot_of(&page->pool, finding);
    if (!knot.nodes_count)
        return;
    html_markup(
        page,
        "<figure class=\"knot\">\n<svg viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" role=\"img\" aria-label=\"",
        knot.width, knot.height, knot.width);
    html_text(page, finding->message);
    fputs("\">\n", page->out);
    for (size_t i = 0; i < knot.edges_count; i++)
        write_edge(page, &knot, &knot.edges[i]);
    for (size_t i = 0; i < knot.nodes_count; i++)
        write_node(page, &knot.nodes[i]);
    for (size_t i = 0; i < knot.edges_count; i++)
        write_label(page, &knot, &knot.edges[i]);
    fputs("</svg>\n", page->out);
    if (knot.threads_left_out || knot.holds_left_out)
        html_markup(page, "<figcaption>Not drawn: %zu more threads, %zu more locks held.</figcaption>\n",
                    knot.threads_left_out, knot.holds_left_out);
    fputs("</figure>\n", page->out);
}
