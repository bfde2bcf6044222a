#include "detector/arena.h"

#include <stdbool.h>
#include <string.h>

/* Classes 0-7 are the multiples of 16 up to 128; above that there are two for each power of two, up to
 * 128 MiB. A larger block comes straight from the pages and is not used again. */
#define FINE_CLASSES 8
#define FINE_STEP 16
#define LARGEST ((size_t)1 << 27)

#define PAGE 4096
#define FIRST_CHUNK ((size_t)64 << 10)
#define LAST_CHUNK ((size_t)4 << 20)
/* A block of this size or more that does not fit into the chunk gets pages of its own: the chunk goes on. */
#define OWN_PAGES ((size_t)16 << 10)

/* Under AddressSanitizer every byte outside of a live block is poisoned, so that the unit tests catch a use
 * after arena_free or past a block's end as they would with malloc. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif
#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, bytes) ((void)(start), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(start, bytes) ((void)(start), (void)(bytes))
#endif

static size_t size_of(unsigned class) {
    if (class < FINE_CLASSES)
        return (class + 1) * (size_t)FINE_STEP;
    unsigned power = 7 + (class - FINE_CLASSES) / 2;
    return (class - FINE_CLASSES) % 2 ? (size_t)2 << power : (size_t)3 << (power - 1);
}

/* Return the smallest class whose blocks hold `bytes`. */
static unsigned class_of(size_t bytes) {
    if (bytes <= FINE_CLASSES * FINE_STEP)
        return bytes ? (unsigned)((bytes - 1) / FINE_STEP) : 0;
    unsigned power = 63 - (unsigned)__builtin_clzll(bytes - 1);
    return FINE_CLASSES + (power - 7) * 2 + (unsigned)((bytes - 1) >> (power - 1) & 1);
}

static void push(struct arena *a, unsigned class, void *block) {
    ASAN_UNPOISON_MEMORY_REGION(block, size_of(class));
    *(void **)block = a->freed[class];
    a->freed[class] = block;
    ASAN_POISON_MEMORY_REGION(block, size_of(class));
}

static void *pop(struct arena *a, unsigned class, size_t bytes) {
    void *block = a->freed[class];
    ASAN_UNPOISON_MEMORY_REGION(block, size_of(class));
    a->freed[class] = *(void **)block;
    memset(block, 0, size_of(class));
    ASAN_POISON_MEMORY_REGION((char *)block + bytes, size_of(class) - bytes);
    return block;
}

static size_t whole_pages(size_t bytes) {
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

static void *take_pages(struct arena *a, size_t bytes) {
    void *pages = a->pages(bytes);
    if (pages)
        a->taken += bytes;
    return pages;
}

/* The rest of the chunk that is about to be left goes to the free lists, so that nothing is lost. */
static void scatter_rest(struct arena *a) {
    while (a->end - a->next >= FINE_STEP) {
        size_t rest = (size_t)(a->end - a->next);
        unsigned class = class_of(rest < LARGEST ? rest + 1 : LARGEST + 1) - 1; /* the largest that fits */
        push(a, class, a->next);
        a->next += size_of(class);
    }
}

/* Start a chunk with room for `size`; when there is no memory for a whole one, one of just that size. */
static bool start_chunk(struct arena *a, size_t size) {
    size_t least = whole_pages(size);
    size_t wanted = a->chunk > least ? a->chunk : least;
    char *start = take_pages(a, wanted);
    if (!start && wanted > least) {
        wanted = least;
        start = take_pages(a, wanted);
    }
    if (!start)
        return false;
    ASAN_POISON_MEMORY_REGION(start, wanted);
    if (start != a->end)
        scatter_rest(a);
    a->next = start == a->end ? a->next : start;
    a->end = start + wanted;
    if (a->chunk < LAST_CHUNK)
        a->chunk *= 2;
    return true;
}

void arena_init(struct arena *a, arena_pages pages) {
    memset(a, 0, sizeof *a);
    a->pages = pages;
    a->chunk = FIRST_CHUNK;
}

void *arena_alloc(struct arena *a, size_t bytes) {
    if (bytes > LARGEST)
        return bytes <= SIZE_MAX - PAGE ? take_pages(a, whole_pages(bytes)) : NULL;
    unsigned class = class_of(bytes);
    if (a->freed[class])
        return pop(a, class, bytes);
    size_t size = size_of(class);
    if ((size_t)(a->end - a->next) < size) {
        if (size >= OWN_PAGES)
            return take_pages(a, whole_pages(size));
        if (!start_chunk(a, size))
            return NULL;
    }
    void *block = a->next;
    a->next += size;
    ASAN_UNPOISON_MEMORY_REGION(block, bytes);
    return block;
}

void arena_free(struct arena *a, void *block, size_t bytes) {
    if (block && bytes <= LARGEST)
        push(a, class_of(bytes), block);
}
