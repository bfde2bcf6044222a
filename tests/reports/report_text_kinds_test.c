/* The text of the kinds of findings beside deadlocks of mutexes, and of notes. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "reports/report_text.h"
#include "tests/check.h"
#include "tests/reports/scene.h"

static void check_report(struct recording_builder *builder, const char *expected) {
    struct report *report = scene_report(builder, "report_text_kinds_test");
    char *text = scene_text(report);
    CHECK_STR(text, expected);
    free(text);
    report_free(report);
    builder_free(builder);
}

TEST(all_threads_blocked_and_those_that_wait_alike_once) {
    struct recording_builder builder;
    scene_start(&builder);
    for (uint32_t thread = 3; thread <= 5; thread++)
        builder_thread(&builder, thread, SCENE_MAIN, 0, "idler");
    builder_lock(&builder, 20, LOCK_KIND_THREAD, SCENE_TELLER, 0, 0);
    builder_lock(&builder, 21, LOCK_KIND_CONDITION, (uintptr_t)&bank_lock, 0, 0);
    struct recording_lock barrier = {.lock = 22,
                                     .kind = LOCK_KIND_BARRIER,
                                     .address = 0x7f0000002000,
                                     .shared = 1,
                                     .value = 4,
                                     .first = 3};
    builder_record(&builder, RECORDING_LOCK, &barrier, sizeof barrier);
    builder_finding(&builder, FINDING_HANG_ALL_BLOCKED, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = SCENE_MAIN, .wants = {20, 0, SCENE_FIRST}},
                                            {.thread = SCENE_TELLER,
                                             .holds = {{SCENE_ACCOUNT, 0, SCENE_AUDIT}},
                                             .holds_count = 1,
                                             .wants = {21, 0, SCENE_SECOND}},
                                            {.thread = 3, .wants = {22, 0, SCENE_AUDIT}},
                                            {.thread = 4, .wants = {22, 0, SCENE_AUDIT}},
                                            {.thread = 5, .wants = {22, 0, SCENE_AUDIT}}},
                    5);
    check_report(
        &builder,
        "gordian: all 5 threads are blocked: main waits for the end of thread T2 (teller); teller waits for "
        "condition Bank::lock, which nobody can signal; idler (T3) waits at barrier first reached at "
        "fixture.c:36 in Bank::audit, which nobody else can reach; idler (T4) waits at barrier first reached "
        "at fixture.c:36 in Bank::audit, which nobody else can reach; and 1 more\n"
        "\n"
        "  main (T1, tid 4711)\n"
        "    waits for the end of thread T2 (teller) at\n"
        "        take      fixture.c:23 (inlined)\n"
        "        transfer  fixture.c:28\n"
        "        session   fixture.c:41\n"
        "\n"
        "  teller (T2, tid 4712), created by T1 at fixture.c:36 in Bank::audit\n"
        "    holds account_lock, locked at\n"
        "        Bank::audit  fixture.c:36\n"
        "        session      fixture.c:42\n"
        "    waits for condition Bank::lock at\n"
        "        take      fixture.c:23 (inlined)\n"
        "        transfer  fixture.c:29\n"
        "        session   fixture.c:41\n"
        "\n"
        "  idler (T3, tid 4713), created by T1\n"
        "    waits at barrier first reached at fixture.c:36 in Bank::audit, called at\n"
        "        Bank::audit  fixture.c:36\n"
        "        session      fixture.c:42\n"
        "    and so do 2 more threads\n"
        "\n"
        "  Bank::lock: condition at ADDRESS\n"
        "  barrier first reached at fixture.c:36 in Bank::audit: barrier between processes for 4 threads at "
        "ADDRESS\n"
        "\n"
        "  error hang.all_blocked, id ID, seen 0.012 s after the start of bank (pid 4711)\n"
        "\n"
        "gordian: 1 finding: 1 error, 0 warnings, 0 notes\n"
        "  error    all 5 threads are blocked: main waits for the end of thread T2 (teller); teller waits "
        "for condition Bank::lock, which nobody can signal; idler (T3) waits at barrier first reached at "
        "fixture.c:36 in Bank::audit, which nobody else can reach; idler (T4) waits at barrier first reached "
        "at fixture.c:36 in Bank::audit, which nobody else can reach; and 1 more\n"
        "  seen: 12 mutex events in 5 threads of 1 process\n");
}

TEST(a_writer_that_waits_is_said_to_hold_back_readers) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_lock(&builder, 20, LOCK_KIND_RWLOCK, (uintptr_t)&bank_lock, 0, 0);
    builder_finding(
        &builder, FINDING_DEADLOCK_POTENTIAL, FINDING_SHAPE_CYCLE,
        (struct builder_step[]){{.thread = SCENE_MAIN,
                                 .holds = {{20, LOCK_SHARED, SCENE_AUDIT}},
                                 .holds_count = 1,
                                 .wants = {20, LOCK_SHARED, SCENE_AUDIT}},
                                {.thread = SCENE_TELLER, .wants = {20, LOCK_EXCLUSIVE, SCENE_AUDIT}}},
        2);
    check_report(
        &builder,
        "gordian: deadlock possible: main, holding the read lock of Bank::lock, read-locks it; teller "
        "write-locks Bank::lock, which holds back new readers\n"
        "\n"
        "  main (T1, tid 4711)\n"
        "    holds the read lock of Bank::lock, locked at\n"
        "        Bank::audit  fixture.c:36\n"
        "        session      fixture.c:42\n"
        "    read-locks Bank::lock at\n"
        "        Bank::audit  fixture.c:36\n"
        "        session      fixture.c:42\n"
        "\n"
        "  teller (T2, tid 4712), created by T1 at fixture.c:36 in Bank::audit\n"
        "    write-locks Bank::lock, and so holds back new readers, at\n"
        "        Bank::audit  fixture.c:36\n"
        "        session      fixture.c:42\n"
        "\n"
        "  Bank::lock: rwlock at ADDRESS\n"
        "\n"
        "  warning deadlock.potential (cycle), id ID, seen 0.012 s after the start of bank (pid 4711)\n"
        "\n"
        "gordian: 1 finding: 0 errors, 1 warning, 0 notes\n"
        "  warning  deadlock possible: main, holding the read lock of Bank::lock, read-locks it; teller "
        "write-locks Bank::lock, which holds back new readers\n"
        "  seen: 12 mutex events in 2 threads of 1 process\n");
}

TEST(a_handler_and_a_starved_thread) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_header(&builder)->starvation_overtakes = 1000;
    builder_header(&builder)->starvation_ms = 500;
    size_t at = builder_finding(&builder, FINDING_DEADLOCK_POTENTIAL, FINDING_SHAPE_SIGNAL,
                                (struct builder_step[]){{.thread = SCENE_MAIN,
                                                         .holds = {{SCENE_BANK, 0, SCENE_AUDIT}},
                                                         .holds_count = 1,
                                                         .wants = {SCENE_BANK, 0, SCENE_AUDIT}}},
                                1);
    builder_finding_at(&builder, at)->values[0] = 10;
    at = builder_finding(
        &builder, FINDING_STARVATION, FINDING_SHAPE_NONE,
        (struct builder_step[]){
            {.thread = SCENE_MAIN, .wants = {SCENE_BANK, 0, SCENE_AUDIT}},
            {.thread = SCENE_TELLER, .holds = {{SCENE_BANK, 0, SCENE_AUDIT}}, .holds_count = 1}},
        2);
    builder_finding_at(&builder, at)->values[0] = 15204;
    builder_finding_at(&builder, at)->values[1] = 2300000000;
    check_report(
        &builder,
        "gordian: deadlock possible: main may take Bank::lock again in its own handler of SIGUSR1 (signal "
        "10) while it holds it\n"
        "\n"
        "  main (T1, tid 4711)\n"
        "    holds Bank::lock, locked at\n"
        "        Bank::audit  fixture.c:36\n"
        "        session      fixture.c:42\n"
        "    in its handler of SIGUSR1 (signal 10) locks Bank::lock at\n"
        "        Bank::audit  fixture.c:36\n"
        "        session      fixture.c:42\n"
        "\n"
        "  Bank::lock: mutex at ADDRESS\n"
        "\n"
        "  warning deadlock.potential (signal), id ID, seen 0.012 s after the start of bank (pid 4711)\n"
        "\n"
        "gordian: main waited 2.3 s for Bank::lock and was overtaken 15,204 times, last by teller (limits: "
        "1,000 times and 500 ms)\n"
        "\n"
        "  main (T1, tid 4711)\n"
        "    waits for Bank::lock at\n"
        "        Bank::audit  fixture.c:36\n"
        "        session      fixture.c:42\n"
        "\n"
        "  teller (T2, tid 4712), created by T1 at fixture.c:36 in Bank::audit\n"
        "    had Bank::lock last, locked at\n"
        "        Bank::audit  fixture.c:36\n"
        "        session      fixture.c:42\n"
        "\n"
        "  Bank::lock: mutex at ADDRESS\n"
        "\n"
        "  warning starvation, id ID, seen 0.012 s after the start of bank (pid 4711)\n"
        "\n"
        "gordian: 2 findings: 0 errors, 2 warnings, 0 notes\n"
        "  warning  deadlock possible: main may take Bank::lock again in its own handler of SIGUSR1 (signal "
        "10) while it holds it\n"
        "  warning  main waited 2.3 s for Bank::lock and was overtaken 15,204 times, last by teller (limits: "
        "1,000 times and 500 ms)\n"
        "  seen: 12 mutex events in 2 threads of 1 process\n");
}

TEST(what_a_misuse_contradicts_has_its_own_words) {
    static const struct {
        uint32_t kind, lock;
        const char *misuse, *event;
    } misuses[] = {
        {FINDING_MISUSE_UNLOCK_UNLOCKED, SCENE_BANK, "unlocks Bank::lock at", "initialised Bank::lock at"},
        {FINDING_MISUSE_UNLOCK_NOT_OWNER, SCENE_BANK, "unlocks Bank::lock at", "holds Bank::lock, locked at"},
        {FINDING_MISUSE_RELOCK, SCENE_BANK, "locks again Bank::lock at", "holds Bank::lock, locked at"},
        {FINDING_MISUSE_DESTROY_LOCKED, SCENE_BANK, "destroys Bank::lock at", "holds Bank::lock, locked at"},
        {FINDING_MISUSE_DESTROY_WAITED, 20, "destroys condition Bank::lock at",
         "waits for condition Bank::lock at"},
        {FINDING_MISUSE_DESTROY_WAITED, 21, "destroys barrier Bank::lock at",
         "waits at barrier Bank::lock, called at"},
        {FINDING_MISUSE_USE_DESTROYED, 22, "uses semaphore Bank::lock at",
         "destroyed semaphore Bank::lock at"},
        {FINDING_MISUSE_INIT_LOCKED, 23, "initialises Bank::lock at",
         "holds the write lock of Bank::lock, locked at"},
        {FINDING_MISUSE_WAIT_UNLOCKED, SCENE_BANK, "waits for a condition with Bank::lock at",
         "holds Bank::lock, locked at"},
        {FINDING_MISUSE_SEM_OVERFLOW, 22, "posts semaphore Bank::lock at",
         "initialised semaphore Bank::lock at"},
        {FINDING_MISUSE_FORK_HELD, SCENE_BANK, "tries in vain to get Bank::lock at",
         "held Bank::lock at the fork, locked at"},
        {FINDING_MISUSE_BAD_JOIN, 24, "joins thread T2 (teller) at", "created thread T2 (teller) at"},
        {FINDING_MISUSE_BAD_BARRIER, 21, "uses barrier Bank::lock at", "initialised barrier Bank::lock at"},
    };
    for (size_t i = 0; i < sizeof misuses / sizeof *misuses; i++) {
        struct recording_builder builder;
        char expected[512];
        scene_start(&builder);
        builder_lock(&builder, 20, LOCK_KIND_CONDITION, (uintptr_t)&bank_lock, 0, 0);
        builder_lock(&builder, 21, LOCK_KIND_BARRIER, (uintptr_t)&bank_lock, 0, 0);
        builder_lock(&builder, 22, LOCK_KIND_SEMAPHORE, (uintptr_t)&bank_lock, 0, 0);
        builder_lock(&builder, 23, LOCK_KIND_RWLOCK, (uintptr_t)&bank_lock, 0, 0);
        builder_lock(&builder, 24, LOCK_KIND_THREAD, SCENE_TELLER, 0, 0);
        builder_finding(
            &builder, misuses[i].kind, FINDING_SHAPE_NONE,
            (struct builder_step[]){
                {.thread = SCENE_MAIN, .wants = {misuses[i].lock, 0, SCENE_AUDIT}},
                {.thread = SCENE_TELLER, .holds = {{misuses[i].lock, 0, SCENE_AUDIT}}, .holds_count = 1}},
            2);
        struct report *report = scene_report(&builder, "report_text_kinds_test");
        char *text = scene_text(report), *steps = strchr(text, '\n');
        snprintf(expected, sizeof expected,
                 "\n\n"
                 "  main (T1, tid 4711)\n"
                 "    %s\n"
                 "        Bank::audit  fixture.c:36\n"
                 "        session      fixture.c:42\n"
                 "\n"
                 "  teller (T2, tid 4712), created by T1 at fixture.c:36 in Bank::audit\n"
                 "    %s\n"
                 "        Bank::audit  fixture.c:36\n"
                 "        session      fixture.c:42\n"
                 "\n",
                 misuses[i].misuse, misuses[i].event);
        steps[strlen(expected)] = 0;
        CHECK_STR(steps, expected);
        free(text);
        report_free(report);
        builder_free(&builder);
    }
}

/* Check the lines that begin in the first column of a step, in their order. */
static void check_lines(struct recording_builder *builder, const char *expected) {
    char *text = scene_finding_text(builder, &(struct report_style){0}), *lines = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&lines, &size);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, "    ", 4) == 0 && line[4] != ' ')
            fprintf(out, "%s\n", line + 4);
    fclose(out);
    CHECK_STR(lines, expected);
    free(lines);
    free(text);
}

TEST(two_mutexes_for_one_condition) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_lock(&builder, 20, LOCK_KIND_CONDITION, (uintptr_t)&table, 0, 0);
    builder_finding(
        &builder, FINDING_MISUSE_COND_TWO_MUTEXES, FINDING_SHAPE_NONE,
        (struct builder_step[]){
            {.thread = 1, .holds = {{SCENE_BANK, 0, 1}}, .holds_count = 1, .wants = {20, 0, 2}},
            {.thread = 2, .holds = {{SCENE_ACCOUNT, 0, 3}}, .holds_count = 1, .wants = {20, 0, 3}}},
        2);
    check_lines(&builder, "holds Bank::lock, locked at\n"
                          "waits for condition table at\n"
                          "waits with account_lock, called at\n"
                          "waits for condition table at\n");
}

TEST(a_fork_with_ones_own_lock) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_finding(&builder, FINDING_MISUSE_FORK_HELD, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = 1, .wants = {SCENE_BANK, 0, 1}},
                                            {.thread = 1, .holds = {{SCENE_BANK, 0, 3}}, .holds_count = 1}},
                    2);
    struct report *report = scene_report(&builder, "report_text_kinds_test");
    char *text = scene_text(report);
    CHECK(strstr(text, "\n  main (T1, tid 4711)\n    forks ") != NULL);
    CHECK(strstr(text, "\n  main (T1, tid 4711), earlier\n    holds ") != NULL);
    free(text);
    report_free(report);
    check_lines(&builder, "forks with the locked Bank::lock at\n"
                          "holds Bank::lock, locked at\n");
}

TEST(a_thread_that_ended_with_locks) {
    struct recording_builder builder;
    scene_start(&builder);
    struct recording_lock file = {
        .lock = 20, .kind = LOCK_KIND_FILE, .device = 0x801, .inode = 4711, .first = SCENE_AUDIT};
    builder_record(&builder, RECORDING_LOCK, &file, sizeof file);
    builder_finding(&builder, FINDING_MISUSE_EXIT_HOLDING, FINDING_SHAPE_NONE,
                    (struct builder_step[]){
                        {.thread = SCENE_TELLER,
                         .holds = {{20, LOCK_SHARED, SCENE_AUDIT}, {SCENE_BANK, LOCK_EXCLUSIVE, SCENE_AUDIT}},
                         .holds_count = 2}},
                    1);
    check_report(&builder,
                 "gordian: teller ends while it holds a shared lock of file first locked at fixture.c:36 in "
                 "Bank::audit, locked at fixture.c:36 in Bank::audit, and 1 more\n"
                 "\n"
                 "  teller (T2, tid 4712), which has ended, created by T1 at fixture.c:36 in Bank::audit\n"
                 "    holds a shared lock of file first locked at fixture.c:36 in Bank::audit, locked at\n"
                 "        Bank::audit  fixture.c:36\n"
                 "        session      fixture.c:42\n"
                 "    holds Bank::lock, locked at\n"
                 "        Bank::audit  fixture.c:36\n"
                 "        session      fixture.c:42\n"
                 "\n"
                 "  file first locked at fixture.c:36 in Bank::audit: file of inode 4711 on device 8:1\n"
                 "\n"
                 "  warning misuse.exit_holding, id ID, seen 0.012 s after the start of bank (pid 4711)\n"
                 "\n"
                 "gordian: 1 finding: 0 errors, 1 warning, 0 notes\n"
                 "  warning  teller ends while it holds a shared lock of file first locked at fixture.c:36 "
                 "in Bank::audit, locked at fixture.c:36 in Bank::audit, and 1 more\n"
                 "  seen: 12 mutex events in 2 threads of 1 process\n");
}

TEST(python_functions_stand_between_their_callers_and_what_they_call) {
    static const struct builder_python python[] = {{"Bank.take", "/srv/bank.py", 12},
                                                   {"<module>", "/srv/main.py", 40}};
    uint64_t addresses[] = {fixture_audit().addresses[0], 0x500010, 0x500020, fixture_audit().addresses[1]};
    for (int full = 0; full < 2; full++) {
        struct recording_builder builder;
        scene_start(&builder);
        builder_module(&builder, 9, "/nonexistent/python3.11", 0x500000, 0x501000, 0x500000, NULL, 0);
        builder_python(&builder, 1, python, 2);
        builder_stack_python(&builder, 20, addresses, 4, 1);
        builder_finding(&builder, FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_SHAPE_NONE,
                        (struct builder_step[]){{.thread = SCENE_MAIN, .wants = {SCENE_BANK, 0, 20}}}, 1);
        char *text = scene_finding_text(&builder, &(struct report_style){.full = full});
        char *normal = scene_normalise(text), *stack = strstr(normal, "        Bank::audit");
        CHECK(stack != NULL);
        if (stack) {
            *strstr(stack, "\n\n") = 0;
            CHECK_STR(stack, full ? "        Bank::audit()  fixture.c:36\n"
                                    "        Bank.take      /srv/bank.py:12 (py)\n"
                                    "        <module>       /srv/main.py:40 (py)\n"
                                    "        ??             /nonexistent/python3.11+0x10\n"
                                    "        ??             /nonexistent/python3.11+0x20\n"
                                    "        session        fixture.c:42"
                                  : "        Bank::audit  fixture.c:36\n"
                                    "        Bank.take    /srv/bank.py:12 (py)\n"
                                    "        <module>     /srv/main.py:40 (py)\n"
                                    "        session      fixture.c:42");
        }
        free(normal);
        free(text);
    }
}

static void add_note(struct recording_builder *builder, uint32_t lock) {
    builder_finding(builder, FINDING_BLOCKING_WAIT_HOLDING, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = SCENE_MAIN,
                                             .holds = {{SCENE_ACCOUNT, 0, SCENE_AUDIT}},
                                             .holds_count = 1,
                                             .wants = {lock, 0, SCENE_AUDIT}}},
                    1);
}

TEST(a_note_alone_is_shown_whole) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_lock(&builder, 20, LOCK_KIND_SEMAPHORE, (uintptr_t)&bank_lock, 0, 0);
    add_note(&builder, 20);
    check_report(&builder,
                 "gordian: main waits for semaphore Bank::lock while it holds account_lock\n"
                 "\n"
                 "  main (T1, tid 4711)\n"
                 "    holds account_lock, locked at\n"
                 "        Bank::audit  fixture.c:36\n"
                 "        session      fixture.c:42\n"
                 "    waits for semaphore Bank::lock at\n"
                 "        Bank::audit  fixture.c:36\n"
                 "        session      fixture.c:42\n"
                 "\n"
                 "  Bank::lock: semaphore at ADDRESS\n"
                 "\n"
                 "  note blocking.wait_holding, id ID, seen 0.012 s after the start of bank (pid 4711)\n"
                 "\n"
                 "gordian: 1 finding: 0 errors, 0 warnings, 1 note\n"
                 "  note     main waits for semaphore Bank::lock while it holds account_lock, at "
                 "fixture.c:36 in Bank::audit\n"
                 "  seen: 12 mutex events in 2 threads of 1 process\n");
}

TEST(notes_stand_behind_the_others_in_one_line_each) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_lock(&builder, 20, LOCK_KIND_SEMAPHORE, (uintptr_t)&bank_lock, 0, 0);
    add_note(&builder, 20);
    builder_finding(&builder, FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = SCENE_MAIN, .wants = {SCENE_BANK, 0, SCENE_AUDIT}}},
                    1);
    check_report(&builder,
                 "gordian: main unlocks Bank::lock, which nobody holds\n"
                 "\n"
                 "  main (T1, tid 4711)\n"
                 "    unlocks Bank::lock at\n"
                 "        Bank::audit  fixture.c:36\n"
                 "        session      fixture.c:42\n"
                 "\n"
                 "  Bank::lock: mutex at ADDRESS\n"
                 "\n"
                 "  warning misuse.unlock_unlocked, id ID, seen 0.012 s after the start of bank (pid 4711)\n"
                 "\n"
                 "gordian: 2 findings: 0 errors, 1 warning, 1 note\n"
                 "  warning  main unlocks Bank::lock, which nobody holds\n"
                 "  note     main waits for semaphore Bank::lock while it holds account_lock, at "
                 "fixture.c:36 in Bank::audit\n"
                 "  seen: 12 mutex events in 2 threads of 1 process\n");
}

TEST(a_note_is_told_in_one_line_when_it_is_made) {
    for (int full = 0; full < 2; full++) {
        struct recording_builder builder;
        scene_start(&builder);
        builder_lock(&builder, 20, LOCK_KIND_SEMAPHORE, (uintptr_t)&bank_lock, 0, 0);
        add_note(&builder, 20);
        char *text = scene_finding_text(&builder, &(struct report_style){.full = full});
        static const char line[] = "gordian: note: main waits for semaphore Bank::lock while it holds "
                                   "account_lock, at fixture.c:36 in Bank::audit\n";
        CHECK_EQ(strcmp(text, line) == 0, !full);
        CHECK_EQ(strstr(text, "note blocking.wait_holding, id ") != NULL, full);
        free(text);
    }
}

TEST(many_notes_are_counted_unless_all_are_asked_for) {
    for (int full = 0; full < 2; full++) {
        struct recording_builder builder;
        char *text = NULL;
        size_t size = 0, lines = 0;
        scene_start(&builder);
        for (uint32_t i = 0; i < 25; i++) {
            builder_stack(&builder, 100 + i, (uint64_t[]){0x1000 + i}, 1);
            builder_module(&builder, 100 + i, "/nonexistent/bank", 0x1000, 0x2000, 0x1000, NULL, 0);
            builder_finding(
                &builder, FINDING_BLOCKING_WAIT_HOLDING, FINDING_SHAPE_NONE,
                (struct builder_step[]){{.thread = SCENE_MAIN, .wants = {SCENE_BANK, 0, 100 + i}}}, 1);
        }
        struct report *report = scene_report(&builder, "report_text_kinds_test");
        FILE *out = open_memstream(&text, &size);
        report_text_write(report, &(struct report_style){.full = full}, out);
        fclose(out);
        for (const char *at = text;
             (at = strstr(at, "\n  note     main waits for Bank::lock, at bank+0x")) != NULL; at++)
            lines++;
        CHECK_EQ(lines, full ? 25 : 20);
        CHECK_EQ(strstr(text, "\n  and 5 more notes (--full lists them)\n") != NULL, !full);
        CHECK_EQ(strstr(text, "note blocking.wait_holding, id ") != NULL, full);
        free(text);
        report_free(report);
        builder_free(&builder);
    }
}

CHECK_MAIN
