/* gordian merge: join the lock orders of many runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/options.h"
#include "cli/output.h"
#include "reports/report.h"

enum { MERGE_SAVE = 2000 };

struct merge_options {
    struct output_options output;
    const char *save;
};

/* Returns OPTIONS_END when the operands follow, or an exit status. */
static int parse(struct merge_options *options, int argc, char **argv) {
    static const struct option table[] = {
        OUTPUT_OPTIONS, {"save", required_argument, NULL, MERGE_SAVE}, {"help", no_argument, NULL, 'h'}, {0}};
    int key, status;
    while ((key = options_next_anywhere(argc, argv, table)) != OPTIONS_END) {
        if (key == OPTIONS_WRONG)
            return CLI_FAILED;
        if (key == 'h')
            return cli_help(2, (char *[]){"help", "merge", NULL});
        if (key == MERGE_SAVE)
            options->save = optarg;
        else if (output_option(&options->output, key, optarg, &status) && status)
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

int cli_merge(int argc, char **argv) {
    struct merge_options options = {.output = OUTPUT_DEFAULTS};
    char error[256] = "";
    int status = parse(&options, argc, argv);
    if (status != OPTIONS_END)
        return status;
    struct report *report = report_create();
    struct output *output = NULL;
    status = inputs_read(report, argc - optind, argv + optind, true);
    if (!status && report_merge(report, error, sizeof error) < 0)
        status = cli_fail("merge", *error ? error : "no memory left", NULL);
    if (!status && !(output = output_open(&options.output)))
        status = CLI_FAILED;
    if (!status)
        status = output_write(output, report);
    if (!status && options.save)
        status = save(report, options.save);
    if (!status)
        status = output_status(&options.output, report);
    output_close(output);
    report_free(report);
    return status;
}
