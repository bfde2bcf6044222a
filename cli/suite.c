/* gordian suite, gordian new-case: the case suite, whose runner is a Python program (cases/suite). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/beside.h"
#include "cli/cli.h"

/* The build's tree, an installation in bin/ and share/. */
static const char *const places[] = {"../cases/installed/cases/suite/__main__.py",
                                     "../share/gordian/cases/suite/__main__.py", NULL};

static bool is_readable(const char *path) {
    return access(path, R_OK) == 0;
}

/* Run the runner with `first` and the arguments in place of this process. */
static int run_suite(const char *first, const char *second, int argc, char **argv) {
    char *program = beside_find(places, is_readable);
    if (!program)
        return cli_fail("the case suite", "not found beside the command",
                        "build it: bazel build //cli:gordian");
    char **arguments = calloc((size_t)argc + 5, sizeof *arguments);
    if (!arguments)
        return cli_fail_errno(ENOMEM, NULL, "cannot run the case suite");
    size_t n = 0;
    arguments[n++] = "python3";
    arguments[n++] = program;
    arguments[n++] = (char *)first;
    if (second)
        arguments[n++] = (char *)second;
    for (int i = 1; i < argc; i++)
        arguments[n++] = argv[i];
    execvp(arguments[0], arguments);
    int error = errno;
    free(program);
    free(arguments);
    return cli_fail_errno(error, "install python3", "cannot run python3");
}

static bool asks_for_help(int argc, char **argv) {
    return argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
}

int cli_suite(int argc, char **argv) {
    if (asks_for_help(argc, argv))
        return cli_help(2, (char *[]){"help", "suite", NULL});
    char *command = beside_command();
    if (!command)
        return cli_fail_errno(errno, NULL, "cannot tell where gordian is");
    int status = run_suite("--gordian", command, argc, argv);
    free(command);
    return status;
}

int cli_new_case(int argc, char **argv) {
    if (asks_for_help(argc, argv))
        return cli_help(2, (char *[]){"help", "new-case", NULL});
    return run_suite("new-case", NULL, argc, argv);
}
