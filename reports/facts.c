#include "reports/facts.h"

#include <stdlib.h>
#include <string.h>

#include "reports/memory.h"
#include "reports/progress.h"
#include "reports/table.h"

/* Records for each word of progress. */
#define TELL_EVERY 1024

/* Offsets of records in the file. */
struct places {
    uint64_t *offsets;
    size_t count, capacity;
};

struct facts {
    struct recording_reader *reader;
    struct memory_pool pool;
    const char *exe;
    const char **argv;
    struct facts_module **modules;
    size_t modules_count, modules_capacity;
    struct places findings, profiles;
    struct facts_futex_user *futex_users;
    size_t futex_users_count, futex_users_capacity;
    struct facts_lock **shared;
    size_t shared_count, shared_capacity;
    struct table modules_by_id, threads, locks, locks_by_address;
    struct table stacks, pythons; /* pointers to their offsets */
};

static const char *no_arguments[] = {NULL};

int facts_open(const char *path, struct facts **out, char *error, size_t error_size) {
    return facts_open_part(path, 0, 0, out, error, error_size);
}

int facts_open_part(const char *path, uint64_t base, uint64_t part, struct facts **out, char *error,
                    size_t error_size) {
    struct recording_reader *reader;
    int status = recording_reader_open_part(path, base, part, &reader, error, error_size);
    if (status < 0)
        return status;
    size_t capacity = 0;
    struct facts *facts = memory_array_grow(NULL, &capacity, 1, sizeof *facts);
    *facts = (struct facts){.reader = reader, .exe = "", .argv = no_arguments};
    facts_update(facts);
    *out = facts;
    return 0;
}

void facts_close(struct facts *facts) {
    if (!facts)
        return;
    recording_reader_close(facts->reader);
    memory_pool_free(&facts->pool);
    free(facts->modules);
    free(facts->findings.offsets);
    free(facts->profiles.offsets);
    free(facts->futex_users);
    free(facts->shared);
    table_free(&facts->modules_by_id);
    table_free(&facts->threads);
    table_free(&facts->locks);
    table_free(&facts->locks_by_address);
    table_free(&facts->stacks);
    table_free(&facts->pythons);
    free(facts);
}

static void add_run(struct facts *facts, const struct recording_run *run) {
    if (*facts->exe || !run->exe_size)
        return;
    const char *text = memory_pool_copy(&facts->pool, run->text, (size_t)run->exe_size + run->argv_size);
    size_t count = 0, size = run->argv_size;
    facts->exe = text;
    text += run->exe_size;
    for (size_t i = 0; i < size; i++)
        count += !text[i];
    facts->argv = memory_pool_alloc(&facts->pool, (count + 1) * sizeof *facts->argv);
    for (size_t i = 0; i < count; i++, text += strlen(text) + 1)
        facts->argv[i] = text;
}

static void add_module(struct facts *facts, const struct recording_module *record, uint64_t place) {
    struct facts_module *module = memory_pool_alloc(&facts->pool, sizeof *module);
    *module = (struct facts_module){
        .path = memory_pool_copy(&facts->pool, record->path, strlen(record->path)),
        .start = record->start,
        .end = record->end,
        .bias = record->bias,
        .build_id_size = record->build_id_size,
        .from = place,
        .until = UINT64_MAX,
    };
    memcpy(module->build_id, record->build_id, record->build_id_size);
    facts->modules = memory_array_grow(facts->modules, &facts->modules_capacity, facts->modules_count + 1,
                                       sizeof *facts->modules);
    facts->modules[facts->modules_count++] = module;
    table_put(&facts->modules_by_id, record->module, module);
}

static void end_module(struct facts *facts, uint32_t id, uint64_t place) {
    struct facts_module *module = table_find(&facts->modules_by_id, id);
    if (module && module->until == UINT64_MAX)
        module->until = place;
}

/* The thread `id`, made when it is new: a name may be all that is left of it. */
static struct facts_thread *thread_of(struct facts *facts, uint32_t id) {
    struct facts_thread *thread = table_find(&facts->threads, id);
    if (!thread) {
        thread = memory_pool_alloc(&facts->pool, sizeof *thread);
        thread->id = id;
        table_put(&facts->threads, id, thread);
    }
    return thread;
}

static void add_thread(struct facts *facts, const struct recording_thread *record) {
    struct facts_thread *thread = thread_of(facts, record->thread);
    if (record->tid)
        thread->tid = record->tid;
    thread->creator = record->creator;
    thread->stack = record->stack;
    thread->left = record->left;
}

static void name_thread(struct facts *facts, const struct recording_thread_name *record) {
    struct facts_thread *thread = thread_of(facts, record->thread);
    if (record->tid)
        thread->tid = record->tid;
    memcpy(thread->name, record->name, sizeof record->name);
}

static void add_lock(struct facts *facts, const struct recording_lock *record, uint64_t place) {
    if (table_find(&facts->locks, record->lock))
        return;
    struct facts_lock *lock = memory_pool_alloc(&facts->pool, sizeof *lock);
    *lock = (struct facts_lock){
        .id = record->lock,
        .kind = record->kind,
        .initialised = record->initialised,
        .first = record->first,
        .address = record->address,
        .shared = record->shared,
        .value = record->value,
        .device = record->device,
        .inode = record->inode,
        .offset = record->offset,
        .at = place,
    };
    table_put(&facts->locks, record->lock, lock);
    if (lock->kind == LOCK_KIND_MUTEX || lock->kind == LOCK_KIND_RWLOCK || lock->kind == LOCK_KIND_SPIN)
        table_put(&facts->locks_by_address, lock->address, lock);
    if (!lock->shared || !lock->inode)
        return;
    facts->shared = memory_array_grow(facts->shared, &facts->shared_capacity, facts->shared_count + 1,
                                      sizeof *facts->shared);
    facts->shared[facts->shared_count++] = lock;
}

static void name_lock(struct facts *facts, const struct recording_lock_name *record) {
    struct facts_lock *lock = table_find(&facts->locks, record->lock);
    if (lock)
        lock->name =
            *record->name ? memory_pool_copy(&facts->pool, record->name, strlen(record->name)) : NULL;
}

/* Remember where the record of this id stands; the first one counts. */
static void add_place_of(struct facts *facts, struct table *table, uint32_t id, uint64_t place) {
    if (table_find(table, id))
        return;
    uint64_t *kept = memory_pool_alloc(&facts->pool, sizeof *kept);
    *kept = place;
    table_put(table, id, kept);
}

static void add_place(struct places *places, uint64_t place) {
    places->offsets =
        memory_array_grow(places->offsets, &places->capacity, places->count + 1, sizeof *places->offsets);
    places->offsets[places->count++] = place;
}

static void add_futex_user(struct facts *facts, const struct recording_futex_user *record, uint64_t place) {
    facts->futex_users = memory_array_grow(facts->futex_users, &facts->futex_users_capacity,
                                           facts->futex_users_count + 1, sizeof *facts->futex_users);
    facts->futex_users[facts->futex_users_count++] = (struct facts_futex_user){record->address, place};
}

static void add_record(struct facts *facts, const struct recording_record *record, uint64_t place) {
    switch (record->type) {
    case RECORDING_RUN:
        add_run(facts, (const struct recording_run *)record);
        break;
    case RECORDING_MODULE:
        add_module(facts, (const struct recording_module *)record, place);
        break;
    case RECORDING_MODULE_END:
        end_module(facts, ((const struct recording_module_end *)record)->module, place);
        break;
    case RECORDING_THREAD:
        add_thread(facts, (const struct recording_thread *)record);
        break;
    case RECORDING_THREAD_NAME:
        name_thread(facts, (const struct recording_thread_name *)record);
        break;
    case RECORDING_THREAD_END:
        thread_of(facts, ((const struct recording_thread_end *)record)->thread)->ended = true;
        break;
    case RECORDING_LOCK:
        add_lock(facts, (const struct recording_lock *)record, place);
        break;
    case RECORDING_STACK:
        add_place_of(facts, &facts->stacks, ((const struct recording_stack *)record)->stack, place);
        break;
    case RECORDING_FINDING:
        add_place(&facts->findings, place);
        break;
    case RECORDING_PROFILE:
        add_place(&facts->profiles, place);
        break;
    case RECORDING_PYTHON:
        add_place_of(facts, &facts->pythons, ((const struct recording_python *)record)->python, place);
        break;
    case RECORDING_FUTEX_USER:
        add_futex_user(facts, (const struct recording_futex_user *)record, place);
        break;
    case RECORDING_LOCK_NAME:
        name_lock(facts, (const struct recording_lock_name *)record);
        break;
    default: /* dependencies, segments and epochs are for a detector that reads the recording again */
        break;
    }
}

void facts_update(struct facts *facts) {
    const struct recording_record *record;
    uint64_t place;
    recording_reader_refresh(facts->reader);
    for (unsigned n = 0; (record = recording_reader_next(facts->reader, &place)) != NULL; n++) {
        if (n % TELL_EVERY == TELL_EVERY - 1)
            progress_tell("reading a recording", place, recording_reader_header(facts->reader)->size);
        add_record(facts, record, place);
    }
}

struct recording_reader *facts_reader(struct facts *facts) {
    return facts->reader;
}

const char *facts_exe(const struct facts *facts) {
    return facts->exe;
}

const char *const *facts_argv(const struct facts *facts) {
    return facts->argv;
}

size_t facts_modules(const struct facts *facts) {
    return facts->modules_count;
}

const struct facts_module *facts_module(const struct facts *facts, size_t index) {
    return facts->modules[index];
}

static bool covers(const struct facts_module *module, uint64_t address) {
    return address >= module->start && address < module->end;
}

static bool is_loaded(const struct facts_module *module, uint64_t place) {
    return module->from <= place && place < module->until;
}

const struct facts_module *facts_module_at(struct facts *facts, uint64_t address, uint64_t place) {
    struct facts_module *next = NULL;
    for (size_t i = facts->modules_count; i > 0; i--) {
        struct facts_module *module = facts->modules[i - 1];
        if (!covers(module, address))
            continue;
        if (is_loaded(module, place))
            return module;
        if (module->from > place)
            next = module; /* the oldest of the later ones, since we go backwards */
    }
    return next;
}

size_t facts_threads(const struct facts *facts) {
    return facts->threads.count;
}

const struct facts_thread *facts_thread(const struct facts *facts, uint32_t id) {
    return table_find(&facts->threads, id);
}

const struct facts_lock *facts_lock(const struct facts *facts, uint32_t id) {
    return table_find(&facts->locks, id);
}

const struct facts_lock *facts_lock_at(const struct facts *facts, uint64_t address) {
    return table_find(&facts->locks_by_address, address);
}

const struct facts_thread *facts_thread_of(const struct facts *facts, uint32_t tid) {
    const struct facts_thread *found = NULL;
    for (size_t i = 0; i < facts->threads.capacity; i++) {
        const struct facts_thread *thread = facts->threads.entries[i].value;
        if (thread && thread->tid == tid && (!found || thread->id > found->id))
            found = thread;
    }
    return found;
}

size_t facts_shared_locks(const struct facts *facts) {
    return facts->shared_count;
}

const struct facts_lock *facts_shared_lock(const struct facts *facts, size_t index) {
    return facts->shared[index];
}

const struct recording_stack *facts_stack(struct facts *facts, uint32_t id, uint64_t *place) {
    const uint64_t *kept = table_find(&facts->stacks, id);
    if (!kept)
        return NULL;
    *place = *kept;
    return (const struct recording_stack *)recording_reader_at(facts->reader, *kept, RECORDING_STACK);
}

const struct recording_python *facts_python(struct facts *facts, uint32_t id) {
    const uint64_t *kept = table_find(&facts->pythons, id);
    return kept ? (const struct recording_python *)recording_reader_at(facts->reader, *kept, RECORDING_PYTHON)
                : NULL;
}

size_t facts_findings(const struct facts *facts) {
    return facts->findings.count;
}

const struct recording_finding *facts_finding(struct facts *facts, size_t index) {
    return (const struct recording_finding *)recording_reader_at(
        facts->reader, facts->findings.offsets[index], RECORDING_FINDING);
}

size_t facts_profiles(const struct facts *facts) {
    return facts->profiles.count;
}

const struct recording_profile *facts_profile(struct facts *facts, size_t index) {
    return (const struct recording_profile *)recording_reader_at(
        facts->reader, facts->profiles.offsets[index], RECORDING_PROFILE);
}

size_t facts_futex_users(const struct facts *facts) {
    return facts->futex_users_count;
}

const struct facts_futex_user *facts_futex_user(const struct facts *facts, size_t index) {
    return &facts->futex_users[index];
}
