#include "reports/report_github.h"

#include <stdlib.h>

#include "tests/check.h"
#include "tests/reports/scene.h"

static void check_report(const struct report *report, const char *expected) {
    char *text = scene_written(report, report_github_write);
    CHECK_STR(text, expected);
    free(text);
}

TEST(a_line_for_each_finding_the_gravest_first) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_thread(&builder, 3, 0, 0, "100%\n\033,:\xff");
    size_t warning = builder_finding(&builder, FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_SHAPE_NONE,
                                     (struct builder_step[]){{.thread = 3, .wants = {SCENE_BANK, 0, 0}}}, 1);
    builder_finding_at(&builder, warning)->severity = FINDING_WARNING;
    size_t error = scene_add_deadlock(&builder, FINDING_DEADLOCK_ACTUAL);
    builder_finding_at(&builder, error)->severity = FINDING_ERROR;
    size_t note =
        builder_finding(&builder, FINDING_BLOCKING_WAIT_HOLDING, FINDING_SHAPE_NONE,
                        (struct builder_step[]){
                            {SCENE_MAIN, {{SCENE_BANK, 0, SCENE_AUDIT}}, 1, {SCENE_TABLE, 0, SCENE_FIRST}}},
                        1);
    builder_finding_at(&builder, note)->severity = FINDING_NOTE;
    struct report *report = scene_report(&builder, "report_github_test");
    check_report(report,
                 "::error file=tests/reports/fixture.c,line=23,title=gordian%3A deadlock.actual (ID)::deadlo"
                 "ck: main holds account_lock and waits for table+0x40; teller holds table+0x40 and waits fo"
                 "r account_lock%0Amain holds account_lock, locked at fixture.c:23%0Amain waits for table+0x"
                 "40 at fixture.c:23%0Ateller holds table+0x40, locked at fixture.c:36%0Ateller waits for ac"
                 "count_lock at fixture.c:23\n"
                 "::warning title=gordian%3A misuse.unlock_unlocked (ID)::100%25\\x0a\\x1b,:\\xff unlocks Ba"
                 "nk::lock, which nobody holds\n"
                 "::notice file=tests/reports/fixture.c,line=23,title=gordian%3A blocking.wait_holding (ID):"
                 ":main waits for table+0x40 while it holds Bank::lock%0Amain holds Bank::lock, locked at fi"
                 "xture.c:36%0Amain waits for table+0x40 at fixture.c:23\n");
    for (size_t i = 0; i < report_findings(report); i++)
        ((struct report_finding *)report_finding(report, i))->suppressed = true;
    check_report(report, "");
    report_free(report);
    builder_free(&builder);
}

TEST(a_crowd_is_counted) {
    enum { CROWD = 100 };
    struct recording_builder builder;
    struct builder_step steps[CROWD];
    scene_start(&builder);
    for (uint32_t i = 0; i < CROWD; i++)
        steps[i] = (struct builder_step){.thread = SCENE_MAIN, .wants = {SCENE_BANK, 0, SCENE_AUDIT}};
    builder_finding(&builder, FINDING_HANG_ALL_BLOCKED, FINDING_SHAPE_NONE, steps, CROWD);
    struct report *report = scene_report(&builder, "report_github_test");
    char *text = scene_written(report, report_github_write), *end = text + strlen(text);
    static const char last[] = "%0Aand 80 more\n";
    CHECK_STR(end - (sizeof last - 1), last);
    free(text);
    report_free(report);
    builder_free(&builder);
}

TEST(a_run_that_says_nothing_is_an_error) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_header(&builder)->events[RECORDING_FAMILY_MUTEX] = 0;
    struct report *report = scene_report(&builder, "report_github_test");
    check_report(report, "::error title=gordian::no lock event was seen: this run says nothing\n");
    report_free(report);
    builder_free(&builder);
}

CHECK_MAIN
