#include "detector/topo_order.h"

#include "tests/check.h"
#include "tests/detector/pages.h"
#include "tests/detector/random.h"

#define MAX_NODES 64
#define MAX_EDGES 4096

static struct arena arena;
static struct topo_order order;
static struct topo_node nodes[MAX_NODES];
static struct topo_edge edges[MAX_EDGES];
static uint32_t edges_count;

static void fresh(uint32_t count) {
    pages_release();
    arena_init(&arena, pages_supply);
    topo_order_init(&order, &arena);
    edges_count = 0;
    for (uint32_t i = 0; i < count; i++)
        CHECK_EQ(topo_order_add_node(&order, &nodes[i], false), 0);
}

static struct topo_edge *add_edge(uint32_t from, uint32_t to) {
    struct topo_edge *edge = &edges[edges_count++];
    topo_order_add_edge(&order, edge, &nodes[from], &nodes[to]);
    return edge;
}

TEST(edges_in_order_keep_the_ranks) {
    fresh(4);
    int64_t before[4];
    for (uint32_t i = 0; i < 4; i++)
        before[i] = topo_order_rank(&nodes[i]);
    for (uint32_t i = 0; i < 4; i++)
        for (uint32_t j = i + 1; j < 4; j++)
            CHECK(!topo_order_inside(add_edge(i, j)));
    for (uint32_t i = 0; i < 4; i++)
        CHECK_EQ(topo_order_rank(&nodes[i]), before[i]);
}

TEST(a_contradicting_edge_changes_the_ranks) {
    fresh(3);
    add_edge(0, 1);
    CHECK(!topo_order_inside(add_edge(2, 0)));
    CHECK(topo_order_rank(&nodes[2]) < topo_order_rank(&nodes[0]));
    CHECK(topo_order_rank(&nodes[0]) < topo_order_rank(&nodes[1]));
}

TEST(a_source_comes_before_all) {
    fresh(2);
    CHECK_EQ(topo_order_add_node(&order, &nodes[2], true), 0);
    CHECK(topo_order_rank(&nodes[2]) < topo_order_rank(&nodes[0]));
    CHECK_EQ(topo_order_add_node(&order, &nodes[3], false), 0);
    CHECK(topo_order_rank(&nodes[3]) > topo_order_rank(&nodes[1]));
}

TEST(a_node_without_edges_is_placed_anew) {
    fresh(3);
    topo_order_place_node(&order, &nodes[2], true);
    CHECK(topo_order_rank(&nodes[2]) < topo_order_rank(&nodes[0]));
    topo_order_place_node(&order, &nodes[0], false);
    CHECK(topo_order_rank(&nodes[0]) > topo_order_rank(&nodes[1]));
    CHECK(!topo_order_inside(add_edge(2, 1)));
    int64_t source = topo_order_rank(&nodes[2]), target = topo_order_rank(&nodes[1]);
    topo_order_place_node(&order, &nodes[2], false);
    topo_order_place_node(&order, &nodes[1], true);
    CHECK_EQ(topo_order_rank(&nodes[2]), source);
    CHECK_EQ(topo_order_rank(&nodes[1]), target);
}

TEST(a_node_that_has_lost_its_edges_stays_with_its_component) {
    fresh(3);
    struct topo_edge *there = add_edge(0, 1), *back = add_edge(1, 0);
    topo_order_remove_edge(there);
    topo_order_remove_edge(back);
    int64_t rank = topo_order_rank(&nodes[0]);
    topo_order_place_node(&order, &nodes[0], true);
    CHECK_EQ(topo_order_rank(&nodes[0]), rank);
    CHECK_EQ(topo_order_rank(&nodes[1]), rank);
}

TEST(a_cycle_becomes_one_component) {
    fresh(5);
    struct topo_edge *first = add_edge(0, 1), *second = add_edge(1, 2), *out = add_edge(2, 3);
    add_edge(4, 0);
    CHECK(!topo_order_inside(first));
    struct topo_edge *closing = add_edge(2, 0);
    CHECK(topo_order_inside(first) && topo_order_inside(second) && topo_order_inside(closing));
    CHECK(!topo_order_inside(out));
    CHECK_EQ(topo_order_component_size(&nodes[1]), 3);
    CHECK_EQ(topo_order_component_size(&nodes[3]), 1);
    CHECK(topo_order_first_inside(&nodes[2]) == closing);
    CHECK(topo_order_next_inside(closing) == NULL);
    CHECK(topo_order_first_inside(&nodes[3]) == NULL);
    CHECK(topo_order_rank(&nodes[4]) < topo_order_rank(&nodes[0]));
    CHECK(topo_order_rank(&nodes[0]) < topo_order_rank(&nodes[3]));
}

TEST(components_grow_together) {
    fresh(6);
    add_edge(0, 1), add_edge(1, 0);
    add_edge(2, 3), add_edge(3, 2);
    add_edge(1, 2), add_edge(3, 4), add_edge(4, 5);
    CHECK_EQ(topo_order_component_size(&nodes[0]), 2);
    add_edge(4, 1);
    CHECK_EQ(topo_order_component_size(&nodes[0]), 5);
    CHECK_EQ(topo_order_component_size(&nodes[5]), 1);
}

TEST(removed_nodes_leave_their_component) {
    fresh(3);
    struct topo_edge *a = add_edge(0, 1), *b = add_edge(1, 0), *c = add_edge(1, 2), *d = add_edge(2, 1);
    CHECK_EQ(topo_order_component_size(&nodes[0]), 3);
    topo_order_remove_edge(a);
    topo_order_remove_edge(b);
    topo_order_remove_node(&order, &nodes[0]);
    CHECK_EQ(topo_order_component_size(&nodes[1]), 2);
    topo_order_remove_edge(c);
    topo_order_remove_edge(d);
    topo_order_remove_node(&order, &nodes[1]);
    topo_order_remove_node(&order, &nodes[2]);
    CHECK(nodes[0].out == NULL && nodes[0].in == NULL);
}

/* ---- against reachability by its definition ---- */

static bool linked[MAX_NODES][MAX_NODES]; /* a live edge; there is at most one for each pair here */
static struct topo_edge *edge_of[MAX_NODES][MAX_NODES];
static bool joined[MAX_NODES][MAX_NODES]; /* on a common cycle, now or before */
static bool alive[MAX_NODES];

static void join_cycles(uint32_t count) {
    static bool reaches[MAX_NODES][MAX_NODES];
    memcpy(reaches, linked, sizeof reaches);
    /* A component stays together: its nodes reach each other for good. */
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < count; j++)
            reaches[i][j] |= joined[i][j];
    for (uint32_t k = 0; k < count; k++)
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t j = 0; j < count; j++)
                reaches[i][j] |= reaches[i][k] && reaches[k][j];
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < count; j++)
            joined[i][j] |= i != j && reaches[i][j] && reaches[j][i];
}

static uint32_t count_inside(uint32_t node) {
    uint32_t count = 0;
    for (struct topo_edge *e = topo_order_first_inside(&nodes[node]); e; e = topo_order_next_inside(e))
        count++;
    return count;
}

static void compare(uint32_t count) {
    join_cycles(count);
    for (uint32_t i = 0; i < count; i++) {
        if (!alive[i])
            continue;
        uint32_t inside = 0, size = 1;
        for (uint32_t j = 0; j < count; j++) {
            size += alive[j] && joined[i][j];
            CHECK_EQ(nodes[i].component == nodes[j].component && alive[j], joined[i][j] || i == j);
            if (!linked[i][j])
                continue;
            inside += joined[i][j];
            CHECK_EQ(topo_order_inside(edge_of[i][j]), joined[i][j]);
            CHECK(joined[i][j] || topo_order_rank(&nodes[i]) < topo_order_rank(&nodes[j]));
        }
        CHECK_EQ(topo_order_component_size(&nodes[i]), size);
        CHECK_EQ(count_inside(i), inside);
    }
}

static void unlink_pair(uint32_t from, uint32_t to) {
    if (linked[from][to])
        topo_order_remove_edge(edge_of[from][to]);
    linked[from][to] = false;
}

static void run_random(uint64_t seed, uint32_t count, uint32_t steps, uint32_t forward) {
    uint32_t place[MAX_NODES]; /* in an order of the nodes that is not the one in which they are added */
    random_seed(seed);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = random_below(i + 1);
        place[i] = i == j ? i : place[j];
        place[j] = i;
    }
    fresh(count);
    memset(linked, 0, sizeof linked);
    memset(joined, 0, sizeof joined);
    memset(alive, 1, sizeof alive);
    for (uint32_t step = 0; step < steps && !check_failed; step++) {
        uint32_t from = random_below(count), to = random_below(count), action = random_below(20);
        if (random_below(100) < forward && place[from] > place[to]) { /* mostly along that order */
            uint32_t swap = from;
            from = to, to = swap;
        }
        if (!alive[from]) {
            CHECK_EQ(topo_order_add_node(&order, &nodes[from], random_below(2)), 0);
            alive[from] = true;
        } else if (action == 0) {
            for (uint32_t i = 0; i < count; i++) {
                unlink_pair(from, i), unlink_pair(i, from);
                joined[from][i] = joined[i][from] = false;
            }
            topo_order_remove_node(&order, &nodes[from]);
            alive[from] = false;
        } else if (action < 4) {
            unlink_pair(from, to);
        } else if (alive[to] && from != to && !linked[from][to]) {
            if (action < 8)
                topo_order_place_node(&order, &nodes[random_below(2) ? from : to], random_below(2));
            edge_of[from][to] = add_edge(from, to);
            linked[from][to] = true;
        }
        compare(count);
        if (check_failed)
            printf("seed %llu, step %u\n", (unsigned long long)seed, step);
    }
}

TEST(small_random_graphs_against_reachability) {
    for (uint64_t seed = 0; seed < 1500 && !check_failed; seed++)
        run_random(seed, 5, 30, 50);
}

TEST(sparse_random_graphs_against_reachability) {
    for (uint64_t seed = 0; seed < 100 && !check_failed; seed++)
        run_random(seed, 25, 150, 95);
}

TEST(acyclic_random_graphs_against_reachability) {
    for (uint64_t seed = 0; seed < 60 && !check_failed; seed++)
        run_random(seed, 25, 150, 100);
}

CHECK_MAIN
