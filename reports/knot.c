#include "reports/knot.h"

#include <math.h>
#include <string.h>

#include "reports/html_page.h"
#include "reports/message.h"
#include "reports/names.h"
#include "reports/step_words.h"

#define NODE_HEIGHT 36.0
#define CHARACTER 7.6 /* pixels of a character of a name */
#define MARGIN 16.0
#define ELLIPSE 12  /* nodes that stand on an ellipse */
#define LADDER 84.0 /* from one node to the next where there are more */
#define COLOURS 6
#define FULL_TURN 6.283185307179586

unsigned knot_colour(const struct report_finding *finding, const struct report_thread *thread) {
    for (size_t i = 0; i < finding->threads_count; i++)
        if (finding->threads[i] == thread)
            return (unsigned)(i % COLOURS);
    return 0;
}

struct drawing {
    struct memory_pool *pool;
    const struct report_finding *finding;
    struct knot knot;
    size_t nodes_room;
};

static size_t add_node(struct drawing *drawing, struct knot_node node) {
    struct knot *knot = &drawing->knot;
    size_t characters = html_short_length(node.name, KNOT_NAME);
    node.width = CHARACTER * (double)(characters < 6 ? 6 : characters) + 24;
    node.height = NODE_HEIGHT;
    knot->nodes[knot->nodes_count] = node;
    return knot->nodes_count++;
}

static size_t thread_node(struct drawing *drawing, const struct report_step *step, bool again) {
    for (size_t i = 0; i < drawing->knot.nodes_count && !again; i++)
        if (drawing->knot.nodes[i].thread == step->thread)
            return i;
    const struct report_finding *finding = drawing->finding;
    bool ends = finding->kind == FINDING_DEADLOCK_ACTUAL && !step->wants.lock;
    return add_node(
        drawing, (struct knot_node){
                     .thread = step->thread,
                     .name = message_thread(drawing->pool, finding, step->thread),
                     .colour = knot_colour(finding, step->thread),
                     .gone = ends || (finding->kind == FINDING_MISUSE_EXIT_HOLDING && step == finding->steps),
                 });
}

static size_t lock_node(struct drawing *drawing, const struct report_lock *lock) {
    for (size_t i = 0; i < drawing->knot.nodes_count; i++)
        if (drawing->knot.nodes[i].lock == lock)
            return i;
    const char *name = message_object(drawing->pool, drawing->finding, lock);
    if (lock->kind == LOCK_KIND_THREAD)
        name = memory_pool_format(drawing->pool, "end of %s", name);
    return add_node(drawing, (struct knot_node){.lock = lock, .name = name});
}

static void add_edge(struct drawing *drawing, struct knot_edge edge) {
    struct knot *knot = &drawing->knot;
    size_t between = 0;
    for (size_t i = 0; i < knot->edges_count; i++) {
        struct knot_edge *other = &knot->edges[i];
        if ((other->from == edge.from && other->to == edge.to) ||
            (other->from == edge.to && other->to == edge.from)) {
            other->bend = other->bend == 0 ? (other->from == edge.from ? -26 : 26) : other->bend;
            between++;
        }
    }
    edge.bend = between ? 26.0 * (double)between : 0;
    knot->edges[knot->edges_count++] = edge;
}

static void add_wish(struct drawing *drawing, size_t thread, const struct report_step *step) {
    add_edge(drawing, (struct knot_edge){
                          .from = thread,
                          .to = lock_node(drawing, step->wants.lock),
                          .wish = true,
                          .verb = step_words_wish(drawing->pool, drawing->finding,
                                                  (size_t)(step - drawing->finding->steps))
                                      .verb,
                          .stack = &step->wants.stack,
                      });
}

static void add_hold(struct drawing *drawing, size_t thread, size_t step, const struct report_hold *hold) {
    add_edge(drawing, (struct knot_edge){
                          .from = lock_node(drawing, hold->lock),
                          .to = thread,
                          .verb = step_words_hold(drawing->pool, drawing->finding, step, hold).verb,
                          .stack = &hold->stack,
                      });
}

static bool is_ring(const struct report_finding *finding) {
    if ((finding->kind != FINDING_DEADLOCK_POTENTIAL && finding->kind != FINDING_DEADLOCK_ACTUAL &&
         finding->kind != FINDING_ORDER_SINGLE_THREAD) ||
        finding->steps_count < 2)
        return false;
    for (size_t i = 0; i < finding->steps_count; i++)
        if (!finding->steps[i].wants.lock ||
            (!message_knot_hold(finding, i) && !message_holds_back(finding, i)))
            return false;
    return true;
}

/* The nodes in the order of the ring: a thread, the lock that it wants, the thread that holds that. */
static void add_ring(struct drawing *drawing, size_t steps) {
    const struct report_finding *finding = drawing->finding;
    size_t threads[KNOT_STEPS];
    for (size_t i = 0; i < steps; i++) {
        threads[i] = thread_node(drawing, &finding->steps[i], true);
        lock_node(drawing, finding->steps[i].wants.lock);
    }
    for (size_t i = 0; i < steps; i++) {
        const struct report_hold *hold = message_knot_hold(finding, i);
        if (hold && (i > 0 || steps == finding->steps_count))
            add_hold(drawing, threads[i], i, hold);
        add_wish(drawing, threads[i], &finding->steps[i]);
    }
}

static void add_others(struct drawing *drawing, size_t steps) {
    const struct report_finding *finding = drawing->finding;
    for (size_t i = 0; i < steps; i++) {
        const struct report_step *step = &finding->steps[i];
        size_t thread = thread_node(drawing, step, false);
        for (size_t j = 0, drawn = 0; j < step->holds_count; j++) {
            if (!step->holds[j].lock || step->holds[j].lock->kind == LOCK_KIND_THREAD)
                continue;
            if (drawn++ < KNOT_HOLDS)
                add_hold(drawing, thread, i, &step->holds[j]);
            else
                drawing->knot.holds_left_out++;
        }
        if (step->wants.lock)
            add_wish(drawing, thread, step);
    }
}

/* Two threads and two locks: a diamond. Some more: an ellipse. Many: up one side and down the other. */
static void place_ring(struct knot *knot) {
    size_t count = knot->nodes_count, half = (count + 1) / 2;
    double n = (double)count, across = count <= 4 ? 272 : fmin(44 * n + 90, 430);
    double down = count <= 4 ? 104 : 24 * n + 40;
    for (size_t i = 0; i < count; i++) {
        struct knot_node *node = &knot->nodes[i];
        double angle = FULL_TURN * ((double)i / n + 0.5);
        node->x = count <= ELLIPSE ? across * cos(angle) : i < half ? -230 : 230;
        node->y =
            count <= ELLIPSE ? down * sin(angle) : LADDER * (double)(i < half ? half - i : i - half + 1);
    }
}

/* Threads on the left, locks on the right, both in the order in which they are named; one lock between two
 * threads. */
static void place_others(struct knot *knot) {
    size_t threads = 0, locks = 0, thread = 0, lock = 0;
    for (size_t i = 0; i < knot->nodes_count; i++)
        *(knot->nodes[i].thread ? &threads : &locks) += 1;
    bool between = threads == 2 && locks == 1;
    double rows = (double)(threads > locks ? threads : locks), gap = 84;
    for (size_t i = 0; i < knot->nodes_count; i++) {
        struct knot_node *node = &knot->nodes[i];
        double place = (double)(node->thread ? thread++ : lock++),
               count = (double)(node->thread ? threads : locks);
        node->x = node->thread ? -190 : 190;
        node->y = gap * (place + (rows - count) / 2);
        if (between) {
            node->x = node->lock ? 0 : place > 0 ? 272 : -272;
            node->y = 0;
        }
    }
}

/* Move everything so that it begins at the margin. */
static void fit(struct knot *knot) {
    double left = 0, right = 0, top = 0, bottom = 0;
    for (size_t i = 0; i < knot->nodes_count; i++) {
        const struct knot_node *node = &knot->nodes[i];
        left = fmin(left, node->x - node->width / 2);
        right = fmax(right, node->x + node->width / 2);
        top = fmin(top, node->y - node->height / 2);
        bottom = fmax(bottom, node->y + node->height / 2);
    }
    for (size_t i = 0; i < knot->edges_count; i++) {
        if (knot->edges[i].bend == 0)
            continue;
        double from[2], middle[2], to[2];
        knot_ends(knot, &knot->edges[i], from, middle, to);
        top = fmin(top, middle[1] - 12);
        bottom = fmax(bottom, middle[1] + 12);
    }
    for (size_t i = 0; i < knot->nodes_count; i++) {
        knot->nodes[i].x += MARGIN - left;
        knot->nodes[i].y += MARGIN - top;
    }
    knot->width = right - left + 2 * MARGIN;
    knot->height = bottom - top + 2 * MARGIN;
}

struct knot knot_of(struct memory_pool *pool, const struct report_finding *finding) {
    size_t steps = finding->steps_count < KNOT_STEPS ? finding->steps_count : KNOT_STEPS;
    struct drawing drawing = {.pool = pool, .finding = finding};
    struct knot *knot = &drawing.knot;
    knot->nodes = memory_pool_alloc(pool, (steps * (KNOT_HOLDS + 2) + 1) * sizeof *knot->nodes);
    knot->edges = memory_pool_alloc(pool, (steps * (KNOT_HOLDS + 1) + 1) * sizeof *knot->edges);
    knot->ring = is_ring(finding);
    knot->threads_left_out = finding->steps_count - steps;
    if (knot->ring)
        add_ring(&drawing, steps);
    else
        add_others(&drawing, steps);
    if (!knot->edges_count)
        return (struct knot){0};
    if (knot->ring)
        place_ring(knot);
    else
        place_others(knot);
    fit(knot);
    return *knot;
}

/* Where the way from the node's centre in the direction leaves its box, and a little further. */
static void border(const struct knot_node *node, double dx, double dy, double gap, double at[2]) {
    double length = hypot(dx, dy);
    if (length < 1)
        length = 1;
    double x = fabs(dx) > 1e-9 ? node->width / 2 / fabs(dx) : 1e9,
           y = fabs(dy) > 1e-9 ? node->height / 2 / fabs(dy) : 1e9;
    double share = fmin(fmin(x, y), 1) + gap / length;
    at[0] = node->x + dx * share;
    at[1] = node->y + dy * share;
}

void knot_ends(const struct knot *knot, const struct knot_edge *edge, double from[2], double middle[2],
               double to[2]) {
    const struct knot_node *a = &knot->nodes[edge->from], *b = &knot->nodes[edge->to];
    double dx = b->x - a->x, dy = b->y - a->y, length = fmax(hypot(dx, dy), 1);
    double across[2] = {-dy / length * edge->bend, dx / length * edge->bend};
    middle[0] = (a->x + b->x) / 2 + across[0];
    middle[1] = (a->y + b->y) / 2 + across[1];
    border(a, middle[0] - a->x + across[0], middle[1] - a->y + across[1], 3, from);
    border(b, middle[0] - b->x + across[0], middle[1] - b->y + across[1], 9, to);
}
