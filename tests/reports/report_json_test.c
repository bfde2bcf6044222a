#include "reports/report_json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "reports/filter.h"
#include "reports/foreign.h"
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
        "\"unlisted_cycles\":0,\"unkept_dependencies\":0,\"crowded_dependencies\":0,"
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
             "\"rule\":\"[deadlock.actual: mutex initialised at fixture.c:36 in Bank::audit]\\n"
             "# deadlock: main waits for mutex initialised at fixture.c:36 in Bank::audit; teller has ended "
             "and still holds mutex initialised at fixture.c:36 in Bank::audit\\n"
             "id: ID\\n"
             "# Instead of the id, to silence what is like it, and still after an edit:\\n"
             "# kind: deadlock.actual\\n"
             "# lock: mutex initialised at fixture.c:36 in Bank::audit\\n"
             "# frames: function:take; function:transfer\\n"
             "# frames: function:Bank::audit; function:session\\n\","
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

/* The value at `key` of the finding at `index`. */
static const cJSON *finding_at(const cJSON *root, int index, const char *key) {
    return at(cJSON_GetArrayItem(at(root, "findings"), index), key);
}

TEST(kinds_say_what_their_numbers_are) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_header(&builder)->starvation_overtakes = 1000;
    builder_header(&builder)->starvation_ms = 1500;
    const struct builder_step steps[] = {
        {.thread = SCENE_MAIN, .wants = {SCENE_BANK, 0, 0}},
        {.thread = SCENE_TELLER, .holds = {{SCENE_BANK, 0, 0}}, .holds_count = 1}};
    size_t at_starvation = builder_finding(&builder, FINDING_STARVATION, FINDING_SHAPE_NONE, steps, 2);
    builder_finding_at(&builder, at_starvation)->values[0] = 15204;
    builder_finding_at(&builder, at_starvation)->values[1] = 2310000000;
    for (uint64_t number = 0; number < 4; number++) {
        const struct builder_step step = {.thread = SCENE_MAIN, .wants = {1 + (uint32_t)number, 0, 0}};
        size_t offset = builder_finding(&builder, FINDING_DEADLOCK_POTENTIAL, FINDING_SHAPE_SIGNAL, &step, 1);
        builder_finding_at(&builder, offset)->values[0] = (const uint64_t[]){10, 0, 37, UINT64_MAX}[number];
    }
    builder_finding(&builder, FINDING_MISUSE_RELOCK, FINDING_SHAPE_SELF, steps, 1);
    struct report *report = scene_report(&builder, "report_json_test");
    cJSON *root = parsed("numbers_of_kinds", report);
    check_json(finding_at(root, 0, "starvation"), "{\"overtaken\":15204,\"waited_s\":2.31,"
                                                  "\"limit_overtaken\":1000,\"limit_s\":1.5}");
    check_json(finding_at(root, 0, "holders"), "[{\"thread\":\"T2\",\"holds\":[{\"lock\":\"L3\",\"mode\":"
                                               "\"exclusive\",\"stack\":[]}]}]");
    CHECK(finding_at(root, 0, "signal") == NULL);
    check_json(finding_at(root, 1, "signal"), "{\"number\":10,\"name\":\"SIGUSR1\"}");
    check_json(finding_at(root, 2, "signal"), "{\"number\":0,\"name\":null}");
    check_json(finding_at(root, 3, "signal"), "{\"number\":37,\"name\":\"SIGRTMIN+3\"}");
    CHECK(finding_at(root, 4, "signal") != NULL);
    CHECK(finding_at(root, 1, "starvation") == NULL);
    CHECK(finding_at(root, 5, "starvation") == NULL && finding_at(root, 5, "signal") == NULL);
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

TEST(what_was_asked_of_the_findings) {
    static const char rules[] = "[known teller]\nkind: deadlock.*\nexpires: 2027-01-31\n"
                                "[old]\nkind: deadlock.*\nexpires: 2027-01-01\n"
                                "[\xff]\nfram: x\n";
    static const char before[] = "{\"schema\":\"gordian-report/1\",\"findings\":["
                                 "{\"id\":\"%s\",\"kind\":\"k\",\"severity\":\"error\",\"message\":\"m\"},"
                                 "{\"id\":\"0000000000000000\",\"kind\":\"k\",\"severity\":\"error\","
                                 "\"message\":\"m\"}]}";
    struct recording_builder builder;
    scene_start(&builder);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL);
    builder_finding(&builder, FINDING_MISUSE_RELOCK, FINDING_SHAPE_NONE,
                    &(struct builder_step){.thread = SCENE_MAIN, .wants = {SCENE_BANK, 0, SCENE_AUDIT}}, 1);
    struct report *plain = scene_report(&builder, "report_json_test"), *report = report_create();
    cJSON *root = parsed("unfiltered", plain);
    CHECK(at(root, "filter") == NULL && finding_at(root, 0, "suppressed_by") == NULL &&
          finding_at(root, 1, "known") == NULL && finding_at(root, 1, "happened_id") == NULL);
    CHECK(cJSON_IsString(finding_at(root, 0, "happened_id")));
    cJSON_Delete(root);

    struct filter *filter = filter_create(20270131);
    char text[512], error[64];
    int size = snprintf(text, sizeof text, before, report_finding(plain, 1)->id);
    CHECK_EQ(baseline_read_text(filter_baseline(filter), text, (size_t)size, error, sizeof error), 0);
    suppressions_read_text(filter_suppressions(filter), "a\xff.supp", rules, sizeof rules - 1);
    CHECK_EQ(filter_add_module(filter, "*"), 0);
    report_set_filter(report, filter);
    scene_read(&builder, "report_json_test", report);
    ((struct report_finding *)report_finding(report, 1))->merged = true; /* as `gordian merge` makes it */
    root = parsed("filter", report);
    check_json(finding_at(root, 1, "merged"), "true");
    CHECK(finding_at(root, 0, "merged") == NULL);
    check_json(
        at(root, "filter"),
        "{\"rules\":[{\"name\":\"known teller\",\"file\":\"a\xef\xbf\xbd.supp\",\"line\":1,"
        "\"expires\":\"2027-01-31\",\"expired\":false,\"matched\":1,\"silenced\":1},"
        "{\"name\":\"old\",\"file\":\"a\xef\xbf\xbd.supp\",\"line\":4,\"expires\":\"2027-01-01\","
        "\"expired\":true,\"matched\":1,\"silenced\":0}],"
        "\"mistakes\":[\"a\xef\xbf\xbd.supp:8: 'fram' is none of kind, id, lock, frame, frames and expires: "
        "this rule is left out\"],"
        "\"only_modules\":\"--only-module *\",\"outside\":0,\"baseline\":{\"known\":1,\"gone\":1}}");
    check_json(finding_at(root, 0, "suppressed"), "true");
    check_json(finding_at(root, 0, "suppressed_by"), "\"rule known teller (a\xef\xbf\xbd.supp:1)\"");
    CHECK(finding_at(root, 0, "known") == NULL);
    check_json(finding_at(root, 1, "known"), "true");
    cJSON_Delete(root);
    report_free(plain);
    report_free(report);
    filter_free(filter);
    builder_free(&builder);
}

TEST(a_misuse_says_what_the_earlier_event_was) {
    static const char *const events[FINDING_KINDS] = {
        [FINDING_MISUSE_UNLOCK_UNLOCKED] = "initialised",
        [FINDING_MISUSE_UNLOCK_NOT_OWNER] = "locked",
        [FINDING_MISUSE_RELOCK] = "locked",
        [FINDING_MISUSE_DESTROY_LOCKED] = "locked",
        [FINDING_MISUSE_DESTROY_WAITED] = "waits",
        [FINDING_MISUSE_USE_DESTROYED] = "destroyed",
        [FINDING_MISUSE_INIT_LOCKED] = "locked",
        [FINDING_MISUSE_EXIT_HOLDING] = "locked",
        [FINDING_MISUSE_WAIT_UNLOCKED] = "locked",
        [FINDING_MISUSE_COND_TWO_MUTEXES] = "waits",
        [FINDING_MISUSE_SEM_OVERFLOW] = "initialised",
        [FINDING_MISUSE_FORK_HELD] = "locked",
        [FINDING_MISUSE_BAD_JOIN] = "created",
        [FINDING_MISUSE_BAD_BARRIER] = "initialised",
        [FINDING_MISUSE_ASSERTION] = "locked",
    };
    for (uint32_t kind = 1; kind < FINDING_KINDS; kind++) {
        struct recording_builder builder;
        char name[32];
        scene_start(&builder);
        builder_finding(
            &builder, kind, FINDING_SHAPE_NONE,
            (struct builder_step[]){
                {.thread = SCENE_MAIN, .wants = {SCENE_BANK, 0, 0}},
                {.thread = SCENE_TELLER, .holds = {{SCENE_BANK, 0, SCENE_AUDIT}}, .holds_count = 1}},
            2);
        struct report *report = scene_report(&builder, "report_json_test");
        snprintf(name, sizeof name, "event_%u", kind);
        cJSON *root = parsed(name, report);
        const cJSON *event = at(cJSON_GetArrayItem(finding_at(root, 0, "holders"), 0), "event");
        if (events[kind])
            CHECK_STR(cJSON_GetStringValue(event), events[kind]);
        else
            CHECK(event == NULL);
        cJSON_Delete(root);
        report_free(report);
        builder_free(&builder);
    }
}

/* What another tool has said of a process without a recording. */
TEST(a_race) {
    struct report_frame audit = {
        .function = "audit", .file = "bank.c", .line = 56, .module = "bank", .offset = 16};
    struct foreign_hold held = {.lock = 0, .mode = LOCK_SHARED};
    struct foreign_lock lock = {.label = "M1", .address = 0x30, .kind = LOCK_KIND_RWLOCK};
    struct foreign_step steps[] = {
        {.thread = 2,
         .holds = &held,
         .holds_count = 1,
         .wants = {.lock = FOREIGN_NOTHING, .mode = LOCK_SHARED, .stack = {&audit, 1, false}},
         .access = {.address = 0x20, .size = 4, .locks_told = true}},
        {.thread = 1,
         .wants = {.lock = FOREIGN_NOTHING, .mode = LOCK_EXCLUSIVE},
         .access = {.address = 0x20, .atomic = true, .locks_told = true}}};
    const struct foreign_report race = {
        .source = "ThreadSanitizer",
        .title = "data race",
        .pid = 4711,
        .kind = FINDING_RACE_DATA,
        .severity = FINDING_ERROR,
        .plain = true,
        .count = 2,
        .steps = steps,
        .steps_count = 2,
        .locks = &lock,
        .locks_count = 1,
        .place = {.kind = FOREIGN_PLACE_GLOBAL, .name = "balance", .address = 0x20, .size = 8}};
    struct report *report = report_create();
    report_add_foreign(report, &race);
    cJSON *root = parsed("race", report);
    CHECK_STR(text_at(cJSON_GetArrayItem(at(root, "findings"), 0), "message"),
              "data race: thread T2 reads balance (4 bytes) at bank.c:56 in audit, holding the read lock of "
              "rwlock M1; "
              "main atomically writes it, holding nothing");
    check_json(finding_at(root, 0, "source"), "\"ThreadSanitizer\"");
    check_json(finding_at(root, 0, "count"), "2");
    check_json(finding_at(root, 0, "locks"),
               "[{\"id\":\"L2\",\"name\":\"rwlock "
               "M1\",\"kind\":\"rwlock\",\"address\":\"ADDRESS\",\"initialised\":[],"
               "\"first\":[]},"
               "{\"id\":\"L1\",\"name\":\"balance\",\"kind\":\"memory\",\"address\":\"ADDRESS\",\"bytes\":8,"
               "\"initialised\":[],\"first\":[]}]");
    CHECK_EQ(cJSON_GetArraySize(finding_at(root, 0, "steps")), 2);
    check_json(at(cJSON_GetArrayItem(finding_at(root, 0, "steps"), 0), "access"),
               "{\"kind\":\"read\",\"size\":4,\"atomic\":false,\"address\":\"ADDRESS\"}");
    check_json(
        cJSON_GetArrayItem(finding_at(root, 0, "steps"), 1),
        "{\"thread\":\"T1\",\"holds\":[],\"wants\":{\"lock\":\"L1\",\"mode\":\"exclusive\",\"stack\":[]},"
        "\"access\":{\"kind\":\"write\",\"size\":null,\"atomic\":true,\"address\":\"ADDRESS\"}}");
    cJSON_Delete(root);
    report_free(report);
}

TEST(locks_of_every_kind) {
    static const char *const names[] = {"unknown",   "mutex",   "thread", "rwlock", "spin", "semaphore",
                                        "condition", "barrier", "once",   "stream", "file", "gil",
                                        "gate",      "unknown", "memory", "unknown"};
    struct recording_builder builder;
    struct builder_step steps[LOCK_KINDS + 1];
    builder_start(&builder);
    for (uint32_t kind = 0; kind <= LOCK_KINDS; kind++) {
        builder_lock(&builder, kind + 1, kind, kind, 0, 0);
        steps[kind] = (struct builder_step){.thread = 1, .wants = {kind + 1, 0, 0}};
    }
    builder_finding(&builder, FINDING_HANG_ALL_BLOCKED, FINDING_SHAPE_NONE, steps, LOCK_KINDS + 1);
    struct report *report = scene_report(&builder, "report_json_test");
    cJSON *root = parsed("locks", report);
    for (int kind = 0; kind <= LOCK_KINDS; kind++)
        CHECK_STR(text_at(cJSON_GetArrayItem(finding_at(root, 0, "locks"), kind), "kind"), names[kind]);
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

/* Give the scene a thread and a lock whose stacks are cut, Python's first. */
static void add_cut_stack(struct recording_builder *builder) {
    static const struct builder_python python = {"take", "/srv/bank.py", 12};
    builder_module(builder, 9, "/nonexistent/python3.11", 0x500000, 0x501000, 0x500000, NULL, 0);
    size_t at = builder_python(builder, 1, &python, 1);
    ((struct recording_python *)(builder->bytes + at))->cut = 1;
    builder_stack_python(builder, 20, (uint64_t[]){0x500010}, 1, 1);
    builder_lock(builder, 20, LOCK_KIND_GIL, 0x7f0000001000, 20, 20);
    builder_thread(builder, 3, SCENE_MAIN, 20, "worker");
}

#define CUT_FRAMES                                                                                           \
    "[{\"function\":\"take\",\"file\":\"/srv/bank.py\",\"line\":12,\"module\":null,\"offset\":\"ADDRESS\","  \
    "\"build_id\":null,\"inlined\":false,\"python\":true},"                                                  \
    "{\"function\":null,\"file\":null,\"line\":null,\"module\":\"/nonexistent/python3.11\","                 \
    "\"offset\":\"ADDRESS\",\"build_id\":null,\"inlined\":false,\"python\":false}]"
#define CUT_LOCK                                                                                             \
    "{\"id\":\"L20\",\"name\":\"the "                                                                        \
    "GIL\",\"kind\":\"gil\",\"address\":\"ADDRESS\",\"initialised\":" CUT_FRAMES                             \
    ",\"initialised_cut\":true,\"first\":" CUT_FRAMES ",\"first_cut\":true}"

TEST(python_functions_come_first_and_a_cut_stack_says_so) {
    struct recording_builder builder;
    scene_start(&builder);
    add_cut_stack(&builder);
    builder_finding(&builder, FINDING_MISUSE_RELOCK, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = 3, .wants = {20, 0, 20}}}, 1);
    struct report *report = scene_report(&builder, "report_json_test");
    cJSON *root = parsed("python", report);
    check_json(finding_at(root, 0, "steps"),
               "[{\"thread\":\"T3\",\"holds\":[],\"wants\":{\"lock\":\"L20\",\"mode\":"
               "\"exclusive\",\"stack\":" CUT_FRAMES ",\"stack_cut\":true}}]");
    check_json(finding_at(root, 0, "threads"),
               "[{\"id\":\"T3\",\"name\":\"worker\",\"tid\":4713,\"creator\":\"T1\",\"created\":" CUT_FRAMES
               ",\"created_cut\":true}]");
    check_json(finding_at(root, 0, "locks"), "[" CUT_LOCK "]");
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK_EQ(report_json_write(report, out), 0);
    fclose(out);
    CHECK(strstr(text, "\"offset\":\t\"0x0\"") != NULL);
    free(text);
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

TEST(a_whole_profile) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_header(&builder)->unprofiled_locks = 3;
    add_cut_stack(&builder);
    builder_profile(&builder, (struct recording_profile){.lock = 20,
                                                         .acquisitions = 1000,
                                                         .contended = 7,
                                                         .wait_ns = 1500000000,
                                                         .longest_wait_ns = 20,
                                                         .hold_ns = 3000,
                                                         .longest_hold_ns = 40,
                                                         .hold_samples = 50,
                                                         .longest_wait_stack = 20,
                                                         .longest_hold_stack = 20,
                                                         .top = {{.stack = 20, .waits = 5, .wait_ns = 60}}});
    builder_profile(&builder, (struct recording_profile){.lock = 99, .acquisitions = 2, .hold_samples = 2});
    struct report *report = scene_report(&builder, "report_json_test");
    cJSON *root = parsed("profile", report);
    check_json(
        at(root, "profile"),
        "{\"locks\":[{\"lock\":" CUT_LOCK ",\"pid\":4711,\"acquisitions\":1000,\"contended\":7,"
        "\"wait_s\":1.5,\"longest_wait_s\":2e-08,\"hold_s\":3e-06,\"longest_hold_s\":4e-08,"
        "\"hold_samples\":50,\"sampled\":true,\"longest_wait\":" CUT_FRAMES ",\"longest_wait_cut\":true,"
        "\"longest_hold\":" CUT_FRAMES ",\"longest_hold_cut\":true,"
        "\"waits\":[{\"stack\":" CUT_FRAMES ",\"stack_cut\":true,\"count\":5,\"wait_s\":6e-08}]},"
        "{\"lock\":{\"id\":\"L99\",\"name\":\"lock L99\",\"kind\":\"unknown\",\"address\":\"ADDRESS\","
        "\"initialised\":[],\"first\":[]},\"pid\":4711,\"acquisitions\":2,\"contended\":0,\"wait_s\":0,"
        "\"longest_wait_s\":0,\"hold_s\":0,\"longest_hold_s\":0,\"hold_samples\":2,\"sampled\":false,"
        "\"longest_wait\":[],\"longest_hold\":[],\"waits\":[]}],\"unprofiled\":3}");
    cJSON_Delete(root);
    report_free(report);
    builder_free(&builder);
}

TEST(modules_that_are_not_seen_and_findings_that_were_withdrawn) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_module(&builder, 9, "/nonexistent/libglib-2.0.so.0", 0x500000, 0x501000, 0x500000, NULL, 0);
    builder_futex_user(&builder, 0x500010);
    builder_futex_user(&builder, 0x600010);
    size_t offset = scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL);
    struct report *report = scene_report(&builder, "report_json_test");
    builder_finding_at(&builder, offset)->count = 0;
    scene_read(&builder, "report_json_test", report);
    cJSON *root = parsed("unseen", report);
    check_json(at(at(root, "coverage"), "unseen"),
               "[\"futex (libglib-2.0.so.0)\",\"futex (unknown module)\"]");
    check_json(at(root, "findings"), "[]");
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
