/* The options that `run` and `report` share about which findings count: --suppressions, --baseline and
 * --only-module. Files are read when the option is met, before any output is opened, so that a baseline may
 * be replaced by the report that is compared with it.
 *
 *   struct filter *filter = NULL;
 *   static const struct option table[] = {FILTERS_OPTIONS, {"help", no_argument, NULL, 'h'}, {0}};
 *   ...
 *   if (filters_option(&filter, key, optarg, &status)) ...
 *
 * Not thread-safe. Mistakes and failures are told with cli_fail.
 */
#ifndef GORDIAN_CLI_FILTERS_H
#define GORDIAN_CLI_FILTERS_H

#include <getopt.h>
#include <stdbool.h>

#include "reports/filter.h"

/* Keys of a getopt_long table. */
enum { FILTERS_SUPPRESSIONS = 3000, FILTERS_BASELINE, FILTERS_ONLY_MODULE };

/* Entries of a getopt_long table. */
#define FILTERS_OPTIONS                                                                                      \
    {"suppressions", required_argument, NULL, FILTERS_SUPPRESSIONS},                                         \
        {"baseline", required_argument, NULL, FILTERS_BASELINE}, {                                           \
        "only-module", required_argument, NULL, FILTERS_ONLY_MODULE                                          \
    }

/* Take one parsed option. Returns whether `key` is one of FILTERS_OPTIONS; then `status` is 0, or CLI_FAILED
 * after it was told what is wrong. A rule with a mistake is told, and no failure. The filter is made at the
 * first option; the caller frees it (filter_free), also after a failure. */
bool filters_option(struct filter **filter, int key, const char *value, int *status);

#endif
