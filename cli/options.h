/* Options of a subcommand: getopt_long, with every mistake told in one line of the command's own. */
#ifndef GORDIAN_CLI_OPTIONS_H
#define GORDIAN_CLI_OPTIONS_H

#include <getopt.h>

enum { OPTIONS_END = -1, OPTIONS_WRONG = '?' };

/* Return the `val` of the next option in argv (its value in `optarg`), OPTIONS_END when there are no more, or
 * OPTIONS_WRONG after the mistake was told with cli_fail. argv[0] is the subcommand's name. `table` is
 * getopt_long's and ends with zeros; there are no short options but -h when the table has "help". Parsing
 * stops at the first argument that is no option and after "--"; `optind` is then the index of the first
 * operand. */
int options_next(int argc, char **argv, const struct option *table);

/* Like options_next, but options may stand after operands too: argv is permuted so that operands come last.
 */
int options_next_anywhere(int argc, char **argv, const struct option *table);

/* Read a whole decimal number from low to high into `value`. Returns 0, or CLI_FAILED after the mistake was
 * told, naming `option`. */
int options_number(const char *option, const char *text, long low, long high, int *value);

#endif
