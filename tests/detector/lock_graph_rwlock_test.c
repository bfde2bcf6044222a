/* Locks that prefer writers: their readers wait while a writer waits. */
#include "detector/lock_graph.h"

#include "tests/check.h"
#include "tests/detector/program.h"

/* Locks 10 to 15 prefer writers, the others do not. Thread 1 has started threads 2 to 8. */
static struct program *readers_with(const struct lock_graph_options *options) {
    struct program *p = program_create_with(options);
    program_start(p, 2, 8, 1);
    for (uint32_t lock = 10; lock <= 15; lock++)
        CHECK_EQ(lock_graph_prefers_writers(p->graph, lock), 0);
    return p;
}

static struct program *readers(void) {
    return readers_with(&(struct lock_graph_options){0});
}

/* The thread reads the two locks, one inside the other. */
static void read_both(struct program *p, uint32_t thread, uint32_t outer, uint32_t inner) {
    program_read(p, thread, outer);
    program_read(p, thread, inner);
    program_unlock_all(p, thread);
}

/* Returns as lock_graph_add. */
static int read_twice(struct program *p, uint32_t thread, uint32_t lock) {
    program_read(p, thread, lock);
    int result = program_reread(p, thread, lock);
    program_unlock_all(p, thread);
    return result;
}

static int write_under(struct program *p, uint32_t thread, uint32_t gate, uint32_t lock) {
    program_lock(p, thread, gate);
    int result = program_lock(p, thread, lock);
    program_unlock_all(p, thread);
    return result;
}

/* ---- cycles of readers ---- */

TEST(readers_in_opposite_orders_with_a_writer_at_each_lock) {
    struct program *p = readers();
    read_both(p, 2, 10, 11);
    read_both(p, 3, 11, 10);
    CHECK_STR(p->text, "");
    CHECK_EQ(program_write(p, 4, 10), 1);
    CHECK_STR(p->text, "");
    CHECK_EQ(program_write(p, 5, 11), 1);
    CHECK_STR(p->text, "T2 holds 10r wants 11r, T5 wants 11, T3 holds 11r wants 10r, T4 wants 10\n");
    CHECK_EQ(program_counts(p).cycles, 1);
    program_destroy(p);
}

TEST(the_last_to_come_is_a_reader) {
    struct program *p = readers();
    program_write(p, 4, 10);
    read_both(p, 2, 11, 10);
    program_write(p, 5, 11);
    CHECK_STR(p->text, "");
    read_both(p, 3, 10, 11);
    CHECK_STR(p->text, "T3 holds 10r wants 11r, T5 wants 11, T2 holds 11r wants 10r, T4 wants 10\n");
    program_destroy(p);
}

TEST(readers_without_writers) {
    struct program *p = readers();
    read_both(p, 2, 10, 11);
    read_both(p, 3, 11, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(readers_of_locks_of_the_default_kind) {
    struct program *p = readers();
    read_both(p, 2, 20, 21);
    read_both(p, 3, 21, 20);
    CHECK_EQ(program_write(p, 4, 20), 0);
    CHECK_EQ(program_write(p, 5, 21), 0);
    read_both(p, 6, 21, 20);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(readers_of_one_lock_that_prefers_writers_and_one_that_does_not) {
    struct program *p = readers();
    read_both(p, 2, 10, 20);
    read_both(p, 3, 20, 10);
    program_write(p, 4, 10);
    program_write(p, 5, 20);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(a_writer_at_each_lock_but_both_are_one_thread) {
    struct program *p = readers();
    read_both(p, 2, 10, 11);
    read_both(p, 3, 11, 10);
    program_write(p, 4, 10);
    program_write(p, 4, 11);
    CHECK_STR(p->text, "");
    program_write(p, 5, 11); /* 4 at lock 10, and 5 at 11 */
    CHECK_STR(p->text, "T2 holds 10r wants 11r, T5 wants 11, T3 holds 11r wants 10r, T4 wants 10\n");
    program_destroy(p);
}

TEST(the_writer_is_one_of_the_readers) {
    struct program *p = readers();
    read_both(p, 2, 10, 11);
    read_both(p, 3, 11, 10);
    program_write(p, 2, 10);
    program_write(p, 3, 11);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(one_meeting_needs_a_witness_and_one_does_not) {
    struct program *p = readers();
    program_read(p, 2, 10), program_lock(p, 2, 20);
    program_unlock_all(p, 2);
    program_lock(p, 3, 20), program_read(p, 3, 10);
    program_unlock_all(p, 3);
    CHECK_STR(p->text, "");
    program_write(p, 4, 10);
    CHECK_STR(p->text, "T2 holds 10r wants 20, T3 holds 20 wants 10r, T4 wants 10\n");
    program_destroy(p);
}

TEST(no_witness_where_a_writer_holds_the_lock) {
    struct program *p = readers();
    program_lock(p, 2, 10), program_read(p, 2, 11);
    program_lock(p, 3, 11), program_read(p, 3, 10);
    CHECK_STR(p->text, "T2 holds 10 wants 11r, T3 holds 11 wants 10r\n");
    program_destroy(p);
}

TEST(a_witness_with_locks_of_its_own) {
    struct program *p = readers();
    program_read(p, 2, 10), program_lock(p, 2, 20);
    program_unlock_all(p, 2);
    program_lock(p, 3, 20), program_read(p, 3, 10);
    program_unlock_all(p, 3);
    program_lock(p, 4, 30), program_read(p, 4, 31);
    CHECK_EQ(program_lock(p, 4, 10), 1);
    CHECK_STR(p->text, "T2 holds 10r wants 20, T3 holds 20 wants 10r, T4 holds 30 31r wants 10\n");
    program_destroy(p);
}

TEST(three_readers_around_three_writers) {
    struct program *p = readers();
    read_both(p, 2, 10, 11);
    program_write(p, 5, 10);
    read_both(p, 3, 11, 12);
    program_write(p, 6, 11);
    program_write(p, 7, 12);
    CHECK_STR(p->text, "");
    read_both(p, 4, 12, 10);
    CHECK_STR(p->text, "T2 holds 10r wants 11r, T6 wants 11, T3 holds 11r wants 12r, T7 wants 12, "
                       "T4 holds 12r wants 10r, T5 wants 10\n");
    program_destroy(p);
}

/* 4 writes both locks, 5 only the first: each has to be the witness that it can be. */
TEST(witnesses_are_shared_out) {
    struct program *p = readers();
    program_write(p, 4, 10), program_write(p, 4, 11);
    read_both(p, 2, 10, 11);
    read_both(p, 3, 11, 10);
    CHECK_STR(p->text, "");
    program_write(p, 5, 10);
    CHECK_STR(p->text, "T2 holds 10r wants 11r, T4 wants 11, T3 holds 11r wants 10r, T5 wants 10\n");
    program_destroy(p);
}

/* ---- who can be a witness ---- */

TEST(a_writer_before_the_readers_were_created) {
    struct program *p = readers();
    program_write(p, 1, 10), program_write(p, 1, 20);
    program_start(p, 20, 21, 1);
    program_read(p, 20, 10), program_lock(p, 20, 20);
    program_lock(p, 21, 20), program_read(p, 21, 10);
    CHECK_STR(p->text, "");
    program_write(p, 1, 10); /* and once more beside them */
    CHECK_STR(p->text, "T20 holds 10r wants 20, T21 holds 20 wants 10r, T1 wants 10\n");
    program_destroy(p);
}

TEST(a_writer_after_a_reader_was_joined) {
    struct program *p = readers();
    program_read(p, 2, 10), program_lock(p, 2, 20);
    program_lock(p, 3, 20), program_read(p, 3, 10);
    segments_join(p->segments, 1, 3);
    program_write(p, 1, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(a_gate_lock_around_a_reader_and_the_writer) {
    struct program *p = readers();
    program_lock(p, 2, 30), program_read(p, 2, 10), program_lock(p, 2, 20);
    program_lock(p, 3, 20), program_read(p, 3, 10);
    write_under(p, 4, 30, 10);
    CHECK_STR(p->text, "");
    write_under(p, 4, 31, 10);
    CHECK_STR(p->text, "T2 holds 30 10r wants 20, T3 holds 20 wants 10r, T4 holds 31 wants 10\n");
    program_destroy(p);
}

TEST(a_gate_lock_around_two_writers) {
    struct program *p = readers();
    read_both(p, 2, 10, 11);
    read_both(p, 3, 11, 10);
    write_under(p, 4, 30, 10);
    write_under(p, 5, 30, 11);
    CHECK_STR(p->text, "");
    program_write(p, 5, 11); /* fewer gates: new */
    CHECK_STR(p->text, "T2 holds 10r wants 11r, T5 wants 11, T3 holds 11r wants 10r, T4 holds 30 wants 10\n");
    program_destroy(p);
}

/* A witness that holds a lock of the cycle keeps the reader of that lock out. */
TEST(a_writer_that_holds_the_other_lock) {
    struct program *p = readers();
    read_both(p, 2, 10, 11);
    read_both(p, 3, 11, 10);
    write_under(p, 4, 11, 10);
    program_write(p, 5, 11);
    CHECK_STR(p->text, "T2 holds 10r wants 11r, T4 holds 11 wants 10\n"); /* another cycle of these locks */
    program_destroy(p);
}

/* ---- reading twice ---- */

TEST(a_reader_that_reads_again) {
    struct program *p = readers();
    CHECK_EQ(read_twice(p, 2, 10), 1);
    CHECK_EQ(read_twice(p, 2, 10), 0);
    CHECK_STR(p->text, "");
    program_write(p, 3, 10);
    CHECK_STR(p->text, "T2 holds 10r wants 10r, T3 wants 10\n");
    CHECK_EQ(read_twice(p, 4, 10), 1);
    CHECK_EQ(p->found, 1);
    CHECK_EQ(p->again, 1);
    CHECK_EQ(p->again_number, 1);
    program_destroy(p);
}

TEST(a_reader_that_reads_again_after_the_writer) {
    struct program *p = readers();
    program_write(p, 3, 10);
    program_lock(p, 2, 20), program_read(p, 2, 10), program_read(p, 2, 11);
    CHECK_EQ(program_reread(p, 2, 10), 1);
    CHECK_STR(p->text, "T2 holds 20 10r 11r wants 10r, T3 wants 10\n");
    program_destroy(p);
}

TEST(a_reader_of_the_default_kind_that_reads_again) {
    struct program *p = readers();
    program_write(p, 3, 20);
    CHECK_EQ(read_twice(p, 2, 20), 0);
    program_write(p, 3, 20);
    CHECK_STR(p->text, "");
    CHECK_EQ(program_counts(p).edges, 0);
    program_destroy(p);
}

TEST(a_reader_that_reads_again_and_writes_itself) {
    struct program *p = readers();
    program_write(p, 2, 10);
    read_twice(p, 2, 10);
    program_write(p, 2, 10);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(a_reader_that_reads_again_and_a_writer_ordered_by_creation_and_joining) {
    struct program *p = readers();
    program_write(p, 1, 10);
    program_start(p, 20, 20, 1);
    read_twice(p, 20, 10);
    CHECK_STR(p->text, "");
    segments_join(p->segments, 1, 20);
    program_write(p, 1, 10);
    CHECK_STR(p->text, "");
    program_write(p, 2, 10); /* at any time */
    CHECK_STR(p->text, "T20 holds 10r wants 10r, T2 wants 10\n");
    program_destroy(p);
}

TEST(a_reader_that_reads_again_under_the_writers_gate) {
    struct program *p = readers();
    program_lock(p, 2, 30), program_read(p, 2, 31), program_read(p, 2, 10), program_reread(p, 2, 10);
    write_under(p, 3, 30, 10);
    write_under(p, 3, 31, 10);
    CHECK_STR(p->text, "");
    program_read(p, 3, 31), program_lock(p, 3, 10);
    CHECK_STR(p->text, "T2 holds 30 31r 10r wants 10r, T3 holds 31r wants 10\n");
    program_destroy(p);
}

/* It would need the very writer that closes the cycle of one lock. */
TEST(reading_again_says_nothing_about_the_other_locks_held) {
    struct program *p = readers();
    program_read(p, 2, 10), program_lock(p, 2, 20), program_reread(p, 2, 10);
    program_read(p, 3, 10), program_lock(p, 3, 20);
    CHECK_EQ(program_counts(p).edges, 2); /* 10 -> 20, and 10 -> 10 */
    program_write(p, 4, 10);
    CHECK_STR(p->text, "T2 holds 10r 20 wants 10r, T4 wants 10\n");
    program_destroy(p);
}

/* ---- what says nothing ---- */

TEST(wanting_what_cannot_wait_for_others_is_taken_for_known) {
    struct program *p = readers();
    CHECK_EQ(program_want(p, 2, 10, LOCK_SHARED, 1), 0);
    CHECK_EQ(program_want(p, 2, 20, LOCK_SHARED, 1), 0);
    CHECK_EQ(program_want(p, 2, 20, LOCK_EXCLUSIVE, 1), 0);
    program_read(p, 2, 10), program_lock(p, 2, 11);
    uint64_t edges = program_counts(p).edges;
    CHECK_EQ(program_want(p, 2, 10, LOCK_EXCLUSIVE, 1), 0); /* it waits for itself */
    CHECK_EQ(program_want(p, 2, 11, LOCK_EXCLUSIVE, 1), 0);
    CHECK_EQ(program_want(p, 2, 11, LOCK_SHARED, 1), 0);
    CHECK_EQ(program_counts(p).edges, edges);
    program_destroy(p);
}

TEST(knows_who_reads_again) {
    struct program *p = readers();
    struct lock_hold shared = {10, LOCK_SHARED, 0}, exclusive = {10, LOCK_EXCLUSIVE, 0};
    CHECK(!lock_graph_knows(p->graph, 2, 0, &shared, &shared));
    read_twice(p, 2, 10);
    CHECK(lock_graph_knows(p->graph, 2, 0, &shared, &shared));
    CHECK(!lock_graph_knows(p->graph, 3, 0, &shared, &shared));
    write_under(p, 2, 11, 10);
    CHECK(!lock_graph_knows(p->graph, 2, 0, &shared, &exclusive));
    program_destroy(p);
}

/* ---- what is kept ---- */

TEST(of_a_writer_only_minimal_gate_sets_are_kept) {
    struct program *p = readers();
    write_under(p, 2, 30, 10);
    CHECK_EQ(program_counts(p).dependencies, 2); /* 30 -> 10, and as a writer */
    write_under(p, 2, 31, 10);
    CHECK_EQ(program_counts(p).dependencies, 4);
    CHECK_EQ(program_write(p, 2, 10), 1); /* takes the place of both writers */
    CHECK_EQ(program_counts(p).dependencies, 3);
    CHECK_EQ(write_under(p, 2, 32, 10), 1); /* a new edge alone */
    CHECK_EQ(program_counts(p).dependencies, 4);
    CHECK_EQ(program_write(p, 2, 10), 0);
    program_destroy(p);
}

TEST(a_removed_lock_takes_its_writers_and_readers_along) {
    struct program *p = readers();
    read_twice(p, 2, 10);
    lock_graph_remove(p->graph, 10);
    CHECK_EQ(program_write(p, 3, 10), 0); /* that it prefers them is forgotten, too */
    CHECK_STR(p->text, "");
    CHECK_EQ(lock_graph_prefers_writers(p->graph, 10), 0);
    program_write(p, 3, 10);
    CHECK_STR(p->text, "");
    lock_graph_remove(p->graph, 10);
    CHECK_EQ(lock_graph_prefers_writers(p->graph, 10), 0);
    read_twice(p, 2, 10);
    CHECK_STR(p->text, "");
    for (uint32_t lock = 10; lock <= 15; lock++)
        lock_graph_remove(p->graph, lock);
    CHECK_EQ(program_counts(p).locks + program_counts(p).edges + program_counts(p).dependencies, 0);
    program_destroy(p);
}

TEST(short_lived_locks_with_writers_leave_no_memory_behind) {
    struct program *p = readers();
    size_t taken = 0;
    for (uint32_t i = 0; i < 50000; i++) {
        if (i == 1000)
            taken = p->arena.taken;
        lock_graph_prefers_writers(p->graph, 100 + i);
        read_twice(p, 2, 100 + i);
        write_under(p, 2, 20, 100 + i);
        lock_graph_remove(p->graph, 100 + i);
    }
    CHECK_EQ(p->arena.taken, taken);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(writers_beyond_the_bound_are_searched_but_not_kept) {
    struct program *p = readers_with(&(struct lock_graph_options){.max_uses = 2});
    program_write(p, 4, 10), program_write(p, 5, 10);
    CHECK_EQ(program_write(p, 6, 10), 0);
    CHECK_EQ(program_counts(p).dropped, 1);
    CHECK_EQ(program_counts(p).dependencies, 2);
    read_twice(p, 4, 10);
    CHECK_EQ(p->found, 1); /* by 5 */
    program_write(p, 7, 10);
    CHECK_EQ(p->again, 1);
    program_destroy(p);
}

TEST(writers_that_are_over_make_room) {
    struct program *p = readers_with(&(struct lock_graph_options){.max_uses = 100});
    struct lock_dependency dependency = {0, 0, 0, NULL, {10, LOCK_EXCLUSIVE, 1}};
    for (uint32_t thread = 300; thread < 2300; thread++) {
        segments_start(p->segments, thread, 1);
        for (uint32_t other = 2; other <= 8 && thread == 300; other++)
            segments_join(p->segments, 1, other);
        dependency.thread = thread;
        CHECK_EQ(lock_graph_add(p->graph, &dependency), 1);
        segments_join(p->segments, 1, thread);
    }
    CHECK(program_counts(p).dependencies <= 66);
    CHECK_EQ(program_counts(p).dropped, 0);
    program_destroy(p);
}

/* ---- what is reported ---- */

static void check_whole_finding(const struct finding *finding) {
    CHECK_EQ(finding->kind, FINDING_DEADLOCK_POTENTIAL);
    CHECK_EQ(finding->shape, FINDING_SHAPE_CYCLE);
    CHECK_EQ(finding->severity, FINDING_WARNING);
    CHECK_EQ(finding->steps_count, 2);
    const struct finding_step *reader = &finding->steps[0], *writer = &finding->steps[1];
    const struct lock_hold reader_holds[] = {{30, LOCK_SHARED, 1}, {10, LOCK_SHARED, 2}};
    CHECK_EQ(reader->thread, 2);
    CHECK_EQ(reader->holds_count, 2);
    CHECK(memcmp(reader->holds, reader_holds, sizeof reader_holds) == 0);
    CHECK_EQ(reader->wants.lock, 10);
    CHECK_EQ(reader->wants.mode, LOCK_SHARED);
    CHECK_EQ(reader->wants.stack, 3);
    const struct lock_hold writer_holds[] = {{31, LOCK_EXCLUSIVE, 4}};
    CHECK_EQ(writer->thread, 3);
    CHECK_EQ(writer->holds_count, 1);
    CHECK(memcmp(writer->holds, writer_holds, sizeof writer_holds) == 0);
    CHECK_EQ(writer->wants.lock, 10);
    CHECK_EQ(writer->wants.mode, LOCK_EXCLUSIVE);
    CHECK_EQ(writer->wants.stack, 5);
}

TEST(a_finding_has_the_stacks_of_reader_and_writer) {
    struct program *p = readers();
    p->check = check_whole_finding;
    program_read(p, 2, 30), program_read(p, 2, 10), program_reread(p, 2, 10);
    write_under(p, 3, 31, 10);
    CHECK_EQ(p->found, 1);
    program_destroy(p);
}

TEST(a_cycle_is_reported_once_whoever_the_writers_are) {
    struct program *p = readers();
    read_both(p, 2, 10, 11);
    read_both(p, 3, 11, 10);
    program_write(p, 4, 10), program_write(p, 5, 11);
    CHECK_EQ(p->found, 1);
    program_write(p, 6, 11);
    program_write(p, 7, 10);
    CHECK_EQ(p->again, 2);
    program_lock(p, 2, 10), program_lock(p, 2, 11); /* the same locks, without witnesses */
    program_lock(p, 3, 11), program_lock(p, 3, 10);
    CHECK_EQ(p->found, 1);
    CHECK_EQ(program_counts(p).cycles, 1);
    program_destroy(p);
}

TEST(a_writer_that_is_not_needed_does_not_count) {
    struct program *p = readers();
    program_read(p, 2, 10), program_lock(p, 2, 11); /* nobody at 10 is a reader that waits for a reader */
    program_unlock_all(p, 2);
    program_read(p, 3, 11), program_lock(p, 3, 10);
    program_unlock_all(p, 3);
    program_lock(p, 4, 12), program_lock(p, 4, 13);
    program_unlock_all(p, 4);
    program_read(p, 5, 13), program_read(p, 5, 12);
    program_unlock_all(p, 5);
    CHECK_EQ(p->found, 2);
    for (uint32_t lock = 10; lock <= 13; lock++)
        program_write(p, 6, lock);
    CHECK_EQ(p->found, 2);
    CHECK_EQ(p->again, 0);
    program_destroy(p);
}

TEST(what_has_happened_is_not_predicted_however_many_writers_waited) {
    struct program *p = readers();
    lock_graph_mark_reported(p->graph, (const uint32_t[]){11, 11, 10, 10}, 4, 7);
    lock_graph_mark_reported(p->graph, (const uint32_t[]){12, 13, 13, 12}, 4, 8);
    lock_graph_mark_reported(p->graph, (const uint32_t[]){14, 14}, 2, 9);
    read_both(p, 2, 10, 11), read_both(p, 3, 11, 10);
    program_write(p, 4, 10), program_write(p, 5, 11);
    CHECK_EQ(p->again_number, 7);
    read_both(p, 2, 12, 13), read_both(p, 3, 13, 12);
    program_write(p, 4, 12), program_write(p, 5, 13);
    CHECK_EQ(p->again_number, 8);
    read_twice(p, 2, 14);
    program_write(p, 4, 14);
    CHECK_EQ(p->again_number, 9);
    CHECK_EQ(p->again, 3);
    CHECK_STR(p->text, "");
    program_destroy(p);
}

TEST(the_same_code_over_many_locks_is_reported_up_to_the_bound) {
    struct program *p = readers();
    p->stack = 1;
    for (uint32_t lock = 100; lock < 170; lock++) {
        lock_graph_prefers_writers(p->graph, lock);
        read_twice(p, 2, lock);
        program_write(p, 3, lock);
    }
    CHECK_EQ(p->found, 64);
    CHECK_EQ(p->again, 6);
    program_destroy(p);
}

/* The bound on an edge is for orders of locks; a writer is no order. */
TEST(a_writer_may_be_the_witness_of_many_cycles) {
    struct program *p = readers();
    program_write(p, 4, 10);
    for (uint32_t lock = 100; lock < 110; lock++) {
        program_read(p, 2, 10), program_lock(p, 2, lock);
        program_unlock_all(p, 2);
        program_lock(p, 3, lock), program_read(p, 3, 10);
        program_unlock_all(p, 3);
    }
    CHECK_EQ(p->found, 10);
    CHECK_EQ(program_counts(p).unreported, 0);
    program_destroy(p);
}

/* ---- bounds of the search ---- */

/* Every pair of 12 locks is read in both orders by two threads, and there is one writer for all of them: it
 * can be one witness, and each cycle needs two. */
TEST(a_search_for_witnesses_stops_at_its_budget_and_is_counted) {
    struct program *p = readers_with(&(struct lock_graph_options){.max_steps = 200});
    p->stack = 1;
    for (uint32_t lock = 100; lock < 112; lock++) {
        lock_graph_prefers_writers(p->graph, lock);
        program_write(p, 4, lock);
    }
    for (uint32_t a = 100; a < 112; a++)
        for (uint32_t b = 100; b < 112; b++)
            if (a != b)
                for (uint32_t thread = 5; thread <= 8; thread++)
                    read_both(p, thread, a, b);
    CHECK_EQ(p->found, 0);
    CHECK(program_counts(p).cut_searches > 0);
    program_destroy(p);
}

TEST(a_ring_of_sixty_readers_and_sixty_writers) {
    struct program *p = readers();
    program_start(p, 9, 140, 1);
    for (uint32_t i = 0; i < 60; i++)
        lock_graph_prefers_writers(p->graph, 200 + i);
    for (uint32_t i = 0; i < 60; i++) {
        program_write(p, 70 + i, 200 + i);
        CHECK_EQ(p->found, 0);
        read_both(p, 10 + i, 200 + i * 7 % 60, 200 + (i * 7 + 7) % 60);
    }
    CHECK_EQ(p->found, 1);
    CHECK(strncmp(p->text, "T10 holds 200r wants 207r, T77 wants 207, T11 holds 207r ", 57) == 0);
    CHECK_EQ(program_counts(p).cut_searches, 0);
    program_destroy(p);
}

/* The locks are known long before their first edges, which lead from each to the one before: with a place in
 * the order that suits them each is added at once; without, each would be a walk over all before it
 * (minutes). */
TEST(sixty_thousand_locks_told_beforehand) {
    struct program *p = readers();
    for (uint32_t lock = 101; lock <= 60100; lock++)
        lock_graph_prefers_writers(p->graph, lock);
    for (uint32_t lock = 101; lock < 60100; lock++)
        read_both(p, 2, lock + 1, lock);
    CHECK_EQ(program_counts(p).edges, 59999);
    read_both(p, 3, 10000, 10001);
    program_write(p, 4, 10000), program_write(p, 5, 10001);
    CHECK_STR(p->text,
              "T3 holds 10000r wants 10001r, T5 wants 10001, T2 holds 10001r wants 10000r, T4 wants 10000\n");
    program_destroy(p);
}

CHECK_MAIN
