/* Programs that are a table of cases: program NAME runs the case of that name and ends with status 0.
 *
 * Included by one source file per program. For C and C++.
 */
#ifndef GORDIAN_TESTS_INTERPOSE_CASES_H
#define GORDIAN_TESTS_INTERPOSE_CASES_H

#include <stdio.h>
#include <string.h>

struct cases_case {
    const char *name;
    void (*run)(void);
};

/* Returns the exit status. */
static inline int cases_run(const struct cases_case *cases, size_t count, int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; argc > 1 && i < count; i++)
        if (strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    return 2;
}

#define CASES_MAIN(cases)                                                                                    \
    int main(int argc, char **argv) {                                                                        \
        return cases_run(cases, sizeof cases / sizeof *cases, argc, argv);                                   \
    }

#endif
