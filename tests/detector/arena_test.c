#include "detector/arena.h"

#include "tests/check.h"
#include "tests/detector/pages.h"
#include "tests/detector/random.h"

static bool is_zero(const unsigned char *block, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        if (block[i])
            return false;
    return true;
}

TEST(nothing_is_taken_before_the_first_allocation) {
    struct arena a;
    arena_init(&a, pages_supply);
    CHECK_EQ(a.taken, 0);
    arena_free(&a, NULL, 100);
    CHECK_EQ(a.taken, 0);
    CHECK(arena_alloc(&a, 1) != NULL);
    CHECK_EQ(a.taken, 64 * 1024);
    pages_release();
}

TEST(blocks_are_zeroed_and_aligned_at_every_size) {
    struct arena a;
    arena_init(&a, pages_supply);
    for (size_t bytes = 0; bytes < 5000; bytes++) {
        for (unsigned round = 0; round < 2; round++) { /* the second time from the free list */
            unsigned char *block = arena_alloc(&a, bytes);
            CHECK_EQ((uintptr_t)block % 16, 0);
            CHECK(is_zero(block, bytes));
            memset(block, 0xff, bytes);
            arena_free(&a, block, bytes);
        }
    }
    pages_release();
}

TEST(a_freed_block_is_used_again) {
    struct arena a;
    arena_init(&a, pages_supply);
    for (size_t bytes = 1; bytes <= (size_t)1 << 22; bytes = bytes * 5 / 4 + 1) {
        void *block = arena_alloc(&a, bytes);
        CHECK(block != NULL);
        arena_free(&a, block, bytes);
        CHECK(arena_alloc(&a, bytes) == block);
    }
    pages_release();
}

TEST(a_large_block_leaves_the_chunk_in_use) {
    struct arena a;
    arena_init(&a, pages_supply);
    CHECK(arena_alloc(&a, 1024) != NULL);
    CHECK(arena_alloc(&a, 65536) != NULL); /* does not fit any more */
    CHECK_EQ(a.taken, 2 * 65536);
    for (size_t left = 65536 - 1024; left >= 128; left -= 128)
        CHECK(arena_alloc(&a, 128) != NULL);
    CHECK_EQ(a.taken, 2 * 65536);
    pages_release();
}

TEST(the_rest_of_a_chunk_is_used) {
    struct arena a;
    arena_init(&a, pages_supply);
    char *first = arena_alloc(&a, 1024);
    CHECK(arena_alloc(&a, 49152) == first + 1024);
    CHECK(arena_alloc(&a, 8192) == first + 50176);
    CHECK(arena_alloc(&a, 6144) == first + 58368);
    CHECK(arena_alloc(&a, 3072) != NULL); /* 1024 are left: a new chunk */
    CHECK_EQ(a.taken, 65536 + 131072);
    CHECK(arena_alloc(&a, 1024) == first + 64512);
    pages_release();
}

TEST(chunks_grow_up_to_four_mebibytes) {
    struct arena a;
    arena_init(&a, pages_supply);
    size_t taken = 0, largest = 0;
    for (unsigned i = 0; i < 20000; i++) {
        CHECK(arena_alloc(&a, 1024) != NULL);
        largest = a.taken - taken > largest ? a.taken - taken : largest;
        taken = a.taken;
    }
    CHECK_EQ(largest, 4 << 20);
    CHECK(a.taken < 20000 * 1024 + (5 << 20));
    pages_release();
}

TEST(no_pages_at_all) {
    struct arena a;
    arena_init(&a, pages_supply);
    pages_left = 0;
    CHECK(arena_alloc(&a, 1) == NULL);
    CHECK(arena_alloc(&a, (size_t)1 << 30) == NULL);
    CHECK(arena_alloc(&a, SIZE_MAX) == NULL);
    CHECK_EQ(a.taken, 0);
    pages_release();
    CHECK(arena_alloc(&a, 1) != NULL); /* and goes on when there are some again */
    pages_release();
}

TEST(no_pages_for_a_whole_chunk) {
    struct arena a;
    arena_init(&a, pages_supply);
    pages_largest = 8192;
    CHECK(arena_alloc(&a, 100) != NULL);
    CHECK_EQ(a.taken, 4096);
    CHECK(arena_alloc(&a, 5000) != NULL);
    CHECK_EQ(a.taken, 4096 + 8192);
    CHECK(arena_alloc(&a, 9000) == NULL);
    CHECK(arena_alloc(&a, 100) != NULL);
    CHECK_EQ(a.taken, 4096 + 8192);
    pages_release();
}

TEST(a_block_larger_than_all_classes_has_its_own_pages) {
    struct arena a;
    arena_init(&a, pages_supply);
    size_t bytes = ((size_t)128 << 20) + 1;
    char *block = arena_alloc(&a, bytes);
    CHECK_EQ(a.taken, ((size_t)128 << 20) + 4096);
    CHECK(block != NULL && is_zero((unsigned char *)block + bytes - 4096, 4096));
    arena_free(&a, block, bytes);
    CHECK(arena_alloc(&a, 16) != NULL);
    pages_release();
}

/* Random blocks, each filled with its own pattern, which must be whole when the block is freed. */
TEST(blocks_do_not_overlap) {
    enum { BLOCKS = 500 };
    struct {
        unsigned char *memory;
        size_t bytes;
        unsigned char pattern;
    } blocks[BLOCKS] = {0};
    struct arena a;
    arena_init(&a, pages_supply);
    random_seed(1);
    for (unsigned step = 0; step < 50000; step++) {
        unsigned i = random_below(BLOCKS);
        if (blocks[i].memory) {
            for (size_t j = 0; j < blocks[i].bytes; j++)
                if (blocks[i].memory[j] != blocks[i].pattern) {
                    CHECK(blocks[i].memory[j] == blocks[i].pattern);
                    break;
                }
            arena_free(&a, blocks[i].memory, blocks[i].bytes);
            blocks[i].memory = NULL;
        } else {
            blocks[i].bytes = 1 + random_below(random_below(20) ? 300 : 20000);
            blocks[i].pattern = (unsigned char)(1 + random_below(255));
            blocks[i].memory = arena_alloc(&a, blocks[i].bytes);
            CHECK(is_zero(blocks[i].memory, blocks[i].bytes));
            memset(blocks[i].memory, blocks[i].pattern, blocks[i].bytes);
        }
    }
    CHECK(a.taken < 16 << 20);
    pages_release();
}

CHECK_MAIN
