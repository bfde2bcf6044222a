#include "reports/frames.h"

#include "tests/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Check which of the functions are visible: from `first` to before `end`. */
static void check_visible(const struct report_frame *frames, size_t count, bool full, size_t first,
                          size_t end) {
    struct report_stack stack = {frames, count, false};
    struct frames_range range = frames_visible(&stack, full);
    CHECK_EQ(range.first, first);
    CHECK_EQ(range.end, end);
}

static const struct report_frame thread[] = {
    {.function = "lock", .module = "/opt/libgordian.so.1"},
    {.function = "pthread_mutex_lock", .module = "/opt/bank"},
    {.function = "__gthread_mutex_lock", .module = "/opt/bank"},
    {.function = "std::mutex::lock()", .module = "/opt/bank"},
    {.function = "std::lock_guard<std::mutex>::lock_guard(std::mutex&)", .module = "/opt/bank"},
    {.function = "bank::transfer()", .module = "/opt/bank"},
    {.function = "clone_account", .module = "/opt/bank"},
    {.function = "void std::__invoke_impl<void, main::{lambda()#1}>(std::__invoke_other)",
     .module = "/opt/bank"},
    {.function = "std::thread::_Invoker<std::tuple<void (*)()> >::operator()()", .module = "/opt/bank"},
    {.module = "/usr/lib/libstdc++.so.6"},
    {.module = "/opt/libgordian.so.1"},
    {.function = "start_thread", .module = "/lib/libc.so.6"},
    {.module = "/lib/libc.so.6"},
};

TEST(a_thread_of_cpp_is_shown_from_its_lock_to_its_first_function) {
    check_visible(thread, COUNT(thread), false, 5, 7);
    check_visible(thread, COUNT(thread), true, 2, COUNT(thread));
    struct report_stack stack = {thread, COUNT(thread), false};
    CHECK_STR(frames_site(&stack)->function, "bank::transfer()");
}

TEST(main_is_the_last_frame_even_where_nothing_below_has_a_name) {
    const struct report_frame stripped[] = {
        {.module = "/opt/bank"},      {.module = "/opt/bank"},
        {.module = "/lib/libc.so.6"}, {.function = "__libc_start_main", .module = "/lib/libc.so.6"},
        {.module = "/opt/bank"},
    };
    check_visible(stripped, COUNT(stripped), false, 0, 2);
    const struct report_frame plain[] = {{.function = "main", .module = "/opt/bank"},
                                         {.module = "/lib/libc.so.6"},
                                         {.function = "_start", .module = "/opt/bank"}};
    check_visible(plain, COUNT(plain), false, 0, 1);
}

TEST(a_call_from_within_the_c_library_stays) {
    const struct report_frame compare[] = {{.function = "compare", .module = "/opt/bank"},
                                           {.module = "/lib/libc.so.6"},
                                           {.function = "qsort", .module = "/lib/libc.so.6"},
                                           {.function = "main", .module = "/opt/bank"}};
    check_visible(compare, COUNT(compare), false, 0, 4);
}

TEST(a_stack_of_nothing_but_wrappers_is_shown_whole) {
    check_visible(thread, 2, false, 0, 2);
    check_visible(thread + 11, 2, false, 0, 2);
    check_visible(thread, 0, false, 0, 0);
    CHECK(frames_site(&(struct report_stack){0}) == NULL);
}

TEST(basenames) {
    CHECK_STR(frames_basename("/opt/bank"), "bank");
    CHECK_STR(frames_basename("bank"), "bank");
    CHECK_STR(frames_basename("/opt/"), "");
}

CHECK_MAIN
