/* The detector without memory: the same program is run again and again, and each time another allocation, or
 * another request for pages, fails. What fails says so, can be tried again when there is memory, and in the
 * end the same cycles have been found.
 *
 * The linker puts __wrap_arena_alloc in the place of arena_alloc. */
#include "detector/lock_graph.h"

#include <errno.h>

#include "tests/check.h"
#include "tests/detector/program.h"
#include "tests/detector/random.h"

static long allocations_left = LONG_MAX; /* until one fails */
static long failures_left;               /* of the following ones */
static uint32_t failures;

void *__real_arena_alloc(struct arena *a, size_t bytes);
void *__wrap_arena_alloc(struct arena *a, size_t bytes);

void *__wrap_arena_alloc(struct arena *a, size_t bytes) {
    if (allocations_left-- <= 0 && failures_left-- > 0) {
        failures++;
        return NULL;
    }
    return __real_arena_alloc(a, bytes);
}

/* ---- the program: drawn once, run many times ---- */

enum action { START, JOIN, LOCK, READ, REREAD, PREFER, UNLOCK_ALL, REMOVE };

struct operation {
    enum action action;
    uint32_t thread, other;
};

#define OPERATIONS 400
#define LOCKS 8
#define THREADS 40

static struct operation operations[OPERATIONS];
static struct lock_graph_options graph_options;

/* Every second program finds cycles of one thread, too. */
static void draw_program(uint64_t seed) {
    bool held[THREADS][64] = {{false}}, shared[THREADS][64] = {{false}};
    graph_options = (struct lock_graph_options){.single_thread = seed % 2};
    uint32_t running[THREADS] = {1}, count = 1, threads = 1;
    random_seed(seed);
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        uint32_t place = random_below(count), lock = 1 + random_below(LOCKS), action = random_below(40);
        struct operation *o = &operations[i];
        *o = (struct operation){UNLOCK_ALL, running[place], 0};
        if (action < 2 && count < 5 && threads < THREADS - 1) {
            *o = (struct operation){START, running[place], ++threads};
            running[count++] = threads;
        } else if (action < 3 && count > 2 && place != count - 1) {
            *o = (struct operation){JOIN, running[place], running[count - 1]};
            count--;
        } else if (action < 4) {
            bool free = true;
            for (uint32_t t = 0; t < THREADS; t++)
                free &= !held[t][lock];
            if (free)
                *o = (struct operation){REMOVE, 0, lock};
        } else if (action < 6) {
            *o = (struct operation){PREFER, 0, lock};
        } else if (action < 32 && !held[running[place]][lock]) {
            *o = (struct operation){action < 16 ? READ : LOCK, running[place], lock};
            held[running[place]][lock] = true;
            shared[running[place]][lock] = action < 16;
        } else if (action < 36 && shared[running[place]][lock]) {
            *o = (struct operation){REREAD, running[place], lock};
        }
        if (o->action == UNLOCK_ALL || o->action == JOIN) {
            uint32_t thread = o->action == JOIN ? o->other : o->thread;
            memset(held[thread], 0, sizeof held[0]);
            memset(shared[thread], 0, sizeof shared[0]);
        }
    }
}

static int perform(struct program *p, const struct operation *o) {
    switch (o->action) {
    case START:
        return segments_start(p->segments, o->other, o->thread);
    case JOIN:
        program_unlock_all(p, o->other);
        return segments_join(p->segments, o->thread, o->other);
    case LOCK:
        return program_lock(p, o->thread, o->other);
    case READ:
        return program_read(p, o->thread, o->other);
    case REREAD:
        return program_reread(p, o->thread, o->other);
    case PREFER:
        return lock_graph_prefers_writers(p->graph, o->other);
    case UNLOCK_ALL:
        program_unlock_all(p, o->thread);
        return 0;
    case REMOVE:
        lock_graph_remove(p->graph, o->other);
        return 0;
    }
    return 0;
}

static uint32_t failed_operations;

/* Try until it succeeds; what failed must not have half happened. */
static void perform_at_last(struct program *p, const struct operation *o) {
    struct program_thread *t = &p->threads[o->thread];
    uint32_t held_count = t->held_count, stacks = p->stacks,
             current = segments_current(p->segments, o->thread);
    int result;
    while ((result = perform(p, o)) < 0) {
        CHECK_EQ(result, -ENOMEM);
        CHECK_EQ(segments_current(p->segments, o->thread), current);
        t->held_count = held_count;
        p->stacks = stacks;
        pages_left = LONG_MAX;
        failed_operations++;
    }
}

static void run_program(struct program *p) {
    for (uint32_t i = 0; i < OPERATIONS; i++)
        perform_at_last(p, &operations[i]);
}

/* What came of the program when there was memory. */
static struct lock_graph_counts expected_counts;
static char expected_text[sizeof((struct program *)NULL)->text];
static long allocations; /* that it made */
static long requests;    /* for pages */

static void run_with_memory(uint64_t seed) {
    draw_program(seed);
    struct program *p = program_create_with(&graph_options);
    allocations_left = LONG_MAX;
    run_program(p);
    allocations = LONG_MAX - allocations_left;
    requests = LONG_MAX - pages_left;
    expected_counts = program_counts(p);
    memcpy(expected_text, p->text, sizeof expected_text);
    CHECK(expected_counts.cycles > 5);
    CHECK(p->witnessed > 0);
    CHECK(!graph_options.single_thread || expected_counts.single_thread > 0);
    program_destroy(p);
}

static void check_outcome(const struct program *p) {
    struct lock_graph_counts counts = program_counts(p);
    CHECK_STR(p->text, expected_text);
    CHECK_EQ(counts.locks, expected_counts.locks);
    CHECK_EQ(counts.edges, expected_counts.edges);
    CHECK_EQ(counts.dependencies, expected_counts.dependencies);
    CHECK_EQ(counts.cycles, expected_counts.cycles);
    CHECK_EQ(counts.single_thread, expected_counts.single_thread);
    CHECK_EQ(counts.cut_searches, 0);
}

TEST(every_single_allocation_fails_once) {
    for (uint64_t seed = 0; seed < 2; seed++) {
        run_with_memory(seed);
        for (long n = 0; n < allocations && !check_failed; n += 1 + n / 50) {
            struct program *p = program_create_with(&graph_options);
            failures = 0;
            allocations_left = n;
            failures_left = 1;
            run_program(p);
            CHECK_EQ(failures, 1);
            check_outcome(p);
            program_destroy(p);
        }
        allocations_left = LONG_MAX;
    }
}

TEST(some_allocations_in_a_row_fail) {
    run_with_memory(7);
    for (long n = 0; n < allocations && !check_failed; n += 1 + n / 50) {
        struct program *p = program_create_with(&graph_options);
        failures = 0;
        allocations_left = n;
        failures_left = 1 + n % 30;
        run_program(p);
        CHECK(failures > 0);
        check_outcome(p);
        program_destroy(p);
    }
    allocations_left = LONG_MAX;
}

/* Large chunks are refused, so that there are many requests. */
TEST(every_request_for_pages_fails_once) {
    pages_largest = 16384;
    run_with_memory(8);
    CHECK(requests > 10);
    failed_operations = 0;
    for (long n = 1; n < requests && !check_failed; n++) {
        pages_largest = 16384;
        struct program *p = program_create_with(&graph_options);
        pages_left = n;
        run_program(p);
        check_outcome(p);
        program_destroy(p);
    }
    /* One each; but a table that cannot grow goes on as it is. */
    CHECK(failed_operations > (uint32_t)requests / 2);
}

TEST(nothing_can_be_created_without_memory) {
    struct arena arena;
    struct lock_graph_options options = {0};
    struct lock_graph_listener listener = {NULL, NULL, NULL};
    arena_init(&arena, pages_supply);
    pages_left = 0;
    CHECK(segments_create(&arena) == NULL);
    CHECK(lock_graph_create(&arena, NULL, &options, &listener) == NULL);
    pages_release();
}

/* Threads with ids far apart, so that clocks grow in height too; every allocation fails once. */
static long run_threads(long fail_at) {
    struct arena arena;
    arena_init(&arena, pages_supply);
    struct segments *s = segments_create(&arena);
    random_seed(3);
    allocations_left = fail_at, failures_left = 1, failures = 0;
    while (segments_start(s, 1, 0) < 0)
        continue;
    for (uint32_t i = 0; i < 40; i++) {
        uint32_t creator = i ? 1 + 37 * random_below(i + 1) : 1, thread = 1 + 37 * (i + 1);
        uint32_t current = segments_current(s, creator);
        while (segments_start(s, thread, creator) < 0)
            CHECK_EQ(segments_current(s, creator), current);
        CHECK(segments_before(s, creator, current, thread, 0));
        CHECK(!segments_before(s, creator, current + 1, thread, 0));
        current = segments_current(s, 1);
        while (i % 2 && segments_join(s, 1, thread) < 0)
            CHECK_EQ(segments_current(s, 1), current);
        CHECK_EQ(segments_before(s, thread, 0, 1, segments_current(s, 1)), i % 2);
    }
    long made = fail_at - allocations_left;
    allocations_left = LONG_MAX;
    pages_release();
    return made;
}

TEST(every_allocation_for_threads_fails_once) {
    long made = run_threads(LONG_MAX);
    CHECK(made > 100);
    for (long n = 0; n < made && !check_failed; n++) {
        run_threads(n);
        CHECK_EQ(failures, 1);
    }
}

TEST(an_absurd_thread_id_is_too_much) {
    struct arena arena;
    arena_init(&arena, pages_supply);
    struct segments *s = segments_create(&arena);
    pages_largest = (size_t)1 << 24;
    CHECK_EQ(segments_start(s, UINT32_MAX, 0), -ENOMEM);
    CHECK_EQ(segments_start(s, 1, 0), 0);
    CHECK_EQ(segments_start(s, 2, 1), 1);
    pages_release();
}

/* Marking has no way to say that it failed: the cycle is then predicted as if it had not happened. */
TEST(marking_without_memory_is_forgotten) {
    struct program *p = program_create();
    program_start(p, 2, 3, 1);
    allocations_left = 0;
    failures_left = 100;
    lock_graph_mark_reported(p->graph, (const uint32_t[]){10, 11}, 2, 5);
    failures_left = 0;
    NEST(p, 2, 10, 11);
    NEST(p, 3, 11, 10);
    CHECK_EQ(p->found, 1);
    allocations_left = LONG_MAX;
    program_destroy(p);
}

CHECK_MAIN
