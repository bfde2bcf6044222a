#include "reports/resolver.h"

#include <string.h>

#include "reports/frames.h"
#include "reports/names.h"

#define PYTHON_LIMIT                                                                                         \
    65536 /* Python functions of one stack; a recording that names more of them is cut there */

void resolver_init(struct resolver *resolver, struct facts *facts, struct symbols *symbols,
                   struct memory_pool *pool) {
    *resolver = (struct resolver){.facts = facts, .symbols = symbols, .pool = pool};
}

void resolver_free(struct resolver *resolver) {
    table_free(&resolver->stacks);
    table_free(&resolver->pythons);
    table_free(&resolver->threads);
    table_free(&resolver->locks);
}

struct symbols_image *resolver_image(struct resolver *resolver, const struct facts_module *module) {
    return symbols_image(resolver->symbols, module->path, module->build_id, module->build_id_size,
                         recording_reader_header(facts_reader(resolver->facts))->started_ns);
}

static struct report_stack frames_at(struct resolver *resolver, uint64_t address, uint64_t place) {
    const struct facts_module *module = facts_module_at(resolver->facts, address, place);
    if (!module)
        return symbols_frames(resolver->symbols, NULL, address);
    return symbols_frames(resolver->symbols, resolver_image(resolver, module), address - module->bias);
}

struct report_stack resolver_address(struct resolver *resolver, uint64_t address) {
    return frames_at(resolver, address, UINT64_MAX - 1);
}

const struct facts_module *resolver_module(struct resolver *resolver, const struct facts_futex_user *user) {
    return facts_module_at(resolver->facts, user->address, user->at);
}

static const char *copied(struct resolver *resolver, const uint8_t **at) {
    size_t size = strlen((const char *)*at);
    const char *text = size ? memory_pool_copy(resolver->pool, (const char *)*at, size) : NULL;
    *at += size + 1;
    return text;
}

/* The frames of the Python functions `id`. */
static struct report_stack python_frames(struct resolver *resolver, uint32_t id) {
    const struct report_stack *known = table_find(&resolver->pythons, id);
    if (known)
        return *known;
    const struct recording_python *record = id ? facts_python(resolver->facts, id) : NULL;
    if (!record)
        return (struct report_stack){0};
    struct report_stack *stack = memory_pool_alloc(resolver->pool, sizeof *stack);
    stack->count = record->count < PYTHON_LIMIT ? record->count : PYTHON_LIMIT;
    stack->cut = record->cut || record->count > PYTHON_LIMIT;
    struct report_frame *frames = memory_pool_alloc(resolver->pool, (stack->count + 1) * sizeof *frames);
    stack->frames = frames;
    const uint8_t *at = record->frames;
    for (size_t i = 0; i < stack->count; i++) {
        frames[i].python = true;
        memcpy(&frames[i].line, at, sizeof frames[i].line);
        at += sizeof frames[i].line;
        frames[i].file = copied(resolver, &at);
        frames[i].function = copied(resolver, &at);
    }
    table_put(&resolver->pythons, id, stack);
    return *stack;
}

struct report_stack resolver_stack(struct resolver *resolver, uint32_t id) {
    const struct report_stack *known = table_find(&resolver->stacks, id);
    if (known)
        return *known;
    uint64_t place;
    const struct recording_stack *record = id ? facts_stack(resolver->facts, id, &place) : NULL;
    struct report_stack python = {0};
    if (record && record->python) {
        python = python_frames(resolver, record->python);
        record = facts_stack(resolver->facts, id, &place); /* reading the functions has replaced it */
    }
    if (!record)
        return (struct report_stack){0};

    struct report_stack *stack = memory_pool_alloc(resolver->pool, sizeof *stack);
    stack->cut = record->cut != 0 || python.cut;
    stack->count = python.count;
    for (uint32_t i = 0; i < record->count; i++)
        stack->count += frames_at(resolver, record->addresses[i], place).count;
    struct report_frame *frames = memory_pool_alloc(resolver->pool, (stack->count + 1) * sizeof *frames);
    stack->frames = frames;
    if (python.count)
        memcpy(frames, python.frames, python.count * sizeof *frames);
    frames += python.count;
    for (uint32_t i = 0; i < record->count; i++) {
        struct report_stack part = frames_at(resolver, record->addresses[i], place);
        for (size_t k = 0; k < part.count; k++)
            if (!frames_is_ours(&part.frames[k]))
                *frames++ = part.frames[k];
    }
    stack->count = (size_t)(frames - stack->frames);
    table_put(&resolver->stacks, id, stack);
    return *stack;
}

const struct report_thread *resolver_thread(struct resolver *resolver, uint32_t id) {
    struct report_thread *thread = table_find(&resolver->threads, id);
    if (thread)
        return thread;
    const struct facts_thread *fact = facts_thread(resolver->facts, id);
    thread = memory_pool_alloc(resolver->pool, sizeof *thread);
    thread->id = memory_pool_format(resolver->pool, "T%u", id);
    thread->pid = recording_reader_header(facts_reader(resolver->facts))->pid;
    thread->name = names_thread(resolver->pool, thread->id, id,
                                fact ? memory_pool_copy(resolver->pool, fact->name, strlen(fact->name)) : "",
                                facts_exe(resolver->facts));
    if (fact) {
        thread->tid = fact->tid;
        thread->left = fact->left;
        thread->creator = fact->creator ? memory_pool_format(resolver->pool, "T%u", fact->creator) : NULL;
        thread->created = resolver_stack(resolver, fact->stack);
    }
    table_put(&resolver->threads, id, thread);
    return thread;
}

static const char *variable_of(struct resolver *resolver, const struct facts_lock *lock, uint64_t *distance) {
    const struct facts_module *module = facts_module_at(resolver->facts, lock->address, lock->at);
    if (!module || lock->kind == LOCK_KIND_THREAD)
        return NULL;
    return symbols_variable(resolver_image(resolver, module), lock->address - module->bias, distance);
}

static const char *joined_thread_name(struct resolver *resolver, uint64_t address) {
    uint32_t id = address <= UINT32_MAX ? (uint32_t)address : 0;
    const struct report_thread *thread = resolver_thread(resolver, id);
    const char *own = strncmp(thread->name, "thread ", 7) == 0 ? NULL : thread->name;
    return own ? memory_pool_format(resolver->pool, "thread %s (%s)", thread->id, own) : thread->name;
}

const struct report_lock *resolver_lock(struct resolver *resolver, uint32_t id) {
    if (!id)
        return NULL;
    struct report_lock *lock = table_find(&resolver->locks, id);
    if (lock)
        return lock;
    const struct facts_lock *fact = facts_lock(resolver->facts, id);
    lock = memory_pool_alloc(resolver->pool, sizeof *lock);
    lock->id = memory_pool_format(resolver->pool, "L%u", id);
    if (!fact) {
        lock->name = memory_pool_format(resolver->pool, "lock %s", lock->id);
    } else {
        lock->kind = fact->kind;
        lock->address = fact->address;
        lock->shared = fact->shared != 0;
        lock->value = fact->value;
        lock->device = fact->device;
        lock->inode = fact->inode;
        lock->initialised = resolver_stack(resolver, fact->initialised);
        lock->first = resolver_stack(resolver, fact->first);
        uint64_t distance = 0;
        lock->variable = variable_of(resolver, fact, &distance);
        lock->named = fact->name != NULL;
        lock->name = fact->name ? fact->name
                     : fact->kind == LOCK_KIND_THREAD
                         ? joined_thread_name(resolver, fact->address)
                         : names_lock(resolver->pool, lock, lock->variable, distance);
    }
    table_put(&resolver->locks, id, lock);
    return lock;
}
