/* reports/filter.c, filter_words.c and what text says of findings that were put aside. */
#include "reports/filter.h"

#include <errno.h>
#include <stdlib.h>

#include "reports/filter_words.h"
#include "reports/sides.h"
#include "reports/stable_names.h"
#include "tests/check.h"
#include "tests/reports/knot.h"
#include "tests/reports/scene.h"

enum { TODAY = 20270115 };

static struct filter *filter_of(const char *rules) {
    struct filter *filter = filter_create(TODAY);
    suppressions_read_text(filter_suppressions(filter), "g.supp", rules, strlen(rules));
    return filter;
}

/* Whether a finding is inside of the module. */
static bool is_inside(const char *glob) {
    struct filter *filter = filter_create(TODAY);
    struct report_finding finding = knot;
    CHECK_EQ(filter_add_module(filter, glob), 0);
    filter_judge(filter, &finding);
    CHECK_EQ(finding.suppressed, finding.suppressed_by != NULL);
    bool inside = !finding.suppressed;
    filter_free(filter);
    return inside;
}

TEST(the_module_of_a_side_is_that_of_its_innermost_frame_to_show) {
    knot_start();
    CHECK(is_inside("libbank.so*"));
    CHECK(is_inside("/opt/bank/libbank.so.2.1"));
    CHECK(is_inside("*/bank/*"));
    CHECK(!is_inside("bank")); /* it only calls libbank */
    CHECK(!is_inside("libc.so*"));
    knot_frames[3][1].module = "/usr/lib/libstdc++.so.6"; /* the C++ library stands for its caller */
    CHECK(is_inside("bank"));
    CHECK(is_inside("libbank.so*")); /* the other sides */
    CHECK(!is_inside("libstdc++*"));
}

TEST(what_is_held_beside_the_knot_is_no_side) {
    static struct report_frame other = {.function = "enter", .module = "/opt/gate/libgate.so"};
    knot_start();
    knot_holds[0][0].stack = (struct report_stack){&other, 1, false};
    CHECK(!is_inside("libgate.so"));
    knot.kind = FINDING_HANG_ALL_BLOCKED; /* no ring: all counts */
    CHECK(is_inside("libgate.so"));
}

TEST(a_python_file_stands_for_the_module) {
    static struct report_frame python[] = {{.function = "take", .file = "/srv/bank.py", .python = true},
                                           {.function = "PyEval_x", .module = "/usr/bin/python3.11"}};
    knot_start();
    knot_steps[0].wants.stack = (struct report_stack){python, 2, false};
    CHECK(is_inside("bank.py"));
    CHECK(is_inside("/srv/*"));
    CHECK(!is_inside("python3*"));
}

TEST(a_finding_of_which_no_module_is_known_is_inside) {
    knot_start();
    for (size_t i = 0; i < 2; i++) {
        knot_holds[i][i == 0].stack = (struct report_stack){0};
        knot_steps[i].wants.stack = (struct report_stack){0};
    }
    CHECK(is_inside("libother.so"));
    knot_start();
    knot.steps_count = 0;
    CHECK(is_inside("libother.so"));
}

TEST(globs_of_modules_have_bounds) {
    static char longer[1002];
    struct filter *filter = filter_create(TODAY);
    memset(longer, 'x', 1001);
    CHECK_EQ(filter_add_module(filter, ""), -EINVAL);
    CHECK_EQ(filter_add_module(filter, longer), -EINVAL);
    CHECK(filter_modules(filter) == NULL);
    CHECK_EQ(filter_add_module(filter, "a*"), 0);
    CHECK_EQ(filter_add_module(filter, longer + 1), 0);
    filter_free(filter);
}

TEST(a_rule_comes_before_the_module_and_the_baseline_beside_both) {
    struct filter *filter = filter_of("[first]\nlock: alice\n");
    static const char before[] =
        "{\"id\":\"1e9a1f76e2c05084\",\"kind\":\"k\",\"severity\":\"note\",\"message\":\"m\"}";
    char error[64];
    knot_start();
    filter_add_module(filter, "libother.so");
    filter_add_module(filter, "libthird.so");
    CHECK_EQ(baseline_read_text(filter_baseline(filter), before, strlen(before), error, sizeof error), 0);
    filter_judge(filter, &knot);
    CHECK_STR(knot.suppressed_by, "rule first (g.supp:1)");
    CHECK(knot.known && knot.suppressed);
    knot_start();
    knot_alice.variable = "carol";
    knot_alice.name = "carol";
    knot.id = "1e9a1f76e2c05085";
    filter_judge(filter, &knot);
    CHECK_STR(knot.suppressed_by, "--only-module libother.so --only-module libthird.so");
    CHECK(!knot.known);
    filter_free(filter);
}

/* The scene's prediction, and a misuse beside it. */
static struct report *report_of(struct filter *filter) {
    struct recording_builder builder;
    struct report *report = report_create();
    scene_start(&builder);
    scene_add_deadlock(&builder, FINDING_DEADLOCK_POTENTIAL);
    builder_finding(&builder, FINDING_MISUSE_RELOCK, FINDING_SHAPE_NONE,
                    &(struct builder_step){.thread = SCENE_MAIN, .wants = {SCENE_BANK, 0, SCENE_AUDIT}}, 1);
    report_set_filter(report, filter);
    scene_read(&builder, "filter_test", report);
    builder_free(&builder);
    return report;
}

/* The whole text of the report; what the filter owns must outlive it. */
static const char *text_of(struct filter *filter) {
    static char copy[8192];
    struct report *report = report_of(filter);
    char *text = scene_text(report);
    snprintf(copy, sizeof copy, "%s", text);
    free(text);
    report_free(report);
    filter_free(filter);
    return copy;
}

static const char relock[] = "gordian: main locks Bank::lock again while it holds it\n";

TEST(what_rules_silence_is_counted_by_their_names) {
    CHECK_STR(text_of(filter_of("[all]\nkind: *\n[more]\nkind: deadlock.*\n")),
              "gordian: 2 findings: 0 errors, 0 warnings, 0 notes, 2 suppressed\n"
              "  suppressed  2 findings by rule all (g.supp:1)\n"
              "  seen: 12 mutex events in 2 threads of 1 process\n");
    const char *text =
        text_of(filter_of("[a]\nlock: account_lock\n[b]\nkind: misuse.*\n[c]\nlock: x\n[d]\nlock: y\n"));
    CHECK_STR(text, "gordian: 2 findings: 0 errors, 0 warnings, 0 notes, 2 suppressed\n"
                    "  suppressed  1 finding by rule a (g.supp:1)\n"
                    "  suppressed  1 finding by rule b (g.supp:3)\n"
                    "  seen: 12 mutex events in 2 threads of 1 process\n"
                    "  note: 2 rules silenced nothing in this run: c (g.supp:5), d (g.supp:7)\n");
}

TEST(what_is_left_is_shown_and_counts) {
    struct filter *filter = filter_of("[a]\nlock: account_lock\n");
    struct report *report = report_of(filter);
    CHECK(!report_counts(report_finding(report, 0)));
    CHECK(report_counts(report_finding(report, 1)));
    report_free(report);
    filter_free(filter);
    const char *text =
        text_of(filter_of("[a]\nlock: account_lock\n[bad]\nfram: x\n[old]\nkind: *\nexpires: 2027-01-14\n"));
    const char *summary = strstr(text, "gordian: 2 findings");
    CHECK(strncmp(text, relock, sizeof relock - 1) == 0);
    CHECK_STR(summary,
              "gordian: 2 findings: 0 errors, 1 warning, 0 notes, 1 suppressed\n"
              "  warning  main locks Bank::lock again while it holds it\n"
              "  suppressed  1 finding by rule a (g.supp:1)\n"
              "  seen: 12 mutex events in 2 threads of 1 process\n"
              "  note: mistakes in suppressions, whose rules do not count: g.supp:4\n"
              "  note: rule old (g.supp:5) expired on 2027-01-14 and silences nothing any more; it would "
              "have silenced 2 findings\n");
}

TEST(what_is_outside_is_told) {
    struct filter *filter = filter_create(TODAY);
    filter_add_module(filter, "libother.so*");
    CHECK_STR(text_of(filter), "gordian: 2 findings: 0 errors, 0 warnings, 0 notes, 2 suppressed\n"
                               "  suppressed  2 findings outside of --only-module libother.so*\n"
                               "  seen: 12 mutex events in 2 threads of 1 process\n");
}

TEST(what_is_known_is_named_and_does_not_count) {
    struct filter *filter = filter_create(TODAY);
    struct report *report = report_of(NULL);
    baseline_add_report(filter_baseline(filter), report);
    report_free(report);
    report = report_of(filter);
    CHECK(!report_counts(report_finding(report, 0)) && !report_counts(report_finding(report, 1)));
    CHECK_EQ(filter_gone(filter, report), 0);
    report_free(report);
    CHECK_STR(text_of(filter),
              "gordian: 2 findings: 0 errors, 0 warnings, 0 notes, 2 known from the baseline\n"
              "  known    deadlock possible: main, holding account_lock, locks table+0x40; teller, "
              "holding table+0x40, locks account_lock\n"
              "  known    main locks Bank::lock again while it holds it\n"
              "  seen: 12 mutex events in 2 threads of 1 process\n");
    static const char before[] =
        "{\"id\":\"1e9a1f76e2c05084\",\"kind\":\"k\",\"severity\":\"note\",\"message\":\"m\"}";
    char error[64];
    filter = filter_create(TODAY);
    CHECK_EQ(baseline_read_text(filter_baseline(filter), before, strlen(before), error, sizeof error), 0);
    const char *text = text_of(filter), *summary = strstr(text, "gordian: 2 findings");
    CHECK(summary && strstr(summary, "0 errors, 2 warnings, 0 notes\n") != NULL);
    CHECK(summary && strstr(summary, "  note: 1 finding of the baseline was not seen this time\n") != NULL);
}

TEST(many_rules_are_named_up_to_a_bound) {
    struct memory_pool pool = {0};
    char rules[1024] = "";
    for (int i = 0; i < 12; i++)
        snprintf(rules + strlen(rules), sizeof rules - strlen(rules), "[r%d]\nlock: none\n[w%d]\n", i, i);
    struct filter *filter = filter_of(rules);
    struct report *report = report_of(filter);
    struct filter_lines lines = filter_words_remarks(&pool, report, 2);
    CHECK_EQ(lines.count, 2);
    CHECK_STR(lines.lines[0],
              "mistakes in suppressions, whose rules do not count: g.supp:3, g.supp:6 and 10 more");
    CHECK_STR(lines.lines[1],
              "12 rules silenced nothing in this run: r0 (g.supp:1), r1 (g.supp:4) and 10 more");
    memory_pool_free(&pool);
    report_free(report);
    filter_free(filter);
}

TEST(a_full_style_shows_what_was_put_aside_and_the_rules) {
    struct filter *filter = filter_of("[a]\nlock: account_lock\n");
    struct report *report = report_of(filter);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK_EQ(report_text_write(report, &(struct report_style){.full = true}, out), 0);
    fclose(out);
    CHECK(strstr(text, "  suppressed  deadlock possible: ") != NULL);
    CHECK(strstr(text, "\n  a rule that silences it (gordian help suppressions):\n"
                       "    [misuse.relock: Bank::lock]\n"
                       "    # main locks Bank::lock again while it holds it\n"
                       "    id: ") != NULL);
    free(text);
    report_free(report);
    filter_free(filter);
}

TEST(names_that_stay) {
    static const char *const functions[][2] = {{"transfer", "transfer"},
                                               {"transfer.isra.0", "transfer"},
                                               {"transfer.part.0.constprop.1", "transfer"},
                                               {"transfer.cold", "transfer"},
                                               {"a.lto_priv.3", "a"},
                                               {"a.llvm.1234", "a"},
                                               {"main.run", "main.run"}, /* Go's */
                                               {"f(int) [clone .cold]", "f(int)"},
                                               {"f[abi:cxx11]()", "f[abi:cxx11]()"},
                                               {".isra.0", ".isra.0"},
                                               {"", ""}};
    static const char *const modules[][2] = {{"/usr/lib/libbank.so.2.1", "libbank.so"},
                                             {"libbank.so", "libbank.so"},
                                             {"/opt/bank (deleted)", "bank"},
                                             {"/opt/libbank.so.2 (deleted)", "libbank.so"},
                                             {"/opt/bank-1.2", "bank-1.2"},
                                             {".so.1", ".so.1"},
                                             {"/", ""}};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        CHECK_EQ(stable_function(functions[i][0]), strlen(functions[i][1]));
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        size_t length;
        const char *name = stable_module(modules[i][0], &length);
        CHECK(length == strlen(modules[i][1]) && strncmp(name, modules[i][1], length) == 0);
    }
    CHECK(stable_is_libc(&(struct report_frame){.module = "/lib/x86_64-linux-gnu/libc.so.6"}));
    CHECK(stable_is_libc(&(struct report_frame){.module = "/lib64/ld-linux-x86-64.so.2"}));
    CHECK(!stable_is_libc(&(struct report_frame){.module = "/usr/lib/libcjson.so.1"}));
    CHECK(!stable_is_libc(&(struct report_frame){.module = NULL}));
    CHECK(stable_is_system(&(struct report_frame){.module = "/usr/lib/libstdc++.so.6"}));
    CHECK(!stable_is_system(&(struct report_frame){.module = "/opt/bank"}));
}

TEST(lambdas) {
    CHECK(stable_is_lambda("operator()") && stable_is_lambda("main::{lambda()#2}::operator()() const") &&
          stable_is_lambda("main::$_1::operator()() const"));
    CHECK(!stable_is_lambda("bank::hash::operator()(int)") &&
          !stable_is_lambda("main::{lambda()#2}::_FUN()") && !stable_is_lambda("transfer"));
}

TEST(every_side_is_walked_once) {
    const struct report_hold *seen[8] = {NULL};
    size_t count = 0;
    knot_start();
    struct sides sides = sides_begin(&knot);
    for (const struct report_hold *side; count < 8 && (side = sides_next(&sides)) != NULL;)
        seen[count++] = side;
    CHECK_EQ(count, 4);
    CHECK(seen[0] == &knot_holds[0][1] && seen[1] == &knot_steps[0].wants && seen[2] == &knot_holds[1][0] &&
          seen[3] == &knot_steps[1].wants);
    CHECK(sides_next(&sides) == NULL);
    knot_steps[0].wants.lock = NULL; /* a ring that is cut: the teller holds nothing that is wanted */
    sides = sides_begin(&knot);
    for (count = 0; count < 8 && sides_next(&sides);)
        count++;
    CHECK_EQ(count, 2);
    knot.kind = FINDING_HANG_ALL_BLOCKED;
    sides = sides_begin(&knot);
    for (count = 0; count < 8 && sides_next(&sides);)
        count++;
    CHECK_EQ(count, 5);
}

CHECK_MAIN
