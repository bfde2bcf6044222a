#define _GNU_SOURCE
#include "reports/report_jsonl.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "tests/check.h"
#include "tests/reports/scene.h"

/* A stream into memory, and what of it was looked at. */
struct stream {
    struct report_jsonl *lines;
    FILE *out;
    char *text;
    size_t size, seen;
};

static void begin(struct stream *stream) {
    *stream = (struct stream){.lines = report_jsonl_create()};
    stream->out = open_memstream(&stream->text, &stream->size);
}

static void follow(struct stream *stream, const struct report *report) {
    CHECK_EQ(report_jsonl_follow(stream->lines, report, stream->out), 0);
}

/* Leave the stream for the schema's test, when it asks for it. */
static void end(struct stream *stream, const char *name) {
    const char *directory = getenv("REPORTS_DIR");
    char path[512];
    fclose(stream->out);
    if (directory) {
        snprintf(path, sizeof path, "%s/%s.jsonl", directory, name);
        FILE *file = fopen(path, "w");
        CHECK(file && fwrite(stream->text, 1, stream->size, file) == stream->size && fclose(file) == 0);
    }
    report_jsonl_free(stream->lines);
    report_jsonl_free(NULL);
    free(stream->text);
}

/* Check the next line, its finding without what the JSON report's test checks. "": there is none. */
static void check_line(struct stream *stream, const char *expected) {
    static const char *const parts[] = {"threads", "locks", "steps",      "holders",
                                        "message", "rule",  "happened_id"};
    char *text = stream->text + stream->seen, *stop = memchr(text, '\n', stream->size - stream->seen);
    if (!stop) {
        CHECK_STR(text, expected);
        return;
    }
    char *line = strndup(text, (size_t)(stop - text)), *normal = scene_normalise(line);
    cJSON *root = cJSON_Parse(normal);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        cJSON_DeleteItemFromObject(cJSON_GetObjectItem(root, "finding"), parts[i]);
    char *compact = root ? cJSON_PrintUnformatted(root) : NULL;
    CHECK_STR(compact, expected);
    stream->seen += (size_t)(stop - text) + 1;
    free(compact);
    cJSON_Delete(root);
    free(normal);
    free(line);
}

static const char start_line[] = "{\"event\":\"start\",\"schema\":\"gordian-stream/"
                                 "1\",\"tool\":{\"name\":\"gordian\",\"version\":\"" REPORT_TOOL_VERSION
                                 "\"},\"run\":{\"argv\":[\"./bank\"],\"exe\":\"/src/"
                                 "bank\",\"pid\":4711,\"started\":\"2024-01-02T03:04:05.123Z\","
                                 "\"duration_s\":null,\"exit\":null}}";

#define FINDING(event, kind, shape, severity)                                                                \
    "{\"event\":" event "\"finding\":{\"id\":\"ID\",\"kind\":\"" kind "\",\"shape\":" shape                  \
    ",\"severity\":\"" severity "\",\"count\":1,\"pid\":4711,\"time_s\":0.012,\"suppressed\":false}}"

static const struct report_run running = {.argv = (const char *const[]){"./bank", NULL},
                                          .exe = "/src/bank",
                                          .pid = 4711,
                                          .started_ns = 1704164645123456789u,
                                          .exit = -1};

TEST(each_finding_is_a_line_the_moment_it_is_made) {
    struct recording_builder builder;
    struct stream stream;
    struct report *report = report_create();
    report_set_run(report, &running);
    begin(&stream);
    follow(&stream, report);
    check_line(&stream, start_line);
    scene_start(&builder);
    scene_read(&builder, "report_jsonl_test", report);
    follow(&stream, report);
    check_line(&stream, "");

    size_t order = scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL);
    scene_read(&builder, "report_jsonl_test", report);
    follow(&stream, report);
    follow(&stream, report);
    check_line(&stream, FINDING("\"finding\",", "deadlock.potential", "\"cycle\"", "warning"));
    check_line(&stream, "");

    builder_finding_at(&builder, order)->count = 12; /* a growing count is no news */
    size_t actual = scene_add_deadlock(&builder, FINDING_DEADLOCK_ACTUAL);
    scene_read(&builder, "report_jsonl_test", report);
    follow(&stream, report);
    check_line(&stream,
               FINDING("\"revision\",\"replaces\":\"ID\",", "deadlock.actual", "\"cycle\"", "error"));
    check_line(&stream, "");

    size_t relock = builder_finding(
        &builder, FINDING_MISUSE_RELOCK, FINDING_SHAPE_SELF,
        (struct builder_step[]){{.thread = SCENE_MAIN, .wants = {SCENE_BANK, 0, SCENE_AUDIT}}}, 1);
    builder_finding_at(&builder, relock)->count = 0;
    scene_read(&builder, "report_jsonl_test", report);
    follow(&stream, report);
    check_line(&stream, ""); /* not confirmed yet */
    builder_finding_at(&builder, relock)->count = 1;
    scene_read(&builder, "report_jsonl_test", report);
    follow(&stream, report);
    check_line(&stream, FINDING("\"finding\",", "misuse.relock", "\"self\"", "warning"));

    builder_finding_at(&builder, relock)->count = 0;
    scene_read(&builder, "report_jsonl_test", report);
    follow(&stream, report);
    check_line(&stream, "{\"event\":\"withdrawal\",\"id\":\"ID\"}");
    builder_finding_at(&builder, actual)->count = 0; /* the prediction still holds */
    scene_read(&builder, "report_jsonl_test", report);
    struct report_run ended = running;
    ended.exit = 5;
    ended.duration_s = 2.5;
    report_set_run(report, &ended);
    CHECK_EQ(report_jsonl_end(stream.lines, report, stream.out), 0);
    check_line(
        &stream,
        "{\"event\":\"revision\",\"replaces\":\"ID\",\"finding\":{\"id\":\"ID\",\"kind\":\"deadlock."
        "potential\",\"shape\":\"cycle\",\"severity\":\"warning\",\"count\":12,\"pid\":4711,\"time_s\":"
        "0.012,\"suppressed\":false}}");
    check_line(&stream,
               "{\"event\":\"end\",\"run\":{\"argv\":[\"./bank\"],\"exe\":\"/src/bank\",\"pid\":4711,\"sta"
               "rted\":\"2024-01-02T03:04:05.123Z\",\"duration_s\":2.5,\"exit\":5},\"coverage\":{\"events"
               "\":{\"mutex\":12,\"cond\":0,\"thread\":0,\"rwlock\":0,\"spin\":0,\"semaphore\":0,\"barrier"
               "\":0,\"other\":0},\"unseen\":[],\"damage\":[],\"remarks\":[]},\"findings\":[{\"id\":\"ID\""
               ",\"count\":12}],\"summary\":{\"errors\":0,\"warnings\":1,\"notes\":0,\"suppressed\":0,\"wi"
               "thdrawn\":1,\"conclusive\":true}}");
    check_line(&stream, "");
    end(&stream, "news");
    report_free(report);
    builder_free(&builder);
}

TEST(from_a_recording_alone_the_whole_at_once) {
    struct recording_builder builder;
    struct stream stream;
    scene_start(&builder);
    builder_header(&builder)->events[RECORDING_FAMILY_MUTEX] = 0;
    struct report *report = scene_report(&builder, "report_jsonl_test");
    begin(&stream);
    CHECK_EQ(report_jsonl_end(stream.lines, report, stream.out), 0);
    check_line(&stream,
               "{\"event\":\"start\",\"schema\":\"gordian-stream/1\",\"tool\":{\"name\":\"gordian\",\"vers"
               "ion\":\"0.1.0\"},\"run\":{\"argv\":[\"bank\",\"--quick\"],\"exe\":\"/opt/bank/bank\",\"pid"
               "\":4711,\"started\":\"2024-01-02T03:04:05.000Z\",\"duration_s\":null,\"exit\":null}}");
    check_line(&stream,
               "{\"event\":\"end\",\"run\":{\"argv\":[\"bank\",\"--quick\"],\"exe\":\"/opt/bank/bank\",\"p"
               "id\":4711,\"started\":\"2024-01-02T03:04:05.000Z\",\"duration_s\":null,\"exit\":null},\"co"
               "verage\":{\"events\":{\"mutex\":0,\"cond\":0,\"thread\":0,\"rwlock\":0,\"spin\":0,\"semaph"
               "ore\":0,\"barrier\":0,\"other\":0},\"unseen\":[],\"damage\":[],\"remarks\":[]},\"findings"
               "\":[],\"summary\":{\"errors\":0,\"warnings\":0,\"notes\":0,\"suppressed\":0,\"withdrawn\":"
               "0,\"conclusive\":false}}");
    check_line(&stream, "");
    end(&stream, "recording");
    report_free(report);
    builder_free(&builder);
}

TEST(strings_of_the_program_stay_in_their_line) {
    struct recording_builder builder;
    struct stream stream;
    scene_start(&builder);
    builder_thread(&builder, 3, 0, 0, "\"\n\\\033\xff");
    builder_finding(&builder, FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = 3, .wants = {SCENE_BANK, LOCK_EXCLUSIVE, 0}}}, 1);
    struct report *report = scene_report(&builder, "report_jsonl_test");
    report_set_run(report, &running);
    begin(&stream);
    follow(&stream, report);
    check_line(&stream, start_line);
    CHECK(strstr(stream.text,
                 "\"message\":\"\\\"\\n\\\\\\u001b\xef\xbf\xbd unlocks Bank::lock, which nobody holds\""));
    check_line(&stream, FINDING("\"finding\",", "misuse.unlock_unlocked", "null", "warning"));
    check_line(&stream, "");
    end(&stream, "strings");
    report_free(report);
    builder_free(&builder);
}

CHECK_MAIN
