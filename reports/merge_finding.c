#include "reports/merge_finding.h"

#include <string.h>

#include "reports/frames.h"
#include "reports/table.h"

#define RUNS_LIMIT 6 /* in a message */

struct naming {
    struct memory_pool *pool;
    const struct merge_ring *ring;
    const struct merge_source *sources;
    struct table threads; /* the resolvers' objects -> the finding's */
    struct table locks;   /* merge_hold.same -> the finding's */
};

static const struct report_thread *thread_of(struct naming *naming, const struct merge_step *step) {
    const struct report_thread *own = resolver_thread(naming->sources[step->source].resolver, step->thread);
    struct report_thread *thread = table_find(&naming->threads, (uintptr_t)own);
    if (thread)
        return thread;
    unsigned number = (unsigned)step->source + 1;
    thread = memory_pool_alloc(naming->pool, sizeof *thread);
    *thread = *own;
    thread->id = memory_pool_format(naming->pool, "%s@%u", own->id, number);
    thread->name = naming->ring->between
                       ? memory_pool_format(naming->pool, "%s (pid %u)", own->name, own->pid)
                       : memory_pool_format(naming->pool, "%s of run %u", own->name, number);
    thread->creator = own->creator ? memory_pool_format(naming->pool, "%s@%u", own->creator, number) : NULL;
    table_put(&naming->threads, (uintptr_t)own, thread);
    return thread;
}

static bool says_more(const struct naming *naming, const struct merge_step *step,
                      const struct merge_hold *hold) {
    const struct facts_lock *fact = facts_lock(naming->sources[step->source].facts, hold->lock);
    return fact && fact->initialised;
}

/* The step that describes the lock best; `hold` gets what it has of it. */
static const struct merge_step *best_step(const struct naming *naming, const struct merge_step *step,
                                          const struct merge_hold **hold) {
    uint32_t same = (*hold)->same;
    for (size_t i = 0; i < naming->ring->count; i++) {
        const struct merge_step *other = &naming->ring->steps[i];
        for (uint32_t k = 0; k <= other->holds_count; k++) {
            const struct merge_hold *one = k < other->holds_count ? &other->holds[k] : &other->wants;
            if (one->same != same || !says_more(naming, other, one))
                continue;
            *hold = one;
            return other;
        }
    }
    return step;
}

static const struct report_lock *lock_of(struct naming *naming, const struct merge_step *step,
                                         const struct merge_hold *hold) {
    struct report_lock *lock = table_find(&naming->locks, hold->same);
    if (lock || !hold->lock)
        return lock;
    uint32_t same = hold->same;
    step = best_step(naming, step, &hold);
    lock = memory_pool_alloc(naming->pool, sizeof *lock);
    *lock = *resolver_lock(naming->sources[step->source].resolver, hold->lock);
    lock->id = memory_pool_format(naming->pool, "%s@%u", lock->id, (unsigned)step->source + 1);
    table_put(&naming->locks, same, lock);
    return lock;
}

static struct report_hold hold_of(struct naming *naming, const struct merge_step *step,
                                  const struct merge_hold *hold) {
    return (struct report_hold){
        .lock = lock_of(naming, step, hold),
        .mode = hold->mode,
        .stack = resolver_stack(naming->sources[hold->stack_source].resolver, hold->stack),
    };
}

struct report_finding merge_finding_of(struct memory_pool *pool, const struct merge_ring *ring,
                                       const struct merge_source *sources, size_t *holds_count) {
    struct naming naming = {.pool = pool, .ring = ring, .sources = sources};
    struct report_step *steps = memory_pool_alloc(pool, ring->count * sizeof *steps);
    const struct report_process *process = sources[ring->steps[0].source].process;
    *holds_count = 0;
    for (size_t i = 0; i < ring->count; i++) {
        const struct merge_step *from = &ring->steps[i];
        struct report_hold *holds = memory_pool_alloc(pool, (from->holds_count + 1) * sizeof *holds);
        for (uint32_t k = 0; k < from->holds_count; k++)
            holds[k] = hold_of(&naming, from, &from->holds[k]);
        *holds_count += from->holds_count;
        steps[i] = (struct report_step){
            .thread = thread_of(&naming, from),
            .holds = holds,
            .holds_count = from->holds_count,
            .wants = hold_of(&naming, from, &from->wants),
        };
    }
    table_free(&naming.threads);
    table_free(&naming.locks);
    return (struct report_finding){
        .kind = FINDING_DEADLOCK_POTENTIAL,
        .shape = FINDING_SHAPE_CYCLE,
        .severity = ring->why ? FINDING_NOTE : FINDING_WARNING,
        .merged = true,
        .pid = process->pid,
        .process = process,
        .steps = steps,
        .steps_count = ring->count,
    };
}

const char *merge_finding_origin(struct memory_pool *pool, const struct merge_ring *ring,
                                 const struct merge_source *sources) {
    const char *text = ring->between ? " (no process has both orders" : " (no run has all orders",
               *lead = ": ";
    struct table seen = {0};
    for (size_t i = 0; i < ring->count; i++) {
        size_t source = ring->steps[i].source;
        if (table_find(&seen, source))
            continue;
        table_put(&seen, source, pool);
        if (seen.count > RUNS_LIMIT)
            continue;
        text = memory_pool_format(pool, "%s%srun %zu is %s", text, lead, source + 1,
                                  frames_basename(sources[source].process->recording));
        lead = ", ";
    }
    if (seen.count > RUNS_LIMIT)
        text = memory_pool_format(pool, "%s and %zu more", text, seen.count - RUNS_LIMIT);
    table_free(&seen);
    if (ring->why)
        text = memory_pool_format(pool, "%s; a note, because %s", text, ring->why);
    return memory_pool_format(pool, "%s)", text);
}
