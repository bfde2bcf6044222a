#include "reports/components.h"

#include <stdlib.h>

#include "reports/memory.h"

/* The state of Tarjan's search. A node's number is the order in which it was met, from 1; 0: not met yet. */
struct search {
    const struct components *graph;
    uint32_t *first, *targets; /* edges by node: targets[first[n]] to targets[first[n + 1] - 1] */
    uint32_t *number, *low, *next;
    uint32_t *stack, *path;
    uint32_t stacked, depth, met, component;
    uint32_t *component_of; /* from 1, once it is known */
};

static uint32_t *words(size_t count) {
    size_t capacity = 0;
    uint32_t *array = memory_array_grow(NULL, &capacity, count + 1, sizeof *array);
    for (size_t i = 0; i <= count; i++)
        array[i] = 0;
    return array;
}

static void sort_edges(struct search *search) {
    const struct components *graph = search->graph;
    for (size_t i = 0; i < graph->edges; i++)
        search->first[graph->from[i] + 1]++;
    for (size_t i = 0; i < graph->nodes; i++)
        search->first[i + 1] += search->first[i];
    for (size_t i = 0; i < graph->nodes; i++)
        search->next[i] = search->first[i];
    for (size_t i = 0; i < graph->edges; i++)
        search->targets[search->next[graph->from[i]]++] = graph->to[i];
    for (size_t i = 0; i < graph->nodes; i++)
        search->next[i] = search->first[i];
}

static void enter(struct search *search, uint32_t node) {
    search->number[node] = search->low[node] = ++search->met;
    search->stack[search->stacked++] = node;
    search->path[search->depth++] = node;
}

static void leave(struct search *search, uint32_t node) {
    search->depth--;
    if (search->depth) {
        uint32_t above = search->path[search->depth - 1];
        if (search->low[node] < search->low[above])
            search->low[above] = search->low[node];
    }
    if (search->low[node] != search->number[node])
        return;
    search->component++;
    uint32_t one;
    do {
        one = search->stack[--search->stacked];
        search->component_of[one] = search->component;
    } while (one != node);
}

static void visit(struct search *search, uint32_t root) {
    enter(search, root);
    while (search->depth) {
        uint32_t node = search->path[search->depth - 1];
        if (search->next[node] == search->first[node + 1]) {
            leave(search, node);
            continue;
        }
        uint32_t target = search->targets[search->next[node]++];
        if (!search->number[target])
            enter(search, target);
        else if (!search->component_of[target] && search->number[target] < search->low[node])
            search->low[node] = search->number[target];
    }
}

struct sized {
    uint32_t component, size;
};

static int compare_sizes(const void *a, const void *b) {
    const struct sized *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->component > y->component ? -1 : x->component < y->component;
}

/* Number the components that have more than one node, the largest first. */
static void number_cycles(struct components *components, const uint32_t *component_of, size_t count) {
    size_t capacity = 0;
    struct sized *sizes = memory_array_grow(NULL, &capacity, count + 1, sizeof *sizes);
    uint32_t *numbers = words(count);
    for (size_t i = 0; i < count; i++)
        sizes[i] = (struct sized){(uint32_t)i + 1, 0};
    for (size_t i = 0; i < components->nodes; i++)
        sizes[component_of[i] - 1].size++;
    if (count)
        qsort(sizes, count, sizeof *sizes, compare_sizes);
    while (components->cycles < count && sizes[components->cycles].size > 1) {
        numbers[sizes[components->cycles].component] = (uint32_t)components->cycles + 1;
        components->cycles++;
    }
    for (size_t i = 0; i < components->nodes; i++)
        components->cycle_of[i] = numbers[component_of[i]];
    free(numbers);
    free(sizes);
}

void components_find(struct components *components) {
    size_t nodes = components->nodes;
    struct search search = {
        .graph = components,
        .first = words(nodes + 1),
        .targets = words(components->edges),
        .number = words(nodes),
        .low = words(nodes),
        .next = words(nodes),
        .stack = words(nodes),
        .path = words(nodes),
        .component_of = words(nodes),
    };
    sort_edges(&search);
    for (size_t i = 0; i < nodes; i++)
        if (!search.number[i])
            visit(&search, (uint32_t)i);
    components->cycle_of = words(nodes);
    components->cycles = 0;
    number_cycles(components, search.component_of, search.component);
    free(search.first);
    free(search.targets);
    free(search.number);
    free(search.low);
    free(search.next);
    free(search.stack);
    free(search.path);
    free(search.component_of);
}

void components_free(struct components *components) {
    free(components->from);
    free(components->to);
    free(components->cycle_of);
    *components = (struct components){0};
}
