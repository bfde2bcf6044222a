/* The lock-order graph against its definition: random programs, and after every step a search through all
 * dependencies ever seen, without any of the graph's ideas (no order, no components, no minimal gate sets).
 */
#include "detector/lock_graph.h"

#include "tests/check.h"
#include "tests/detector/order_model.h"
#include "tests/detector/program.h"
#include "tests/detector/random.h"

#define MAX_LOCK 64
#define MAX_HELD 6
#define MAX_DEPENDENCIES 4096
#define MAX_CYCLES 4096
#define MAX_LENGTH 8

struct dependency {
    uint32_t thread, segment, count;
    struct lock_hold held[MAX_HELD];
    bool gone[MAX_HELD]; /* this held lock or the wanted one was removed since */
    struct lock_hold wants;
};

struct cycle {
    uint32_t count;
    uint32_t locks[MAX_LENGTH]; /* the smallest first */
};

struct cycles {
    uint32_t count;
    struct cycle list[MAX_CYCLES];
};

static struct order_model order;
static struct dependency dependencies[MAX_DEPENDENCIES];
static uint32_t dependencies_count;
static struct cycles expected, reported;

/* ---- sets of cycles ---- */

static struct cycle canonical(const uint32_t *locks, uint32_t count) {
    struct cycle cycle = {.count = count};
    uint32_t first = 0;
    for (uint32_t i = 1; i < count; i++)
        if (locks[i] < locks[first])
            first = i;
    for (uint32_t i = 0; i < count; i++)
        cycle.locks[i] = locks[(first + i) % count];
    return cycle;
}

static bool is_in(const struct cycles *cycles, const struct cycle *cycle) {
    for (uint32_t i = 0; i < cycles->count; i++)
        if (memcmp(&cycles->list[i], cycle, sizeof *cycle) == 0)
            return true;
    return false;
}

static void add_cycle(struct cycles *cycles, const struct cycle *cycle) {
    if (!is_in(cycles, cycle) && cycles->count < MAX_CYCLES)
        cycles->list[cycles->count++] = *cycle;
}

/* ---- the definition ---- */

static bool exclude(uint32_t mode, uint32_t other) {
    return mode == LOCK_EXCLUSIVE || other == LOCK_EXCLUSIVE;
}

static bool can_be_at_once(const struct dependency *a, const struct dependency *b) {
    if (a->thread == b->thread || !order_concurrent(&order, a->thread, a->segment, b->thread, b->segment))
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t j = 0; j < b->count; j++)
            if (a->held[i].lock == b->held[j].lock && exclude(a->held[i].mode, b->held[j].mode))
                return false;
    return true;
}

struct chain {
    uint32_t count;
    const struct dependency *dependencies[MAX_LENGTH];
    uint32_t locks[MAX_LENGTH]; /* the held lock of each that the one before wants */
};

/* Add every cycle that goes on from this chain; all its locks are larger than the first. */
static void extend(struct chain *chain) {
    const struct dependency *last = chain->dependencies[chain->count - 1];
    if (last->wants.lock == chain->locks[0]) {
        const struct dependency *first = chain->dependencies[0];
        for (uint32_t i = 0; i < first->count; i++) {
            if (first->held[i].lock == chain->locks[0] && exclude(first->held[i].mode, last->wants.mode) &&
                chain->count > 1) {
                struct cycle cycle = canonical(chain->locks, chain->count);
                add_cycle(&expected, &cycle);
            }
        }
        return;
    }
    if (last->wants.lock < chain->locks[0] || chain->count == MAX_LENGTH)
        return;
    for (uint32_t d = 0; d < dependencies_count; d++) {
        const struct dependency *next = &dependencies[d];
        bool fits = true;
        for (uint32_t i = 0; i < chain->count && fits; i++)
            fits = next->wants.lock != chain->dependencies[i]->wants.lock &&
                   can_be_at_once(chain->dependencies[i], next);
        for (uint32_t i = 0; i < next->count && fits; i++) {
            if (next->held[i].lock != last->wants.lock || next->gone[i] ||
                !exclude(next->held[i].mode, last->wants.mode))
                continue;
            chain->dependencies[chain->count] = next;
            chain->locks[chain->count++] = next->held[i].lock;
            extend(chain);
            chain->count--;
        }
    }
}

static void expect_all_cycles(void) {
    for (uint32_t d = 0; d < dependencies_count; d++) {
        for (uint32_t i = 0; i < dependencies[d].count; i++) {
            if (dependencies[d].gone[i])
                continue;
            struct chain chain = {1, {&dependencies[d]}, {dependencies[d].held[i].lock}};
            extend(&chain);
        }
    }
}

/* Return whether an earlier dependency says, of the same thread and segment, that the lock at `place` was
 * held when this one was wanted, and under no more gates. */
static bool said_before(const struct dependency *now, uint32_t place) {
    for (uint32_t d = 0; d < dependencies_count; d++) {
        const struct dependency *then = &dependencies[d];
        if (then->thread != now->thread || then->segment != now->segment ||
            then->wants.lock != now->wants.lock || then->wants.mode != now->wants.mode)
            continue;
        bool edge = false, fewer_gates = true;
        for (uint32_t i = 0; i < then->count; i++) {
            edge |= then->held[i].lock == now->held[place].lock &&
                    then->held[i].mode == now->held[place].mode && !then->gone[i];
            bool there = false;
            for (uint32_t j = 0; j < now->count; j++)
                there |= then->held[i].lock == now->held[j].lock &&
                         (then->held[i].mode == LOCK_SHARED || now->held[j].mode == LOCK_EXCLUSIVE);
            fewer_gates &= there;
        }
        if (edge && fewer_gates)
            return true;
    }
    return false;
}

/* ---- the program ---- */

struct limits {
    uint32_t steps, locks, running, threads, held, removals;
    bool unseen_creators;
};

static bool is_dependency(const struct finding_step *step) {
    for (uint32_t d = 0; d < dependencies_count; d++) {
        const struct dependency *known = &dependencies[d];
        if (known->thread == step->thread && known->count == step->holds_count &&
            memcmp(known->held, step->holds, known->count * sizeof known->held[0]) == 0 &&
            memcmp(&known->wants, &step->wants, sizeof known->wants) == 0)
            return true;
    }
    return false;
}

static void check_finding(const struct finding *finding) {
    uint32_t locks[MAX_LENGTH];
    CHECK_EQ(finding->kind, FINDING_DEADLOCK_POTENTIAL);
    CHECK_EQ(finding->shape, FINDING_SHAPE_CYCLE);
    CHECK_EQ(finding->severity, FINDING_WARNING);
    CHECK(finding->steps_count >= 2 && finding->steps_count <= MAX_LENGTH);
    for (uint32_t i = 0; i < finding->steps_count; i++) {
        CHECK(is_dependency(&finding->steps[i]));
        locks[(i + 1) % finding->steps_count] = finding->steps[i].wants.lock;
    }
    struct cycle cycle = canonical(locks, finding->steps_count);
    CHECK(!is_in(&reported, &cycle));
    add_cycle(&reported, &cycle);
}

static void acquire(struct program *p, uint32_t thread, uint32_t lock, uint32_t mode) {
    const struct program_thread *t = &p->threads[thread];
    int expected_result = 0;
    if (t->held_count > 0) {
        struct dependency *now = &dependencies[dependencies_count];
        *now = (struct dependency){.thread = thread,
                                   .segment = order.current[thread],
                                   .count = t->held_count,
                                   .wants = {lock, mode, p->stacks + 1}};
        memcpy(now->held, t->held, t->held_count * sizeof t->held[0]);
        for (uint32_t i = 0; i < now->count; i++)
            expected_result |= !said_before(now, i);
        dependencies_count += expected_result;
    }
    CHECK_EQ(program_lock_as(p, thread, lock, mode), expected_result);
}

static bool holds(const struct program *p, uint32_t thread, uint32_t lock) {
    for (uint32_t i = 0; i < p->threads[thread].held_count; i++)
        if (p->threads[thread].held[i].lock == lock)
            return true;
    return false;
}

static void remove_lock(struct program *p, uint32_t lock) {
    lock_graph_remove(p->graph, lock);
    for (uint32_t d = 0; d < dependencies_count; d++)
        for (uint32_t i = 0; i < dependencies[d].count; i++)
            dependencies[d].gone[i] |=
                dependencies[d].held[i].lock == lock || dependencies[d].wants.lock == lock;
}

static void check_knows(const struct program *p, uint32_t thread, uint32_t held, uint32_t wanted) {
    struct dependency d = {.thread = thread,
                           .segment = order.current[thread],
                           .count = 1,
                           .held = {{held, random_below(2), 0}},
                           .wants = {wanted, random_below(2), 0}};
    CHECK_EQ(lock_graph_knows(p->graph, thread, d.segment, &d.held[0], &d.wants), said_before(&d, 0));
}

/* The threads that run, and the locks that can be taken: a removed lock gives its place to a new one. */
static uint32_t running[PROGRAM_THREADS], running_count, threads_count;
static uint32_t live[MAX_LOCK], locks_count;

static void start_thread(struct program *p, uint32_t creator) {
    running[running_count++] = ++threads_count;
    segments_start(p->segments, threads_count, creator);
    order_start(&order, threads_count, creator);
}

static void take_step(struct program *p, const struct limits *limits) {
    uint32_t place = random_below(running_count), thread = running[place];
    uint32_t *lock = &live[random_below(limits->locks)];
    uint32_t action = random_below(100);
    if (action < 8 && running_count < limits->running && threads_count < limits->threads) {
        start_thread(p, limits->unseen_creators && random_below(8) == 0 ? 0 : thread);
    } else if (action < 16 && running_count > 1) {
        uint32_t other = random_below(running_count);
        if (other == place)
            return;
        program_unlock_all(p, running[other]);
        segments_join(p->segments, thread, running[other]);
        order_join(&order, thread, running[other]);
        running[other] = running[--running_count];
    } else if (action < 16 + limits->removals) {
        for (uint32_t i = 0; i < running_count; i++)
            if (holds(p, running[i], *lock))
                return;
        remove_lock(p, *lock);
        *lock = ++locks_count;
    } else if (action < 80) {
        if (p->threads[thread].held_count < limits->held && !holds(p, thread, *lock))
            acquire(p, thread, *lock, random_below(3) == 0 ? LOCK_SHARED : LOCK_EXCLUSIVE);
        else if (random_below(2))
            program_unlock_all(p, thread);
    } else if (p->threads[thread].held_count > 0) {
        uint32_t held = random_below(p->threads[thread].held_count);
        program_unlock(p, thread, p->threads[thread].held[held].lock);
    }
    check_knows(p, thread, live[random_below(limits->locks)], live[random_below(limits->locks)]);
}

static void run_program(uint64_t seed, const struct limits *limits) {
    struct program *p = program_create_with(&(struct lock_graph_options){
        .max_steps = 1u << 30, .max_per_signature = 1u << 30, .max_per_edge = 1u << 30});
    p->check = check_finding;
    random_seed(seed);
    order_clear(&order);
    dependencies_count = expected.count = reported.count = 0;
    running_count = threads_count = locks_count = 0;
    order_start(&order, 1, 0);
    running[running_count++] = ++threads_count;
    while (locks_count < limits->locks)
        live[locks_count] = locks_count + 1, locks_count++;
    for (uint32_t step = 0; step < limits->steps && !check_failed; step++) {
        uint32_t before = dependencies_count;
        take_step(p, limits);
        if (dependencies_count > before)
            expect_all_cycles();
        CHECK_EQ(reported.count, expected.count);
        for (uint32_t i = 0; i < expected.count && !check_failed; i++)
            CHECK(is_in(&reported, &expected.list[i]));
        CHECK(p->again_number <= p->found);
        if (check_failed)
            printf("seed %llu, step %u\n", (unsigned long long)seed, step);
    }
    struct lock_graph_counts counts = program_counts(p);
    CHECK_EQ(counts.cycles, expected.count);
    CHECK_EQ(counts.cut_searches, 0);
    CHECK_EQ(counts.dropped, 0);
    for (uint32_t lock = 1; lock <= locks_count; lock++)
        lock_graph_remove(p->graph, lock);
    counts = program_counts(p);
    CHECK_EQ(counts.locks + counts.edges + counts.dependencies, 0);
    program_destroy(p);
}

static void run_programs(uint32_t seeds, const struct limits *limits) {
    uint64_t cycles = 0;
    uint32_t longest = 0;
    for (uint32_t seed = 0; seed < seeds && !check_failed; seed++) {
        run_program(seed, limits);
        cycles += expected.count;
        for (uint32_t i = 0; i < expected.count; i++)
            longest = expected.list[i].count > longest ? expected.list[i].count : longest;
    }
    CHECK(cycles > seeds / 4);
    CHECK(longest >= 3);
    printf("%u programs, %llu cycles, the longest of %u locks\n", seeds, (unsigned long long)cycles, longest);
}

TEST(few_threads_and_locks) {
    run_programs(3000, &(struct limits){60, 4, 4, 8, 3, 3, true});
}

TEST(many_locks) {
    run_programs(1000, &(struct limits){120, 9, 6, 10, 3, 2, true});
}

TEST(deep_nesting) {
    run_programs(1000, &(struct limits){80, 6, 5, 8, 5, 2, true});
}

TEST(no_joins_and_no_removals) {
    run_programs(500, &(struct limits){100, 5, 8, 8, 2, 0, false});
}

/* Long enough for the uses that are over to be looked for. */
TEST(many_threads_one_after_the_other) {
    run_programs(10, &(struct limits){3000, 3, 4, 220, 2, 1, false});
}

CHECK_MAIN
