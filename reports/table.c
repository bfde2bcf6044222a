#include "reports/table.h"

#include <stdlib.h>

#include "reports/memory.h"

/* The finaliser of MurmurHash3: every bit of the key reaches the low bits that choose the place. */
static uint64_t mix(uint64_t key) {
    key ^= key >> 33;
    key *= 0xff51afd7ed558ccdu;
    key ^= key >> 33;
    key *= 0xc4ceb9fe1a85ec53u;
    return key ^ key >> 33;
}

static struct table_entry *place_of(const struct table *table, uint64_t key) {
    size_t at = mix(key) & (table->capacity - 1);
    while (table->entries[at].value && table->entries[at].key != key)
        at = (at + 1) & (table->capacity - 1);
    return &table->entries[at];
}

void *table_find(const struct table *table, uint64_t key) {
    return table->capacity ? place_of(table, key)->value : NULL;
}

static void grow(struct table *table) {
    struct table old = *table;
    size_t capacity = 0;
    table->capacity = old.capacity ? old.capacity * 2 : 64;
    table->entries = memory_array_grow(NULL, &capacity, table->capacity, sizeof *table->entries);
    for (size_t i = 0; i < table->capacity; i++)
        table->entries[i] = (struct table_entry){0};
    for (size_t i = 0; i < old.capacity; i++)
        if (old.entries[i].value)
            *place_of(table, old.entries[i].key) = old.entries[i];
    free(old.entries);
}

void table_put(struct table *table, uint64_t key, void *value) {
    if (table->count * 4 >= table->capacity * 3)
        grow(table);
    struct table_entry *place = place_of(table, key);
    table->count += !place->value;
    *place = (struct table_entry){key, value};
}

void table_free(struct table *table) {
    free(table->entries);
    *table = (struct table){0};
}
