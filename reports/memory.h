/* Memory of the command's reports: a pool that is freed at once, and arrays that grow.
 *
 * A command that cannot get memory cannot do its work: it says so in one line and exits with status 125. So
 * nothing here returns NULL, and nobody checks. Never linked into the program under test. A pool is not
 * thread-safe.
 */
#ifndef GORDIAN_REPORTS_MEMORY_H
#define GORDIAN_REPORTS_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

struct memory_block;

/* Zero-initialised, a pool is empty and ready. */
struct memory_pool {
    struct memory_block *blocks;
    size_t left; /* bytes free at the end of the newest block */
};

/* Return `size` zeroed bytes, aligned for anything; they live until memory_pool_free. */
void *memory_pool_alloc(struct memory_pool *pool, size_t size);

/* Return a copy of the `size` bytes of `text` with a NUL after them. */
char *memory_pool_copy(struct memory_pool *pool, const char *text, size_t size);

/* Return the formatted text. */
char *memory_pool_format(struct memory_pool *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void memory_pool_free(struct memory_pool *pool);

/* Return `array` with room for at least `count` elements of `size` bytes; updates *capacity. Amortised O(1)
 * when `count` grows by one. The caller frees it. */
void *memory_array_grow(void *array, size_t *capacity, size_t count, size_t size);

#endif
