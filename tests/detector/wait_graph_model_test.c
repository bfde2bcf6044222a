/* The wait-for graph against its definition (wait_model.h): over random states that stand still, and over
 * processes that run on while they are looked at. */
#include "detector/wait_graph.h"

#include "tests/check.h"
#include "tests/detector/random.h"
#include "tests/detector/wait_model.h"
#include "tests/detector/wait_process.h"

/* ---- states that stand still ---- */

static struct model still;

static void still_wait(void *context, uint32_t thread, struct wait_edge *out) {
    (void)context;
    *out = still.of[thread].wait;
}

static enum wait_need still_need(void *context, uint32_t thread, const struct wait_edge *edge,
                                 uint32_t *threads, uint32_t room, uint32_t *count) {
    (void)context, (void)edge;
    *count = still.of[thread].count <= room ? still.of[thread].count : room + 1;
    for (uint32_t i = 0; i < *count && i < room; i++)
        threads[i] = still.of[thread].list[i];
    return still.of[thread].need;
}

static _Alignas(8) char bytes[1 << 16];

/* The stranger runs. */
static void random_state_of(uint32_t threads) {
    uint32_t density = 1 + random_below(4), freedom = random_below(12);
    memset(&still, 0, sizeof still);
    for (uint32_t thread = 1; thread <= threads; thread++) {
        still.of[thread].wait = (struct wait_edge){.kind = WAIT_LOCK + random_below(WAIT_KINDS - WAIT_LOCK),
                                                   .timed = random_below(16) == 0,
                                                   .ticket = random_below(1000)};
        still.of[thread].need = WAIT_CAN_GO + random_below(WAIT_NEEDS_THE_DEAD + (random_below(3) == 0));
        if (random_below(12) < freedom)
            still.of[thread].need = WAIT_NEEDS_ALL + random_below(2);
        if (still.of[thread].need == WAIT_NEEDS_THE_DEAD) {
            still.of[thread].list[still.of[thread].count++] = STRANGER;
            continue;
        }
        for (uint32_t other = 1; other <= STRANGER; other++)
            if (random_below(threads) < density && (other < STRANGER || random_below(4) == 0) &&
                (other != thread || random_below(8) == 0))
                still.of[thread].list[still.of[thread].count++] = other;
    }
}

TEST(every_state_is_judged_as_the_definition_does) {
    static const struct wait_view view = {NULL, still_wait, still_need};
    struct wait_memory memory = wait_memory_lay(bytes, CAPACITY);
    uint32_t found[FINDING_SHAPES] = {0}, nothing = 0, longest = 0, all[2] = {0};
    for (uint64_t seed = 0; seed < 200000 && !check_failed; seed++) {
        random_seed(seed);
        uint32_t threads = 1 + random_below(THREADS), thread = 1 + random_below(threads);
        random_state_of(threads);
        struct expected e = model_fate(&still, thread);
        struct wait_knot knot = wait_graph_find(&view, thread, &memory);
        CHECK_EQ(knot.verdict, e.verdict);
        CHECK_EQ(knot.shape, e.shape);
        CHECK_EQ(knot.count, e.count);
        for (uint32_t i = 0; i < e.count && !check_failed; i++) {
            CHECK_EQ(memory.threads[i], e.way[i]);
            CHECK_EQ(memory.waits[i].ticket, still.of[e.way[i]].wait.ticket);
        }
        found[knot.shape]++;
        nothing += !still.of[thread].goes && knot.verdict == WAIT_NO_KNOT;
        longest = knot.count > longest ? knot.count : longest;

        uint32_t present = 0, listed[THREADS], count = 0;
        for (thread = threads; thread > 0; thread--)
            if (random_below(6)) {
                present |= 1u << thread;
                listed[count++] = thread;
            }
        bool stuck = model_all_stuck(&still, present);
        CHECK_EQ(wait_graph_all(&view, listed, count, &memory), stuck);
        all[stuck]++;
        if (check_failed)
            printf("seed %llu\n", (unsigned long long)seed);
    }
    printf("%u cycles, %u joins, %u mixed, %u of one, %u orphaned, %u only stuck, %u nothing; %u of %u all\n",
           found[FINDING_SHAPE_CYCLE], found[FINDING_SHAPE_JOIN], found[FINDING_SHAPE_MIXED],
           found[FINDING_SHAPE_SELF], found[FINDING_SHAPE_ORPHANED], nothing, found[FINDING_SHAPE_NONE],
           all[1], all[0] + all[1]);
    for (uint32_t shape = 0; shape < FINDING_SHAPES; shape++)
        CHECK(found[shape] > 200 || shape == FINDING_SHAPE_SIGNAL);
    CHECK(nothing > 1000 && all[0] > 1000 && all[1] > 1000);
    CHECK_EQ(longest, THREADS);
}

/* ---- a process that runs on while it is looked at ----
 *
 * A true knot stays for good, so whatever is reported must still be there afterwards; and one that is there
 * before must be reported. */

static struct action actions[CAPACITY];
static uint32_t looking; /* the thread that looks for itself: it does nothing meanwhile */

static void run_one(void) {
    uint32_t thread = 1 + random_below(THREADS);
    struct action *action = &actions[thread];
    if (process_said[thread].gone || thread == looking)
        return;
    if (action->step == STEP_NOTHING) {
        *action = process_next_action(thread, random_below(4) == 0);
        process_begin(thread, action);
        if (action->step == STEP_END)
            SET(process_said[thread].gone, 1);
    } else {
        process_go_on(thread, action);
    }
}

static void run_some(void) {
    for (uint32_t steps = random_below(4); steps > 0; steps--)
        run_one();
}

static void check_look(uint32_t thread, struct wait_memory *memory, uint32_t *found) {
    struct model m = process_snapshot();
    struct expected before = model_fate(&m, thread);
    process_changes = run_some;
    struct wait_knot knot = wait_graph_find(&process_view, thread, memory);
    process_changes = NULL;
    found[knot.verdict]++;
    m = process_snapshot();
    model_let_go(&m, ~(uint32_t)0, true);
    CHECK(before.verdict == WAIT_NO_KNOT || knot.verdict != WAIT_NO_KNOT);
    if (knot.verdict == WAIT_NO_KNOT)
        return;
    uint64_t waits[CAPACITY] = {0};
    for (uint32_t i = 0; i < knot.count; i++)
        waits[i] = memory->waits[i].ticket;
    CHECK_EQ(memory->threads[0], thread);
    CHECK(process_is_true(&m, knot.verdict, knot.count, memory->threads, waits));
    CHECK(wait_graph_unchanged(&process_view, memory, knot.count));
}

static void check_all(struct wait_memory *memory, uint32_t *found) {
    struct model m = process_snapshot();
    uint32_t present = process_living();
    bool before = model_all_stuck(&m, present);
    process_changes = run_some;
    bool stuck = process_look_at_all(present, memory);
    process_changes = NULL;
    m = process_snapshot();
    CHECK(!before || stuck);
    CHECK(!stuck || (process_living() == present && model_all_stuck(&m, present)));
    found[stuck]++;
}

TEST(a_running_process_has_no_false_knots_and_no_missed_ones) {
    struct wait_memory memory = wait_memory_lay(bytes, CAPACITY);
    uint32_t found[4] = {0}, all[2] = {0};
    for (uint64_t seed = 0; seed < 100000 && !check_failed; seed++) {
        process_fresh();
        memset(actions, 0, sizeof actions);
        random_seed(seed);
        looking = 0;
        for (uint32_t steps = random_below(300); steps > 0; steps--)
            run_one();
        uint32_t thread = 1 + random_below(THREADS);
        if (process_said[thread].gone || process_said[thread].kind == WAIT_NONE)
            continue;
        if (random_below(2)) /* else it is another that looks for it */
            looking = thread;
        check_look(thread, &memory, found);
        check_all(&memory, all);
        if (check_failed)
            printf("seed %llu\n", (unsigned long long)seed);
    }
    printf("%u knots, %u orphaned, %u neither; %u of %u all\n", found[WAIT_KNOT], found[WAIT_ORPHANED],
           found[WAIT_NO_KNOT], all[1], all[0] + all[1]);
    CHECK(found[WAIT_KNOT] > 1000 && found[WAIT_ORPHANED] > 1000 && found[WAIT_NO_KNOT] > 1000);
    CHECK_EQ(found[WAIT_TOO_LARGE], 0);
    CHECK(all[0] > 1000 && all[1] > 1000);
}

CHECK_MAIN
