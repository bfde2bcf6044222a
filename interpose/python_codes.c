#include "interpose/python_codes.h"

#include <stdbool.h>
#include <stddef.h>

#include "interpose/raw.h"
#include "interpose/text.h"
#include "interpose/unwinder.h"

#define FIRST_BITS 10

/* The beginning of PyTypeObject, the same in all versions; builds that trace references have more before it.
 */
struct type {
    uint64_t references;
    void *type;
    uint64_t size;
    const char *name;
    uint64_t basic_size, item_size;
    void (*dealloc)(void *object);
};

struct python_codes *python_codes_now;

static uint64_t last_number;
static void (*real_dealloc)(void *code);

static struct python_codes_entry *place_of(struct python_codes *codes, uint64_t code) {
    uint32_t i = (uint32_t)((code * 0x9e3779b97f4a7c15u) >> codes->shift);
    while (codes->entries[i & codes->mask].code && codes->entries[i & codes->mask].code != code)
        i++;
    return &codes->entries[i & codes->mask];
}

/* An older table stays where it is: another interpreter's thread may be reading it. */
static bool grow(void) {
    const struct python_codes *codes = python_codes_now;
    uint32_t bits = codes ? 64 - codes->shift + 1 : FIRST_BITS;
    size_t bytes = sizeof(struct python_codes) + (sizeof(struct python_codes_entry) << bits);
    struct python_codes *wider = raw_pages((bytes + 4095) & ~(size_t)4095);
    if (!wider)
        return false;
    wider->shift = 64 - bits;
    wider->mask = (1u << bits) - 1;
    for (uint32_t i = 0; codes && i <= codes->mask; i++) {
        if (!codes->entries[i].number)
            continue;
        *place_of(wider, codes->entries[i].code) = codes->entries[i];
        wider->used++;
    }
    __atomic_store_n(&python_codes_now, wider, __ATOMIC_RELEASE);
    return true;
}

static void dealloc(void *code) {
    uint64_t address = (uint64_t)(uintptr_t)code;
    if (python_codes_number(address))
        __atomic_store_n(&place_of(python_codes_now, address)->number, 0, __ATOMIC_RELAXED);
    real_dealloc(code);
}

/* Returns whether we are told of the end of code objects. */
static bool watch(struct type *type) {
    if (type->dealloc == dealloc)
        return true;
    if (!unwinder_readable((uint64_t)(uintptr_t)type->name) || !text_equal(type->name, "code"))
        return false;
    real_dealloc = type->dealloc;
    __atomic_store_n(&type->dealloc, dealloc, __ATOMIC_RELEASE);
    return true;
}

void python_codes_add(void *code, void *type) {
    uint64_t address = (uint64_t)(uintptr_t)code;
    if (python_codes_number(address) || !watch(type))
        return;
    const struct python_codes *codes = python_codes_now;
    if ((!codes || codes->used * 2 > codes->mask) && !grow())
        return;
    struct python_codes_entry *entry = place_of(python_codes_now, address);
    python_codes_now->used += !entry->code;
    __atomic_store_n(&entry->number, ++last_number, __ATOMIC_RELAXED);
    __atomic_store_n(&entry->code, address, __ATOMIC_RELEASE);
}

void python_codes_forget(void) {
    __atomic_store_n(&python_codes_now, NULL, __ATOMIC_RELEASE);
}
