#include "detector/lock_graph.h"

#include <errno.h>
#include <stddef.h>

#include "detector/cycle_search.h"
#include "detector/dependencies.h"
#include "detector/known_cycles.h"
#include "detector/lockset.h"
#include "detector/search_budgets.h"

#define MAX_STEPS 65536
#define MAX_PER_SIGNATURE 64
#define MAX_PER_EDGE 4
#define MAX_CYCLES 1024
#define MAX_USES 4096
#define MAX_GATE_SETS 64

struct lock_graph {
    struct arena *arena;
    struct lock_graph_listener listener;
    uint32_t max_per_signature;
    uint32_t max_per_edge;
    uint32_t max_cycles;
    struct dependencies dependencies;
    struct cycle_search search;
    struct search_budgets budgets;
    struct known_cycles known;
    uint32_t searches; /* number of the current one */
    uint64_t cycles;
    uint64_t unreported;
    uint64_t cut_searches;
};

struct lock_graph *lock_graph_create(struct arena *arena, struct segments *segments,
                                     const struct lock_graph_options *options,
                                     const struct lock_graph_listener *listener) {
    struct lock_graph *graph = arena_alloc(arena, sizeof *graph);
    if (!graph)
        return NULL;
    graph->arena = arena;
    graph->listener = *listener;
    graph->max_per_signature = options->max_per_signature ? options->max_per_signature : MAX_PER_SIGNATURE;
    graph->max_per_edge = options->max_per_edge ? options->max_per_edge : MAX_PER_EDGE;
    graph->max_cycles = options->max_cycles ? options->max_cycles : MAX_CYCLES;
    dependencies_init(&graph->dependencies, arena, segments, options->max_uses ? options->max_uses : MAX_USES,
                      options->max_gate_sets ? options->max_gate_sets : MAX_GATE_SETS);
    cycle_search_init(&graph->search, &graph->dependencies);
    search_budgets_init(&graph->budgets, arena, options->max_steps ? options->max_steps : MAX_STEPS);
    known_cycles_init(&graph->known, arena);
    return graph;
}

/* ---- what a search finds ---- */

struct visit {
    struct lock_graph *graph;
    bool found;
};

/* Where a cycle begins, so that all its rotations look the same: at the smallest lock. */
static uint32_t place_of_smallest(const uint32_t *locks, uint32_t count) {
    uint32_t smallest = 0;
    for (uint32_t i = 1; i < count; i++)
        if (locks[i] < locks[smallest])
            smallest = i;
    return smallest;
}

static uint32_t held_stack_of(const struct cycle_step *step) {
    return lockset_find(step->held, step->edge->key.held)->stack;
}

/* Tell the listener of the cycle, which begins with steps[first]. Returns 0 and its number, or -ENOMEM. */
static int report(struct lock_graph *graph, const struct cycle_step *steps, uint32_t count, uint32_t first,
                  uint32_t *number) {
    size_t holds_count = 0;
    for (uint32_t i = 0; i < count; i++)
        holds_count += steps[i].held->count;
    struct finding_step *told = arena_alloc(graph->arena, count * sizeof *told);
    struct lock_hold *holds = arena_alloc(graph->arena, holds_count * sizeof *holds);
    if (told && holds) {
        struct lock_hold *next = holds;
        for (uint32_t i = 0; i < count; i++) {
            const struct cycle_step *step = &steps[(first + i) % count];
            lockset_list(step->held, next);
            told[i] = (struct finding_step){
                .thread = step->thread,
                .holds_count = step->held->count,
                .holds = next,
                .wants = {step->edge->key.wanted, step->edge->key.wanted_mode, step->held->wanted_stack}};
            next += step->held->count;
        }
        struct finding finding = {.kind = FINDING_DEADLOCK_POTENTIAL,
                                  .shape = FINDING_SHAPE_CYCLE,
                                  .severity = FINDING_WARNING,
                                  .steps_count = count,
                                  .steps = told};
        *number = graph->listener.found(graph->listener.context, &finding);
    }
    int error = told && holds ? 0 : -ENOMEM;
    arena_free(graph->arena, told, count * sizeof *told);
    arena_free(graph->arena, holds, holds_count * sizeof *holds);
    return error;
}

/* Report a cycle of locks with a signature of which fewer than the bound have been reported. */
static int report_new(struct visit *visit, const struct cycle_step *steps, const uint32_t *locks,
                      uint32_t count, uint32_t first, struct known_signature *signature) {
    struct lock_graph *graph = visit->graph;
    struct known_cycle *cycle = known_cycles_add(&graph->known, locks, count);
    if (!cycle)
        return -ENOMEM;
    if (report(graph, steps, count, first, &cycle->number) != 0) {
        known_cycles_take_back(&graph->known, cycle);
        return -ENOMEM;
    }
    cycle->search = graph->searches;
    if (signature->reported++ == 0)
        signature->number = cycle->number;
    for (uint32_t i = 0; i < count; i++) {
        struct lock_edge *edge = dependencies_find(&graph->dependencies, &steps[i].edge->key);
        if (edge->cycles++ == 0)
            edge->first_cycle = cycle->number;
    }
    graph->cycles++;
    visit->found = true;
    return 0;
}

/* Return the edge of the cycle through which as many cycles as the bound allows were reported, or NULL. */
static struct lock_edge *crowded_edge(const struct lock_graph *graph, const struct cycle_step *steps,
                                      uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (steps[i].edge->cycles >= graph->max_per_edge)
            return dependencies_find(&graph->dependencies, &steps[i].edge->key);
    return NULL;
}

/* A cycle of locks that is not known: report it, unless a bound says that there were enough. */
static int visit_new(struct visit *visit, const struct cycle_step *steps, const uint32_t *locks,
                     uint32_t count, uint32_t first) {
    struct lock_graph *graph = visit->graph;
    uint64_t *pairs = arena_alloc(graph->arena, count * sizeof *pairs);
    if (!pairs)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        pairs[i] = (uint64_t)held_stack_of(&steps[i]) << 32 | steps[i].held->wanted_stack;
    uint32_t distinct = known_cycles_unite_pairs(pairs, count);
    struct known_signature *signature = known_cycles_find_signature(&graph->known, pairs, distinct);
    struct lock_edge *crowded = crowded_edge(graph, steps, count);
    int error = 0;
    if (signature && signature->reported >= graph->max_per_signature) {
        if (signature->search != graph->searches)
            graph->listener.again(graph->listener.context, signature->number);
        signature->search = graph->searches;
    } else if (crowded) {
        if (crowded->told_in != graph->searches)
            graph->listener.again(graph->listener.context, crowded->first_cycle);
        crowded->told_in = graph->searches;
        graph->unreported++;
    } else if (graph->cycles >= graph->max_cycles) {
        graph->unreported++;
    } else {
        if (!signature)
            signature = known_cycles_add_signature(&graph->known, pairs, distinct);
        error = signature ? report_new(visit, steps, locks, count, first, signature) : -ENOMEM;
    }
    arena_free(graph->arena, pairs, count * sizeof *pairs);
    return error;
}

static int visit_cycle(void *context, const struct cycle_step *steps, uint32_t count) {
    struct visit *visit = context;
    struct lock_graph *graph = visit->graph;
    uint32_t *locks = arena_alloc(graph->arena, 2 * count * sizeof *locks);
    if (!locks)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        locks[i] = locks[count + i] = steps[i].edge->key.held;
    uint32_t first = place_of_smallest(locks, count);
    struct known_cycle *cycle = known_cycles_find(&graph->known, locks + first, count);
    int error = 0;
    if (!cycle) {
        error = visit_new(visit, steps, locks + first, count, first);
    } else if (cycle->search != graph->searches) {
        graph->listener.again(graph->listener.context, cycle->number);
        cycle->search = graph->searches;
    }
    arena_free(graph->arena, locks, 2 * count * sizeof *locks);
    return error;
}

/* ---- adding ---- */

/* Report the cycles that the dependency closes through this edge. */
static int search_cycles(struct lock_graph *graph, const struct lock_edge *edge, uint32_t thread,
                         uint32_t segment, const struct lockset *held) {
    struct cycle_step start = {.edge = edge, .thread = thread, .segment = segment, .held = held};
    uint32_t held_stack = held_stack_of(&start), wanted_stack = held->wanted_stack;
    uint32_t budget = search_budgets_get(&graph->budgets, held_stack, wanted_stack);
    struct visit visit = {.graph = graph};
    graph->searches++;
    struct cycle_search_result result = cycle_search_run(&graph->search, &start, budget, visit_cycle, &visit);
    if (result.error != 0)
        return result.error;
    graph->cut_searches += result.cut;
    search_budgets_settle(&graph->budgets, held_stack, wanted_stack, result.spent, result.cut, visit.found);
    return 0;
}

/* Returns as lock_graph_add. When memory runs out, the dependency is taken back, so that adding it again
 * makes up for the search. */
static int add_edge(struct lock_graph *graph, const struct edge_key *key, uint32_t thread, uint32_t segment,
                    struct lockset *held) {
    struct dependencies *dependencies = &graph->dependencies;
    struct lock_edge *edge = dependencies_need(dependencies, key);
    if (!edge)
        return -ENOMEM;
    if (dependencies_known(dependencies, edge, thread, segment, held))
        return 0;
    int kept = dependencies_keep(dependencies, edge, thread, segment, held);
    if (kept < 0)
        return kept;
    int error = topo_order_inside(&edge->place) ? search_cycles(graph, edge, thread, segment, held) : 0;
    if (kept && error)
        dependencies_take_back(dependencies, edge, thread, segment);
    else if (kept)
        dependencies_drop_redundant(dependencies, edge, thread, segment, held);
    return error ? error : kept;
}

int lock_graph_add(struct lock_graph *graph, const struct lock_dependency *dependency) {
    struct lockset *held =
        lockset_create(graph->arena, dependency->holds, dependency->holds_count, dependency->wants.stack);
    if (!held)
        return -ENOMEM;
    int added = 0;
    for (uint32_t i = 0; i < dependency->holds_count && added >= 0; i++) {
        struct edge_key key = {dependency->holds[i].lock, dependency->wants.lock,
                               dependency->holds[i].mode != LOCK_EXCLUSIVE,
                               dependency->wants.mode != LOCK_EXCLUSIVE};
        int result = add_edge(graph, &key, dependency->thread, dependency->segment, held);
        added = result != 0 ? result : added;
    }
    lockset_release(graph->arena, held);
    return added;
}

bool lock_graph_knows(const struct lock_graph *graph, uint32_t thread, uint32_t segment,
                      const struct lock_hold *held, const struct lock_hold *wanted) {
    struct edge_key key = {held->lock, wanted->lock, held->mode != LOCK_EXCLUSIVE,
                           wanted->mode != LOCK_EXCLUSIVE};
    return dependencies_ungated(&graph->dependencies, &key, thread, segment);
}

void lock_graph_mark_reported(struct lock_graph *graph, const uint32_t *locks, uint32_t count,
                              uint32_t number) {
    uint32_t *rotated = arena_alloc(graph->arena, count * sizeof *rotated);
    if (!rotated)
        return;
    uint32_t first = place_of_smallest(locks, count);
    for (uint32_t i = 0; i < count; i++)
        rotated[i] = locks[(first + i) % count];
    if (!known_cycles_find(&graph->known, rotated, count)) {
        struct known_cycle *cycle = known_cycles_add(&graph->known, rotated, count);
        if (cycle)
            cycle->number = number;
    }
    arena_free(graph->arena, rotated, count * sizeof *rotated);
}

void lock_graph_remove(struct lock_graph *graph, uint32_t lock) {
    dependencies_forget(&graph->dependencies, lock);
}

void lock_graph_count(const struct lock_graph *graph, struct lock_graph_counts *out) {
    *out = (struct lock_graph_counts){.locks = graph->dependencies.locks_count,
                                      .edges = graph->dependencies.edges_count,
                                      .dependencies = graph->dependencies.kept,
                                      .cycles = graph->cycles,
                                      .unreported = graph->unreported,
                                      .cut_searches = graph->cut_searches,
                                      .dropped = graph->dependencies.dropped};
}
