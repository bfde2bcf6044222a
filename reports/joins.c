#include "reports/joins.h"

#include <stdlib.h>
#include <string.h>

#include "reports/finding_id.h"
#include "reports/frames.h"
#include "reports/memory.h"
#include "reports/symbols.h"
#include "reports/table.h"
#include "reports/variables.h"

/* By what a lock may be known in another process. A key of 0 is none. */
struct keys {
    uint64_t file;               /* a variable: the build and the offset */
    uint64_t variable;           /* a variable: its name and place in it */
    uint64_t place;              /* elsewhere: the calls that initialised it, or locked it first */
    uint64_t shared;             /* between processes: its place in a file */
    uint64_t made;               /* the calls that initialised it, 0: none */
    uint32_t life;               /* how many of the process were known by the same before it */
    uint64_t build;              /* of the file that the variable is in */
    struct variables *variables; /* of that file */
};

/* One that others with the same key are compared with. */
struct first {
    uint32_t lock;
    const struct keys *keys;
    struct first *next;
};

struct joining {
    const struct merge_run *runs;
    size_t count;
    struct joins *joins;
    struct keys *keys; /* by before + number */
    struct memory_pool pool;
    struct table files; /* image -> struct variables */
    struct table
        several; /* key -> anything, when it had several lives in a process or was made differently */
    struct variables **read;
    size_t read_count, read_capacity;
};

static uint64_t mixed(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static uint64_t text_hash(const char *text) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

static uint64_t bytes_hash(const uint8_t *bytes, size_t size) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash | 1;
}

static struct variables *variables_of(struct joining *joining, struct symbols_image *image) {
    struct variables *variables = table_find(&joining->files, (uintptr_t)image);
    if (variables)
        return variables;
    variables = variables_read(symbols_elf(image));
    table_put(&joining->files, (uintptr_t)image, variables);
    joining->read = memory_array_grow(joining->read, &joining->read_capacity, joining->read_count + 1,
                                      sizeof *joining->read);
    joining->read[joining->read_count++] = variables;
    return variables;
}

/* What the calls of a stack are, with the kind of lock; 0 when they are not known. */
static uint64_t stack_key(const struct merge_run *run, uint32_t stack, uint32_t kind) {
    struct report_stack frames = resolver_stack(run->source->resolver, stack);
    return frames.count ? mixed(finding_id_stack(&frames), kind) | 1 : 0;
}

static void find_variable(struct joining *joining, const struct merge_run *run, const struct facts_lock *fact,
                          const struct facts_module *module, struct keys *keys) {
    uint64_t offset = fact->address - module->bias;
    const char *name = frames_basename(module->path);
    struct symbols_image *image = resolver_image(run->source->resolver, module);
    struct variables_place place;
    keys->variables = variables_of(joining, image);
    keys->build = module->build_id_size ? bytes_hash(module->build_id, module->build_id_size) : 0;
    if (keys->build)
        keys->file = mixed(mixed(keys->build, offset), fact->kind) | 1;
    if (variables_find(keys->variables, offset, &place)) {
        keys->variable = mixed(mixed(text_hash(name), place.name), place.distance);
        keys->variable = mixed(mixed(keys->variable, place.distance ? place.size : 0), fact->kind) | 1;
    } else if (!keys->build) {
        keys->variable = mixed(mixed(text_hash(module->path), offset), fact->kind) | 1;
    }
}

static void find_keys(struct joining *joining, const struct merge_run *run, const struct orders_lock *lock,
                      struct keys *keys) {
    const struct facts_lock *fact = facts_lock(run->source->facts, lock->id);
    const struct recording_header *header = recording_reader_header(facts_reader(run->source->facts));
    bool outside = fact && fact->inode && (fact->shared || fact->kind == LOCK_KIND_FILE);
    if (!fact || fact->kind == LOCK_KIND_THREAD || fact->kind == LOCK_KIND_GIL ||
        (fact->kind == LOCK_KIND_SEMAPHORE && (!lock->proven || lock->signal)))
        return;
    if (outside && *header->boot_id) {
        keys->shared = mixed(mixed(text_hash(header->boot_id), fact->device), fact->inode);
        keys->shared = mixed(mixed(keys->shared, fact->offset), fact->kind) | 1;
    }
    if (outside)
        return;
    const struct facts_module *module = facts_module_at(run->source->facts, fact->address, fact->at);
    keys->made = fact->initialised ? stack_key(run, fact->initialised, fact->kind) : 0;
    if (module)
        find_variable(joining, run, fact, module, keys);
    else if (keys->made)
        keys->place = keys->made;
    else
        keys->place = stack_key(run, fact->first, fact->kind) ^ 2;
}

/* Number the lives of what is known by the same in one process. */
static void count_lives(struct joining *joining, const struct merge_run *run) {
    struct table known = {0};
    for (uint32_t i = 1; i <= run->orders.locks_count; i++) {
        struct keys *keys = &joining->keys[run->locks_before + i];
        uint64_t key = keys->shared     ? keys->shared
                       : keys->file     ? keys->file
                       : keys->variable ? keys->variable
                                        : keys->place;
        struct keys *last = key ? table_find(&known, key) : NULL;
        if (last) {
            keys->life = last->life + 1;
            table_put(&joining->several, keys->file, last);
            table_put(&joining->several, keys->variable, last);
            last->place = keys->place = 0; /* there is another one like it */
        }
        if (key)
            table_put(&known, key, keys);
    }
    table_free(&known);
}

/* A variable that is initialised in one place in one process and in another one elsewhere may be two things.
 */
static void compare_makers(struct joining *joining) {
    struct table makers = {0};
    for (size_t i = 1; i < joining->joins->count; i++) {
        const struct keys *keys = &joining->keys[i];
        uint64_t key = keys->file ? keys->file : keys->variable;
        const struct keys *other = key && keys->made ? table_find(&makers, key) : NULL;
        if (other && other->made != keys->made) {
            table_put(&joining->several, keys->file, joining);
            table_put(&joining->several, keys->variable, joining);
        }
        if (key && keys->made && !other)
            table_put(&makers, key, (void *)keys);
    }
    table_free(&makers);
}

/* ---- sets of locks ---- */

static uint32_t root_of(uint32_t *same, uint32_t lock) {
    while (same[lock] != lock)
        lock = same[lock] = same[same[lock]];
    return lock;
}

static void unite(struct joins *joins, enum joins_kind kind, uint32_t a, uint32_t b) {
    a = root_of(joins->same[kind], a);
    b = root_of(joins->same[kind], b);
    joins->same[kind][a > b ? a : b] = a < b ? a : b;
    joins->any[kind] |= a != b;
}

static bool is_certain(const struct joining *joining, const struct keys *a, const struct keys *b,
                       uint64_t key) {
    if (table_find(&joining->several, key) || !a->build || !b->build)
        return false;
    return a->build == b->build || variables_alike(a->variables, b->variables);
}

/* Join the lock to those known by the same key in other processes. */
static void join_by(struct joining *joining, struct table *table, uint64_t key, uint32_t lock) {
    const struct keys *keys = &joining->keys[lock];
    if (!key)
        return;
    uint64_t of_life = mixed(key, keys->life);
    struct first *firsts = table_find(table, of_life), *first = firsts;
    for (; first; first = first->next) {
        unite(joining->joins, JOINS_PROBABLE, first->lock, lock);
        if (is_certain(joining, first->keys, keys, key)) {
            unite(joining->joins, JOINS_CERTAIN, first->lock, lock);
            return;
        }
    }
    first = memory_pool_alloc(&joining->pool, sizeof *first);
    *first = (struct first){lock, keys, firsts};
    table_put(table, of_life, first);
}

/* What has no doubt or no certainty in it. */
static void join_plainly(struct joining *joining, struct table *table, uint64_t key, uint32_t lock,
                         bool between) {
    if (!key)
        return;
    uint64_t of_life = mixed(key, joining->keys[lock].life);
    uint32_t *first = table_find(table, of_life);
    if (!first) {
        first = memory_pool_alloc(&joining->pool, sizeof *first);
        *first = lock;
        table_put(table, of_life, first);
        return;
    }
    unite(joining->joins, JOINS_PROBABLE, *first, lock);
    if (between)
        unite(joining->joins, JOINS_BETWEEN, *first, lock);
}

/* Number the sets, and take out of its set what is there already by another lock of the process. */
static void settle(const struct joining *joining, enum joins_kind kind) {
    uint32_t *same = joining->joins->same[kind];
    for (uint32_t i = 1; i < joining->joins->count; i++)
        same[i] = root_of(same, i);
    for (size_t i = 0; i < joining->count; i++) {
        const struct merge_run *run = &joining->runs[i];
        struct table used = {0};
        for (uint32_t k = 1; k <= run->orders.locks_count; k++) {
            uint32_t lock = run->locks_before + k;
            if (table_find(&used, same[lock]))
                same[lock] = (uint32_t)joining->joins->count + lock; /* nobody's number */
            table_put(&used, same[lock], same);
        }
        table_free(&used);
    }
}

void joins_make(const struct merge_run *runs, size_t count, struct joins *joins) {
    struct joining joining = {.runs = runs, .count = count, .joins = joins};
    struct table by_file = {0}, by_variable = {0}, by_place = {0}, by_shared = {0};
    *joins = (struct joins){.count = 1};
    for (size_t i = 0; i < count; i++)
        joins->count += runs[i].orders.locks_count;
    for (int kind = 0; kind < JOINS_KINDS; kind++) {
        size_t capacity = 0;
        joins->same[kind] = memory_array_grow(NULL, &capacity, joins->count, sizeof(uint32_t));
        for (uint32_t i = 0; i < joins->count; i++)
            joins->same[kind][i] = i;
    }
    joining.keys = memory_pool_alloc(&joining.pool, joins->count * sizeof *joining.keys);
    for (size_t i = 0; i < count; i++) {
        for (uint32_t k = 1; k <= runs[i].orders.locks_count; k++)
            find_keys(&joining, &runs[i], &runs[i].orders.locks[k - 1],
                      &joining.keys[runs[i].locks_before + k]);
        count_lives(&joining, &runs[i]);
    }
    compare_makers(&joining);
    for (uint32_t lock = 1; lock < joins->count; lock++) {
        const struct keys *keys = &joining.keys[lock];
        join_by(&joining, &by_file, keys->file, lock);
        join_by(&joining, &by_variable, keys->variable, lock);
        join_plainly(&joining, &by_place, keys->place, lock, false);
        join_plainly(&joining, &by_shared, keys->shared, lock, true);
    }
    for (int kind = 0; kind < JOINS_KINDS; kind++)
        settle(&joining, kind);
    for (size_t i = 0; i < joining.read_count; i++)
        variables_free(joining.read[i]);
    free(joining.read);
    table_free(&by_file);
    table_free(&by_variable);
    table_free(&by_place);
    table_free(&by_shared);
    table_free(&joining.files);
    table_free(&joining.several);
    memory_pool_free(&joining.pool);
}

void joins_free(struct joins *joins) {
    for (int kind = 0; kind < JOINS_KINDS; kind++)
        free(joins->same[kind]);
    *joins = (struct joins){0};
}
