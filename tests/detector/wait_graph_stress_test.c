/* The wait-for graph among threads that look for themselves: the last one to block must have seen the knot.
 */
#include "detector/wait_graph.h"

#include <pthread.h>
#include <sched.h>

#include "tests/check.h"
#include "tests/detector/wait_process.h"

#define ROUNDS 8000
#define ACTIONS 14 /* of each thread in a round */
#define REPORTS (2 * THREADS)

struct report {
    enum wait_verdict verdict;
    uint32_t count, threads[CAPACITY];
    uint64_t waits[CAPACITY]; /* process_tickets */
};

/* Written by its thread, read by the test when that has stopped, but for the atomic ones. */
static struct worker {
    pthread_t handle;
    uint64_t seed;
    uint64_t has_looked; /* atomic: its wait for which it has done so */
    uint32_t done;       /* atomic: it has ended, and looked for the others */
    uint32_t all;        /* the threads that it found to be all and stuck; 0: never */
    uint32_t reports_count, too_large;
    struct report reports[REPORTS];
    struct wait_memory memory;
    _Alignas(8) char bytes[1 << 16];
} workers[CAPACITY];

static pthread_barrier_t round_begins, round_ends;
static uint32_t rounds_over, round_over; /* atomic */

static void look(struct worker *self, uint32_t thread) {
    struct wait_knot knot = wait_graph_find(&process_view, thread, &self->memory);
    self->too_large += knot.verdict == WAIT_TOO_LARGE;
    if ((knot.verdict == WAIT_KNOT || knot.verdict == WAIT_ORPHANED) && self->reports_count < REPORTS) {
        struct report *report = &self->reports[self->reports_count++];
        report->verdict = knot.verdict;
        report->count = knot.count;
        for (uint32_t i = 0; i < knot.count; i++) {
            report->threads[i] = self->memory.threads[i];
            report->waits[i] = self->memory.waits[i].ticket;
        }
    }
}

static void look_at_all_of_them(struct worker *self) {
    uint32_t present = process_living();
    if (process_look_at_all(present, &self->memory))
        self->all = present;
}

/* Between two readings, and two steps: the others get a turn, however few processors there are. */
static void yield_sometimes(void) {
    if (random_below(8) == 0)
        sched_yield();
}

/* Returns false when the round is over. */
static bool act(struct worker *self, uint32_t thread, struct action *action) {
    if (process_begin(thread, action)) {
        look(self, thread);
        look_at_all_of_them(self);
        SET(self->has_looked, process_said[thread].ticket);
    }
    while (action->step != STEP_NOTHING) {
        enum step step = action->step;
        yield_sometimes();
        process_go_on(thread, action);
        if (action->step != step)
            continue;
        if (GET(round_over))
            return false;
        sched_yield();
    }
    return true;
}

static void live(struct worker *self, uint32_t thread) {
    struct action action;
    for (uint32_t i = 0; i < ACTIONS; i++) {
        action = process_next_action(thread, true);
        if (action.step == STEP_END)
            break; /* with all it holds */
        if (!act(self, thread, &action))
            return;
    }
    for (uint32_t resource = 0; action.step != STEP_END && resource < RESOURCES; resource++) {
        uint32_t account = GET(process_said[thread].account[resource]);
        if (account)
            act(self, thread, &(struct action){.step = STEP_GIVE, .resource = resource, .mode = account});
    }
    SET(process_said[thread].gone, 1);
    for (uint32_t other = 1; other <= THREADS; other++)
        if (other != thread)
            look(self, other);
    look_at_all_of_them(self);
    SET(self->done, 1);
}

static void *work(void *context) {
    struct worker *self = context;
    for (;;) {
        pthread_barrier_wait(&round_begins);
        if (GET(rounds_over))
            return NULL;
        random_seed(self->seed);
        live(self, (uint32_t)(self - workers));
        pthread_barrier_wait(&round_ends);
    }
}

/* The waits of all that have not ended, each of which has looked; 0 for the others. */
static bool all_have_looked(uint64_t *waits) {
    for (uint32_t thread = 1; thread <= THREADS; thread++) {
        waits[thread] = 0;
        if (GET(workers[thread].done))
            continue;
        waits[thread] = GET(process_said[thread].ticket);
        if (GET(process_said[thread].kind) == WAIT_NONE || GET(workers[thread].has_looked) != waits[thread])
            return false;
    }
    return true;
}

/* Wait until nobody can go any more. */
static struct model end_of_round(void) {
    uint64_t before[CAPACITY] = {0}, after[CAPACITY] = {0};
    for (;; sched_yield()) {
        if (!all_have_looked(before))
            continue;
        struct model m = process_snapshot();
        uint32_t present = process_living();
        if ((!present || model_all_stuck(&m, present)) && all_have_looked(after) &&
            memcmp(before, after, sizeof before) == 0)
            return m;
    }
}

/* Whether b is reached from a, through those that are stuck. */
static void reach(const struct model *m, bool reached[CAPACITY][CAPACITY]) {
    for (uint32_t a = 0; a < CAPACITY; a++)
        for (uint32_t b = 0; b < CAPACITY; b++)
            reached[a][b] = model_is_for(m, a, b);
    for (uint32_t via = 0; via < CAPACITY; via++)
        for (uint32_t a = 0; a < CAPACITY; a++)
            for (uint32_t b = 0; b < CAPACITY; b++)
                reached[a][b] |= reached[a][via] && reached[via][b];
}

static uint32_t members_of(const struct report *report) {
    uint32_t members = 0;
    if (report->verdict == WAIT_ORPHANED)
        return 1u << report->threads[report->count - 2];
    for (uint32_t i = 0; i < report->count; i++)
        members |= 1u << report->threads[i];
    return members;
}

/* Whether somebody has reported a ring of threads among `members`; or one of them that waits for the dead. */
static bool was_reported(uint32_t members, enum wait_verdict verdict) {
    for (uint32_t w = 1; w <= THREADS; w++)
        for (uint32_t i = 0; i < workers[w].reports_count; i++) {
            const struct report *report = &workers[w].reports[i];
            if (report->verdict == verdict && (members_of(report) & ~members) == 0)
                return true;
        }
    return false;
}

/* Each knot that leads nowhere else, and each that waits for the dead, must have been reported. */
static void check_none_missed(const struct model *m, uint32_t *knots, uint32_t *orphaned) {
    bool reached[CAPACITY][CAPACITY];
    reach(m, reached);
    for (uint32_t thread = 1; thread <= THREADS; thread++) {
        uint32_t members = 0, first = CAPACITY;
        bool leads_on = false;
        for (uint32_t other = 1; other <= THREADS; other++) {
            leads_on |= reached[thread][other] && !reached[other][thread];
            members |= (uint32_t)reached[thread][other] << other;
            first = reached[thread][other] && first == CAPACITY ? other : first;
        }
        if (!m->of[thread].goes && m->of[thread].need == WAIT_NEEDS_THE_DEAD) {
            CHECK(was_reported(1u << thread, WAIT_ORPHANED));
            ++*orphaned;
        } else if (!leads_on && first == thread) {
            CHECK(was_reported(members, WAIT_KNOT));
            ++*knots;
        }
    }
}

static void check_round(struct model *m, uint32_t *reports, uint32_t *hangs) {
    uint32_t present = process_living(), all = 0;
    model_let_go(m, ~(uint32_t)0, true);
    for (uint32_t w = 1; w <= THREADS; w++) {
        CHECK_EQ(workers[w].too_large, 0);
        CHECK(workers[w].reports_count < REPORTS);
        for (uint32_t i = 0; i < workers[w].reports_count; i++) {
            const struct report *report = &workers[w].reports[i];
            CHECK(process_is_true(m, report->verdict, report->count, report->threads, report->waits));
        }
        *reports += workers[w].reports_count;
        if (workers[w].all)
            CHECK_EQ(workers[w].all, present);
        all |= workers[w].all;
    }
    CHECK_EQ(all, present); /* the last one to block or to end has seen it */
    *hangs += present != 0;
}

TEST(the_last_thread_to_block_sees_the_knot) {
    uint32_t knots = 0, orphaned = 0, reports = 0, hangs = 0;
    pthread_barrier_init(&round_begins, NULL, THREADS + 1);
    pthread_barrier_init(&round_ends, NULL, THREADS + 1);
    SET(rounds_over, 0);
    for (uint32_t w = 1; w <= THREADS; w++) {
        workers[w].memory = wait_memory_lay(workers[w].bytes, CAPACITY);
        CHECK_EQ(pthread_create(&workers[w].handle, NULL, work, &workers[w]), 0);
    }
    for (uint64_t round = 0; round < ROUNDS && !check_failed; round++) {
        process_fresh();
        process_changes = yield_sometimes;
        SET(round_over, 0);
        for (uint32_t w = 1; w <= THREADS; w++) {
            workers[w].seed = round * CAPACITY + w;
            workers[w].reports_count = workers[w].too_large = workers[w].all = 0;
            SET(workers[w].has_looked, 0);
            SET(workers[w].done, 0);
        }
        pthread_barrier_wait(&round_begins);
        struct model m = end_of_round();
        SET(round_over, 1);
        pthread_barrier_wait(&round_ends);
        check_round(&m, &reports, &hangs);
        check_none_missed(&m, &knots, &orphaned);
        if (check_failed)
            printf("round %llu\n", (unsigned long long)round);
    }
    SET(rounds_over, 1);
    pthread_barrier_wait(&round_begins);
    for (uint32_t w = 1; w <= THREADS; w++)
        pthread_join(workers[w].handle, NULL);
    printf("%u knots, %u orphaned, %u reports, %u of %u rounds ended in a hang\n", knots, orphaned, reports,
           hangs, ROUNDS);
    CHECK(knots > ROUNDS / 10 && orphaned > ROUNDS / 20 && hangs > ROUNDS / 4 && hangs < ROUNDS);
}

CHECK_MAIN
