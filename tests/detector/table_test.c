#include "detector/table.h"

#include "tests/check.h"
#include "tests/detector/pages.h"

struct element {
    UT_hash_handle hh;
    uint32_t key;
};

static struct arena table_arena;
static struct element *table;

static void fresh(void) {
    pages_release();
    arena_init(&table_arena, pages_supply);
    table = NULL;
}

static struct element *add(uint32_t key) {
    struct arena *arena = &table_arena;
    struct element *element = arena_alloc(arena, sizeof *element);
    if (!element)
        return NULL;
    element->key = key;
    TABLE_ADD(table, key, element);
    return table_holds(element) ? element : NULL;
}

static struct element *find(uint32_t key) {
    struct element *element;
    HASH_FIND(hh, table, &key, sizeof key, element);
    return element;
}

TEST(what_was_added_is_found) {
    fresh();
    for (uint32_t key = 0; key < 10000; key++)
        CHECK(add(key) != NULL);
    CHECK_EQ(HASH_COUNT(table), 10000);
    for (uint32_t key = 0; key < 10000; key++)
        CHECK(find(key) && find(key)->key == key);
    CHECK(find(10000) == NULL);
}

TEST(buckets_keep_up_with_the_elements) {
    fresh();
    for (uint32_t key = 0; key < 10000; key++) {
        add(key);
        CHECK(table->hh.tbl->num_buckets >= HASH_COUNT(table));
        CHECK(table->hh.tbl->num_buckets <= 32 || table->hh.tbl->num_buckets <= 2 * HASH_COUNT(table));
    }
}

TEST(what_was_deleted_is_gone) {
    struct arena *arena = &table_arena;
    fresh();
    for (uint32_t key = 0; key < 1000; key++)
        add(key);
    for (uint32_t key = 0; key < 1000; key += 2) {
        struct element *element = find(key);
        TABLE_DEL(table, element);
    }
    for (uint32_t key = 0; key < 1000; key++)
        CHECK_EQ(find(key) != NULL, key % 2);
    for (uint32_t key = 1; key < 1000; key += 2) {
        struct element *element = find(key);
        TABLE_DEL(table, element);
    }
    CHECK(table == NULL);
    CHECK(add(7) != NULL);
    CHECK(find(7) != NULL);
}

TEST(without_memory_a_table_goes_on_with_its_buckets) {
    struct arena *arena = &table_arena;
    struct element elements[100];
    memset(elements, 0, sizeof elements);
    fresh();
    for (uint32_t key = 0; key < 100; key++) {
        elements[key].key = key;
        TABLE_ADD(table, key, &elements[key]);
        CHECK(table_holds(&elements[key]));
        if (key == 0) {
            while (arena_alloc(arena, 1024)) /* what is left of the chunk */
                pages_left = 0;
        }
    }
    CHECK_EQ(table->hh.tbl->num_buckets, 32);
    for (uint32_t key = 0; key < 100; key++)
        CHECK(find(key) == &elements[key]);
}

TEST(without_memory_for_its_first_element_a_table_stays_empty) {
    struct arena *arena = &table_arena;
    struct element element = {.key = 1};
    fresh();
    pages_left = 0;
    TABLE_ADD(table, key, &element);
    CHECK(!table_holds(&element));
    CHECK(table == NULL);
    pages_release();
    TABLE_ADD(table, key, &element);
    CHECK(table_holds(&element));
    CHECK(find(1) == &element);
}

CHECK_MAIN
