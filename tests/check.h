/* The unit tests' harness: test cases that register themselves, and checks that say what they saw.
 *
 *   TEST(adding_twice_gives_one) { CHECK_EQ(set_size(&s), 1); }
 *   CHECK_MAIN
 *
 * A failed check is printed with file and line and fails its test case; the case goes on, and so do the
 * others. The program prints one line per case, then "N passed, N failed", and exits with 1 when a case
 * failed. With arguments, it runs the cases named. Single-threaded: check only from the thread that runs the
 * case.
 */
#ifndef GORDIAN_TESTS_CHECK_H
#define GORDIAN_TESTS_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct check_case {
    const char *name;
    void (*run)(void);
    struct check_case *next;
};

static struct check_case *check_cases, **check_last = &check_cases;
static bool check_failed;

__attribute__((unused)) static void check_that(bool held, const char *what, const char *file, int line) {
    if (!held) {
        printf("%s:%d: does not hold: %s\n", file, line, what);
        check_failed = true;
    }
}

__attribute__((unused)) static void check_equal(long long a, long long b, const char *what, const char *file,
                                                int line) {
    if (a != b) {
        printf("%s:%d: %s: %lld, expected %lld\n", file, line, what, a, b);
        check_failed = true;
    }
}

__attribute__((unused)) static void check_text(const char *a, const char *b, const char *what,
                                               const char *file, int line) {
    if (!a || !b || strcmp(a, b) != 0) {
        printf("%s:%d: %s is\n%s\n-- expected\n%s\n", file, line, what, a ? a : "(null)", b ? b : "(null)");
        check_failed = true;
    }
}

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_EQ(a, b) check_equal((long long)(a), (long long)(b), #a, __FILE__, __LINE__)
#define CHECK_STR(a, b) check_text((a), (b), #a, __FILE__, __LINE__)

#define TEST(name)                                                                                           \
    static void test_##name(void);                                                                           \
    static struct check_case case_##name = {#name, test_##name, NULL};                                       \
    __attribute__((constructor)) static void add_##name(void) {                                              \
        *check_last = &case_##name;                                                                          \
        check_last = &case_##name.next;                                                                      \
    }                                                                                                        \
    static void test_##name(void)

static int check_run(int count, char **names) {
    int passed = 0, failed = 0;
    for (struct check_case *c = check_cases; c; c = c->next) {
        bool wanted = count < 2;
        for (int i = 1; i < count; i++)
            wanted |= strcmp(names[i], c->name) == 0;
        if (!wanted)
            continue;
        check_failed = false;
        c->run();
        printf("%s %s\n", check_failed ? "FAILED" : "ok", c->name);
        fflush(stdout);
        failed += check_failed;
        passed += !check_failed;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0 || passed == 0;
}

#define CHECK_MAIN                                                                                           \
    int main(int argc, char **argv) {                                                                        \
        return check_run(argc, argv);                                                                        \
    }

#endif
