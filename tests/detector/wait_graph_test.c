#include "detector/wait_graph.h"

#include <stdlib.h>

#include "tests/check.h"
#include "tests/detector/wait_table.h"

/* ---- waits that need one thread ---- */

TEST(two_threads_and_two_locks) {
    fresh();
    wants(1, 2);
    CHECK_NO_KNOT(1);
    wants(2, 1);
    CHECK_RING(2, FINDING_SHAPE_CYCLE, 2, 1);
    CHECK_EQ(memory.waits[0].target, 102);
    CHECK_EQ(memory.waits[1].target, 101);
    CHECK_RING(1, FINDING_SHAPE_CYCLE, 1, 2);
}

TEST(a_ring_of_five) {
    fresh();
    for (uint32_t thread = 1; thread <= 5; thread++)
        wants(thread, thread % 5 + 1);
    CHECK_RING(5, FINDING_SHAPE_CYCLE, 5, 1, 2, 3, 4);
}

TEST(a_thread_that_runs_is_not_asked) {
    fresh();
    wants(1, 2);
    runs(1);
    CHECK_NO_KNOT(1);
    CHECK_EQ(asked, 0);
}

TEST(who_can_go_is_not_read_again) {
    fresh();
    wants(1, 2);
    CHECK_NO_KNOT(1);
    CHECK_EQ(readings, 3); /* wait and need of 1, wait of 2 */
}

TEST(a_thread_that_needs_itself) {
    fresh();
    wants(1, 1);
    CHECK_RING(1, FINDING_SHAPE_SELF, 1);
    joins(1, 1);
    CHECK_RING(1, FINDING_SHAPE_SELF, 1);
    waits(1, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, 1, END);
    CHECK_RING(1, FINDING_SHAPE_SELF, 1);
    waits(1, WAIT_CONDITION, WAIT_NEEDS_SOMEONE, 1, END); /* a recursive mutex, taken twice */
    CHECK_RING(1, FINDING_SHAPE_SELF, 1);
}

TEST(a_wait_that_has_ended_is_no_edge) {
    fresh();
    wants(2, 1);
    waits(1, WAIT_LOCK, WAIT_CAN_GO, 2, END);
    CHECK_NO_KNOT(1);
    CHECK_NO_KNOT(2);
}

TEST(a_ring_that_the_thread_is_not_in) {
    fresh();
    wants(1, 2), wants(2, 1), wants(3, 2), wants(4, 3);
    CHECK_NO_KNOT(3);
    CHECK_NO_KNOT(4);
    CHECK_RING(1, FINDING_SHAPE_CYCLE, 1, 2);
}

/* ---- waits that need all ---- */

TEST(a_writer_is_stuck_as_soon_as_one_of_its_readers_is) {
    fresh();
    waits(1, WAIT_LOCK, WAIT_NEEDS_ALL, 2, 3, 4, END);
    CHECK_NO_KNOT(1);
    wants(3, 1);
    CHECK_RING(3, FINDING_SHAPE_CYCLE, 3, 1);
    CHECK_RING(1, FINDING_SHAPE_CYCLE, 1, 3);
}

TEST(nobody_listed_of_all_can_go) {
    fresh();
    waits(1, WAIT_LOCK, WAIT_NEEDS_ALL, END);
    wants(2, 1);
    CHECK_NO_KNOT(1);
    CHECK_NO_KNOT(2);
}

/* ---- waits that need any ---- */

TEST(a_semaphore_is_stuck_when_all_that_can_post_are) {
    fresh();
    waits(1, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, 2, 3, END);
    wants(2, 1);
    CHECK_NO_KNOT(2);
    CHECK_NO_KNOT(1);
    wants(3, 1);
    CHECK_RING(3, FINDING_SHAPE_MIXED, 3, 1);
    CHECK_RING(1, FINDING_SHAPE_MIXED, 1, 2);
}

TEST(one_that_can_go_lets_others_go) {
    fresh();
    waits(1, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, 2, 3, END);
    wants(2, 1);
    wants(3, 4); /* runs: it lets 3 go, then 1, then 2 */
    waits(5, WAIT_LOCK, WAIT_NEEDS_ALL, 1, 2, 3, END);
    CHECK_NO_KNOT(1);
    CHECK_NO_KNOT(2);
    CHECK_NO_KNOT(5);
    wants(4, 5);
    CHECK_RING(4, FINDING_SHAPE_CYCLE, 4, 5, 3);
    CHECK_RING(1, FINDING_SHAPE_MIXED, 1, 2);
    CHECK_RING(5, FINDING_SHAPE_CYCLE, 5, 3, 4);
}

TEST(nobody_listed_of_any_is_stuck_but_no_knot) {
    fresh();
    waits(1, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, END);
    wants(2, 1);
    CHECK_NO_KNOT(1);
    CHECK_NO_KNOT(2);
    waits(3, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, 1, 4, END);
    wants(4, 3); /* nobody else can release 3, since 1 is stuck */
    CHECK_RING(4, FINDING_SHAPE_MIXED, 4, 3);
}

/* Its last thread does not make the ring of 4 and 5: it waits for 1 and 2, which were stuck before. */
TEST(one_that_waits_for_a_knot_makes_no_new_one) {
    fresh();
    wants(1, 2), wants(2, 1);
    waits(4, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, 3, 5, END);
    wants(5, 4);
    CHECK_NO_KNOT(5);
    wants(3, 1);
    CHECK_NO_KNOT(3);
    CHECK_RING(5, FINDING_SHAPE_MIXED, 5, 4);
}

/* ---- waits that anybody may end ---- */

TEST(a_condition_may_be_signalled_by_anybody_who_runs) {
    fresh();
    waits(1, WAIT_CONDITION, WAIT_NEEDS_SOMEONE, END);
    wants(2, 1);
    CHECK_NO_KNOT(1);
    CHECK_NO_KNOT(2);
    waits(1, WAIT_CONDITION, WAIT_NEEDS_SOMEONE, 3, END); /* 3 has its mutex */
    CHECK_NO_KNOT(1);
    CHECK_NO_KNOT(2);
}

TEST(a_condition_whose_mutex_never_comes) {
    fresh();
    waits(1, WAIT_CONDITION, WAIT_NEEDS_SOMEONE, 2, END);
    wants(2, 1);
    CHECK_RING(2, FINDING_SHAPE_CYCLE, 2, 1);
    CHECK_RING(1, FINDING_SHAPE_CYCLE, 1, 2);
}

TEST(a_condition_runs_out_of_time_but_needs_its_mutex) {
    fresh();
    waits(1, WAIT_CONDITION, WAIT_NEEDS_ALL, 2, END);
    process[1].wait.timed = true;
    CHECK_NO_KNOT(1);
    wants(2, 1);
    CHECK_RING(2, FINDING_SHAPE_CYCLE, 2, 1);
    CHECK(memory.waits[1].timed);
}

TEST(other_waits_with_a_time_limit_can_go) {
    for (uint32_t kind = WAIT_LOCK; kind < WAIT_KINDS; kind++) {
        if (kind == WAIT_CONDITION)
            continue;
        fresh();
        waits(1, kind, WAIT_NEEDS_ALL, 2, END);
        process[1].wait.timed = true;
        wants(2, 1);
        CHECK_NO_KNOT(2);
        CHECK_NO_KNOT(1);
    }
}

TEST(what_another_process_may_release_is_never_stuck) {
    fresh();
    waits(1, WAIT_OUTSIDE, WAIT_NEEDS_ALL, 2, END);
    wants(2, 1);
    CHECK_NO_KNOT(2);
    CHECK_NO_KNOT(1);
}

/* ---- threads that are gone ---- */

TEST(a_lock_whose_holder_is_gone) {
    fresh();
    waits(1, WAIT_LOCK, WAIT_NEEDS_THE_DEAD, 2, END);
    CHECK_ORPHANED(1, 1, 2);
}

TEST(waiting_for_one_that_waits_for_a_lock_whose_holder_is_gone) {
    fresh();
    waits(2, WAIT_LOCK, WAIT_NEEDS_THE_DEAD, 3, END);
    wants(1, 2);
    CHECK_ORPHANED(1, 1, 2, 3);
    waits(1, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, 2, 4, END);
    CHECK_NO_KNOT(1); /* 4 runs */
    wants(4, 2);
    CHECK_ORPHANED(1, 1, 2, 3);
    CHECK_ORPHANED(4, 4, 2, 3);
    runs(2);
    CHECK_NO_KNOT(1);
}

TEST(the_nearest_of_those_that_are_gone) {
    fresh();
    waits(1, WAIT_LOCK, WAIT_NEEDS_ALL, 2, 3, 4, END);
    wants(2, 5);
    waits(3, WAIT_LOCK, WAIT_NEEDS_THE_DEAD, 9, END);
    waits(4, WAIT_LOCK, WAIT_NEEDS_THE_DEAD, 8, END);
    waits(5, WAIT_LOCK, WAIT_NEEDS_THE_DEAD, 7, END);
    CHECK_ORPHANED(1, 1, 3, 9);
    runs(3);
    CHECK_ORPHANED(1, 1, 4, 8);
    runs(4);
    CHECK_ORPHANED(1, 1, 2, 5, 7);
}

TEST(a_ring_comes_before_one_that_is_gone) {
    fresh();
    waits(1, WAIT_LOCK, WAIT_NEEDS_ALL, 2, 4, END);
    waits(2, WAIT_LOCK, WAIT_NEEDS_THE_DEAD, 3, END);
    wants(4, 5), wants(5, 1);
    CHECK_RING(1, FINDING_SHAPE_CYCLE, 1, 4, 5);
    CHECK_RING(5, FINDING_SHAPE_CYCLE, 5, 1, 4);
    runs(5);
    CHECK_ORPHANED(1, 1, 2, 3);
}

TEST(beside_a_ring_that_it_is_not_in_one_that_is_gone) {
    fresh();
    wants(2, 3), wants(3, 2);
    waits(4, WAIT_LOCK, WAIT_NEEDS_THE_DEAD, 5, END);
    waits(1, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, 2, 4, END);
    CHECK_ORPHANED(1, 1, 4, 5);
}

/* ---- which ring ---- */

TEST(the_shortest_ring) {
    fresh();
    waits(1, WAIT_LOCK, WAIT_NEEDS_ALL, 2, 5, 7, END);
    wants(2, 3), wants(3, 4), wants(4, 1);
    wants(5, 6), wants(6, 1);
    wants(7, 8), wants(8, 1);
    CHECK_RING(1, FINDING_SHAPE_CYCLE, 1, 5, 6);
    CHECK_RING(8, FINDING_SHAPE_CYCLE, 8, 1, 7);
    CHECK_RING(3, FINDING_SHAPE_CYCLE, 3, 4, 1, 2);
}

TEST(a_ring_leads_through_those_alone_that_are_stuck) {
    fresh();
    waits(1, WAIT_LOCK, WAIT_NEEDS_ALL, 2, 3, END);
    waits(2, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, 1, 9, END);
    wants(3, 4), wants(4, 1);
    CHECK_RING(1, FINDING_SHAPE_CYCLE, 1, 3, 4);
    wants(9, 4);
    CHECK_RING(1, FINDING_SHAPE_MIXED, 1, 2);
}

TEST(the_ring_of_a_semaphore_leads_through_one_of_its_holders) {
    fresh();
    waits(1, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, 2, 3, END);
    waits(2, WAIT_LOCK, WAIT_NEEDS_THE_DEAD, 9, END);
    wants(3, 1);
    CHECK_RING(1, FINDING_SHAPE_MIXED, 1, 3);
    CHECK_RING(3, FINDING_SHAPE_MIXED, 3, 1);
}

/* ---- shapes ---- */

static uint32_t shape_with(enum wait_kind kind, enum wait_need need, enum wait_kind other) {
    fresh();
    wants(1, 2);
    waits(2, kind, need, 3, END);
    waits(3, other, WAIT_NEEDS_ALL, 1, END);
    struct wait_knot knot = find(1);
    CHECK_EQ(knot.verdict, WAIT_KNOT);
    CHECK_EQ(knot.count, 3);
    return knot.shape;
}

TEST(shapes_of_a_ring) {
    CHECK_EQ(shape_with(WAIT_LOCK, WAIT_NEEDS_ALL, WAIT_LOCK), FINDING_SHAPE_CYCLE);
    CHECK_EQ(shape_with(WAIT_CONDITION, WAIT_NEEDS_SOMEONE, WAIT_LOCK), FINDING_SHAPE_CYCLE);
    CHECK_EQ(shape_with(WAIT_CONDITION, WAIT_NEEDS_ALL, WAIT_LOCK), FINDING_SHAPE_CYCLE);
    CHECK_EQ(shape_with(WAIT_JOIN, WAIT_NEEDS_ALL, WAIT_LOCK), FINDING_SHAPE_JOIN);
    CHECK_EQ(shape_with(WAIT_LOCK, WAIT_NEEDS_ALL, WAIT_JOIN), FINDING_SHAPE_JOIN);
    CHECK_EQ(shape_with(WAIT_JOIN, WAIT_NEEDS_ALL, WAIT_JOIN), FINDING_SHAPE_JOIN);
    CHECK_EQ(shape_with(WAIT_CONDITION, WAIT_NEEDS_SOMEONE, WAIT_JOIN), FINDING_SHAPE_JOIN);
    CHECK_EQ(shape_with(WAIT_CONDITION, WAIT_NEEDS_ANY, WAIT_LOCK), FINDING_SHAPE_MIXED);
    CHECK_EQ(shape_with(WAIT_SEMAPHORE, WAIT_NEEDS_ANY, WAIT_LOCK), FINDING_SHAPE_MIXED);
    CHECK_EQ(shape_with(WAIT_SEMAPHORE, WAIT_NEEDS_ALL, WAIT_SEMAPHORE), FINDING_SHAPE_MIXED);
    CHECK_EQ(shape_with(WAIT_SEMAPHORE, WAIT_NEEDS_ANY, WAIT_JOIN), FINDING_SHAPE_MIXED);
    CHECK_EQ(shape_with(WAIT_JOIN, WAIT_NEEDS_ALL, WAIT_SEMAPHORE), FINDING_SHAPE_MIXED);
    CHECK_EQ(shape_with(WAIT_BARRIER, WAIT_NEEDS_ALL, WAIT_LOCK), FINDING_SHAPE_MIXED);
}

/* ---- memory ---- */

TEST(the_arrays_lie_beside_one_another) {
    for (uint32_t capacity = 0; capacity < 200; capacity++) {
        uint64_t size = wait_memory_bytes(capacity);
        char *block = malloc(size); /* the sanitizer watches its ends */
        struct wait_memory m = wait_memory_lay(block, capacity);
        CHECK_EQ(m.capacity, capacity);
        memset(m.waits, 1, capacity * sizeof *m.waits);
        memset(m.threads, 2, capacity * sizeof *m.threads);
        memset(m.queue, 3, capacity * sizeof *m.queue);
        memset(m.places, 4, ((uint64_t)m.places_mask + 1) * sizeof *m.places);
        memset(m.needed, 5, m.room * sizeof *m.needed);
        memset(m.waiters, 6, m.room * sizeof *m.waiters);
        CHECK_EQ((char *)(m.waiters + m.room) - block, size);
        CHECK_EQ((uintptr_t)m.waits % 8, 0);
        CHECK_EQ((uintptr_t)m.nodes % 8, 0);
        CHECK_EQ(size % 8, 0);
        CHECK(m.places_mask + 1 >= 2 * capacity);
        CHECK(size <= 33000 + (uint64_t)280 * capacity);
        CHECK(m.room >= 16 * capacity && (capacity > 64 || m.room >= capacity * capacity));
        free(block);
    }
    CHECK_EQ(wait_memory_bytes(UINT32_MAX), wait_memory_bytes(1u << 22));
    CHECK(wait_memory_bytes(1u << 22) > wait_memory_bytes((1u << 22) - 1));
}

TEST(as_many_threads_as_there_is_room_for) {
    fresh();
    for (uint32_t thread = 1; thread <= CAPACITY; thread++)
        wants(thread, thread % CAPACITY + 1);
    CHECK_EQ(find(1).verdict, WAIT_KNOT);
    CHECK_EQ(find(1).count, CAPACITY);
    memory = wait_memory_lay(bytes, CAPACITY - 1);
    CHECK_TOO_LARGE(1);
    memory = wait_memory_lay(bytes, 0);
    CHECK_TOO_LARGE(1);
    memory = wait_memory_lay(bytes, CAPACITY);
    waits(CAPACITY, WAIT_LOCK, WAIT_NEEDS_THE_DEAD, CAPACITY + 1, END);
    CHECK_TOO_LARGE(1); /* the one that is gone has no place any more */
    CHECK_EQ(find(2).verdict, WAIT_ORPHANED);
    CHECK_EQ(find(2).count, CAPACITY);
    CHECK_EQ(memory.threads[CAPACITY - 1], CAPACITY + 1);
}

/* A ring that is there all the same is reported; but nothing else is said about what did not fit. */
TEST(a_list_beyond_the_room_counts_as_one_that_can_go) {
    fresh();
    wants(1, 2), wants(2, 1);
    waits(3, WAIT_LOCK, WAIT_NEEDS_ALL, 1, 4, END);
    waits(4, WAIT_LOCK, WAIT_NEEDS_ALL, 3, END);
    process[4].count = 1u << 30;
    CHECK_RING(1, FINDING_SHAPE_CYCLE, 1, 2);
    CHECK_TOO_LARGE(3); /* stuck, but whether on a ring is not known */
    CHECK_TOO_LARGE(4);
    waits(1, WAIT_LOCK, WAIT_NEEDS_ALL, 2, 4, END);
    CHECK_RING(1, FINDING_SHAPE_CYCLE, 1, 2);
}

static void lists(uint32_t thread, uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        process[thread].list[i] = first + i;
    process[thread].count = count;
}

/* 200 writers of the same lock, each of which waits for 200 readers; the last of these for all of the
 * writers. The last writer waits for one more, which waits for the first writer. */
TEST(many_needs) {
    fresh();
    for (uint32_t thread = 1; thread <= 401; thread++)
        wants(thread, 1);
    for (uint32_t writer = 1; writer <= 200; writer++)
        lists(writer, 201, writer == 200 ? 201 : 200);
    lists(400, 1, 200);
    uint32_t enough = 402 * 402 / 16; /* as promised */
    char *block = malloc(wait_memory_bytes(enough));
    memory = wait_memory_lay(block, 401);
    CHECK_TOO_LARGE(401); /* the last writer's list did not fit */
    memory = wait_memory_lay(block, enough);
    CHECK_RING(401, FINDING_SHAPE_CYCLE, 401, 1, 400, 200);
    CHECK_RING(7, FINDING_SHAPE_CYCLE, 7, 400);
    CHECK_NO_KNOT(0);
    free(block);
}

/* Ids that are far apart, and whose low bits are all the same. */
TEST(ids_of_all_sizes) {
    for (uint32_t step = 1; step < 1u << 22; step *= 2) {
        fresh();
        spread = step;
        char *block = malloc(wait_memory_bytes(500));
        memset(block, 0, wait_memory_bytes(500));
        memory = wait_memory_lay(block, 500);
        for (uint32_t thread = 1; thread <= 500; thread++)
            wants(thread, (thread % 500 + 1) * step);
        struct wait_knot knot = find(17 * step);
        CHECK_EQ(knot.verdict, WAIT_KNOT);
        CHECK_EQ(knot.count, 500);
        for (uint32_t i = 0; i < 500; i++)
            CHECK_EQ(memory.threads[i], ((16 + i) % 500 + 1) * step);
        runs(400);
        CHECK_NO_KNOT(17 * step);
        free(block);
    }
}

/* ---- what changes while it is read ---- */

static void other_lock(void) {
    process[1].wait.lock++;
}

static void timed_now(void) {
    process[1].wait.timed = true;
}

static void other_holder(void) {
    process[1].list[0] = 3;
}

/* Thread 2 looks at the ring of AB/BA in 8 readings: wait 2, need 2, wait 1, need 1, then for the second time
 * need 2, need 1, wait 2, wait 1. Thread 3 is a bystander. */
static enum wait_verdict verdict_with(uint32_t at, void (*what)(void)) {
    fresh();
    wants(1, 2), wants(2, 1);
    change_at = at, change = what, changes = change_once;
    return find(2).verdict;
}

TEST(each_change_before_its_second_reading_is_noticed) {
    CHECK_EQ(verdict_with(1, nothing), WAIT_KNOT);
    CHECK_EQ(readings, 8);
    void (*const of_the_wait[])(void) = {other_wait, other_lock};
    for (uint32_t i = 0; i < 2; i++) {
        /* Before the first reading: it is another wait, but the same. */
        for (uint32_t at = 1; at <= 3; at++)
            CHECK_EQ(verdict_with(at, of_the_wait[i]), WAIT_KNOT);
        for (uint32_t at = 4; at <= 8; at++)
            CHECK_EQ(verdict_with(at, of_the_wait[i]), WAIT_NO_KNOT);
    }
    for (uint32_t at = 1; at <= 8; at++) {
        CHECK_EQ(verdict_with(at, wait_over), WAIT_NO_KNOT);
        CHECK_EQ(verdict_with(at, timed_now), WAIT_NO_KNOT);
    }
    for (uint32_t at = 1; at <= 6; at++) {
        CHECK_EQ(verdict_with(at, released), WAIT_NO_KNOT);
        CHECK_EQ(verdict_with(at, other_holder), WAIT_NO_KNOT);
    }
}

static void reader_leaves(void) {
    process[2].list[0] = 1;
    process[2].count = 1;
}

static void reader_comes(void) {
    process[2].list[2] = 4;
    process[2].count = 3;
}

static void bystander_moves(void) {
    process[3].wait.kind = process[3].wait.kind == WAIT_NONE ? WAIT_LOCK : WAIT_NONE;
    process[3].wait.ticket++;
    process[3].need = WAIT_NEEDS_ALL;
    process[3].list[0] = readings % 5;
    process[3].count = readings % 2;
}

/* What those do who can go hides no knot: nobody would look for it again. */
TEST(changes_beside_the_knot_do_not_hide_it) {
    void (*const beside[])(void) = {reader_leaves, reader_comes, bystander_moves};
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t at = 1; at <= 10; at++) {
            fresh();
            waits(2, WAIT_LOCK, WAIT_NEEDS_ALL, 1, 3, END);
            wants(1, 2);
            change_at = at, change = beside[i], changes = change_once;
            CHECK_RING(2, FINDING_SHAPE_CYCLE, 2, 1);
        }
    fresh();
    waits(2, WAIT_LOCK, WAIT_NEEDS_ALL, 1, 3, END);
    wants(1, 2);
    changes = bystander_moves;
    CHECK_RING(2, FINDING_SHAPE_CYCLE, 2, 1);
}

static void another_poster(void) {
    process[2].list[process[2].count++] = 4;
}

TEST(one_that_could_post_and_was_not_reached_runs) {
    for (uint32_t at = 1; at <= 8; at++) {
        fresh();
        waits(2, WAIT_SEMAPHORE, WAIT_NEEDS_ANY, 1, END);
        wants(1, 2), wants(4, 2);
        change_at = at, change = another_poster, changes = change_once;
        /* 4 is stuck, too, if it was reached. Then there is nothing that has changed. */
        CHECK_EQ(find(2).verdict, at <= 2 || at > 5 ? WAIT_KNOT : WAIT_NO_KNOT);
    }
}

CHECK_MAIN
