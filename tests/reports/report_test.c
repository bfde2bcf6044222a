#include "reports/report.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/check.h"
#include "tests/reports/scene.h"

TEST(frames_are_resolved_with_inlined_calls_and_lines) {
    struct recording_builder builder;
    scene_start(&builder);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL);
    struct report *report = scene_report(&builder, "report_test");
    struct fixture_module module = fixture_module();
    const struct report_stack *stack = &report_finding(report, 0)->steps[0].wants.stack;
    CHECK_EQ(stack->count, 3);
    CHECK_STR(stack->frames[0].function, "take");
    CHECK_EQ(stack->frames[0].line, 23);
    CHECK_EQ(stack->frames[0].declared, 22);
    CHECK(stack->frames[0].inlined);
    CHECK_STR(stack->frames[1].function, "transfer");
    CHECK_EQ(stack->frames[1].line, 29);
    CHECK_EQ(stack->frames[1].declared, 27);
    CHECK(!stack->frames[1].inlined);
    CHECK_STR(stack->frames[1].module, module.path);
    CHECK_EQ(stack->frames[1].offset, fixture_transfer_second().addresses[0] - module.bias);
    CHECK_STR(stack->frames[2].function, "session");
    CHECK(report_finding(report, 0)->locks[1]->variable && !report_remark(report, 0) &&
          !report_damage(report, 0));
    report_free(report);
    builder_free(&builder);
}

TEST(the_same_finding_of_two_processes_is_one_and_counts_add) {
    struct recording_builder builder;
    scene_start(&builder);
    size_t at = scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL);
    builder_finding_at(&builder, at)->count = 3;
    struct report *report = scene_report(&builder, "report_test_a");
    builder_header(&builder)->pid = 4712;
    scene_read(&builder, "report_test_b", report);
    CHECK_EQ(report_findings(report), 1);
    CHECK_EQ(report_finding(report, 0)->count, 6);
    CHECK_EQ(report_finding(report, 0)->pid, 4711);
    CHECK_EQ(report_processes(report), 2);
    CHECK_EQ(report_process(report, 1)->pid, 4712);
    CHECK_EQ(report_events(report, RECORDING_FAMILY_MUTEX), 24);

    builder_finding_at(&builder, at)->count = 10; /* it is closed again while the process runs */
    scene_read(&builder, "report_test_b", report);
    CHECK_EQ(report_finding(report, 0)->count, 13);
    CHECK_EQ(report_finding_revision(report, 0), 0);
    report_free(report);
    builder_free(&builder);
}

/* Read one recording after the other, the second as news of the first. */
static struct report *read_twice(uint32_t first, uint32_t second) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_finding_at(&builder, scene_add_deadlock(&builder, first))->count = 5;
    struct report *report = scene_report(&builder, "report_test");
    CHECK_EQ(report_findings(report), 1);
    CHECK_EQ(report_finding_revision(report, 0), 0);
    scene_add_deadlock(&builder, second);
    scene_read(&builder, "report_test", report);
    builder_free(&builder);
    return report;
}

TEST(a_prediction_that_comes_true_becomes_the_deadlock_in_its_place) {
    struct report *report = read_twice(FINDING_DEADLOCK_POTENTIAL, FINDING_DEADLOCK_ACTUAL);
    CHECK_EQ(report_findings(report), 1);
    CHECK_EQ(report_finding(report, 0)->kind, FINDING_DEADLOCK_ACTUAL);
    CHECK_EQ(report_finding(report, 0)->severity, FINDING_ERROR);
    CHECK_EQ(report_finding(report, 0)->count, 1);
    CHECK_EQ(report_finding_revision(report, 0), 1);
    report_free(report);
}

TEST(a_prediction_of_what_has_happened_adds_nothing) {
    struct report *report = read_twice(FINDING_DEADLOCK_ACTUAL, FINDING_DEADLOCK_POTENTIAL);
    CHECK_EQ(report_findings(report), 1);
    CHECK_EQ(report_finding(report, 0)->kind, FINDING_DEADLOCK_ACTUAL);
    CHECK_EQ(report_finding(report, 0)->count, 5);
    CHECK_EQ(report_finding_revision(report, 0), 0);
    report_free(report);
}

TEST(the_deadlock_of_the_same_locks_by_other_stacks_is_the_same_in_its_process_only) {
    const struct builder_step steps[] = {
        {1, {{SCENE_TABLE, 0, SCENE_AUDIT}}, 1, {SCENE_ACCOUNT, 0, SCENE_SECOND}},
        {2, {{SCENE_ACCOUNT, 0, SCENE_AUDIT}}, 1, {SCENE_TABLE, 0, SCENE_SECOND}},
    };
    struct recording_builder builder, other;
    scene_start(&builder);
    scene_start(&other);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL);
    struct report *report = scene_report(&builder, "report_test_a");
    builder_finding(&other, FINDING_DEADLOCK_ACTUAL, FINDING_SHAPE_CYCLE, steps, 2);
    scene_read(&other, "report_test_b", report);
    CHECK_EQ(report_findings(report), 2);
    report_free(report);

    builder_finding(&builder, FINDING_DEADLOCK_ACTUAL, FINDING_SHAPE_CYCLE, steps, 2);
    report = scene_report(&builder, "report_test_a");
    CHECK_EQ(report_findings(report), 1);
    CHECK_EQ(report_finding(report, 0)->kind, FINDING_DEADLOCK_ACTUAL);
    report_free(report);
    builder_free(&builder);
    builder_free(&other);
}

TEST(the_module_of_an_address_is_the_one_loaded_at_the_stacks_place_in_the_log) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_stack(&builder, 1, (uint64_t[]){0x5010}, 1); /* before any is known: the next that covers it */
    builder_module(&builder, 1, "/opt/a.so", 0x5000, 0x6000, 0x5000, NULL, 0);
    builder_stack(&builder, 2, (uint64_t[]){0x5010}, 1);
    builder_module_end(&builder, 1);
    builder_module(&builder, 2, "/opt/b.so", 0x5000, 0x7000, 0x5000, NULL, 0);
    builder_stack(&builder, 3, (uint64_t[]){0x5010, 0x6010, 0x7000}, 3);
    builder_module_end(&builder, 2);
    builder_stack(&builder, 4, (uint64_t[]){0x5010}, 1); /* after all: in none */
    builder_finding(&builder, FINDING_MISUSE_RELOCK, FINDING_SHAPE_SELF,
                    (struct builder_step[]){{1, {{1, 0, 1}, {2, 0, 2}, {3, 0, 3}}, 3, {4, 0, 4}}}, 1);
    struct report *report = scene_report(&builder, "report_test");
    const struct report_step *step = &report_finding(report, 0)->steps[0];
    CHECK_STR(step->holds[0].stack.frames[0].module, "/opt/a.so");
    CHECK_EQ(step->holds[0].stack.frames[0].offset, 0x10);
    CHECK_STR(step->holds[1].stack.frames[0].module, "/opt/a.so");
    CHECK_STR(step->holds[2].stack.frames[0].module, "/opt/b.so");
    CHECK_STR(step->holds[2].stack.frames[1].module, "/opt/b.so");
    CHECK(step->holds[2].stack.frames[2].module == NULL);
    CHECK_EQ(step->holds[2].stack.frames[2].offset, 0x7000);
    CHECK(step->wants.stack.frames[0].module == NULL);
    report_free(report);
    builder_free(&builder);
}

TEST(the_vdso_has_names) {
    struct fixture_module module = fixture_module();
    struct recording_builder builder;
    scene_start(&builder);
    bool named = false;
    for (uint64_t at = module.vdso_start + 0x400; at < module.vdso_end && !named; at += 0x40) {
        struct recording_builder one;
        scene_start(&one);
        builder_stack(&one, 9, &at, 1);
        builder_finding(&one, FINDING_MISUSE_RELOCK, FINDING_SHAPE_SELF,
                        (struct builder_step[]){{.thread = 1, .wants = {1, 0, 9}}}, 1);
        struct report *report = scene_report(&one, "report_test");
        const struct report_frame *frame = &report_finding(report, 0)->steps[0].wants.stack.frames[0];
        CHECK_STR(frame->module, "[vdso]");
        CHECK(!report_remark(report, 0));
        named = frame->function && strstr(frame->function, "vdso");
        report_free(report);
        builder_free(&one);
    }
    CHECK(named);
    builder_free(&builder);
}

TEST(a_finding_that_is_not_confirmed_yet_is_shown_when_it_is) {
    struct recording_builder builder;
    scene_start(&builder);
    size_t at = scene_add_deadlock(&builder, FINDING_DEADLOCK_ACTUAL);
    builder_finding_at(&builder, at)->count = 0;
    builder_finding(&builder, FINDING_MISUSE_RELOCK, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = 1, .wants = {SCENE_BANK, 0, 1}}}, 1);
    struct report *report = scene_report(&builder, "report_test");
    CHECK_EQ(report_findings(report), 1);
    CHECK_EQ(report_finding(report, 0)->kind, FINDING_MISUSE_RELOCK);
    builder_finding_at(&builder, at)->count = 2;
    scene_read(&builder, "report_test", report);
    CHECK_EQ(report_findings(report), 2);
    CHECK_EQ(report_finding(report, 0)->kind, FINDING_MISUSE_RELOCK);
    CHECK_EQ(report_finding(report, 1)->kind, FINDING_DEADLOCK_ACTUAL);
    CHECK_EQ(report_finding(report, 1)->count, 2);
    CHECK_EQ(report_finding_revision(report, 1), 0);
    report_free(report);
    builder_free(&builder);
}

TEST(a_finding_that_is_withdrawn_keeps_its_place_and_counts_no_more) {
    struct recording_builder builder;
    scene_start(&builder);
    size_t at = scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL);
    struct report *report = scene_report(&builder, "report_test");
    CHECK(report_counts(report_finding(report, 0)));
    builder_finding_at(&builder, at)->count = 0;
    scene_read(&builder, "report_test", report);
    CHECK_EQ(report_findings(report), 1);
    CHECK_EQ(report_finding(report, 0)->count, 0);
    CHECK(!report_counts(report_finding(report, 0)));
    builder_finding_at(&builder, at)->count = 3;
    scene_read(&builder, "report_test", report);
    CHECK_EQ(report_finding(report, 0)->count, 3);
    CHECK_EQ(report_finding_revision(report, 0), 0);
    report_free(report);
    builder_free(&builder);
}

TEST(when_a_deadlock_is_withdrawn_its_prediction_stands_again) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_finding_at(&builder, scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL))->count = 5;
    size_t at = scene_add_deadlock(&builder, FINDING_DEADLOCK_ACTUAL);
    struct report *report = scene_report(&builder, "report_test");
    CHECK_EQ(report_findings(report), 1);
    CHECK_EQ(report_finding(report, 0)->kind, FINDING_DEADLOCK_ACTUAL);
    CHECK_EQ(report_finding_revision(report, 0), 1);
    builder_finding_at(&builder, at)->count = 0;
    scene_read(&builder, "report_test", report);
    CHECK_EQ(report_finding(report, 0)->kind, FINDING_DEADLOCK_POTENTIAL);
    CHECK_EQ(report_finding(report, 0)->count, 5);
    CHECK_EQ(report_finding_revision(report, 0), 2);
    report_free(report);
    builder_free(&builder);
}

/* The teller ends with two locks held. */
static void add_exit(struct recording_builder *builder) {
    builder_finding(builder, FINDING_MISUSE_EXIT_HOLDING, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = SCENE_TELLER,
                                             .holds = {{SCENE_BANK, 0, SCENE_AUDIT}, {SCENE_HEAP, 0, 1}},
                                             .holds_count = 2}},
                    1);
}

/* Main waits for a lock that a thread has left locked. */
static void add_orphaned(struct recording_builder *builder, uint32_t lock, uint32_t owner) {
    builder_finding(
        builder, FINDING_DEADLOCK_ACTUAL, FINDING_SHAPE_ORPHANED,
        (struct builder_step[]){{.thread = SCENE_MAIN, .wants = {lock, 0, SCENE_SECOND}},
                                {.thread = owner, .holds = {{lock, 0, SCENE_AUDIT}}, .holds_count = 1}},
        2);
}

TEST(a_lock_left_locked_and_the_deadlock_of_who_waits_for_it_are_one) {
    struct recording_builder builder;
    scene_start(&builder);
    add_exit(&builder);
    struct report *report = scene_report(&builder, "report_test");
    CHECK_EQ(report_findings(report), 1);
    CHECK_EQ(report_finding(report, 0)->kind, FINDING_MISUSE_EXIT_HOLDING);
    add_orphaned(&builder, SCENE_BANK, SCENE_TELLER);
    scene_read(&builder, "report_test", report);
    CHECK_EQ(report_findings(report), 1);
    CHECK_EQ(report_finding(report, 0)->kind, FINDING_DEADLOCK_ACTUAL);
    CHECK_EQ(report_finding_revision(report, 0), 1);
    add_orphaned(&builder, SCENE_HEAP, SCENE_TELLER); /* the other lock is another deadlock */
    scene_read(&builder, "report_test", report);
    CHECK_EQ(report_findings(report), 2);
    report_free(report);
    builder_free(&builder);
}

TEST(a_lock_left_locked_that_is_told_after_its_deadlock_adds_nothing) {
    struct recording_builder builder;
    scene_start(&builder);
    add_orphaned(&builder, SCENE_HEAP, SCENE_TELLER);
    add_exit(&builder);
    struct report *report = scene_report(&builder, "report_test");
    CHECK_EQ(report_findings(report), 1);
    CHECK_EQ(report_finding(report, 0)->kind, FINDING_DEADLOCK_ACTUAL);
    CHECK_EQ(report_finding_revision(report, 0), 0);
    report_free(report);
    builder_free(&builder);
}

TEST(another_lock_or_owner_is_another_bug_and_a_hang_is_none_of_them) {
    struct recording_builder builder;
    scene_start(&builder);
    add_exit(&builder);
    add_orphaned(&builder, SCENE_TABLE, SCENE_TELLER);
    add_orphaned(&builder, SCENE_BANK, 9);
    builder_finding(&builder, FINDING_HANG_ALL_BLOCKED, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = SCENE_MAIN, .wants = {SCENE_BANK, 0, SCENE_SECOND}}},
                    1);
    struct report *report = scene_report(&builder, "report_test");
    CHECK_EQ(report_findings(report), 4);
    report_free(report);
    builder_free(&builder);
}

TEST(python_functions_stand_before_all_other_frames) {
    static const struct builder_python python[] = {{"take", "/srv/bank.py", 12}, {"", "", 0}};
    struct fixture_stack stack = fixture_audit();
    struct recording_builder builder;
    scene_start(&builder);
    size_t at = builder_python(&builder, 7, python, 2);
    builder_stack_python(&builder, 30, stack.addresses, stack.count, 7);
    builder_stack_python(&builder, 31, stack.addresses, stack.count, 8); /* functions that were never told */
    builder_finding(&builder, FINDING_MISUSE_RELOCK, FINDING_SHAPE_SELF,
                    (struct builder_step[]){{1, {{SCENE_BANK, 0, 30}}, 1, {SCENE_BANK, 0, 31}}}, 1);
    ((struct recording_python *)(builder.bytes + at))->cut = 1;
    struct report *report = scene_report(&builder, "report_test");
    const struct report_step *step = &report_finding(report, 0)->steps[0];
    const struct report_stack *whole = &step->holds[0].stack;
    CHECK_EQ(whole->count, 4);
    CHECK(whole->cut);
    CHECK_STR(whole->frames[0].function, "take");
    CHECK_STR(whole->frames[0].file, "/srv/bank.py");
    CHECK_EQ(whole->frames[0].line, 12);
    CHECK(whole->frames[0].python && !whole->frames[0].module && !whole->frames[0].offset);
    CHECK(whole->frames[1].python && !whole->frames[1].function && !whole->frames[1].file);
    CHECK_STR(whole->frames[2].function, "Bank::audit()");
    CHECK(!whole->frames[2].python);
    CHECK_EQ(step->wants.stack.count, 2);
    CHECK(!step->wants.stack.cut);
    report_free(report);
    builder_free(&builder);
}

static void check_unseen(const struct report *report, const char *const *expected) {
    const char *const *unseen = report_unseen(report);
    for (; *expected; expected++, unseen++) {
        CHECK_STR(*unseen, *expected);
        if (!*unseen)
            return;
    }
    CHECK(*unseen == NULL);
}

TEST(modules_that_call_futexes_are_not_seen) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_module(&builder, 1, "/opt/bank/libwait.so", 0x1000, 0x2000, 0x1000, NULL, 0);
    builder_module(&builder, 2, "/lib/libc.so.6", 0x2000, 0x3000, 0x2000, NULL, 0);
    builder_futex_user(&builder, 0x1010);
    builder_futex_user(&builder, 0x2010); /* libc's own are no news */
    builder_futex_user(&builder, 0x1020);
    builder_futex_user(&builder, 0x3010); /* its module is told later */
    struct report *report = scene_report(&builder, "report_test");
    check_unseen(report, (const char *const[]){"futex (libwait.so)", "futex (unknown module)", NULL});
    builder_module(&builder, 3, "/opt/bank/bank", 0x3000, 0x4000, 0x3000, NULL, 0);
    scene_read(&builder, "report_test", report);
    check_unseen(report, (const char *const[]){"futex (bank)", "futex (libwait.so)", NULL});
    report_free(report);
    builder_free(&builder);
}

TEST(profiles_are_sorted_by_the_time_waited_and_grow) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_header(&builder)->unprofiled_locks = 3;
    size_t at = builder_profile(
        &builder, (struct recording_profile){.lock = SCENE_BANK,
                                             .acquisitions = 10,
                                             .hold_samples = 10,
                                             .wait_ns = 5,
                                             .top = {{.stack = SCENE_FIRST, .wait_ns = 2},
                                                     {.stack = 0},
                                                     {.stack = SCENE_AUDIT, .waits = 7, .wait_ns = 3}}});
    builder_profile(&builder, (struct recording_profile){.lock = SCENE_TABLE,
                                                         .acquisitions = 100,
                                                         .hold_samples = 9,
                                                         .contended = 4,
                                                         .wait_ns = 9,
                                                         .longest_wait_stack = SCENE_AUDIT});
    struct report *report = scene_report(&builder, "report_test");
    CHECK_EQ(report_profiles(report), 2);
    const struct report_profile *first = report_profile(report, 0), *second = report_profile(report, 1);
    CHECK_STR(first->lock->name, "table+0x40");
    CHECK_EQ(first->process->pid, 4711);
    CHECK_EQ(first->contended, 4);
    CHECK(first->sampled && !second->sampled);
    CHECK_EQ(first->longest_wait.count, 2);
    CHECK_EQ(first->longest_hold.count, 0);
    CHECK_EQ(first->waits_count, 0);
    CHECK_EQ(second->waits_count, 2);
    CHECK_EQ(second->waits[0].count, 7);
    CHECK_STR(second->waits[0].stack.frames[0].function, "Bank::audit()");
    CHECK_EQ(second->waits[1].wait_ns, 2);
    CHECK_EQ(report_process(report, 0)->unprofiled_locks, 3);

    ((struct recording_profile *)(builder.bytes + at))->wait_ns = 1000;
    scene_read(&builder, "report_test", report);
    CHECK_EQ(report_profiles(report), 2);
    CHECK_STR(report_profile(report, 0)->lock->name, "Bank::lock");
    report_free(report);
    builder_free(&builder);
}

TEST(joins_name_the_thread_that_is_waited_for) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_lock(&builder, 9, LOCK_KIND_THREAD, SCENE_TELLER, 0, 0);
    builder_finding(
        &builder, FINDING_DEADLOCK_ACTUAL, FINDING_SHAPE_JOIN,
        (struct builder_step[]){{SCENE_MAIN, {{SCENE_BANK, 0, SCENE_FIRST}}, 1, {9, 0, SCENE_SECOND}},
                                {SCENE_TELLER, {{0, 0, 0}}, 0, {SCENE_BANK, 0, SCENE_AUDIT}}},
        2);
    struct report *report = scene_report(&builder, "report_test");
    CHECK_STR(report_finding(report, 0)->message, "deadlock: main holds Bank::lock and waits for the end of "
                                                  "thread T2 (teller); teller waits for Bank::lock");
    report_free(report);
    builder_free(&builder);
}

TEST(ids_that_nothing_explains_are_named_all_the_same) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_finding(&builder, FINDING_DEADLOCK_ACTUAL, FINDING_SHAPE_ORPHANED,
                    (struct builder_step[]){{7, {{0, 0, 0}}, 0, {8, 0, 9}}, {6, {{8, 0, 0}}, 1, {0, 0, 0}}},
                    2);
    struct report *report = scene_report(&builder, "report_test");
    CHECK_STR(report_finding(report, 0)->message,
              "deadlock: thread T7 waits for lock L8; thread T6 has ended and still holds lock L8");
    CHECK_EQ(report_finding(report, 0)->threads_count, 2);
    CHECK_EQ(report_finding(report, 0)->locks_count, 1);
    report_free(report);
    builder_free(&builder);
}

TEST(locks_of_the_same_name_are_told_apart) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_lock(&builder, 5, LOCK_KIND_MUTEX, 0x7f0000002000, SCENE_AUDIT, 0);
    builder_finding(&builder, FINDING_DEADLOCK_POTENTIAL, FINDING_SHAPE_CYCLE,
                    (struct builder_step[]){{1, {{SCENE_HEAP, 0, 1}}, 1, {5, 0, 2}},
                                            {2, {{5, 0, 1}}, 1, {SCENE_HEAP, 0, 2}}},
                    2);
    struct report *report = scene_report(&builder, "report_test");
    CHECK_STR(report_finding(report, 0)->message,
              "deadlock possible: main, holding mutex initialised at fixture.c:36 in Bank::audit (L4), "
              "locks mutex "
              "initialised at fixture.c:36 in Bank::audit (L5); teller, holding mutex initialised at "
              "fixture.c:36 in "
              "Bank::audit (L5), locks mutex initialised at fixture.c:36 in Bank::audit (L4)");
    report_free(report);
    builder_free(&builder);
}

TEST(long_rings_are_told_by_their_locks) {
    struct recording_builder builder;
    struct builder_step steps[10] = {{0}};
    builder_start(&builder);
    for (uint32_t i = 0; i < 10; i++)
        steps[i] = (struct builder_step){i + 1, {{(i + 9) % 10 + 1, 0, 0}}, 1, {i + 1, 0, 0}};
    builder_finding(&builder, FINDING_DEADLOCK_ACTUAL, FINDING_SHAPE_CYCLE, steps, 10);
    builder_finding(&builder, FINDING_DEADLOCK_POTENTIAL, FINDING_SHAPE_CYCLE, steps, 5);
    struct report *report = scene_report(&builder, "report_test");
    CHECK_STR(report_finding(report, 0)->message, "deadlock of 10 threads over lock L1 -> lock L2 -> lock L3 "
                                                  "-> lock L4 -> lock L5 -> lock L6 -> lock L7 -> "
                                                  "lock L8 -> ...");
    CHECK_STR(
        report_finding(report, 1)->message,
        "deadlock possible of 5 threads over lock L1 -> lock L2 -> lock L3 -> lock L4 -> lock L5 -> lock L1");
    report_free(report);
    builder_free(&builder);
}

TEST(events_of_living_threads_count_too) {
    struct recording_builder builder;
    builder_start(&builder);
    struct recording_slot *slots = builder_slots(&builder);
    slots[0].state = RECORDING_SLOT_RUNNING;
    slots[0].events[RECORDING_FAMILY_MUTEX] = 5;
    slots[1].events[RECORDING_FAMILY_MUTEX] = 100; /* free: counted in the header already */
    struct report *report = scene_report(&builder, "report_test");
    CHECK_EQ(report_events(report, RECORDING_FAMILY_MUTEX), 17);
    report_free(report);
    builder_free(&builder);
}

TEST(what_is_no_recording_leaves_the_report_as_it_was) {
    struct report *report = report_create();
    char error[256];
    CHECK_EQ(report_update(report, "/proc/self/exe", error, sizeof error), -EINVAL);
    CHECK_STR(error, "not a recording of gordian");
    CHECK_EQ(report_processes(report), 0);
    report_free(report);
}

TEST(damage_is_told_with_the_file) {
    struct recording_builder builder;
    scene_start(&builder);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_ACTUAL);
    builder_header(&builder)->size += 4096;
    struct report *report = scene_report(&builder, "report_test");
    CHECK_EQ(report_findings(report), 1);
    CHECK(strstr(report_damage(report, 0), "report_test.rec: cut off: 20480 of 24576 bytes are there"));
    CHECK(report_damage(report, 1) == NULL);
    report_free(report);
    builder_free(&builder);
}

CHECK_MAIN
