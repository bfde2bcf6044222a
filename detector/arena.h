/* Memory for the detector: a bump allocator over pages that the caller supplies.
 *
 * The detector lives inside other people's programs, where malloc may itself be waiting for the lock under
 * inspection. All its memory, uthash's tables included, therefore comes from here. Freed blocks go to free
 * lists by size class and are used again; pages are never given back. Not thread-safe: the owner serialises.
 */
#ifndef GORDIAN_DETECTOR_ARENA_H
#define GORDIAN_DETECTOR_ARENA_H

#include <stddef.h>
#include <stdint.h>

/* Supplies `bytes` (a multiple of 4096) of zeroed memory, or NULL when there is none. */
typedef void *(*arena_pages)(size_t bytes);

#define ARENA_CLASSES 48

struct arena {
    arena_pages pages;
    char *next;                 /* first free byte of the current chunk */
    char *end;                  /* end of the current chunk */
    size_t chunk;               /* bytes to ask for next; grows with use up to a limit */
    size_t taken;               /* bytes obtained from `pages` so far */
    void *freed[ARENA_CLASSES]; /* free lists, one per size class */
};

/* Make `a` empty. It asks `pages` for nothing until the first allocation. */
void arena_init(struct arena *a, arena_pages pages);

/* Return `bytes` of zeroed memory aligned to 16, or NULL when the pages ran out. O(1) but for the zeroing. */
void *arena_alloc(struct arena *a, size_t bytes);

/* Give back a block of `bytes`, as it was asked for. NULL is allowed. O(1). */
void arena_free(struct arena *a, void *block, size_t bytes);

#endif
