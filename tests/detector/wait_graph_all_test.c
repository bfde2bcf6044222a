#include "detector/wait_graph.h"

#include "tests/check.h"
#include "tests/detector/wait_table.h"

static bool all(uint32_t count) {
    uint32_t threads[THREADS];
    for (uint32_t i = 0; i < count; i++)
        threads[i] = (count - i) * spread; /* in no order that matters */
    return wait_graph_all(&view, threads, count, &memory);
}

TEST(all_wait_for_somebody) {
    fresh();
    waits(1, WAIT_CONDITION, WAIT_NEEDS_SOMEONE, END);
    waits(2, WAIT_BARRIER, WAIT_NEEDS_SOMEONE, 9, END); /* whatever 9 does, who ends it? */
    waits(3, WAIT_SEMAPHORE, WAIT_NEEDS_SOMEONE, 1, END);
    joins(4, 3);
    CHECK(all(4));
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQ(memory.threads[i], 4 - i);
        CHECK_EQ(memory.waits[i].ticket, process[4 - i].wait.ticket);
    }
    CHECK_EQ(readings, 12);
    runs(3);
    CHECK(!all(4));
    CHECK_NO_KNOT(4);
}

TEST(none_of_all_may_be_able_to_go) {
    fresh();
    waits(1, WAIT_CONDITION, WAIT_NEEDS_SOMEONE, END);
    waits(2, WAIT_CONDITION, WAIT_CAN_GO, END); /* signalled, but it has not said so */
    CHECK(!all(2));
    waits(2, WAIT_CONDITION, WAIT_NEEDS_SOMEONE, END);
    CHECK(all(2));
    process[2].wait.timed = true;
    CHECK(!all(2));
    waits(2, WAIT_CONDITION, WAIT_NEEDS_ALL, 1, END);
    CHECK(all(2));
    process[2].wait.timed = true; /* its time ends, if not its wait for the mutex */
    CHECK(!all(2));
    waits(2, WAIT_OUTSIDE, WAIT_NEEDS_ALL, 1, END);
    CHECK(!all(2));
}

TEST(all_of_no_threads_are_not_stuck) {
    fresh();
    CHECK(!all(0));
}

TEST(who_is_not_among_all_runs) {
    fresh();
    waits(1, WAIT_CONDITION, WAIT_NEEDS_SOMEONE, END);
    wants(2, 3);
    CHECK(!all(2));
    wants(3, 1); /* is stuck, but not among them */
    CHECK(!all(2));
    CHECK(all(3));
    waits(2, WAIT_LOCK, WAIT_NEEDS_ALL, 1, 9, END);
    CHECK(all(3));
    waits(2, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, 1, 9, END);
    CHECK(!all(3));
    waits(2, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, 1, 3, END);
    CHECK(all(3));
}

TEST(nobody_listed_among_all) {
    fresh();
    waits(1, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, END);
    CHECK(all(1));
    waits(1, WAIT_LOCK, WAIT_NEEDS_ALL, END);
    CHECK(!all(1));
    waits(1, WAIT_LOCK, WAIT_NEEDS_THE_DEAD, 9, END);
    CHECK(all(1));
}

TEST(knots_among_all) {
    fresh();
    wants(1, 2), wants(2, 1), wants(3, 2);
    CHECK(all(3));
    CHECK(all(2));
    CHECK(!all(1));
}

TEST(all_beyond_the_memory) {
    fresh();
    for (uint32_t thread = 1; thread <= CAPACITY + 1; thread++)
        waits(thread, WAIT_CONDITION, WAIT_NEEDS_SOMEONE, END);
    CHECK(all(CAPACITY));
    CHECK(!all(CAPACITY + 1));
    process[3].count = 1u << 30;
    CHECK(!all(CAPACITY));
}

/* The three waits (3, 2, 1), the three needs, the three waits. */
static bool all_with(uint32_t at, void (*what)(void)) {
    fresh();
    waits(1, WAIT_CONDITION, WAIT_NEEDS_SOMEONE, END);
    waits(2, WAIT_CONDITION, WAIT_NEEDS_SOMEONE, END);
    wants(3, 2);
    change_at = at, change = what, changes = change_once;
    return all(3);
}

TEST(all_are_read_twice) {
    CHECK(all_with(1, nothing));
    CHECK_EQ(readings, 9);
    for (uint32_t at = 1; at <= 9; at++) {
        CHECK(!all_with(at, wait_over));
        CHECK_EQ(all_with(at, other_wait), at <= 3);
        CHECK_EQ(all_with(at, released), at > 6);
    }
}

/* ---- later ---- */

TEST(waits_that_are_still_the_same) {
    fresh();
    wants(1, 2), wants(2, 3), wants(3, 1);
    CHECK_RING(1, FINDING_SHAPE_CYCLE, 1, 2, 3);
    CHECK(wait_graph_unchanged(&view, &memory, 3));
    process[3].wait.ticket++;
    CHECK(!wait_graph_unchanged(&view, &memory, 3));
    CHECK(wait_graph_unchanged(&view, &memory, 2));
    runs(2);
    CHECK(!wait_graph_unchanged(&view, &memory, 2));
    CHECK(wait_graph_unchanged(&view, &memory, 1));
    CHECK(wait_graph_unchanged(&view, &memory, 0));
}

TEST(one_that_is_gone_does_not_change) {
    fresh();
    waits(1, WAIT_LOCK, WAIT_NEEDS_THE_DEAD, 2, END);
    CHECK_ORPHANED(1, 1, 2);
    process[2].wait.ticket = 77; /* what it left */
    CHECK(wait_graph_unchanged(&view, &memory, 2));
    process[1].wait.ticket++;
    CHECK(!wait_graph_unchanged(&view, &memory, 2));
}

CHECK_MAIN
