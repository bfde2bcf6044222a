/* Running the program as a shell runs a job: in a process group of its own, with the terminal when we have
 * it, with our signals passed on, and with exactly the signal mask, the signal dispositions, the descriptors
 * and the directory that we were given.
 *
 * The terminal. When we are the whole foreground job of a terminal (as typed at a shell, no pipe), the
 * program's group gets the terminal at once. When we share the foreground with others (a pipe, a script), it
 * gets it when it asks: as soon as it stops because it read from or set up the terminal from the background.
 * When the program is stopped by job control, so are we, and it goes on when we do.
 *
 * One supervisor per process: it owns the process's signals from supervisor_start on. Not thread-safe.
 */
#ifndef GORDIAN_CLI_SUPERVISOR_H
#define GORDIAN_CLI_SUPERVISOR_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct supervisor_program {
    const char *path;
    char *const *argv;
    char **(*environment)(void *context); /* called in the new process; NULL: no memory */
    void *context;
};

struct supervisor {
    pid_t pid;
    int signals;       /* signalfd */
    int terminal;      /* the controlling terminal, -1 without one */
    bool has_terminal; /* the program's group was given the terminal */
    bool interrupted;  /* SIGINT came from the terminal */
    bool ended;
    int status;    /* as waitpid gives it, once ended */
    sigset_t mask; /* as we were given it */
    struct sigaction sigpipe, sigchld;
};

enum supervisor_event { SUPERVISOR_ENDED, SUPERVISOR_READABLE, SUPERVISOR_TIMEOUT };

/* Start the program. Returns 0, or the negative errno with which it could not be executed. */
int supervisor_start(struct supervisor *supervisor, const struct supervisor_program *program);

/* Serve signals and the terminal until the program has ended, `fd` is readable, or `timeout_ms` have passed.
 */
enum supervisor_event supervisor_wait(struct supervisor *supervisor, int fd, int timeout_ms);

/* Send a signal to the program's whole process group. */
void supervisor_kill(const struct supervisor *supervisor, int signal);

/* Exit status of the ended program as a shell gives it: its own, or 128 + signal. */
int supervisor_status(const struct supervisor *supervisor);

/* Take the terminal back from the ended program. */
void supervisor_finish(struct supervisor *supervisor);

/* If the user interrupted the program from the terminal (Ctrl-C) and it died of it, die of it too, so that a
 * script or loop that runs us ends as well; a shell gives the same status either way. Otherwise return. */
void supervisor_pass_interrupt(const struct supervisor *supervisor);

#endif
