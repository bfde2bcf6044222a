#include "detector/wait_graph.h"

#include "tests/check.h"
#include "tests/detector/random.h"

#define THREADS 64
#define LOCKS 64
#define CAPACITY 16

enum { NOBODY = 0 };

/* The threads and locks of a process. `changes` is called before each reading. */
static struct wait_edge waits[THREADS];
static uint32_t holders[LOCKS];
static bool gone[THREADS];
static uint32_t readings;
static void (*changes)(void);

static void read_wait(void *context, uint32_t thread, struct wait_edge *out) {
    (void)context;
    readings++;
    if (changes)
        changes();
    *out = waits[thread];
}

static enum wait_holder_state read_holder(void *context, uint32_t lock, uint32_t mode, uint32_t *thread) {
    (void)context, (void)mode;
    readings++;
    if (changes)
        changes();
    *thread = holders[lock];
    if (holders[lock] == NOBODY)
        return WAIT_HOLDER_NONE;
    return gone[holders[lock]] ? WAIT_HOLDER_GONE : WAIT_HOLDER_ALIVE;
}

static const struct wait_view view = {NULL, read_wait, read_holder};
static uint32_t threads[CAPACITY];
static struct wait_edge edges[CAPACITY];

static void fresh(void) {
    memset(waits, 0, sizeof waits);
    memset(holders, 0, sizeof holders);
    memset(gone, 0, sizeof gone);
    readings = 0;
    changes = NULL;
}

static void wants(uint32_t thread, uint32_t lock) {
    waits[thread] = (struct wait_edge){WAIT_LOCK, lock, LOCK_EXCLUSIVE, waits[thread].ticket + 1};
}

static void joins(uint32_t thread, uint32_t other) {
    waits[thread] = (struct wait_edge){WAIT_JOIN, other, 0, waits[thread].ticket + 1};
}

static struct wait_knot find(uint32_t thread) {
    return wait_graph_find(&view, thread, threads, edges, CAPACITY);
}

static void check_ring(struct wait_knot knot, uint32_t shape, uint32_t count) {
    CHECK_EQ(knot.verdict, WAIT_KNOT);
    CHECK_EQ(knot.shape, shape);
    CHECK_EQ(knot.count, count);
    CHECK_EQ(knot.first, 0);
}

TEST(two_threads_and_two_locks) {
    fresh();
    holders[10] = 1, holders[11] = 2;
    wants(1, 11);
    CHECK_EQ(find(1).verdict, WAIT_NO_KNOT);
    wants(2, 10);
    check_ring(find(2), FINDING_SHAPE_CYCLE, 2);
    CHECK_EQ(threads[0], 2);
    CHECK_EQ(edges[0].target, 10);
    CHECK_EQ(threads[1], 1);
    CHECK_EQ(edges[1].target, 11);
    check_ring(find(1), FINDING_SHAPE_CYCLE, 2);
}

TEST(a_ring_of_five) {
    fresh();
    for (uint32_t thread = 1; thread <= 5; thread++) {
        holders[10 + thread] = thread;
        wants(thread, 10 + thread % 5 + 1);
    }
    check_ring(find(5), FINDING_SHAPE_CYCLE, 5);
    CHECK_EQ(threads[0], 5);
    for (uint32_t i = 1; i < 5; i++)
        CHECK_EQ(threads[i], i);
}

TEST(a_thread_that_wants_what_it_holds) {
    fresh();
    holders[10] = 1;
    wants(1, 10);
    check_ring(find(1), FINDING_SHAPE_SELF, 1);
    CHECK_EQ(threads[0], 1);
}

TEST(a_thread_that_joins_itself) {
    fresh();
    joins(1, 1);
    check_ring(find(1), FINDING_SHAPE_SELF, 1);
}

TEST(a_lock_whose_holder_is_gone) {
    fresh();
    holders[10] = 2, gone[2] = true;
    wants(1, 10);
    struct wait_knot knot = find(1);
    CHECK_EQ(knot.verdict, WAIT_ORPHANED);
    CHECK_EQ(knot.shape, FINDING_SHAPE_ORPHANED);
    CHECK_EQ(knot.count, 2);
    CHECK_EQ(knot.first, 0);
    CHECK_EQ(threads[0], 1);
    CHECK_EQ(threads[1], 2);
    CHECK_EQ(edges[1].kind, WAIT_NONE);
}

TEST(waiting_for_one_that_waits_for_a_lock_whose_holder_is_gone) {
    fresh();
    holders[10] = 3, gone[3] = true;
    holders[11] = 2;
    wants(2, 10);
    wants(1, 11);
    struct wait_knot knot = find(1);
    CHECK_EQ(knot.verdict, WAIT_ORPHANED);
    CHECK_EQ(knot.count, 3);
    CHECK_EQ(knot.first, 1);
    CHECK_EQ(threads[2], 3);
}

TEST(joining_a_thread_that_needs_a_lock_one_holds) {
    fresh();
    holders[10] = 1;
    wants(2, 10);
    joins(1, 2);
    check_ring(find(1), FINDING_SHAPE_JOIN, 2);
    check_ring(find(2), FINDING_SHAPE_JOIN, 2);
}

TEST(a_ring_of_joins) {
    fresh();
    joins(1, 2), joins(2, 3);
    CHECK_EQ(find(2).verdict, WAIT_NO_KNOT);
    joins(3, 1);
    check_ring(find(3), FINDING_SHAPE_JOIN, 3);
}

TEST(a_ring_that_the_thread_is_not_in) {
    fresh();
    holders[10] = 1, holders[11] = 2, holders[12] = 3;
    wants(1, 11), wants(2, 10), wants(3, 11), wants(4, 12);
    CHECK_EQ(find(3).verdict, WAIT_NO_KNOT);
    CHECK_EQ(find(4).verdict, WAIT_NO_KNOT);
    CHECK(find(4).count < CAPACITY); /* it does not go round and round */
    check_ring(find(1), FINDING_SHAPE_CYCLE, 2);
}

TEST(a_wait_with_a_time_limit_is_no_edge) {
    fresh();
    holders[10] = 1, holders[11] = 2;
    waits[1] = (struct wait_edge){WAIT_NONE, 11, LOCK_EXCLUSIVE, 5};
    wants(2, 10);
    struct wait_knot knot = find(2);
    CHECK_EQ(knot.verdict, WAIT_NO_KNOT);
    CHECK_EQ(knot.count, 2);
    CHECK_EQ(find(1).verdict, WAIT_NO_KNOT);
}

TEST(a_lock_that_nobody_holds) {
    fresh();
    wants(1, 10);
    CHECK_EQ(find(1).verdict, WAIT_NO_KNOT);
    CHECK_EQ(find(1).count, 1);
}

TEST(a_path_longer_than_the_capacity) {
    fresh();
    for (uint32_t thread = 1; thread <= CAPACITY; thread++) {
        holders[10 + thread] = thread;
        wants(thread, 11 + thread % CAPACITY);
    }
    check_ring(find(1), FINDING_SHAPE_CYCLE, CAPACITY);
    struct wait_knot knot = wait_graph_find(&view, 1, threads, edges, CAPACITY - 1);
    CHECK_EQ(knot.verdict, WAIT_NO_KNOT);
    CHECK_EQ(knot.count, CAPACITY);
    knot = wait_graph_find(&view, 1, threads, edges, 0);
    CHECK_EQ(knot.verdict, WAIT_NO_KNOT);
    CHECK_EQ(knot.count, 1);
    gone[CAPACITY] = true; /* the one that is gone has no place any more */
    knot = wait_graph_find(&view, 1, threads, edges, CAPACITY - 1);
    CHECK_EQ(knot.verdict, WAIT_NO_KNOT);
    CHECK_EQ(knot.count, CAPACITY);
    CHECK_EQ(find(1).verdict, WAIT_ORPHANED);
}

/* ---- what changes while it is read ---- */

static uint32_t change_at;
static void (*change)(void);

static void change_once(void) {
    if (readings == change_at)
        change();
}

static void other_wait(void) {
    waits[1].ticket++;
}

static void other_holder(void) {
    holders[10] = 3;
}

static void wait_over(void) {
    waits[1] = (struct wait_edge){WAIT_NONE, 0, 0, waits[1].ticket};
}

static void unlocked(void) {
    holders[11] = NOBODY;
}

/* Thread 2 looks at the ring of AB/BA in 8 readings: wait 2, holder 10, wait 1, holder 11, and then for the
 * second time holder 11, holder 10, wait 1, wait 2. Thread 3 is a bystander. */
static enum wait_verdict verdict_with(uint32_t at, void (*what)(void)) {
    fresh();
    holders[10] = 1, holders[11] = 2;
    wants(1, 11), wants(2, 10);
    change_at = at, change = what, changes = change_once;
    return find(2).verdict;
}

TEST(each_change_before_its_second_reading_is_noticed) {
    CHECK_EQ(verdict_with(99, other_wait), WAIT_KNOT);
    CHECK_EQ(readings, 8);
    CHECK_EQ(verdict_with(3, other_wait),
             WAIT_KNOT); /* before the first reading: it is another wait, but the same */
    for (uint32_t at = 4; at <= 7; at++)
        CHECK_EQ(verdict_with(at, other_wait), WAIT_NO_KNOT);
    CHECK_EQ(verdict_with(8, other_wait), WAIT_KNOT);
    for (uint32_t at = 1; at <= 6; at++)
        CHECK_EQ(verdict_with(at, other_holder), WAIT_NO_KNOT);
    for (uint32_t at = 1; at <= 7; at++)
        CHECK_EQ(verdict_with(at, wait_over), WAIT_NO_KNOT);
    for (uint32_t at = 1; at <= 5; at++)
        CHECK_EQ(verdict_with(at, unlocked), WAIT_NO_KNOT);
}

/* ---- a process that runs on while it is looked at ----
 *
 * Between any two readings threads take, release and want locks, join and end, as they can. A true knot stays
 * for good, so whatever is reported must still be there afterwards; and one that is there before must be
 * reported. */

#define RUNNING_THREADS 5
#define RUNNING_LOCKS 4

static uint32_t looking; /* the thread that calls wait_graph_find; it does nothing meanwhile */

static void run_one(void) {
    uint32_t thread = 1 + random_below(RUNNING_THREADS), lock = 1 + random_below(RUNNING_LOCKS);
    struct wait_edge *wait = &waits[thread];
    if (gone[thread] || thread == looking)
        return;
    if (wait->kind == WAIT_LOCK) {
        if (holders[wait->target] == NOBODY) {
            holders[wait->target] = thread;
            wait->kind = WAIT_NONE;
        }
    } else if (wait->kind == WAIT_JOIN) {
        if (gone[wait->target])
            wait->kind = WAIT_NONE;
    } else if (holders[lock] == thread) {
        holders[lock] = NOBODY;
    } else if (random_below(40) == 0) {
        gone[thread] = true;
    } else if (random_below(12) == 0) {
        joins(thread, 1 + random_below(RUNNING_THREADS));
    } else {
        wants(thread, lock);
    }
}

static void run_some(void) {
    for (uint32_t steps = random_below(4); steps > 0; steps--)
        run_one();
}

/* Return the thread's fate in the process as it stands, and the length of the path to it. */
static enum wait_verdict fate(uint32_t thread, uint32_t *count) {
    uint32_t current = thread;
    for (*count = 1; *count <= RUNNING_THREADS; ++*count) {
        const struct wait_edge *wait = &waits[current];
        if (gone[current] || wait->kind == WAIT_NONE)
            return WAIT_NO_KNOT;
        uint32_t next = wait->kind == WAIT_JOIN ? wait->target : holders[wait->target];
        if (next == NOBODY)
            return WAIT_NO_KNOT;
        if (gone[next] && wait->kind == WAIT_LOCK) {
            ++*count;
            return WAIT_ORPHANED;
        }
        if (next == thread)
            return WAIT_KNOT;
        current = next;
    }
    return WAIT_NO_KNOT;
}

static void read_wait_of_living(void *context, uint32_t thread, struct wait_edge *out) {
    read_wait(context, thread, out);
    if (gone[thread])
        out->kind = WAIT_NONE;
}

TEST(a_running_process_has_no_false_knots_and_no_missed_ones) {
    static const struct wait_view living = {NULL, read_wait_of_living, read_holder};
    uint32_t found[3] = {0}, calls = 0;
    for (uint64_t seed = 0; seed < 60000 && !check_failed; seed++) {
        fresh();
        random_seed(seed);
        looking = 0;
        for (uint32_t steps = random_below(60); steps > 0; steps--)
            run_one();
        uint32_t thread = 1 + random_below(RUNNING_THREADS);
        if (gone[thread] || waits[thread].kind == WAIT_NONE)
            continue;
        uint32_t before_count, after_count;
        enum wait_verdict before = fate(thread, &before_count);
        looking = thread;
        changes = run_some;
        struct wait_knot knot = wait_graph_find(&living, thread, threads, edges, CAPACITY);
        enum wait_verdict after = fate(thread, &after_count);
        calls++;
        found[knot.verdict]++;
        if (before != WAIT_NO_KNOT)
            CHECK_EQ(knot.verdict, before);
        if (knot.verdict != WAIT_NO_KNOT) {
            CHECK_EQ(knot.verdict, after);
            CHECK_EQ(knot.count, after_count);
        }
        if (check_failed)
            printf("seed %llu\n", (unsigned long long)seed);
    }
    printf("%u calls: %u knots, %u orphaned\n", calls, found[WAIT_KNOT], found[WAIT_ORPHANED]);
    CHECK(found[WAIT_KNOT] > 1000 && found[WAIT_ORPHANED] > 1000 && found[WAIT_NO_KNOT] > 1000);
}

CHECK_MAIN
