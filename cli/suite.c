/* gordian suite, gordian new-case: the case suite, whose runner is a Python program (cases/suite). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/beside.h"
#include "cli/cli.h"
#include "cli/commands.h"

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

static int call_suite(int argc, char **argv) {
    if (asks_for_help(argc, argv))
        return commands_help(&command_suite);
    char *command = beside_command();
    if (!command)
        return cli_fail_errno(errno, NULL, "cannot tell where gordian is");
    int status = run_suite("--gordian", command, argc, argv);
    free(command);
    return status;
}

static int call_new_case(int argc, char **argv) {
    if (asks_for_help(argc, argv))
        return commands_help(&command_new_case);
    return run_suite("new-case", NULL, argc, argv);
}

/* The runner takes these itself (cases/suite/__main__.py); a test compares. */
static const struct command_option rows[] = {
    {"cases", "DIR", COMMAND_FOLDER, 256, "take the cases from there (default: those that come with gordian)",
     NULL},
    {"tools", "NAME,...", COMMAND_WORDS, 257, "the tools to compare (default: all that are installed)",
     "native gordian tsan helgrind drd"},
    {"json", "FILE", COMMAND_FILE, 258, "write the results as JSON, too; - is standard output", NULL},
    {"html", "FILE", COMMAND_FILE, 259, "write the results as a page, too, with what the twins differ in",
     NULL},
    {"limit", "N", COMMAND_NOTHING, 260, "seconds that a program may run (default: 60)", NULL},
    {"jobs", "N", COMMAND_NOTHING, 261, "cases at a time (default: two for each processor)", NULL},
    {"quiet", NULL, COMMAND_NOTHING, 262, "no progress", NULL},
    {0}};

const struct command command_suite = {
    .name = "suite",
    .usage = "[OPTION...] [CASE...]",
    .summary = "the case suite: buggy and fixed programs under several tools",
    .about = "Build the cases, which are pairs of a buggy and a fixed program, run each twin by itself and "
             "under each "
             "tool, and compare what the tools say with what the case expects. CASE is a name, a topic or "
             "TOPIC/NAME; none: all.",
    .options = {rows},
    .operands = COMMAND_NOTHING,
    .closing = "Exit status: 0 when all is as expected, 1 when not, 125 when the suite cannot run.",
    .examples = {{"gordian suite", NULL},
                 {"gordian suite --tools gordian,tsan lock_order", NULL},
                 {"gordian suite --cases my_cases --html suite.html", NULL}},
    .call = call_suite,
};

const struct command command_new_case = {
    .name = "new-case",
    .usage = "NAME",
    .summary = "a pair of programs to start a case from",
    .about =
        "Write NAME_buggy.c and NAME_fixed.c, a pair to start a case from. NAME may begin with a folder.",
    .operands = COMMAND_NOTHING,
    .examples = {{"gordian new-case my_cases/cache_refresh", NULL},
                 {"gordian suite --cases my_cases cache_refresh", "build and judge it"}},
    .call = call_new_case,
};
