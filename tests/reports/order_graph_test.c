#include "reports/order_graph.h"

#include <stdlib.h>
#include <unistd.h>

#include "reports/order_part.h"
#include "tests/check.h"
#include "tests/reports/scene.h"

static struct lock_hold hold(uint32_t lock, uint32_t stack) {
    return (struct lock_hold){lock, LOCK_EXCLUSIVE, stack};
}

static void add(struct recording_builder *builder, uint32_t thread, uint32_t held, uint32_t wanted) {
    struct lock_hold holds[] = {hold(held, SCENE_FIRST)};
    builder_dependency(builder, thread, hold(wanted, SCENE_SECOND), holds, 1);
}

/* The graph as one line an edge: "account_lock -> table+0x40 2x by 1 thread, cyclic, found". */
static char *told(struct order_graph *graph) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < order_graph_edges(graph); i++) {
        const struct order_graph_edge *edge = order_graph_edge(graph, i);
        fprintf(out, "%s -> %s %ux by %u%s%s\n", order_graph_lock(graph, edge->from)->name,
                order_graph_lock(graph, edge->to)->name, edge->dependencies, edge->threads,
                edge->cyclic ? ", cyclic" : "", edge->found ? ", found" : "");
    }
    fclose(out);
    return text;
}

static void check_told(struct order_graph *graph, const char *expected) {
    char *text = told(graph);
    CHECK_STR(text, expected);
    free(text);
}

TEST(a_recording_without_orders_is_an_empty_graph) {
    struct recording_builder builder;
    scene_start(&builder);
    struct report *report = scene_report(&builder, "order_graph_test");
    struct order_graph *graph = order_graph_create(report);
    CHECK_EQ(order_graph_nodes(graph), 0);
    CHECK_EQ(order_graph_edges(graph), 0);
    CHECK_EQ(order_graph_cycles(graph), 0);
    struct order_part part = order_part_of(graph);
    CHECK_EQ(part.nodes_count + part.edges_count, 0);
    order_part_free(&part);
    order_graph_free(graph);
    report_free(report);
    builder_free(&builder);
}

TEST(orders_are_counted_with_their_threads_and_cycles_marked) {
    struct recording_builder builder;
    scene_start(&builder);
    add(&builder, SCENE_MAIN, SCENE_ACCOUNT, SCENE_TABLE);
    add(&builder, SCENE_MAIN, SCENE_ACCOUNT, SCENE_TABLE);
    add(&builder, SCENE_TELLER, SCENE_ACCOUNT, SCENE_TABLE);
    add(&builder, SCENE_MAIN, SCENE_ACCOUNT, SCENE_TABLE);
    add(&builder, SCENE_TELLER, SCENE_TABLE, SCENE_ACCOUNT);
    add(&builder, SCENE_MAIN, SCENE_BANK, SCENE_ACCOUNT);
    add(&builder, SCENE_MAIN, SCENE_BANK, SCENE_BANK); /* taken again: no order */
    struct report *report = scene_report(&builder, "order_graph_test");
    struct order_graph *graph = order_graph_create(report);
    check_told(graph, "account_lock -> table+0x40 4x by 2, cyclic\n"
                      "table+0x40 -> account_lock 1x by 1, cyclic\n"
                      "Bank::lock -> account_lock 1x by 1\n");
    CHECK_EQ(order_graph_cycles(graph), 1);
    CHECK_EQ(order_graph_nodes(graph), 3);
    CHECK(order_graph_finding(graph, 0, 0) == NULL);
    struct order_graph_use use = order_graph_use(graph, 0);
    CHECK_STR(use.thread->id, "T1");
    CHECK_STR(use.held.frames[0].function, "take");
    CHECK_EQ(use.wanted.frames[1].line, 29);
    order_graph_free(graph);
    report_free(report);
    builder_free(&builder);
}

TEST(a_dependency_with_many_locks_held_is_an_order_of_each) {
    struct recording_builder builder;
    scene_start(&builder);
    struct lock_hold holds[] = {hold(SCENE_ACCOUNT, 0), hold(SCENE_BANK, 0), hold(0, 0)};
    builder_dependency(&builder, 1, hold(SCENE_TABLE, 0), holds, 3);
    builder_dependency(&builder, 1, hold(0, 0), holds, 3); /* wants nothing */
    struct report *report = scene_report(&builder, "order_graph_test");
    struct order_graph *graph = order_graph_create(report);
    check_told(graph, "account_lock -> table+0x40 1x by 1\n"
                      "Bank::lock -> table+0x40 1x by 1\n");
    order_graph_free(graph);
    report_free(report);
    builder_free(&builder);
}

TEST(an_order_names_its_findings_and_shows_their_stacks) {
    struct recording_builder builder;
    scene_start(&builder);
    add(&builder, SCENE_MAIN, SCENE_ACCOUNT, SCENE_TABLE);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL);
    struct report *report = scene_report(&builder, "order_graph_test");
    struct order_graph *graph = order_graph_create(report);
    /* The second order is only known from the finding, as those of other processes are. */
    check_told(graph, "account_lock -> table+0x40 1x by 1, cyclic, found\n"
                      "table+0x40 -> account_lock 0x by 1, cyclic, found\n");
    CHECK(order_graph_finding(graph, 0, 0) == report_finding(report, 0));
    CHECK(order_graph_finding(graph, 0, 1) == NULL);
    CHECK_STR(order_graph_use(graph, 1).thread->id, "T2");
    CHECK_STR(order_graph_use(graph, 1).held.frames[0].function, "Bank::audit()");
    order_graph_free(graph);
    report_free(report);
    builder_free(&builder);
}

TEST(a_withdrawn_finding_marks_nothing) {
    struct recording_builder builder;
    scene_start(&builder);
    size_t at = scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL);
    struct report *report = scene_report(&builder, "order_graph_test");
    builder_finding_at(&builder, at)->count = 0;
    scene_read(&builder, "order_graph_test", report);
    struct order_graph *graph = order_graph_create(report);
    check_told(graph, "");
    order_graph_free(graph);
    report_free(report);
    builder_free(&builder);
}

/* Two processes with the mutex of one file mapping, each by its own number. */
static void shared_process(struct recording_builder *builder, uint32_t pid, uint32_t queue, uint32_t own,
                           bool queue_first, bool twice) {
    builder_start(builder);
    builder_header(builder)->pid = pid;
    for (uint32_t id = 1; id <= 3; id++) {
        struct recording_lock lock = {
            .lock = id, .kind = LOCK_KIND_MUTEX, .address = 0x7f0000000000 + id * 64};
        if (id == queue || (twice && id == 3)) {
            lock.shared = 1;
            lock.device = 8;
            lock.inode = 77;
        }
        builder_record(builder, RECORDING_LOCK, &lock, sizeof lock);
    }
    add(builder, 1, queue_first ? queue : own, queue_first ? own : queue);
}

static size_t nodes_of_two(bool twice) {
    struct recording_builder first, second;
    shared_process(&first, 1, 1, 2, true, twice);
    shared_process(&second, 2, 2, 1, false, false);
    struct report *report = report_create();
    scene_read(&first, "order_graph_first", report);
    scene_read(&second, "order_graph_second", report);
    struct order_graph *graph = order_graph_create(report);
    size_t nodes = order_graph_nodes(graph);
    CHECK_EQ(order_graph_edges(graph), 2);
    order_graph_free(graph);
    report_free(report);
    builder_free(&first);
    builder_free(&second);
    return nodes;
}

TEST(a_lock_between_processes_is_one_node) {
    CHECK_EQ(nodes_of_two(false), 3);
    CHECK_EQ(nodes_of_two(true), 4); /* one process has had two locks there: which of them is not known */
}

TEST(a_recording_that_is_gone_is_told) {
    struct recording_builder builder;
    scene_start(&builder);
    add(&builder, SCENE_MAIN, SCENE_ACCOUNT, SCENE_TABLE);
    struct report *report = scene_report(&builder, "order_graph_gone");
    unlink(report_process(report, 0)->recording);
    struct order_graph *graph = order_graph_create(report);
    CHECK_EQ(order_graph_edges(graph), 0);
    CHECK_EQ(order_graph_unread(graph), 1);
    order_graph_free(graph);
    report_free(report);
    builder_free(&builder);
}

/* A chain of locks, with cycles of two at its beginning. */
static struct report *chain(struct recording_builder *builder, uint32_t locks, uint32_t cycles) {
    builder_start(builder);
    for (uint32_t i = 1; i <= locks; i++)
        builder_lock(builder, i, LOCK_KIND_MUTEX, 0x7f0000000000 + i * 64, 0, 0);
    for (uint32_t i = 1; i < locks; i++)
        add(builder, 1, i, i + 1);
    for (uint32_t i = 0; i < cycles; i++)
        add(builder, 1, 2 * i + 2, 2 * i + 1);
    return scene_report(builder, "order_graph_chain");
}

TEST(a_large_graph_is_shown_by_its_cycles) {
    static const struct {
        uint32_t locks, cycles;
        size_t nodes, edges, nodes_left;
        bool cyclic_only;
    } cases[] = {
        {ORDER_PART_NODES, 1, ORDER_PART_NODES, ORDER_PART_NODES, 0, false},
        {ORDER_PART_NODES + 1, 1, 2, 2, 0, true},
        {ORDER_PART_NODES + 1, 0, 0, 0, 0, true},
        {2 * ORDER_PART_NODES, ORDER_PART_NODES, ORDER_PART_NODES,
         ORDER_PART_NODES + ORDER_PART_NODES / 2 - 1, ORDER_PART_NODES, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct recording_builder builder;
        struct report *report = chain(&builder, cases[i].locks, cases[i].cycles);
        struct order_graph *graph = order_graph_create(report);
        struct order_part part = order_part_of(graph);
        CHECK_EQ(order_graph_nodes(graph), cases[i].locks);
        CHECK_EQ(part.nodes_count, cases[i].nodes);
        CHECK_EQ(part.nodes_left, cases[i].nodes_left);
        CHECK_EQ(part.edges_count, cases[i].edges);
        CHECK_EQ(part.cyclic_only, cases[i].cyclic_only);
        order_part_free(&part);
        order_graph_free(graph);
        report_free(report);
        builder_free(&builder);
    }
}

CHECK_MAIN
