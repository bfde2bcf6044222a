#include "detector/segments.h"

#include "tests/check.h"
#include "tests/detector/order_model.h"
#include "tests/detector/pages.h"
#include "tests/detector/random.h"

static struct arena arena;

static struct segments *fresh(void) {
    pages_release();
    arena_init(&arena, pages_supply);
    struct segments *s = segments_create(&arena);
    segments_start(s, 1, 0);
    return s;
}

TEST(a_thread_orders_its_own_segments) {
    struct segments *s = fresh();
    CHECK_EQ(segments_start(s, 2, 1), 1);
    CHECK_EQ(segments_start(s, 3, 1), 2);
    CHECK_EQ(segments_current(s, 1), 2);
    CHECK(segments_before(s, 1, 0, 1, 0));
    CHECK(segments_before(s, 1, 0, 1, 2));
    CHECK(!segments_before(s, 1, 2, 1, 1));
    CHECK(!segments_concurrent(s, 1, 0, 1, 2));
}

TEST(creating_orders_what_was_before) {
    struct segments *s = fresh();
    CHECK_EQ(segments_start(s, 2, 1), 1);
    CHECK(segments_before(s, 1, 0, 2, 0));
    CHECK(!segments_before(s, 2, 0, 1, 0));
    CHECK(!segments_before(s, 1, 1, 2, 0));
    CHECK(segments_concurrent(s, 1, 1, 2, 0));
}

TEST(joining_orders_what_comes_after) {
    struct segments *s = fresh();
    segments_start(s, 2, 1);
    CHECK_EQ(segments_join(s, 1, 2), 2);
    CHECK(segments_before(s, 2, 0, 1, 2));
    CHECK(!segments_before(s, 2, 0, 1, 1));
    CHECK(segments_concurrent(s, 1, 1, 2, 0));
}

TEST(order_passes_through_threads) {
    struct segments *s = fresh();
    segments_start(s, 2, 1); /* creates 3, which is joined by 4, which is joined by 1 */
    segments_start(s, 4, 1);
    segments_start(s, 3, 2);
    segments_join(s, 4, 3);
    CHECK(segments_concurrent(s, 2, 0, 4, 0));
    CHECK(segments_before(s, 2, 0, 4, 1));
    CHECK(segments_concurrent(s, 2, 1, 4, 1));
    segments_join(s, 1, 4);
    CHECK(segments_before(s, 2, 0, 1, 3));
    CHECK(segments_before(s, 3, 0, 1, 3));
    CHECK(segments_concurrent(s, 2, 1, 1, 3));
    segments_start(s, 5, 1);
    CHECK(segments_before(s, 3, 0, 5, 0));
    CHECK(segments_concurrent(s, 2, 1, 5, 0));
}

TEST(a_thread_whose_creation_was_not_seen_is_not_ordered) {
    struct segments *s = fresh();
    segments_start(s, 2, 1);
    CHECK_EQ(segments_start(s, 3, 0), 0);
    CHECK(segments_concurrent(s, 1, 0, 3, 0));
    CHECK(segments_concurrent(s, 2, 0, 3, 0));
    CHECK_EQ(segments_current(s, 99), 0);
    CHECK(segments_concurrent(s, 1, 0, 99, 0));
    CHECK_EQ(segments_join(s, 1, 99), 2); /* never seen to start, but it has ended */
    CHECK(segments_before(s, 99, 0, 1, 2));
}

TEST(joined_twice_is_as_good_as_once) {
    struct segments *s = fresh();
    segments_start(s, 2, 1);
    segments_start(s, 3, 1);
    CHECK_EQ(segments_join(s, 1, 2), 3);
    CHECK_EQ(segments_join(s, 3, 2), 1);
    CHECK(segments_before(s, 2, 0, 1, 3));
    CHECK(segments_before(s, 2, 0, 3, 1));
    CHECK(segments_over(s, 2, 0));
}

TEST(a_thread_has_been_joined_or_not) {
    struct segments *s = fresh();
    segments_start(s, 2, 1);
    segments_start(s, 3, 2);
    CHECK(!segments_joined(s, 2));
    segments_join(s, 1, 2);
    CHECK(segments_joined(s, 2));
    CHECK(!segments_joined(s, 1));
    CHECK(!segments_joined(s, 3));
    CHECK(!segments_joined(s, 99));
}

TEST(a_segment_is_over_when_all_others_are_after_it) {
    struct segments *s = fresh();
    CHECK(segments_over(s, 1, 0)); /* there is nobody else */
    segments_start(s, 2, 1);
    segments_start(s, 3, 1);
    CHECK(segments_over(s, 1, 0));
    CHECK(!segments_over(s, 1, 1));
    CHECK(!segments_over(s, 2, 0));
    segments_join(s, 1, 2);
    CHECK(!segments_over(s, 2, 0)); /* 3 may still run beside it */
    segments_join(s, 1, 3);
    CHECK(segments_over(s, 2, 0));
    CHECK(segments_over(s, 3, 0));
    segments_start(s, 4, 1);
    CHECK(segments_over(s, 2, 0));
}

/* Threads that main creates and joins one after the other: 20,000 segments. */
TEST(ten_thousand_threads) {
    struct segments *s = fresh();
    for (uint32_t thread = 2; thread < 10002; thread++) {
        segments_start(s, thread, 1);
        CHECK(segments_before(s, 1, 0, thread, 0));
        CHECK_EQ(segments_before(s, thread - 1, 0, thread, 0), thread > 1);
        segments_join(s, 1, thread);
    }
    CHECK_EQ(segments_current(s, 1), 20000);
    for (uint32_t thread = 2; thread < 10002; thread += 7) {
        uint32_t created = 2 * (thread - 2) + 1; /* main's segment beside it */
        CHECK(segments_concurrent(s, thread, 0, 1, created));
        CHECK(segments_before(s, thread, 0, 1, created + 1));
        CHECK(segments_before(s, 1, created - 1, thread, 0));
        CHECK(segments_over(s, thread, 0));
    }
    CHECK(arena.taken < 8 << 20);
}

/* Each thread creates the next, and then they are joined by the one that created them, or all by main. */
TEST(a_thousand_generations) {
    for (unsigned by_main = 0; by_main < 2; by_main++) {
        struct segments *s = fresh();
        for (uint32_t thread = 2; thread <= 1000; thread++)
            segments_start(s, thread, thread - 1);
        CHECK(segments_before(s, 1, 0, 1000, 0));
        CHECK(segments_before(s, 500, 0, 1000, 0));
        CHECK(segments_concurrent(s, 500, 1, 1000, 0));
        for (uint32_t thread = 1000; thread > 1; thread--)
            segments_join(s, by_main ? 1 : thread - 1, thread);
        CHECK(segments_before(s, 1000, 0, 1, segments_current(s, 1)));
        CHECK(segments_over(s, 777, 0));
        CHECK(arena.taken < 4 << 20);
    }
}

static struct order_model model;

static void compare_all(const struct segments *s, uint32_t threads, uint64_t seed) {
    for (uint32_t a = 1; a <= threads && !check_failed; a++) {
        CHECK_EQ(segments_current(s, a), model.current[a]);
        for (uint32_t i = 0; i <= model.current[a]; i++) {
            CHECK_EQ(segments_over(s, a, i), order_over(&model, a, i));
            for (uint32_t b = 1; b <= threads; b++)
                for (uint32_t j = 0; j <= model.current[b]; j++)
                    if (segments_before(s, a, i, b, j) != order_before(&model, a, i, b, j) ||
                        segments_concurrent(s, a, i, b, j) != order_concurrent(&model, a, i, b, j))
                        CHECK(!"the relation is the closure");
        }
    }
    if (check_failed)
        printf("seed %llu\n", (unsigned long long)seed);
}

/* Any thread may create, and any may join any other, also one that has created some; as in the closure. */
static void run_random(uint64_t seed, uint32_t steps, uint32_t first_id, uint32_t gap) {
    struct segments *s = fresh();
    uint32_t running[ORDER_THREADS] = {1}, count = 1, last = 1;
    random_seed(seed);
    order_clear(&model);
    order_start(&model, 1, 0);
    for (uint32_t step = 0; step < steps && last < ORDER_THREADS - gap; step++) {
        uint32_t place = random_below(count), thread = running[place];
        if (count == 1 || random_below(5) < 3) {
            uint32_t creator = random_below(10) == 0 ? 0 : thread;
            last = last == 1 ? first_id : last + gap;
            CHECK_EQ(segments_start(s, last, creator), creator ? model.current[creator] + 1 : 0);
            order_start(&model, last, creator);
            running[count++] = last;
        } else {
            uint32_t other = random_below(count);
            if (other == place)
                continue;
            CHECK_EQ(segments_join(s, thread, running[other]), model.current[thread] + 1);
            order_join(&model, thread, running[other]);
            running[other] = running[--count];
        }
    }
    if (gap == 1)
        compare_all(s, last, seed);
    for (uint32_t i = 0; i < 2000 && gap > 1; i++) {
        uint32_t a = 1 + random_below(last), b = 1 + random_below(last);
        if (!model.started[a] || !model.started[b])
            continue;
        uint32_t x = random_below(model.current[a] + 1), y = random_below(model.current[b] + 1);
        CHECK_EQ(segments_before(s, a, x, b, y), order_before(&model, a, x, b, y));
    }
}

TEST(random_programs_against_the_closure) {
    for (uint64_t seed = 0; seed < 2000 && !check_failed; seed++)
        run_random(seed, 30, 2, 1);
}

TEST(long_random_programs_against_the_closure) {
    for (uint64_t seed = 0; seed < 20 && !check_failed; seed++)
        run_random(seed, 250, 2, 1);
}

/* Ids far apart, and the first one beyond the height of an empty clock. */
TEST(scattered_ids_against_the_closure) {
    for (uint64_t seed = 0; seed < 300 && !check_failed; seed++)
        run_random(seed, 40, 100 + (uint32_t)seed % 300, 13);
}

CHECK_MAIN
