#include "reports/order_graph.h"

#include <stdlib.h>
#include <string.h>

#include "reports/components.h"
#include "reports/facts.h"
#include "reports/memory.h"
#include "reports/message.h"
#include "reports/recording_reader.h"
#include "reports/resolver.h"
#include "reports/table.h"

/* Where a node's lock is described: a lock of a recording, or one that only a finding has. */
struct node {
    struct order_graph_node is;
    struct resolver *resolver;
    uint32_t id;
    const struct report_lock *lock; /* NULL: not resolved yet */
};

/* A finding of an edge; lists are short. */
struct mark {
    const struct report_finding *finding;
    const struct report_hold *holds, *wants;
    const struct report_thread *thread;
    uint32_t next; /* index + 1 of the next mark of the same edge */
};

struct edge {
    struct order_graph_edge is;
    uint32_t source; /* of the first use: process, thread and stacks */
    uint32_t thread, held_stack, wanted_stack;
    uint8_t held_mode, wanted_mode;
    uint32_t marks;       /* index + 1 of the first mark */
    uint32_t last_thread; /* that was counted: most uses in a row are one thread's */
};

struct order_graph {
    const struct report *report;
    struct node *nodes;
    size_t nodes_count, nodes_capacity;
    struct edge *edges;
    size_t edges_count, edges_capacity;
    struct mark *marks;
    size_t marks_count, marks_capacity;
    size_t cycles, unread;
};

/* What is needed only while the graph is made. Values are indices + 1, as pointers. */
struct maker {
    struct order_graph *graph;
    struct table nodes;         /* (source, lock) -> node */
    struct table edges;         /* (from, to) -> edge */
    struct table threads;       /* (source, thread) -> a number of its own */
    struct table edges_threads; /* (edge, that number) -> there */
    struct table aliases;       /* (source, lock) between processes -> the key that stands for all */
    struct table locks;         /* a report's lock -> its key */
    struct table found_nodes;   /* a report's lock that no recording explains -> node */
    struct table shared;        /* place of a lock between processes -> a report's lock */
};

static uint64_t pair(uint32_t high, uint32_t low) {
    return (uint64_t)high << 32 | low;
}

static void *boxed(size_t index) {
    return (void *)(uintptr_t)(index + 1);
}

static size_t unboxed(const void *value) {
    return (size_t)(uintptr_t)value - 1;
}

static uint32_t add_node(struct order_graph *graph, struct node node) {
    graph->nodes =
        memory_array_grow(graph->nodes, &graph->nodes_capacity, graph->nodes_count + 1, sizeof *graph->nodes);
    graph->nodes[graph->nodes_count] = node;
    return (uint32_t)graph->nodes_count++;
}

static uint32_t node_of(struct maker *maker, uint32_t source, uint32_t lock) {
    uint64_t key = pair(source, lock);
    const uint64_t *alias = maker->aliases.count ? table_find(&maker->aliases, key) : NULL;
    if (alias)
        key = *alias;
    void *known = table_find(&maker->nodes, key);
    if (known)
        return (uint32_t)unboxed(known);
    const struct report *report = maker->graph->report;
    uint32_t node = add_node(maker->graph, (struct node){
                                               .is.process = report_process(report, (size_t)(key >> 32)),
                                               .resolver = report_resolver(report, (size_t)(key >> 32)),
                                               .id = (uint32_t)key,
                                           });
    table_put(&maker->nodes, key, boxed(node));
    return node;
}

/* The edge, made when it is new. */
static struct edge *edge_of(struct maker *maker, uint32_t from, uint32_t to, bool *made) {
    struct order_graph *graph = maker->graph;
    void *known = table_find(&maker->edges, pair(from, to));
    *made = !known;
    if (known)
        return &graph->edges[unboxed(known)];
    graph->edges =
        memory_array_grow(graph->edges, &graph->edges_capacity, graph->edges_count + 1, sizeof *graph->edges);
    table_put(&maker->edges, pair(from, to), boxed(graph->edges_count));
    struct edge *edge = &graph->edges[graph->edges_count++];
    *edge = (struct edge){.is = {.from = from, .to = to}, .last_thread = UINT32_MAX};
    graph->nodes[from].is.out++;
    graph->nodes[to].is.in++;
    return edge;
}

static void count_thread(struct maker *maker, struct edge *edge, uint32_t thread) {
    if (edge->last_thread == thread)
        return;
    edge->last_thread = thread;
    uint64_t key = pair((uint32_t)(edge - maker->graph->edges), thread);
    if (table_find(&maker->edges_threads, key))
        return;
    table_put(&maker->edges_threads, key, maker);
    edge->is.threads++;
}

static void add_dependency(struct maker *maker, uint32_t source,
                           const struct recording_dependency *dependency) {
    if (!dependency->wants.lock)
        return;
    void *number = table_find(&maker->threads, pair(source, dependency->thread));
    if (!number) {
        number = boxed(maker->threads.count);
        table_put(&maker->threads, pair(source, dependency->thread), number);
    }
    uint32_t to = node_of(maker, source, dependency->wants.lock);
    for (uint32_t i = 0; i < dependency->holds_count; i++) {
        const struct lock_hold *hold = &dependency->holds[i];
        uint32_t from = hold->lock ? node_of(maker, source, hold->lock) : to;
        if (from == to) /* taken again by its holder: no order */
            continue;
        bool made;
        struct edge *edge = edge_of(maker, from, to, &made);
        if (made) {
            edge->source = source;
            edge->thread = dependency->thread;
            edge->held_stack = hold->stack;
            edge->wanted_stack = dependency->wants.stack;
            edge->held_mode = hold->mode == LOCK_SHARED;
            edge->wanted_mode = dependency->wants.mode == LOCK_SHARED;
        }
        edge->is.dependencies += edge->is.dependencies < UINT32_MAX;
        count_thread(maker, edge, (uint32_t)unboxed(number));
    }
}

static void read_source(struct maker *maker, uint32_t source) {
    struct recording_reader *reader;
    const struct recording_record *record;
    char error[256];
    uint64_t place;
    const char *path = report_process(maker->graph->report, source)->recording;
    if (recording_reader_open(path, &reader, error, sizeof error) < 0) {
        maker->graph->unread++;
        return;
    }
    recording_reader_refresh(reader);
    while ((record = recording_reader_next(reader, &place)) != NULL)
        if (record->type == RECORDING_DEPENDENCY)
            add_dependency(maker, source, (const struct recording_dependency *)record);
    recording_reader_close(reader);
}

/* A lock between processes as one of them has it. */
struct shared_lock {
    const struct facts_lock *fact;
    uint32_t source;
};

static int compare_shared(const void *a, const void *b) {
    const struct shared_lock *x = a, *y = b;
    const uint64_t left[] = {x->fact->device, x->fact->inode, x->fact->offset, x->source, x->fact->id};
    const uint64_t right[] = {y->fact->device, y->fact->inode, y->fact->offset, y->source, y->fact->id};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

static bool same_place(const struct facts_lock *a, const struct facts_lock *b) {
    return a->device == b->device && a->inode == b->inode && a->offset == b->offset;
}

/* Let the locks at one place stand for one another. When a process has had several there, one after the
 * other, nobody knows which of them is which elsewhere: they stay apart. */
static void join_shared_locks(struct maker *maker, struct memory_pool *pool) {
    const struct report *report = maker->graph->report;
    struct shared_lock *locks = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < report_processes(report); i++) {
        const struct facts *facts = report_resolver(report, i)->facts;
        for (size_t j = 0; j < facts_shared_locks(facts); j++) {
            locks = memory_array_grow(locks, &capacity, count + 1, sizeof *locks);
            locks[count++] = (struct shared_lock){facts_shared_lock(facts, j), (uint32_t)i};
        }
    }
    if (count)
        qsort(locks, count, sizeof *locks, compare_shared);
    for (size_t i = 0, next; i < count; i = next) {
        bool once = true;
        for (next = i + 1; next < count && same_place(locks[next].fact, locks[i].fact); next++)
            once &= locks[next].source != locks[next - 1].source;
        uint64_t *key = memory_pool_alloc(pool, sizeof *key);
        *key = pair(locks[i].source, locks[i].fact->id);
        for (size_t j = i; once && j < next; j++)
            table_put(&maker->aliases, pair(locks[j].source, locks[j].fact->id), key);
    }
    free(locks);
}

/* A number for a lock between processes that its copies share: those in findings are other objects. */
static uint64_t shared_number(const struct report_lock *lock) {
    return lock->device * 0x9e3779b97f4a7c15u ^ lock->inode * 0xff51afd7ed558ccdu ^ lock->address;
}

static bool same_shared(const struct report_lock *a, const struct report_lock *b) {
    return a->inode == b->inode && a->device == b->device && a->address == b->address && a->kind == b->kind;
}

/* Note where the locks that findings name come from: what a resolver was asked for stands in its table. */
static void note_resolved_locks(struct maker *maker, struct memory_pool *pool) {
    const struct report *report = maker->graph->report;
    for (size_t i = 0; i < report_processes(report); i++) {
        const struct table *known = &report_resolver(report, i)->locks;
        for (size_t j = 0; j < known->capacity; j++) {
            const struct report_lock *lock = known->entries[j].value;
            if (!lock)
                continue;
            uint64_t *key = memory_pool_alloc(pool, sizeof *key);
            *key = pair((uint32_t)i, (uint32_t)known->entries[j].key);
            table_put(&maker->locks, (uintptr_t)lock, key);
            if (lock->shared && lock->inode)
                table_put(&maker->shared, shared_number(lock), (void *)lock);
        }
    }
}

static uint32_t node_of_lock(struct maker *maker, const struct report_lock *lock) {
    const uint64_t *key = table_find(&maker->locks, (uintptr_t)lock);
    if (!key && lock->shared && lock->inode) {
        const struct report_lock *same = table_find(&maker->shared, shared_number(lock));
        key = same && same_shared(same, lock) ? table_find(&maker->locks, (uintptr_t)same) : NULL;
    }
    if (key)
        return node_of(maker, (uint32_t)(*key >> 32), (uint32_t)*key);
    void *known = table_find(&maker->found_nodes, (uintptr_t)lock);
    if (known)
        return (uint32_t)unboxed(known);
    uint32_t node = add_node(maker->graph, (struct node){.lock = lock});
    table_put(&maker->found_nodes, (uintptr_t)lock, boxed(node));
    return node;
}

static bool is_ring(const struct report_finding *finding) {
    return finding->kind == FINDING_DEADLOCK_POTENTIAL || finding->kind == FINDING_DEADLOCK_ACTUAL ||
           finding->kind == FINDING_ORDER_SINGLE_THREAD;
}

static void mark_finding(struct maker *maker, const struct report_finding *finding) {
    struct order_graph *graph = maker->graph;
    for (size_t i = 0; i < finding->steps_count; i++) {
        const struct report_step *step = &finding->steps[i];
        const struct report_hold *knot = message_knot_hold(finding, i);
        if (!knot || !step->wants.lock || knot->lock == step->wants.lock)
            continue;
        bool made;
        uint32_t from = node_of_lock(maker, knot->lock), to = node_of_lock(maker, step->wants.lock);
        if (from == to)
            continue;
        struct edge *edge = edge_of(maker, from, to, &made);
        edge->is.threads += made;
        edge->is.found = true;
        graph->nodes[from].is.found = graph->nodes[to].is.found = true;
        graph->marks = memory_array_grow(graph->marks, &graph->marks_capacity, graph->marks_count + 1,
                                         sizeof *graph->marks);
        /* At the end of the edge's list: the first finding is the first one told. */
        uint32_t *link = &edge->marks;
        while (*link && graph->marks[*link - 1].finding != finding)
            link = &graph->marks[*link - 1].next;
        if (*link)
            continue;
        graph->marks[graph->marks_count++] =
            (struct mark){.finding = finding, .holds = knot, .wants = &step->wants, .thread = step->thread};
        *link = (uint32_t)graph->marks_count;
    }
}

static void find_cycles(struct order_graph *graph) {
    struct components components = {.nodes = graph->nodes_count, .edges = graph->edges_count};
    size_t capacity = 0;
    components.from = memory_array_grow(NULL, &capacity, components.edges + 1, sizeof *components.from);
    capacity = 0;
    components.to = memory_array_grow(NULL, &capacity, components.edges + 1, sizeof *components.to);
    for (size_t i = 0; i < graph->edges_count; i++) {
        components.from[i] = graph->edges[i].is.from;
        components.to[i] = graph->edges[i].is.to;
    }
    components_find(&components);
    graph->cycles = components.cycles;
    for (size_t i = 0; i < graph->nodes_count; i++)
        graph->nodes[i].is.cycle = components.cycle_of[i];
    for (size_t i = 0; i < graph->edges_count; i++) {
        uint32_t cycle = components.cycle_of[components.from[i]];
        graph->edges[i].is.cyclic = cycle && cycle == components.cycle_of[components.to[i]];
    }
    components_free(&components);
}

struct order_graph *order_graph_create(const struct report *report) {
    size_t capacity = 0;
    struct order_graph *graph = memory_array_grow(NULL, &capacity, 1, sizeof *graph);
    *graph = (struct order_graph){.report = report};
    struct maker maker = {.graph = graph};
    struct memory_pool pool = {0};
    join_shared_locks(&maker, &pool);
    for (size_t i = 0; i < report_processes(report); i++)
        read_source(&maker, (uint32_t)i);
    note_resolved_locks(&maker, &pool);
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        if (finding->count && is_ring(finding))
            mark_finding(&maker, finding);
    }
    table_free(&maker.nodes);
    table_free(&maker.edges);
    table_free(&maker.threads);
    table_free(&maker.edges_threads);
    table_free(&maker.aliases);
    table_free(&maker.locks);
    table_free(&maker.found_nodes);
    table_free(&maker.shared);
    memory_pool_free(&pool);
    find_cycles(graph);
    return graph;
}

void order_graph_free(struct order_graph *graph) {
    if (!graph)
        return;
    free(graph->nodes);
    free(graph->edges);
    free(graph->marks);
    free(graph);
}

size_t order_graph_nodes(const struct order_graph *graph) {
    return graph->nodes_count;
}

size_t order_graph_edges(const struct order_graph *graph) {
    return graph->edges_count;
}

const struct order_graph_node *order_graph_node(const struct order_graph *graph, size_t index) {
    return &graph->nodes[index].is;
}

const struct order_graph_edge *order_graph_edge(const struct order_graph *graph, size_t index) {
    return &graph->edges[index].is;
}

size_t order_graph_cycles(const struct order_graph *graph) {
    return graph->cycles;
}

size_t order_graph_unread(const struct order_graph *graph) {
    return graph->unread;
}

const struct report_lock *order_graph_lock(struct order_graph *graph, size_t index) {
    struct node *node = &graph->nodes[index];
    if (!node->lock)
        node->lock = resolver_lock(node->resolver, node->id);
    return node->lock;
}

struct order_graph_use order_graph_use(struct order_graph *graph, size_t index) {
    const struct edge *edge = &graph->edges[index];
    if (edge->marks) {
        const struct mark *mark = &graph->marks[edge->marks - 1];
        return (struct order_graph_use){mark->thread, mark->holds->mode, mark->wants->mode,
                                        mark->holds->stack, mark->wants->stack};
    }
    struct resolver *resolver = report_resolver(graph->report, edge->source);
    return (struct order_graph_use){
        .thread = resolver_thread(resolver, edge->thread),
        .held_mode = edge->held_mode,
        .wanted_mode = edge->wanted_mode,
        .held = resolver_stack(resolver, edge->held_stack),
        .wanted = resolver_stack(resolver, edge->wanted_stack),
    };
}

const struct report_finding *order_graph_finding(const struct order_graph *graph, size_t edge, size_t index) {
    uint32_t at = graph->edges[edge].marks;
    for (; at && index; index--)
        at = graph->marks[at - 1].next;
    return at ? graph->marks[at - 1].finding : NULL;
}
