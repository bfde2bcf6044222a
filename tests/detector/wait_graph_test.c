#include "detector/wait_graph.h"

#include <stdarg.h>
#include <stdlib.h>

#include "tests/check.h"

#define THREADS 520
#define LIST 520
#define CAPACITY 16
#define END 0 /* of a list of threads */

/* The threads of a process. `changes` is called before each reading. */
static struct {
    struct wait_edge wait;
    enum wait_need need;
    uint32_t list[LIST];
    uint32_t count; /* more than LIST: so many, of which none is written */
} process[THREADS];
static uint32_t spread; /* ids are multiples of it */
static uint32_t readings, asked;
static void (*changes)(void);

static void read_wait(void *context, uint32_t thread, struct wait_edge *out) {
    (void)context;
    readings++;
    if (changes)
        changes();
    *out = process[thread / spread].wait;
}

static enum wait_need read_need(void *context, uint32_t thread, const struct wait_edge *edge,
                                uint32_t *threads, uint32_t room, uint32_t *count) {
    (void)context;
    readings++;
    asked++;
    if (changes)
        changes();
    CHECK(edge->kind != WAIT_NONE && edge->kind != WAIT_OUTSIDE);
    CHECK(!edge->timed || edge->kind == WAIT_CONDITION);
    uint32_t n = process[thread / spread].count;
    *count = n <= room ? n : room + 1;
    for (uint32_t i = 0; i < n && n <= LIST && n <= room; i++)
        threads[i] = process[thread / spread].list[i];
    return process[thread / spread].need;
}

static const struct wait_view view = {NULL, read_wait, read_need};
static _Alignas(8) char bytes[1 << 20];
static struct wait_memory memory;

static void fresh(void) {
    memset(process, 0, sizeof process);
    memset(bytes, 0xa5, sizeof bytes); /* the memory need not be cleared */
    CHECK(wait_memory_bytes(CAPACITY) <= sizeof bytes);
    memory = wait_memory_lay(bytes, CAPACITY);
    spread = 1;
    readings = asked = 0;
    changes = NULL;
}

/* The thread waits, and needs the listed ones. */
static void waits(uint32_t thread, enum wait_kind kind, enum wait_need need, ...) {
    static uint64_t tickets;
    va_list list;
    va_start(list, need);
    process[thread].count = 0;
    for (uint32_t next; (next = va_arg(list, uint32_t)) != END;)
        process[thread].list[process[thread].count++] = next;
    va_end(list);
    process[thread].need = need;
    process[thread].wait = (struct wait_edge){.kind = kind, .target = 100 + thread, .ticket = ++tickets};
}

/* A lock of one holder, and a join. */
static void wants(uint32_t thread, uint32_t holder) {
    waits(thread, WAIT_LOCK, WAIT_NEEDS_ALL, holder, END);
}

static void joins(uint32_t thread, uint32_t other) {
    waits(thread, WAIT_JOIN, WAIT_NEEDS_ALL, other, END);
}

static void runs(uint32_t thread) {
    process[thread].wait.kind = WAIT_NONE;
}

static struct wait_knot find(uint32_t thread) {
    return wait_graph_find(&view, thread, &memory);
}

/* `verdict`, and the threads that are shown. */
static void check_found(int line, uint32_t thread, enum wait_verdict verdict, uint32_t shape, ...) {
    struct wait_knot knot = find(thread);
    uint32_t count = 0;
    bool right = knot.verdict == verdict && knot.shape == shape;
    va_list list;
    va_start(list, shape);
    for (uint32_t next; (next = va_arg(list, uint32_t)) != END; count++) {
        right &= count < knot.count && memory.threads[count] == next;
        bool gone = verdict == WAIT_ORPHANED && count + 1 == knot.count;
        if (right)
            right &= gone ? memory.waits[count].kind == WAIT_NONE
                          : memory.waits[count].ticket == process[next / spread].wait.ticket;
    }
    va_end(list);
    if (!right || knot.count != count) {
        printf("%s:%d: verdict %u, shape %u:", __FILE__, line, knot.verdict, knot.shape);
        for (uint32_t i = 0; i < knot.count; i++)
            printf(" %u", memory.threads[i]);
        puts("");
        check_failed = true;
    }
}

#define CHECK_RING(thread, shape, ...) check_found(__LINE__, thread, WAIT_KNOT, shape, __VA_ARGS__, END)
#define CHECK_ORPHANED(thread, ...)                                                                          \
    check_found(__LINE__, thread, WAIT_ORPHANED, FINDING_SHAPE_ORPHANED, __VA_ARGS__, END)
#define CHECK_NO_KNOT(thread) check_found(__LINE__, thread, WAIT_NO_KNOT, FINDING_SHAPE_NONE, END)
#define CHECK_TOO_LARGE(thread) check_found(__LINE__, thread, WAIT_TOO_LARGE, FINDING_SHAPE_NONE, END)

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

static uint32_t change_at;
static void (*change)(void);

static void change_once(void) {
    if (readings == change_at)
        change();
}

static void nothing(void) {}

static void other_wait(void) {
    process[1].wait.ticket++;
}

static void other_lock(void) {
    process[1].wait.lock++;
}

static void timed_now(void) {
    process[1].wait.timed = true;
}

static void wait_over(void) {
    runs(1);
}

static void released(void) {
    process[1].need = WAIT_CAN_GO;
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

/* ---- all of them ---- */

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
