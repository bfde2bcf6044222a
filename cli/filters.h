/* The options that `run`, `report` and `merge` share about which findings count: --suppressions,
 * --baseline and --only-module. Files are read when the option is met, before any output is opened, so that a
 * baseline may be replaced by the report that is compared with it.
 *
 *   struct filter *filter = NULL;
 *   const struct command command_report = {..., .options = {filters_rows}, ...};
 *   ...
 *   if (filters_option(&filter, key, optarg, &status)) ...
 *
 * Not thread-safe. Mistakes and failures are told with cli_fail.
 */
#ifndef GORDIAN_CLI_FILTERS_H
#define GORDIAN_CLI_FILTERS_H

#include <stdbool.h>

#include "cli/command.h"
#include "reports/filter.h"

/* The options, for the description of a subcommand, with keys from 3000 on. */
extern const struct command_option filters_rows[];

/* Take one parsed option. Returns whether `key` is one of filters_rows; then `status` is 0, or CLI_FAILED
 * after it was told what is wrong. A rule with a mistake is told, and no failure. The filter is made at the
 * first option; the caller frees it (filter_free), also after a failure. */
bool filters_option(struct filter **filter, int key, const char *value, int *status);

#endif
