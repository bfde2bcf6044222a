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

TEST(paths_that_cannot_be_preloaded) {
    CHECK(environment_can_preload("/opt/lib/libgordian.so"));
    CHECK(!environment_can_preload("/opt/my lib/libgordian.so"));
    CHECK(!environment_can_preload("/opt/a:b/libgordian.so"));
    CHECK(!environment_can_preload("/opt/$ORIGIN/libgordian.so"));
}

CHECK_MAIN
