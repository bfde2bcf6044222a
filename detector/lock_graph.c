#include "detector/lock_graph.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

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

/* What is kept for the cycles between threads, or for those by one thread alone. */
struct relation {
    struct lock_graph *graph;
    struct dependencies dependencies;
    struct cycle_search search;
    struct search_budgets budgets;
    struct known_cycles known;
    uint32_t searches; /* number of the current one */
    uint64_t cycles;
    uint64_t unreported;
    uint64_t cut_searches;
};

struct lock_graph {
    struct arena *arena;
    struct lock_graph_listener listener;
    uint32_t max_per_signature;
    uint32_t max_per_edge;
    uint32_t max_cycles;
    uint32_t relations_count; /* 2 with the option single_thread */
    struct relation relations[2];
};

#define BETWEEN_THREADS 0 /* the first of the relations */

static bool is_alone(const struct relation *relation) {
    return relation->dependencies.alone;
}

static void init_relation(struct lock_graph *graph, struct relation *relation, struct segments *segments,
                          const struct lock_graph_options *options, bool alone) {
    relation->graph = graph;
    dependencies_init(&relation->dependencies, graph->arena, segments,
                      options->max_uses ? options->max_uses : MAX_USES,
                      options->max_gate_sets ? options->max_gate_sets : MAX_GATE_SETS, alone);
    relation->dependencies.concurrent = options->concurrent;
    relation->dependencies.concurrent_context = options->concurrent_context;
    cycle_search_init(&relation->search, &relation->dependencies);
    search_budgets_init(&relation->budgets, graph->arena,
                        options->max_steps ? options->max_steps : MAX_STEPS);
    known_cycles_init(&relation->known, graph->arena);
}

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
    graph->relations_count = options->single_thread ? 2 : 1;
    for (uint32_t i = 0; i < graph->relations_count; i++)
        init_relation(graph, &graph->relations[i], segments, options, i != BETWEEN_THREADS);
    return graph;
}

/* ---- what a search finds ---- */

struct visit {
    struct relation *relation;
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

static bool is_witness(const struct cycle_step *step) {
    return dependencies_are_writers(step->edge);
}

/* A witness holds nothing of the lock that it wants, and maybe nothing at all. */
static uint32_t held_stack_of(const struct cycle_step *step) {
    return is_witness(step) ? 0 : lockset_find(step->held, step->edge->key.held)->stack;
}

static struct lock_edge *edge_of(struct relation *relation, const struct cycle_step *step) {
    return dependencies_find(&relation->dependencies, &step->edge->key);
}

/* A cycle of locks, as it was found. */
struct closed_cycle {
    const struct cycle_step *steps;
    uint32_t steps_count;
    uint32_t first;        /* the step that holds the smallest lock */
    const uint32_t *locks; /* held by the steps that are no witnesses; the smallest first */
    uint32_t locks_count;
};

/* Tell the listener of the cycle. Returns 0 and its number, or -ENOMEM. */
static int report(const struct relation *relation, const struct closed_cycle *cycle, uint32_t *number) {
    struct lock_graph *graph = relation->graph;
    uint32_t count = cycle->steps_count;
    size_t holds_count = 0;
    for (uint32_t i = 0; i < count; i++)
        holds_count += cycle->steps[i].held->count;
    struct finding_step *told = arena_alloc(graph->arena, count * sizeof *told);
    struct lock_hold *holds = arena_alloc(graph->arena, holds_count * sizeof *holds);
    if (told && holds) {
        struct lock_hold *next = holds;
        for (uint32_t i = 0; i < count; i++) {
            const struct cycle_step *step = &cycle->steps[(cycle->first + i) % count];
            lockset_list(step->held, next);
            told[i] = (struct finding_step){
                .thread = step->thread,
                .holds_count = step->held->count,
                .holds = next,
                .wants = {step->edge->key.wanted, step->edge->key.wanted_mode, step->held->wanted_stack}};
            next += step->held->count;
        }
        struct finding finding = {.kind = is_alone(relation) ? FINDING_ORDER_SINGLE_THREAD
                                                             : FINDING_DEADLOCK_POTENTIAL,
                                  .shape = FINDING_SHAPE_CYCLE,
                                  .severity = is_alone(relation) ? FINDING_NOTE : FINDING_WARNING,
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
static int report_new(struct visit *visit, const struct closed_cycle *cycle,
                      struct known_signature *signature) {
    struct relation *relation = visit->relation;
    struct known_cycle *known = known_cycles_add(&relation->known, cycle->locks, cycle->locks_count);
    if (!known)
        return -ENOMEM;
    if (report(relation, cycle, &known->number) != 0) {
        known_cycles_take_back(&relation->known, known);
        return -ENOMEM;
    }
    known->search = relation->searches;
    if (signature->reported++ == 0)
        signature->number = known->number;
    for (uint32_t i = 0; i < cycle->steps_count; i++) {
        struct lock_edge *edge = edge_of(relation, &cycle->steps[i]);
        if (edge->cycles++ == 0)
            edge->first_cycle = known->number;
    }
    relation->cycles++;
    visit->found = true;
    return 0;
}

/* Return the edge of the cycle through which as many cycles as the bound allows were reported, or NULL. A
 * writer may be the witness of any number. */
static struct lock_edge *crowded_edge(struct relation *relation, const struct closed_cycle *cycle) {
    for (uint32_t i = 0; i < cycle->steps_count; i++)
        if (!is_witness(&cycle->steps[i]) && cycle->steps[i].edge->cycles >= relation->graph->max_per_edge)
            return edge_of(relation, &cycle->steps[i]);
    return NULL;
}

/* A cycle of locks that is not known: report it, unless a bound says that there were enough. Who the
 * witnesses are is no part of its signature. */
static int visit_new(struct visit *visit, const struct closed_cycle *cycle) {
    struct relation *relation = visit->relation;
    struct lock_graph *graph = relation->graph;
    uint64_t *pairs = arena_alloc(graph->arena, cycle->locks_count * sizeof *pairs);
    if (!pairs)
        return -ENOMEM;
    uint32_t count = 0;
    for (uint32_t i = 0; i < cycle->steps_count; i++) {
        const struct cycle_step *step = &cycle->steps[i];
        if (!is_witness(step))
            pairs[count++] = (uint64_t)held_stack_of(step) << 32 | step->held->wanted_stack;
    }
    count = known_cycles_unite_pairs(pairs, count);
    struct known_signature *signature = known_cycles_find_signature(&relation->known, pairs, count);
    struct lock_edge *crowded = crowded_edge(relation, cycle);
    int error = 0;
    if (signature && signature->reported >= graph->max_per_signature) {
        if (signature->search != relation->searches)
            graph->listener.again(graph->listener.context, signature->number);
        signature->search = relation->searches;
    } else if (crowded) {
        if (crowded->told_in != relation->searches)
            graph->listener.again(graph->listener.context, crowded->first_cycle);
        crowded->told_in = relation->searches;
        relation->unreported++;
    } else if (relation->cycles >= graph->max_cycles) {
        relation->unreported++;
    } else {
        if (!signature)
            signature = known_cycles_add_signature(&relation->known, pairs, count);
        error = signature ? report_new(visit, cycle, signature) : -ENOMEM;
    }
    arena_free(graph->arena, pairs, cycle->locks_count * sizeof *pairs);
    return error;
}

/* Between threads these locks were reported already: by one thread alone they say nothing more. */
static bool says_nothing_new(const struct relation *relation, const struct closed_cycle *cycle) {
    const struct known_cycles *known = &relation->graph->relations[BETWEEN_THREADS].known;
    return is_alone(relation) && known_cycles_find(known, cycle->locks, cycle->locks_count);
}

static int visit_cycle(void *context, const struct cycle_step *steps, uint32_t count) {
    struct visit *visit = context;
    struct relation *relation = visit->relation;
    struct lock_graph *graph = relation->graph;
    uint32_t *locks = arena_alloc(graph->arena, 2 * count * sizeof *locks);
    if (!locks)
        return -ENOMEM;
    uint32_t locks_count = 0, first = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (is_witness(&steps[i]))
            continue;
        locks[locks_count++] = steps[i].edge->key.held;
        if (is_witness(&steps[first]) || steps[i].edge->key.held < steps[first].edge->key.held)
            first = i;
    }
    memcpy(locks + locks_count, locks, locks_count * sizeof *locks);
    struct closed_cycle cycle = {steps, count, first, locks + place_of_smallest(locks, locks_count),
                                 locks_count};
    struct known_cycle *known = known_cycles_find(&relation->known, cycle.locks, locks_count);
    int error = 0;
    if (says_nothing_new(relation, &cycle)) {
        error = 0;
    } else if (!known) {
        error = visit_new(visit, &cycle);
    } else if (known->search != relation->searches) {
        graph->listener.again(graph->listener.context, known->number);
        known->search = relation->searches;
    }
    arena_free(graph->arena, locks, 2 * count * sizeof *locks);
    return error;
}

/* ---- adding ---- */

/* Report the cycles that the dependency closes through this edge. */
static int search_cycles(struct relation *relation, const struct lock_edge *edge, uint32_t thread,
                         uint32_t segment, const struct lockset *held) {
    struct cycle_step start = {.edge = edge, .thread = thread, .segment = segment, .held = held};
    uint32_t held_stack = held_stack_of(&start), wanted_stack = held->wanted_stack;
    uint32_t budget = search_budgets_get(&relation->budgets, held_stack, wanted_stack);
    struct visit visit = {.relation = relation};
    relation->searches++;
    struct cycle_search_result result =
        cycle_search_run(&relation->search, &start, budget, visit_cycle, &visit);
    if (result.error != 0)
        return result.error;
    relation->cut_searches += result.cut;
    search_budgets_settle(&relation->budgets, held_stack, wanted_stack, result.spent, result.cut,
                          visit.found);
    return 0;
}

/* Returns as lock_graph_add. When memory runs out, the dependency is taken back, so that adding it again
 * makes up for the search. */
static int add_edge(struct relation *relation, const struct edge_key *key, uint32_t thread, uint32_t segment,
                    struct lockset *held) {
    struct dependencies *dependencies = &relation->dependencies;
    struct lock_edge *edge = dependencies_need(dependencies, key);
    if (!edge)
        return -ENOMEM;
    if (dependencies_known(dependencies, edge, thread, segment, held))
        return 0;
    int kept = dependencies_keep(dependencies, edge, thread, segment, held);
    if (kept < 0)
        return kept;
    int error = topo_order_inside(&edge->place) ? search_cycles(relation, edge, thread, segment, held) : 0;
    if (kept && error)
        dependencies_take_back(dependencies, edge, thread, segment);
    else if (kept)
        dependencies_drop_redundant(dependencies, edge, thread, segment, held);
    return error ? error : kept;
}

/* The edge from a hold of the dependency to what it wants. */
static struct edge_key key_from(const struct lock_hold *held, const struct lock_hold *wanted) {
    return (struct edge_key){held->lock, wanted->lock, held->mode != LOCK_EXCLUSIVE,
                             wanted->mode != LOCK_EXCLUSIVE};
}

/* What a dependency says. */
struct saying {
    const struct lock_dependency *dependency;
    const struct lock_hold *again; /* the hold of the wanted lock, NULL when it is not held */
    bool writer;                   /* of a lock that prefers writers */
    struct lockset *held;
};

/* Add the edges that the dependency has: as a writer of the lock that it wants, then from every lock that it
 * holds, or only from the one that it wants again. (lock_graph_knows looks only at the latter, so they are
 * the last to be known.) */
static int add_edges(struct relation *relation, const struct saying *said) {
    const struct lock_dependency *dependency = said->dependency;
    const struct lock_hold *wants = &dependency->wants;
    uint32_t segment = is_alone(relation) ? 0 : dependency->segment;
    int added = 0;
    if (said->writer) {
        struct edge_key key = {wants->lock, wants->lock, LOCK_SHARED, LOCK_EXCLUSIVE};
        added = add_edge(relation, &key, dependency->thread, segment, said->held);
    }
    for (uint32_t i = 0; i < dependency->holds_count && added >= 0; i++) {
        const struct lock_hold *hold = &dependency->holds[i];
        if (said->again && said->again != hold)
            continue;
        struct edge_key key = key_from(hold, wants);
        int result = add_edge(relation, &key, dependency->thread, segment, said->held);
        added = result != 0 ? result : added;
    }
    return added;
}

static const struct lock_hold *hold_of(const struct lock_dependency *dependency, uint32_t lock) {
    for (uint32_t i = 0; i < dependency->holds_count; i++)
        if (dependency->holds[i].lock == lock)
            return &dependency->holds[i];
    return NULL;
}

/* Of what is reported between threads nothing is noted of one thread alone, so that comes last. */
int lock_graph_add(struct lock_graph *graph, const struct lock_dependency *dependency) {
    const struct lock_hold *wants = &dependency->wants;
    bool prefers = dependencies_prefers_writers(&graph->relations[BETWEEN_THREADS].dependencies, wants->lock);
    struct saying said = {.dependency = dependency,
                          .again = hold_of(dependency, wants->lock),
                          .writer = prefers && wants->mode == LOCK_EXCLUSIVE};
    bool rereads = said.again && prefers && !said.writer && said.again->mode != LOCK_EXCLUSIVE;
    if (said.again ? !rereads : dependency->holds_count == 0 && !said.writer)
        return 0;
    said.held = lockset_create(graph->arena, dependency->holds, dependency->holds_count, wants->stack);
    if (!said.held)
        return -ENOMEM;
    int added = 0;
    for (uint32_t i = 0; i < graph->relations_count && added >= 0; i++) {
        int result = add_edges(&graph->relations[i], &said);
        added = result != 0 ? result : added;
    }
    lockset_release(graph->arena, said.held);
    return added;
}

int lock_graph_prefers_writers(struct lock_graph *graph, uint32_t lock) {
    for (uint32_t i = 0; i < graph->relations_count; i++)
        if (dependencies_prefer_writers(&graph->relations[i].dependencies, lock) != 0)
            return -ENOMEM;
    return 0;
}

bool lock_graph_knows(const struct lock_graph *graph, uint32_t thread, uint32_t segment,
                      const struct lock_hold *held, const struct lock_hold *wanted) {
    struct edge_key key = key_from(held, wanted);
    if (key.held == key.wanted && key.wanted_mode == LOCK_EXCLUSIVE)
        return false; /* that is where the lock's writers are kept */
    for (uint32_t i = 0; i < graph->relations_count; i++) {
        const struct relation *relation = &graph->relations[i];
        if (!dependencies_ungated(&relation->dependencies, &key, thread, is_alone(relation) ? 0 : segment))
            return false;
    }
    return true;
}

void lock_graph_mark_reported(struct lock_graph *graph, const uint32_t *locks, uint32_t count,
                              uint32_t number) {
    struct known_cycles *known = &graph->relations[BETWEEN_THREADS].known;
    uint32_t *rotated = arena_alloc(graph->arena, count * sizeof *rotated);
    if (!rotated)
        return;
    uint32_t first = place_of_smallest(locks, count), distinct = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t lock = locks[(first + i) % count];
        if (distinct == 0 || lock != rotated[distinct - 1])
            rotated[distinct++] = lock;
    }
    while (distinct > 1 && rotated[distinct - 1] == rotated[0])
        distinct--;
    if (!known_cycles_find(known, rotated, distinct)) {
        struct known_cycle *cycle = known_cycles_add(known, rotated, distinct);
        if (cycle)
            cycle->number = number;
    }
    arena_free(graph->arena, rotated, count * sizeof *rotated);
}

void lock_graph_remove(struct lock_graph *graph, uint32_t lock) {
    for (uint32_t i = 0; i < graph->relations_count; i++)
        dependencies_forget(&graph->relations[i].dependencies, lock);
}

void lock_graph_reset(struct lock_graph *graph) {
    for (uint32_t i = 0; i < graph->relations_count; i++)
        dependencies_reset(&graph->relations[i].dependencies);
}

void lock_graph_count(const struct lock_graph *graph, struct lock_graph_counts *out) {
    *out = (struct lock_graph_counts){0};
    for (uint32_t i = 0; i < graph->relations_count; i++) {
        const struct relation *relation = &graph->relations[i];
        out->locks += relation->dependencies.locks_count;
        out->edges += relation->dependencies.edges_count;
        out->dependencies += relation->dependencies.kept;
        *(is_alone(relation) ? &out->single_thread : &out->cycles) = relation->cycles;
        out->unreported += relation->unreported;
        out->cut_searches += relation->cut_searches;
        out->dropped += relation->dependencies.dropped;
    }
}
