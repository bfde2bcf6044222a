#include "reports/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK ((size_t)4 * 1024) /* many pools stay small; each block is twice the last */
#define LARGEST_BLOCK ((size_t)1024 * 1024)
#define ALIGNMENT _Alignof(max_align_t)

struct memory_block {
    struct memory_block *older;
    size_t size;
    _Alignas(max_align_t) char bytes[];
};

static void die(void) {
    static const char line[] = "gordian: out of memory: the report cannot be made\n";
    fwrite(line, 1, sizeof line - 1, stderr);
    exit(125);
}

void *memory_pool_alloc(struct memory_pool *pool, size_t size) {
    if (size > SIZE_MAX / 2)
        die();
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > pool->left) {
        size_t room = pool->blocks ? pool->blocks->size * 2 : FIRST_BLOCK;
        room = room > LARGEST_BLOCK ? LARGEST_BLOCK : room;
        room = room > size ? room : size;
        struct memory_block *block = calloc(1, sizeof *block + room);
        if (!block)
            die();
        block->older = pool->blocks;
        block->size = room;
        pool->blocks = block;
        pool->left = room;
    }
    void *memory = pool->blocks->bytes + (pool->blocks->size - pool->left);
    pool->left -= size;
    return memory;
}

char *memory_pool_copy(struct memory_pool *pool, const char *text, size_t size) {
    char *copy = memory_pool_alloc(pool, size + 1);
    memcpy(copy, text, size);
    return copy;
}

char *memory_pool_format(struct memory_pool *pool, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0)
        die();
    char *text = memory_pool_alloc(pool, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

void memory_pool_free(struct memory_pool *pool) {
    for (struct memory_block *block = pool->blocks, *older; block; block = older) {
        older = block->older;
        free(block);
    }
    *pool = (struct memory_pool){0};
}

void *memory_array_grow(void *array, size_t *capacity, size_t count, size_t size) {
    if (count <= *capacity)
        return array;
    size_t wanted = *capacity ? *capacity : 8;
    while (wanted < count)
        wanted *= 2;
    if (wanted > SIZE_MAX / size / 2)
        die();
    void *larger = realloc(array, wanted * size);
    if (!larger)
        die();
    *capacity = wanted;
    return larger;
}
