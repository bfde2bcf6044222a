#define _GNU_SOURCE
#include "reports/report_text.h"

#include <stdlib.h>

#include "tests/check.h"
#include "tests/reports/scene.h"

static void check_report(struct recording_builder *builder, const char *expected) {
    struct report *report = scene_report(builder, "report_text_test");
    char *text = scene_text(report);
    CHECK_STR(text, expected);
    free(text);
    report_free(report);
    builder_free(builder);
}

TEST(a_deadlock_is_understood_in_ten_seconds) {
    struct recording_builder builder;
    scene_start(&builder);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_ACTUAL);
    check_report(
        &builder,
        "gordian: deadlock: main holds account_lock and waits for table+0x40; teller holds table+0x40 and "
        "waits "
        "for account_lock\n"
        "\n"
        "  main (T1, tid 4711)\n"
        "    holds account_lock, locked at\n"
        "        take      fixture.c:23 (inlined)\n"
        "        transfer  fixture.c:28\n"
        "        session   fixture.c:41\n"
        "    waits for table+0x40 at\n"
        "        take      fixture.c:23 (inlined)\n"
        "        transfer  fixture.c:29\n"
        "        session   fixture.c:41\n"
        "\n"
        "  teller (T2, tid 4712), created by T1 at fixture.c:36 in Bank::audit\n"
        "    holds table+0x40, locked at\n"
        "        Bank::audit  fixture.c:36\n"
        "        session      fixture.c:42\n"
        "    also holds Bank::lock, locked at fixture.c:36 in Bank::audit\n"
        "    waits for account_lock at\n"
        "        take      fixture.c:23 (inlined)\n"
        "        transfer  fixture.c:28\n"
        "        session   fixture.c:41\n"
        "\n"
        "  table+0x40: mutex at ADDRESS\n"
        "  account_lock: mutex at ADDRESS\n"
        "\n"
        "  error deadlock.actual (cycle), id ID, seen 0.012 s after the start of bank (pid 4711)\n"
        "\n"
        "gordian: 1 finding: 1 error, 0 warnings, 0 notes\n"
        "  error    deadlock: main holds account_lock and waits for table+0x40; teller holds table+0x40 and "
        "waits for account_lock\n"
        "  seen: 12 mutex events in 2 threads of 1 process\n");
}

TEST(misuse_of_a_heap_lock_by_an_unnamed_thread) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_thread(&builder, 3, 2, 0, "bank");
    builder_finding(
        &builder, FINDING_MISUSE_UNLOCK_NOT_OWNER, FINDING_SHAPE_NONE,
        (struct builder_step[]){
            {.thread = 3, .wants = {SCENE_HEAP, LOCK_EXCLUSIVE, SCENE_AUDIT}},
            {.thread = SCENE_TELLER, .holds = {{SCENE_HEAP, LOCK_EXCLUSIVE, SCENE_FIRST}}, .holds_count = 1}},
        2);
    check_report(
        &builder,
        "gordian: thread T3 unlocks mutex initialised at fixture.c:36 in Bank::audit, which teller holds\n"
        "\n"
        "  thread T3 (tid 4713), created by T2\n"
        "    unlocks mutex initialised at fixture.c:36 in Bank::audit at\n"
        "        Bank::audit  fixture.c:36\n"
        "        session      fixture.c:42\n"
        "\n"
        "  teller (T2, tid 4712), created by T1 at fixture.c:36 in Bank::audit\n"
        "    holds mutex initialised at fixture.c:36 in Bank::audit, locked at\n"
        "        take      fixture.c:23 (inlined)\n"
        "        transfer  fixture.c:28\n"
        "        session   fixture.c:41\n"
        "\n"
        "  mutex initialised at fixture.c:36 in Bank::audit: mutex at ADDRESS\n"
        "\n"
        "  warning misuse.unlock_not_owner, id ID, seen 0.012 s after the start of bank (pid "
        "4711)\n"
        "\n"
        "gordian: 1 finding: 0 errors, 1 warning, 0 notes\n"
        "  warning  thread T3 unlocks mutex initialised at fixture.c:36 in Bank::audit, which teller "
        "holds\n"
        "  seen: 12 mutex events in 3 threads of 1 process\n");
}

TEST(a_run_without_lock_events_is_never_called_clean) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_header(&builder)->events[RECORDING_FAMILY_MUTEX] = 0;
    builder_header(&builder)->events[RECORDING_FAMILY_THREAD] = 3;
    check_report(&builder, "gordian: no lock event was seen: this run says nothing\n"
                           "  seen: 3 thread events in 0 threads of 1 process\n");
}

TEST(a_run_without_findings_says_what_it_saw) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_header(&builder)->events[RECORDING_FAMILY_MUTEX] = 1234567;
    builder_header(&builder)->events[RECORDING_FAMILY_THREAD] = 1;
    builder_thread(&builder, 1, 0, 0, NULL);
    check_report(&builder, "gordian: no finding\n"
                           "  seen: 1,234,567 mutex and 1 thread events in 1 thread of 1 process\n");
}

TEST(processes_that_locked_nothing_are_counted_not_listed) {
    struct recording_builder builder;
    builder_start(&builder);
    struct report *report = scene_report(&builder, "report_text_test_a");
    builder_header(&builder)->events[RECORDING_FAMILY_MUTEX] = 0;
    scene_read(&builder, "report_text_test_b", report);
    scene_read(&builder, "report_text_test_c", report);
    builder_header(&builder)->events[RECORDING_FAMILY_COND] = 1;
    builder_header(&builder)->forked = 1;
    scene_read(&builder, "report_text_test_d", report);
    char *text = scene_text(report);
    CHECK_STR(text, "gordian: no finding\n"
                    "  seen: 12 mutex and 1 condition events in 0 threads of 4 processes\n"
                    "  pid 4711: bank, 0 threads, 12 events\n"
                    "  pid 4711 (forked): bank, 0 threads, 1 event\n"
                    "  and 2 processes without any event\n");
    free(text);
    report_free(report);
    builder_free(&builder);
}

TEST(every_bound_that_was_reached_is_told_with_its_option) {
    struct recording_builder builder;
    builder_start(&builder);
    struct recording_header *header = builder_header(&builder);
    header->cut_searches = 2;
    header->unlisted_cycles = 1234;
    header->max_per_edge = 4;
    header->max_cycles = 1024;
    header->unkept_dependencies = 1;
    header->max_uses = 4096;
    header->crowded_dependencies = 7500;
    header->max_held = 320;
    header->lost = RECORDING_LOST_SPACE | RECORDING_LOST_MEMORY | RECORDING_LOST_STACK;
    header->dropped = 1;
    header->state = RECORDING_OFF;
    strcpy(header->off_reason, "no memory");
    builder_thread(&builder, 1, 0, 0, NULL);
    check_report(
        &builder,
        "gordian: no finding\n"
        "  seen: 12 mutex events in 1 thread of 1 process\n"
        "  note: pid 4711: gordian turned itself off: no memory\n"
        "  note: pid 4711: 2 searches for cycles reached the bound of 65536 steps: longer cycles "
        "may be missing (raise it "
        "with GORDIAN_OPTIONS=max_steps=N)\n"
        "  note: pid 4711: further cycles through the lock orders above are counted, not listed (1,234 "
        "times; GORDIAN_OPTIONS=max_per_edge=N lists more than 4 through one order, max_cycles=N more than "
        "1024)\n"
        "  note: pid 4711: 1 lock order was not kept, because more than 4096 threads took the same two "
        "locks: cycles with later ones may be missing (raise it with GORDIAN_OPTIONS=max_uses=N)\n"
        "  note: pid 4711: 7,500 acquisitions with more than 320 locks held were not looked at: cycles "
        "through them may be missing (raise it with GORDIAN_OPTIONS=max_held=N)\n"
        "  note: pid 4711: some stacks were deeper than 64 frames and were cut (raise it with "
        "GORDIAN_OPTIONS=stack_depth=N)\n"
        "  note: pid 4711: the disk was full: what happened after that is not recorded\n"
        "  note: pid 4711: memory ran out: some lock orders were not followed\n"
        "  note: pid 4711: 1 record could not be written\n");
}

TEST(strings_of_the_program_cannot_steer_the_terminal) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_thread(&builder, 3, 0, 0, "\033[31m\xff\"\\\n");
    builder_finding(&builder, FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = 3, .wants = {SCENE_BANK, LOCK_EXCLUSIVE, 0}}}, 1);
    check_report(&builder, "gordian: \\x1b[31m\\xff\"\\\\x0a unlocks Bank::lock, which nobody holds\n"
                           "\n"
                           "  \\x1b[31m\\xff\"\\\\x0a (T3, tid 4713)\n"
                           "    unlocks Bank::lock at\n"
                           "        (the stack is not known)\n"
                           "\n"
                           "  Bank::lock: mutex at ADDRESS\n"
                           "\n"
                           "  warning misuse.unlock_unlocked, id ID, seen 0.012 s after the start of bank "
                           "(pid 4711)\n"
                           "\n"
                           "gordian: 1 finding: 0 errors, 1 warning, 0 notes\n"
                           "  warning  \\x1b[31m\\xff\"\\\\x0a unlocks Bank::lock, which nobody holds\n"
                           "  seen: 12 mutex events in 3 threads of 1 process\n");
}

TEST(a_file_of_another_build_gives_no_wrong_names) {
    struct recording_builder builder;
    struct fixture_module module = fixture_module();
    struct fixture_stack stack = fixture_transfer_first();
    builder_start(&builder);
    module.build_id[0] ^= 1;
    builder_module(&builder, 1, module.path, module.start, module.end, module.bias, module.build_id,
                   module.build_id_size);
    builder_module(&builder, 2, "/opt/bank/libgone.so", 0x1000, 0x2000, 0x1000, NULL, 0);
    builder_stack(&builder, 1, stack.addresses, stack.count);
    builder_stack(&builder, 2, (uint64_t[]){0x1234, 0x99}, 2);
    builder_thread(&builder, 1, 0, 0, NULL);
    builder_lock(&builder, 1, LOCK_KIND_MUTEX, (uintptr_t)&account_lock, 0, 2);
    builder_finding(
        &builder, FINDING_MISUSE_RELOCK, FINDING_SHAPE_SELF,
        (struct builder_step[]){{.thread = 1, .holds = {{1, 0, 2}}, .holds_count = 1, .wants = {1, 0, 2}}},
        1);
    check_report(
        &builder,
        "gordian: main locks mutex first locked at libgone.so+0x234 again while it holds it\n"
        "\n"
        "  main (T1, tid 4711)\n"
        "    holds mutex first locked at libgone.so+0x234, locked at\n"
        "        ??  /opt/bank/libgone.so+0x234\n"
        "        ??  ADDRESS in no known module\n"
        "    locks again mutex first locked at libgone.so+0x234 at\n"
        "        ??  /opt/bank/libgone.so+0x234\n"
        "        ??  ADDRESS in no known module\n"
        "\n"
        "  mutex first locked at libgone.so+0x234: mutex at ADDRESS\n"
        "\n"
        "  warning misuse.relock (self), id ID, seen 0.012 s after the start of bank (pid 4711)\n"
        "\n"
        "gordian: 1 finding: 0 errors, 1 warning, 0 notes\n"
        "  warning  main locks mutex first locked at libgone.so+0x234 again while it holds it\n"
        "  seen: 12 mutex events in 1 thread of 1 process\n"
        "  note: /opt/bank/libgone.so is not there: its functions and locks have no names\n"
        "  note: PROGRAM is another build than the one that ran: its functions and locks have no names\n");
}

TEST(what_is_withdrawn_is_not_shown_but_told) {
    struct recording_builder builder;
    scene_start(&builder);
    size_t at = scene_add_deadlock(&builder, FINDING_DEADLOCK_ACTUAL);
    struct report *report = scene_report(&builder, "report_text_test");
    builder_finding_at(&builder, at)->count = 0;
    scene_read(&builder, "report_text_test", report);
    char *text = scene_text(report);
    CHECK_STR(text, "gordian: no finding\n"
                    "  seen: 12 mutex events in 2 threads of 1 process\n"
                    "  note: 1 finding told while the program ran proved wrong later and was withdrawn\n");
    free(text);
    report_free(report);
    builder_free(&builder);
}

TEST(modules_with_futexes_of_their_own_are_named) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_module(&builder, 1, "/nonexistent/libwait.so", 0x1000, 0x2000, 0x1000, NULL, 0);
    builder_futex_user(&builder, 0x1010);
    check_report(&builder,
                 "gordian: no finding\n"
                 "  seen: 12 mutex events in 0 threads of 1 process\n"
                 "  note: not seen: futex (libwait.so). This module locks and waits by futexes of its own, "
                 "below the functions that gordian watches: deadlocks through them are not found\n"
                 "  note: /nonexistent/libwait.so is not there: its functions and locks have no names\n");
}

TEST(a_stack_of_ten_thousand_frames_is_folded_where_it_repeats) {
    static uint64_t addresses[10000];
    struct recording_builder builder;
    scene_start(&builder);
    for (size_t i = 0; i < 10000; i++)
        addresses[i] = 0x99;
    addresses[0] = 0x98;
    builder_stack(&builder, 9, addresses, 10000);
    builder_finding(&builder, FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = 1, .wants = {SCENE_BANK, 0, 9}}}, 1);
    char *text = scene_finding_text(&builder, &(struct report_style){0});
    CHECK(strstr(text, "        ??  0x98 in no known module\n"
                       "        ??  0x99 in no known module (9999 times)\n"));
    free(text);
}

TEST(three_hundred_locks_held_are_counted_unless_all_are_asked_for) {
    for (int full = 0; full < 2; full++) {
        struct recording_builder builder;
        struct recording_finding fixed = {.finding = 1,
                                          .kind = FINDING_DEADLOCK_ACTUAL,
                                          .shape = FINDING_SHAPE_SELF,
                                          .severity = FINDING_ERROR,
                                          .count = 1,
                                          .steps_count = 1,
                                          .holds_count = 300};
        struct recording_finding_step step = {1, 300, 0, {1, 0, 0}};
        struct lock_hold holds[300];
        unsigned char record[sizeof fixed + sizeof step + sizeof holds];
        scene_start(&builder);
        for (uint32_t i = 0; i < 300; i++)
            holds[i] = (struct lock_hold){i + 1, LOCK_EXCLUSIVE, 0};
        memcpy(record, &fixed, sizeof fixed);
        memcpy(record + sizeof fixed, &step, sizeof step);
        memcpy(record + sizeof fixed + sizeof step, holds, sizeof holds);
        builder_record(&builder, RECORDING_FINDING, record, sizeof record);
        char *text = scene_finding_text(&builder, &(struct report_style){.full = full});
        CHECK_EQ(strstr(text, "    also holds 291 more locks\n") != NULL, !full);
        CHECK_EQ(strstr(text, "    holds lock L300, locked at\n") != NULL, full);
        free(text);
    }
}

TEST(colour_only_where_the_style_says_so_and_long_lines_fold_at_words) {
    struct recording_builder builder;
    scene_start(&builder);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL);
    char *text = scene_finding_text(&builder, &(struct report_style){.colour = true, .width = 60});
    static const char head[] = "\033[1;33mgordian: deadlock possible: main, holding account_lock,\n"
                               "    locks table+0x40; teller, holding table+0x40, locks\n"
                               "    account_lock\n\033[0m";
    text[sizeof head - 1] = 0;
    CHECK_STR(text, head);
    free(text);
}

TEST(a_terminal_of_ascii_gets_nothing_else) {
    for (int utf8 = 0; utf8 < 2; utf8++) {
        struct recording_builder builder;
        scene_start(&builder);
        builder_thread(&builder, 3, 0, 0, "z\xc3\xa4hler");
        builder_finding(&builder, FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_SHAPE_NONE,
                        (struct builder_step[]){{.thread = 3, .wants = {SCENE_BANK, LOCK_EXCLUSIVE, 0}}}, 1);
        char *text = scene_finding_text(&builder, &(struct report_style){.utf8 = utf8});
        CHECK_EQ(strncmp(text, "gordian: z\xc3\xa4hler unlocks", 23) == 0, utf8);
        CHECK_EQ(strncmp(text, "gordian: z\\u{e4}hler unlocks", 23) == 0, !utf8);
        free(text);
    }
}

TEST(every_line_but_those_of_stacks_keeps_to_the_width) {
    struct recording_builder builder;
    scene_start(&builder);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_ACTUAL);
    char *text = scene_finding_text(&builder, &(struct report_style){.width = 40}),
         *normal = scene_normalise(text);
    CHECK_STR(normal, "gordian: deadlock: main holds\n"
                      "    account_lock and waits for\n"
                      "    table+0x40; teller holds table+0x40\n"
                      "    and waits for account_lock\n"
                      "\n"
                      "  main (T1, tid 4711)\n"
                      "    holds account_lock, locked at\n"
                      "        take      fixture.c:23 (inlined)\n"
                      "        transfer  fixture.c:28\n"
                      "        session   fixture.c:41\n"
                      "    waits for table+0x40 at\n"
                      "        take      fixture.c:23 (inlined)\n"
                      "        transfer  fixture.c:29\n"
                      "        session   fixture.c:41\n"
                      "\n"
                      "  teller (T2, tid 4712), created by T1\n"
                      "      at fixture.c:36 in Bank::audit\n"
                      "    holds table+0x40, locked at\n"
                      "        Bank::audit  fixture.c:36\n"
                      "        session      fixture.c:42\n"
                      "    also holds Bank::lock, locked at\n"
                      "      fixture.c:36 in Bank::audit\n"
                      "    waits for account_lock at\n"
                      "        take      fixture.c:23 (inlined)\n"
                      "        transfer  fixture.c:28\n"
                      "        session   fixture.c:41\n"
                      "\n"
                      "  table+0x40: mutex at ADDRESS\n"
                      "  account_lock: mutex at ADDRESS\n"
                      "\n"
                      "  error deadlock.actual (cycle), id\n"
                      "    ID, seen 0.012 s after\n"
                      "    the start of bank (pid 4711)\n"
                      "\n");
    free(normal);
    free(text);
}

CHECK_MAIN
