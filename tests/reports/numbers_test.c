#include "reports/numbers.h"

#include "tests/check.h"

static struct memory_pool pool;

TEST(thousands_stand_apart) {
    CHECK_STR(numbers_count(&pool, 0), "0");
    CHECK_STR(numbers_count(&pool, 999), "999");
    CHECK_STR(numbers_count(&pool, 1000), "1,000");
    CHECK_STR(numbers_count(&pool, 15204), "15,204");
    CHECK_STR(numbers_count(&pool, 1000001), "1,000,001");
    CHECK_STR(numbers_count(&pool, UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(a_duration_has_two_digits_and_the_unit_that_suits) {
    static const struct {
        uint64_t ns;
        const char *text;
    } durations[] = {
        {0, "0"},
        {1, "1 ns"},
        {999, "999 ns"},
        {1000, "1.0 us"},
        {3449, "3.4 us"},
        {9949, "9.9 us"},
        {9950, "10 us"},
        {999499, "999 us"},
        {999500, "1.0 ms"},
        {12000000, "12 ms"},
        {2310000000, "2.3 s"},
        {59400000000, "59 s"},
        {59600000000, "1 min"},
        {125000000000, "2 min 5 s"},
        {3599600000000, "1 h"},
        {11520000000000, "3 h 12 min"},
        {UINT64_MAX, "5124095 h 34 min"},
    };
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++)
        CHECK_STR(numbers_duration(&pool, durations[i].ns), durations[i].text);
}

TEST(a_share_is_in_percent) {
    CHECK_STR(numbers_share(&pool, 0, 100), "0 %");
    CHECK_STR(numbers_share(&pool, 1, 100000), "<0.1 %");
    CHECK_STR(numbers_share(&pool, 13, 1000), "1.3 %");
    CHECK_STR(numbers_share(&pool, 9949, 100000), "9.9 %");
    CHECK_STR(numbers_share(&pool, 37, 100), "37 %");
    CHECK_STR(numbers_share(&pool, 5, 5), "100 %");
    CHECK_STR(numbers_share(&pool, 0, 0), "0 %");
    CHECK_STR(numbers_share(&pool, 1, 0), "100 %");
}

TEST(one_thing_and_several) {
    CHECK_STR(numbers_plural(0), "s");
    CHECK_STR(numbers_plural(1), "");
    CHECK_STR(numbers_plural(2), "s");
    memory_pool_free(&pool);
}

CHECK_MAIN
