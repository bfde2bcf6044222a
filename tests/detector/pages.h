/* Pages for the arenas of unit tests, with a limit on how many requests succeed. Not thread-safe. */
#ifndef GORDIAN_TESTS_DETECTOR_PAGES_H
#define GORDIAN_TESTS_DETECTOR_PAGES_H

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct pages_block {
    struct pages_block *next;
    void *memory;
};

static struct pages_block *pages_blocks;
static long pages_left = LONG_MAX;        /* requests that still succeed */
static size_t pages_largest = (size_t)-1; /* larger requests fail and do not count */

/* An arena_pages. */
__attribute__((unused)) static void *pages_supply(size_t bytes) {
    if (bytes > pages_largest || pages_left <= 0)
        return NULL;
    pages_left--;
    struct pages_block *block = malloc(sizeof *block);
    block->memory = aligned_alloc(4096, bytes);
    memset(block->memory, 0, bytes);
    block->next = pages_blocks;
    pages_blocks = block;
    return block->memory;
}

/* Give all pages back, and lift the limits. */
__attribute__((unused)) static void pages_release(void) {
    while (pages_blocks) {
        struct pages_block *block = pages_blocks;
        pages_blocks = block->next;
        free(block->memory);
        free(block);
    }
    pages_left = LONG_MAX;
    pages_largest = (size_t)-1;
}

#endif
