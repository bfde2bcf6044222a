/* gordian report: report again, from recordings that were kept. */
#include <stdbool.h>
#include <stddef.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/filters.h"
#include "cli/inputs.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "reports/report.h"

enum { REPORT_CLASSES = 2000 };

static const struct command_option rows[] = {
    {"classes", NULL, COMMAND_NOTHING, REPORT_CLASSES,
     "note deadlocks between classes of locks, too: what one place initialises is a class", NULL},
    {0}};

/* Returns OPTIONS_END when the operands follow, or an exit status. */
static int parse(struct output_options *options, bool *classes, struct filter **filter, int argc,
                 char **argv) {
    int key, status;
    while ((key = options_next_anywhere(argc, argv, &command_report)) != OPTIONS_END) {
        if (key == OPTIONS_WRONG)
            return CLI_FAILED;
        if (key == OPTIONS_HELP)
            return commands_help(&command_report);
        *classes |= key == REPORT_CLASSES;
        if ((output_option(options, key, optarg, &status) || filters_option(filter, key, optarg, &status)) &&
            status)
            return status;
    }
    if (optind == argc)
        return cli_fail("report", "no recording is given", inputs_advice);
    if (!output_any(options))
        options->files[OUTPUT_TEXT] = "-";
    return OPTIONS_END;
}

static int call(int argc, char **argv) {
    struct output_options options = OUTPUT_DEFAULTS;
    struct filter *filter = NULL;
    bool classes = false;
    char error[256] = "";
    int status = parse(&options, &classes, &filter, argc, argv);
    if (status != OPTIONS_END) {
        filter_free(filter);
        return status;
    }
    struct report *report = report_create();
    report_set_filter(report, filter);
    struct output *output = NULL;
    progress_line_begin(options.quiet);
    status = inputs_read(report, argc - optind, (const char *const *)(argv + optind), false);
    if (!status)
        report_cross_surely(report);
    if (!status && classes && report_classes(report, error, sizeof error) < 0)
        status = cli_fail("report --classes", *error ? error : "no memory left", NULL);
    if (!status && !(output = output_open(&options)))
        status = CLI_FAILED;
    if (!status)
        status = output_write(output, report);
    progress_line_end();
    if (!status)
        status = output_status(&options, report);
    output_close(output);
    report_free(report);
    filter_free(filter);
    return status;
}

const struct command command_report = {
    .name = "report",
    .usage = "[OPTION...] RECORDING...",
    .summary = "report again, from recordings that were kept",
    .about = "Report what recordings hold: after a crash or a kill -9, elsewhere, or of several runs. "
             "RECORDING is a "
             "file, or a directory of them. Without --json and the like, text goes to standard output.",
    .options = {output_rows, rows, filters_rows},
    .operands = COMMAND_RECORDING,
    .closing = "Exit status: 66 (or --exit-code) when something of severity error or warning is in them, "
               "else 0; 125 "
               "when one cannot be read.",
    .examples = {{"gordian report gordian.4711.0.rec", NULL},
                 {"gordian report --json report.json results/*.rec", NULL},
                 {"gordian report --html report.html results/*.rec", NULL},
                 {"gordian report --junit gordian.xml --gitlab gl-code-quality-report.json results", NULL},
                 {"gordian report --full results", "with a rule for each finding that silences it"}},
    .call = call,
};
