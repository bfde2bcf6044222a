#define _GNU_SOURCE
#include "reports/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"

/* A directory of the test's own, real, without a slash at its end. */
static const char *scratch(void) {
    static char path[4096];
    const char *tmp = getenv("TEST_TMPDIR");
    char name[4096];
    snprintf(name, sizeof name, "%s/sources-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(name) && realpath(name, path) ? path : NULL;
}

static char *path_in(const char *directory, const char *name) {
    char *path;
    return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static void make_directory(const char *directory, const char *name) {
    char *path = path_in(directory, name);
    CHECK_EQ(mkdir(path, 0700), 0);
    free(path);
}

static void check_path(struct sources *sources, const char *file, const char *expected, bool below) {
    struct report_frame frame = {.file = file, .line = 7};
    struct sources_place place = sources_of_frame(sources, &frame);
    CHECK(place.frame == &frame);
    CHECK_STR(place.path, expected);
    CHECK_EQ(place.below, below);
}

TEST(the_root_is_the_top_of_the_work_tree_or_the_directory) {
    const char *top = scratch();
    make_directory(top, "src");
    make_directory(top, "src/deep");
    char *deep = path_in(top, "src/deep");
    struct sources *sources = sources_create(deep);
    CHECK_STR(sources_root(sources), deep);
    sources_free(sources);
    make_directory(top, ".git");
    sources = sources_create(deep);
    CHECK_STR(sources_root(sources), top);
    sources_free(sources);
    sources = sources_create("/no/../such//place/");
    CHECK_STR(sources_root(sources), "/such/place");
    sources_free(sources);
    sources = sources_create("/");
    CHECK_STR(sources_root(sources), "/");
    check_path(sources, "/usr/a.c", "usr/a.c", true);
    sources_free(sources);
    sources_free(NULL);
    free(deep);
}

TEST(paths_are_relative_to_the_root_and_plain) {
    struct sources *sources = sources_create("/checkout");
    check_path(sources, "/checkout/src/./a.c", "src/a.c", true);
    check_path(sources, "/checkout/src/../b.c", "b.c", true);
    check_path(sources, "//checkout//src//c.c", "src/c.c", true);
    check_path(sources, "src/d.c", "src/d.c", true);
    check_path(sources, "./src/../e.c", "e.c", true);
    check_path(sources, "../f.c", "../f.c", false);
    check_path(sources, "a/../../../g.c", "../../g.c", false);
    check_path(sources, "/checkout2/h.c", "/checkout2/h.c", false);
    check_path(sources, "/checkout/../i.c", "/i.c", false);
    check_path(sources, "/../../j.c", "/j.c", false);
    sources_free(sources);
}

TEST(a_file_below_the_root_by_way_of_a_link_is_below_it) {
    const char *top = scratch();
    make_directory(top, "real");
    char *real = path_in(top, "real"), *link = path_in(top, "link"), *file = path_in(top, "real/a.c"),
         *linked = path_in(top, "link/a.c");
    CHECK_EQ(symlink(real, link), 0);
    FILE *out = fopen(file, "w");
    CHECK(out && fclose(out) == 0);
    struct sources *sources = sources_create(real);
    check_path(sources, linked, "a.c", true);
    sources_free(sources);
    free(real);
    free(link);
    free(file);
    free(linked);
}

TEST(code_without_a_file_has_no_place) {
    struct sources *sources = sources_create("/checkout");
    const struct report_frame frames[] = {{.function = "f"},
                                          {.file = "a.c"},
                                          {.file = "<string>", .line = 1, .python = true},
                                          {.file = "", .line = 1}};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
        CHECK(sources_of_frame(sources, &frames[i]).frame == NULL);
    const struct report_stack stack = {frames, 4, false};
    CHECK(sources_of_stack(sources, &stack).frame == NULL);
    sources_free(sources);
}

TEST(the_project_comes_before_what_it_calls) {
    struct sources *sources = sources_create("/checkout");
    const struct report_frame frames[] = {{.function = "g_queue_push", .module = "/usr/lib/libglib-2.0.so.0"},
                                          {.function = "push", .file = "/usr/include/queue.h", .line = 12},
                                          {.function = "send", .file = "/checkout/send.c", .line = 5},
                                          {.function = "main", .file = "/checkout/main.c", .line = 9}};
    const struct report_stack whole = {frames, 4, false}, outside = {frames, 2, false};
    CHECK_STR(sources_of_stack(sources, &whole).path, "send.c");
    CHECK_STR(sources_of_stack(sources, &outside).path, "/usr/include/queue.h");
    const struct report_lock lock = {.id = "L1", .name = "lock"};
    const struct report_hold hold = {.lock = &lock, .stack = whole};
    const struct report_step steps[] = {
        {.holds = &hold, .holds_count = 1, .wants = {.lock = &lock, .stack = outside}}};
    const struct report_finding finding = {.steps = steps, .steps_count = 1};
    CHECK_STR(sources_of_finding(sources, &finding).path, "send.c");
    sources_free(sources);
}

TEST(uris_hold_any_byte) {
    struct memory_pool pool = {0};
    CHECK_STR(sources_uri(&pool, "/src/a-b_c.d~/e.c"), "/src/a-b_c.d~/e.c");
    CHECK_STR(sources_uri(&pool, "a b%:\"<\n\xff?#"), "a%20b%25%3A%22%3C%0A%FF%3F%23");
    memory_pool_free(&pool);
}

CHECK_MAIN
