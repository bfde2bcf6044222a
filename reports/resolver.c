#include "reports/resolver.h"

#include <string.h>

#include "reports/names.h"

void resolver_init(struct resolver *resolver, struct facts *facts, struct symbols *symbols,
                   struct memory_pool *pool) {
    *resolver = (struct resolver){.facts = facts, .symbols = symbols, .pool = pool};
}

void resolver_free(struct resolver *resolver) {
    table_free(&resolver->stacks);
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

struct report_stack resolver_stack(struct resolver *resolver, uint32_t id) {
    const struct report_stack *known = table_find(&resolver->stacks, id);
    if (known)
        return *known;
    uint64_t place;
    const struct recording_stack *record = id ? facts_stack(resolver->facts, id, &place) : NULL;
    if (!record)
        return (struct report_stack){0};

    struct report_stack *stack = memory_pool_alloc(resolver->pool, sizeof *stack);
    stack->cut = record->cut != 0;
    for (uint32_t i = 0; i < record->count; i++)
        stack->count += frames_at(resolver, record->addresses[i], place).count;
    struct report_frame *frames = memory_pool_alloc(resolver->pool, stack->count * sizeof *frames);
    stack->frames = frames;
    for (uint32_t i = 0; i < record->count; i++) {
        struct report_stack part = frames_at(resolver, record->addresses[i], place);
        memcpy(frames, part.frames, part.count * sizeof *frames);
        frames += part.count;
    }
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
        lock->initialised = resolver_stack(resolver, fact->initialised);
        lock->first = resolver_stack(resolver, fact->first);
        uint64_t distance = 0;
        lock->variable = variable_of(resolver, fact, &distance);
        lock->name = fact->kind == LOCK_KIND_THREAD
                         ? joined_thread_name(resolver, fact->address)
                         : names_lock(resolver->pool, lock, lock->variable, distance);
    }
    table_put(&resolver->locks, id, lock);
    return lock;
}
