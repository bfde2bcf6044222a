/* gordian merge: join the lock orders of many runs. */
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

enum { MERGE_SAVE = 2000 };

static const struct command_option rows[] = {
    {"save", "FILE", COMMAND_FILE, MERGE_SAVE,
     "keep the lock orders of all runs in FILE, which can be given again like a recording, and be written "
     "over the one that was given",
     NULL},
    {0}};

struct merge_options {
    struct output_options output;
    struct filter *filter; /* NULL: every finding counts */
    const char *save;
};

/* Returns OPTIONS_END when the operands follow, or an exit status. */
static int parse(struct merge_options *options, int argc, char **argv) {
    int key, status;
    while ((key = options_next_anywhere(argc, argv, &command_merge)) != OPTIONS_END) {
        if (key == OPTIONS_WRONG)
            return CLI_FAILED;
        if (key == OPTIONS_HELP)
            return commands_help(&command_merge);
        if (key == MERGE_SAVE)
            options->save = optarg;
        else if ((output_option(&options->output, key, optarg, &status) ||
                  filters_option(&options->filter, key, optarg, &status)) &&
                 status)
            return status;
    }
    if (optind == argc)
        return cli_fail("merge", "no recording is given", inputs_advice);
    if (!output_any(&options->output) && !options->save)
        options->output.files[OUTPUT_TEXT] = "-";
    return OPTIONS_END;
}

static int save(const struct report *report, const char *path) {
    char error[256];
    return report_save(report, path, error, sizeof error) < 0 ? cli_fail(path, error, NULL) : 0;
}

static int call(int argc, char **argv) {
    struct merge_options options = {.output = OUTPUT_DEFAULTS};
    char error[256] = "";
    int status = parse(&options, argc, argv);
    if (status != OPTIONS_END) {
        filter_free(options.filter);
        return status;
    }
    struct report *report = report_create();
    report_set_filter(report, options.filter);
    struct output *output = NULL;
    progress_line_begin(options.output.quiet);
    status = inputs_read(report, argc - optind, (const char *const *)(argv + optind), true);
    if (!status && report_merge(report, error, sizeof error) < 0)
        status = cli_fail("merge", *error ? error : "no memory left", NULL);
    if (!status && !(output = output_open(&options.output)))
        status = CLI_FAILED;
    if (!status)
        status = output_write(output, report);
    if (!status && options.save)
        status = save(report, options.save);
    progress_line_end();
    if (!status)
        status = output_status(&options.output, report);
    output_close(output);
    report_free(report);
    filter_free(options.filter);
    return status;
}

const struct command command_merge = {
    .name = "merge",
    .usage = "[OPTION...] RECORDING...",
    .summary = "deadlocks that only several runs together show",
    .about =
        "Join the lock orders of many runs, processes and machines, and report, with what they found "
        "themselves, the deadlocks that no single one of them shows: one run takes A and then B, another one "
        "B and then A. What is certain is a warning. Where threads or locks of two runs only may be the "
        "same, or may meet, it is a note, and the message says why. A recording that cannot be read is told "
        "and left out.",
    .options = {output_rows, rows, filters_rows},
    .operands = COMMAND_RECORDING,
    .closing = "Exit status: 66 (or --exit-code) when something of severity error or warning is in them, "
               "else 0; 125 when none can be read.",
    .examples = {{"gordian run --out one -- ./server --test-a", NULL},
                 {"gordian run --out two -- ./server --test-b", NULL},
                 {"gordian merge one two", NULL},
                 {"gordian merge --save orders.gordian orders.gordian today/*.rec",
                  "from one CI run to the next"}},
    .call = call,
};
