/* The subcommands of gordian, in the order of the help. */
#ifndef GORDIAN_CLI_COMMANDS_H
#define GORDIAN_CLI_COMMANDS_H

#include "cli/command.h"

/* Each is described where it is implemented. */
#define COMMANDS(X)                                                                                          \
    X(run) X(report) X(merge) X(import) X(diff) X(ps) X(dump) X(suite) X(new_case) X(completion) X(help)

#define COMMANDS_DECLARE(name) extern const struct command command_##name;
COMMANDS(COMMANDS_DECLARE)

/* All of them, up to a NULL. */
extern const struct command *const commands_all[];

/* Return the subcommand of that name, or NULL. */
const struct command *commands_find(const char *name);

/* Return the name of the subcommand that `word` is most likely a slip of, or NULL. */
const char *commands_nearest(const char *word);

/* Print the manual page gordian(1), in the language of man. Returns 0. */
int commands_manual(void);

/* Print the help of one subcommand to standard output. Returns 0. */
int commands_help(const struct command *command);

#endif
