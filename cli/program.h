/* The program to run: found as a shell finds it, and checked for what would make the run silently useless.
 *
 * The loader ignores LD_PRELOAD without a word in a static, privileged or foreign program, and a run of one
 * would look clean. So that is told before it starts. A script is judged by its interpreter. Not thread-safe.
 */
#ifndef GORDIAN_CLI_PROGRAM_H
#define GORDIAN_CLI_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

struct program {
    char path[PATH_MAX]; /* what to execute */
    bool shell_script;   /* text without "#!": give it to /bin/sh, as shells do */

    /* What is wrong, when program_find does not return 0. */
    char what[PATH_MAX]; /* the file, or the word that was not found */
    char why[PATH_MAX + 256];
    const char *advice; /* one line, or NULL */
};

/* Find `name` (by $PATH when it holds no '/') and check it. Returns 0, or the exit status that tells what is
 * wrong: CLI_NOT_FOUND, CLI_NOT_RUNNABLE, or CLI_FAILED for a program that gordian cannot see into. */
int program_find(const char *name, struct program *program);

#endif
