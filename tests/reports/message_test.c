#include "reports/message.h"

#include "tests/check.h"
#include "tests/reports/scene.h"

/* Locks of every kind at the fixture's variables: the names say what the words are about. */
enum {
    RWLOCK = 20,
    SPIN,
    SEMAPHORE,
    CONDITION,
    BARRIER,
    ONCE,
    STREAM,
    FILE_LOCK,
    GIL,
    TELLERS_END,
    MAINS_END
};
enum { WRITER = 3, IDLER, FIFTH };

static void start(struct recording_builder *builder) {
    scene_start(builder);
    builder_thread(builder, WRITER, SCENE_MAIN, 0, "writer");
    builder_thread(builder, IDLER, SCENE_MAIN, 0, "idler");
    builder_thread(builder, FIFTH, SCENE_MAIN, 0, "fifth");
    builder_lock(builder, RWLOCK, LOCK_KIND_RWLOCK, (uintptr_t)&account_lock, 0, 0);
    builder_lock(builder, SPIN, LOCK_KIND_SPIN, (uintptr_t)&table.lock, 0, 0);
    builder_lock(builder, SEMAPHORE, LOCK_KIND_SEMAPHORE, (uintptr_t)&bank_lock, 0, 0);
    builder_lock(builder, CONDITION, LOCK_KIND_CONDITION, (uintptr_t)&bank_lock, 0, 0);
    builder_lock(builder, BARRIER, LOCK_KIND_BARRIER, (uintptr_t)&table, 0, 0);
    builder_lock(builder, ONCE, LOCK_KIND_ONCE, (uintptr_t)&table, 0, 0);
    builder_lock(builder, STREAM, LOCK_KIND_STREAM, 0x7f0000002000, 0, SCENE_AUDIT);
    builder_lock(builder, FILE_LOCK, LOCK_KIND_FILE, 0, 0, SCENE_AUDIT);
    builder_lock(builder, GIL, LOCK_KIND_GIL, 0x7f0000003000, 0, 0);
    builder_lock(builder, TELLERS_END, LOCK_KIND_THREAD, SCENE_TELLER, 0, 0);
    builder_lock(builder, MAINS_END, LOCK_KIND_THREAD, SCENE_MAIN, 0, 0);
    builder_header(builder)->starvation_overtakes = 1000;
    builder_header(builder)->starvation_ms = 1000;
}

struct said {
    uint32_t kind, shape;
    uint64_t values[2];
    const struct builder_step *steps;
    size_t count;
};

#define STEPS(...)                                                                                           \
    .steps = (const struct builder_step[]){__VA_ARGS__},                                                     \
    .count = sizeof((const struct builder_step[]){__VA_ARGS__}) / sizeof(struct builder_step)
#define HOLD(lock, mode, stack) {lock, LOCK_##mode, stack}

static void check_message(struct said said, const char *expected) {
    struct recording_builder builder;
    start(&builder);
    size_t at = builder_finding(&builder, said.kind, said.shape, said.steps, said.count);
    memcpy(builder_finding_at(&builder, at)->values, said.values, sizeof said.values);
    struct report *report = scene_report(&builder, "message_test");
    CHECK_EQ(report_findings(report), 1);
    CHECK_STR(report_finding(report, 0)->message, expected);
    report_free(report);
    builder_free(&builder);
}

TEST(readers_and_writers_are_told_apart) {
    const struct said said = {.kind = FINDING_DEADLOCK_POTENTIAL,
                              .shape = FINDING_SHAPE_CYCLE,
                              STEPS({.thread = SCENE_MAIN,
                                     .holds = {HOLD(RWLOCK, SHARED, 1)},
                                     .holds_count = 1,
                                     .wants = HOLD(SCENE_BANK, EXCLUSIVE, 2)},
                                    {.thread = SCENE_TELLER,
                                     .holds = {HOLD(SCENE_BANK, EXCLUSIVE, 1)},
                                     .holds_count = 1,
                                     .wants = HOLD(RWLOCK, EXCLUSIVE, 2)})};
    struct said happened = said;
    check_message(said, "deadlock possible: main, holding the read lock of account_lock, locks Bank::lock; "
                        "teller, holding Bank::lock, write-locks account_lock");
    happened.kind = FINDING_DEADLOCK_ACTUAL;
    check_message(happened,
                  "deadlock: main holds the read lock of account_lock and waits for Bank::lock; teller "
                  "holds Bank::lock and waits to write-lock account_lock");
}

TEST(a_writer_that_waits_holds_back_new_readers) {
    struct said said = {.kind = FINDING_DEADLOCK_POTENTIAL,
                        .shape = FINDING_SHAPE_CYCLE,
                        STEPS({.thread = SCENE_MAIN,
                               .holds = {HOLD(RWLOCK, SHARED, 1)},
                               .holds_count = 1,
                               .wants = HOLD(RWLOCK, SHARED, 2)},
                              {.thread = WRITER, .wants = HOLD(RWLOCK, EXCLUSIVE, 3)})};
    check_message(said,
                  "deadlock possible: main, holding the read lock of account_lock, read-locks it; writer "
                  "write-locks account_lock, which holds back new readers");
    said.kind = FINDING_DEADLOCK_ACTUAL;
    check_message(said,
                  "deadlock: main holds the read lock of account_lock and waits to read-lock it; writer "
                  "waits to write-lock account_lock and holds back new readers");
}

TEST(a_reader_that_wants_to_write) {
    check_message((struct said){.kind = FINDING_DEADLOCK_ACTUAL,
                                .shape = FINDING_SHAPE_SELF,
                                STEPS({.thread = SCENE_MAIN,
                                       .holds = {HOLD(RWLOCK, SHARED, 1)},
                                       .holds_count = 1,
                                       .wants = HOLD(RWLOCK, EXCLUSIVE, 2)})},
                  "deadlock: main holds the read lock of account_lock and waits to write-lock it");
    check_message((struct said){.kind = FINDING_DEADLOCK_ACTUAL,
                                .shape = FINDING_SHAPE_SELF,
                                STEPS({.thread = SCENE_MAIN,
                                       .holds = {HOLD(SPIN, EXCLUSIVE, 1)},
                                       .holds_count = 1,
                                       .wants = HOLD(SPIN, EXCLUSIVE, 2)})},
                  "deadlock: main waits for spin lock table+0x40, which it holds itself");
}

TEST(semaphores_are_taken_and_init_routines_run) {
    struct said said = {.kind = FINDING_DEADLOCK_POTENTIAL,
                        .shape = FINDING_SHAPE_MIXED,
                        STEPS({.thread = SCENE_MAIN,
                               .holds = {HOLD(SEMAPHORE, EXCLUSIVE, 1)},
                               .holds_count = 1,
                               .wants = HOLD(ONCE, EXCLUSIVE, 2)},
                              {.thread = SCENE_TELLER,
                               .holds = {HOLD(ONCE, EXCLUSIVE, 1)},
                               .holds_count = 1,
                               .wants = HOLD(SEMAPHORE, EXCLUSIVE, 2)})};
    check_message(said,
                  "deadlock possible: main, having taken semaphore Bank::lock, waits for the init routine of "
                  "table; teller, running the init routine of table, takes semaphore Bank::lock");
    said.kind = FINDING_DEADLOCK_ACTUAL;
    check_message(said,
                  "deadlock: main has taken semaphore Bank::lock and waits for the init routine of table; "
                  "teller runs the init routine of table and waits for semaphore Bank::lock");
}

TEST(streams_files_and_the_interpreters_lock) {
    check_message(
        (struct said){.kind = FINDING_DEADLOCK_ACTUAL,
                      .shape = FINDING_SHAPE_CYCLE,
                      STEPS({.thread = SCENE_MAIN,
                             .holds = {HOLD(GIL, EXCLUSIVE, 1)},
                             .holds_count = 1,
                             .wants = HOLD(STREAM, EXCLUSIVE, 2)},
                            {.thread = SCENE_TELLER,
                             .holds = {HOLD(STREAM, EXCLUSIVE, 1)},
                             .holds_count = 1,
                             .wants = HOLD(FILE_LOCK, SHARED, 2)},
                            {.thread = WRITER,
                             .holds = {HOLD(FILE_LOCK, EXCLUSIVE, 1)},
                             .holds_count = 1,
                             .wants = HOLD(GIL, EXCLUSIVE, 2)})},
        "deadlock: main holds the GIL and waits for stream first locked at fixture.c:36 in Bank::audit; "
        "teller "
        "holds stream first locked at fixture.c:36 in Bank::audit and waits for a shared lock of file first "
        "locked at fixture.c:36 in Bank::audit; writer holds file first locked at fixture.c:36 in "
        "Bank::audit "
        "and waits for the GIL");
}

TEST(what_a_thread_that_has_ended_left_behind) {
    static const struct {
        uint32_t lock;
        const char *text;
    } left[] = {
        {SCENE_BANK, "deadlock: main waits for Bank::lock; teller has ended and still holds Bank::lock"},
        {RWLOCK,
         "deadlock: main waits to write-lock account_lock; teller has ended and still holds the write "
         "lock of account_lock"},
        {SEMAPHORE, "deadlock: main waits for semaphore Bank::lock; teller has ended and has not posted "
                    "semaphore Bank::lock again"},
        {ONCE, "deadlock: main waits for the init routine of table; teller has ended in the init routine of "
               "table"},
    };
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        check_message((struct said){.kind = FINDING_DEADLOCK_ACTUAL,
                                    .shape = FINDING_SHAPE_ORPHANED,
                                    STEPS({.thread = SCENE_MAIN, .wants = HOLD(left[i].lock, EXCLUSIVE, 1)},
                                          {.thread = SCENE_TELLER,
                                           .holds = {HOLD(left[i].lock, EXCLUSIVE, 2)},
                                           .holds_count = 1})},
                      left[i].text);
}

TEST(a_handler_that_takes_what_it_may_interrupt) {
    struct said said = {.kind = FINDING_DEADLOCK_POTENTIAL,
                        .shape = FINDING_SHAPE_SIGNAL,
                        .values = {10},
                        STEPS({.thread = SCENE_TELLER,
                               .holds = {HOLD(SCENE_BANK, EXCLUSIVE, 1)},
                               .holds_count = 1,
                               .wants = HOLD(SCENE_BANK, EXCLUSIVE, 2)})};
    check_message(said, "deadlock possible: teller may take Bank::lock again in its own handler of SIGUSR1 "
                        "(signal 10) while it holds it");
    said.values[0] = 37;
    check_message(said,
                  "deadlock possible: teller may take Bank::lock again in its own handler of SIGRTMIN+3 "
                  "(signal 37) while it holds it");
    said.values[0] = 5000000000;
    check_message(said, "deadlock possible: teller may take Bank::lock again in its own handler of signal "
                        "5000000000 while it holds it");
    said.values[0] = 0;
    said.kind = FINDING_DEADLOCK_ACTUAL;
    check_message(said,
                  "deadlock: teller waits for Bank::lock in its own handler of a signal, which interrupted "
                  "it while it held it");
}

TEST(every_blocked_thread_says_what_it_waits_for) {
    struct said said = {.kind = FINDING_HANG_ALL_BLOCKED,
                        STEPS({.thread = SCENE_MAIN, .wants = HOLD(TELLERS_END, EXCLUSIVE, 1)},
                              {.thread = SCENE_TELLER,
                               .holds = {HOLD(SCENE_ACCOUNT, EXCLUSIVE, 1)},
                               .holds_count = 1,
                               .wants = HOLD(CONDITION, EXCLUSIVE, 2)},
                              {.thread = WRITER, .wants = HOLD(SCENE_ACCOUNT, EXCLUSIVE, 2)},
                              {.thread = IDLER, .wants = HOLD(BARRIER, EXCLUSIVE, 3)},
                              {.thread = FIFTH, .wants = HOLD(SEMAPHORE, EXCLUSIVE, 3)})};
    check_message(said,
                  "all 5 threads are blocked: main waits for the end of thread T2 (teller); teller waits for "
                  "condition Bank::lock (L23), which nobody can signal; writer waits for account_lock, which "
                  "teller holds; idler waits at barrier table, which nobody else can reach; and 1 more");
    said.steps += 4;
    said.count = 1;
    check_message(said,
                  "the only thread is blocked: fifth waits for semaphore Bank::lock, which nobody can post");
}

TEST(two_orders_by_one_thread) {
    check_message(
        (struct said){.kind = FINDING_ORDER_SINGLE_THREAD,
                      .shape = FINDING_SHAPE_CYCLE,
                      STEPS({.thread = SCENE_TELLER,
                             .holds = {HOLD(SCENE_ACCOUNT, EXCLUSIVE, 1)},
                             .holds_count = 1,
                             .wants = HOLD(SCENE_BANK, EXCLUSIVE, 2)},
                            {.thread = SCENE_TELLER,
                             .holds = {HOLD(SCENE_BANK, EXCLUSIVE, 1)},
                             .holds_count = 1,
                             .wants = HOLD(SCENE_ACCOUNT, EXCLUSIVE, 2)})},
        "two orders in one thread: teller, holding account_lock, locks Bank::lock; at another time it, "
        "holding Bank::lock, locks account_lock");
}

TEST(a_wait_with_locks_held_names_them) {
    struct said said = {.kind = FINDING_BLOCKING_WAIT_HOLDING,
                        STEPS({.thread = SCENE_MAIN,
                               .holds = {HOLD(SCENE_ACCOUNT, EXCLUSIVE, 1)},
                               .holds_count = 1,
                               .wants = HOLD(CONDITION, EXCLUSIVE, 2)})};
    check_message(said, "main waits for condition Bank::lock while it holds account_lock");
    check_message(
        (struct said){.kind = FINDING_BLOCKING_WAIT_HOLDING,
                      STEPS({.thread = SCENE_MAIN,
                             .holds = {HOLD(SCENE_ACCOUNT, EXCLUSIVE, 1), HOLD(GIL, EXCLUSIVE, 1),
                                       HOLD(SPIN, EXCLUSIVE, 1), HOLD(SCENE_BANK, EXCLUSIVE, 1),
                                       HOLD(SCENE_HEAP, EXCLUSIVE, 1)},
                             .holds_count = 5,
                             .wants = HOLD(TELLERS_END, EXCLUSIVE, 2)})},
        "main waits for the end of thread T2 (teller) while it holds account_lock and the GIL and spin lock "
        "table+0x40 and 2 more");
}

TEST(a_starved_thread_says_how_long_and_how_often) {
    struct said said = {
        .kind = FINDING_STARVATION,
        .values = {15204, 2310000000},
        STEPS({.thread = WRITER, .wants = HOLD(RWLOCK, EXCLUSIVE, 1)},
              {.thread = SCENE_TELLER, .holds = {HOLD(RWLOCK, SHARED, 2)}, .holds_count = 1})};
    check_message(
        said, "writer waited 2.3 s for rwlock account_lock and was overtaken 15,204 times, last by teller "
              "(limits: 1,000 times and 1.0 s)");
    said.count = 1;
    check_message(said,
                  "writer waited 2.3 s for rwlock account_lock and was overtaken 15,204 times (limits: 1,000 "
                  "times and 1.0 s)");
}

/* Main misuses a lock that teller has done something to; `alone`: nothing is known of that. */
static void check_misuse(uint32_t kind, uint32_t lock, bool alone, const char *expected) {
    check_message(
        (struct said){
            .kind = kind,
            .steps = (const struct builder_step[]){{.thread = SCENE_MAIN, .wants = HOLD(lock, EXCLUSIVE, 1)},
                                                   {.thread = SCENE_TELLER,
                                                    .holds = {HOLD(lock, EXCLUSIVE, SCENE_AUDIT)},
                                                    .holds_count = 1}},
            .count = alone ? 1 : 2,
            .values = {kind == FINDING_MISUSE_BAD_BARRIER && !alone}},
        expected);
}

TEST(a_misuse_says_what_it_contradicts) {
    check_misuse(FINDING_MISUSE_UNLOCK_UNLOCKED, RWLOCK, true,
                 "main unlocks rwlock account_lock, which nobody holds");
    check_misuse(FINDING_MISUSE_UNLOCK_NOT_OWNER, SPIN, false,
                 "main unlocks spin lock table+0x40, which teller holds");
    check_misuse(FINDING_MISUSE_UNLOCK_NOT_OWNER, SCENE_BANK, true,
                 "main unlocks Bank::lock, which another thread holds");
    check_misuse(FINDING_MISUSE_RELOCK, SCENE_BANK, true, "main locks Bank::lock again while it holds it");
    check_misuse(FINDING_MISUSE_DESTROY_LOCKED, SCENE_BANK, false,
                 "main destroys Bank::lock while teller holds it");
    check_misuse(FINDING_MISUSE_DESTROY_LOCKED, SCENE_BANK, true,
                 "main destroys Bank::lock, which it holds itself");
    check_misuse(FINDING_MISUSE_DESTROY_WAITED, CONDITION, false,
                 "main destroys condition Bank::lock while teller waits for it");
    check_misuse(FINDING_MISUSE_DESTROY_WAITED, BARRIER, true,
                 "main destroys barrier table while threads wait for it");
    check_misuse(FINDING_MISUSE_USE_DESTROYED, SEMAPHORE, false,
                 "main uses semaphore Bank::lock, which teller destroyed at fixture.c:36 in Bank::audit");
    check_misuse(FINDING_MISUSE_USE_DESTROYED, SEMAPHORE, true,
                 "main uses semaphore Bank::lock, which was destroyed before");
    check_misuse(FINDING_MISUSE_INIT_LOCKED, SCENE_BANK, false,
                 "main initialises Bank::lock while teller holds it, locked at fixture.c:36 in Bank::audit");
    check_misuse(FINDING_MISUSE_INIT_LOCKED, SCENE_BANK, true,
                 "main initialises Bank::lock while it is locked");
    check_misuse(FINDING_MISUSE_WAIT_UNLOCKED, SCENE_BANK, true,
                 "main waits for a condition with Bank::lock, which it does not hold");
    check_misuse(FINDING_MISUSE_WAIT_UNLOCKED, SCENE_BANK, false,
                 "main waits for a condition with Bank::lock, which teller holds");
    check_misuse(FINDING_MISUSE_WAIT_UNLOCKED, CONDITION, true,
                 "main waits for condition Bank::lock with a mutex that it does not hold");
    check_misuse(FINDING_MISUSE_SEM_OVERFLOW, SEMAPHORE, true,
                 "main posts semaphore Bank::lock beyond the largest value it can have");
    check_misuse(
        FINDING_MISUSE_SEM_OVERFLOW, SEMAPHORE, false,
        "main posts semaphore Bank::lock beyond the largest value it can have (teller initialised it at "
        "fixture.c:36 in Bank::audit)");
    check_misuse(
        FINDING_MISUSE_FORK_HELD, SCENE_BANK, false,
        "main tries in vain to get Bank::lock: teller held it when this process was forked, locked at "
        "fixture.c:36 in Bank::audit, and is not in it");
    check_misuse(
        FINDING_MISUSE_FORK_HELD, SCENE_BANK, true,
        "main tries in vain to get Bank::lock: a thread held it when this process was forked, and is not "
        "in it");
    check_misuse(
        FINDING_MISUSE_BAD_JOIN, TELLERS_END, true,
        "main joins or detaches thread T2 (teller), which is detached already, or which another thread "
        "joins");
    check_misuse(FINDING_MISUSE_BAD_JOIN, MAINS_END, true, "main joins itself, or detaches itself twice");
    check_misuse(
        FINDING_MISUSE_BAD_JOIN, TELLERS_END, false,
        "main joins or detaches thread T2 (teller), which is detached already, or which another thread "
        "joins (teller created it at fixture.c:36 in Bank::audit)");
    check_misuse(FINDING_MISUSE_BAD_BARRIER, BARRIER, true, "main initialises barrier table for no thread");
    check_misuse(
        FINDING_MISUSE_BAD_BARRIER, BARRIER, false,
        "main destroys barrier table while threads wait at it (teller initialised it at fixture.c:36 in "
        "Bank::audit)");
}

/* What main says of the lock, against what it or teller does. */
static void check_assertion(uint64_t what, uint32_t lock, uint32_t holder, uint64_t number,
                            const char *expected) {
    check_message(
        (struct said){
            .kind = FINDING_MISUSE_ASSERTION,
            .steps =
                (const struct builder_step[]){
                    {.thread = SCENE_MAIN, .wants = HOLD(lock, EXCLUSIVE, 1)},
                    {.thread = holder, .holds = {HOLD(lock, EXCLUSIVE, SCENE_AUDIT)}, .holds_count = 1}},
            .count = holder ? 2 : 1,
            .values = {what, number}},
        expected);
}

TEST(an_assertion_says_what_is_so) {
    check_assertion(FINDING_ASSERT_HELD, SCENE_BANK, 0, 0,
                    "main asserts that it holds Bank::lock, which nobody holds");
    check_assertion(FINDING_ASSERT_HELD, RWLOCK, SCENE_TELLER, 0,
                    "main asserts that it holds rwlock account_lock, which teller holds");
    check_assertion(
        FINDING_ASSERT_NOT_HELD, SCENE_BANK, SCENE_MAIN, 1,
        "main asserts that it does not hold Bank::lock, and holds it, locked at fixture.c:36 in Bank::audit");
    check_assertion(FINDING_ASSERT_NONE_HELD, RWLOCK, SCENE_MAIN, 1,
                    "main asserts that it holds no lock, and holds the write lock of account_lock, locked at "
                    "fixture.c:36 in Bank::audit");
    check_assertion(
        FINDING_ASSERT_NONE_HELD, SEMAPHORE, SCENE_MAIN, 3,
        "main asserts that it holds no lock, and has taken semaphore Bank::lock, taken at fixture.c:36 in "
        "Bank::audit, and 2 more");
    check_assertion(FINDING_ASSERT_GATE_FREE, SCENE_BANK, SCENE_TELLER, 0,
                    "main enters Bank::lock while teller is in it, locked at fixture.c:36 in Bank::audit");
    check_assertion(FINDING_ASSERT_GATE_ENTERED, SCENE_BANK, 0, 0,
                    "main leaves Bank::lock, which it is not in");
    check_assertion(4711, SCENE_BANK, 0, 0, "main leaves Bank::lock, which it is not in");
}

TEST(a_misuse_of_ones_own_earlier_doing) {
    check_message((struct said){.kind = FINDING_MISUSE_USE_DESTROYED,
                                STEPS({.thread = SCENE_MAIN, .wants = HOLD(SCENE_BANK, EXCLUSIVE, 1)},
                                      {.thread = SCENE_MAIN,
                                       .holds = {HOLD(SCENE_BANK, EXCLUSIVE, SCENE_AUDIT)},
                                       .holds_count = 1})},
                  "main uses Bank::lock, which it destroyed at fixture.c:36 in Bank::audit");
    check_message((struct said){.kind = FINDING_MISUSE_FORK_HELD,
                                STEPS({.thread = SCENE_MAIN, .wants = HOLD(SCENE_BANK, EXCLUSIVE, 1)},
                                      {.thread = SCENE_MAIN,
                                       .holds = {HOLD(SCENE_BANK, EXCLUSIVE, SCENE_AUDIT)},
                                       .holds_count = 1})},
                  "main forks while it holds Bank::lock, locked at fixture.c:36 in Bank::audit");
    check_message((struct said){.kind = FINDING_MISUSE_INIT_LOCKED,
                                STEPS({.thread = SCENE_MAIN, .wants = HOLD(SCENE_BANK, EXCLUSIVE, 1)},
                                      {.thread = SCENE_MAIN,
                                       .holds = {HOLD(SCENE_BANK, EXCLUSIVE, SCENE_AUDIT)},
                                       .holds_count = 1})},
                  "main initialises Bank::lock while it holds it, locked at fixture.c:36 in Bank::audit");
}

TEST(a_thread_that_ends_with_locks_held) {
    struct said said = {.kind = FINDING_MISUSE_EXIT_HOLDING,
                        STEPS({.thread = SCENE_TELLER,
                               .holds = {HOLD(RWLOCK, SHARED, SCENE_AUDIT), HOLD(SCENE_BANK, EXCLUSIVE, 1),
                                         HOLD(SPIN, EXCLUSIVE, 1)},
                               .holds_count = 3})};
    check_message(said, "teller ends while it holds the read lock of account_lock, locked at fixture.c:36 in "
                        "Bank::audit, and 2 more");
    check_message((struct said){.kind = FINDING_MISUSE_EXIT_HOLDING,
                                STEPS({.thread = SCENE_TELLER,
                                       .holds = {HOLD(SEMAPHORE, EXCLUSIVE, SCENE_AUDIT)},
                                       .holds_count = 1})},
                  "teller ends without posting semaphore Bank::lock, taken at fixture.c:36 in Bank::audit");
}

TEST(one_condition_with_two_mutexes) {
    struct said said = {.kind = FINDING_MISUSE_COND_TWO_MUTEXES,
                        STEPS({.thread = SCENE_MAIN,
                               .holds = {HOLD(SCENE_TABLE, EXCLUSIVE, 1), HOLD(SCENE_ACCOUNT, EXCLUSIVE, 1)},
                               .holds_count = 2,
                               .wants = HOLD(CONDITION, EXCLUSIVE, 1)},
                              {.thread = SCENE_TELLER,
                               .holds = {HOLD(SCENE_HEAP, EXCLUSIVE, 2)},
                               .holds_count = 1,
                               .wants = HOLD(CONDITION, EXCLUSIVE, 2)})};
    check_message(
        said, "main waits for condition Bank::lock with account_lock, while teller waits for it with mutex "
              "initialised at fixture.c:36 in Bank::audit");
}

TEST(a_barrier_says_for_how_many_it_was_made) {
    struct recording_builder builder;
    start(&builder);
    struct recording_lock lock = {
        .lock = 50, .kind = LOCK_KIND_BARRIER, .address = (uintptr_t)&table, .value = 3};
    builder_record(&builder, RECORDING_LOCK, &lock, sizeof lock);
    size_t at = builder_finding(&builder, FINDING_MISUSE_BAD_BARRIER, FINDING_SHAPE_NONE,
                                (struct builder_step[]){{.thread = SCENE_MAIN, .wants = {50, 0, 1}}}, 1);
    builder_finding_at(&builder, at)->values[0] = 1;
    struct report *report = scene_report(&builder, "message_test");
    CHECK_STR(report_finding(report, 0)->message,
              "main destroys barrier table while threads wait at it (made for 3 threads)");
    report_free(report);
    builder_free(&builder);
}

/* Whatever the recording leaves out, there is a sentence. */
TEST(every_kind_has_a_sentence_without_steps_holds_or_locks) {
    static const struct builder_step nothing[] = {{.thread = 0}, {.thread = 0}};
    for (uint32_t kind = 1; kind < FINDING_KINDS; kind++)
        for (uint32_t shape = 0; shape < FINDING_SHAPES; shape++)
            for (size_t count = 0; count < 3; count++) {
                struct recording_builder builder;
                start(&builder);
                builder_finding(&builder, kind, shape, nothing, count);
                struct report *report = scene_report(&builder, "message_test");
                CHECK_EQ(report_findings(report), 1);
                CHECK(strlen(report_finding(report, 0)->message) > 5);
                CHECK(strstr(report_finding(report, 0)->message, "(null)") == NULL);
                report_free(report);
                builder_free(&builder);
            }
}

CHECK_MAIN
