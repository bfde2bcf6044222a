/* The environment of the program under `gordian run`: the caller's, and what makes the library load and
 * record. */
#ifndef GORDIAN_CLI_ENVIRONMENT_H
#define GORDIAN_CLI_ENVIRONMENT_H

#include <stdbool.h>
#include <sys/types.h>

struct environment {
    const char *library;    /* to preload; holds no space, ':' or '$', which LD_PRELOAD cannot express */
    const char *dir;        /* where recordings go */
    const char *notify;     /* the FIFO */
    pid_t root;             /* the program's process */
    bool children;          /* record its children too */
    const char *tsan_log;   /* where ThreadSanitizer writes, less the pid; NULL: leave it alone */
    const char *symbolizer; /* for ThreadSanitizer; NULL when there is none */
};

/* Return `base` with LD_PRELOAD, GORDIAN_OPTIONS, ASAN_OPTIONS and TSAN_OPTIONS extended; NULL without
 * memory. What the caller had in these variables stays in effect where it does not contradict. The strings
 * that are not new belong to `base`. Called in the child between fork and exec, so nothing needs to be freed.
 */
char **environment_create(const struct environment *environment, char *const *base);

/* Whether TSAN_OPTIONS can express the path. */
bool environment_can_log(const char *path);

/* Whether LD_PRELOAD can express the path. */
bool environment_can_preload(const char *path);

#endif
