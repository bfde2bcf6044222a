/* gordian diff: which findings are new, gone and kept between two runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/inputs.h"
#include "cli/options.h"
#include "detector/recording.h"
#include "reports/baseline.h"
#include "reports/diff.h"
#include "reports/report.h"
#include "reports/report_text.h"

struct choices {
    const char *json; /* file, "-" for stdout; NULL: text on stdout */
    int exit_code;
};

enum { DIFF_JSON = 256, DIFF_EXIT_CODE };

static const struct command_option rows[] = {
    {"json", "FILE", COMMAND_FILE, DIFF_JSON,
     "write the comparison as JSON, too (schema gordian-diff/1); - is standard output, instead of the text",
     NULL},
    {"exit-code", "N", COMMAND_NOTHING, DIFF_EXIT_CODE,
     "exit status when something is new (default: 66; 0: it does not matter)", NULL},
    {0}};

/* Returns OPTIONS_END when two operands follow, or an exit status. */
static int parse(struct choices *choices, int argc, char **argv) {
    int key, status;
    while ((key = options_next_anywhere(argc, argv, &command_diff)) != OPTIONS_END) {
        if (key == OPTIONS_WRONG)
            return CLI_FAILED;
        if (key == OPTIONS_HELP)
            return commands_help(&command_diff);
        if (key == DIFF_JSON)
            choices->json = optarg;
        else if ((status = options_number("--exit-code", optarg, 0, 255, &choices->exit_code)) != 0)
            return status;
    }
    if (argc - optind != 2)
        return cli_fail("diff",
                        argc - optind < 2 ? "two reports are needed" : "more than two reports are given",
                        "for example: gordian diff before.json after.json");
    return OPTIONS_END;
}

/* Whether the path is a recording, or a directory, which should hold some. */
static bool holds_recordings(const char *path) {
    struct stat about;
    char start[sizeof RECORDING_MAGIC] = "";
    if (stat(path, &about) < 0)
        return false;
    if (S_ISDIR(about.st_mode))
        return true;
    int fd = S_ISREG(about.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    bool whole = fd >= 0 && read(fd, start, sizeof start) == (ssize_t)sizeof start;
    if (fd >= 0)
        close(fd);
    return whole && memcmp(start, RECORDING_MAGIC, sizeof start) == 0;
}

static int read_recordings(struct baseline *side, const char *path) {
    struct report *report = report_create();
    int status = inputs_read(report, 1, &path, false);
    if (!status) {
        report_cross_surely(report);
        baseline_add_report(side, report);
    }
    report_free(report);
    return status;
}

static int read_side(struct baseline *side, const char *path) {
    char error[256];
    if (holds_recordings(path))
        return read_recordings(side, path);
    if (baseline_read_file(side, path, error, sizeof error) == 0)
        return 0;
    return cli_fail(path, error, "gordian diff takes reports that --json wrote, and recordings");
}

static int cannot_write(const char *path, int error) {
    return cli_fail_errno(error, NULL, "cannot write %s",
                          !path || strcmp(path, "-") == 0 ? "to standard output" : path);
}

/* Write to where it was asked for: the comparison must not be lost in a full disk unnoticed. */
static int write_diff(const struct choices *choices, const struct diff *diff) {
    bool file = choices->json && strcmp(choices->json, "-") != 0;
    FILE *out = file ? fopen(choices->json, "we") : stdout;
    if (!out)
        return cannot_write(choices->json, errno);
    int error = choices->json ? diff_write_json(diff, out)
                              : diff_write_text(diff, report_style_of(stdout).colour, out);
    if (file && fclose(out) != 0 && !error)
        error = -errno;
    if (error)
        return cannot_write(choices->json, error);
    /* The reader of a build's log sees what the machine sees. */
    return file && (error = diff_write_text(diff, report_style_of(stdout).colour, stdout)) != 0
               ? cannot_write(NULL, error)
               : 0;
}

static int call(int argc, char **argv) {
    struct choices choices = {.exit_code = CLI_FINDINGS};
    int status = parse(&choices, argc, argv);
    if (status != OPTIONS_END)
        return status;
    const char *const *names = (const char *const *)argv + optind;
    struct baseline *before = baseline_create(), *after = baseline_create();
    status = read_side(before, names[0]);
    if (!status)
        status = read_side(after, names[1]);
    struct diff diff = {before, after, names[0], names[1]};
    if (!status)
        status = write_diff(&choices, &diff);
    if (!status && diff_counting(&diff))
        status = choices.exit_code;
    baseline_free(before);
    baseline_free(after);
    return status;
}

const struct command command_diff = {
    .name = "diff",
    .usage = "[OPTION...] BEFORE AFTER",
    .summary = "which findings are new, gone and kept between two reports",
    .about =
        "Compare two reports: which findings are new in AFTER, gone from BEFORE, and kept. Each is a file "
        "that --json wrote, a recording, or a directory of recordings. Findings are told apart by their ids, "
        "which stay the same from build to build. A prediction of a deadlock that BEFORE has seen happen is "
        "kept; a deadlock that happens and was only predicted before is new.",
    .options = {rows},
    .operands = COMMAND_FILE,
    .closing =
        "Exit status: 66 (or --exit-code) when AFTER has a new finding of severity error or warning that is "
        "neither suppressed nor known from its own baseline, else 0; 125 when a report cannot be read.",
    .examples = {{"gordian diff main.json branch.json", NULL},
                 {"gordian diff --json - results.monday results.tuesday", NULL}},
    .call = call,
};
