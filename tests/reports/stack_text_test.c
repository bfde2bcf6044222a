#define _GNU_SOURCE
#include "reports/stack_text.h"

#include <stdlib.h>

#include "tests/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void check_stack(const struct report_frame *frames, size_t count, bool full, const char *expected) {
    const struct report_stack stack = {frames, count, false};
    const struct report_style style = {.full = full};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    stack_text_write(&stack, &style, 2, out);
    fclose(out);
    CHECK_STR(text, expected);
    free(text);
}

TEST(libraries_between_the_projects_frames_are_folded) {
    static const char event[] = "/usr/lib/x86_64-linux-gnu/libevent.so.7";
    const struct report_frame frames[] = {
        {.function = "on_read", .file = "src/net.c", .line = 12, .module = "/opt/server"},
        {.module = event, .offset = 0x10},
        {.module = event, .offset = 0x20},
        {.function = "event_base_loop", .module = event, .offset = 0x30},
        {.function = "main", .file = "src/main.c", .line = 3, .module = "/opt/server"}};
    check_stack(frames, COUNT(frames), false,
                "  on_read          src/net.c:12\n"
                "  ... 2 frames of libevent.so.7\n"
                "  event_base_loop  /usr/lib/x86_64-linux-gnu/libevent.so.7+0x30\n"
                "  main             src/main.c:3\n");
    check_stack(frames, COUNT(frames), true,
                "  on_read          src/net.c:12\n"
                "  ??               /usr/lib/x86_64-linux-gnu/libevent.so.7+0x10\n"
                "  ??               /usr/lib/x86_64-linux-gnu/libevent.so.7+0x20\n"
                "  event_base_loop  /usr/lib/x86_64-linux-gnu/libevent.so.7+0x30\n"
                "  main             src/main.c:3\n");
}

TEST(the_place_in_a_library_stays_and_so_does_its_stack_without_a_project) {
    const struct report_frame frames[] = {{.function = "inner", .module = "/usr/lib/liba.so", .offset = 1},
                                          {.function = "step", .module = "/usr/lib/liba.so", .offset = 2},
                                          {.function = "turn", .module = "/usr/lib/libb.so", .offset = 3},
                                          {.function = "api", .module = "/usr/lib/libb.so", .offset = 4},
                                          {.function = "work", .module = "/opt/server", .offset = 5}};
    check_stack(frames, COUNT(frames), false,
                "  inner  /usr/lib/liba.so+0x1\n"
                "  ... 2 more frames\n"
                "  api    /usr/lib/libb.so+0x4\n"
                "  work   /opt/server+0x5\n");
    check_stack(frames, 4, false,
                "  inner  /usr/lib/liba.so+0x1\n"
                "  step   /usr/lib/liba.so+0x2\n"
                "  turn   /usr/lib/libb.so+0x3\n"
                "  api    /usr/lib/libb.so+0x4\n");
}

TEST(plumbing_of_the_cpp_library_is_folded_whole) {
    const struct report_frame frames[] = {
        {.function = "Shelf::swap(int)", .file = "shelf.cc", .line = 20},
        {.function = "void std::__invoke_impl<void, Shelf::sort()::{lambda()#1}&>(std::__invoke_other)",
         .file = "/usr/include/c++/12/bits/invoke.h",
         .line = 61},
        {.function = "std::function<void ()>::operator()() const",
         .file = "/usr/include/c++/12/functional",
         .line = 5},
        {.function = "Shelf::sort()", .file = "shelf.cc", .line = 31}};
    check_stack(frames, COUNT(frames), false,
                "  Shelf::swap  shelf.cc:20\n"
                "  ... 2 frames of the C++ library\n"
                "  Shelf::sort  shelf.cc:31\n");
}

TEST(one_frame_is_not_worth_folding) {
    const struct report_frame frames[] = {{.function = "compare", .module = "/opt/bank", .offset = 1},
                                          {.function = "qsort", .module = "/lib/libc.so.6", .offset = 2},
                                          {.function = "main", .module = "/opt/bank", .offset = 3}};
    check_stack(frames, COUNT(frames), false,
                "  compare  /opt/bank+0x1\n"
                "  qsort    /lib/libc.so.6+0x2\n"
                "  main     /opt/bank+0x3\n");
}

TEST(rows_of_folded_frames_count_when_a_stack_is_long) {
    struct report_frame frames[60];
    for (size_t i = 0; i < COUNT(frames); i++)
        frames[i] =
            i % 3 ? (struct report_frame){.function = "std::invoke<f>()",
                                          .file = "invoke.h",
                                          .line = 1 + (uint32_t)i}
                  : (struct report_frame){.function = "visit", .file = "tree.c", .line = (uint32_t)i + 1};
    check_stack(frames, COUNT(frames), false,
                "  visit  tree.c:1\n  ... 2 frames of the C++ library\n"
                "  visit  tree.c:4\n  ... 2 frames of the C++ library\n"
                "  visit  tree.c:7\n  ... 2 frames of the C++ library\n"
                "  visit  tree.c:10\n  ... 2 frames of the C++ library\n"
                "  visit  tree.c:13\n  ... 2 frames of the C++ library\n"
                "  visit  tree.c:16\n  ... 2 frames of the C++ library\n"
                "  visit  tree.c:19\n  ... 35 more frames\n"
                "  visit  tree.c:55\n  ... 2 frames of the C++ library\n"
                "  visit  tree.c:58\n");
}

TEST(the_middle_of_a_long_stack_is_folded) {
    struct report_frame frames[40];
    for (size_t i = 0; i < COUNT(frames); i++)
        frames[i] = (struct report_frame){.function = "visit", .file = "tree.c", .line = (uint32_t)i + 1};
    check_stack(
        frames, COUNT(frames), false,
        "  visit  tree.c:1\n  visit  tree.c:2\n  visit  tree.c:3\n  visit  tree.c:4\n  visit  tree.c:5\n"
        "  visit  tree.c:6\n  visit  tree.c:7\n  visit  tree.c:8\n  visit  tree.c:9\n  visit  tree.c:10\n"
        "  visit  tree.c:11\n  visit  tree.c:12\n  visit  tree.c:13\n"
        "  ... 24 more frames\n"
        "  visit  tree.c:38\n  visit  tree.c:39\n  visit  tree.c:40\n");
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    stack_text_write(&(struct report_stack){frames, COUNT(frames), true},
                     &(struct report_style){.full = true}, 0, out);
    fclose(out);
    size_t lines = 0;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    CHECK_EQ(lines, COUNT(frames) + 1);
    CHECK(strstr(text, "... (cut off here; GORDIAN_OPTIONS=stack_depth=N keeps more frames)\n"));
    free(text);
}

CHECK_MAIN
