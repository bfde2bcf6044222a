/* The option single_thread: cycles of locks that one thread closes alone. */
#include "detector/lock_graph.h"

#include "tests/check.h"
#include "tests/detector/program.h"

/* Thread 1 has started threads 2 to 5. */
static struct program *program_with(const struct lock_graph_options *options) {
    struct program *p = program_create_with(options);
    program_start(p, 2, 5, 1);
    return p;
}

static struct program *program(void) {
    return program_with(&(struct lock_graph_options){.single_thread = true});
}

/* ---- what is a cycle ---- */

static void check_whole_finding(const struct finding *finding) {
    CHECK_EQ(finding->kind, FINDING_ORDER_SINGLE_THREAD);
    CHECK_EQ(finding->shape, FINDING_SHAPE_CYCLE);
    CHECK_EQ(finding->severity, FINDING_NOTE);
    CHECK_EQ(finding->steps_count, 2);
    const struct lock_hold expected[] = {{10, LOCK_EXCLUSIVE, 1}, {11, LOCK_EXCLUSIVE, 3}};
    for (uint32_t i = 0; i < 2; i++) {
        CHECK_EQ(finding->steps[i].thread, 2);
        CHECK_EQ(finding->steps[i].holds_count, 1);
        CHECK(memcmp(finding->steps[i].holds, &expected[i], sizeof expected[i]) == 0);
        CHECK_EQ(finding->steps[i].wants.lock, 11 - i);
        CHECK_EQ(finding->steps[i].wants.stack, 2 + 2 * i);
    }
}

TEST(one_thread_in_both_orders) {
    struct program *p = program();
    p->check = check_whole_finding;
    NEST(p, 2, 10, 11);
    CHECK_STR(p->text, "");
    NEST(p, 2, 11, 10);
    CHECK_STR(p->text, "one thread: T2 holds 10 wants 11, T2 holds 11 wants 10\n");
    CHECK_EQ(program_counts(p).single_thread, 1);
    CHECK_EQ(program_counts(p).cycles, 0);
    program_destroy(p);
}

TEST(it_is_off_by_default) {
    struct program *p = program_with(&(struct lock_graph_options){0});
    NEST(p, 2, 10, 11);
    NEST(p, 2, 11, 10);
    CHECK_STR(p->text, "");
    CHECK_EQ(program_counts(p).dependencies, 2);
    program_destroy(p);
}

TEST(one_thread_around_three_locks) {
    struct program *p = program();
    NEST(p, 2, 10, 11);
    NEST(p, 2, 11, 12);
    NEST(p, 2, 12, 10);
    CHECK_STR(p->text, "one thread: T2 holds 10 wants 11, T2 holds 11 wants 12, T2 holds 12 wants 10\n");
    program_destroy(p);
}

/* Two of three: neither one thread alone nor a different one for each. */
TEST(three_orders_by_two_threads) {
    struct program *p = program();
    NEST(p, 2, 10, 11);
    NEST(p, 3, 11, 12);
    NEST(p, 2, 12, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(one_thread_under_a_gate_lock) {
    struct program *p = program();
    NEST(p, 2, 9, 10, 11);
    NEST(p, 2, 9, 11, 10);
    CHECK_STR(p->text, "");
    NEST(p, 2, 8, 11, 10);
    CHECK_STR(p->text, "one thread: T2 holds 9 10 wants 11, T2 holds 8 11 wants 10\n");
    program_destroy(p);
}

TEST(one_thread_that_reads) {
    struct program *p = program();
    program_read(p, 2, 10), program_read(p, 2, 11);
    program_unlock_all(p, 2);
    program_read(p, 2, 11), program_read(p, 2, 10);
    program_unlock_all(p, 2);
    CHECK_STR(p->text, "");
    program_read(p, 2, 11), program_lock(p, 2, 10);
    CHECK_STR(p->text, "");
    program_unlock_all(p, 2);
    program_read(p, 2, 10), program_lock(p, 2, 11);
    CHECK_STR(p->text, "one thread: T2 holds 10r wants 11, T2 holds 11r wants 10\n");
    program_destroy(p);
}

TEST(its_own_segments_order_nothing) {
    struct program *p = program();
    NEST(p, 1, 10, 11);
    program_start(p, 20, 21, 1);
    segments_join(p->segments, 1, 20);
    NEST(p, 1, 11, 10);
    CHECK_STR(p->text, "one thread: T1 holds 10 wants 11, T1 holds 11 wants 10\n");
    program_destroy(p);
}

TEST(a_reader_that_reads_again_and_writes_itself) {
    struct program *p = program();
    lock_graph_prefers_writers(p->graph, 10);
    program_read(p, 2, 10), program_reread(p, 2, 10);
    program_unlock_all(p, 2);
    CHECK_STR(p->text, "");
    program_write(p, 2, 10);
    CHECK_STR(p->text, "one thread: T2 holds 10r wants 10r, T2 wants 10\n");
    p->text[0] = '\0';
    program_write(p, 3, 10);
    CHECK_STR(p->text, "T2 holds 10r wants 10r, T3 wants 10\n");
    program_destroy(p);
}

TEST(one_thread_that_reads_in_both_orders_and_writes) {
    struct program *p = program();
    lock_graph_prefers_writers(p->graph, 10);
    lock_graph_prefers_writers(p->graph, 11);
    program_read(p, 2, 10), program_read(p, 2, 11);
    program_unlock_all(p, 2);
    program_read(p, 2, 11), program_read(p, 2, 10);
    program_unlock_all(p, 2);
    program_write(p, 2, 10);
    CHECK_STR(p->text, "");
    program_write(p, 2, 11);
    CHECK_STR(p->text,
              "one thread: T2 holds 10r wants 11r, T2 wants 11, T2 holds 11r wants 10r, T2 wants 10\n");
    program_destroy(p);
}

/* ---- beside the cycles between threads ---- */

TEST(a_later_cycle_between_threads_is_reported_too) {
    struct program *p = program();
    NEST(p, 2, 10, 11);
    NEST(p, 2, 11, 10);
    p->text[0] = '\0';
    NEST(p, 3, 10, 11);
    CHECK_STR(p->text, "T3 holds 10 wants 11, T2 holds 11 wants 10\n");
    CHECK_EQ(p->found, 2);
    CHECK_EQ(p->again, 0);
    NEST(p, 3, 11, 10); /* both kinds, and both known: only the real one counts */
    CHECK_EQ(p->found, 2);
    CHECK_EQ(p->again, 1);
    CHECK_EQ(p->again_number, 2);
    program_destroy(p);
}

TEST(a_cycle_between_threads_is_not_noted_of_one_thread) {
    struct program *p = program();
    NEST(p, 2, 10, 11);
    NEST(p, 3, 11, 10);
    CHECK_STR(p->text, "T2 holds 10 wants 11, T3 holds 11 wants 10\n");
    NEST(p, 2, 11, 10);
    NEST(p, 4, 10, 11), NEST(p, 4, 11, 10);
    CHECK_EQ(p->found, 1);
    CHECK_EQ(program_counts(p).single_thread, 0);
    program_destroy(p);
}

TEST(a_dependency_that_closes_both_is_reported_between_threads) {
    struct program *p = program();
    NEST(p, 2, 10, 11);
    NEST(p, 3, 10, 11);
    NEST(p, 3, 11, 10);
    CHECK_STR(p->text, "T2 holds 10 wants 11, T3 holds 11 wants 10\n");
    program_destroy(p);
}

/* The last one closes the cycle of one thread as a writer, and the one between threads by what it holds. */
TEST(a_writer_that_closes_both_is_reported_between_threads) {
    struct program *p = program();
    lock_graph_prefers_writers(p->graph, 10);
    program_read(p, 2, 10), program_lock(p, 2, 11);
    program_unlock_all(p, 2);
    program_read(p, 2, 11), program_read(p, 2, 10);
    program_unlock_all(p, 2);
    program_read(p, 3, 10), program_lock(p, 3, 11);
    program_unlock_all(p, 3);
    CHECK_STR(p->text, "");
    program_read(p, 2, 11), program_lock(p, 2, 10);
    CHECK_STR(p->text, "T3 holds 10r wants 11, T2 holds 11r wants 10\n");
    program_destroy(p);
}

TEST(a_cycle_that_has_happened_is_not_noted) {
    struct program *p = program();
    lock_graph_mark_reported(p->graph, (const uint32_t[]){11, 10}, 2, 5);
    NEST(p, 2, 10, 11);
    NEST(p, 2, 11, 10);
    CHECK_STR(p->text, "");
    CHECK_EQ(p->again, 0);
    program_destroy(p);
}

TEST(threads_that_close_it_one_after_the_other) {
    struct program *p = program();
    NEST(p, 2, 10, 11);
    NEST(p, 2, 11, 10);
    segments_join(p->segments, 1, 2);
    program_start(p, 20, 20, 1);
    NEST(p, 20, 10, 11);
    CHECK_EQ(p->again, 0);
    NEST(p, 20, 11, 10);
    CHECK_EQ(p->found, 1);
    CHECK_EQ(p->again, 1);
    CHECK_EQ(p->again_number, 1);
    program_destroy(p);
}

TEST(notes_use_up_no_bound_of_the_others) {
    struct program *p = program_with(&(struct lock_graph_options){
        .single_thread = true, .max_cycles = 3, .max_per_edge = 3, .max_per_signature = 3});
    p->stack = 1;
    for (uint32_t lock = 100; lock < 110; lock += 2) {
        NEST(p, 2, lock, lock + 1);
        NEST(p, 2, lock + 1, lock);
    }
    CHECK_EQ(program_counts(p).single_thread, 3);
    for (uint32_t lock = 200; lock < 206; lock += 2) {
        NEST(p, 2, lock, lock + 1);
        NEST(p, 3, lock + 1, lock);
    }
    CHECK_EQ(program_counts(p).cycles, 3);
    program_destroy(p);
}

/* ---- what is kept ---- */

TEST(a_removed_lock_is_in_no_cycle) {
    struct program *p = program();
    NEST(p, 2, 10, 11);
    lock_graph_remove(p->graph, 10);
    NEST(p, 2, 11, 10);
    CHECK_STR(p->text, "");
    lock_graph_remove(p->graph, 10);
    lock_graph_remove(p->graph, 11);
    CHECK_EQ(program_counts(p).locks + program_counts(p).edges + program_counts(p).dependencies, 0);
    program_destroy(p);
}

/* The first order lies before all that other threads can still do, but not before what this thread can. */
TEST(what_is_over_for_the_others_is_not_over_for_the_thread_itself) {
    struct program *p = program_create_with(&(struct lock_graph_options){.single_thread = true});
    struct lock_hold held = {10, LOCK_EXCLUSIVE, 1};
    struct lock_dependency dependency = {0, 0, 1, &held, {11, LOCK_EXCLUSIVE, 2}};
    NEST(p, 1, 10, 11);
    for (uint32_t thread = 300; thread < 800; thread++) {
        segments_start(p->segments, thread, 1);
        dependency.thread = thread;
        CHECK_EQ(lock_graph_add(p->graph, &dependency), 1);
        segments_join(p->segments, 1, thread);
    }
    CHECK(program_counts(p).dependencies <= 2 * 66);
    CHECK_EQ(program_counts(p).dropped, 0);
    CHECK_STR(p->text, "");
    NEST(p, 1, 11, 10);
    CHECK_STR(p->text, "one thread: T1 holds 10 wants 11, T1 holds 11 wants 10\n");
    program_destroy(p);
}

TEST(knows_what_was_said_in_this_segment) {
    struct program *p = program();
    struct lock_hold held = {10, LOCK_EXCLUSIVE, 0}, wanted = {11, LOCK_EXCLUSIVE, 0};
    NEST(p, 2, 10, 11);
    CHECK(lock_graph_knows(p->graph, 2, 0, &held, &wanted));
    CHECK(!lock_graph_knows(p->graph, 2, 1, &held, &wanted));
    CHECK(!lock_graph_knows(p->graph, 3, 0, &held, &wanted));
    program_destroy(p);
}

/* Every pair of 12 locks by one thread, over and over the same budget. */
TEST(a_search_stops_at_its_budget_and_is_counted) {
    struct program *p = program_with(&(struct lock_graph_options){.single_thread = true, .max_steps = 100});
    p->stack = 1;
    for (uint32_t a = 1; a <= 12; a++)
        for (uint32_t b = 1; b <= 12; b++)
            if (a != b)
                NEST(p, 2, a, b);
    CHECK(program_counts(p).cut_searches > 0);
    CHECK(program_counts(p).single_thread > 0);
    CHECK_EQ(program_counts(p).cycles, 0);
    program_destroy(p);
}

CHECK_MAIN
