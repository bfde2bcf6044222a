#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"

static int tell(const char *command, const char *what, const char *argument) {
    char line[256], advice[64];
    snprintf(line, sizeof line, "%s: %s", command, what);
    snprintf(advice, sizeof advice, "gordian help %s lists the options", command);
    cli_fail(line, argument, advice);
    return OPTIONS_WRONG;
}

/* The name of a long option, from its value. */
static const char *name_of(const struct option *table, int key) {
    while (table->name && table->val != key)
        table++;
    return table->name ? table->name : "?";
}

static int next(int argc, char **argv, const struct option *table, const char *mode) {
    int index = optind ? optind : 1;
    opterr = 0;
    int key = getopt_long(argc, argv, mode, table, NULL);
    if (key == ':')
        return tell(argv[0], "this option needs a value", argv[optind - 1]);
    if (key != '?')
        return key;
    /* getopt leaves the value of a known option in optopt: it was given one it does not take. */
    if (optopt >= 256) {
        char option[64];
        snprintf(option, sizeof option, "--%s", name_of(table, optopt));
        return tell(argv[0], "this option takes no value", option);
    }
    return tell(argv[0], "unknown option", argv[optind > index ? optind - 1 : index]);
}

int options_next(int argc, char **argv, const struct option *table) {
    return next(argc, argv, table, "+:h");
}

int options_next_anywhere(int argc, char **argv, const struct option *table) {
    return next(argc, argv, table, ":h");
}

int options_number(const char *option, const char *text, long low, long high, int *value) {
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno || end == text || *end || *text < '0' || *text > '9' || number < low || number > high) {
        char why[128];
        snprintf(why, sizeof why, "'%.40s' is no number from %ld to %ld", text, low, high);
        return cli_fail(option, why, NULL);
    }
    *value = (int)number;
    return 0;
}
