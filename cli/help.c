/* gordian help: what there is, with examples. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/topics.h"

#define WIDTH 80
#define NAME_COLUMN 2
#define TEXT_COLUMN 22

/* Print words from `column` on, where the cursor stands at `at` already, and break the lines before WIDTH. */
static void print_wrapped(const char *text, int at, int column) {
    for (bool first = true; *text; first = false) {
        if (*text == '\n') {
            text++;
            printf("\n%*s", column, "");
            at = column;
            first = true;
        }
        int size = (int)strcspn(text, " \n");
        if (!first && at + 1 + size > WIDTH) {
            printf("\n%*s", column, "");
            at = column;
        } else if (!first) {
            putchar(' ');
            at++;
        }
        printf("%.*s", size, text);
        at += size;
        text += size;
        text += *text == ' ';
    }
    putchar('\n');
}

/* A name, and the words beside it; below it when the name is too long. */
static void print_row(const char *name, const char *text) {
    printf("%*s%s", NAME_COLUMN, "", name);
    int at = NAME_COLUMN + (int)strlen(name);
    if (at + 2 > TEXT_COLUMN) {
        putchar('\n');
        at = 0;
    }
    printf("%*s", TEXT_COLUMN - at, "");
    print_wrapped(text, TEXT_COLUMN, TEXT_COLUMN);
}

static void print_example(const struct command_example *example) {
    printf("  %s\n", example->line);
    if (example->what)
        printf("      %s\n", example->what);
}

int commands_help(const struct command *command) {
    printf("gordian %s %s\n\n", command->name, command->usage);
    print_wrapped(command->about, 0, 0);
    putchar('\n');
    struct command_cursor at = {0};
    const struct command_option *row;
    bool any = false;
    for (; (row = command_next_option(command, &at)); any = true) {
        char name[64];
        snprintf(name, sizeof name, "--%s%s%s", row->name, row->value ? " " : "",
                 row->value ? row->value : "");
        print_row(name, row->help);
    }
    if (any)
        putchar('\n');
    if (command->closing) {
        print_wrapped(command->closing, 0, 0);
        putchar('\n');
    }
    puts(command->examples[1].line ? "Examples" : "Example");
    for (size_t i = 0; i < COMMAND_EXAMPLES && command->examples[i].line; i++)
        print_example(&command->examples[i]);
    return 0;
}

static int print_overview(void) {
    print_wrapped(
        "gordian finds the deadlocks of threaded programs, those that happen and those that are one "
        "unlucky schedule away, without rebuilding the program.",
        0, 0);
    puts("\nSubcommands; gordian help SUBCOMMAND has their options");
    for (const struct command *const *command = commands_all; *command; command++)
        print_row((*command)->name, (*command)->summary);
    print_row("help suppressions", "how to write rules that silence findings");
    print_row("--version", "print the version");
    puts("\n"
         "Examples\n"
         "  gordian run -- ./server --port 8080\n"
         "  gordian run --json report.json -- make test\n"
         "  gordian run --out results -- ./server && gordian report results\n");
    print_wrapped(
        "Exit status: the program's own; 66 when something was found; 125 when gordian could not do its "
        "work; 126 and 127 for a program that cannot be executed or is not found.",
        0, 0);
    return 0;
}

enum { HELP_MAN = 2000 };

static const struct command_option rows[] = {
    {"man", NULL, COMMAND_NOTHING, HELP_MAN, "write the manual page gordian(1), for man -l", NULL}, {0}};

static int call(int argc, char **argv) {
    int key;
    while ((key = options_next_anywhere(argc, argv, &command_help)) != OPTIONS_END)
        return key == OPTIONS_HELP ? commands_help(&command_help)
               : key == HELP_MAN   ? commands_manual()
                                   : CLI_FAILED;
    if (optind == argc)
        return print_overview();
    const struct command *command = commands_find(argv[optind]);
    if (command)
        return commands_help(command);
    const char *topic = topics_find(argv[optind]);
    if (topic) {
        fputs(topic, stdout);
        return 0;
    }
    const char *nearest = commands_nearest(argv[optind]);
    char advice[64];
    if (nearest)
        snprintf(advice, sizeof advice, "did you mean gordian help %s?", nearest);
    else
        snprintf(advice, sizeof advice, "gordian help lists them");
    return cli_fail(argv[optind], "no such subcommand", advice);
}

const struct command command_help = {
    .name = "help",
    .usage = "[SUBCOMMAND]",
    .summary = "this, or the options of a subcommand with examples",
    .about = "Show what gordian can do, or the options of a subcommand.",
    .options = {rows},
    .operands = COMMAND_NAME,
    .examples = {{"gordian help run", NULL}, {"gordian help --man | man -l -", "the whole manual"}},
    .call = call,
};
