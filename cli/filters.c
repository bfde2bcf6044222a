#include "cli/filters.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

#define MISTAKES_TOLD 20

enum { FILTERS_SUPPRESSIONS = 3000, FILTERS_BASELINE, FILTERS_ONLY_MODULE };

const struct command_option filters_rows[] = {
    {"suppressions", "FILE", COMMAND_FILE, FILTERS_SUPPRESSIONS,
     "findings that a rule of FILE asks for do not count (gordian help suppressions); again for more files",
     NULL},
    {"baseline", "FILE", COMMAND_FILE, FILTERS_BASELINE,
     "findings that an earlier report has, FILE of --json, are known and do not count", NULL},
    {"only-module", "GLOB", COMMAND_NOTHING, FILTERS_ONLY_MODULE,
     "only findings in whose locking a module takes part, by path or file name; again for more modules",
     NULL},
    {0}};

static int read_suppressions(struct suppressions *suppressions, const char *path) {
    size_t before = 0, count = 0;
    while (suppressions_mistake(suppressions, before))
        before++;
    int error = suppressions_read_file(suppressions, path);
    if (error == -EFBIG)
        return cli_fail(path, "a file of suppressions has at most 16 MiB", NULL);
    if (error)
        return cli_fail_errno(error, NULL, "cannot read the suppressions in %s", path);
    for (const char *mistake; (mistake = suppressions_mistake(suppressions, before + count)) != NULL; count++)
        if (count < MISTAKES_TOLD)
            cli_fail(mistake, NULL, count ? NULL : "gordian help suppressions shows how rules are written");
    if (count > MISTAKES_TOLD) {
        char why[64];
        snprintf(why, sizeof why, "and %zu more mistakes", count - MISTAKES_TOLD);
        cli_fail(path, why, NULL);
    }
    return 0;
}

static int read_baseline(struct baseline *baseline, const char *path) {
    char error[256], what[4200];
    if (baseline_read_file(baseline, path, error, sizeof error) == 0)
        return 0;
    snprintf(what, sizeof what, "cannot use %s as a baseline", path);
    return cli_fail(what, error, "a baseline is a report that --json wrote");
}

bool filters_option(struct filter **filter, int key, const char *value, int *status) {
    *status = 0;
    if (key != FILTERS_SUPPRESSIONS && key != FILTERS_BASELINE && key != FILTERS_ONLY_MODULE)
        return false;
    if (!*filter)
        *filter = filter_create(suppressions_today());
    if (key == FILTERS_SUPPRESSIONS)
        *status = read_suppressions(filter_suppressions(*filter), value);
    else if (key == FILTERS_BASELINE)
        *status = read_baseline(filter_baseline(*filter), value);
    else if (filter_add_module(*filter, value) < 0)
        *status = cli_fail("--only-module", "a glob has 1 to 1,000 bytes", NULL);
    return true;
}
