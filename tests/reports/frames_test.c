#include "reports/frames.h"

#include "tests/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Check which of the frames are shown, by their indices in order. */
static void check_walk(const struct report_frame *frames, size_t count, bool full, const int *shown,
                       size_t shown_count) {
    struct report_stack stack = {frames, count, false};
    struct frames_walk walk = frames_begin(&stack, full);
    for (size_t i = 0; i < shown_count; i++) {
        const struct report_frame *frame = frames_next(&walk);
        CHECK_EQ(frame ? frame - frames : -1, shown[i]);
    }
    CHECK(frames_next(&walk) == NULL);
    CHECK(frames_next(&walk) == NULL);
    if (!full)
        CHECK(frames_site(&stack) == (shown_count ? &frames[shown[0]] : NULL));
}

/* Check that the frames are shown from `first` to before `end`. */
static void check_visible(const struct report_frame *frames, size_t count, bool full, size_t first,
                          size_t end) {
    int shown[32] = {0};
    for (size_t i = first; i < end; i++)
        shown[i - first] = (int)i;
    check_walk(frames, count, full, shown, end - first);
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

TEST(templates_have_their_return_type_before_their_name) {
    const struct report_frame frames[] = {
        {.function = "void std::lock<std::mutex, std::mutex>(std::mutex&, std::mutex&)",
         .module = "/opt/bank"},
        {.function = "void bank::transfer<int>(int)", .module = "/opt/bank"},
        {.function = "std::__invoke_result<main::{lambda()#1}>::type std::__invoke<main::{lambda()#1}>()",
         .module = "/opt/bank"},
        {.function = "void std::thread::_Invoker<std::tuple<void (*)()> >::_M_invoke<0ul>(int)",
         .module = "/opt/bank"},
        {.function = "std::thread::_State_impl<std::thread::_Invoker<int> >::_M_run()",
         .module = "/opt/bank"},
        {.module = "/usr/lib/libstdc++.so.6"},
        {.function = "start_thread", .module = "/lib/libc.so.6"}};
    check_visible(frames, COUNT(frames), false, 1, 2);
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

static const struct report_frame python[] = {
    {.function = "take", .file = "/srv/bank.py", .line = 12, .python = true},
    {.function = "<module>", .file = "/srv/bank.py", .line = 40, .python = true},
    {.function = "pthread_mutex_lock", .module = "/opt/libgordian.so"},
    {.function = "ledger_lock", .module = "/srv/ledger.so"},
    {.module = "/usr/lib/python3.11/lib-dynload/_queue.cpython-311-x86_64-linux-gnu.so"},
    {.function = "_PyEval_EvalFrameDefault", .module = "/usr/bin/python3.11"},
    {.function = "embed_run", .module = "/opt/bank"},
    {.function = "PyRun_FileExFlags", .module = "/opt/bank"},
    {.module = "/usr/lib/libpython3.11.so.1.0"},
    {.function = "main", .module = "/opt/bank"},
    {.function = "__libc_start_main", .module = "/lib/libc.so.6"},
};

TEST(python_functions_stand_where_the_interpreter_begins_and_it_is_left_out) {
    check_walk(python, COUNT(python), false, (int[]){3, 0, 1, 6, 9}, 5);
    check_walk(python, COUNT(python), true, (int[]){3, 0, 1, 4, 5, 6, 7, 8, 9, 10}, 10);
}

TEST(without_python_functions_the_interpreter_is_a_program_like_others) {
    check_walk(python + 2, COUNT(python) - 2, false, (int[]){1, 2, 3, 4, 5, 6, 7}, 7);
}

TEST(python_functions_alone_and_before_frames_that_are_no_interpreters) {
    check_walk(python, 2, false, (int[]){0, 1}, 2);
    const struct report_frame cut[] = {python[0], python[3]};
    check_walk(cut, 2, false, (int[]){0, 1}, 2);
}

TEST(basenames) {
    CHECK_STR(frames_basename("/opt/bank"), "bank");
    CHECK_STR(frames_basename("bank"), "bank");
    CHECK_STR(frames_basename("/opt/"), "");
}

CHECK_MAIN
