#include "detector/search_budgets.h"

#include "tests/check.h"
#include "tests/detector/pages.h"

static struct arena arena;
static struct search_budgets budgets;

static void fresh(uint32_t bound) {
    pages_release();
    arena_init(&arena, pages_supply);
    search_budgets_init(&budgets, &arena, bound);
}

TEST(a_pair_begins_at_the_bound_and_keeps_it) {
    fresh(1000);
    CHECK_EQ(search_budgets_get(&budgets, 1, 2), 1000);
    search_budgets_settle(&budgets, 1, 2, 500, false, false);
    search_budgets_settle(&budgets, 1, 2, 500, false, true);
    search_budgets_settle(&budgets, 1, 2, 1000, true, true);
    CHECK_EQ(search_budgets_get(&budgets, 1, 2), 1000);
}

TEST(a_cut_search_without_a_find_halves_its_pair) {
    fresh(1000);
    const uint32_t expected[] = {500, 250, 125, 64, 64, 64};
    for (uint32_t i = 0; i < 6; i++) {
        search_budgets_settle(&budgets, 1, 2, 1000, true, false);
        CHECK_EQ(search_budgets_get(&budgets, 1, 2), expected[i]);
    }
    CHECK_EQ(search_budgets_get(&budgets, 2, 1), 1000);
    CHECK_EQ(search_budgets_get(&budgets, 1, 3), 1000);
    search_budgets_settle(&budgets, 1, 2, 64, false, true);
    CHECK_EQ(search_budgets_get(&budgets, 1, 2), 1000);
}

TEST(all_pairs_draw_on_one_account) {
    fresh(1000);
    for (uint32_t i = 0; i < 64; i++)
        search_budgets_settle(&budgets, i, 1, 1000, false, false);
    CHECK_EQ(search_budgets_get(&budgets, 100, 1), 1000); /* what was paid in meanwhile */
    for (uint32_t i = 0; i < 10; i++)
        search_budgets_settle(&budgets, i, 1, 1000, false, true);
    CHECK_EQ(search_budgets_get(&budgets, 100, 1), 64);
    for (uint32_t i = 0; i < 5; i++)
        search_budgets_settle(&budgets, i, 1, 0, false, false);
    CHECK_EQ(search_budgets_get(&budgets, 100, 1), 5 * 64);
    for (uint32_t i = 0; i < 2000; i++)
        search_budgets_settle(&budgets, i, 1, 0, false, false);
    for (uint32_t i = 0; i < 70; i++)
        search_budgets_settle(&budgets, i, 1, 1000, false, false);
    CHECK_EQ(search_budgets_get(&budgets, 100, 1), 64); /* no more than 64 times the bound was saved */
}

TEST(a_bound_below_what_is_always_granted) {
    fresh(10);
    CHECK_EQ(search_budgets_get(&budgets, 1, 2), 10);
    search_budgets_settle(&budgets, 1, 2, 10, true, false);
    CHECK_EQ(search_budgets_get(&budgets, 1, 2), 10);
}

TEST(without_memory_a_pair_has_the_whole_bound) {
    fresh(1000);
    pages_left = 0;
    search_budgets_settle(&budgets, 1, 2, 1000, true, false);
    CHECK_EQ(search_budgets_get(&budgets, 1, 2), 1000);
    pages_release();
}

CHECK_MAIN
