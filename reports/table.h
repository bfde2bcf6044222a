/* A hash table from 64-bit keys (ids, addresses, signatures) to pointers.
 *
 * Open addressing with linear probing; keys cannot be removed. Keys may come from a forged file, so they are
 * mixed before use. Not thread-safe. The table owns its arrays, never what the values point to.
 */
#ifndef GORDIAN_REPORTS_TABLE_H
#define GORDIAN_REPORTS_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table_entry {
    uint64_t key;
    void *value; /* NULL: free */
};

/* Zero-initialised, a table is empty and ready. */
struct table {
    struct table_entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

/* Return the value of `key`, NULL when it has none. O(1). */
void *table_find(const struct table *table, uint64_t key);

/* Give `key` the value, which is not NULL, instead of the one it may have. Amortised O(1). */
void table_put(struct table *table, uint64_t key, void *value);

void table_free(struct table *table);

#endif
