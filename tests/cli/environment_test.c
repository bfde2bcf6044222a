/* cli/environment.c: what the program gets to see. */
#include "cli/environment.h"

#include "tests/check.h"

static const struct environment settings = {.library = "/opt/libgordian.so",
                                            .dir = "/tmp/a:b",
                                            .notify = "/tmp/c\\d",
                                            .root = 4711,
                                            .children = true};

/* What the settings above add, but for the last character. */
#define OPTIONS "dir=/tmp/a\\:b:notify=/tmp/c\\\\d:root=4711:quiet=1:on_deadlock=continue:children="

static void check_list(char **list, const char *const *expected) {
    size_t i = 0;
    CHECK(list != NULL);
    for (; list && list[i] && expected[i]; i++)
        CHECK_STR(list[i], expected[i]);
    CHECK(list && !list[i]);
    CHECK(!expected[i]);
}

TEST(an_empty_environment_gets_three_variables) {
    check_list(environment_create(&settings, (char *[]){NULL}),
               (const char *[]){"LD_PRELOAD=/opt/libgordian.so", ("GORDIAN_OPTIONS=" OPTIONS "1"),
                                "ASAN_OPTIONS=verify_asan_link_order=0", NULL});
}

TEST(what_was_set_stays_in_effect) {
    struct environment without_children = settings;
    without_children.children = false;
    char *base[] = {"GORDIAN_OPTIONS=stack_depth=9", "HOME=/root",
                    "LD_PRELOAD=libjemalloc.so",     "LD_PRELOAD_X=1",
                    "ASAN_OPTIONS=abort_on_error=1", NULL};
    check_list(environment_create(&without_children, base),
               (const char *[]){("GORDIAN_OPTIONS=stack_depth=9:" OPTIONS "0"), "HOME=/root",
                                "LD_PRELOAD=/opt/libgordian.so:libjemalloc.so", "LD_PRELOAD_X=1",
                                "ASAN_OPTIONS=abort_on_error=1:verify_asan_link_order=0", NULL});
}

TEST(empty_variables_count_as_not_set) {
    char *base[] = {"LD_PRELOAD=", "GORDIAN_OPTIONS=", "ASAN_OPTIONS=", NULL};
    check_list(environment_create(&settings, base),
               (const char *[]){"LD_PRELOAD=/opt/libgordian.so", ("GORDIAN_OPTIONS=" OPTIONS "1"),
                                "ASAN_OPTIONS=verify_asan_link_order=0", NULL});
}

/* What makes reports better gives way to the user's choice; what gordian needs does not. */
TEST(thread_sanitizer_is_set_up) {
    static const char better[] =
        "TSAN_OPTIONS=second_deadlock_stack=1:stack_trace_format=\"    #%n %f %S (%m+%o)\"";
    struct environment tsan = settings;
    tsan.tsan_log = "/tmp/a b/log";
    char **list = environment_create(&tsan, (char *[]){NULL});
    char expected[512];
    snprintf(expected, sizeof expected, "%s:log_path=\"/tmp/a b/log\":exitcode=0:abort_on_error=1", better);
    CHECK_STR(list[3], expected);
    CHECK(!list[4]);
    tsan.tsan_log = "/tmp/\"/log";
    tsan.symbolizer = "/usr/bin/llvm-symbolizer-19";
    list = environment_create(&tsan, (char *[]){"TSAN_OPTIONS=exitcode=7:history_size=7", NULL});
    snprintf(expected, sizeof expected,
             "%s:external_symbolizer_path=/usr/bin/llvm-symbolizer-19:exitcode=7:history_size=7:"
             "log_path='/tmp/\"/log':exitcode=0:abort_on_error=1",
             better);
    CHECK_STR(list[0], expected);
    CHECK(environment_can_log("/tmp/it's"));
    CHECK(!environment_can_log("/tmp/it's \"this\""));
}

TEST(paths_that_cannot_be_preloaded) {
    CHECK(environment_can_preload("/opt/lib/libgordian.so"));
    CHECK(!environment_can_preload("/opt/my lib/libgordian.so"));
    CHECK(!environment_can_preload("/opt/a:b/libgordian.so"));
    CHECK(!environment_can_preload("/opt/$ORIGIN/libgordian.so"));
}

CHECK_MAIN
