#include "reports/table.h"

#include <stdint.h>

#include "tests/check.h"

TEST(an_empty_table_has_nothing) {
    struct table table = {0};
    CHECK(table_find(&table, 0) == NULL);
    table_free(&table);
}

TEST(every_key_keeps_its_last_value_while_the_table_grows) {
    enum { KEYS = 20000 };
    static int values[KEYS];
    struct table table = {0};
    for (int i = 0; i < KEYS; i++) /* keys that share their low bits, as aligned addresses do */
        table_put(&table, (uint64_t)i << 32, &values[i]);
    CHECK_EQ(table.count, KEYS);
    table_put(&table, 5ull << 32, &values[7]);
    CHECK_EQ(table.count, KEYS);
    for (int i = 0; i < KEYS; i++)
        CHECK(table_find(&table, (uint64_t)i << 32) == &values[i == 5 ? 7 : i]);
    CHECK(table_find(&table, 1) == NULL);
    CHECK(table_find(&table, UINT64_MAX) == NULL);
    table_free(&table);
}

CHECK_MAIN
