#include "reports/report_sarif.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "tests/check.h"
#include "tests/reports/scene.h"

static cJSON *parsed(const char *name, const struct report *report) {
    char file[64];
    snprintf(file, sizeof file, "%s.sarif", name);
    scene_keep(report, report_sarif_write, file);
    char *text = scene_written(report, report_sarif_write);
    cJSON *root = cJSON_Parse(text);
    CHECK(root != NULL);
    free(text);
    return root;
}

static cJSON *at(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* The first run's value at `key`. */
static cJSON *run_at(const cJSON *root, const char *key) {
    return at(cJSON_GetArrayItem(at(root, "runs"), 0), key);
}

static cJSON *result_at(const cJSON *root, int index) {
    return cJSON_GetArrayItem(run_at(root, "results"), index);
}

static void check_json(const cJSON *item, const char *expected) {
    char *text = item ? cJSON_PrintUnformatted(item) : NULL;
    CHECK_STR(text, expected);
    free(text);
}

TEST(a_whole_result) {
    struct recording_builder builder;
    scene_start(&builder);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_ACTUAL);
    struct report *report = scene_report(&builder, "report_sarif_test");
    cJSON *root = parsed("deadlock", report);
    check_json(
        result_at(root, 0),
        "{\"ruleId\":\"deadlock.actual\",\"ruleIndex\":1,\"level\":\"error\",\"message\":{\"text\":"
        "\"deadlock: main holds account_lock and waits for table+0x40; teller holds table+0x40 and "
        "waits for account_lock\"},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"ur"
        "i\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":23}},\"logicalLocat"
        "ions\":[{\"fullyQualifiedName\":\"take\",\"kind\":\"function\"}]}],\"relatedLocations\":[{"
        "\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT"
        "\"},\"region\":{\"startLine\":23}},\"logicalLocations\":[{\"fullyQualifiedName\":\"take\","
        "\"kind\":\"function\"}],\"message\":{\"text\":\"main holds account_lock, locked here\"},\""
        "id\":1},{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"fixture.c\",\"uriBaseId\":"
        "\"SRCROOT\"},\"region\":{\"startLine\":36}},\"logicalLocations\":[{\"fullyQualifiedName\":"
        "\"Bank::audit()\",\"kind\":\"function\"}],\"message\":{\"text\":\"teller holds table+0x40,"
        " locked here\"},\"id\":2},{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"fixture.c"
        "\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":23}},\"logicalLocations\":[{\"full"
        "yQualifiedName\":\"take\",\"kind\":\"function\"}],\"message\":{\"text\":\"teller waits for"
        " account_lock here\"},\"id\":3}],\"codeFlows\":[{\"threadFlows\":[{\"id\":\"T1\",\"message"
        "\":{\"text\":\"main\"},\"locations\":[{\"location\":{\"physicalLocation\":{\"artifactLocat"
        "ion\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":23}},\"l"
        "ogicalLocations\":[{\"fullyQualifiedName\":\"take\",\"kind\":\"function\"}],\"message\":{"
        "\"text\":\"main holds account_lock, locked here\"}},\"stack\":{\"frames\":[{\"location\":{"
        "\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT"
        "\"},\"region\":{\"startLine\":23}},\"logicalLocations\":[{\"fullyQualifiedName\":\"take\","
        "\"kind\":\"function\"}]},\"module\":\"report_sarif_test\"},{\"location\":{\"physicalLocati"
        "on\":{\"artifactLocation\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{"
        "\"startLine\":28}},\"logicalLocations\":[{\"fullyQualifiedName\":\"transfer\",\"kind\":\"f"
        "unction\"}]},\"module\":\"report_sarif_test\"},{\"location\":{\"physicalLocation\":{\"arti"
        "factLocation\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\""
        ":41}},\"logicalLocations\":[{\"fullyQualifiedName\":\"session\",\"kind\":\"function\"}]},"
        "\"module\":\"report_sarif_test\"}]},\"kinds\":[\"acquire\",\"lock\"],\"importance\":\"esse"
        "ntial\"},{\"location\":{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"fixture.c\","
        "\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":23}},\"logicalLocations\":[{\"fullyQu"
        "alifiedName\":\"take\",\"kind\":\"function\"}],\"message\":{\"text\":\"main waits for tabl"
        "e+0x40 here\"}},\"stack\":{\"frames\":[{\"location\":{\"physicalLocation\":{\"artifactLoca"
        "tion\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":23}},\""
        "logicalLocations\":[{\"fullyQualifiedName\":\"take\",\"kind\":\"function\"}]},\"module\":"
        "\"report_sarif_test\"},{\"location\":{\"physicalLocation\":{\"artifactLocation\":{\"uri\":"
        "\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":29}},\"logicalLocations"
        "\":[{\"fullyQualifiedName\":\"transfer\",\"kind\":\"function\"}]},\"module\":\"report_sari"
        "f_test\"},{\"location\":{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"fixture.c\""
        ",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":41}},\"logicalLocations\":[{\"fullyQ"
        "ualifiedName\":\"session\",\"kind\":\"function\"}]},\"module\":\"report_sarif_test\"}]},\""
        "kinds\":[\"acquire\",\"lock\"],\"importance\":\"essential\"}]},{\"id\":\"T2\",\"message\":"
        "{\"text\":\"teller\"},\"locations\":[{\"location\":{\"physicalLocation\":{\"artifactLocati"
        "on\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":36}},\"lo"
        "gicalLocations\":[{\"fullyQualifiedName\":\"Bank::audit()\",\"kind\":\"function\"}],\"mess"
        "age\":{\"text\":\"teller is created by T1 here\"}},\"stack\":{\"frames\":[{\"location\":{"
        "\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT"
        "\"},\"region\":{\"startLine\":36}},\"logicalLocations\":[{\"fullyQualifiedName\":\"Bank::a"
        "udit()\",\"kind\":\"function\"}]},\"module\":\"report_sarif_test\"},{\"location\":{\"physi"
        "calLocation\":{\"artifactLocation\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"re"
        "gion\":{\"startLine\":42}},\"logicalLocations\":[{\"fullyQualifiedName\":\"session\",\"kin"
        "d\":\"function\"}]},\"module\":\"report_sarif_test\"}]},\"kinds\":[\"call\"],\"importance"
        "\":\"unimportant\"},{\"location\":{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"f"
        "ixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":36}},\"logicalLocations\":"
        "[{\"fullyQualifiedName\":\"Bank::audit()\",\"kind\":\"function\"}],\"message\":{\"text\":"
        "\"teller holds table+0x40, locked here\"}},\"stack\":{\"frames\":[{\"location\":{\"physica"
        "lLocation\":{\"artifactLocation\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"regi"
        "on\":{\"startLine\":36}},\"logicalLocations\":[{\"fullyQualifiedName\":\"Bank::audit()\","
        "\"kind\":\"function\"}]},\"module\":\"report_sarif_test\"},{\"location\":{\"physicalLocati"
        "on\":{\"artifactLocation\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{"
        "\"startLine\":42}},\"logicalLocations\":[{\"fullyQualifiedName\":\"session\",\"kind\":\"fu"
        "nction\"}]},\"module\":\"report_sarif_test\"}]},\"kinds\":[\"acquire\",\"lock\"],\"importa"
        "nce\":\"essential\"},{\"location\":{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\""
        "fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":36}},\"logicalLocations\""
        ":[{\"fullyQualifiedName\":\"Bank::audit()\",\"kind\":\"function\"}],\"message\":{\"text\":"
        "\"teller holds Bank::lock, locked here\"}},\"stack\":{\"frames\":[{\"location\":{\"physica"
        "lLocation\":{\"artifactLocation\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"regi"
        "on\":{\"startLine\":36}},\"logicalLocations\":[{\"fullyQualifiedName\":\"Bank::audit()\","
        "\"kind\":\"function\"}]},\"module\":\"report_sarif_test\"},{\"location\":{\"physicalLocati"
        "on\":{\"artifactLocation\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{"
        "\"startLine\":42}},\"logicalLocations\":[{\"fullyQualifiedName\":\"session\",\"kind\":\"fu"
        "nction\"}]},\"module\":\"report_sarif_test\"}]},\"kinds\":[\"acquire\",\"lock\"],\"importa"
        "nce\":\"unimportant\"},{\"location\":{\"physicalLocation\":{\"artifactLocation\":{\"uri\":"
        "\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":23}},\"logicalLocations"
        "\":[{\"fullyQualifiedName\":\"take\",\"kind\":\"function\"}],\"message\":{\"text\":\"telle"
        "r waits for account_lock here\"}},\"stack\":{\"frames\":[{\"location\":{\"physicalLocation"
        "\":{\"artifactLocation\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"s"
        "tartLine\":23}},\"logicalLocations\":[{\"fullyQualifiedName\":\"take\",\"kind\":\"function"
        "\"}]},\"module\":\"report_sarif_test\"},{\"location\":{\"physicalLocation\":{\"artifactLoc"
        "ation\":{\"uri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":28}},"
        "\"logicalLocations\":[{\"fullyQualifiedName\":\"transfer\",\"kind\":\"function\"}]},\"modu"
        "le\":\"report_sarif_test\"},{\"location\":{\"physicalLocation\":{\"artifactLocation\":{\"u"
        "ri\":\"fixture.c\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":41}},\"logicalLoca"
        "tions\":[{\"fullyQualifiedName\":\"session\",\"kind\":\"function\"}]},\"module\":\"report_"
        "sarif_test\"}]},\"kinds\":[\"acquire\",\"lock\"],\"importance\":\"essential\"}]}]}],\"part"
        "ialFingerprints\":{\"gordianId/v1\":\"ID\",\"primaryLocationLineHash\":\"ID:1\"},\"occurre"
        "nceCount\":1,\"properties\":{\"shape\":\"cycle\",\"pid\":4711,\"time_s\":0.012,\"locks\":["
        "\"account_lock\",\"table+0x40\",\"Bank::lock\"],\"rule\":\"[deadlock.actual: account_lock, "
        "table]\\n# deadlock: main holds account_lock and waits for table+0x40; teller holds table+0x40 "
        "and waits for account_lock\\nid: ID\\n# Instead of the id, to silence what is like it, and still "
        "after an edit:\\n# kind: deadlock.actual\\n# lock: account_lock\\n# lock: table\\n# frames: "
        "function:take; function:transfer\\n# frames: function:Bank::audit; function:session\\n\"}}");
    CHECK_EQ(cJSON_GetArraySize(run_at(root, "results")), 1);
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

TEST(what_stands_around_the_results) {
    struct recording_builder builder;
    scene_start(&builder);
    struct report *report = scene_report(&builder, "report_sarif_test");
    report_set_run(report, &(struct report_run){.argv = (const char *const[]){"./bank", "--all", NULL},
                                                .exe = "/src/the bank",
                                                .pid = 99,
                                                .started_ns = 1704164645123456789u,
                                                .duration_s = 1.5,
                                                .exit = 3});
    cJSON *root = parsed("run", report);
    check_json(at(root, "$schema"),
               "\"https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json\"");
    check_json(at(root, "version"), "\"2.1.0\"");
    check_json(run_at(root, "automationDetails"), "{\"id\":\"gordian/the bank/\"}");
    check_json(run_at(root, "originalUriBaseIds"), "{\"SRCROOT\":{\"uri\":\"file:///checkout/\"}}");
    check_json(run_at(root, "results"), "[]");
    check_json(run_at(root, "invocations"),
               "[{\"arguments\":[\"--all\"],\"executableLocation\":{\"uri\":\"file:///src/the%20bank\"},"
               "\"processId\":99,\"startTimeUtc\":\"2024-01-02T03:04:05.123Z\","
               "\"endTimeUtc\":\"2024-01-02T03:04:06.623Z\",\"exitCode\":3,\"toolExecutionNotifications\":[],"
               "\"executionSuccessful\":true}]");
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

TEST(every_kind_is_a_rule) {
    struct recording_builder builder;
    scene_start(&builder);
    for (uint32_t kind = 1; kind < FINDING_KINDS; kind++)
        builder_finding(&builder, kind, kind % FINDING_SHAPES,
                        (struct builder_step[]){{9, {{SCENE_BANK, 0, 99}, {0, 0, 0}}, 2, {SCENE_HEAP, 1, 2}}},
                        1);
    struct report *report = scene_report(&builder, "report_sarif_test");
    cJSON *root = parsed("kinds", report);
    const cJSON *rules = at(at(run_at(root, "tool"), "driver"), "rules");
    CHECK_EQ(cJSON_GetArraySize(rules), FINDING_KINDS - 1);
    for (int i = 0; i < cJSON_GetArraySize(rules); i++)
        CHECK_STR(cJSON_GetStringValue(at(cJSON_GetArrayItem(rules, i), "id")),
                  finding_kind_name((uint32_t)i + 1));
    check_json(cJSON_GetArrayItem(rules, FINDING_STARVATION - 1),
               "{\"id\":\"starvation\",\"name\":\"Starvation\",\"shortDescription\":{\"text\":\"A thread w"
               "aited long for a lock that others took again and again.\"},\"fullDescription\":{\"text\":"
               "\"It was overtaken more often, and waited longer, than the limits allow.\"},\"help\":{\"te"
               "xt\":\"It was overtaken more often, and waited longer, than the limits allow. Hold the loc"
               "k for less, yield between two holds, or use a queue of tickets.\",\"markdown\":\"It was ov"
               "ertaken more often, and waited longer, than the limits allow. Hold the lock for less, yiel"
               "d between two holds, or use a queue of tickets.\"},\"defaultConfiguration\":{\"level\":\"w"
               "arning\"},\"properties\":{\"tags\":[\"concurrency\",\"external/cwe/cwe-410\"],\"precision"
               "\":\"very-high\",\"problem.severity\":\"warning\"}}");
    int count = cJSON_GetArraySize(run_at(root, "results"));
    CHECK_EQ(count, FINDING_KINDS - 2); /* prediction and deadlock are one */
    static const char *const levels[] = {"error", "warning", "note"};
    int level = 0;
    for (int i = 0; i < count; i++) {
        const cJSON *result = result_at(root, i);
        int rule = at(result, "ruleIndex")->valueint;
        CHECK_STR(cJSON_GetStringValue(at(result, "ruleId")),
                  cJSON_GetStringValue(at(cJSON_GetArrayItem(rules, rule), "id")));
        while (level < 3 && strcmp(cJSON_GetStringValue(at(result, "level")), levels[level]) != 0)
            level++; /* the gravest come first */
    }
    CHECK(level < 3);
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

TEST(a_run_that_says_nothing_has_not_succeeded) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_header(&builder)->events[RECORDING_FAMILY_MUTEX] = 0;
    builder_header(&builder)->state = RECORDING_OFF;
    strcpy(builder_header(&builder)->off_reason, "no memory");
    builder_header(&builder)->size += 4096;
    struct report *report = scene_report(&builder, "report_sarif_test");
    cJSON *root = parsed("nothing", report), *invocation = cJSON_GetArrayItem(run_at(root, "invocations"), 0);
    check_json(at(invocation, "executionSuccessful"), "false");
    check_json(at(invocation, "toolExecutionNotifications"),
               "[{\"level\":\"error\",\"message\":{\"text\":\"no lock event was seen: this run says nothin"
               "g\"}},{\"level\":\"error\",\"message\":{\"text\":\"gordian turned itself off in process 47"
               "11: no memory\"}},{\"level\":\"warning\",\"message\":{\"text\":\"TMP/report_sarif_test.rec"
               ": cut off: 20480 of 24576 bytes are there\"}}]");
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

TEST(without_sources_a_result_stands_in_its_module_or_program) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_module(&builder, 1, "/opt/bank/lib gone.so", 0x1000, 0x2000, 0x1000, (const uint8_t *)"\xab\xcd",
                   2);
    builder_stack(&builder, 1, (uint64_t[]){0x1234, 0x99}, 2);
    builder_stack(&builder, 2, (uint64_t[]){0x99}, 1);
    builder_thread(&builder, 1, 0, 0, NULL);
    builder_lock(&builder, 1, LOCK_KIND_MUTEX, 0x7f0000001000, 0, 1);
    builder_finding(&builder, FINDING_MISUSE_RELOCK, FINDING_SHAPE_SELF,
                    (struct builder_step[]){{1, {{1, 0, 1}}, 1, {1, 0, 1}}}, 1);
    builder_finding(&builder, FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = 1, .wants = {1, 0, 0}}}, 1);
    builder_finding(&builder, FINDING_MISUSE_DESTROY_LOCKED, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = 1, .wants = {1, 0, 2}}}, 1);
    struct report *report = scene_report(&builder, "report_sarif_test");
    cJSON *root = parsed("modules", report);
    check_json(at(result_at(root, 0), "locations"),
               "[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"file:///opt/bank/lib%20gone.so\"},"
               "\"address\":{\"relativeAddress\":564,\"name\":\"build id abcd\"}}}]");
    for (int i = 1; i < 3; i++)
        check_json(at(result_at(root, i), "locations"),
                   "[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"file:///opt/bank/bank\"}}}]");
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

TEST(names_are_no_placeholders_links_or_control_characters) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_thread(&builder, 3, 0, 0, "{0}[a](b)\033\xff");
    builder_finding(&builder, FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = 3, .wants = {SCENE_BANK, LOCK_EXCLUSIVE, 0}}}, 1);
    struct report *report = scene_report(&builder, "report_sarif_test");
    cJSON *root = parsed("strings", report);
    CHECK_STR(cJSON_GetStringValue(at(at(result_at(root, 0), "message"), "text")),
              "{{0}}\\[a\\](b)\\x1b\\xff unlocks Bank::lock, which nobody holds");
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

TEST(a_crowd_is_cut_at_what_github_takes_and_counted) {
    enum { CROWD = 1500 };
    struct recording_builder builder;
    struct builder_step *steps = calloc(CROWD, sizeof *steps);
    scene_start(&builder);
    for (uint32_t i = 0; i < CROWD; i++) {
        builder_thread(&builder, 10 + i, SCENE_MAIN, SCENE_AUDIT, "worker");
        steps[i] = (struct builder_step){.thread = 10 + i, .wants = {SCENE_BANK, 0, SCENE_AUDIT}};
    }
    builder_finding(&builder, FINDING_HANG_ALL_BLOCKED, FINDING_SHAPE_NONE, steps, CROWD);
    struct report *report = scene_report(&builder, "report_sarif_test");
    cJSON *root = parsed("crowd", report);
    const cJSON *result = result_at(root, 0);
    const cJSON *flows = at(cJSON_GetArrayItem(at(result, "codeFlows"), 0), "threadFlows");
    CHECK_EQ(cJSON_GetArraySize(flows), 500); /* two places each */
    CHECK_EQ(at(at(result, "properties"), "threads_left_out")->valueint, 1000);
    CHECK_EQ(cJSON_GetArraySize(at(result, "relatedLocations")), 100);
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
    free(steps);
}

CHECK_MAIN
