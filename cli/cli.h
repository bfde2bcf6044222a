/* The command `gordian`: its subcommands, and how it tells that it cannot do its work.
 *
 * Each subcommand is one file, cli/<name>.c, with one description (command.h), which names its function.
 */
#ifndef GORDIAN_CLI_CLI_H
#define GORDIAN_CLI_CLI_H

/* Exit statuses that are part of the contract. */
enum {
    CLI_FINDINGS = 66,      /* something of severity error or warning was found (--exit-code changes it) */
    CLI_FAILED = 125,       /* gordian itself could not do its work */
    CLI_NOT_RUNNABLE = 126, /* as a shell: the program is there and cannot be executed */
    CLI_NOT_FOUND = 127     /* as a shell: there is no such program */
};

#define CLI_VERSION "0.1.0"

/* Write "gordian: WHAT: WHY" and, unless `advice` is NULL, a second line with the advice to stderr. Returns
 * CLI_FAILED, so that a caller can return it. `why` may be NULL: then the first line is "gordian: WHAT". */
int cli_fail(const char *what, const char *why, const char *advice);

/* As cli_fail; `what` is made as by printf, `why` is the text of the error number. */
int cli_fail_errno(int error, const char *advice, const char *what, ...)
    __attribute__((format(printf, 3, 4)));

#endif
