#include "detector/lockset.h"

#include "tests/check.h"
#include "tests/detector/pages.h"
#include "tests/detector/random.h"

static struct arena arena;

static struct lockset *make(const struct lock_hold *holds, uint32_t count) {
    return lockset_create(&arena, holds, count, 0);
}
#define MAKE(...)                                                                                            \
    make((const struct lock_hold[]){__VA_ARGS__},                                                            \
         sizeof((const struct lock_hold[]){__VA_ARGS__}) / sizeof(struct lock_hold))

#define X(lock) {lock, LOCK_EXCLUSIVE, 0}
#define R(lock) {lock, LOCK_SHARED, 0}

static void fresh(void) {
    pages_release();
    arena_init(&arena, pages_supply);
}

TEST(exclusive_holds_of_one_lock_exclude) {
    fresh();
    CHECK(lockset_excludes(MAKE(X(1), X(2)), MAKE(X(3), X(2))));
    CHECK(lockset_excludes(MAKE(X(2)), MAKE(R(2))));
    CHECK(lockset_excludes(MAKE(R(2)), MAKE(X(2))));
    CHECK(!lockset_excludes(MAKE(R(2)), MAKE(R(2))));
    CHECK(!lockset_excludes(MAKE(X(1), X(3)), MAKE(X(2), X(4))));
    CHECK(lockset_excludes(MAKE(R(1), X(3)), MAKE(R(1), X(3))));
}

TEST(within_means_no_stronger) {
    fresh();
    CHECK(lockset_within(MAKE(X(1)), MAKE(X(2), X(1))));
    CHECK(!lockset_within(MAKE(X(2), X(1)), MAKE(X(1))));
    CHECK(lockset_within(MAKE(R(1)), MAKE(X(1))));
    CHECK(!lockset_within(MAKE(X(1)), MAKE(R(1))));
    CHECK(lockset_within(MAKE(R(1)), MAKE(R(1))));
    CHECK(!lockset_within(MAKE(X(1), X(5)), MAKE(X(1), X(3), X(7))));
}

TEST(the_order_of_acquisition_comes_back) {
    fresh();
    const struct lock_hold holds[] = {{7, LOCK_SHARED, 70}, {3, LOCK_EXCLUSIVE, 30}, {5, LOCK_SHARED, 50}};
    struct lockset *set = lockset_create(&arena, holds, 3, 99);
    struct lock_hold listed[3];
    lockset_list(set, listed);
    CHECK(memcmp(holds, listed, sizeof holds) == 0);
    CHECK_EQ(set->wanted_stack, 99);
    CHECK_EQ(lockset_find(set, 3)->stack, 30);
    CHECK_EQ(lockset_find(set, 7)->stack, 70);
    CHECK(lockset_find(set, 4) == NULL);
    CHECK(lockset_find(set, 8) == NULL);
}

TEST(the_last_reference_frees) {
    fresh();
    struct lockset *set = MAKE(X(1), X(2));
    set->references++;
    lockset_release(&arena, set);
    CHECK_EQ(set->count, 2);
    lockset_release(&arena, set);
    CHECK(MAKE(X(3), X(4)) == set);
}

/* ---- against the definitions, lock by lock ---- */

#define MOST 40

static uint32_t random_holds(struct lock_hold *holds, uint32_t locks) {
    uint32_t count = 0, most = 1 + random_below(MOST);
    for (uint32_t i = 0; i < most; i++) {
        uint32_t lock = 1 + random_below(locks);
        bool there = false;
        for (uint32_t j = 0; j < count; j++)
            there |= holds[j].lock == lock;
        if (!there)
            holds[count++] = (struct lock_hold){lock, random_below(2), i};
    }
    return count;
}

TEST(random_sets_against_the_definitions) {
    uint32_t excluding = 0, within = 0;
    for (uint64_t seed = 0; seed < 20000 && !check_failed; seed++) {
        struct lock_hold a[MOST], b[MOST], listed[MOST];
        fresh();
        random_seed(seed);
        uint32_t locks = 1 + random_below(100);
        uint32_t a_count = random_holds(a, locks), b_count = random_holds(b, locks), common = 0;
        bool excludes = false;
        for (uint32_t i = 0; i < a_count; i++) {
            for (uint32_t j = 0; j < b_count; j++) {
                if (a[i].lock != b[j].lock)
                    continue;
                excludes |= a[i].mode == LOCK_EXCLUSIVE || b[j].mode == LOCK_EXCLUSIVE;
                common += a[i].mode == LOCK_SHARED || b[j].mode == LOCK_EXCLUSIVE;
            }
        }
        struct lockset *first = make(a, a_count), *second = make(b, b_count);
        CHECK_EQ(lockset_excludes(first, second), excludes);
        CHECK_EQ(lockset_excludes(second, first), excludes);
        CHECK_EQ(lockset_within(first, second), common == a_count);
        CHECK(lockset_within(first, first));
        lockset_list(first, listed);
        CHECK(memcmp(a, listed, a_count * sizeof a[0]) == 0);
        for (uint32_t i = 0; i < a_count; i++)
            CHECK_EQ(lockset_find(first, a[i].lock)->stack, a[i].stack);
        excluding += excludes;
        within += common == a_count;
    }
    CHECK(excluding > 1000 && excluding < 19000);
    CHECK(within > 500);
}

CHECK_MAIN
