#define _GNU_SOURCE
#include "reports/profile_text.h"

#include <stdlib.h>

#include "tests/check.h"
#include "tests/reports/scene.h"

static char *table_of(const struct report *report, bool full) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    profile_text_write(report, &(struct report_style){.full = full}, out);
    fclose(out);
    char *normal = scene_normalise(text);
    free(text);
    return normal;
}

static void check_table(struct recording_builder *builder, const char *expected) {
    struct report *report = scene_report(builder, "profile_text_test");
    char *text = table_of(report, false);
    CHECK_STR(text, expected);
    free(text);
    report_free(report);
    builder_free(builder);
}

static struct recording_profile profile_of(uint32_t lock, uint64_t contended, uint64_t wait_ns) {
    return (struct recording_profile){.lock = lock,
                                      .acquisitions = 1204331,
                                      .contended = contended,
                                      .wait_ns = wait_ns,
                                      .longest_wait_ns = 320000000,
                                      .hold_ns = 3100000000,
                                      .longest_hold_ns = 12000000,
                                      .hold_samples = 1204331,
                                      .top = {{.stack = SCENE_AUDIT, .waits = 3, .wait_ns = 10},
                                              {.stack = SCENE_FIRST, .waits = 1, .wait_ns = 20}}};
}

TEST(no_table_where_no_lock_was_waited_for) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_header(&builder)->unprofiled_locks = 7;
    builder_profile(&builder, profile_of(SCENE_BANK, 0, 0));
    check_table(&builder, "");
}

TEST(locks_are_listed_by_the_time_waited) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_header(&builder)->unprofiled_locks = 2;
    builder_header(&builder)->max_profiled = 256;
    builder_lock(&builder, 20, LOCK_KIND_RWLOCK, (uintptr_t)&bank_lock, 0, 0);
    struct recording_profile estimated = profile_of(20, 15204, 2310000000);
    estimated.hold_samples = 1000;
    struct recording_profile unknown = profile_of(SCENE_ACCOUNT, 1, 0);
    memset(unknown.top, 0, sizeof unknown.top);
    builder_profile(&builder, unknown);
    builder_profile(&builder, profile_of(SCENE_TABLE, 1, 1500));
    builder_profile(&builder, estimated);
    check_table(&builder,
                "  contention (~: estimated from samples):\n"
                "    lock          kind    taken       had to wait     waited  longest  held    longest  "
                "waited most at\n"
                "    Bank::lock    rwlock  ~1,204,331  15,204 (1.3 %)  2.3 s   320 ms   ~3.1 s  12 ms    "
                "fixture.c:23 in take\n"
                "    table+0x40    mutex   1,204,331   1 (<0.1 %)      1.5 us  320 ms   3.1 s   12 ms    "
                "fixture.c:23 in take\n"
                "    account_lock  mutex   1,204,331   1 (<0.1 %)      0       320 ms   3.1 s   12 ms\n"
                "    2 more locks were not measured: only 256 of a process are (raise it with "
                "GORDIAN_OPTIONS=max_profiled=N)\n");
}

TEST(ten_rows_are_enough_unless_all_are_asked_for) {
    struct recording_builder builder;
    scene_start(&builder);
    for (uint32_t i = 0; i < 13; i++) {
        builder_lock(&builder, 20 + i, LOCK_KIND_SPIN, 0x7f0000001000 + i, 0, 0);
        builder_profile(&builder, profile_of(20 + i, 1, 1000 * (i + 1)));
    }
    struct report *report = scene_report(&builder, "profile_text_test");
    for (int full = 0; full < 2; full++) {
        char *text = table_of(report, full);
        size_t rows = 0;
        for (const char *at = text; (at = strstr(at, "    spin lock ADDRESS")) != NULL; at++)
            rows++;
        CHECK_EQ(rows, full ? 13 : 10);
        CHECK_EQ(strstr(text, "\n    and 3 more locks, waited for 6.0 us in all (--full lists them)\n") !=
                     NULL,
                 !full);
        free(text);
    }
    report_free(report);
    builder_free(&builder);
}

TEST(of_several_processes_each_lock_says_its_own) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_profile(&builder, profile_of(SCENE_BANK, 3, 3000));
    struct report *report = scene_report(&builder, "profile_text_test_a");
    builder_header(&builder)->pid = 4712;
    builder_profile(&builder, profile_of(SCENE_TABLE, 1, 2000));
    scene_read(&builder, "profile_text_test_b", report);
    char *text = table_of(report, false);
    CHECK_STR(text, "  contention:\n"
                    "    lock        kind   pid   taken      had to wait  waited  longest  held   longest  "
                    "waited most at\n"
                    "    Bank::lock  mutex  4711  1,204,331  3 (<0.1 %)   3.0 us  320 ms   3.1 s  12 ms    "
                    "fixture.c:23 in take\n"
                    "    Bank::lock  mutex  4712  1,204,331  3 (<0.1 %)   3.0 us  320 ms   3.1 s  12 ms    "
                    "fixture.c:23 in take\n"
                    "    table+0x40  mutex  4712  1,204,331  1 (<0.1 %)   2.0 us  320 ms   3.1 s  12 ms    "
                    "fixture.c:23 in take\n");
    free(text);
    report_free(report);
    builder_free(&builder);
}

TEST(names_of_the_program_cannot_steer_the_terminal) {
    static const struct builder_python python = {"\033[31mtake", "/srv/b\303\274nk\033.py", 12};
    struct recording_builder builder;
    scene_start(&builder);
    builder_python(&builder, 1, &python, 1);
    builder_stack_python(&builder, 30, NULL, 0, 1);
    builder_lock(&builder, 20, LOCK_KIND_SEMAPHORE, 0x7f0000001000, 30, 0);
    builder_profile(&builder, profile_of(20, 1, 1000));
    check_table(&builder, "  contention:\n"
                          "    lock                                                     kind       taken     "
                          " had to wait  waited  longest  held   longest  waited most at\n"
                          "    semaphore initialised at bünk\\x1b.py:12 in \\x1b[31mtake  semaphore  "
                          "1,204,331  1 (<0.1 %)   1.0 us  320 ms   3.1 s  12 ms    fixture.c:23 in take\n");
}

CHECK_MAIN
