#include "reports/report_gitlab.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "tests/check.h"
#include "tests/reports/scene.h"

static void check_report(const struct report *report, const char *expected) {
    char *text = scene_written(report, report_gitlab_write);
    cJSON *root = cJSON_Parse(text);
    char *compact = root ? cJSON_PrintUnformatted(root) : NULL;
    CHECK_STR(compact, expected);
    cJSON_Delete(root);
    free(compact);
    free(text);
}

TEST(an_entry_for_each_finding_with_a_place) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_thread(&builder, 3, 0, 0, "\033\xff");
    size_t warning =
        builder_finding(&builder, FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_SHAPE_NONE,
                        (struct builder_step[]){{.thread = 3, .wants = {SCENE_BANK, 0, SCENE_AUDIT}}}, 1);
    builder_finding_at(&builder, warning)->severity = FINDING_WARNING;
    size_t error = scene_add_deadlock(&builder, FINDING_DEADLOCK_ACTUAL);
    builder_finding_at(&builder, error)->severity = FINDING_ERROR;
    size_t note =
        builder_finding(&builder, FINDING_BLOCKING_WAIT_HOLDING, FINDING_SHAPE_NONE,
                        (struct builder_step[]){
                            {SCENE_MAIN, {{SCENE_BANK, 0, SCENE_AUDIT}}, 1, {SCENE_TABLE, 0, SCENE_FIRST}}},
                        1);
    builder_finding_at(&builder, note)->severity = FINDING_NOTE;
    builder_finding(&builder, FINDING_MISUSE_RELOCK, FINDING_SHAPE_SELF,
                    (struct builder_step[]){{.thread = SCENE_MAIN, .wants = {SCENE_HEAP, 0, 0}}}, 1);
    struct report *report = scene_report(&builder, "report_gitlab_test");
    check_report(report,
                 "[{\"description\":\"\\\\x1b\\\\xff unlocks Bank::lock, which nobody holds\",\"check_name\""
                 ":\"misuse.unlock_unlocked\",\"fingerprint\":\"ID\",\"severity\":\"major\",\"location\":{\""
                 "path\":\"fixture.c\",\"lines\":{\"begin\":36}}},{\"description\":\"deadlock: main holds ac"
                 "count_lock and waits for table+0x40; teller holds table+0x40 and waits for account_lock\","
                 "\"check_name\":\"deadlock.actual\",\"fingerprint\":\"ID\",\"severity\":\"critical\",\"loca"
                 "tion\":{\"path\":\"fixture.c\",\"lines\":{\"begin\":23}}},{\"description\":\"main waits fo"
                 "r table+0x40 while it holds Bank::lock\",\"check_name\":\"blocking.wait_holding\",\"finger"
                 "print\":\"ID\",\"severity\":\"info\",\"location\":{\"path\":\"fixture.c\",\"lines\":{\"beg"
                 "in\":23}}}]");
    for (size_t i = 0; i < report_findings(report); i++)
        ((struct report_finding *)report_finding(report, i))->suppressed = true;
    check_report(report, "[]");
    report_free(report);
    builder_free(&builder);
}

CHECK_MAIN
