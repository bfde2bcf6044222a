#include "detector/lock_graph.h"

#include "tests/check.h"
#include "tests/detector/program.h"

/* ---- what is a cycle ---- */

TEST(two_threads_in_opposite_orders) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    NEST(p, 2, 10, 11);
    CHECK_STR(p->text, "");
    NEST(p, 3, 11, 10);
    CHECK_STR(p->text, "T2 holds 10 wants 11, T3 holds 11 wants 10\n");
    CHECK_EQ(program_counts(p).cycles, 1);
    CHECK_EQ(program_counts(p).locks, 2);
    CHECK_EQ(program_counts(p).edges, 2);
    CHECK_EQ(program_counts(p).dependencies, 2);
    program_destroy(p);
}

TEST(two_threads_in_the_same_order) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    NEST(p, 2, 10, 11);
    NEST(p, 3, 10, 11);
    NEST(p, 2, 11, 12);
    NEST(p, 3, 10, 12);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(one_thread_in_both_orders) {
    struct program *p = program_create();
    NEST(p, 1, 10, 11);
    NEST(p, 1, 11, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(a_lock_released_before_the_closing_one) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    NEST(p, 2, 10, 11);
    program_lock(p, 3, 11);
    program_unlock(p, 3, 11);
    program_lock(p, 3, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(three_threads_around) {
    struct program *p = program_create();
    program_start(p, 2, 4, 1);
    NEST(p, 2, 10, 11);
    NEST(p, 3, 11, 12);
    CHECK_STR(p->text, "");
    NEST(p, 4, 12, 10);
    CHECK_STR(p->text, "T2 holds 10 wants 11, T3 holds 11 wants 12, T4 holds 12 wants 10\n");
    program_destroy(p);
}

TEST(three_edges_by_two_threads) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    NEST(p, 2, 10, 11);
    NEST(p, 3, 11, 12);
    NEST(p, 2, 12, 10);
    NEST(p, 3, 12, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(five_threads_around) {
    struct program *p = program_create();
    program_start(p, 2, 6, 1);
    NEST(p, 4, 12, 13);
    NEST(p, 2, 10, 11);
    NEST(p, 6, 14, 10);
    NEST(p, 3, 11, 12);
    CHECK_STR(p->text, "");
    NEST(p, 5, 13, 14);
    CHECK_STR(p->text,
              "T2 holds 10 wants 11, T3 holds 11 wants 12, T4 holds 12 wants 13, T5 holds 13 wants 14, "
              "T6 holds 14 wants 10\n");
    program_destroy(p);
}

TEST(a_ring_of_three_in_both_directions_is_two_cycles) {
    struct program *p = program_create();
    program_start(p, 2, 7, 1);
    NEST(p, 2, 10, 11);
    NEST(p, 3, 11, 12);
    NEST(p, 4, 12, 10);
    CHECK_STR(p->text, "T2 holds 10 wants 11, T3 holds 11 wants 12, T4 holds 12 wants 10\n");
    p->text[0] = '\0';
    /* The same pairs the other way round, each by the thread that took it first, so that no pair is a cycle.
     */
    NEST(p, 2, 11, 10);
    NEST(p, 3, 12, 11);
    NEST(p, 4, 10, 12);
    CHECK_STR(p->text, "T4 holds 10 wants 12, T3 holds 12 wants 11, T2 holds 11 wants 10\n");
    program_destroy(p);
}

TEST(a_cycle_is_reported_once_and_counted_again) {
    struct program *p = program_create();
    program_start(p, 2, 5, 1);
    NEST(p, 2, 10, 11);
    NEST(p, 3, 11, 10);
    NEST(p, 2, 20, 21);
    NEST(p, 3, 21, 20);
    CHECK_EQ(p->found, 2);
    CHECK_EQ(p->again, 0);
    NEST(p, 4, 20, 21);
    CHECK_EQ(p->again, 1);
    CHECK_EQ(p->again_number, 2);
    NEST(p, 5, 11, 10);
    CHECK_EQ(p->again, 2);
    CHECK_EQ(p->again_number, 1);
    NEST(p, 5, 11, 10); /* known: nothing is searched */
    CHECK_EQ(p->again, 2);
    CHECK_EQ(p->found, 2);
    program_destroy(p);
}

/* Thread 2 took the second lock for writing and for reading: two edges, one cycle of locks. */
TEST(a_cycle_closed_in_two_ways_at_once_counts_once) {
    struct program *p = program_create();
    program_start(p, 2, 4, 1);
    NEST(p, 2, 10, 11);
    program_lock(p, 2, 10), program_read(p, 2, 11);
    NEST(p, 3, 11, 10);
    CHECK_EQ(p->found, 1);
    CHECK_EQ(p->again, 0);
    NEST(p, 4, 11, 10);
    CHECK_EQ(p->found, 1);
    CHECK_EQ(p->again, 1);
    program_destroy(p);
}

TEST(cycles_beyond_the_bound_closed_at_once_count_once) {
    struct program *p = program_create_with(&(struct lock_graph_options){.max_per_signature = 1});
    program_start(p, 2, 5, 1);
    p->stack = 1;
    NEST(p, 2, 10, 11);
    NEST(p, 3, 11, 10);
    NEST(p, 2, 20, 21);
    NEST(p, 4, 21, 22);
    NEST(p, 5, 20, 22);
    CHECK_EQ(p->again, 0);
    NEST(p, 3, 22, 20); /* with 20 -> 22, and with 20 -> 21 -> 22 */
    CHECK_EQ(p->found, 1);
    CHECK_EQ(p->again, 1);
    program_destroy(p);
}

TEST(a_cycle_that_has_happened_is_not_predicted) {
    struct program *p = program_create();
    program_start(p, 2, 4, 1);
    lock_graph_mark_reported(p->graph, (const uint32_t[]){12, 10, 11}, 3, 77);
    NEST(p, 2, 10, 11);
    NEST(p, 3, 11, 12);
    NEST(p, 4, 12, 10);
    CHECK_STR(p->text, "");
    CHECK_EQ(p->again, 1);
    CHECK_EQ(p->again_number, 77);
    program_destroy(p);
}

/* ---- gate locks ---- */

TEST(a_gate_lock_around_both_sides) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    NEST(p, 2, 9, 10, 11);
    NEST(p, 3, 9, 11, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(a_gate_lock_around_one_side) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    NEST(p, 2, 9, 10, 11);
    NEST(p, 3, 11, 10);
    CHECK_STR(p->text, "T2 holds 9 10 wants 11, T3 holds 11 wants 10\n");
    program_destroy(p);
}

TEST(a_gate_lock_released_before_the_inner_lock) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    NEST(p, 2, 9, 10, 11);
    program_lock(p, 3, 9);
    program_lock(p, 3, 11);
    program_unlock(p, 3, 9);
    program_lock(p, 3, 10);
    CHECK_STR(p->text, "T2 holds 9 10 wants 11, T3 holds 11 wants 10\n");
    program_destroy(p);
}

TEST(different_gate_locks) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    NEST(p, 2, 8, 10, 11);
    NEST(p, 3, 9, 11, 10);
    CHECK_STR(p->text, "T2 holds 8 10 wants 11, T3 holds 9 11 wants 10\n");
    program_destroy(p);
}

TEST(a_gate_lock_held_for_reading_by_both) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    program_read(p, 2, 9);
    NEST(p, 2, 10, 11);
    program_read(p, 3, 9);
    NEST(p, 3, 11, 10);
    CHECK_STR(p->text, "T2 holds 9r 10 wants 11, T3 holds 9r 11 wants 10\n");
    program_destroy(p);
}

TEST(a_gate_lock_held_for_reading_by_one) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    program_read(p, 2, 9);
    NEST(p, 2, 10, 11);
    NEST(p, 3, 9, 11, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(a_gate_lock_between_two_of_three) {
    struct program *p = program_create();
    program_start(p, 2, 4, 1);
    NEST(p, 2, 9, 10, 11);
    NEST(p, 3, 9, 11, 12);
    NEST(p, 4, 12, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

/* Both orders are seen under the gate first and without it later: the later ones count. */
TEST(fewer_gates_make_a_dependency_new) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    NEST(p, 2, 9, 10, 11);
    NEST(p, 3, 9, 11, 10);
    program_lock(p, 2, 10);
    CHECK_EQ(program_lock(p, 2, 11), 1);
    CHECK_STR(p->text, "T2 holds 10 wants 11, T3 holds 9 11 wants 10\n");
    program_destroy(p);
}

TEST(of_one_thread_and_segment_only_minimal_gate_sets_are_kept) {
    struct program *p = program_create();
    program_lock(p, 1, 8);
    program_lock(p, 1, 9);
    program_lock(p, 1, 10);
    CHECK_EQ(program_lock(p, 1, 11), 1);
    program_unlock_all(p, 1);
    CHECK_EQ(program_counts(p).dependencies, 6); /* 8-9, 8-10, 9-10, 8-11, 9-11, 10-11 */
    program_lock(p, 1, 7);
    program_lock(p, 1, 8);
    program_lock(p, 1, 9);
    program_lock(p, 1, 10);
    program_unlock(p, 1, 7);
    CHECK_EQ(program_lock(p, 1, 11), 0); /* the same gates */
    program_unlock_all(p, 1);
    CHECK_EQ(program_counts(p).dependencies, 9); /* 7-8, 7-9 and 7-10 */
    program_lock(p, 1, 9);
    program_lock(p, 1, 10);
    CHECK_EQ(program_lock(p, 1, 11), 1); /* takes the place of 9-11 and 10-11 under 8, and of 9-10 under 8 */
    CHECK_EQ(program_counts(p).dependencies, 9);
    program_unlock(p, 1, 11);
    program_unlock(p, 1, 9);
    program_lock(p, 1, 7);
    CHECK_EQ(program_lock(p, 1, 11), 1); /* 10-11 under 7, beside 10-11 under 9; 10-7 and 7-11 */
    CHECK_EQ(program_counts(p).dependencies, 12);
    program_destroy(p);
}

/* ---- readers and writers ---- */

TEST(readers_only) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    program_read(p, 2, 10), program_read(p, 2, 11);
    program_read(p, 3, 11), program_read(p, 3, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(one_lock_is_only_read) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    program_read(p, 2, 10), program_lock(p, 2, 11);
    program_lock(p, 3, 11), program_read(p, 3, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(readers_that_want_to_write_what_the_other_reads) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    program_read(p, 2, 10), program_lock(p, 2, 11);
    program_unlock_all(p, 2);
    program_read(p, 3, 11), program_lock(p, 3, 10);
    CHECK_STR(p->text, "T2 holds 10r wants 11, T3 holds 11r wants 10\n");
    program_destroy(p);
}

TEST(a_reader_that_wants_what_a_writer_holds) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    program_lock(p, 2, 10), program_read(p, 2, 11);
    program_lock(p, 3, 11), program_read(p, 3, 10);
    CHECK_STR(p->text, "T2 holds 10 wants 11r, T3 holds 11 wants 10r\n");
    program_destroy(p);
}

TEST(modes_are_kept_apart) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    program_read(p, 2, 10), program_read(p, 2, 11);
    program_unlock_all(p, 2);
    program_read(p, 3, 11), program_read(p, 3, 10);
    program_unlock_all(p, 3);
    CHECK_STR(p->text, "");
    program_lock(p, 2, 10), program_read(p, 2, 11);
    program_unlock_all(p, 2);
    CHECK_STR(p->text, "");
    program_lock(p, 3, 11), program_read(p, 3, 10);
    CHECK_STR(p->text, "T2 holds 10 wants 11r, T3 holds 11 wants 10r\n");
    program_destroy(p);
}

/* ---- trylock ---- */

TEST(a_lock_got_by_trylock_as_the_outer_one) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    program_hold(p, 2, 10), program_lock(p, 2, 11);
    program_hold(p, 3, 11), program_lock(p, 3, 10);
    CHECK_STR(p->text, "T2 holds 10 wants 11, T3 holds 11 wants 10\n");
    program_destroy(p);
}

TEST(a_lock_got_by_trylock_as_the_inner_one) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    program_lock(p, 2, 10), program_hold(p, 2, 11);
    program_lock(p, 3, 11), program_lock(p, 3, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

/* ---- order by creation and joining ---- */

TEST(before_the_thread_was_created) {
    struct program *p = program_create();
    NEST(p, 1, 10, 11);
    program_start(p, 2, 2, 1);
    NEST(p, 2, 11, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(after_the_thread_was_created) {
    struct program *p = program_create();
    program_start(p, 2, 2, 1);
    NEST(p, 1, 10, 11);
    NEST(p, 2, 11, 10);
    CHECK_STR(p->text, "T1 holds 10 wants 11, T2 holds 11 wants 10\n");
    program_destroy(p);
}

TEST(after_the_thread_was_joined) {
    struct program *p = program_create();
    program_start(p, 2, 2, 1);
    NEST(p, 2, 11, 10);
    segments_join(p->segments, 1, 2);
    NEST(p, 1, 10, 11);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(one_thread_joined_before_the_next_was_created) {
    struct program *p = program_create();
    program_start(p, 2, 2, 1);
    NEST(p, 2, 10, 11);
    segments_join(p->segments, 1, 2);
    program_start(p, 3, 3, 1);
    NEST(p, 3, 11, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(threads_that_run_one_after_the_other_by_chance) {
    struct program *p = program_create();
    program_start(p, 2, 2, 1);
    NEST(p, 2, 10, 11);
    program_start(p, 3, 3, 1);
    segments_join(p->segments, 1, 2);
    NEST(p, 3, 11, 10);
    CHECK_STR(p->text, "T2 holds 10 wants 11, T3 holds 11 wants 10\n");
    program_destroy(p);
}

/* ---- locks that go away ---- */

TEST(a_removed_lock_is_in_no_cycle) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    NEST(p, 2, 10, 11);
    NEST(p, 2, 20, 21);
    lock_graph_remove(p->graph, 10);
    NEST(p, 3, 11, 12); /* 12 lies where 10 was */
    CHECK_STR(p->text, "");
    NEST(p, 3, 21, 20); /* the others are still known */
    CHECK_STR(p->text, "T2 holds 20 wants 21, T3 holds 21 wants 20\n");
    program_destroy(p);
}

TEST(removing_a_lock_removes_all_of_it) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    NEST(p, 2, 10, 11, 12, 13);
    NEST(p, 3, 13, 12, 11, 10);
    CHECK_EQ(program_counts(p).edges, 12);
    lock_graph_remove(p->graph, 11);
    CHECK_EQ(program_counts(p).locks, 3);
    CHECK_EQ(program_counts(p).edges, 6);
    CHECK_EQ(program_counts(p).dependencies, 6);
    lock_graph_remove(p->graph, 11);
    lock_graph_remove(p->graph, 99);
    for (uint32_t lock = 10; lock <= 13; lock++)
        lock_graph_remove(p->graph, lock);
    CHECK_EQ(program_counts(p).locks + program_counts(p).edges + program_counts(p).dependencies, 0);
    program_destroy(p);
}

TEST(a_cycle_that_is_broken_and_closed_by_other_locks) {
    struct program *p = program_create();
    program_start(p, 2, 4, 1);
    NEST(p, 2, 10, 11);
    NEST(p, 3, 11, 12);
    NEST(p, 4, 12, 10);
    lock_graph_remove(p->graph, 11);
    p->text[0] = '\0';
    NEST(p, 2, 10, 13);
    NEST(p, 3, 13, 12);
    CHECK_STR(p->text, "T2 holds 10 wants 13, T3 holds 13 wants 12, T4 holds 12 wants 10\n");
    program_destroy(p);
}

TEST(short_lived_locks_leave_no_memory_behind) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    size_t taken = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        if (i == 1000)
            taken = p->arena.taken;
        NEST(p, 2, 100 + i, 1, 2);
        NEST(p, 3, 3, 100 + i);
        lock_graph_remove(p->graph, 100 + i);
    }
    CHECK_EQ(p->arena.taken, taken);
    CHECK_EQ(program_counts(p).locks, 3);
    CHECK_STR(p->text, "");
    /* 1 -> 2 was always under a gate that cannot be held again: now it is as good as ungated. */
    NEST(p, 3, 2, 1);
    CHECK(strstr(p->text, " 1 wants 2, T3 holds 2 wants 1\n") != NULL);
    program_destroy(p);
}

/* ---- what is known ---- */

TEST(knows_what_a_thread_has_said_in_its_segment) {
    struct program *p = program_create();
    struct lock_hold held = {10, LOCK_EXCLUSIVE, 0}, wanted = {11, LOCK_EXCLUSIVE, 0};
    struct lock_hold shared = {11, LOCK_SHARED, 0};
    CHECK(!lock_graph_knows(p->graph, 1, 0, &held, &wanted));
    NEST(p, 1, 9, 10, 11);
    CHECK(!lock_graph_knows(p->graph, 1, 0, &held, &wanted));
    NEST(p, 1, 10, 11);
    CHECK(lock_graph_knows(p->graph, 1, 0, &held, &wanted));
    CHECK(!lock_graph_knows(p->graph, 1, 0, &held, &shared));
    CHECK(!lock_graph_knows(p->graph, 1, 0, &wanted, &held));
    CHECK(!lock_graph_knows(p->graph, 1, 1, &held, &wanted));
    CHECK(!lock_graph_knows(p->graph, 2, 0, &held, &wanted));
    lock_graph_remove(p->graph, 11);
    CHECK(!lock_graph_knows(p->graph, 1, 0, &held, &wanted));
    program_destroy(p);
}

TEST(a_dependency_is_new_once_per_thread_and_segment) {
    struct program *p = program_create();
    program_lock(p, 1, 10);
    CHECK_EQ(program_want(p, 1, 11, LOCK_EXCLUSIVE, 5), 1);
    CHECK_EQ(program_want(p, 1, 11, LOCK_EXCLUSIVE, 6), 0);
    CHECK_EQ(program_want(p, 1, 11, LOCK_SHARED, 5), 1);
    program_start(p, 2, 2, 1);
    CHECK_EQ(program_want(p, 1, 11, LOCK_EXCLUSIVE, 5), 1);
    program_destroy(p);
}

/* ---- what a finding says ---- */

static void check_whole_finding(const struct finding *finding) {
    CHECK_EQ(finding->kind, FINDING_DEADLOCK_POTENTIAL);
    CHECK_EQ(finding->shape, FINDING_SHAPE_CYCLE);
    CHECK_EQ(finding->severity, FINDING_WARNING);
    CHECK_EQ(finding->steps_count, 2);
    const struct finding_step *a = &finding->steps[0], *b = &finding->steps[1];
    CHECK_EQ(a->thread, 2);
    CHECK_EQ(a->holds_count, 4);
    const struct lock_hold expected[] = {
        {30, LOCK_EXCLUSIVE, 1}, {20, LOCK_SHARED, 2}, {10, LOCK_EXCLUSIVE, 3}, {25, LOCK_EXCLUSIVE, 4}};
    CHECK(memcmp(a->holds, expected, sizeof expected) == 0);
    CHECK_EQ(a->wants.lock, 11);
    CHECK_EQ(a->wants.mode, LOCK_EXCLUSIVE);
    CHECK_EQ(a->wants.stack, 5);
    CHECK_EQ(b->thread, 3);
    CHECK_EQ(b->holds_count, 1);
    CHECK_EQ(b->holds[0].lock, 11);
    CHECK_EQ(b->holds[0].mode, LOCK_SHARED);
    CHECK_EQ(b->holds[0].stack, 6);
    CHECK_EQ(b->wants.lock, 10);
    CHECK_EQ(b->wants.mode, LOCK_SHARED);
    CHECK_EQ(b->wants.stack, 7);
}

TEST(a_finding_lists_all_locks_held_in_order_with_their_stacks) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    p->check = check_whole_finding;
    program_lock(p, 2, 30);
    program_read(p, 2, 20);
    program_lock(p, 2, 10);
    program_lock(p, 2, 25);
    program_lock(p, 2, 11);
    program_read(p, 3, 11);
    program_read(p, 3, 10);
    CHECK_EQ(p->found, 1);
    program_destroy(p);
}

/* ---- epochs ---- */

TEST(orders_of_two_epochs_do_not_meet) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    NEST(p, 2, 10, 11);
    lock_graph_reset(p->graph);
    CHECK_EQ(program_counts(p).locks, 0);
    CHECK_EQ(program_counts(p).edges, 0);
    CHECK_EQ(program_counts(p).dependencies, 0);
    NEST(p, 3, 11, 10);
    CHECK_STR(p->text, "");
    NEST(p, 2, 10, 11);
    CHECK_STR(p->text, "T2 holds 10 wants 11, T3 holds 11 wants 10\n");
    program_destroy(p);
}

TEST(what_was_found_in_an_earlier_epoch_is_counted) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    for (int epoch = 0; epoch < 3; epoch++) {
        NEST(p, 2, 10, 11);
        NEST(p, 3, 11, 10);
        lock_graph_reset(p->graph);
    }
    CHECK_STR(p->text, "T2 holds 10 wants 11, T3 holds 11 wants 10\n");
    CHECK_EQ(p->again, 2);
    CHECK_EQ(program_counts(p).cycles, 1);
    program_destroy(p);
}

TEST(what_is_held_goes_on_into_the_next_epoch) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    program_lock(p, 2, 10);
    lock_graph_reset(p->graph);
    program_lock(p, 2, 11);
    program_unlock(p, 2, 11);
    program_unlock(p, 2, 10);
    NEST(p, 3, 11, 10);
    CHECK_STR(p->text, "T2 holds 10 wants 11, T3 holds 11 wants 10\n");
    program_destroy(p);
}

TEST(an_epoch_of_nothing) {
    struct program *p = program_create();
    lock_graph_reset(p->graph);
    lock_graph_reset(p->graph);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

/* A component of many locks, and an order that is the other way around in the next epoch. */
TEST(the_order_begins_anew) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    for (uint32_t lock = 10; lock < 60; lock++)
        NEST(p, 2, lock, lock + 1);
    NEST(p, 2, 60, 10);
    lock_graph_reset(p->graph);
    for (uint32_t lock = 60; lock > 10; lock--)
        NEST(p, 3, lock, lock - 1);
    CHECK_STR(p->text, "");
    CHECK_EQ(program_counts(p).locks, 51);
    CHECK_EQ(program_counts(p).edges, 50);
    program_destroy(p);
}

CHECK_MAIN
