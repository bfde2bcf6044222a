#include "interpose/lock_names.h"

#include <errno.h>
#include <string.h>

#include "interpose/raw.h"
#include "interpose/text.h"

#define FIRST_BITS 8
#define TEXT_PAGES 65536

/* Open addressing. In `names` the key is an address; in `texts` the hash of a text, whose entries are never
 * taken out. */
struct entry {
    uint64_t key; /* 0: free; never changes otherwise */
    const char *text;
};

struct names {
    uint32_t shift, mask;
    uint32_t used; /* entries with a key */
    struct entry entries[];
};

static struct names *names, *texts;
static char *text_next, *text_end;

static size_t bytes_of(uint32_t bits) {
    return (sizeof(struct names) + (sizeof(struct entry) << bits) + 4095) & ~(size_t)4095;
}

static struct names *create(uint32_t bits) {
    struct names *table = raw_pages(bytes_of(bits));
    if (table) {
        table->shift = 64 - bits;
        table->mask = (1u << bits) - 1;
    }
    return table;
}

/* The entry with this key and, unless NULL, this text; or else the free one for it. */
static struct entry *place_of(struct names *table, uint64_t key, const char *text) {
    for (uint32_t i = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> table->shift);; i++) {
        struct entry *entry = &table->entries[i & table->mask];
        if (!entry->key || (entry->key == key && (!text || text_equal(entry->text, text))))
            return entry;
    }
}

static void put(struct names *table, struct entry *entry, uint64_t key, const char *text) {
    __atomic_store_n(&entry->text, text, __ATOMIC_RELEASE);
    if (entry->key)
        return;
    __atomic_store_n(&entry->key, key, __ATOMIC_RELEASE);
    table->used++;
}

/* Make room for one more: a larger table, or one of the same size without the entries that have lost their
 * text. */
static int make_room(struct names **table) {
    struct names *old = *table;
    if (old && old->used * 2 <= old->mask)
        return 0;
    uint32_t live = 0, bits = FIRST_BITS;
    for (uint32_t i = 0; old && i <= old->mask; i++)
        live += old->entries[i].text != NULL;
    while ((1u << bits) < live * 4u)
        bits++;
    struct names *wider = create(bits);
    if (!wider)
        return -ENOMEM;
    for (uint32_t i = 0; old && i <= old->mask; i++)
        if (old->entries[i].text)
            put(wider, place_of(wider, old->entries[i].key, table == &texts ? old->entries[i].text : NULL),
                old->entries[i].key, old->entries[i].text);
    __atomic_store_n(table, wider, __ATOMIC_RELEASE);
    if (old)
        raw_munmap(old, bytes_of(64 - old->shift));
    return 0;
}

static uint64_t hash(const char *text) {
    uint64_t value = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *text; text++)
        value = (value ^ (unsigned char)*text) * 0x100000001b3u;
    return value | 1;
}

/* Return the one copy of the text, NULL without memory. */
static const char *intern(const char *text) {
    if (make_room(&texts) < 0)
        return NULL;
    struct entry *entry = place_of(texts, hash(text), text);
    if (entry->key)
        return entry->text;
    size_t size = text_length(text) + 1;
    if (size > (size_t)(text_end - text_next)) {
        char *pages = raw_pages(TEXT_PAGES);
        if (!pages)
            return NULL;
        text_next = pages;
        text_end = pages + TEXT_PAGES;
    }
    char *copy = text_next;
    text_next += size;
    memcpy(copy, text, size);
    put(texts, entry, hash(text), copy);
    return copy;
}

/* Cut a name that is too long, between characters of UTF-8. */
static const char *shortened(const char *name, char *buffer) {
    static const char end[] = "...";
    size_t size = 0;
    while (size <= LOCK_NAMES_LONGEST && name[size])
        size++;
    if (size <= LOCK_NAMES_LONGEST)
        return name;
    size = LOCK_NAMES_LONGEST - (sizeof end - 1);
    while (size && ((unsigned char)name[size] & 0xc0) == 0x80)
        size--;
    memcpy(buffer, name, size);
    memcpy(buffer + size, end, sizeof end);
    return buffer;
}

int lock_names_set(uint64_t address, const char *name) {
    char buffer[LOCK_NAMES_LONGEST + 1];
    const char *text = NULL;
    if (!name && !lock_names_find(address))
        return 0;
    if (name && (make_room(&names) < 0 || !(text = intern(shortened(name, buffer)))))
        return -ENOMEM;
    put(names, place_of(names, address, NULL), address, text);
    return 0;
}

const char *lock_names_find(uint64_t address) {
    return names ? place_of(names, address, NULL)->text : NULL;
}
