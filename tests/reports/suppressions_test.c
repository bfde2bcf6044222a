/* reports/suppressions.c, rule_match.c, glob.c: what rules silence, and what is told of those with mistakes.
 */
#include "reports/suppressions.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "reports/glob.h"
#include "reports/rule_text.h"
#include "tests/check.h"
#include "tests/reports/knot.h"

enum { TODAY = 20270115 };

static void append(char *text, size_t size, const char *more) {
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s", more);
}

static struct suppressions *rules_of(const char *text) {
    struct suppressions *rules = suppressions_create(TODAY);
    suppressions_read_text(rules, "gordian.supp", text, strlen(text));
    return rules;
}

/* Whether the rules, which have no mistake, silence the knot. */
static bool silences(const char *text) {
    struct suppressions *rules = rules_of(text);
    bool matched = suppressions_match(rules, &knot) != NULL;
    CHECK_STR(suppressions_mistake(rules, 0) ? suppressions_mistake(rules, 0) : "", "");
    suppressions_free(rules);
    return matched;
}

/* The mistakes, one to a line. */
static const char *mistakes_in(const char *text, size_t size) {
    static char lines[4096];
    struct suppressions *rules = suppressions_create(TODAY);
    suppressions_read_text(rules, "gordian.supp", text, size);
    lines[0] = '\0';
    for (size_t i = 0; suppressions_mistake(rules, i); i++)
        snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s\n", suppressions_mistake(rules, i));
    suppressions_free(rules);
    return lines;
}

static const char *mistakes(const char *text) {
    return mistakes_in(text, strlen(text));
}

TEST(a_rule_silences_when_all_that_it_asks_for_is_so) {
    knot_start();
    CHECK(silences("[all]\nkind: deadlock.*\nlock: alice\nframe: transfer\nid: 1e9a1f76e2c05084\n"));
    CHECK(!silences("[one is not]\nkind: deadlock.*\nlock: carol\nframe: transfer\n"));
    CHECK(silences("[no]\nlock: carol\n[but this]\nlock: alice\n"));
    CHECK(!silences(""));
    CHECK(!silences("# [nothing]\n# kind: *\n"));
}

TEST(kinds_and_ids) {
    knot_start();
    CHECK(silences("[k]\nkind: deadlock.potential"));
    CHECK(silences("[k]\nkind: *\n"));
    CHECK(!silences("[k]\nkind: deadlock\n"));
    CHECK(!silences("[k]\nkind: misuse.*\n"));
    CHECK(silences("[k]\nid: 1e9a1f76e2c05084\n"));
    CHECK(!silences("[k]\nid: 1e9a1f76e2c05085\n"));
    /* The deadlock's id covers its prediction; the prediction's does not cover the deadlock. */
    CHECK(silences("[k]\nid: 2e9a1f76e2c05084\n"));
    knot.id = "2e9a1f76e2c05084";
    knot.happened_id = NULL;
    CHECK(!silences("[k]\nid: 1e9a1f76e2c05084\n"));
    knot.kind = FINDING_KINDS; /* of a newer recording */
    CHECK(!silences("[k]\nkind: *\n"));
}

TEST(locks_of_the_knot_count_by_name_and_variable) {
    knot_start();
    CHECK(silences("[l]\nlock: alice\n"));
    CHECK(silences("[l]\nlock: alice+0x8\n"));
    CHECK(silences("[l]\nlock: alice\nlock: mutex initialised at bank.c:* in open\n"));
    CHECK(!silences("[l]\nlock: alice\nlock: gate\n"));
    CHECK(!silences("[l]\nlock: gate\n"));     /* held beside the knot */
    knot.kind = FINDING_BLOCKING_WAIT_HOLDING; /* one thread, and all that it holds counts */
    knot.steps_count = 1;
    CHECK(silences("[l]\nlock: gate\n"));
}

TEST(frames_anywhere) {
    knot_start();
    CHECK(silences("[f]\nframe: transfer\n"));
    CHECK(silences("[f]\nframe: audit\nframe: transfer\n"));
    CHECK(silences("[f]\nframe: bank::lock_both\n")); /* without its parameters */
    CHECK(silences("[f]\nframe: bank::lock_both(bank::Account&, *)\n"));
    CHECK(silences("[f]\nframe: day\n")); /* a copy by the compiler */
    CHECK(silences("[f]\nframe: day.constprop.0\n"));
    CHECK(silences("[f]\nframe: desk.c\n"));
    CHECK(silences("[f]\nframe: /src/*/desk.c\n"));
    CHECK(silences("[f]\nframe: libbank.so*\n"));
    CHECK(silences("[f]\nframe: /opt/bank/bank\n"));
    CHECK(silences("[f]\nframe: pthread_mutex_lock\n")); /* frames that are folded count, too */
    CHECK(!silences("[f]\nframe: trans\n"));
    CHECK(!silences("[f]\nframe: desk\n"));
    CHECK(!silences("[f]\nframe: withdraw\n"));
}

TEST(a_frame_may_say_what_it_is) {
    knot_start();
    CHECK(silences("[f]\nframe: function:transfer\n"));
    CHECK(silences("[f]\nframe: file:desk.c\n"));
    CHECK(silences("[f]\nframe: module: bank\n"));
    CHECK(!silences("[f]\nframe: module:transfer\n"));
    CHECK(!silences("[f]\nframe: function:bank\n"));
    CHECK(!silences("[f]\nframe: file:main\n"));
    knot_frames[0][2].function = "file::open(int)";
    CHECK(silences("[f]\nframe: file::open\n")); /* a class of that name */
    CHECK(silences("[f]\nframe: function:file::open\n"));
}

TEST(sequences_of_frames_from_the_innermost_one_to_show) {
    knot_start();
    CHECK(silences("[s]\nframes: bank::lock_both; transfer\n"));
    CHECK(silences("[s]\nframes: bank::lock_both; transfer; day; main\n"));
    CHECK(silences("[s]\nframes: bank::lock_both; ...; main\n"));
    CHECK(silences("[s]\nframes: ...; day\n"));
    CHECK(silences("[s]\nframes: ...; main; ...\n"));
    CHECK(silences("[s]\nframes: ...; transfer; ...; ...; main\n"));
    CHECK(silences("[s]\nframes: module:libbank.so*; file:desk.c\n"));
    CHECK(silences("[s]\nframes: bank::lock_both; transfer\nframes: bank::lock_both; audit\n"));
    CHECK(!silences("[s]\nframes: transfer; day\n")); /* not the innermost */
    CHECK(!silences("[s]\nframes: bank::lock_both; day\n"));
    CHECK(!silences("[s]\nframes: ...; main; day\n"));
    CHECK(!silences("[s]\nframes: ...; main; *\n")); /* what is below main is not shown */
    CHECK(!silences("[s]\nframes: pthread_mutex_lock; bank::lock_both\n"));
    CHECK(!silences("[s]\nframes: transfer; audit\n")); /* of two stacks */
}

/* Against the obvious way: a sequence with gaps is tried at every place. */
static bool slow_match(const char *pattern, const char *frames) {
    if (!*pattern)
        return true;
    if (*pattern == '.')
        return slow_match(pattern + 1, frames) || (*frames && slow_match(pattern, frames + 1));
    return *frames == *pattern && slow_match(pattern + 1, frames + 1);
}

TEST(sequences_are_matched_as_the_obvious_way_does) {
    static const char letters[] = "ab.";
    struct report_frame at[4];
    static char names[2][2] = {"a", "b"};
    unsigned tried = 0;
    knot_start();
    for (unsigned pattern = 0; pattern < 3 * 3 * 3 * 3; pattern++)
        for (unsigned stack = 0; stack < 16; stack++) {
            char shape[5] = "", stacked[5] = "", line[64] = "[s]\nframes: ";
            for (unsigned i = 0, rest = pattern; i < 4; i++, rest /= 3) {
                shape[i] = letters[rest % 3];
                append(line, sizeof line, i ? "; " : "");
                append(line, sizeof line, shape[i] == '.' ? "..." : names[shape[i] == 'b']);
            }
            for (unsigned i = 0; i < 4; i++) {
                stacked[i] = names[stack >> i & 1][0];
                at[i] = (struct report_frame){.function = names[stack >> i & 1], .module = "/m"};
            }
            if (strcmp(shape, "....") == 0)
                continue; /* asks for nothing */
            knot_steps[0].wants.stack = (struct report_stack){at, 4, false};
            bool said = silences(line), right = slow_match(shape, stacked);
            if (said != right)
                printf("%s on %s: %d\n", shape, stacked, said);
            CHECK_EQ(said, right);
            tried++;
        }
    CHECK_EQ(tried, 80 * 16);
}

TEST(python_functions_are_frames) {
    struct report_frame python[] = {
        {.function = "take", .file = "/srv/bank.py", .line = 12, .python = true},
        {.function = "_PyEval_EvalFrameDefault", .module = "/usr/bin/python3.11", .offset = 0x1234},
        {.function = "extension_call", .module = "/opt/fast.so", .offset = 0x10},
    };
    knot_start();
    knot_steps[0].wants.stack = (struct report_stack){python, 3, false};
    CHECK(silences("[p]\nframes: take; extension_call\n"));
    CHECK(silences("[p]\nframe: file:bank.py\n"));
    CHECK(silences("[p]\nframe: module:python3*\n"));
    CHECK(!silences("[p]\nframes: take; _PyEval*\n")); /* the interpreter is not shown */
}

TEST(lines_of_thread_sanitizer_are_taken) {
    knot_start();
    CHECK(silences("deadlock:transfer\n"));
    CHECK(silences("deadlock: ransfe\n")); /* anywhere in the name */
    CHECK(silences("deadlock:^transfer$\n"));
    CHECK(silences("deadlock:^tr*r$\n"));
    CHECK(silences("deadlock:libbank.so\n"));
    CHECK(!silences("deadlock:^ransfer\n"));
    CHECK(!silences("deadlock:transfe$\n"));
    CHECK(!silences("deadlock:trans?er\n")); /* only * is special there */
    CHECK(!silences("mutex:transfer\n"));
    CHECK(!silences("race:transfer\n"));
    CHECK(silences("[x]\nlock: nobody\ndeadlock:transfer\n")); /* ends the rule before it */
    CHECK_STR(mistakes("race_top:x\nsignal:x\ndeadlock:\nlock: x\n"),
              "gordian.supp:1: ThreadSanitizer's 'race_top' has no counterpart here: this rule is left out\n"
              "gordian.supp:2: ThreadSanitizer's 'signal' has no counterpart here: this rule is left out\n"
              "gordian.supp:3: there is no text after the colon: this rule is left out\n"
              "gordian.supp:4: the line belongs to no rule: a rule begins with [NAME]\n");
}

TEST(layout_is_free) {
    knot_start();
    CHECK(silences("\xef\xbb\xbf[b]\r\n\r\n  \t lock :  alice \t\r\n"));
    CHECK(silences("  [ b ]  \n#x\n   # y\n\nlock:alice")); /* no newline at the end */
    struct suppressions *rules =
        rules_of("[ operator[] of the table ]\nlock: alice\n\n[\x1b[1m]\nlock: bob\n");
    CHECK_STR(suppressions_rule(rules, 0)->name, "operator[] of the table");
    CHECK_STR(suppressions_rule(rules, 1)->name, "\\x1b[1m");
    CHECK_STR(suppressions_rule(rules, 0)->file, "gordian.supp");
    CHECK_EQ(suppressions_rule(rules, 1)->line, 4);
    CHECK(suppressions_rule(rules, 2) == NULL);
    suppressions_free(rules);
}

TEST(what_is_literal) {
    knot_start();
    knot_frames[0][2].function = "Table::operator[](char*)";
    CHECK(silences("[g]\nframe: Table::operator\\[\\](char\\*)\n"));
    CHECK(silences("[g]\nframe: Table::operator?"
                   "?(char?)\n"));
    CHECK(silences("[g]\nframe: Table::operator[[]](*)\n"));
    CHECK(silences("[g]\nframe: Table::operator[!a-z]](*\n"));
    CHECK(!silences("[g]\nframe: Table::operator[a-z]](*\n"));
    CHECK(!silences("[g]\nframe: Table::operator\\*\n"));
}

TEST(expired_rules_silence_nothing_and_still_say_what_they_would) {
    knot_start();
    CHECK(silences("[e]\nlock: alice\nexpires: 2027-01-15\n")); /* the day itself */
    CHECK(silences("[e]\nexpires: 2028-02-29\nlock: alice\n"));
    struct suppressions *rules = rules_of("[old]\nlock: alice\nexpires: 2027-01-14\n[new]\nlock: alice\n");
    CHECK_STR(suppressions_match(rules, &knot)->name, "new");
    CHECK(suppressions_rule(rules, 0)->expired);
    CHECK_EQ(suppressions_rule(rules, 0)->matched, 1);
    CHECK_EQ(suppressions_rule(rules, 0)->expires, 20270114);
    suppressions_free(rules);
}

TEST(every_rule_that_matches_is_used_and_the_first_one_silences) {
    knot_start();
    struct suppressions *rules = rules_of("[a]\nlock: carol\n[b]\nlock: alice\n[c]\nkind: deadlock.*\n");
    CHECK_STR(suppressions_match(rules, &knot)->name, "b");
    CHECK_STR(suppressions_match(rules, &knot)->name, "b");
    CHECK_EQ(suppressions_rule(rules, 0)->matched, 0);
    CHECK_EQ(suppressions_rule(rules, 1)->matched, 2);
    CHECK_EQ(suppressions_rule(rules, 2)->matched, 2);
    CHECK_EQ(suppressions_rule(rules, 2)->index, 2);
    suppressions_free(rules);
}

TEST(a_mistake_is_told_with_its_line_and_the_rest_counts) {
    CHECK_STR(
        mistakes("kind: deadlock.*\nlock: x\n"
                 "[no colon]\nlock alice\nlock: x\n"
                 "[unknown]\nfram: alice\n"
                 "[nothing]\n"
                 "[date only]\nexpires: 2027-01-31\n"
                 "[day]\nlock: x\nexpires: 2027-02-29\n"
                 "[days]\nlock: x\nexpires: 2027-03-01\nexpires: 2027-03-02\n"
                 "[kinds]\nkind: a\nkind: b\n"
                 "[ids]\nid: 1e9a1f76e2c05084\nid: 1e9a1f76e2c05084\n"
                 "[id]\nid: L1\n"
                 "[glob]\nlock: \n"
                 "[end]\nlock: x\\\n"
                 "[gaps]\nframes: ...; ...\n"
                 "[hole]\nframes: a;; b\n"
                 "[open\nlock: x\n"
                 "[]\nlock: x\n"),
        "gordian.supp:1: the line belongs to no rule: a rule begins with [NAME]\n"
        "gordian.supp:4: 'lock alice' is not 'key: value': this rule is left out\n"
        "gordian.supp:7: 'fram' is none of kind, id, lock, frame, frames and expires: this rule is left out\n"
        "gordian.supp:8: it asks for nothing, so it would silence everything: this rule is left out\n"
        "gordian.supp:9: it asks for nothing, so it would silence everything: this rule is left out\n"
        "gordian.supp:13: '2027-02-29' is no day: it is written as 2027-01-31: this rule is left out\n"
        "gordian.supp:17: a second date: this rule is left out\n"
        "gordian.supp:20: a second kind: a finding has one (use a glob, or two rules): this rule is left "
        "out\n"
        "gordian.supp:23: a second id: a finding has one (use two rules): this rule is left out\n"
        "gordian.supp:25: 'L1' is no id: it has 16 digits of 0-9a-f: this rule is left out\n"
        "gordian.supp:27: there is no glob: this rule is left out\n"
        "gordian.supp:29: the glob ends with a \\ that takes nothing literally: this rule is left out\n"
        "gordian.supp:31: it asks for no frame: this rule is left out\n"
        "gordian.supp:33: there is no glob: this rule is left out\n"
        "gordian.supp:34: the name of a rule ends with ], and nothing follows it: this rule is left out\n"
        "gordian.supp:36: a rule needs a name: this rule is left out\n");
    knot_start();
    struct suppressions *rules =
        rules_of("[bad]\nfram: x\nkind: *\n[good]\nlock: alice\n[bad, too]\nid: x\n");
    CHECK_STR(suppressions_match(rules, &knot)->name, "good");
    CHECK(suppressions_rule(rules, 1) == NULL);
    CHECK(suppressions_mistake(rules, 1) && !suppressions_mistake(rules, 2));
    suppressions_free(rules);
}

TEST(days_that_are_none) {
    static const char *const wrong[] = {
        "2027-1-31",  "2027-00-10", "2027-13-01", "2027-04-31",
        "2027-01-00", "0000-01-01", "31.01.2027", "2027-01-31 # after the move",
        "2100-02-29", "soon",       "",           "2027-01-311"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[128];
        snprintf(text, sizeof text, "[d]\nlock: x\nexpires: %s\n", wrong[i]);
        CHECK(strstr(mistakes(text), "gordian.supp:3: '") == mistakes(text));
    }
    CHECK_STR(mistakes("[d]\nlock: x\nexpires: 2000-02-29\n"), "");
}

TEST(bounds_are_told) {
    size_t size = 6000;
    char *text = malloc(size);
    memset(text, 'x', size);
    for (size_t i = 0; i < 10; i++)
        text[i] = "[a]\nlock: "[i];
    text[size - 1] = '\n';
    CHECK_STR(mistakes_in(text, size),
              "gordian.supp:2: the line is longer than 4,096 bytes: this rule is left out\n");
    text[1020] = '\n';
    CHECK_STR(mistakes_in(text, 1021),
              "gordian.supp:2: the glob is longer than 1,000 bytes: this rule is left out\n");
    memset(text + 4, '#', size - 5);
    memset(text, '\n', 4);
    CHECK_STR(mistakes_in(text, size),
              "gordian.supp:5: the line is longer than 4,096 bytes: this line is left out\n");
    free(text);
    char frames[1024] = "[a]\nframes: x";
    for (int i = 0; i < 64; i++)
        append(frames, sizeof frames, "; x");
    CHECK_STR(mistakes(frames), "gordian.supp:2: there are more than 64 frames: this rule is left out\n");
    CHECK_STR(mistakes_in("[a]\nlock: x\0y\n[b]\nlock: z\n", 25),
              "gordian.supp:2: a NUL byte is in the line: this rule is left out\n");
}

TEST(files) {
    struct suppressions *rules = suppressions_create(TODAY);
    CHECK_EQ(suppressions_read_file(rules, "/no/such/file"), -ENOENT);
    CHECK_EQ(suppressions_read_file(rules, "/"), -EISDIR);
    CHECK_EQ(suppressions_read_file(rules, "/dev/zero"), -EFBIG);
    CHECK_EQ(suppressions_read_file(rules, "/dev/null"), 0);
    CHECK(suppressions_rule(rules, 0) == NULL && suppressions_mistake(rules, 0) == NULL);
    suppressions_free(rules);
}

/* Bytes at random, with what rules are made of among them: whatever is read, nothing breaks, and it is read
 * the same way again. */
TEST(any_bytes_may_be_read) {
    static const char *const words[] = {
        "[",          "]",     "\n",        "kind:", "id: ", "lock:",   "frame:",   "frames:", "...",
        ";",          "*",     "\\",        "\r",    "\t",   "#",       "expires:", "alice\n", "function:",
        "2027-01-31", "race:", "deadlock:", "^",     "$",    "\n[a]\n", "\nlock: "};
    uint64_t random = 1;
    size_t silenced = 0, wrong = 0;
    knot_start();
    for (int round = 0; round < 3000; round++) {
        char *text = malloc(700); /* its own block: reading past the end is seen */
        size_t size = 0, limit = (size_t)(round % 600);
        while (size < limit) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            unsigned pick = (unsigned)(random >> 40);
            const char *word = words[pick % (sizeof words / sizeof *words)];
            if (pick % 7 == 0)
                text[size++] = (char)(random >> 33);
            else
                for (; *word; word++)
                    text[size++] = *word;
        }
        char *exact = malloc(size + !size);
        memcpy(exact, text, size);
        free(text);
        struct suppressions *one = suppressions_create(TODAY), *two = suppressions_create(TODAY);
        suppressions_read_text(one, "f", exact, size);
        suppressions_read_text(two, "f", exact, size);
        CHECK_EQ(suppressions_rules(one), suppressions_rules(two));
        bool matched = suppressions_match(one, &knot) != NULL;
        CHECK_EQ(matched, suppressions_match(two, &knot) != NULL);
        silenced += matched;
        wrong += suppressions_mistake(one, 0) != NULL;
        suppressions_free(one);
        suppressions_free(two);
        free(exact);
    }
    printf("%zu of 3000 silenced, %zu had mistakes\n", silenced, wrong);
    CHECK(silenced > 10 && wrong > 1000); /* it was not all thrown away at once */
}

TEST(hostile_globs_and_deep_stacks_take_no_time) {
    enum { DEEP = 10000 };
    static struct report_frame deep[DEEP];
    static char name[2000];
    char rules[2048] = "[a]\nframe: ", sequence[1024] = "[b]\nframes: ";
    memset(name, 'a', sizeof name - 1);
    for (int i = 0; i < DEEP; i++)
        deep[i] = (struct report_frame){.function = name, .module = "/m"};
    for (int i = 0; i < 490; i++)
        append(rules, sizeof rules, "*a");
    append(rules, sizeof rules, "b\n");
    for (int i = 0; i < 31; i++)
        append(sequence, sizeof sequence, "a*; ...; ");
    append(sequence, sizeof sequence, "b\n");
    knot_start();
    knot_steps[0].wants.stack = (struct report_stack){deep, DEEP, false};
    CHECK(!silences(rules));
    CHECK(!silences(sequence));
}

/* ---- the rule that is printed with a finding ---- */

TEST(the_printed_rule_silences_the_finding_alone) {
    struct memory_pool pool = {0};
    knot_start();
    const char *rule = rule_text_of(&pool, &knot);
    CHECK_STR(rule, "[deadlock.potential: alice, mutex initialised at bank.c:12 in open]\n"
                    "# deadlock possible: main locks bob while it holds alice\n"
                    "id: 1e9a1f76e2c05084\n"
                    "# Instead of the id, to silence what is like it, and still after an edit:\n"
                    "# kind: deadlock.potential\n"
                    "# lock: alice\n"
                    "# lock: mutex initialised at bank.c:12 in open\n"
                    "# frames: function:bank::lock_both; function:transfer\n"
                    "# frames: function:bank::lock_both; function:audit\n");
    CHECK(silences(rule));
    knot.id = "1e9a1f76e2c05085"; /* as alike as can be */
    CHECK(!silences(rule));
    memory_pool_free(&pool);
}

/* What stands in the comments of a rule, as a rule without its id. */
static char *loosened(const char *rule) {
    char *text = strdup(rule), *id = strstr(text, "id: ");
    *id = '#';
    for (char *at = strstr(text, "# kind:"); at; at = strstr(at + 1, "\n# ")) {
        at += *at == '\n';
        at[0] = at[1] = ' ';
    }
    return text;
}

static const char *const strange[] = {"a;b",
                                      "...",
                                      "[x]",
                                      "# no comment",
                                      "function:f",
                                      " blanks ",
                                      "new\nline",
                                      "nul\\",
                                      "tab\tquote\"'",
                                      "\xff\xfe",
                                      "caf\xc3\xa9",
                                      "<script>",
                                      "operator*=",
                                      "f(int*, char[3])",
                                      "a::b<c;d>()",
                                      "*",
                                      "?",
                                      "x\r",
                                      "%s%n",
                                      "f.isra.0",
                                      "{lambda(int)#1}",
                                      "\xe2\x80\xae",
                                      ""};

TEST(whatever_names_hold_the_rule_can_be_read_and_silences) {
    struct memory_pool pool = {0};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        knot_start();
        knot.message = strange[i];
        knot_alice.name = knot_alice.variable = *strange[i] ? strange[i] : "x";
        knot_frames[1][1].function = knot_frames[1][2].function = strange[i];
        const char *rule = rule_text_of(&pool, &knot);
        CHECK(silences(rule));
        char *loose = loosened(rule);
        CHECK(silences(loose));
        if (!silences(loose) || !silences(rule))
            printf("%s\n%s\n", rule, loose);
        free(loose);
        knot.id = "0000000000000000";
        CHECK(!silences(rule));
    }
    memory_pool_free(&pool);
}

TEST(long_names_and_many_sides_stay_within_the_bounds) {
    static char name[9000];
    struct memory_pool pool = {0};
    static struct report_step steps[40];
    static struct report_frame at[40][2];
    static char names[40][8];
    memset(name, '*', sizeof name - 1);
    knot_start();
    knot.message = knot_alice.name = knot_alice.variable = knot_frames[1][1].function = name;
    const char *rule = rule_text_of(&pool, &knot);
    CHECK(silences(rule));
    char *loose = loosened(rule);
    CHECK(silences(loose));
    free(loose);
    knot_start();
    for (int i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], "f%d", i);
        at[i][0] = (struct report_frame){.function = names[i], .module = "/m"};
        at[i][1] = (struct report_frame){.offset = 0x7f00};
        steps[i] = (struct report_step){.thread = &knot_main, .wants = {&knot_alice, 0, {at[i], 2, false}}};
    }
    knot.kind = FINDING_HANG_ALL_BLOCKED;
    knot.steps = steps;
    knot.steps_count = 40;
    rule = rule_text_of(&pool, &knot);
    CHECK(strstr(rule, "# frames: function:f7; ...\n") != NULL);
    CHECK(strstr(rule, "f8") == NULL);
    CHECK(silences(rule));
    loose = loosened(rule);
    CHECK(silences(loose));
    free(loose);
    memory_pool_free(&pool);
}

TEST(a_finding_without_frames_or_locks_has_a_rule) {
    struct memory_pool pool = {0};
    knot_start();
    knot.steps_count = 0;
    knot.kind = FINDING_KINDS;
    const char *rule = rule_text_of(&pool, &knot);
    CHECK_STR(rule,
              "[finding]\n# deadlock possible: main locks bob while it holds alice\nid: 1e9a1f76e2c05084\n");
    CHECK(silences(rule));
    memory_pool_free(&pool);
}

CHECK_MAIN
