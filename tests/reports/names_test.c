#include "reports/names.h"

#include "tests/check.h"

static struct memory_pool pool;

static const char *place(struct report_frame frame) {
    return names_place(&pool, &(struct report_stack){&frame, 1, false});
}

TEST(a_place_is_told_as_far_as_it_is_known) {
    CHECK_STR(place((struct report_frame){
                  .function = "transfer", .file = "/src/bank.c", .line = 12, .module = "/opt/bank"}),
              "bank.c:12 in transfer");
    CHECK_STR(place((struct report_frame){.file = "bank.c", .line = 12, .module = "/opt/bank"}), "bank.c:12");
    CHECK_STR(place((struct report_frame){.function = "transfer", .module = "/opt/bank", .offset = 0x10}),
              "transfer in bank");
    CHECK_STR(place((struct report_frame){.module = "/opt/libbank.so", .offset = 0x12a0}),
              "libbank.so+0x12a0");
    CHECK_STR(place((struct report_frame){.offset = 0x12a0}), "0x12a0");
    CHECK(names_place(&pool, &(struct report_stack){0}) == NULL);
}

TEST(a_function_of_cpp_is_shown_without_its_signature) {
    CHECK_STR(names_short(&pool, "transfer"), "transfer");
    CHECK_STR(names_short(&pool, "Bank::audit()"), "Bank::audit");
    CHECK_STR(names_short(&pool, "Bank::audit(int, char const*) const"), "Bank::audit");
    CHECK_STR(names_short(&pool, "void bank::transfer<bank::Account (*)(int)>(bank::Account&, int)"),
              "bank::transfer<bank::Account (*)(int)>");
    CHECK_STR(names_short(&pool, "(anonymous namespace)::run(int) [clone .part.0]"),
              "(anonymous namespace)::run");
    static const char *const kept[] = {"main::{lambda()#1}::operator()() const",
                                       "decltype(auto) f<int>()",
                                       "f(int)::local()",
                                       "void (*f(int))(int)",
                                       "broken<(",
                                       "f(",
                                       ""};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        CHECK_STR(names_short(&pool, kept[i]), kept[i]);
}

TEST(a_very_long_name_is_shown_without_its_template_arguments) {
    struct memory_pool pool = {0};
    CHECK_STR(
        names_short(&pool,
                    "void boost::asio::detail::executor_op<boost::asio::detail::binder0<Handler>, "
                    "std::allocator<void>, boost::asio::detail::scheduler_operation>::do_complete(void*)"),
        "boost::asio::detail::executor_op<...>::do_complete");
    CHECK_STR(names_short(
                  &pool, "short_arguments_and_a_name_that_is_longer_than_sixty_characters<int>::run<a::b>()"),
              "short_arguments_and_a_name_that_is_longer_than_sixty_characters<int>::run<...>");
    memory_pool_free(&pool);
}

TEST(so_are_very_long_ones_that_are_not_understood_otherwise) {
    struct memory_pool pool = {0};
    CHECK_STR(names_short(&pool,
                          "Registry<std::string, std::vector<int, std::allocator<int> > >::visit(int)::"
                          "{lambda(auto:1&)#1}::operator()<int, std::string>(int&) const"),
              "Registry<...>::visit(int)::{lambda(auto:1&)#1}::operator()<...>(int&) const");
    static const char smaller[] =
        "bool operator< <std::string, std::vector<int> >(Key<std::string> const&, Key<int> const&)";
    CHECK_STR(names_short(&pool, smaller), smaller);
    memory_pool_free(&pool);
}

TEST(a_qualified_name_begins_behind_the_return_type) {
    CHECK_STR(names_qualified("transfer"), "transfer");
    CHECK_STR(names_qualified("void std::__invoke<f(int)>(f&&)"), "std::__invoke<f(int)>(f&&)");
    CHECK_STR(names_qualified("std::mutex::lock()"), "std::mutex::lock()");
    CHECK_STR(names_qualified("bool std::operator==(a, b)"), "bool std::operator==(a, b)");
    CHECK_STR(names_qualified("broken<("), "broken<(");
}

TEST(a_lock_is_named_by_its_variable_then_by_where_it_was_made_then_by_its_first_use) {
    struct report_frame init = {.function = "open_account", .file = "bank.c", .line = 12};
    struct report_frame first = {.function = "transfer", .file = "bank.c", .line = 40};
    struct report_lock lock = {.kind = LOCK_KIND_MUTEX, .address = 0x1234};
    CHECK_STR(names_lock(&pool, &lock, NULL, 0), "mutex 0x1234");
    lock.first = (struct report_stack){&first, 1, false};
    CHECK_STR(names_lock(&pool, &lock, NULL, 0), "mutex first locked at bank.c:40 in transfer");
    lock.initialised = (struct report_stack){&init, 1, false};
    CHECK_STR(names_lock(&pool, &lock, NULL, 0), "mutex initialised at bank.c:12 in open_account");
    lock.kind = LOCK_KIND_RWLOCK;
    CHECK_STR(names_lock(&pool, &lock, NULL, 0), "rwlock initialised at bank.c:12 in open_account");
    CHECK_STR(names_lock(&pool, &lock, "table", 0), "table");
    CHECK_STR(names_lock(&pool, &lock, "table", 64), "table+0x40");
}

TEST(every_kind_of_lock_has_a_name) {
    struct report_frame first = {.function = "open", .file = "bank.c", .line = 7};
    for (uint32_t kind = 1; kind <= LOCK_KINDS; kind++)
        for (uint32_t other = 1; other < kind && kind < LOCK_KINDS; other++)
            CHECK(strcmp(names_kind(kind), names_kind(other)) != 0);
    CHECK_STR(names_kind(0), "lock");
    CHECK_STR(names_kind(LOCK_KINDS), "lock");
    struct report_lock lock = {.kind = LOCK_KIND_SEMAPHORE, .first = {&first, 1, false}};
    CHECK_STR(names_lock(&pool, &lock, NULL, 0), "semaphore first taken at bank.c:7 in open");
    lock.kind = LOCK_KIND_CONDITION;
    CHECK_STR(names_lock(&pool, &lock, NULL, 0), "condition first waited for at bank.c:7 in open");
    lock.kind = LOCK_KIND_BARRIER;
    CHECK_STR(names_lock(&pool, &lock, NULL, 0), "barrier first reached at bank.c:7 in open");
    lock.kind = LOCK_KIND_GIL;
    CHECK_STR(names_lock(&pool, &lock, "_PyRuntime", 0x40), "the GIL");
    lock = (struct report_lock){.kind = LOCK_KIND_FILE, .inode = 4711};
    CHECK_STR(names_lock(&pool, &lock, NULL, 0), "file of inode 4711");
    lock = (struct report_lock){.kind = LOCK_KIND_STREAM, .address = 0x10};
    CHECK_STR(names_lock(&pool, &lock, "_IO_2_1_stdout_", 0), "stdout");
    CHECK_STR(names_lock(&pool, &lock, "log_file", 8), "log_file+0x8");
    CHECK_STR(names_lock(&pool, &lock, NULL, 0), "stream 0x10");
}

TEST(the_place_of_a_python_function) {
    CHECK_STR(place((struct report_frame){
                  .function = "Bank.take(1)", .file = "/srv/bank.py", .line = 12, .python = true}),
              "bank.py:12 in Bank.take(1)");
    CHECK_STR(place((struct report_frame){.function = "take", .python = true}), "take");
    CHECK_STR(place((struct report_frame){.python = true}), "a Python function");
}

TEST(a_thread_has_its_own_name_only_if_it_differs_from_the_programs) {
    CHECK_STR(names_thread(&pool, "T1", 1, "bank", "/opt/bank"), "main");
    CHECK_STR(names_thread(&pool, "T0", 0, "", "/opt/bank"), "an unknown thread");
    CHECK_STR(names_thread(&pool, "T3", 3, "bank", "/opt/bank"), "thread T3");
    CHECK_STR(names_thread(&pool, "T3", 3, "", "/opt/bank"), "thread T3");
    CHECK_STR(names_thread(&pool, "T3", 3, "teller", "/opt/bank"), "teller");
    CHECK_STR(names_thread(&pool, "T3", 3, "bank-of-a-long-", "/opt/bank-of-a-long-name"), "thread T3");
    CHECK_STR(names_thread(&pool, "T3", 3, "bank", ""), "bank");
    memory_pool_free(&pool);
}

CHECK_MAIN
