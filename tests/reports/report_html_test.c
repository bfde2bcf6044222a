#include "reports/report_html.h"

#include <stdlib.h>

#include "tests/check.h"
#include "tests/reports/scene.h"

static char *html_of(const struct report *report) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK_EQ(report_html_write(report, out), 0);
    fclose(out);
    return text;
}

/* The part of the page between two marks, both included. */
static char *part(const char *text, const char *from, const char *to) {
    const char *begin = strstr(text, from), *end = begin ? strstr(begin, to) : NULL;
    return end ? strndup(begin, (size_t)(end - begin) + strlen(to)) : strdup("");
}

static size_t times(const char *text, const char *word) {
    size_t count = 0;
    while ((text = strstr(text, word)) != NULL) {
        count++;
        text += strlen(word);
    }
    return count;
}

TEST(the_picture_of_a_knot_of_two_threads) {
    struct recording_builder builder;
    scene_start(&builder);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_ACTUAL);
    struct report *report = scene_report(&builder, "report_html_test");
    char *text = html_of(report), *knot = part(text, "<figure class=\"knot\">", "</figure>");
    CHECK_STR(
        knot,
        "<figure class=\"knot\">\n"
        "<svg viewBox=\"0 0 646 276\" width=\"646\" role=\"img\" aria-label=\"deadlock: main holds "
        "account_lock and waits for table+0x40; teller holds table+0x40 and waits for account_lock\">\n"
        "<g class=\"edge hold t0\"><path d=\"M272.9 222.9L94.0 154.5\"/><path class=\"head\" d=\"M88.0 "
        "152.2L98.1 151.8L95.2 159.3Z\"/></g>\n"
        "<g class=\"edge wish t0\"><path d=\"M88.4 123.6L267.3 55.2\"/><path class=\"head\" d=\"M273.3 "
        "52.9L266.1 60.0L263.3 52.5Z\"/></g>\n"
        "<g class=\"edge hold t1\"><path d=\"M372.7 53.1L551.6 121.5\"/><path class=\"head\" d=\"M557.6 "
        "123.8L547.5 124.2L550.4 116.7Z\"/></g>\n"
        "<g class=\"edge wish t1\"><path d=\"M557.2 152.4L378.3 220.8\"/><path class=\"head\" d=\"M372.3 "
        "223.1L379.5 216.0L382.3 223.5Z\"/></g>\n"
        "<g class=\"thread t0\"><rect x=\"16.0\" y=\"120.0\" width=\"69.6\" height=\"36.0\" rx=\"18\"/><text "
        "x=\"50.8\" y=\"142.5\">main</text><title>main</title></g>\n"
        "<g class=\"lock\"><rect x=\"272.8\" y=\"16.0\" width=\"100.0\" height=\"36.0\" rx=\"5\"/><text "
        "x=\"322.8\" y=\"38.5\">table+0x40</text><title>table+0x40 (mutex)</title></g>\n"
        "<g class=\"thread t1\"><rect x=\"560.0\" y=\"120.0\" width=\"69.6\" height=\"36.0\" "
        "rx=\"18\"/><text x=\"594.8\" y=\"142.5\">teller</text><title>teller</title></g>\n"
        "<g class=\"lock\"><rect x=\"265.2\" y=\"224.0\" width=\"115.2\" height=\"36.0\" rx=\"5\"/><text "
        "x=\"322.8\" y=\"246.5\">account_lock</text><title>account_lock (mutex)</title></g>\n"
        "<g class=\"label\"><rect x=\"140.1\" y=\"172.7\" width=\"86.8\" height=\"32.0\" rx=\"4\"/><text "
        "x=\"183.5\" y=\"185.2\">holds</text><text class=\"site\" x=\"183.5\" "
        "y=\"200.2\">fixture.c:23</text></g>\n"
        "<g class=\"label\"><rect x=\"134.5\" y=\"73.4\" width=\"86.8\" height=\"32.0\" rx=\"4\"/><text "
        "x=\"177.9\" y=\"85.9\">waits for</text><text class=\"site\" x=\"177.9\" "
        "y=\"100.9\">fixture.c:23</text></g>\n"
        "<g class=\"label\"><rect x=\"418.7\" y=\"71.3\" width=\"86.8\" height=\"32.0\" rx=\"4\"/><text "
        "x=\"462.1\" y=\"83.8\">holds</text><text class=\"site\" x=\"462.1\" "
        "y=\"98.8\">fixture.c:36</text></g>\n"
        "<g class=\"label\"><rect x=\"424.3\" y=\"170.6\" width=\"86.8\" height=\"32.0\" rx=\"4\"/><text "
        "x=\"467.7\" y=\"183.1\">waits for</text><text class=\"site\" x=\"467.7\" "
        "y=\"198.1\">fixture.c:23</text></g>\n"
        "</svg>\n"
        "</figure>");
    char *lanes = part(text, "<figure class=\"lanes\">", "</figure>");
    CHECK_STR(lanes,
              "<figure class=\"lanes\">\n"
              "<svg viewBox=\"0 0 660 131\" width=\"660\" role=\"img\" aria-label=\"The order of the steps "
              "of each thread\">\n"
              "<g class=\"head t0\"><circle cx=\"7\" cy=\"15.0\" r=\"4\"/><text x=\"17\" "
              "y=\"19.0\">main</text><title>main</title></g>\n"
              "<g class=\"hold t0\"><rect x=\"202.0\" y=\"6.0\" width=\"452.0\" height=\"18.0\" "
              "rx=\"3\"/><text x=\"209.0\" y=\"19.0\">holds <tspan class=\"name\">account_lock</tspan> "
              "<tspan class=\"site\">fixture.c:23</tspan></text></g>\n"
              "<g class=\"wish t0\"><rect x=\"278.0\" y=\"27.0\" width=\"376.0\" height=\"18.0\" "
              "rx=\"3\"/><text x=\"285.0\" y=\"40.0\">waits for <tspan class=\"name\">table+0x40</tspan> "
              "<tspan class=\"site\">fixture.c:23</tspan></text></g>\n"
              "<g class=\"head t1\"><circle cx=\"7\" cy=\"67.0\" r=\"4\"/><text x=\"17\" "
              "y=\"71.0\">teller</text><title>teller</title></g>\n"
              "<g class=\"hold t1\"><rect x=\"126.0\" y=\"58.0\" width=\"528.0\" height=\"18.0\" "
              "rx=\"3\"/><text x=\"133.0\" y=\"71.0\">holds <tspan class=\"name\">table+0x40</tspan> <tspan "
              "class=\"site\">fixture.c:36</tspan></text></g>\n"
              "<g class=\"hold t1\"><rect x=\"202.0\" y=\"79.0\" width=\"452.0\" height=\"18.0\" "
              "rx=\"3\"/><text x=\"209.0\" y=\"92.0\">holds <tspan class=\"name\">Bank::lock</tspan> <tspan "
              "class=\"site\">fixture.c:36</tspan></text></g>\n"
              "<g class=\"wish t1\"><rect x=\"278.0\" y=\"100.0\" width=\"376.0\" height=\"18.0\" "
              "rx=\"3\"/><text x=\"285.0\" y=\"113.0\">waits for <tspan class=\"name\">account_lock</tspan> "
              "<tspan class=\"site\">fixture.c:23</tspan></text></g>\n"
              "<path class=\"now\" d=\"M657.0 0V131.0\"/>\n"
              "</svg>\n"
              "<figcaption>Each thread in its own order. At the right edge, 0.012 s after the start, none "
              "can go on.</figcaption>\n"
              "</figure>");
    free(lanes);
    free(knot);
    free(text);
    report_free(report);
    builder_free(&builder);
}

/* Python's names and files can be anything. */
static const struct builder_python hostile[] = {
    {"</script><script>alert(1)</script>", "/srv/\"><img src=x onerror=alert(2)>.py", 3},
    {"a\x01\x1b[31m\n\t\x7f", "/srv/'&<b>.py", 4},
    {"\xff\xfe\xc3", "/srv/\xe2\x80\xae.py", 5},
};

TEST(nothing_of_the_program_is_markup) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_python(&builder, 1, hostile, 3);
    builder_stack_python(&builder, 1, (const uint64_t[]){0x1000}, 1, 1);
    builder_thread(&builder, 1, 0, 0, "bank");
    builder_thread(&builder, 2, 1, 1, "</style><b>'\"&");
    for (uint32_t i = 1; i <= 2; i++)
        builder_lock(&builder, i, LOCK_KIND_MUTEX, 0x1000 + i * 64, 1, 1);
    builder_profile(&builder, (struct recording_profile){.lock = 1,
                                                         .contended = 1,
                                                         .top = {{.stack = 1, .waits = 1, .wait_ns = 9}}});
    builder_dependency(&builder, 1, (struct lock_hold){1, 0, 1}, (struct lock_hold[]){{2, 0, 1}}, 1);
    builder_finding(&builder, FINDING_DEADLOCK_ACTUAL, FINDING_SHAPE_CYCLE,
                    (struct builder_step[]){{1, {{1, 0, 1}}, 1, {2, 0, 1}}, {2, {{2, 0, 1}}, 1, {1, 0, 1}}},
                    2);
    struct report *report = scene_report(&builder, "report_html_test");
    char *text = html_of(report);
    CHECK_EQ(times(text, "<script"), 1);
    CHECK_EQ(times(text, "</script"), 1);
    CHECK_EQ(times(text, "</style"), 1);
    CHECK_EQ(times(text, "<img"), 0);
    CHECK(strstr(text, "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;") != NULL);
    CHECK(strstr(text, "title=\"/srv/&quot;&gt;&lt;img src=x onerror=alert(2)&gt;.py:3\"") != NULL);
    CHECK(strstr(text, "a\\x01\\x1b[31m\\x0a\\x09\\x7f") != NULL);
    CHECK(strstr(text, "\\xff\\xfe\\xc3") != NULL);
    CHECK(strstr(text, "\\u{202e}.py") != NULL);
    CHECK(strstr(text, "&lt;/style&gt;&lt;b&gt;&#39;&quot;&amp;") != NULL);
    free(text);
    report_free(report);
    builder_free(&builder);
}

TEST(a_run_without_lock_events_says_nothing) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_header(&builder)->events[RECORDING_FAMILY_MUTEX] = 0;
    struct report *report = scene_report(&builder, "report_html_test");
    char *text = html_of(report);
    CHECK(strstr(text, "<h1>No lock event was seen in <span>bank</span></h1>") != NULL);
    CHECK(strstr(text, "No deadlock happened") == NULL);
    free(text);
    report_free(report);
    builder_free(&builder);
}

TEST(a_clean_run_is_said_to_be_one) {
    struct recording_builder builder;
    builder_start(&builder);
    struct report *report = scene_report(&builder, "report_html_test");
    char *text = html_of(report);
    CHECK(strstr(text, "<h1>No finding in <span>bank</span></h1>") != NULL);
    CHECK(strstr(text, "id=\"overview\"") == NULL);
    free(text);
    report_free(report);
    builder_free(&builder);
}

TEST(bounds_that_were_reached_are_told) {
    struct recording_builder builder;
    builder_start(&builder);
    builder_header(&builder)->lost = RECORDING_LOST_SPACE;
    builder_header(&builder)->cut_searches = 3;
    struct report *report = scene_report(&builder, "report_html_test");
    char *text = html_of(report);
    CHECK(strstr(text, "<li>pid 4711: the disk was full: what happened after that is not recorded</li>") !=
          NULL);
    CHECK(strstr(text, "<li>pid 4711: 3 searches for cycles reached the bound of 65536 steps") != NULL);
    CHECK(strstr(text, "Nothing is known to be missing") == NULL);
    free(text);
    report_free(report);
    builder_free(&builder);
}

TEST(a_stack_of_ten_thousand_frames_is_shown_in_part) {
    enum { FRAMES = 10000 };
    static uint64_t addresses[FRAMES];
    struct recording_builder builder;
    builder_start(&builder);
    for (size_t i = 0; i < FRAMES; i++)
        addresses[i] = 0x1000 + i * 16;
    builder_stack(&builder, 1, addresses, FRAMES);
    builder_lock(&builder, 1, LOCK_KIND_MUTEX, 0x1000, 0, 0);
    builder_finding(&builder, FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{1, {{0, 0, 0}}, 0, {1, 0, 1}}}, 1);
    struct report *report = scene_report(&builder, "report_html_test");
    char *text = html_of(report);
    CHECK(strstr(text, "<li class=\"rest\">9920 more frames</li>") != NULL);
    CHECK(strstr(text, "<summary>Full stack, 10000 frames</summary>") != NULL);
    CHECK(strstr(text, "... 9500 more; the JSON report has all\n#9900 ") != NULL);
    CHECK(strstr(text, "#9999 ") != NULL);
    free(text);
    report_free(report);
    builder_free(&builder);
}

CHECK_MAIN
