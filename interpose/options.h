/* The options in the environment: GORDIAN_OPTIONS="key=value:key=value". In a value, a backslash makes the
 * next character plain, so that a path may hold ':' and '\'. Unknown keys and bad values are told on stderr
 * and left out.
 *
 * Read once, before there are threads; constant afterwards.
 */
#ifndef GORDIAN_INTERPOSE_OPTIONS_H
#define GORDIAN_INTERPOSE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_PATH_SIZE 4096

enum options_on_deadlock { OPTIONS_CONTINUE, OPTIONS_STOP, OPTIONS_ABORT };

struct options {
    char dir[OPTIONS_PATH_SIZE];    /* where recordings go */
    char notify[OPTIONS_PATH_SIZE]; /* FIFO that gets one byte for each finding; "": none */
    uint32_t root;                  /* pid of the process that the run is about; 0: any */
    bool children;                  /* also record processes other than root */
    bool quiet;                     /* write nothing to stderr */
    bool help;                      /* print the options and go on */
    enum options_on_deadlock on_deadlock;
    uint32_t exit_code;    /* of on_deadlock=stop */
    uint32_t stack_depth;  /* longest stack kept, in frames */
    uint32_t max_per_edge; /* cycles listed that go through one lock order */
    uint32_t max_cycles;   /* cycles listed in all */
    uint32_t max_uses;     /* pairs of thread and segment kept per edge of the lock graph */
    uint32_t max_held;     /* locks held at once whose orders are kept */
    uint32_t max_steps;    /* bound of one search for cycles, in edges tried */
    uint32_t max_profiled; /* locks with a profile */
    uint32_t starvation_overtakes,
        starvation_ms;  /* a waiter that was overtaken more often, and waited longer */
    bool single_thread; /* also note two orders in one thread */
};

/* Set `out` to the defaults, then to what `text` says (NULL: nothing). Complaints, at most one line each, go
 * to `complain`. */
void options_parse(struct options *out, const char *text, void (*complain)(const char *line));

/* Every option with its default, one per line, for help=1. */
extern const char options_help[];

#endif
