/* reports/baseline.c and diff.c: what is read of earlier reports, and what is new. */
#include "reports/baseline.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "reports/diff.h"
#include "tests/check.h"

#define FINDING(id, severity, rest)                                                                          \
    "{\"id\":\"" id "\",\"kind\":\"deadlock.actual\",\"severity\":\"" severity "\",\"message\":\"m " id      \
    "\"" rest "}"
#define REPORT(findings) "{\"schema\":\"gordian-report/1\",\"findings\":[" findings "]}"
#define A "aaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbb"
#define C "cccccccccccccccc"
#define D "dddddddddddddddd"

static char error[256];

static struct baseline *read_of(const char *text, int status) {
    struct baseline *baseline = baseline_create();
    error[0] = '\0';
    size_t size = strlen(text);
    char *exact = malloc(size + !size); /* without a NUL: reading past the end is seen */
    for (size_t i = 0; i < size; i++)
        exact[i] = text[i];
    CHECK_EQ(baseline_read_text(baseline, exact, size, error, sizeof error), status);
    free(exact);
    return baseline;
}

TEST(a_report_is_read) {
    struct baseline *baseline =
        read_of(REPORT(FINDING(A, "error", ",\"count\":12,\"suppressed\":true,\"steps\":[[],{}]") "," FINDING(
                    B, "note", ",\"known\":true,\"happened_id\":\"" C "\"")),
                0);
    CHECK_EQ(baseline_findings(baseline), 2);
    const struct baseline_finding *a = baseline_finding(baseline, 0), *b = baseline_finding(baseline, 1);
    CHECK_STR(a->id, A);
    CHECK_STR(a->kind, "deadlock.actual");
    CHECK_STR(a->severity, "error");
    CHECK_STR(a->message, "m " A);
    CHECK(a->count == 12 && a->suppressed && !a->known && !a->happened_id);
    CHECK(b->count == 1 && !b->suppressed && b->known);
    CHECK_STR(b->happened_id, C);
    baseline_free(baseline);
}

TEST(json_lines_are_read) {
    struct baseline *baseline = read_of(
        "{\"schema\":\"gordian-events/1\",\"event\":\"start\"}\n" FINDING(
            A, "error", ",\"event\":\"finding\"") "\r\n{\"event\":\"finding\","
                                                  "\"finding\":" FINDING(B, "note", "") "}\n\n" FINDING(A,
                                                                                                        "warn"
                                                                                                        "ing",
                                                                                                        ""),
        0);
    CHECK_EQ(baseline_findings(baseline), 2);
    CHECK_STR(baseline_finding(baseline, 0)->severity, "warning"); /* what was said last */
    baseline_free(baseline);
}

TEST(a_stream_may_take_back_what_it_said) {
    struct baseline *baseline =
        read_of("{\"event\":\"start\",\"schema\":\"gordian-stream/1\"}\n"
                "{\"event\":\"finding\",\"finding\":" FINDING(
                    A, "warning", "") "}\n"
                                      "{\"event\":\"revision\",\"replaces\":\"" A "\",\"finding\":" FINDING(
                                          B, "error", "") "}\n"
                                                          "{\"event\":\"withdrawal\",\"id\":\"" B "\"}\n"
                                                          "{\"event\":\"end\",\"findings\":[{\"id\":\"" A
                                                          "\",\"count\":2}]}\n",
                0);
    struct baseline *empty = read_of(REPORT(), 0);
    CHECK(baseline_find(baseline, A, NULL) != NULL);
    CHECK(baseline_find(baseline, B, NULL) == NULL);
    struct diff diff = {empty, baseline, "a", "b"};
    CHECK_EQ(diff_counting(&diff), 1);
    baseline_free(baseline);
    baseline_free(empty);
}

TEST(what_is_no_report_is_told) {
    static const char *const none[] = {"",
                                       " \n",
                                       "nonsense",
                                       "[]",
                                       "{}",
                                       "12",
                                       "{\"schema\":\"other/1\",\"findings\":[]}",
                                       "{\"findings\":[{\"id\":\"xyz\"}]}",
                                       "[{\"schema\":\"gordian-report/1\"}]"};
    static const char *const cut[] = {"{\"schema\":\"gordian-report/1\",\"findings\":[{\"id\":", "{",
                                      "{\"a\":1} {"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        baseline_free(read_of(none[i], -EINVAL));
        CHECK_STR(error, "it is no JSON report of gordian");
    }
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        baseline_free(read_of(cut[i], -EINVAL));
        CHECK(strncmp(error, "it is cut off or damaged at byte ", 33) == 0);
    }
    baseline_free(read_of("{\"schema\":\"gordian-report/2\",\"findings\":[]}", -EINVAL));
    CHECK_STR(error, "it is of another version than this gordian reads");
    baseline_free(read_of(REPORT(), 0));
}

TEST(files_that_cannot_be_read_are_told) {
    struct baseline *baseline = baseline_create();
    CHECK_EQ(baseline_read_file(baseline, "/no/such/file", error, sizeof error), -ENOENT);
    CHECK_STR(error, "No such file or directory");
    CHECK_EQ(baseline_read_file(baseline, "/", error, sizeof error), -EISDIR);
    CHECK_EQ(baseline_read_file(baseline, "/dev/null", error, sizeof error), -EINVAL);
    baseline_free(baseline);
}

/* Every prefix and every byte changed: told or read, never a crash. */
TEST(damaged_reports_break_nothing) {
    static const char text[] =
        REPORT(FINDING(A, "error", ",\"count\":1e99") "," FINDING(B, "note", ",\"count\":-1"));
    for (size_t i = 0; i < sizeof text; i++)
        for (int byte = -1; byte < 256; byte += 17) {
            char *changed = malloc(sizeof text);
            memcpy(changed, text, sizeof text);
            size_t size = byte < 0 ? i : sizeof text - 1;
            changed[i] = (char)(byte < 0 ? 0 : byte);
            char *exact = malloc(size + !size);
            memcpy(exact, changed, size);
            struct baseline *baseline = baseline_create();
            error[0] = '\0';
            int status = baseline_read_text(baseline, exact, size, error, sizeof error);
            CHECK((status == 0) == (error[0] == '\0'));
            baseline_free(baseline);
            free(exact);
            free(changed);
        }
    static char deep[20000];
    memset(deep, '[', sizeof deep - 1);
    baseline_free(read_of(deep, -EINVAL));
    memset(deep, '{', 1);
    baseline_free(read_of(deep, -EINVAL));
}

TEST(a_deadlock_that_happened_covers_its_prediction) {
    struct baseline *happened = read_of(REPORT(FINDING(A, "error", "")), 0);
    struct baseline *predicted = read_of(REPORT(FINDING(B, "warning", ",\"happened_id\":\"" A "\"")), 0);
    CHECK(baseline_find(happened, B, A) != NULL);
    CHECK(baseline_find(predicted, A, NULL) == NULL); /* that it happens is news */
    CHECK(baseline_find(happened, B, NULL) == NULL && baseline_find(happened, NULL, NULL) == NULL);
    CHECK(baseline_has_bug(happened, baseline_finding(predicted, 0)));
    CHECK(baseline_has_bug(predicted, baseline_finding(happened, 0)));
    baseline_free(happened);
    baseline_free(predicted);
}

static char *text_of(const struct diff *diff, bool json) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK_EQ(json ? diff_write_json(diff, out) : diff_write_text(diff, false, out), 0);
    fclose(out);
    return text;
}

TEST(a_comparison_is_written) {
    struct baseline *before = read_of(REPORT(FINDING(A, "error", "") "," FINDING(B, "note", "")), 0);
    struct baseline *after =
        read_of(REPORT(FINDING(C, "warning", ",\"count\":3") "," FINDING(
                    A, "error", ",\"known\":true") "," FINDING(D, "error", ",\"suppressed\":true")),
                0);
    struct diff diff = {before, after, "a.json", "b\xff.json"};
    CHECK_EQ(diff_counting(&diff), 1);
    char *text = text_of(&diff, false);
    CHECK_STR(text, "gordian: 2 new findings, 1 gone, 1 kept\n"
                    "  new   warning  m " C ", id " C "  (3 times)\n"
                    "  new   suppressed m " D ", id " D "\n"
                    "  gone  note     m " B ", id " B "\n"
                    "  kept  known    m " A ", id " A "\n");
    free(text);
    text = text_of(&diff, true);
    CHECK_STR(text, "{\n"
                    "\t\"schema\":\t\"gordian-diff/1\",\n"
                    "\t\"tool\":\t{\n"
                    "\t\t\"name\":\t\"gordian\",\n"
                    "\t\t\"version\":\t\"" REPORT_TOOL_VERSION "\"\n"
                    "\t},\n"
                    "\t\"before\":\t\"a.json\",\n"
                    "\t\"after\":\t\"b\xef\xbf\xbd.json\",\n"
                    "\t\"counting\":\t1,\n"
                    "\t\"new\":\t[{\n"
                    "\t\t\t\"id\":\t\"" C "\",\n"
                    "\t\t\t\"kind\":\t\"deadlock.actual\",\n"
                    "\t\t\t\"severity\":\t\"warning\",\n"
                    "\t\t\t\"message\":\t\"m " C "\",\n"
                    "\t\t\t\"count\":\t3,\n"
                    "\t\t\t\"suppressed\":\tfalse,\n"
                    "\t\t\t\"known\":\tfalse\n"
                    "\t\t}, {\n"
                    "\t\t\t\"id\":\t\"" D "\",\n"
                    "\t\t\t\"kind\":\t\"deadlock.actual\",\n"
                    "\t\t\t\"severity\":\t\"error\",\n"
                    "\t\t\t\"message\":\t\"m " D "\",\n"
                    "\t\t\t\"count\":\t1,\n"
                    "\t\t\t\"suppressed\":\ttrue,\n"
                    "\t\t\t\"known\":\tfalse\n"
                    "\t\t}],\n"
                    "\t\"gone\":\t[{\n"
                    "\t\t\t\"id\":\t\"" B "\",\n"
                    "\t\t\t\"kind\":\t\"deadlock.actual\",\n"
                    "\t\t\t\"severity\":\t\"note\",\n"
                    "\t\t\t\"message\":\t\"m " B "\",\n"
                    "\t\t\t\"count\":\t1,\n"
                    "\t\t\t\"suppressed\":\tfalse,\n"
                    "\t\t\t\"known\":\tfalse\n"
                    "\t\t}],\n"
                    "\t\"kept\":\t[{\n"
                    "\t\t\t\"id\":\t\"" A "\",\n"
                    "\t\t\t\"kind\":\t\"deadlock.actual\",\n"
                    "\t\t\t\"severity\":\t\"error\",\n"
                    "\t\t\t\"message\":\t\"m " A "\",\n"
                    "\t\t\t\"count\":\t1,\n"
                    "\t\t\t\"suppressed\":\tfalse,\n"
                    "\t\t\t\"known\":\ttrue\n"
                    "\t\t}]\n"
                    "}\n");
    free(text);
    baseline_free(before);
    baseline_free(after);
}

TEST(a_prediction_that_came_true_is_new_and_not_gone_and_the_way_back_is_kept) {
    struct baseline *happened = read_of(REPORT(FINDING(A, "error", "")), 0);
    struct baseline *predicted = read_of(REPORT(FINDING(B, "warning", ",\"happened_id\":\"" A "\"")), 0);
    struct diff worse = {predicted, happened, "a", "b"}, better = {happened, predicted, "a", "b"};
    char *text = text_of(&worse, false);
    CHECK_STR(text, "gordian: 1 new finding, 0 gone, 0 kept\n  new   error    m " A ", id " A "\n");
    free(text);
    CHECK_EQ(diff_counting(&worse), 1);
    text = text_of(&better, false);
    CHECK_STR(text, "gordian: no new finding, 0 gone, 1 kept\n  kept  warning  m " B ", id " B "\n");
    free(text);
    CHECK_EQ(diff_counting(&better), 0);
    baseline_free(happened);
    baseline_free(predicted);
}

CHECK_MAIN
