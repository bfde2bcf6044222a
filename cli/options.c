#define _GNU_SOURCE
#include "cli/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static size_t count_options(const struct command *command) {
    struct command_cursor at = {0};
    size_t count = 0;
    while (command_next_option(command, &at))
        count++;
    return count;
}

static const char *name_of(const struct command *command, int key) {
    struct command_cursor at = {0};
    const struct command_option *row;
    while ((row = command_next_option(command, &at)))
        if (row->key == key)
            return row->name;
    return "help";
}

static int tell(const struct command *command, const char *what, const char *argument, const char *guess) {
    char line[256], advice[256];
    snprintf(line, sizeof line, "%s: %s", command->name, what);
    if (guess)
        snprintf(advice, sizeof advice, "did you mean --%s? gordian help %s lists the options", guess,
                 command->name);
    else
        snprintf(advice, sizeof advice, "gordian help %s lists the options", command->name);
    cli_fail(line, argument, advice);
    return OPTIONS_WRONG;
}

/* An unknown option, or the beginning of several. */
static int tell_unknown(const struct command *command, const char *argument) {
    struct command_cursor at = {0};
    const char *names[count_options(command) + 2];
    const struct command_option *row;
    size_t count = 0;
    while ((row = command_next_option(command, &at)))
        names[count++] = row->name;
    names[count++] = "help";
    names[count] = NULL;
    const char *word = argument + strspn(argument, "-");
    char *name = strndup(word, strcspn(word, "="));
    const char *guess = name ? command_nearest(name, names) : NULL;
    free(name);
    return tell(command, "unknown option", argument, guess);
}

static int next(int argc, char **argv, const struct command *command, const char *mode) {
    struct option table[count_options(command) + 2];
    struct command_cursor at = {0};
    const struct command_option *row;
    size_t count = 0;
    while ((row = command_next_option(command, &at)))
        table[count++] =
            (struct option){row->name, row->value ? required_argument : no_argument, NULL, row->key};
    table[count++] = (struct option){"help", no_argument, NULL, OPTIONS_HELP};
    table[count] = (struct option){0};

    int index = optind ? optind : 1;
    opterr = 0;
    int key = getopt_long(argc, argv, mode, table, NULL);
    if (key == ':')
        return tell(command, "this option needs a value", argv[optind - 1], NULL);
    if (key == '?') {
        /* getopt leaves the value of a known option in optopt: it was given one it does not take. */
        if (optopt >= 256) {
            char option[64];
            snprintf(option, sizeof option, "--%s", name_of(command, optopt));
            return tell(command, "this option takes no value", option, NULL);
        }
        return tell_unknown(command, argv[optind > index ? optind - 1 : index]);
    }
    /* "--json -- PROG": the file was forgotten. "--json=--" is a file of that name. */
    if (key >= 256 && optarg && strcmp(optarg, "--") == 0 && optarg == argv[optind - 1]) {
        char option[64];
        snprintf(option, sizeof option, "--%s", name_of(command, key));
        return tell(command, "this option needs a value", option, NULL);
    }
    return key;
}

int options_next(int argc, char **argv, const struct command *command) {
    return next(argc, argv, command, "+:h");
}

int options_next_anywhere(int argc, char **argv, const struct command *command) {
    return next(argc, argv, command, ":h");
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

int options_word(const struct command_option *option, const char *text) {
    size_t length = strlen(text);
    int index = 0;
    for (const char *word = option->words; *word; index++) {
        size_t size = strcspn(word, " ");
        if (size == length && strncmp(word, text, size) == 0)
            return index;
        word += size + strspn(word + size, " ");
    }
    char what[64], why[256];
    snprintf(what, sizeof what, "--%s", option->name);
    snprintf(why, sizeof why, "'%.40s' is not one of: %s", text, option->words);
    cli_fail(what, why, NULL);
    return -1;
}
