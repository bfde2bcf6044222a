#include "reports/report_dot.h"

#include <stdlib.h>

#include "tests/check.h"
#include "tests/reports/scene.h"

static char *dot_of(const struct report *report) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK_EQ(report_dot_write(report, out), 0);
    fclose(out);
    return text;
}

/* What graphviz makes of the text: its exit status with all it says to `to`. */
static int graphviz(const char *text, const char *arguments) {
    char command[256];
    snprintf(command, sizeof command, "dot %s >/dev/null", arguments);
    FILE *dot = popen(command, "w");
    if (!dot)
        return -1;
    fputs(text, dot);
    return pclose(dot);
}

static void add(struct recording_builder *builder, uint32_t thread, uint32_t held, uint32_t wanted) {
    builder_dependency(builder, thread, (struct lock_hold){wanted, 0, SCENE_SECOND},
                       (struct lock_hold[]){{held, 0, SCENE_FIRST}}, 1);
}

#define HEAD                                                                                                 \
    " An arrow leads from a lock that was held to\n// the one that was taken then. Red: on a cycle; "        \
    "thick: in a finding; dashed: in none, since a gate lock, a\n// single thread or the order of "          \
    "threads keeps it from a deadlock, or it was not listed.\ndigraph \"lock order\" {\n  rankdir=LR;\n"     \
    "  node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=11];\n"                             \
    "  edge [fontname=\"sans-serif\", fontsize=9];\n"

TEST(a_whole_graph) {
    struct recording_builder builder;
    char expected[4096];
    scene_start(&builder);
    add(&builder, SCENE_MAIN, SCENE_ACCOUNT, SCENE_TABLE);
    add(&builder, SCENE_MAIN, SCENE_BANK, SCENE_ACCOUNT);
    add(&builder, SCENE_MAIN, SCENE_BANK, SCENE_HEAP);
    add(&builder, SCENE_TELLER, SCENE_HEAP, SCENE_BANK);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL);
    struct report *report = scene_report(&builder, "report_dot_test");
    char *text = dot_of(report);
    const char *id = report_finding(report, 0)->id;
    snprintf(
        expected, sizeof expected,
        "// gordian: 4 locks, 5 orders; 2 groups of locks on cycles." HEAD
        "  n1 [label=\"table+0x40\", color=\"#c62828\"];\n"
        "  n2 [label=\"account_lock\", color=\"#c62828\"];\n"
        "  n3 [label=\"Bank::lock\", color=\"#c62828\"];\n"
        "  n4 [label=\"mutex initialised at fixture.c:36 in Bank::audit\", color=\"#c62828\"];\n"
        "  n2 -> n1 [color=\"#c62828\", fontcolor=\"#c62828\", label=\"account_lock at fixture.c:23 in "
        "take\\n"
        "table+0x40 at fixture.c:23 in take\\n1 thread\\ndeadlock.potential %s\", penwidth=2];\n"
        "  n3 -> n2;\n"
        "  n3 -> n4 [color=\"#c62828\", fontcolor=\"#c62828\", label=\"Bank::lock at fixture.c:23 in take\\n"
        "mutex initialised at fixture.c:36 in Bank::audit at fixture.c:23 in take\\n1 thread\", "
        "style=dashed];\n"
        "  n4 -> n3 [color=\"#c62828\", fontcolor=\"#c62828\", label=\"mutex initialised at fixture.c:36 in "
        "Bank::audit at fixture.c:23 in take\\nBank::lock at fixture.c:23 in take\\n1 thread\", "
        "style=dashed];\n"
        "  n1 -> n2 [color=\"#c62828\", fontcolor=\"#c62828\", label=\"table+0x40 at fixture.c:36 in "
        "Bank::audit\\naccount_lock at fixture.c:23 in take\\n1 thread\\ndeadlock.potential %s\", "
        "penwidth=2];\n}\n",
        id, id);
    CHECK_STR(text, expected);
    CHECK_EQ(graphviz(text, "-Tsvg"), 0);
    free(text);
    report_free(report);
    builder_free(&builder);
}

TEST(no_order_is_a_graph_too) {
    struct recording_builder builder;
    scene_start(&builder);
    struct report *report = scene_report(&builder, "report_dot_test");
    char *text = dot_of(report);
    CHECK_STR(text, "// gordian: 0 locks, 0 orders; 0 groups of locks on cycles." HEAD "}\n");
    CHECK_EQ(graphviz(text, "-Tsvg"), 0);
    free(text);
    report_free(report);
    builder_free(&builder);
}

TEST(names_stay_within_their_label) {
    struct recording_builder builder;
    static const struct builder_python python[] = {{"f\"]; evil [label=\"\\", "/srv/a\nb\xff.py", 7}};
    builder_start(&builder);
    builder_python(&builder, 1, python, 1);
    builder_stack_python(&builder, 1, (const uint64_t[]){0x1000}, 1, 1);
    for (uint32_t i = 1; i <= 2; i++)
        builder_lock(&builder, i, LOCK_KIND_SEMAPHORE, 0x1000 + i * 64, 1, 1);
    for (uint32_t i = 1; i <= 2; i++)
        builder_dependency(&builder, i, (struct lock_hold){i, 0, 1}, (struct lock_hold[]){{3 - i, 0, 1}}, 1);
    struct report *report = scene_report(&builder, "report_dot_test");
    char *text = dot_of(report);
    CHECK(strstr(text, "a\\\\x0ab\\\\xff.py:7 in f\\\"]; evil [label=\\\"\\\\") != NULL);
    CHECK_EQ(graphviz(text, "-Tplain | grep -q '^node evil' && exit 1; exit 0; cat"), 0);
    CHECK_EQ(graphviz(text, "-Tsvg"), 0);
    free(text);
    report_free(report);
    builder_free(&builder);
}

CHECK_MAIN
