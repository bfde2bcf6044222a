/* The command `gordian`: choose the subcommand. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"

/* A standard descriptor that came closed is given to the next file opened, which would then receive our
 * messages. It stays closed for the program, since the stand-in is closed on exec. */
static void fill_standard_descriptors(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int unknown_command(const char *word) {
    char what[128], advice[128];
    snprintf(what, sizeof what, "%.80s", word);
    const char *nearest = commands_nearest(word);
    if (strchr(word, '/') || access(word, X_OK) == 0)
        snprintf(advice, sizeof advice, "to run a program: gordian run -- %.80s", word);
    else if (nearest)
        snprintf(advice, sizeof advice, "did you mean gordian %s?", nearest);
    else
        snprintf(advice, sizeof advice, "gordian help lists the subcommands");
    return cli_fail(what, "no such subcommand", advice);
}

static int dispatch(int argc, char **argv) {
    if (argc < 2)
        return cli_fail("no subcommand", "to find the deadlocks of a program: gordian run -- PROG ARG...",
                        "gordian help shows what else there is");
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0)
        return printf("gordian %s\n", CLI_VERSION) < 0;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        word = "help";
    const struct command *command = commands_find(word);
    if (command)
        return command->call(argc - 1, argv + 1);
    if (word[0] == '-')
        return cli_fail(word, "unknown option", "gordian help lists the subcommands");
    return unknown_command(word);
}

int main(int argc, char **argv) {
    fill_standard_descriptors();
    setlocale(LC_CTYPE, ""); /* what the terminal can show */
    int status = dispatch(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout))
        return cli_fail_errno(errno, NULL, "cannot write to standard output");
    return status;
}
