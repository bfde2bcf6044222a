/* The manual page gordian(1), made of the descriptions of the subcommands and the library's options. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "detector/finding.h"
#include "interpose/options_text.h"
#include "reports/message.h"

#define OPTION_COLUMN 22 /* of the text in OPTIONS_TEXT */

/* Print text that means nothing to roff; each line begins one. */
static void print_text(const char *text) {
    bool begins = true;
    for (; *text; text++) {
        if (begins && strchr(".'", *text))
            fputs("\\&", stdout);
        begins = *text == '\n';
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    }
}

/* Sentences; "\n" begins a new paragraph. `first`: a heading stands before them. */
static void print_paragraphs(const char *text, bool first) {
    for (const char *end; *text; text = *end ? end + 1 : end, first = false) {
        end = text + strcspn(text, "\n");
        char *line = strndup(text, (size_t)(end - text));
        if (line) {
            if (!first)
                puts(".PP");
            print_text(line);
            putchar('\n');
        }
        free(line);
    }
}

static void print_option(const struct command_option *row) {
    printf(".TP\n\\fB\\-\\-");
    print_text(row->name);
    fputs("\\fR", stdout);
    if (row->value) {
        fputs(" \\fI", stdout);
        print_text(row->value);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    print_text(row->help);
    fputs(".\n", stdout);
}

static void print_command(const struct command *command) {
    fputs(".SS \"gordian ", stdout);
    print_text(command->name);
    putchar(' ');
    print_text(command->usage);
    puts("\"");
    print_paragraphs(command->about, true);
    struct command_cursor at = {0};
    const struct command_option *row;
    while ((row = command_next_option(command, &at)))
        print_option(row);
    if (command->closing)
        print_paragraphs(command->closing, false);
}

static void print_examples(void) {
    puts(".SH EXAMPLES");
    for (const struct command *const *command = commands_all; *command; command++)
        for (size_t i = 0; i < COMMAND_EXAMPLES && (*command)->examples[i].line; i++) {
            const struct command_example *example = &(*command)->examples[i];
            fputs(".TP\n.B \"", stdout);
            for (const char *c = example->line; *c; c++) /* a quote inside a roff argument is two */
                if (*c == '"')
                    fputs("\"\"", stdout);
                else
                    print_text((char[]){*c, '\0'});
            puts("\"");
            print_text(example->what ? example->what : (*command)->summary);
            puts(".");
        }
}

/* The text has its columns already: an option, and what it does, which may go on below. */
static void print_library_options(void) {
    static const char text[] = OPTIONS_TEXT;
    const char *line = strchr(text, '\n') + 1; /* behind the heading */
    bool open = false;
    for (const char *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        size_t size = (size_t)(end - line), name = 0;
        bool begins = size > 2 && line[2] != ' ';
        if (begins) {
            while (name < size &&
                   !(line[name] == ' ' && name >= 2 && (name + 1 == size || line[name + 1] == ' ')))
                name++;
            char *option = strndup(line + 2, name - 2);
            printf("%s.TP\n.B \"", open ? "\n" : "");
            print_text(option ? option : "");
            puts("\"");
            free(option);
            open = false;
        }
        const char *rest = line + name;
        while (rest < end && *rest == ' ')
            rest++;
        if (rest == end)
            continue;
        char *words = strndup(rest, (size_t)(end - rest));
        fputs(open ? " " : "", stdout);
        print_text(words ? words : "");
        free(words);
        open = true;
    }
    putchar('\n');
}

static void print_findings(void) {
    puts(".SH FINDINGS\nThe names that reports use:");
    for (uint32_t kind = 1; kind < FINDING_KINDS; kind++) {
        printf(".TP\n.B ");
        print_text(finding_kind_name(kind));
        putchar('\n');
        print_text(message_title(kind));
        puts(".");
    }
}

int commands_manual(void) {
    printf(".TH GORDIAN 1 \"\" \"gordian %s\" \"User Commands\"\n", CLI_VERSION);
    puts(".SH NAME\n"
         "gordian \\- find the deadlocks of threaded programs\n"
         ".SH SYNOPSIS");
    for (const struct command *const *command = commands_all; *command; command++) {
        fputs(command == commands_all ? ".B gordian " : ".br\n.B gordian ", stdout);
        print_text((*command)->name);
        fputs("\n.RI ", stdout);
        putchar('"');
        print_text((*command)->usage);
        puts("\"");
    }
    puts(".SH DESCRIPTION\n"
         "gordian finds the deadlocks of threaded programs, those that happen and those that are one unlucky "
         "schedule\n"
         "away, without rebuilding the program: it preloads a library that watches the calls of pthreads.\n"
         ".SH SUBCOMMANDS\n"
         "Each has an option \\fB\\-\\-help\\fR, too; a beginning of an option is enough where it is the "
         "only one.");
    for (const struct command *const *command = commands_all; *command; command++)
        print_command(*command);
    puts(".SH EXIT STATUS\n"
         ".B gordian run\n"
         "ends as the program does, and with 128+N if signal N killed it. All subcommands:\n"
         ".TP\n.B 66\nsomething of severity error or warning was found (\\fB\\-\\-exit\\-code\\fR changes "
         "it).\n"
         ".TP\n.B 125\ngordian itself could not do its work; one line on standard error says why.\n"
         ".TP\n.B 126\nthe program is there and cannot be executed.\n"
         ".TP\n.B 127\nthere is no such program.\n"
         ".SH ENVIRONMENT\n"
         ".TP\n.B GORDIAN_LIBRARY\nthe libgordian.so to preload, instead of the one that belongs to the "
         "command.\n"
         ".TP\n.B NO_COLOR\nif it is set, text is not coloured.\n"
         ".TP\n.B TMPDIR\nwhere recordings go while the program runs, when they are not kept.\n"
         ".TP\n.B GORDIAN_OPTIONS\n"
         "options of the library as \\fIkey=value:key=value\\fR, in which a backslash makes the next "
         "character plain.\n"
         "Without the command, \\fBLD_PRELOAD=libgordian.so\\fR alone works, too. The keys:\n"
         ".RS");
    print_library_options();
    puts(".RE");
    print_findings();
    print_examples();
    puts(".SH FILES\n"
         ".TP\n.I gordian.PID.N.rec\na recording: what the library saw in one process. \\fBgordian "
         "report\\fR reads it.\n"
         ".SH \"SEE ALSO\"\n"
         ".BR gordian.h (3),\n"
         ".BR valgrind (1),\n"
         ".BR pthreads (7)");
    return 0;
}
