#include "detector/known_cycles.h"

#include <string.h>

void known_cycles_init(struct known_cycles *known, struct arena *arena) {
    *known = (struct known_cycles){.arena = arena};
}

static size_t size_of_cycle(uint32_t count) {
    return sizeof(struct known_cycle) + count * sizeof(uint32_t);
}

static size_t size_of_signature(uint32_t count) {
    return sizeof(struct known_signature) + count * sizeof(uint64_t);
}

struct known_cycle *known_cycles_find(const struct known_cycles *known, const uint32_t *locks,
                                      uint32_t count) {
    struct known_cycle *cycle;
    HASH_FIND(hh, known->cycles, locks, count * sizeof *locks, cycle);
    return cycle;
}

struct known_cycle *known_cycles_add(struct known_cycles *known, const uint32_t *locks, uint32_t count) {
    struct arena *arena = known->arena;
    struct known_cycle *cycle = arena_alloc(arena, size_of_cycle(count));
    if (!cycle)
        return NULL;
    cycle->locks_count = count;
    memcpy(cycle->locks, locks, count * sizeof *locks);
    TABLE_ADD_KEYPTR(known->cycles, cycle->locks, count * sizeof *locks, cycle);
    if (table_holds(cycle))
        return cycle;
    arena_free(arena, cycle, size_of_cycle(count));
    return NULL;
}

void known_cycles_take_back(struct known_cycles *known, struct known_cycle *cycle) {
    struct arena *arena = known->arena;
    TABLE_DEL(known->cycles, cycle);
    arena_free(arena, cycle, size_of_cycle(cycle->locks_count));
}

/* Insertion sort: a cycle has few distinct pairs, and each is inserted once. */
uint32_t known_cycles_unite_pairs(uint64_t *pairs, uint32_t count) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t pair = pairs[i];
        uint32_t place = kept;
        while (place > 0 && pairs[place - 1] > pair)
            place--;
        if (place > 0 && pairs[place - 1] == pair)
            continue;
        memmove(&pairs[place + 1], &pairs[place], (kept - place) * sizeof *pairs);
        pairs[place] = pair;
        kept++;
    }
    return kept;
}

struct known_signature *known_cycles_find_signature(const struct known_cycles *known, const uint64_t *pairs,
                                                    uint32_t count) {
    struct known_signature *signature;
    HASH_FIND(hh, known->signatures, pairs, count * sizeof *pairs, signature);
    return signature;
}

struct known_signature *known_cycles_add_signature(struct known_cycles *known, const uint64_t *pairs,
                                                   uint32_t count) {
    struct arena *arena = known->arena;
    struct known_signature *signature = arena_alloc(arena, size_of_signature(count));
    if (!signature)
        return NULL;
    signature->pairs_count = count;
    memcpy(signature->pairs, pairs, count * sizeof *pairs);
    TABLE_ADD_KEYPTR(known->signatures, signature->pairs, count * sizeof *pairs, signature);
    if (table_holds(signature))
        return signature;
    arena_free(arena, signature, size_of_signature(count));
    return NULL;
}
