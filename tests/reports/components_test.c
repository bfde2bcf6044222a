#include "reports/components.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

static struct components graph(size_t nodes, const uint32_t (*edges)[2], size_t count) {
    struct components components = {.nodes = nodes, .edges = count};
    components.from = calloc(count + 1, sizeof *components.from);
    components.to = calloc(count + 1, sizeof *components.to);
    for (size_t i = 0; i < count; i++) {
        components.from[i] = edges[i][0];
        components.to[i] = edges[i][1];
    }
    components_find(&components);
    return components;
}

TEST(a_graph_without_cycles_has_none) {
    struct components components = graph(4, (const uint32_t[][2]){{0, 1}, {1, 2}, {0, 2}, {3, 2}}, 4);
    CHECK_EQ(components.cycles, 0);
    for (size_t i = 0; i < 4; i++)
        CHECK_EQ(components.cycle_of[i], 0);
    components_free(&components);
    components = graph(0, NULL, 0);
    CHECK_EQ(components.cycles, 0);
    components_free(&components);
}

TEST(the_largest_component_is_number_one) {
    /* 0 <-> 1, then 2 -> 3 -> 4 -> 2, reached from 1; 5 hangs on. */
    struct components components =
        graph(6, (const uint32_t[][2]){{0, 1}, {1, 0}, {1, 2}, {2, 3}, {3, 4}, {4, 2}, {4, 5}}, 7);
    const uint32_t expected[] = {2, 2, 1, 1, 1, 0};
    CHECK_EQ(components.cycles, 2);
    for (size_t i = 0; i < 6; i++)
        CHECK_EQ(components.cycle_of[i], expected[i]);
    components_free(&components);
}

/* Whether a way leads from each node to each, by Warshall. */
static void close_ways(bool ways[12][12], size_t nodes) {
    for (size_t k = 0; k < nodes; k++)
        for (size_t i = 0; i < nodes; i++)
            for (size_t j = 0; j < nodes; j++)
                ways[i][j] |= ways[i][k] && ways[k][j];
}

TEST(as_reachability_says_in_a_thousand_graphs) {
    uint64_t state = 88172645463325252u;
    for (int round = 0; round < 1000; round++) {
        bool ways[12][12] = {{false}};
        uint32_t edges[24][2];
        size_t count = 0;
        for (size_t i = 0; i < 24; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            uint32_t from = (uint32_t)(state % 12), to = (uint32_t)(state / 12 % 12);
            if (from == to || ways[from][to] || i >= (size_t)round % 24)
                continue;
            ways[from][to] = true;
            edges[count][0] = from;
            edges[count++][1] = to;
        }
        struct components components = graph(12, (const uint32_t(*)[2])edges, count);
        close_ways(ways, 12);
        for (size_t i = 0; i < 12; i++) {
            CHECK_EQ(components.cycle_of[i] != 0, ways[i][i]);
            for (size_t j = 0; j < 12; j++)
                CHECK_EQ(components.cycle_of[i] && components.cycle_of[i] == components.cycle_of[j],
                         ways[i][j] && ways[j][i]);
        }
        components_free(&components);
    }
}

TEST(a_long_way_needs_no_stack) {
    enum { LENGTH = 1000000 };
    struct components components = {.nodes = LENGTH, .edges = LENGTH};
    components.from = calloc(LENGTH, sizeof *components.from);
    components.to = calloc(LENGTH, sizeof *components.to);
    for (uint32_t i = 0; i < LENGTH; i++) {
        components.from[i] = i;
        components.to[i] = (i + 1) % LENGTH;
    }
    components_find(&components);
    CHECK_EQ(components.cycles, 1);
    CHECK_EQ(components.cycle_of[LENGTH / 2], 1);
    components_free(&components);
}

CHECK_MAIN
