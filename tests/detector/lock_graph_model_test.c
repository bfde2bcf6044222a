/* The lock-order graph against its definition: random programs, and after every step a search through all
 * dependencies ever seen, without any of the graph's ideas (no order, no components, no minimal gate sets).
 */
#include "detector/lock_graph.h"

#include "tests/check.h"
#include "tests/detector/order_model.h"
#include "tests/detector/program.h"
#include "tests/detector/random.h"

#define MAX_LOCK 64
#define MAX_LOCKS 4096 /* with those that were removed */
#define MAX_HELD 6
#define MAX_DEPENDENCIES 8192
#define MAX_CYCLES 4096
#define MAX_LENGTH 8

struct dependency {
    uint32_t thread, segment, count;
    struct lock_hold held[MAX_HELD];
    bool gone[MAX_HELD]; /* this held lock or the wanted one was removed since */
    bool wanted_gone;
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
static bool prefers_writers[MAX_LOCKS];

/* Between threads [0], and by one thread alone [1]. */
static struct cycles expected[2], reported[2];
static uint32_t witnessed; /* cycles reported with a witness */

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

/* Alone: whether one thread has both, which other threads might have at once. */
static bool can_be_at_once(const struct dependency *a, const struct dependency *b, bool alone) {
    if (alone ? a->thread != b->thread
              : a->thread == b->thread ||
                    !order_concurrent(&order, a->thread, a->segment, b->thread, b->segment))
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t j = 0; j < b->count; j++)
            if (a->held[i].lock == b->held[j].lock && exclude(a->held[i].mode, b->held[j].mode))
                return false;
    return true;
}

static bool rereads(const struct dependency *d) {
    for (uint32_t i = 0; i < d->count; i++)
        if (d->held[i].lock == d->wants.lock)
            return true;
    return false;
}

struct chain {
    bool alone;
    uint32_t count;
    const struct dependency *dependencies[MAX_LENGTH];
    uint32_t locks[MAX_LENGTH]; /* the held lock of each that the one before wants, */
    uint32_t modes[MAX_LENGTH]; /* and how it is held */
};

/* Return whether the one that wants waits for the one that holds, or does when a writer comes between. */
static bool can_block(uint32_t lock, uint32_t wanted_mode, uint32_t held_mode) {
    return exclude(wanted_mode, held_mode) || prefers_writers[lock];
}

/* Return whether the chain, a ring, has witnesses from its `i`th dependency on, with those chosen before. */
static bool has_witnesses(const struct chain *chain, uint32_t i, const struct dependency **chosen,
                          uint32_t chosen_count) {
    while (i < chain->count &&
           exclude(chain->dependencies[i]->wants.mode, chain->modes[(i + 1) % chain->count]))
        i++;
    if (i == chain->count)
        return true;
    for (uint32_t d = 0; d < dependencies_count; d++) {
        const struct dependency *witness = &dependencies[d];
        bool fits = !witness->wanted_gone && witness->wants.lock == chain->dependencies[i]->wants.lock &&
                    witness->wants.mode == LOCK_EXCLUSIVE;
        for (uint32_t j = 0; j < chain->count && fits; j++)
            fits = can_be_at_once(chain->dependencies[j], witness, chain->alone);
        for (uint32_t j = 0; j < chosen_count && fits; j++)
            fits = can_be_at_once(chosen[j], witness, chain->alone);
        chosen[chosen_count] = witness;
        if (fits && has_witnesses(chain, i + 1, chosen, chosen_count + 1))
            return true;
    }
    return false;
}

/* What is reported between threads is not told of one thread. */
static void expect(const struct chain *chain) {
    const struct dependency *witnesses[MAX_LENGTH];
    struct cycle cycle = canonical(chain->locks, chain->count);
    if ((!chain->alone || !is_in(&expected[0], &cycle)) && !is_in(&expected[chain->alone], &cycle) &&
        has_witnesses(chain, 0, witnesses, 0))
        add_cycle(&expected[chain->alone], &cycle);
}

/* Expect every cycle that goes on from this chain; all its locks are larger than the first. */
static void extend(struct chain *chain) {
    const struct dependency *last = chain->dependencies[chain->count - 1];
    if (last->wants.lock == chain->locks[0]) {
        if (can_block(last->wants.lock, last->wants.mode, chain->modes[0]))
            expect(chain);
        return;
    }
    if (last->wants.lock < chain->locks[0] || chain->count == MAX_LENGTH)
        return;
    for (uint32_t d = 0; d < dependencies_count; d++) {
        const struct dependency *next = &dependencies[d];
        bool fits = !rereads(next);
        for (uint32_t i = 0; i < chain->count && fits; i++)
            fits = next->wants.lock != chain->dependencies[i]->wants.lock &&
                   can_be_at_once(chain->dependencies[i], next, chain->alone);
        for (uint32_t i = 0; i < next->count && fits; i++) {
            if (next->held[i].lock != last->wants.lock || next->gone[i] ||
                !can_block(last->wants.lock, last->wants.mode, next->held[i].mode))
                continue;
            chain->dependencies[chain->count] = next;
            chain->modes[chain->count] = next->held[i].mode;
            chain->locks[chain->count++] = next->held[i].lock;
            extend(chain);
            chain->count--;
        }
    }
}

static void expect_all_cycles(bool alone) {
    for (uint32_t d = 0; d < dependencies_count; d++) {
        for (uint32_t i = 0; i < dependencies[d].count; i++) {
            const struct lock_hold *held = &dependencies[d].held[i];
            if (dependencies[d].gone[i] ||
                (rereads(&dependencies[d]) && held->lock != dependencies[d].wants.lock))
                continue;
            struct chain chain = {alone, 1, {&dependencies[d]}, {held->lock}, {held->mode}};
            extend(&chain);
        }
    }
}

/* Return whether each of these holds excludes no more than one of the other dependency's. */
static bool no_more_gates(const struct dependency *then, const struct dependency *now) {
    for (uint32_t i = 0; i < then->count; i++) {
        bool there = false;
        for (uint32_t j = 0; j < now->count; j++)
            there |= then->held[i].lock == now->held[j].lock &&
                     (then->held[i].mode == LOCK_SHARED || now->held[j].mode == LOCK_EXCLUSIVE);
        if (!there)
            return false;
    }
    return true;
}

/* Return whether an earlier dependency says, of the same thread and segment and under no more gates, that the
 * lock at `place` was held when this one was wanted, or (without a place) just that it was wanted. */
#define NO_PLACE MAX_HELD
static bool said_before(const struct dependency *now, uint32_t place) {
    for (uint32_t d = 0; d < dependencies_count; d++) {
        const struct dependency *then = &dependencies[d];
        if (then->thread != now->thread || then->segment != now->segment ||
            then->wants.lock != now->wants.lock || then->wants.mode != now->wants.mode ||
            !no_more_gates(then, now))
            continue;
        if (place == NO_PLACE && !then->wanted_gone)
            return true;
        for (uint32_t i = 0; i < then->count && place != NO_PLACE; i++)
            if (then->held[i].lock == now->held[place].lock && then->held[i].mode == now->held[place].mode &&
                !then->gone[i])
                return true;
    }
    return false;
}

/* Return whether the dependency says anything that is new. */
static bool is_new(const struct dependency *now) {
    bool prefers = prefers_writers[now->wants.lock], again = false, new = false;
    for (uint32_t i = 0; i < now->count; i++) {
        if (now->held[i].lock != now->wants.lock)
            continue;
        again = true;
        new = prefers && !exclude(now->held[i].mode, now->wants.mode) && !said_before(now, i);
    }
    if (again)
        return new;
    for (uint32_t i = 0; i < now->count; i++)
        new |= !said_before(now, i);
    return new || (prefers && now->wants.mode == LOCK_EXCLUSIVE && !said_before(now, NO_PLACE));
}

/* ---- the program ---- */

struct limits {
    uint32_t steps, locks, running, threads, held, removals;
    bool unseen_creators;
    uint32_t preferring; /* of 100 locks */
    bool single_thread;
};

static const struct dependency *dependency_of(const struct finding_step *step) {
    for (uint32_t d = 0; d < dependencies_count; d++) {
        const struct dependency *known = &dependencies[d];
        if (known->thread == step->thread && known->count == step->holds_count &&
            memcmp(known->held, step->holds, known->count * sizeof known->held[0]) == 0 &&
            memcmp(&known->wants, &step->wants, sizeof known->wants) == 0)
            return known;
    }
    return NULL;
}

static const struct lock_hold *hold_of(const struct finding_step *step, uint32_t lock) {
    for (uint32_t i = 0; i < step->holds_count; i++)
        if (step->holds[i].lock == lock)
            return &step->holds[i];
    return NULL;
}

/* Whoever wants the same lock as the step before, and does not hold it, is a witness. */
static bool is_witness(const struct finding *finding, uint32_t i) {
    return i > 0 && finding->steps[i].wants.lock == finding->steps[i - 1].wants.lock;
}

/* Check that the step waits for the next one, or for the one behind the witness that is next. */
static void check_wait(const struct finding *finding, uint32_t i) {
    const struct finding_step *step = &finding->steps[i];
    uint32_t next = (i + 1) % finding->steps_count;
    bool with_witness = is_witness(finding, next);
    if (with_witness) {
        CHECK_EQ(finding->steps[next].wants.mode, LOCK_EXCLUSIVE);
        CHECK(prefers_writers[step->wants.lock]);
        next = (next + 1) % finding->steps_count;
        CHECK(!is_witness(finding, next));
    }
    const struct lock_hold *held = hold_of(&finding->steps[next], step->wants.lock);
    CHECK(held && exclude(held->mode, step->wants.mode) == !with_witness);
}

static void check_finding(const struct finding *finding) {
    uint32_t locks[MAX_LENGTH], locks_count = 0, count = finding->steps_count;
    bool alone = finding->kind == FINDING_ORDER_SINGLE_THREAD;
    CHECK(alone || finding->kind == FINDING_DEADLOCK_POTENTIAL);
    CHECK_EQ(finding->shape, FINDING_SHAPE_CYCLE);
    CHECK_EQ(finding->severity, alone ? FINDING_NOTE : FINDING_WARNING);
    CHECK(count >= 2 && count <= 2 * MAX_LENGTH);
    for (uint32_t i = 0; i < count; i++) {
        const struct dependency *d = dependency_of(&finding->steps[i]);
        CHECK(d);
        for (uint32_t j = 0; j < i && d; j++)
            CHECK(can_be_at_once(d, dependency_of(&finding->steps[j]), alone));
        if (is_witness(finding, i))
            continue;
        check_wait(finding, i);
        if (locks_count < MAX_LENGTH)
            locks[locks_count++] = finding->steps[i].wants.lock;
    }
    witnessed += locks_count < count;
    struct cycle cycle = canonical(locks, locks_count);
    CHECK(hold_of(&finding->steps[0], cycle.locks[0])); /* it begins with the smallest */
    CHECK(!is_in(&reported[alone], &cycle));
    add_cycle(&reported[alone], &cycle);
}

/* Tell the graph that the thread wants the lock, and check what it says. */
static void want(struct program *p, uint32_t thread, uint32_t lock, uint32_t mode) {
    const struct program_thread *t = &p->threads[thread];
    struct dependency *now = &dependencies[dependencies_count];
    *now = (struct dependency){.thread = thread,
                               .segment = order.current[thread],
                               .count = t->held_count,
                               .wants = {lock, mode, ++p->stacks}};
    memcpy(now->held, t->held, t->held_count * sizeof t->held[0]);
    bool new = is_new(now);
    dependencies_count += new;
    CHECK_EQ(program_want(p, thread, lock, mode, p->stacks), new);
}

static void acquire(struct program *p, uint32_t thread, uint32_t lock, uint32_t mode) {
    struct program_thread *t = &p->threads[thread];
    want(p, thread, lock, mode);
    t->held[t->held_count++] = (struct lock_hold){lock, mode, p->stacks};
}

static bool holds(const struct program *p, uint32_t thread, uint32_t lock) {
    for (uint32_t i = 0; i < p->threads[thread].held_count; i++)
        if (p->threads[thread].held[i].lock == lock)
            return true;
    return false;
}

static void remove_lock(struct program *p, uint32_t lock) {
    lock_graph_remove(p->graph, lock);
    for (uint32_t d = 0; d < dependencies_count; d++) {
        dependencies[d].wanted_gone |= dependencies[d].wants.lock == lock;
        for (uint32_t i = 0; i < dependencies[d].count; i++)
            dependencies[d].gone[i] |= dependencies[d].held[i].lock == lock || dependencies[d].wanted_gone;
    }
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

static uint32_t new_lock(struct program *p, const struct limits *limits) {
    uint32_t lock = ++locks_count;
    prefers_writers[lock] = limits->preferring && random_below(100) < limits->preferring;
    if (prefers_writers[lock])
        CHECK_EQ(lock_graph_prefers_writers(p->graph, lock), 0);
    return lock;
}

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
        *lock = new_lock(p, limits);
    } else if (action < 80) {
        uint32_t mode = random_below(limits->preferring ? 2 : 3) == 0 ? LOCK_SHARED : LOCK_EXCLUSIVE;
        if (holds(p, thread, *lock) && limits->preferring)
            want(p, thread, *lock, mode);
        else if (p->threads[thread].held_count < limits->held && !holds(p, thread, *lock))
            acquire(p, thread, *lock, mode);
        else if (random_below(2))
            program_unlock_all(p, thread);
    } else if (p->threads[thread].held_count > 0) {
        uint32_t held = random_below(p->threads[thread].held_count);
        program_unlock(p, thread, p->threads[thread].held[held].lock);
    }
    check_knows(p, thread, live[random_below(limits->locks)], live[random_below(limits->locks)]);
}

static void check_cycles(const struct cycles *cycles, const struct cycles *wanted) {
    CHECK_EQ(cycles->count, wanted->count);
    for (uint32_t i = 0; i < wanted->count && !check_failed; i++)
        CHECK(is_in(cycles, &wanted->list[i]));
}

static void run_program(uint64_t seed, const struct limits *limits) {
    struct program *p =
        program_create_with(&(struct lock_graph_options){.max_steps = 1u << 30,
                                                         .max_per_signature = 1u << 30,
                                                         .max_per_edge = 1u << 30,
                                                         .single_thread = limits->single_thread});
    p->check = check_finding;
    random_seed(seed);
    order_clear(&order);
    dependencies_count = 0;
    expected[0].count = reported[0].count = expected[1].count = reported[1].count = 0;
    running_count = threads_count = locks_count = 0;
    order_start(&order, 1, 0);
    running[running_count++] = ++threads_count;
    for (uint32_t i = 0; i < limits->locks; i++)
        live[i] = new_lock(p, limits);
    for (uint32_t step = 0; step < limits->steps && !check_failed; step++) {
        uint32_t before = dependencies_count;
        take_step(p, limits);
        if (dependencies_count > before)
            expect_all_cycles(false);
        if (dependencies_count > before && limits->single_thread)
            expect_all_cycles(true);
        check_cycles(&reported[0], &expected[0]);
        check_cycles(&reported[1], &expected[1]);
        CHECK(p->again_number <= p->found);
        if (check_failed)
            printf("seed %llu, step %u\n", (unsigned long long)seed, step);
    }
    struct lock_graph_counts counts = program_counts(p);
    CHECK_EQ(counts.cycles, expected[0].count);
    CHECK_EQ(counts.single_thread, expected[1].count);
    CHECK_EQ(counts.cut_searches, 0);
    CHECK_EQ(counts.dropped, 0);
    for (uint32_t lock = 1; lock <= locks_count; lock++)
        lock_graph_remove(p->graph, lock);
    counts = program_counts(p);
    CHECK_EQ(counts.locks + counts.edges + counts.dependencies, 0);
    program_destroy(p);
}

static void run_programs(uint32_t seeds, const struct limits *limits) {
    uint64_t cycles[2] = {0, 0};
    uint32_t longest = 0;
    witnessed = 0;
    for (uint32_t seed = 0; seed < seeds && !check_failed; seed++) {
        run_program(seed, limits);
        for (uint32_t alone = 0; alone < 2; alone++) {
            cycles[alone] += expected[alone].count;
            for (uint32_t i = 0; i < expected[alone].count; i++)
                longest = expected[alone].list[i].count > longest ? expected[alone].list[i].count : longest;
        }
    }
    CHECK(cycles[0] > seeds / 4);
    CHECK(!limits->single_thread || cycles[1] > seeds / 4);
    CHECK(!limits->preferring || witnessed > seeds / 4);
    CHECK(longest >= 3);
    printf("%u programs, %llu cycles, %llu by one thread, %u with witnesses, the longest of %u locks\n",
           seeds, (unsigned long long)cycles[0], (unsigned long long)cycles[1], witnessed, longest);
}

TEST(few_threads_and_locks) {
    run_programs(3000, &(struct limits){60, 4, 4, 8, 3, 3, true, 0, false});
}

TEST(many_locks) {
    run_programs(1000, &(struct limits){120, 9, 6, 10, 3, 2, true, 0, false});
}

TEST(deep_nesting) {
    run_programs(1000, &(struct limits){80, 6, 5, 8, 5, 2, true, 0, false});
}

TEST(no_joins_and_no_removals) {
    run_programs(500, &(struct limits){100, 5, 8, 8, 2, 0, false, 0, false});
}

/* Long enough for the uses that are over to be looked for. */
TEST(many_threads_one_after_the_other) {
    run_programs(10, &(struct limits){3000, 3, 4, 220, 2, 1, false, 0, false});
}

TEST(locks_that_prefer_writers) {
    run_programs(2000, &(struct limits){80, 4, 6, 10, 3, 2, true, 70, false});
}

TEST(many_readers_of_locks_that_all_prefer_writers) {
    run_programs(300, &(struct limits){150, 6, 8, 12, 2, 2, false, 100, false});
}

TEST(one_thread_alone) {
    run_programs(1000, &(struct limits){80, 5, 4, 8, 3, 2, true, 0, true});
}

TEST(one_thread_alone_on_locks_that_prefer_writers) {
    run_programs(1000, &(struct limits){80, 5, 4, 8, 3, 2, true, 60, true});
}

/* As above, with uses that are over. */
TEST(many_threads_that_read_and_write_one_after_the_other) {
    run_programs(10, &(struct limits){3000, 3, 4, 220, 2, 1, false, 60, true});
}

CHECK_MAIN
