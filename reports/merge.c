#include "reports/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "detector/lock_graph.h"
#include "reports/finding_id.h"
#include "reports/joins.h"
#include "reports/memory.h"
#include "reports/orders.h"
#include "reports/pages.h"
#include "reports/progress.h"
#include "reports/roles.h"
#include "reports/table.h"

/* A stack as a run has it. */
struct run_stack {
    uint32_t run, stack;
};

/* A ring that was told, by the locks as their runs have them: (run, lock number), in the order in which they
 * are wanted. */
struct told {
    uint64_t *locks;
    uint32_t count;
};

struct merging {
    struct merge_run *runs;
    size_t count;
    struct joins joins;
    struct roles *roles;
    struct segments *segments;
    struct table *stacks_of; /* by run: stack id -> number of all, that is the same for the same calls */
    struct table by_calls;   /* hash of the calls -> that number */
    struct run_stack *stacks;
    size_t stacks_count, stacks_capacity;
    struct told *told;
    size_t told_count, told_capacity;
    struct memory_pool pool;
    void *(*visit)(void *context, const struct merge_ring *ring);
    void (*again)(void *ring);
    void *context;
    struct merge_bounds *bounds;
};

/* One search: what counts in it. */
struct search {
    struct merging *merging;
    enum joins_kind joins;
    enum roles_answer least;
    struct table locks;  /* (run, number of all) -> the run's own number */
    struct table doubts; /* two threads -> why it is uncertain that they meet */
    void **rings;        /* the visitor's, by the number given to the graph - 1 */
    size_t rings_count, rings_capacity;
};

static bool is_between(const struct search *search) {
    return search->joins == JOINS_BETWEEN;
}

/* ---- the same stacks ---- */

static uint64_t mixed(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

/* Stacks are the same where all frames lie at the same offsets of the same builds. */
static uint64_t calls_of(const struct merge_run *run, uint32_t run_number, uint32_t stack) {
    struct facts *facts = run->source->facts;
    uint64_t place, hash = 7;
    const struct recording_stack *record = facts_stack(facts, stack, &place);
    if (!record)
        return mixed(mixed(1, run_number), stack) | 1;
    if (record->python) {
        struct report_stack frames = resolver_stack(run->source->resolver, stack);
        hash = finding_id_stack(&frames);
        record = facts_stack(facts, stack, &place);
    }
    for (uint32_t i = 0; record && i < record->count; i++) {
        const struct facts_module *module = facts_module_at(facts, record->addresses[i], place);
        hash = mixed(hash, record->addresses[i] - (module ? module->bias : 0));
        for (uint32_t k = 0; module && k < module->build_id_size && k < 8; k++)
            hash = mixed(hash, module->build_id[k]);
        if (!module || !module->build_id_size)
            hash = mixed(hash, run_number + 1);
    }
    return hash | 1;
}

static uint32_t stack_number(struct merging *merging, uint32_t run, uint32_t stack) {
    if (!stack)
        return 0;
    uintptr_t known = (uintptr_t)table_find(&merging->stacks_of[run], stack);
    if (known)
        return (uint32_t)known;
    uint64_t calls = calls_of(&merging->runs[run], run, stack);
    known = (uintptr_t)table_find(&merging->by_calls, calls);
    if (!known) {
        merging->stacks = memory_array_grow(merging->stacks, &merging->stacks_capacity,
                                            merging->stacks_count + 1, sizeof *merging->stacks);
        merging->stacks[merging->stacks_count++] = (struct run_stack){run, stack};
        known = merging->stacks_count;
        table_put(&merging->by_calls, calls, (void *)known);
    }
    table_put(&merging->stacks_of[run], stack, (void *)known);
    return (uint32_t)known;
}

/* ---- what is found ---- */

static uint64_t pair_key(uint32_t a, uint32_t b) {
    return a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
}

static uint64_t lock_key(size_t run, uint32_t lock) {
    return (uint64_t)run << 32 | lock;
}

static uint32_t own_lock(const struct search *search, size_t run, uint32_t lock) {
    const struct merge_run *of = &search->merging->runs[run];
    uintptr_t number = (uintptr_t)table_find(&search->locks, lock_key(run, lock));
    return number ? of->orders.locks[number - 1].id : 0;
}

static struct merge_hold own_hold(const struct search *search, size_t run, const struct lock_hold *hold) {
    const struct merging *merging = search->merging;
    struct merge_hold own = {
        .lock = own_lock(search, run, hold->lock), .same = hold->lock, .mode = hold->mode};
    if (hold->stack) {
        own.stack = merging->stacks[hold->stack - 1].stack;
        own.stack_source = merging->stacks[hold->stack - 1].run;
    }
    return own;
}

static void remember(struct merging *merging, const uint64_t *locks, uint32_t count) {
    merging->told = memory_array_grow(merging->told, &merging->told_capacity, merging->told_count + 1,
                                      sizeof *merging->told);
    struct told *told = &merging->told[merging->told_count++];
    *told = (struct told){memory_pool_alloc(&merging->pool, (count + 1) * sizeof *locks), count};
    memcpy(told->locks, locks, count * sizeof *locks);
}

/* Why the ring is uncertain: what the threads' meeting says, else that the locks are joined by what is only
 * probable. */
static const char *reason(const struct search *search, const struct finding *finding) {
    const char *why = NULL;
    if (search->least == ROLES_SURELY)
        return NULL;
    for (uint32_t i = 0; i < finding->steps_count; i++)
        for (uint32_t k = 0; k < finding->steps_count && !why; k++)
            why = table_find(&search->doubts, pair_key(finding->steps[i].thread, finding->steps[k].thread));
    return why ? why : "it is probable, not certain, that the locks are the same in these runs";
}

static void count_again(void *context, uint32_t number) {
    struct search *search = context;
    if (number && number <= search->rings_count && search->rings[number - 1])
        search->merging->again(search->rings[number - 1]);
}

static uint32_t found(void *context, const struct finding *finding) {
    struct search *search = context;
    struct merging *merging = search->merging;
    struct memory_pool pool = {0};
    size_t first = roles_run(merging->roles, finding->steps[0].thread);
    struct merge_step *steps = memory_pool_alloc(&pool, finding->steps_count * sizeof *steps);
    uint64_t *locks = memory_pool_alloc(&pool, finding->steps_count * sizeof *locks);
    bool merged = false;
    for (uint32_t i = 0; i < finding->steps_count; i++) {
        const struct finding_step *from = &finding->steps[i];
        size_t run = roles_run(merging->roles, from->thread);
        struct merge_hold *holds = memory_pool_alloc(&pool, (from->holds_count + 1) * sizeof *holds);
        for (uint32_t k = 0; k < from->holds_count; k++)
            holds[k] = own_hold(search, run, &from->holds[k]);
        steps[i] = (struct merge_step){
            .source = run,
            .thread = merging->runs[run].orders.threads[from->thread - merging->runs[run].threads_before - 1],
            .holds = holds,
            .holds_count = from->holds_count,
            .wants = own_hold(search, run, &from->wants)};
        locks[i] =
            lock_key(run, (uint32_t)(uintptr_t)table_find(&search->locks, lock_key(run, from->wants.lock)));
        merged |= run != first;
    }
    void *ring = NULL;
    if (merged) {
        struct merge_ring about = {steps, finding->steps_count, is_between(search), reason(search, finding)};
        ring = merging->visit(merging->context, &about);
        remember(merging, locks, finding->steps_count);
    }
    search->rings =
        memory_array_grow(search->rings, &search->rings_capacity, search->rings_count + 1, sizeof ring);
    search->rings[search->rings_count++] = ring;
    memory_pool_free(&pool);
    return (uint32_t)search->rings_count;
}

/* ---- a search ---- */

static bool meet(void *context, uint32_t a, uint32_t i, uint32_t b, uint32_t k) {
    struct search *search = context;
    const char *why = NULL;
    enum roles_answer answer = roles_meet(search->merging->roles, is_between(search), a, i, b, k, &why);
    if (answer == ROLES_PERHAPS && answer >= search->least)
        table_put(&search->doubts, pair_key(a, b), (void *)why);
    return answer >= search->least;
}

static uint32_t joined(const struct search *search, size_t run, uint32_t lock) {
    return search->merging->joins.same[search->joins][search->merging->runs[run].locks_before + lock];
}

/* A semaphore that has not proved to be a lock orders nothing. */
static bool is_lock(const struct orders_lock *lock) {
    return lock->kind != LOCK_KIND_SEMAPHORE || (lock->proven && !lock->signal);
}

/* Rings that are known: those of the recordings themselves, and those told by the searches before. */
static void mark_known(const struct search *search, struct lock_graph *graph) {
    const struct merging *merging = search->merging;
    struct memory_pool pool = {0};
    for (size_t i = 0; i < merging->count; i++) {
        const struct orders *orders = &merging->runs[i].orders;
        for (size_t k = 0; k < orders->rings_count; k++) {
            const struct orders_ring *ring = &orders->rings[k];
            uint32_t *locks = memory_pool_alloc(&pool, ring->count * sizeof *locks);
            for (uint32_t n = 0; n < ring->count; n++)
                locks[n] = joined(search, i, orders->ring_locks[ring->first + n]);
            lock_graph_mark_reported(graph, locks, ring->count, 0);
        }
    }
    for (size_t i = 0; i < merging->told_count; i++) {
        const struct told *told = &merging->told[i];
        uint32_t *locks = memory_pool_alloc(&pool, (told->count + 1) * sizeof *locks);
        for (uint32_t n = 0; n < told->count; n++)
            locks[n] = joined(search, told->locks[n] >> 32, (uint32_t)told->locks[n]);
        lock_graph_mark_reported(graph, locks, told->count, 0);
    }
    memory_pool_free(&pool);
}

static int add_dependency(struct search *search, struct lock_graph *graph, size_t run,
                          const struct orders_dependency *from, struct lock_hold *holds) {
    struct merging *merging = search->merging;
    const struct orders *orders = &merging->runs[run].orders;
    uint32_t count = 0;
    if (!is_lock(&orders->locks[from->wants.lock - 1]))
        return 0;
    for (uint32_t i = 0; i < from->holds_count; i++) {
        const struct lock_hold *hold = &orders->holds[from->holds_first + i];
        if (is_lock(&orders->locks[hold->lock - 1]))
            holds[count++] = (struct lock_hold){joined(search, run, hold->lock), hold->mode,
                                                stack_number(merging, (uint32_t)run, hold->stack)};
    }
    struct lock_dependency dependency = {.thread = merging->runs[run].threads_before + from->thread,
                                         .segment = from->segment,
                                         .holds_count = count,
                                         .holds = holds,
                                         .wants = {joined(search, run, from->wants.lock), from->wants.mode,
                                                   stack_number(merging, (uint32_t)run, from->wants.stack)}};
    int status = orders->locks[from->wants.lock - 1].prefers_writers
                     ? lock_graph_prefers_writers(graph, dependency.wants.lock)
                     : 0;
    return status < 0 ? status : lock_graph_add(graph, &dependency);
}

static int add_run(struct search *search, struct lock_graph *graph, size_t run) {
    const struct orders *orders = &search->merging->runs[run].orders;
    size_t capacity = 0;
    struct lock_hold *holds = NULL;
    int status = 0;
    for (size_t i = 0; i < orders->dependencies_count && status >= 0; i++) {
        const struct orders_dependency *dependency = &orders->dependencies[i];
        if (i % 4096 == 0)
            progress_tell("joining the orders of a run", i, orders->dependencies_count);
        holds = memory_array_grow(holds, &capacity, dependency->holds_count + 1, sizeof *holds);
        status = add_dependency(search, graph, run, dependency, holds);
    }
    free(holds);
    return status < 0 ? status : 0;
}

static int run_search(struct merging *merging, enum joins_kind joins, enum roles_answer least) {
    struct search search = {.merging = merging, .joins = joins, .least = least};
    if (!merging->joins.any[joins])
        return 0;
    for (size_t i = 0; i < merging->count; i++)
        for (uint32_t k = 1; k <= merging->runs[i].orders.locks_count; k++)
            table_put(&search.locks, lock_key(i, joined(&search, i, k)), (void *)(uintptr_t)k);
    struct lock_graph_listener listener = {&search, found, count_again};
    struct lock_graph_options options = {.concurrent = meet, .concurrent_context = &search};
    struct arena arena;
    struct lock_graph_counts counts = {0};
    arena_init(&arena, pages_get);
    struct lock_graph *graph = lock_graph_create(&arena, merging->segments, &options, &listener);
    int status = graph ? 0 : -ENOMEM;
    if (graph)
        mark_known(&search, graph);
    for (size_t i = 0; i < merging->count && status == 0; i++)
        status = add_run(&search, graph, i);
    if (graph)
        lock_graph_count(graph, &counts);
    merging->bounds->cut_searches += counts.cut_searches;
    merging->bounds->unlisted += counts.unreported;
    merging->bounds->unkept += counts.dropped;
    table_free(&search.locks);
    table_free(&search.doubts);
    free(search.rings);
    return status;
}

/* ---- all of them ---- */

static int read_runs(struct merging *merging, const struct merge_source *sources, char *error,
                     size_t error_size) {
    uint32_t threads = 0, locks = 0;
    for (size_t i = 0; i < merging->count; i++) {
        struct merge_run *run = &merging->runs[i];
        run->source = &sources[i];
        progress_tell("reading the orders of runs", i, merging->count);
        int status =
            orders_read(sources[i].path, sources[i].base, sources[i].part, &run->orders, error, error_size);
        if (status < 0)
            return status;
        run->threads_before = threads;
        run->locks_before = locks;
        threads += (uint32_t)run->orders.threads_count;
        locks += (uint32_t)run->orders.locks_count;
        status = orders_segments(&run->orders, merging->segments, run->threads_before);
        if (status < 0)
            return status;
    }
    return 0;
}

int merge_look(const struct merge_source *sources, size_t count,
               void *(*visit)(void *context, const struct merge_ring *ring), void (*again)(void *ring),
               void *context, struct merge_bounds *bounds, char *error, size_t error_size) {
    static const struct {
        enum joins_kind joins;
        enum roles_answer least;
    } searches[] = {{JOINS_BETWEEN, ROLES_SURELY},
                    {JOINS_CERTAIN, ROLES_SURELY},
                    {JOINS_BETWEEN, ROLES_PERHAPS},
                    {JOINS_PROBABLE, ROLES_PERHAPS}};
    struct merging merging = {
        .count = count, .visit = visit, .again = again, .context = context, .bounds = bounds};
    struct arena arena;
    *bounds = (struct merge_bounds){0};
    if (count < 2)
        return 0;
    merging.runs = memory_pool_alloc(&merging.pool, count * sizeof *merging.runs);
    merging.stacks_of = memory_pool_alloc(&merging.pool, count * sizeof *merging.stacks_of);
    pages_start();
    arena_init(&arena, pages_get);
    merging.segments = segments_create(&arena);
    int status = merging.segments ? read_runs(&merging, sources, error, error_size) : -ENOMEM;
    if (!status) {
        joins_make(merging.runs, count, &merging.joins);
        merging.roles = roles_create(merging.runs, count, merging.segments);
    }
    for (size_t i = 0; i < sizeof searches / sizeof searches[0] && !status; i++)
        status = run_search(&merging, searches[i].joins, searches[i].least);
    pages_end();
    roles_free(merging.roles);
    joins_free(&merging.joins);
    for (size_t i = 0; i < count; i++) {
        orders_free(&merging.runs[i].orders);
        table_free(&merging.stacks_of[i]);
    }
    table_free(&merging.by_calls);
    free(merging.stacks);
    free(merging.told);
    memory_pool_free(&merging.pool);
    return status;
}
