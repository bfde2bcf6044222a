#include "reports/pages.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "reports/memory.h"

static struct {
    struct run {
        void *pages;
        size_t bytes;
    } *runs;
    size_t count, capacity;
} set;

void pages_start(void) {
    set.count = 0;
}

void *pages_get(size_t bytes) {
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    set.runs = memory_array_grow(set.runs, &set.capacity, set.count + 1, sizeof *set.runs);
    set.runs[set.count++] = (struct run){pages, bytes};
    return pages;
}

void pages_end(void) {
    for (size_t i = 0; i < set.count; i++)
        munmap(set.runs[i].pages, set.runs[i].bytes);
    free(set.runs);
    set.runs = NULL;
    set.count = set.capacity = 0;
}
