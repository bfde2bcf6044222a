#include "reports/knot.h"

#include <math.h>
#include <stdlib.h>

#include "tests/check.h"
#include "tests/reports/scene.h"

/* The picture in a few lines: the nodes, then the edges by their nodes' names. */
static char *told(const struct knot *knot) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < knot->nodes_count; i++)
        fprintf(out, "%s %s%s\n", knot->nodes[i].thread ? "thread" : "lock", knot->nodes[i].name,
                knot->nodes[i].gone ? ", gone" : "");
    for (size_t i = 0; i < knot->edges_count; i++) {
        const struct knot_edge *edge = &knot->edges[i];
        const char *from = knot->nodes[edge->from].name, *to = knot->nodes[edge->to].name;
        fprintf(out, "%s %s %s%s\n", edge->wish ? from : to, edge->verb, edge->wish ? to : from,
                edge->bend != 0 ? ", bent" : "");
    }
    fclose(out);
    return text;
}

/* All of it lies within the picture, and no two boxes meet. */
static void check_places(const struct knot *knot) {
    for (size_t i = 0; i < knot->nodes_count; i++) {
        const struct knot_node *a = &knot->nodes[i];
        CHECK(a->x - a->width / 2 >= 0 && a->x + a->width / 2 <= knot->width);
        CHECK(a->y - a->height / 2 >= 0 && a->y + a->height / 2 <= knot->height);
        for (size_t j = 0; j < i; j++) {
            const struct knot_node *b = &knot->nodes[j];
            CHECK(fabs(a->x - b->x) >= (a->width + b->width) / 2 ||
                  fabs(a->y - b->y) >= (a->height + b->height) / 2);
        }
    }
}

static void check_knot(struct recording_builder *builder, const char *expected) {
    struct memory_pool pool = {0};
    struct report *report = scene_report(builder, "knot_test");
    struct knot knot = knot_of(&pool, report_finding(report, 0));
    char *text = told(&knot);
    CHECK_STR(text, expected);
    check_places(&knot);
    free(text);
    memory_pool_free(&pool);
    report_free(report);
    builder_free(builder);
}

TEST(two_threads_and_two_locks_make_a_ring_of_four) {
    struct recording_builder builder;
    scene_start(&builder);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_ACTUAL);
    check_knot(&builder, "thread main\nlock table+0x40\nthread teller\nlock account_lock\n"
                         "main holds account_lock\nmain waits for table+0x40\n"
                         "teller holds table+0x40\nteller waits for account_lock\n");
}

TEST(a_lock_that_its_holder_wants_is_two_bent_lines) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_finding(
        &builder, FINDING_DEADLOCK_ACTUAL, FINDING_SHAPE_SELF,
        (struct builder_step[]){{1, {{SCENE_ACCOUNT, 0, SCENE_FIRST}}, 1, {SCENE_ACCOUNT, 0, SCENE_SECOND}}},
        1);
    check_knot(
        &builder,
        "thread main\nlock account_lock\nmain holds account_lock, bent\nmain waits for account_lock, bent\n");
}

TEST(who_has_ended_with_a_lock_is_gone) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_finding(&builder, FINDING_DEADLOCK_ACTUAL, FINDING_SHAPE_ORPHANED,
                    (struct builder_step[]){{1, {{0, 0, 0}}, 0, {SCENE_BANK, 0, SCENE_FIRST}},
                                            {2, {{SCENE_BANK, 0, SCENE_AUDIT}}, 1, {0, 0, 0}}},
                    2);
    check_knot(&builder, "thread main\nlock Bank::lock\nthread teller, gone\nmain waits for "
                         "Bank::lock\nteller holds Bank::lock\n");
}

TEST(a_misuse_shows_the_earlier_event_too) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_finding(&builder, FINDING_MISUSE_UNLOCK_NOT_OWNER, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{1, {{0, 0, 0}}, 0, {SCENE_BANK, 0, SCENE_FIRST}},
                                            {2, {{SCENE_BANK, 0, SCENE_AUDIT}}, 1, {0, 0, 0}}},
                    2);
    check_knot(
        &builder,
        "thread main\nlock Bank::lock\nthread teller\nmain unlocks Bank::lock\nteller holds Bank::lock\n");
}

/* A ring of `count` threads, each with a lock of its own. */
static struct knot ring(struct memory_pool *pool, struct report **report, uint32_t count) {
    struct recording_builder builder;
    struct builder_step *steps = calloc(count, sizeof *steps);
    builder_start(&builder);
    for (uint32_t i = 0; i < count; i++) {
        builder_thread(&builder, i + 1, 0, 0, NULL);
        builder_lock(&builder, i + 1, LOCK_KIND_MUTEX, 0x1000 + i * 64, 0, 0);
        steps[i] = (struct builder_step){i + 1, {{i + 1, 0, 0}}, 1, {(i + 1) % count + 1, 0, 0}};
    }
    builder_finding(&builder, FINDING_DEADLOCK_POTENTIAL, FINDING_SHAPE_CYCLE, steps, count);
    *report = scene_report(&builder, "knot_test");
    struct knot knot = knot_of(pool, report_finding(*report, 0));
    builder_free(&builder);
    free(steps);
    return knot;
}

TEST(rings_of_any_length_keep_their_boxes_apart) {
    for (uint32_t count = 2; count <= KNOT_STEPS + 1; count++) {
        struct memory_pool pool = {0};
        struct report *report;
        struct knot knot = ring(&pool, &report, count);
        uint32_t drawn = count < KNOT_STEPS ? count : KNOT_STEPS;
        CHECK(knot.ring);
        CHECK_EQ(knot.nodes_count, 2 * drawn);
        CHECK_EQ(knot.threads_left_out, count - drawn);
        check_places(&knot);
        memory_pool_free(&pool);
        report_free(report);
    }
}

TEST(locks_beyond_those_drawn_are_counted) {
    struct recording_builder builder;
    struct memory_pool pool = {0};
    struct builder_step step = {.thread = 1, .holds_count = 7, .wants = {8, 0, 0}};
    builder_start(&builder);
    for (uint32_t i = 1; i <= 8; i++)
        builder_lock(&builder, i, i < 8 ? LOCK_KIND_MUTEX : LOCK_KIND_CONDITION, 0x1000 + i * 64, 0, 0);
    for (uint32_t i = 0; i < 7; i++)
        step.holds[i].lock = i + 1;
    builder_finding(&builder, FINDING_BLOCKING_WAIT_HOLDING, FINDING_SHAPE_NONE, &step, 1);
    struct report *report = scene_report(&builder, "knot_test");
    struct knot knot = knot_of(&pool, report_finding(report, 0));
    CHECK_EQ(knot.edges_count, KNOT_HOLDS + 1);
    CHECK_EQ(knot.holds_left_out, 7 - KNOT_HOLDS);
    check_places(&knot);
    memory_pool_free(&pool);
    report_free(report);
    builder_free(&builder);
}

CHECK_MAIN
