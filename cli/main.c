/* The command `gordian`: choose the subcommand. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static const struct {
    const char *name;
    int (*call)(int argc, char **argv);
} commands[] = {
    {"run", cli_run},   {"report", cli_report}, {"import", cli_import},     {"ps", cli_ps},
    {"dump", cli_dump}, {"suite", cli_suite},   {"new-case", cli_new_case}, {"help", cli_help},
};

/* A standard descriptor that came closed is given to the next file opened, which would then receive our
 * messages. It stays closed for the program, since the stand-in is closed on exec. */
static void fill_standard_descriptors(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* The number of letters left out, put in, replaced or swapped that turn one word into the other. Exponential,
 * for the short words of a command line. */
static unsigned distance(const char *a, const char *b) {
    if (!*a || !*b)
        return (unsigned)(strlen(a) + strlen(b));
    if (*a == *b)
        return distance(a + 1, b + 1);
    unsigned best = distance(a + 1, b + 1), other = distance(a + 1, b);
    best = other < best ? other : best;
    other = distance(a, b + 1);
    best = other < best ? other : best;
    if (a[0] == b[1] && a[1] == b[0]) {
        other = distance(a + 2, b + 2);
        best = other < best ? other : best;
    }
    return best + 1;
}

static int unknown_command(const char *word) {
    char what[128], advice[96];
    snprintf(what, sizeof what, "%.80s", word);
    snprintf(advice, sizeof advice,
             "the subcommands are run, report, import, ps, dump, suite, new-case and help");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strlen(word) < 10 && distance(word, commands[i].name) <= strlen(commands[i].name) / 3)
            snprintf(advice, sizeof advice, "did you mean gordian %s?", commands[i].name);
    if (strchr(word, '/') || access(word, X_OK) == 0)
        snprintf(advice, sizeof advice, "to run a program: gordian run -- PROG ARG...");
    return cli_fail(what, "no such subcommand", advice);
}

static int dispatch(int argc, char **argv) {
    if (argc < 2)
        return cli_fail("no subcommand", "usage: gordian run|report|import|ps|dump|suite|new-case|help ...",
                        "find the deadlocks of a program: gordian run -- PROG ARG...");
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0)
        return printf("gordian %s\n", CLI_VERSION) < 0;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        word = "help";
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].call(argc - 1, argv + 1);
    if (word[0] == '-')
        return cli_fail(word, "unknown option", "gordian help lists the subcommands");
    return unknown_command(word);
}

int main(int argc, char **argv) {
    fill_standard_descriptors();
    int status = dispatch(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout))
        return cli_fail_errno(errno, NULL, "cannot write to standard output");
    return status;
}
