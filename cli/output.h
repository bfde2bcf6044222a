/* The outputs that `run` and `report` share: which were asked for, and writing them.
 *
 *   struct output_options options = OUTPUT_DEFAULTS;
 *   const struct command command_report = {..., .options = {output_rows}, ...};
 *   while ((key = options_next(argc, argv, &command_report)) != OPTIONS_END)
 *       if (!output_option(&options, key, optarg, &status)) ...the subcommand's own option...
 *   struct output *output = output_open(&options);      before anything else is done: a path may be wrong
 *   output_follow(output, report);                      while the program runs, whenever the report was
 * updated status = output_write(output, report);              at the end output_close(output);
 *
 * Not thread-safe. Mistakes and failures are told with cli_fail.
 */
#ifndef GORDIAN_CLI_OUTPUT_H
#define GORDIAN_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/cli.h"
#include "cli/command.h"
#include "reports/report.h"

/* A new format is a word here, and a row in each of the two tables at the top of output.c. */
enum output_format {
    OUTPUT_JSON,
    OUTPUT_TEXT,
    OUTPUT_HTML,
    OUTPUT_DOT,
    OUTPUT_SARIF,
    OUTPUT_JUNIT,
    OUTPUT_JSONL,
    OUTPUT_GITHUB,
    OUTPUT_GITLAB,
    OUTPUT_FORMATS
};

struct output_options {
    const char *files[OUTPUT_FORMATS]; /* by format: file, "-" for stdout; NULL when not asked for */
    const char *out; /* directory that gets a report in each format (and `run`'s recordings) */
    int exit_code;   /* exit status when something was found */
    bool full;       /* do not fold frames in text */
    bool quiet;      /* nothing on stderr but findings and what went wrong */
};

#define OUTPUT_DEFAULTS {.exit_code = CLI_FINDINGS}

/* The keys of output_rows: OUTPUT_FORMAT and the format, and the others. */
enum {
    OUTPUT_FORMAT = 1000,
    OUTPUT_OUT = OUTPUT_FORMAT + OUTPUT_FORMATS,
    OUTPUT_EXIT_CODE,
    OUTPUT_FULL,
    OUTPUT_QUIET
};

/* The options, for the description of a subcommand. */
extern const struct command_option output_rows[];

/* Take one parsed option. Returns whether `key` is one of output_rows; then `status` is 0, or CLI_FAILED
 * after a wrong value was told. The strings are kept, not copied. */
bool output_option(struct output_options *options, int key, const char *value, int *status);

struct output;

/* Whether any output was asked for. */
bool output_any(const struct output_options *options);

/* Make the directory and open every file that was asked for, emptying it. Returns NULL after the failure was
 * told. */
struct output *output_open(const struct output_options *options);

/* Write to the outputs that are written while the program runs (JSON Lines) what is new in the report. What
 * cannot be written is told by output_write. */
void output_follow(struct output *output, const struct report *report);

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
