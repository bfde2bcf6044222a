/* gordian report: report again, from recordings that were kept. */
#include <stdbool.h>
#include <stddef.h>

#include "cli/cli.h"
#include "cli/filters.h"
#include "cli/inputs.h"
#include "cli/options.h"
#include "cli/output.h"
#include "reports/report.h"

/* Returns OPTIONS_END when the operands follow, or an exit status. */
static int parse(struct output_options *options, struct filter **filter, int argc, char **argv) {
    static const struct option table[] = {
        OUTPUT_OPTIONS, FILTERS_OPTIONS, {"help", no_argument, NULL, 'h'}, {0}};
    int key, status;
    while ((key = options_next_anywhere(argc, argv, table)) != OPTIONS_END) {
        if (key == OPTIONS_WRONG)
            return CLI_FAILED;
        if (key == 'h')
            return cli_help(2, (char *[]){"help", "report", NULL});
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

static int read_all(struct report *report, int count, char **paths) {
    int status = 0;
    for (int i = 0; i < count && !status; i++)
        status = inputs_read(report, paths[i]);
    return status;
}

int cli_report(int argc, char **argv) {
    struct output_options options = OUTPUT_DEFAULTS;
    struct filter *filter = NULL;
    int status = parse(&options, &filter, argc, argv);
    if (status != OPTIONS_END) {
        filter_free(filter);
        return status;
    }
    struct report *report = report_create();
    report_set_filter(report, filter);
    struct output *output = NULL;
    status = read_all(report, argc - optind, argv + optind);
    if (!status)
        report_cross_surely(report);
    if (!status && !(output = output_open(&options)))
        status = CLI_FAILED;
    if (!status)
        status = output_write(output, report);
    if (!status)
        status = output_status(&options, report);
    output_close(output);
    report_free(report);
    filter_free(filter);
    return status;
}
