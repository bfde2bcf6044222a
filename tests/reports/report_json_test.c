#include "reports/report_json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "tests/check.h"
#include "tests/reports/scene.h"

/* Where to leave each report for the schema's test, when it asks for them. */
static void keep(const char *name, const struct report *report) {
    const char *directory = getenv("REPORTS_DIR");
    if (!directory)
        return;
    char path[512];
    snprintf(path, sizeof path, "%s/%s.json", directory, name);
    FILE *out = fopen(path, "w");
    CHECK(out && report_json_write(report, out) == 0 && fclose(out) == 0);
}

static cJSON *parsed(const char *name, const struct report *report) {
    keep(name, report);
    char *text = scene_json(report);
    cJSON *root = cJSON_Parse(text);
    CHECK(root != NULL);
    free(text);
    return root;
}

static const cJSON *at(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text_at(const cJSON *object, const char *key) {
    return cJSON_GetStringValue(at(object, key));
}

/* What cJSON writes, without the white space between. */
static char *compact(const cJSON *item) {
    return item ? cJSON_PrintUnformatted(item) : NULL;
}

static void check_json(const cJSON *item, const char *expected) {
    char *text = compact(item);
    CHECK_STR(text, expected);
    free(text);
}

TEST(a_whole_report_without_findings) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_thread(&builder, 1, 0, 0, NULL);
    struct report *report = scene_report(&builder, "report_json_test");
    cJSON *root = parsed("empty", report);
    check_json(
        root,
        "{\"schema\":\"gordian-report/1\",\"tool\":{\"name\":\"gordian\",\"version\":\"" REPORT_TOOL_VERSION
        "\"},\"run\":{\"argv\":[\"bank\",\"--quick\"],\"exe\":\"/opt/bank/bank\",\"pid\":4711,"
        "\"started\":\"2024-01-02T03:04:05.000Z\",\"duration_s\":null,\"exit\":null},"
        "\"processes\":[{\"pid\":4711,\"parent\":4700,\"exe\":\"/opt/bank/"
        "bank\",\"argv\":[\"bank\",\"--quick\"],"
        "\"recording\":\"TMP/"
        "report_json_test.rec\",\"state\":\"live\",\"started\":\"2024-01-02T03:04:05.000Z\","
        "\"forked\":false,\"threads\":1,\"events\":{\"mutex\":12,\"cond\":0,\"thread\":0,\"rwlock\":0,"
        "\"spin\":0,"
        "\"semaphore\":0,\"barrier\":0,\"other\":0},\"lost\":[],\"dropped\":0,\"cut_searches\":0,"
        "\"unlisted_cycles\":0,\"unkept_dependencies\":0,"
        "\"off_reason\":null}],"
        "\"coverage\":{\"events\":{\"mutex\":12,\"cond\":0,\"thread\":0,\"rwlock\":0,\"spin\":0,"
        "\"semaphore\":0,"
        "\"barrier\":0,\"other\":0},\"unseen\":[],\"damage\":[],\"remarks\":[]},\"findings\":[],\"profile\":{"
        "\"locks\":[],\"unprofiled\":0}}");
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

TEST(a_whole_finding) {
    static const char frames_first[] = "[{\"function\":\"take\",\"file\":\"fixture.c\",\"line\":23,"
                                       "\"module\":\"PROGRAM\",\"offset\":\"ADDRESS\","
                                       "\"build_id\":\"BUILDID\",\"inlined\":true,\"python\":false},"
                                       "{\"function\":\"transfer\",\"file\":\"fixture.c\",\"line\":28,"
                                       "\"module\":\"PROGRAM\",\"offset\":\"ADDRESS\","
                                       "\"build_id\":\"BUILDID\",\"inlined\":false,\"python\":false},"
                                       "{\"function\":\"session\",\"file\":\"fixture.c\",\"line\":41,"
                                       "\"module\":\"PROGRAM\",\"offset\":\"ADDRESS\","
                                       "\"build_id\":\"BUILDID\",\"inlined\":false,\"python\":false}]";
    static const char frames_audit[] =
        "[{\"function\":\"Bank::audit()\",\"file\":\"fixture.c\",\"line\":36,\"module\":\"PROGRAM\","
        "\"offset\":\"ADDRESS\",\"build_id\":\"BUILDID\",\"inlined\":false,\"python\":false},"
        "{\"function\":\"session\",\"file\":\"fixture.c\",\"line\":42,\"module\":\"PROGRAM\",\"offset\":"
        "\"ADDRESS\","
        "\"build_id\":\"BUILDID\",\"inlined\":false,\"python\":false}]";
    char expected[8192];
    struct recording_builder builder;
    scene_start(&builder);
    builder_finding(&builder, FINDING_DEADLOCK_ACTUAL, FINDING_SHAPE_ORPHANED,
                    (struct builder_step[]){{1, {{0, 0, 0}}, 0, {SCENE_HEAP, LOCK_SHARED, SCENE_FIRST}},
                                            {2, {{SCENE_HEAP, LOCK_EXCLUSIVE, SCENE_AUDIT}}, 1, {0, 0, 0}}},
                    2);
    struct report *report = scene_report(&builder, "report_json_test");
    cJSON *root = parsed("orphaned", report);
    snprintf(expected, sizeof expected,
             "{\"id\":\"ID\",\"kind\":\"deadlock.actual\",\"shape\":\"orphaned\",\"severity\":\"error\","
             "\"message\":\"deadlock: main waits for mutex initialised at fixture.c:36 in Bank::audit; "
             "teller has ended "
             "and still holds mutex initialised at fixture.c:36 in Bank::audit\","
             "\"count\":1,\"pid\":4711,\"time_s\":0.012,\"suppressed\":false,"
             "\"threads\":[{\"id\":\"T1\",\"name\":\"main\",\"tid\":4711,\"creator\":null,\"created\":[]},"
             "{\"id\":\"T2\",\"name\":\"teller\",\"tid\":4712,\"creator\":\"T1\",\"created\":%s}],"
             "\"locks\":[{\"id\":\"L4\",\"name\":\"mutex initialised at fixture.c:36 in Bank::audit\","
             "\"kind\":\"mutex\",\"address\":\"ADDRESS\",\"initialised\":%s,\"first\":%s}],"
             "\"steps\":[{\"thread\":\"T1\",\"holds\":[],\"wants\":{\"lock\":\"L4\",\"mode\":\"shared\","
             "\"stack\":%s}}],"
             "\"holders\":[{\"thread\":\"T2\",\"holds\":[{\"lock\":\"L4\",\"mode\":\"exclusive\","
             "\"stack\":%s}]}]}",
             frames_audit, frames_audit, frames_first, frames_first, frames_audit);
    check_json(cJSON_GetArrayItem(at(root, "findings"), 0), expected);
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

TEST(any_string_of_the_program_is_valid_json) {
    static const char *const argv[] = {"\xff\xfe",
                                       "quote\" back\\slash",
                                       "\033[31m\ttab\nline",
                                       "\xed\xa0\x80",
                                       "\xe2\x82",
                                       "\xc3\xbc \xf0\x9f\x94\x92",
                                       NULL};
    struct recording_builder builder;
    builder_start(&builder);
    builder.next = builder.chunk + sizeof(struct recording_chunk);
    builder_run(&builder, "/opt/\xc3\x28/bank", argv);
    struct report *report = scene_report(&builder, "report_json_test");
    cJSON *root = parsed("strings", report);
    const cJSON *run = at(root, "run"), *list = at(run, "argv");
    CHECK_STR(text_at(run, "exe"), "/opt/\xef\xbf\xbd(/bank");
    CHECK_EQ(cJSON_GetArraySize(list), 6);
    CHECK_STR(cJSON_GetArrayItem(list, 0)->valuestring, "\xef\xbf\xbd\xef\xbf\xbd");
    CHECK_STR(cJSON_GetArrayItem(list, 1)->valuestring, argv[1]);
    CHECK_STR(cJSON_GetArrayItem(list, 2)->valuestring, argv[2]);
    CHECK_STR(cJSON_GetArrayItem(list, 3)->valuestring, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    CHECK_STR(cJSON_GetArrayItem(list, 4)->valuestring, "\xef\xbf\xbd\xef\xbf\xbd");
    CHECK_STR(cJSON_GetArrayItem(list, 5)->valuestring, argv[5]);
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

TEST(what_the_command_knows_of_the_run_counts) {
    struct recording_builder builder;
    scene_start(&builder);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL);
    struct report *report = scene_report(&builder, "report_json_test");
    report_set_run(report, &(struct report_run){.argv = (const char *const[]){"./bank", NULL},
                                                .exe = "/src/bank",
                                                .pid = 99,
                                                .started_ns = 1704164645123456789u,
                                                .duration_s = 1.5,
                                                .exit = 137});
    cJSON *root = parsed("run", report);
    check_json(at(root, "run"), "{\"argv\":[\"./bank\"],\"exe\":\"/src/bank\",\"pid\":99,"
                                "\"started\":\"2024-01-02T03:04:05.123Z\",\"duration_s\":1.5,\"exit\":137}");
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

TEST(numbers_of_64_bits_keep_all_their_digits) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_header(&builder)->dropped = UINT64_MAX;
    builder_header(&builder)->lost = ~0u;
    builder_header(&builder)->state = RECORDING_OFF;
    strcpy(builder_header(&builder)->off_reason, "why not");
    struct report *report = scene_report(&builder, "report_json_test");
    keep("numbers", report);
    char *text = scene_json(report);
    CHECK(strstr(text, "\"dropped\":\t18446744073709551615,"));
    CHECK(strstr(text, "\"lost\":\t[\"space\", \"memory\", \"stack\"],"));
    CHECK(strstr(text, "\"off_reason\":\t\"why not\""));
    free(text);
    report_free(report);
    builder_free(&builder);
}

TEST(every_kind_of_finding_and_damage) {
    struct recording_builder builder;
    scene_start(&builder);
    for (uint32_t kind = 1; kind < FINDING_KINDS; kind++)
        builder_finding(&builder, kind, kind % FINDING_SHAPES,
                        (struct builder_step[]){{9, {{SCENE_BANK, 0, 99}, {0, 0, 0}}, 2, {SCENE_HEAP, 1, 2}}},
                        1);
    builder_header(&builder)->size += 4096;
    struct report *report = scene_report(&builder, "report_json_test");
    cJSON *root = parsed("kinds", report);
    CHECK_EQ(cJSON_GetArraySize(at(root, "findings")),
             FINDING_KINDS - 2); /* prediction and deadlock are one */
    CHECK_EQ(cJSON_GetArraySize(at(at(root, "coverage"), "damage")), 1);
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

CHECK_MAIN
