/* What a subcommand is: its words, its options and its function. One description per subcommand, which the
 * parser (options.h), the help, the manual page and the completion of bash and zsh all read, so that they
 * cannot differ. To add an option is to add a row; to add a subcommand, a file with a description and a word
 * in COMMANDS.
 *
 * Descriptions are constant and live as long as the program.
 */
#ifndef GORDIAN_CLI_COMMAND_H
#define GORDIAN_CLI_COMMAND_H

#include <stddef.h>

/* What an option's value or an operand is, for completion. */
enum command_value {
    COMMAND_NOTHING,   /* none is taken, or nothing is known about it */
    COMMAND_FILE,      /* a file; "-" may be one of the standard streams */
    COMMAND_FOLDER,    /* a directory */
    COMMAND_WORD,      /* one of the words of the option, `words` */
    COMMAND_WORDS,     /* several of them, with commas between */
    COMMAND_PROGRAM,   /* a program and its arguments */
    COMMAND_PROCESS,   /* a process that gordian is loaded into, by its pid */
    COMMAND_RECORDING, /* a recording, or a directory of them */
    COMMAND_NAME       /* a subcommand */
};

/* A row. A table of rows ends with one of zeros. */
struct command_option {
    const char *name;  /* without its "--" */
    const char *value; /* how the help calls the value; NULL: it takes none */
    enum command_value kind;
    int key;           /* what options_next returns for it; unique in a subcommand, 256 or more */
    const char *help;  /* lower case, no full stop; the printer breaks lines */
    const char *words; /* of COMMAND_WORD and COMMAND_WORDS, with spaces between; else NULL */
};

struct command_example {
    const char *line;
    const char *what; /* what it does; NULL: the line says it */
};

#define COMMAND_TABLES 4
#define COMMAND_EXAMPLES 5

struct command {
    const char *name;
    const char *usage;   /* what follows the name on the command line */
    const char *summary; /* some words for the list of subcommands, lower case, no full stop */
    const char *about;   /* sentences; the printer breaks lines, "\n" begins a new paragraph */
    /* Tables of rows, in the order of the help; shared ones are named by several commands. */
    const struct command_option *options[COMMAND_TABLES];
    enum command_value operands;
    const char *closing; /* sentences after the options, or NULL */
    struct command_example examples[COMMAND_EXAMPLES];
    int (*call)(int argc, char **argv); /* argv[0] is the name; returns the exit status of gordian */
};

/* Walk over all options of a command: start with `at` zeroed; NULL at the end. */
struct command_cursor {
    size_t table, row;
};
const struct command_option *command_next_option(const struct command *command, struct command_cursor *at);

/* Of the words, up to a NULL, return the one that `word` is most likely a slip of, or NULL when none is near.
 * Letters left out, put in, replaced or swapped are slips. */
const char *command_nearest(const char *word, const char *const words[]);

#endif
