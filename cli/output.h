/* The outputs that `run` and `report` share: which were asked for, and writing them.
 *
 *   struct output_options options = OUTPUT_DEFAULTS;
 *   static const struct option table[] = {OUTPUT_OPTIONS, {"help", no_argument, NULL, 'h'}, {0}};
 *   while ((key = options_next(argc, argv, table)) != OPTIONS_END)
 *       if (!output_option(&options, key, optarg, &status)) ...the subcommand's own option...
 *   struct output *output = output_open(&options);      before anything else is done: a path may be wrong
 *   ...
 *   status = output_write(output, report);              at the end
 *   output_close(output);
 *
 * Not thread-safe. Mistakes and failures are told with cli_fail.
 */
#ifndef GORDIAN_CLI_OUTPUT_H
#define GORDIAN_CLI_OUTPUT_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/cli.h"
#include "reports/report.h"

/* A new format is a word here, a row of the table in output.c and an entry of OUTPUT_OPTIONS. */
enum output_format { OUTPUT_JSON, OUTPUT_TEXT, OUTPUT_HTML, OUTPUT_DOT, OUTPUT_FORMATS };

struct output_options {
    const char *files[OUTPUT_FORMATS]; /* by format: file, "-" for stdout; NULL when not asked for */
    const char *out; /* directory that gets a report in each format (and `run`'s recordings) */
    int exit_code;   /* exit status when something was found */
    bool full;       /* do not fold frames in text */
};

#define OUTPUT_DEFAULTS {.exit_code = CLI_FINDINGS}

/* Keys of a getopt_long table: OUTPUT_FORMAT and the format, and the others. */
enum { OUTPUT_FORMAT = 1000, OUTPUT_OUT = OUTPUT_FORMAT + OUTPUT_FORMATS, OUTPUT_EXIT_CODE, OUTPUT_FULL };

/* Entries of a getopt_long table. */
#define OUTPUT_OPTIONS                                                                                       \
    {"json", required_argument, NULL, OUTPUT_FORMAT + OUTPUT_JSON},                                          \
        {"text", required_argument, NULL, OUTPUT_FORMAT + OUTPUT_TEXT},                                      \
        {"html", required_argument, NULL, OUTPUT_FORMAT + OUTPUT_HTML},                                      \
        {"dot", required_argument, NULL, OUTPUT_FORMAT + OUTPUT_DOT},                                        \
        {"out", required_argument, NULL, OUTPUT_OUT},                                                        \
        {"exit-code", required_argument, NULL, OUTPUT_EXIT_CODE}, {                                          \
        "full", no_argument, NULL, OUTPUT_FULL                                                               \
    }

/* Take one parsed option. Returns whether `key` is one of OUTPUT_OPTIONS; then `status` is 0, or CLI_FAILED
 * after a wrong value was told. The strings are kept, not copied. */
bool output_option(struct output_options *options, int key, const char *value, int *status);

struct output;

/* Whether any output was asked for. */
bool output_any(const struct output_options *options);

/* Make the directory and open every file that was asked for, emptying it. Returns NULL after the failure was
 * told. */
struct output *output_open(const struct output_options *options);

/* Write the report to every output that was asked for. Returns 0, or CLI_FAILED: then what could not be
 * written was told, and the whole text report went to stderr, so that nothing is lost. */
int output_write(struct output *output, const struct report *report);

/* Close what is open. NULL is allowed. */
void output_close(struct output *output);

/* Return options->exit_code when a finding of the report counts (report_counts), else 0. */
int output_status(const struct output_options *options, const struct report *report);

/* Write all of `text` to the descriptor, also when it is in non-blocking mode. Returns 0 or a negative errno.
 */
int output_send(int fd, const char *text, size_t size);

#endif
