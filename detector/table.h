/* Hash tables for the detector: uthash over an arena.
 *
 * A function that adds to a table or deletes from one has a variable `struct arena *arena` in scope: the
 * table's memory comes from there. Elements are added with TABLE_ADD or TABLE_ADD_KEYPTR and deleted with
 * TABLE_DEL; the rest is uthash's own interface.
 */
#ifndef GORDIAN_DETECTOR_TABLE_H
#define GORDIAN_DETECTOR_TABLE_H

#include "detector/arena.h"

/* Return uthash's own hash of the key (Jenkins's), as a function: as a macro it is long, and it is
 * everywhere. */
unsigned table_hash(const void *key, unsigned bytes);

#define HASH_FUNCTION(key, bytes, hash) ((hash) = table_hash(key, (unsigned)(bytes)))
#define HASH_NONFATAL_OOM 1
#define uthash_malloc(size) arena_alloc(arena, size)
#define uthash_free(block, size) arena_free(arena, block, size)
#include <uthash.h>

/* uthash adds buckets when one of them holds ten elements. With a million elements that wastes time (each one
 * passed on a look-up is a cache miss), and a smaller limit wastes memory. TABLE_ADD does it when there are
 * more elements than buckets; when there is no memory for that, the table goes on with the buckets it has. */
#undef HASH_BKT_CAPACITY_THRESH
#define HASH_BKT_CAPACITY_THRESH 0x7fffffffU

#define TABLE_GROW(head)                                                                                     \
    do {                                                                                                     \
        UT_hash_table *table_ = (head) ? (head)->hh.tbl : NULL;                                              \
        __attribute__((unused)) int oomed_ = 0;                                                              \
        if (table_ && table_->num_items > table_->num_buckets)                                               \
            HASH_EXPAND_BUCKETS(&(head)->hh, table_, oomed_);                                                \
    } while (0)

/* Add the element by the field that is its key, or by a key that it points to. When memory runs out the table
 * stays as it was, and table_holds says false. */
#define TABLE_ADD(head, field, element)                                                                      \
    do {                                                                                                     \
        HASH_ADD(hh, head, field, sizeof(element)->field, element);                                          \
        TABLE_GROW(head);                                                                                    \
    } while (0)

#define TABLE_ADD_KEYPTR(head, key, size, element)                                                           \
    do {                                                                                                     \
        HASH_ADD_KEYPTR(hh, head, key, size, element);                                                       \
        TABLE_GROW(head);                                                                                    \
    } while (0)

/* Delete the element. A table with an element in it has a head: that is spelled out for static analysis. */
#define TABLE_DEL(head, element)                                                                             \
    do {                                                                                                     \
        if (head)                                                                                            \
            HASH_DEL(head, element);                                                                         \
    } while (0)

/* Return whether the element that was just added is in its table. */
#define table_holds(element) ((element)->hh.tbl != NULL)

#endif
