/* Options of a subcommand: getopt_long over its tables, with every mistake told in one line of the command's
 * own and one of advice. Not thread-safe, as getopt is not.
 */
#ifndef GORDIAN_CLI_OPTIONS_H
#define GORDIAN_CLI_OPTIONS_H

#include <getopt.h>

#include "cli/command.h"

enum { OPTIONS_END = -1, OPTIONS_WRONG = '?', OPTIONS_HELP = 'h' };

/* Return the key of the next option in argv (its value in `optarg`), OPTIONS_HELP for --help and -h, which
 * every subcommand has, OPTIONS_END when there are no more, or OPTIONS_WRONG after the mistake was told with
 * cli_fail. argv[0] is the subcommand's name. Parsing stops at the first argument that is no option and after
 * "--"; `optind` is then the index of the first operand. */
int options_next(int argc, char **argv, const struct command *command);

/* Like options_next, but options may stand after operands too: argv is permuted so that operands come last.
 */
int options_next_anywhere(int argc, char **argv, const struct command *command);

/* Read a whole decimal number from low to high into `value`. Returns 0, or CLI_FAILED after the mistake was
 * told, naming `option`. */
int options_number(const char *option, const char *text, long low, long high, int *value);

/* Return the index of `text` in the words of an option, or -1 after the mistake was told. */
int options_word(const struct command_option *option, const char *text);

#endif
