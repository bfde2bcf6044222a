/* A shape of locking, and the ways to run one. For shapes.c and shapes_plugin.c. */
#ifndef GORDIAN_TESTS_E2E_SHAPES_H
#define GORDIAN_TESTS_E2E_SHAPES_H

#include <stdbool.h>

enum { SHAPES_ROLES = 5 };

struct shape {
    const char *name;
    const char *expected;
    void (*roles[SHAPES_ROLES])(
        void);    /* what the threads do, in turns; thread i has role i modulo their number */
    bool exactly; /* one thread for each role, however many are asked for */
    long most;    /* run through at most so often; 0: as often as asked for */
    void (*prepare)(void);
    void (*run)(const struct shape *shape); /* NULL: shapes_run_in_turns */
};

extern long shapes_times, shapes_threads;

void shapes_run_in_turns(const struct shape *shape);

/* Both threads in one plug-in, which is unloaded at the end. */
void shapes_run_plugin(const struct shape *shape);

/* Each thread in a plug-in of its own, loaded at the same address one after the other; prints "same address".
 */
void shapes_run_plugin_reloaded(const struct shape *shape);

#endif
