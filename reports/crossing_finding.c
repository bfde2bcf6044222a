#include "reports/crossing_finding.h"

#include <string.h>

#include "reports/table.h"

/* A thread that is joined wants no lock with an id of its own: far above those that have one. */
#define LIFE_IDS 0x80000000u

struct naming {
    struct memory_pool *pool;
    const struct crossing_process *processes;
    size_t count;
    struct table threads, locks; /* from the resolvers' objects to the finding's */
};

/* " (pid 4711)", or which of the programs of that pid it was. */
static const char *suffix_of(const struct naming *naming, size_t process, bool named) {
    uint32_t pid = naming->processes[process].process->pid;
    unsigned before = 0, after = 0;
    for (size_t i = 0; i < naming->count; i++) {
        before += i < process && naming->processes[i].process->pid == pid;
        after += i > process && naming->processes[i].process->pid == pid;
    }
    if (named)
        return memory_pool_format(naming->pool, " (pid %u%s)", pid, after ? " before exec" : "");
    return before ? memory_pool_format(naming->pool, "@%u-%u", pid, before)
                  : memory_pool_format(naming->pool, "@%u", pid);
}

static const char *joined(struct memory_pool *pool, const char *text, const char *suffix) {
    return memory_pool_format(pool, "%s%s", text, suffix);
}

static const struct report_thread *thread_of(struct naming *naming, size_t process, uint32_t id) {
    const struct report_thread *own = resolver_thread(naming->processes[process].resolver, id);
    struct report_thread *thread = table_find(&naming->threads, (uintptr_t)own);
    if (thread)
        return thread;
    const char *suffix = suffix_of(naming, process, false);
    thread = memory_pool_alloc(naming->pool, sizeof *thread);
    *thread = *own;
    thread->id = joined(naming->pool, own->id, suffix);
    thread->name = joined(naming->pool, own->name, suffix_of(naming, process, true));
    thread->creator = own->creator ? joined(naming->pool, own->creator, suffix) : NULL;
    table_put(&naming->threads, (uintptr_t)own, thread);
    return thread;
}

static bool same_place(const struct facts_lock *a, const struct facts_lock *b) {
    return a->device == b->device && a->inode == b->inode && a->offset == b->offset;
}

/* The process and the id there that describe a lock between processes best: the newest initialisation that a
 * process has seen, else what the first process has that knows it. */
static const struct report_lock *best_lock(const struct naming *naming, size_t *process,
                                           const struct facts_lock *fact) {
    const struct facts_lock *best = NULL;
    for (size_t i = 0; i < naming->count; i++) {
        const struct facts *facts = naming->processes[i].facts;
        for (size_t j = facts_shared_locks(facts); j-- > 0;) {
            const struct facts_lock *other = facts_shared_lock(facts, j);
            if (!same_place(other, fact) || (best && (best->initialised || !other->initialised)))
                continue;
            best = other;
            *process = i;
        }
    }
    return resolver_lock(naming->processes[*process].resolver, best ? best->id : fact->id);
}

static const struct report_lock *lock_of(struct naming *naming, size_t process, uint32_t id) {
    const struct facts_lock *fact = facts_lock(naming->processes[process].facts, id);
    const struct report_lock *own = fact && fact->shared && fact->inode
                                        ? best_lock(naming, &process, fact)
                                        : resolver_lock(naming->processes[process].resolver, id);
    struct report_lock *lock = own ? table_find(&naming->locks, (uintptr_t)own) : NULL;
    if (lock || !own)
        return lock;
    lock = memory_pool_alloc(naming->pool, sizeof *lock);
    *lock = *own;
    lock->id = joined(naming->pool, own->id, suffix_of(naming, process, false));
    table_put(&naming->locks, (uintptr_t)own, lock);
    return lock;
}

/* The end of a thread, as a lock that is wanted. */
static const struct report_lock *life_of(struct naming *naming, size_t process, uint32_t id) {
    const struct report_thread *thread = thread_of(naming, process, id);
    struct report_lock *lock = memory_pool_alloc(naming->pool, sizeof *lock);
    *lock = (struct report_lock){
        .id = memory_pool_format(naming->pool, "L%u%s", LIFE_IDS + id, suffix_of(naming, process, false)),
        .name = strncmp(thread->name, "thread ", 7) == 0
                    ? thread->name
                    : memory_pool_format(naming->pool, "thread %s (%s)", thread->id, thread->name),
        .kind = LOCK_KIND_THREAD,
        .address = id,
    };
    return lock;
}

static struct report_hold hold_of(struct naming *naming, size_t process, const struct crossing_hold *hold) {
    struct resolver *resolver = naming->processes[process].resolver;
    struct report_hold result = {
        .lock =
            hold->awaited ? life_of(naming, process, hold->awaited) : lock_of(naming, process, hold->lock),
        .mode = hold->mode,
        .stack = resolver_stack(resolver, hold->stack),
    };
    if (!result.stack.count && hold->site) {
        result.stack = resolver_address(resolver, hold->site);
        result.stack.cut = true; /* its outer frames are not known */
    }
    return result;
}

struct report_finding crossing_finding_of(struct memory_pool *pool, const struct crossing_knot *knot,
                                          const struct crossing_process *processes, size_t count,
                                          size_t *holds_count) {
    struct naming naming = {.pool = pool, .processes = processes, .count = count};
    const struct crossing_process *first = &processes[knot->steps[0].process];
    uint64_t started = recording_reader_header(facts_reader(first->facts))->started_monotonic_ns;
    struct report_step *steps = memory_pool_alloc(pool, knot->count * sizeof *steps);
    *holds_count = 0;
    for (size_t i = 0; i < knot->count; i++) {
        const struct crossing_step *from = &knot->steps[i];
        struct report_hold *holds = memory_pool_alloc(pool, (from->holds_count + 1) * sizeof *holds);
        for (size_t j = 0; j < from->holds_count; j++)
            holds[j] = hold_of(&naming, from->process, &from->holds[j]);
        *holds_count += from->holds_count;
        steps[i] = (struct report_step){
            .thread = thread_of(&naming, from->process, from->thread),
            .holds = holds,
            .holds_count = from->holds_count,
            .wants = hold_of(&naming, from->process, &from->wants),
        };
    }
    table_free(&naming.threads);
    table_free(&naming.locks);
    return (struct report_finding){
        .kind = FINDING_DEADLOCK_ACTUAL,
        .shape = knot->shape,
        .severity = FINDING_ERROR,
        .time_ns = knot->newest_ns > started ? knot->newest_ns - started : 0,
        .pid = first->process->pid,
        .process = first->process,
        .steps = steps,
        .steps_count = knot->count,
    };
}
