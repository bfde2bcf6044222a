/* The lock-order graph at its bounds, and with many locks and threads. */
#include "detector/lock_graph.h"

#include "tests/check.h"
#include "tests/detector/program.h"
#include "tests/detector/random.h"

/* ---- bounds ---- */

TEST(cycles_with_the_same_stacks_are_reported_up_to_the_bound) {
    struct program *p = program_create_with(&(struct lock_graph_options){.max_per_signature = 3});
    program_start(p, 2, 3, 1);
    p->stack = 1;
    for (uint32_t i = 0; i < 10; i++) {
        NEST(p, 2, 100 + 2 * i, 101 + 2 * i);
        NEST(p, 3, 101 + 2 * i, 100 + 2 * i);
    }
    CHECK_EQ(p->found, 3);
    CHECK_EQ(p->again, 7);
    CHECK_EQ(p->again_number, 1);
    p->stack = 2; /* other code */
    NEST(p, 2, 200, 201);
    NEST(p, 3, 201, 200);
    CHECK_EQ(p->found, 4);
    CHECK_EQ(program_counts(p).cycles, 4);
    CHECK_EQ(program_counts(p).unreported, 0);
    program_destroy(p);
}

TEST(the_default_bound_of_a_signature_is_64) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    p->stack = 1;
    for (uint32_t i = 0; i < 70; i++) {
        NEST(p, 2, 100 + 2 * i, 101 + 2 * i);
        NEST(p, 3, 101 + 2 * i, 100 + 2 * i);
    }
    CHECK_EQ(p->found, 64);
    CHECK_EQ(p->again, 6);
    program_destroy(p);
}

TEST(all_cycles_are_reported_up_to_the_bound) {
    struct program *p = program_create_with(&(struct lock_graph_options){.max_cycles = 5});
    program_start(p, 2, 3, 1);
    for (uint32_t i = 0; i < 8; i++) {
        NEST(p, 2, 100 + 2 * i, 101 + 2 * i);
        NEST(p, 3, 101 + 2 * i, 100 + 2 * i);
    }
    CHECK_EQ(p->found, 5);
    CHECK_EQ(program_counts(p).cycles, 5);
    CHECK_EQ(program_counts(p).unreported, 3);
    program_destroy(p);
}

/* Nine locks between 1 and 100 are taken in order by three threads; one thread takes 1 after 100. The first
 * cycles that this closes are the shortest. */
TEST(cycles_through_one_edge_are_reported_up_to_the_bound) {
    struct program *p = program_create_with(&(struct lock_graph_options){.max_per_edge = 3});
    program_start(p, 2, 4, 1);
    NEST(p, 2, 1, 100);
    for (uint32_t i = 0; i < 9; i++) {
        NEST(p, 2, 1, 10 + i);
        NEST(p, 3, 10 + i, 100);
    }
    CHECK_EQ(p->found, 0);
    NEST(p, 4, 100, 1);
    CHECK_STR(p->text, "T2 holds 1 wants 100, T4 holds 100 wants 1\n"
                       "T2 holds 1 wants 18, T3 holds 18 wants 100, T4 holds 100 wants 1\n"
                       "T2 holds 1 wants 17, T3 holds 17 wants 100, T4 holds 100 wants 1\n");
    CHECK_EQ(p->found, 3);
    CHECK_EQ(p->again, 1); /* once for one dependency */
    CHECK_EQ(p->again_number, 1);
    CHECK_EQ(program_counts(p).unreported, 7);
    program_destroy(p);
}

TEST(the_default_bound_of_an_edge_is_4) {
    struct program *p = program_create();
    program_start(p, 2, 4, 1);
    for (uint32_t i = 0; i < 6; i++) {
        NEST(p, 2, 1, 10 + i);
        NEST(p, 3, 10 + i, 100);
    }
    NEST(p, 4, 100, 1);
    CHECK_EQ(p->found, 4);
    CHECK_EQ(program_counts(p).unreported, 2);
    program_destroy(p);
}

/* Every pair of 12 locks is taken in both orders by one thread: nothing can be found, and it is much to
 * search. */
TEST(a_search_stops_at_its_budget_and_is_counted) {
    struct program *p = program_create_with(&(struct lock_graph_options){.max_steps = 100});
    program_start(p, 2, 2, 1);
    p->stack = 1;
    for (uint32_t a = 1; a <= 12; a++)
        for (uint32_t b = 1; b <= 12; b++)
            if (a != b)
                NEST(p, 2, a, b);
    CHECK_EQ(program_counts(p).cut_searches, 0); /* no use goes together with the new one: nothing to try */
    p->stack = 2;
    for (uint32_t a = 1; a <= 12; a++)
        for (uint32_t b = 1; b <= 12; b++)
            if (a < b)
                program_start(p, 3 + a * 12 + b, 3 + a * 12 + b, 1), NEST(p, 3 + a * 12 + b, a, b);
    CHECK(program_counts(p).cut_searches > 0);
    CHECK(p->found > 0);
    program_destroy(p);
}

TEST(gate_sets_beyond_the_bound_are_searched_but_not_kept) {
    struct program *p = program_create_with(&(struct lock_graph_options){.max_gate_sets = 3});
    program_start(p, 2, 3, 1);
    NEST(p, 3, 11, 10);
    for (uint32_t gate = 20; gate < 25; gate++)
        NEST(p, 2, gate, 10, 11);
    CHECK_EQ(program_counts(p).dropped, 2);
    CHECK_EQ(p->found, 1);
    CHECK_EQ(p->again, 4);
    NEST(p, 2, 10, 11); /* fewer gates than all of them */
    CHECK_EQ(program_counts(p).dropped, 2);
    CHECK(lock_graph_knows(p->graph, 2, 0, &(struct lock_hold){.lock = 10}, &(struct lock_hold){.lock = 11}));
    program_destroy(p);
}

TEST(uses_beyond_the_bound_are_searched_but_not_kept) {
    struct program *p = program_create_with(&(struct lock_graph_options){.max_uses = 3});
    program_start(p, 2, 8, 1);
    NEST(p, 8, 11, 10);
    for (uint32_t thread = 2; thread < 7; thread++)
        NEST(p, thread, 10, 11);
    CHECK_EQ(program_counts(p).dropped, 2);
    CHECK_EQ(program_counts(p).dependencies, 4);
    CHECK_EQ(p->found, 1);
    CHECK_EQ(p->again, 4);
    program_destroy(p);
}

static int want_in_new_thread(struct program *p, uint32_t thread, uint32_t held, uint32_t wanted) {
    segments_start(p->segments, thread, 1);
    struct lock_hold hold = {held, LOCK_EXCLUSIVE, 1};
    struct lock_dependency dependency = {thread, 0, 1, &hold, {wanted, LOCK_EXCLUSIVE, 2}};
    return lock_graph_add(p->graph, &dependency);
}

TEST(uses_that_are_over_make_room) {
    struct program *p = program_create_with(&(struct lock_graph_options){.max_uses = 100});
    uint32_t thread = 2;
    for (; thread < 2002; thread++) { /* one after the other */
        CHECK_EQ(want_in_new_thread(p, thread, 10, 11), 1);
        segments_join(p->segments, 1, thread);
    }
    CHECK(program_counts(p).dependencies <= 65);
    uint32_t before = (uint32_t)program_counts(p).dependencies;
    for (; thread < 2082; thread++) /* these run on */
        CHECK_EQ(want_in_new_thread(p, thread, 10, 11), 1);
    CHECK(program_counts(p).dependencies >= 80);
    CHECK(program_counts(p).dependencies < 80 + before);
    CHECK_EQ(program_counts(p).dropped, 0);
    for (; thread < 2120; thread++)
        want_in_new_thread(p, thread, 10, 11);
    CHECK_EQ(program_counts(p).dependencies, 100);
    CHECK_EQ(program_counts(p).dropped, 18);
    program_destroy(p);
}

/* ---- scale ---- */

TEST(three_hundred_locks_held) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    for (uint32_t lock = 1; lock <= 300; lock++)
        program_lock(p, 2, lock);
    CHECK_EQ(program_counts(p).edges, 300 * 299 / 2);
    CHECK_STR(p->text, "");
    program_unlock_all(p, 2);
    NEST(p, 3, 300, 1);
    CHECK_EQ(p->found, 1);
    CHECK(strncmp(p->text, "T2 holds 1 2 3 4 5 6 7 8 9 10 ", 30) == 0);
    CHECK(strstr(p->text, " 298 299 wants 300, T3 holds 300 wants 1\n") != NULL);
    program_destroy(p);
}

TEST(twenty_thousand_locks) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    for (uint32_t lock = 1; lock < 20000; lock++)
        NEST(p, 2, lock, lock + 1);
    for (uint32_t lock = 1; lock < 20000; lock += 2)
        NEST(p, 3, 20000 + lock, lock);
    CHECK_EQ(program_counts(p).locks, 30000);
    CHECK_STR(p->text, "");
    NEST(p, 3, 10001, 10000);
    CHECK_STR(p->text, "T2 holds 10000 wants 10001, T3 holds 10001 wants 10000\n");
    CHECK_EQ(program_counts(p).cut_searches, 0);
    program_destroy(p);
}

TEST(a_ring_of_two_hundred_locks_and_threads) {
    struct program *p = program_create();
    program_start(p, 2, 201, 1);
    for (uint32_t i = 0; i < 200; i++) {
        CHECK_EQ(p->found, 0);
        NEST(p, 2 + i, 1 + i * 7 % 200, 1 + (i * 7 + 7) % 200);
    }
    CHECK_EQ(p->found, 1);
    CHECK_EQ(program_counts(p).cut_searches, 0);
    program_destroy(p);
}

/* A lock per account, taken in the order of each transfer: 1000 locks in one component. */
TEST(transfers_between_a_thousand_accounts) {
    struct program *p = program_create();
    program_start(p, 2, 9, 1);
    p->stack = 1;
    random_seed(1);
    for (uint32_t i = 0; i < 30000; i++) {
        uint32_t from = 1 + random_below(1000), to = 1 + random_below(1000);
        if (from != to)
            NEST(p, 2 + i % 8, from, to);
    }
    CHECK_EQ(p->found, 64);
    CHECK(program_counts(p).cut_searches > 0);
    CHECK_EQ(program_counts(p).dropped, 0);
    program_destroy(p);
}

CHECK_MAIN
