/* gordian report: report again, from recordings that were kept. */
#include <stdbool.h>
#include <stddef.h>

#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/options.h"
#include "cli/output.h"
#include "reports/report.h"

enum { REPORT_CLASSES = 2000 };

/* Returns OPTIONS_END when the operands follow, or an exit status. */
static int parse(struct output_options *options, bool *classes, int argc, char **argv) {
    static const struct option table[] = {OUTPUT_OPTIONS,
                                          {"classes", no_argument, NULL, REPORT_CLASSES},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int key, status;
    while ((key = options_next_anywhere(argc, argv, table)) != OPTIONS_END) {
        if (key == OPTIONS_WRONG)
            return CLI_FAILED;
        if (key == 'h')
            return cli_help(2, (char *[]){"help", "report", NULL});
        *classes |= key == REPORT_CLASSES;
        if (output_option(options, key, optarg, &status) && status)
            return status;
    }
    if (optind == argc)
        return cli_fail("report", "no recording is given", inputs_advice);
    if (!output_any(options))
        options->files[OUTPUT_TEXT] = "-";
    return OPTIONS_END;
}

int cli_report(int argc, char **argv) {
    struct output_options options = OUTPUT_DEFAULTS;
    bool classes = false;
    char error[256] = "";
    int status = parse(&options, &classes, argc, argv);
    if (status != OPTIONS_END)
        return status;
    struct report *report = report_create();
    struct output *output = NULL;
    status = inputs_read(report, argc - optind, argv + optind, false);
    if (!status)
        report_cross_surely(report);
    if (!status && classes && report_classes(report, error, sizeof error) < 0)
        status = cli_fail("report --classes", *error ? error : "no memory left", NULL);
    if (!status && !(output = output_open(&options)))
        status = CLI_FAILED;
    if (!status)
        status = output_write(output, report);
    if (!status)
        status = output_status(&options, report);
    output_close(output);
    report_free(report);
    return status;
}
