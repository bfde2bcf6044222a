/* graph ORDER LOCKS DEPENDENCIES: what a new dependency costs the lock-order graph, without any program
 * around it.
 *
 * ORDER is how the locks are taken:
 *   ordered      from the first lock to the last, and first used in that order
 *   random       in one order, too, but used in any sequence, so that the graph learns the order bit by bit
 *   adversarial  in one order, and each new dependency contradicts what the graph has assumed of it
 *   unordered    without any order: nearly all locks end up in one strongly connected component
 *   ring         one cycle through all of them; each dependency but the last agrees with the order
 *   component    the ring, and then dependencies without any order inside of it
 *
 * Prints a line "NAME VALUE" for each figure: dependency (ns for one, over all of them), next (ns for one of
 * the last hundredth, which come on top of a graph of DEPENDENCIES), slowest (the most expensive one, ns),
 * bytes (memory for each), added, cycles, unreported, cut (searches).
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "detector/lock_graph.h"

enum { THREADS = 8, STACKS = 64 };

struct pair {
    uint32_t held, wanted;
};

typedef void fill_function(struct pair *pairs, uint64_t count, uint32_t locks);

static uint64_t state = 0x9e3779b97f4a7c15u;

/* xorshift64*: the same numbers in every run. */
static uint32_t random_below(uint32_t bound) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1du >> 32) * bound >> 32);
}

static void *supply(size_t bytes) {
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

static void *need(size_t bytes) {
    void *memory = malloc(bytes);
    if (!memory)
        abort();
    return memory;
}

/* ---- the orders; lock ids begin with 1 ---- */

static void fill_ordered(struct pair *pairs, uint64_t count, uint32_t locks) {
    uint64_t each = count / locks + 1; /* that hold the same lock */
    for (uint64_t i = 0; i < count; i++) {
        uint32_t held = (uint32_t)(i / each), ahead = (uint32_t)(i % each) + 1;
        pairs[i] = (struct pair){1 + held, 1 + held + ahead};
    }
}

/* A permutation of the locks is their order. */
static uint32_t *shuffled(uint32_t locks) {
    uint32_t *order = need(locks * sizeof *order);
    for (uint32_t i = 0; i < locks; i++) {
        uint32_t j = random_below(i + 1);
        order[i] = order[j];
        order[j] = 1 + i;
    }
    return order;
}

static void fill_random(struct pair *pairs, uint64_t count, uint32_t locks) {
    uint32_t *order = shuffled(locks);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t a = random_below(locks), b = random_below(locks - 1);
        b += b >= a;
        pairs[i] = (struct pair){order[a < b ? a : b], order[a < b ? b : a]};
    }
    free(order);
}

static void fill_unordered(struct pair *pairs, uint64_t count, uint32_t locks) {
    for (uint64_t i = 0; i < count; i++) {
        uint32_t a = random_below(locks), b = random_below(locks - 1);
        pairs[i] = (struct pair){1 + a, 1 + b + (b >= a)};
    }
}

/* First each lock of a chain is held with one of its own, which the graph takes for a reason to place it
 * before all others. Then the chain is built the other way round, so that each lock must move behind all that
 * were built before it. */
static void fill_adversarial(struct pair *pairs, uint64_t count, uint32_t locks) {
    uint32_t chain = locks / 2;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t place = (uint32_t)(i % chain);
        pairs[i] = i < chain           ? (struct pair){1 + place, 1 + chain + place}
                   : place + 1 < chain ? (struct pair){1 + place, 2 + place}
                                       : (struct pair){1, 1 + chain};
    }
}

static void fill_ring(struct pair *pairs, uint64_t count, uint32_t locks) {
    for (uint64_t i = 0; i < count; i++)
        pairs[i] = (struct pair){1 + (uint32_t)(i % locks), 1 + (uint32_t)((i + 1) % locks)};
}

static void fill_component(struct pair *pairs, uint64_t count, uint32_t locks) {
    uint64_t first = count < locks ? count : locks;
    fill_ring(pairs, first, locks);
    fill_unordered(pairs + first, count - first, locks);
}

static const struct {
    const char *name;
    fill_function *fill;
} orders[] = {{"ordered", fill_ordered},     {"random", fill_random}, {"adversarial", fill_adversarial},
              {"unordered", fill_unordered}, {"ring", fill_ring},     {"component", fill_component}};

static fill_function *find_order(const char *name) {
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (strcmp(orders[i].name, name) == 0)
            return orders[i].fill;
    return NULL;
}

/* ---- the graph ---- */

static uint32_t found(void *context, const struct finding *finding) {
    (void)finding;
    return ++*(uint32_t *)context;
}

static void again(void *context, uint32_t number) {
    (void)context;
    (void)number;
}

static double now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

struct timing {
    uint64_t added;
    double ns, slowest_ns;
};

/* Few dependencies are timed one by one; of many only the whole, since reading the clock takes as long as
 * adding one. */
static struct timing add(struct lock_graph *graph, const struct pair *pairs, uint64_t count, bool singly) {
    struct timing timing = {0, 0, 0};
    double start = now_ns(), last = start;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t stack = 1 + (uint32_t)(i % STACKS);
        struct lock_hold held = {pairs[i].held, LOCK_EXCLUSIVE, stack};
        struct lock_dependency dependency = {.thread = 2 + (uint32_t)(i % THREADS),
                                             .holds_count = 1,
                                             .holds = &held,
                                             .wants = {pairs[i].wanted, LOCK_EXCLUSIVE, STACKS + stack}};
        timing.added += lock_graph_add(graph, &dependency) == 1;
        if (singly) {
            double now = now_ns();
            timing.slowest_ns = now - last > timing.slowest_ns ? now - last : timing.slowest_ns;
            last = now;
        }
    }
    timing.ns = now_ns() - start;
    return timing;
}

int main(int argc, char **argv) {
    fill_function *fill = argc == 4 ? find_order(argv[1]) : NULL;
    long long locks = fill ? strtoll(argv[2], NULL, 10) : 0, count = fill ? strtoll(argv[3], NULL, 10) : 0;
    if (!fill || locks < 4 || locks > 100000000 || count < 100 || count > 1000000000) {
        fprintf(stderr,
                "usage: graph ordered|random|adversarial|unordered|ring|component LOCKS DEPENDENCIES\n");
        return 2;
    }
    uint64_t next = (uint64_t)count / 100;
    struct pair *pairs = need(((uint64_t)count + next) * sizeof *pairs);
    fill(pairs, (uint64_t)count + next, (uint32_t)locks);

    struct arena arena;
    uint32_t cycles = 0;
    arena_init(&arena, supply);
    struct segments *segments = segments_create(&arena);
    struct lock_graph *graph = segments
                                   ? lock_graph_create(&arena, segments, &(struct lock_graph_options){0},
                                                       &(struct lock_graph_listener){&cycles, found, again})
                                   : NULL;
    if (!graph)
        abort();
    segments_start(segments, 1, 0);
    for (uint32_t thread = 2; thread < 2 + THREADS; thread++)
        segments_start(segments, thread, 1);

    size_t empty = arena.taken;
    struct timing before = add(graph, pairs, (uint64_t)count, false);
    size_t full = arena.taken;
    struct timing after = add(graph, pairs + count, next, true);
    struct lock_graph_counts counts;
    lock_graph_count(graph, &counts);
    uint64_t total = before.added + after.added;
    if (before.added == 0)
        abort();
    printf("dependency %.1f\nslowest %.0f\nbytes %.1f\nadded %llu\ncycles %llu\nunreported %llu\ncut %llu\n",
           before.ns / (double)before.added, after.slowest_ns, (double)(full - empty) / (double)before.added,
           (unsigned long long)total, (unsigned long long)counts.cycles,
           (unsigned long long)counts.unreported, (unsigned long long)counts.cut_searches);
    if (after.added > 0)
        printf("next %.1f\n", after.ns / (double)after.added);
    return 0;
}
