/* gordian report: report again, from recordings that were kept. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "reports/report.h"

static const char advice[] =
    "recordings are the files gordian.*.rec that `gordian run --out DIR` or GORDIAN_OPTIONS=dir=DIR "
    "leaves in DIR";

/* Returns OPTIONS_END when the operands follow, or an exit status. */
static int parse(struct output_options *options, int argc, char **argv) {
    int key, status;
    while ((key = options_next_anywhere(argc, argv, &command_report)) != OPTIONS_END) {
        if (key == OPTIONS_WRONG)
            return CLI_FAILED;
        if (key == OPTIONS_HELP)
            return commands_help(&command_report);
        if (output_option(options, key, optarg, &status) && status)
            return status;
    }
    if (optind == argc)
        return cli_fail("report", "no recording is given", advice);
    if (!output_any(options))
        options->files[OUTPUT_TEXT] = "-";
    return OPTIONS_END;
}

static int read_recording(struct report *report, const char *path) {
    char error[256];
    int status = report_update(report, path, error, sizeof error);
    return status < 0 ? cli_fail(path, error, status == -EINVAL ? advice : NULL) : 0;
}

static int is_recording(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".rec") == 0;
}

/* Read all recordings of a directory, in the order of their names. */
static int read_directory(struct report *report, const char *path) {
    struct dirent **entries;
    int count = scandir(path, &entries, is_recording, alphasort), status = 0;
    if (count < 0)
        return cli_fail_errno(errno, NULL, "%s", path);
    if (!count)
        status = cli_fail(path, "no recording (*.rec) is in this directory", advice);
    for (int i = 0; i < count; i++) {
        size_t size = strlen(path) + strlen(entries[i]->d_name) + 2;
        char *name = malloc(size);
        if (name && !status) {
            snprintf(name, size, "%s/%s", path, entries[i]->d_name);
            status = read_recording(report, name);
        }
        free(name);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static int read_all(struct report *report, int count, char **paths) {
    int status = 0;
    for (int i = 0; i < count && !status; i++) {
        struct stat about;
        bool directory = stat(paths[i], &about) == 0 && S_ISDIR(about.st_mode);
        status = directory ? read_directory(report, paths[i]) : read_recording(report, paths[i]);
    }
    return status;
}

static int call(int argc, char **argv) {
    struct output_options options = OUTPUT_DEFAULTS;
    int status = parse(&options, argc, argv);
    if (status != OPTIONS_END)
        return status;
    struct report *report = report_create();
    struct output *output = NULL;
    progress_line_begin(options.quiet);
    status = read_all(report, argc - optind, argv + optind);
    if (!status)
        report_cross_surely(report);
    if (!status && !(output = output_open(&options)))
        status = CLI_FAILED;
    if (!status)
        status = output_write(output, report);
    progress_line_end();
    if (!status)
        status = output_status(&options, report);
    output_close(output);
    report_free(report);
    return status;
}

const struct command command_report = {
    .name = "report",
    .usage = "[OPTION...] RECORDING...",
    .summary = "report again, from recordings that were kept",
    .about = "Report what recordings hold: after a crash or a kill -9, elsewhere, or of several runs. "
             "RECORDING is a "
             "file, or a directory of them. Without --json and the like, text goes to standard output.",
    .options = {output_rows},
    .operands = COMMAND_RECORDING,
    .closing = "Exit status: 66 (or --exit-code) when something of severity error or warning is in them, "
               "else 0; 125 "
               "when one cannot be read.",
    .examples = {{"gordian report gordian.4711.0.rec", NULL},
                 {"gordian report --json report.json results/*.rec", NULL},
                 {"gordian report --junit gordian.xml --gitlab gl-code-quality-report.json results", NULL}},
    .call = call,
};
