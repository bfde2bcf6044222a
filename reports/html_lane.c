#include "reports/html_lane.h"

#include "reports/html_stack.h"
#include "reports/knot.h"
#include "reports/message.h"
#include "reports/step_words.h"

#define LANES 12     /* threads that are shown */
#define LANE_HOLDS 8 /* locks held that are shown of a thread */
#define EVENTS ((size_t)LANES * (LANE_HOLDS + 1) * 2)
#define WIDTH 660.0
#define LABELS 126.0  /* pixels for the names of the threads */
#define BAR 21.0      /* height of a bar, with the gap below it */
#define GAP 10.0      /* between lanes */
#define LABEL_NAME 15 /* characters */
#define BAR_NAME 24
#define BAR_SITE 26

/* Something that a thread does. Its bar goes on until the end: nothing that a finding tells of is given back.
 */
struct event {
    size_t lane;
    size_t slot; /* its place in the order, from 0 */
    bool wish;
    const char *verb, *name;
    const struct report_stack *stack;
};

struct lanes {
    struct memory_pool *pool;
    const struct report_finding *finding;
    const struct report_step *heads[LANES]; /* a step of the thread of each lane */
    size_t lanes;
    struct event *events;
    size_t events_count, slots, left_out;
};

/* The lane of the step: that of its thread, or one of its own. LANES when there is no room. */
static size_t lane_of(struct lanes *lanes, const struct report_step *step) {
    bool own = lanes->finding->kind == FINDING_ORDER_SINGLE_THREAD;
    for (size_t i = 0; i < lanes->lanes && !own; i++)
        if (lanes->heads[i]->thread == step->thread)
            return i;
    if (lanes->lanes == LANES) {
        lanes->left_out++;
        return LANES;
    }
    lanes->heads[lanes->lanes] = step;
    return lanes->lanes++;
}

static void add_event(struct lanes *lanes, struct event event) {
    lanes->events[lanes->events_count++] = event;
    if (event.slot + 1 > lanes->slots)
        lanes->slots = event.slot + 1;
}

/* The locks held that are shown: not the thread's own life, and the newest when there are many. */
static bool is_shown(const struct report_step *step, size_t hold) {
    return step->holds[hold].lock && step->holds[hold].lock->kind != LOCK_KIND_THREAD &&
           hold + LANE_HOLDS >= step->holds_count;
}

static size_t shown_holds(const struct report_step *step) {
    size_t count = 0;
    for (size_t i = 0; i < step->holds_count; i++)
        count += is_shown(step, i);
    return count;
}

static void add_step(struct lanes *lanes, size_t index, size_t slot) {
    const struct report_finding *finding = lanes->finding;
    const struct report_step *step = &finding->steps[index];
    size_t lane = lane_of(lanes, step);
    if (lane == LANES)
        return;
    if (lanes->events_count + LANE_HOLDS + 1 > EVENTS) {
        lanes->left_out++;
        return;
    }
    for (size_t i = 0; i < step->holds_count; i++)
        if (is_shown(step, i))
            add_event(lanes, (struct event){
                                 .lane = lane,
                                 .slot = slot++,
                                 .verb = step_words_hold(lanes->pool, finding, index, &step->holds[i]).verb,
                                 .name = message_after_verb(lanes->pool, finding, step->holds[i].lock),
                                 .stack = &step->holds[i].stack,
                             });
    if (step->wants.lock)
        add_event(lanes, (struct event){
                             .lane = lane,
                             .slot = slot,
                             .wish = true,
                             .verb = step_words_wish(lanes->pool, finding, index).verb,
                             .name = message_after_verb(lanes->pool, finding, step->wants.lock),
                             .stack = &step->wants.stack,
                         });
}

static bool at_once(const struct report_finding *finding) {
    return finding->kind == FINDING_DEADLOCK_ACTUAL || finding->kind == FINDING_HANG_ALL_BLOCKED;
}

static struct lanes lanes_of(struct html_page *page, const struct report_finding *finding) {
    struct lanes lanes = {.pool = &page->pool, .finding = finding};
    size_t steps = finding->steps_count, longest = 0;
    lanes.events = memory_pool_alloc(&page->pool, EVENTS * sizeof *lanes.events);
    if (message_event(finding->kind) && steps > 1) { /* what was earlier, then the misuse */
        add_step(&lanes, 1, 0);
        size_t later = shown_holds(&finding->steps[0]);
        add_step(&lanes, 0, lanes.slots > later ? lanes.slots - later : 0);
        return lanes;
    }
    for (size_t i = 0; i < steps; i++)
        if (shown_holds(&finding->steps[i]) > longest)
            longest = shown_holds(&finding->steps[i]);
    for (size_t i = 0; i < steps && lanes.left_out < steps; i++)
        add_step(&lanes, i, at_once(finding) ? longest - shown_holds(&finding->steps[i]) : 0);
    return lanes;
}

static void write_event(struct html_page *page, const struct lanes *lanes, const struct event *event,
                        double y) {
    double spacing = lanes->slots > 1 ? 270.0 / (double)(lanes->slots - 1) : 0;
    if (spacing > 76)
        spacing = 76;
    double x = LABELS + spacing * (double)event->slot;
    unsigned colour = knot_colour(lanes->finding, lanes->heads[event->lane]->thread);
    html_markup(page,
                "<g class=\"%s t%u\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"3\"/>"
                "<text x=\"%.1f\" y=\"%.1f\">",
                event->wish ? "wish" : "hold", colour, x, y, WIDTH - 6 - x, BAR - 3, x + 7, y + 13);
    html_text(page, event->verb);
    fputs(" <tspan class=\"name\">", page->out);
    html_short(page, event->name, BAR_NAME);
    fputs("</tspan>", page->out);
    const char *site = html_stack_site_text(page, event->stack);
    if (site) {
        fputs(" <tspan class=\"site\">", page->out);
        html_short(page, site, BAR_SITE);
        fputs("</tspan>", page->out);
    }
    fputs("</text></g>\n", page->out);
}

static void write_caption(struct html_page *page, const struct lanes *lanes) {
    const struct report_finding *finding = lanes->finding;
    fputs("<figcaption>", page->out);
    if (lanes->left_out)
        html_markup(page, "%zu more threads are not shown. ", lanes->left_out);
    if (finding->kind == FINDING_DEADLOCK_ACTUAL)
        html_markup(
            page, "Each thread in its own order. At the right edge, %.3f s after the start, none can go on.",
            (double)finding->time_ns / 1e9);
    else if (finding->kind == FINDING_HANG_ALL_BLOCKED)
        html_markup(
            page, "Each thread in its own order. At the right edge, %.3f s after the start, all are blocked.",
            (double)finding->time_ns / 1e9);
    else if (finding->kind == FINDING_DEADLOCK_POTENTIAL && finding->shape == FINDING_SHAPE_CYCLE)
        fputs(
            "Each thread in its own order, as it was seen. They deadlock when each has its first lock before "
            "any gets its second.",
            page->out);
    else if (message_event(finding->kind) && finding->steps_count > 1)
        fputs("What came earlier stands further left. Widths are no times.", page->out);
    else
        fputs("In the order in which it was done. Widths are no times.", page->out);
    fputs("</figcaption>\n", page->out);
}

void html_lane_write(struct html_page *page, const struct report_finding *finding) {
    struct lanes lanes = lanes_of(page, finding);
    if (!lanes.events_count)
        return;
    size_t rows[LANES] = {0};
    double height = 6;
    for (size_t i = 0; i < lanes.events_count; i++)
        rows[lanes.events[i].lane]++;
    for (size_t i = 0; i < lanes.lanes; i++)
        height += (double)(rows[i] ? rows[i] : 1) * BAR + GAP;
    html_markup(page,
                "<figure class=\"lanes\">\n<svg viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" role=\"img\" "
                "aria-label=\"The order of the steps of each thread\">\n",
                WIDTH, height, WIDTH);
    double y = 6;
    for (size_t lane = 0; lane < lanes.lanes; lane++) {
        const struct report_thread *thread = lanes.heads[lane]->thread;
        const char *name = message_thread(&page->pool, finding, thread);
        html_markup(page,
                    "<g class=\"head t%u\"><circle cx=\"7\" cy=\"%.1f\" r=\"4\"/><text x=\"17\" y=\"%.1f\">",
                    knot_colour(finding, thread), y + 9, y + 13);
        html_short(page, name, LABEL_NAME);
        fputs("</text><title>", page->out);
        html_text(page, name);
        fputs("</title></g>\n", page->out);
        for (size_t i = 0; i < lanes.events_count; i++) {
            if (lanes.events[i].lane != lane)
                continue;
            write_event(page, &lanes, &lanes.events[i], y);
            y += BAR;
        }
        y += (rows[lane] ? 0 : BAR) + GAP;
    }
    if (at_once(finding))
        html_markup(page, "<path class=\"now\" d=\"M%.1f 0V%.1f\"/>\n", WIDTH - 3, height);
    fputs("</svg>\n", page->out);
    write_caption(page, &lanes);
    fputs("</figure>\n", page->out);
}
