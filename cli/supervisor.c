#define _GNU_SOURCE
#include "cli/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Signals that are about ourselves: faults, and what nobody can catch. */
static const int own_signals[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE,
                                  SIGILL,  SIGTRAP, SIGABRT, SIGSYS};

static bool in_foreground(const struct supervisor *s) {
    return s->terminal >= 0 && tcgetpgrp(s->terminal) == getpgrp();
}

static void give_terminal(struct supervisor *s) {
    if (tcsetpgrp(s->terminal, s->pid) == 0)
        s->has_terminal = true;
}

/* Block every signal that we pass on or wait for, and read them from a descriptor. Ignored signals stay
 * ignored: they are never delivered, neither to us nor to the program. */
static int take_signals(struct supervisor *s) {
    sigset_t set;
    sigfillset(&set);
    for (size_t i = 0; i < sizeof own_signals / sizeof own_signals[0]; i++)
        sigdelset(&set, own_signals[i]);
    sigprocmask(SIG_BLOCK, &set, &s->mask);
    /* A closed pipe is an error of our own writes, not the end of us; and an ignored SIGCHLD would lose the
     * status. */
    struct sigaction ignore = {.sa_handler = SIG_IGN}, standard = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &ignore, &s->sigpipe);
    sigaction(SIGCHLD, &standard, &s->sigchld);
    s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signals < 0 ? -errno : 0;
}

static void give_back_signals(struct supervisor *s) {
    sigaction(SIGPIPE, &s->sigpipe, NULL);
    sigaction(SIGCHLD, &s->sigchld, NULL);
    sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

/* In the new process: become the program. `report` is closed by a successful exec. */
__attribute__((noreturn)) static void become(struct supervisor *s, const struct supervisor_program *program,
                                             int report) {
    s->pid = getpid();
    setpgid(0, 0);
    if (s->has_terminal)
        give_terminal(s);
    char **environment = program->environment(program->context);
    int error = ENOMEM;
    if (environment) {
        give_back_signals(s);
        execve(program->path, program->argv, environment);
        error = errno;
    }
    while (write(report, &error, sizeof error) < 0 && errno == EINTR)
        continue;
    _exit(127);
}

static void start_failed(struct supervisor *s) {
    waitpid(s->pid, &s->status, 0);
    supervisor_finish(s);
    close(s->signals);
    give_back_signals(s);
}

int supervisor_start(struct supervisor *s, const struct supervisor_program *program) {
    *s = (struct supervisor){.terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)};
    /* The leader of the foreground group, with the terminal on both sides: a job of one command. */
    s->has_terminal = in_foreground(s) && getpid() == getpgrp() && isatty(0) && isatty(1);
    int report[2], error = 0;
    if (pipe2(report, O_CLOEXEC) < 0)
        return -errno;
    error = take_signals(s);
    if (error)
        return error;
    s->pid = fork();
    if (s->pid == 0)
        become(s, program, report[1]);
    close(report[1]);
    if (s->pid < 0) {
        error = -errno;
        close(report[0]);
        give_back_signals(s);
        return error;
    }
    /* Both sides do it, so that it is done whoever comes first. */
    setpgid(s->pid, s->pid);
    if (s->has_terminal)
        give_terminal(s);
    int failure = 0;
    ssize_t n;
    while ((n = read(report[0], &failure, sizeof failure)) < 0 && errno == EINTR)
        continue;
    close(report[0]);
    if (n != (ssize_t)sizeof failure)
        return 0;
    start_failed(s);
    return -failure;
}

/* Stop ourselves as the program was stopped, and go on with it. A process group that no shell can continue
 * (an orphaned one) is not stopped by the kernel, and so must not leave the program stopped. */
static void stop_with_program(struct supervisor *s, int signal) {
    sigset_t only, continued;
    sigemptyset(&only);
    sigaddset(&only, signal);
    sigemptyset(&continued);
    sigaddset(&continued, SIGCONT);
    struct timespec at_once = {0};
    sigtimedwait(&continued, NULL, &at_once); /* an older one would not be about this stop */
    raise(signal);
    sigprocmask(SIG_UNBLOCK, &only, NULL); /* here we stop */
    sigprocmask(SIG_BLOCK, &only, NULL);
    bool stopped = sigtimedwait(&continued, NULL, &at_once) == SIGCONT;
    if (s->has_terminal && in_foreground(s))
        give_terminal(s);
    /* As the kernel does to a stopped group that is orphaned; without it the program would ask for the
     * terminal again and again. */
    if (!stopped && signal != SIGTSTP)
        supervisor_kill(s, SIGHUP);
    supervisor_kill(s, SIGCONT);
}

static void program_stopped(struct supervisor *s, int signal) {
    bool wants_terminal = signal == SIGTTIN || signal == SIGTTOU;
    if (wants_terminal && in_foreground(s)) {
        give_terminal(s);
        supervisor_kill(s, SIGCONT);
    } else if ((wants_terminal || signal == SIGTSTP) && s->terminal >= 0) {
        stop_with_program(s, signal);
    }
}

static void look_at_program(struct supervisor *s) {
    int status;
    while (!s->ended && waitpid(s->pid, &status, WNOHANG | WUNTRACED) == s->pid) {
        if (WIFSTOPPED(status)) {
            program_stopped(s, WSTOPSIG(status));
        } else {
            s->ended = true;
            s->status = status;
        }
    }
}

static void pass_on(struct supervisor *s, const struct signalfd_siginfo *info) {
    int signal = (int)info->ssi_signo;
    bool from_terminal = info->ssi_code == SI_KERNEL;
    if (signal == SIGTTIN || signal == SIGTTOU || signal == SIGPIPE || signal == SIGXFSZ || signal == SIGXCPU)
        return; /* about our own writes and our own time */
    if (signal == SIGINT && from_terminal)
        s->interrupted = true;
    if (signal == SIGCONT && s->has_terminal && in_foreground(s))
        give_terminal(s);
    /* The terminal and job control mean the whole job; kill(2) means one process, and for the caller that is
     * the program. */
    if (from_terminal || signal == SIGTSTP || signal == SIGCONT)
        supervisor_kill(s, signal);
    else
        kill(s->pid, signal);
}

static void serve_signals(struct supervisor *s) {
    struct signalfd_siginfo info;
    while (read(s->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            look_at_program(s);
        else
            pass_on(s, &info);
    }
}

enum supervisor_event supervisor_wait(struct supervisor *s, int fd, int timeout_ms) {
    struct pollfd watched[2] = {{.fd = s->signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    while (!s->ended) {
        int n = poll(watched, 2, timeout_ms);
        if (n == 0)
            return SUPERVISOR_TIMEOUT;
        if (n > 0 && watched[0].revents)
            serve_signals(s);
        if (n > 0 && watched[1].revents && !s->ended)
            return SUPERVISOR_READABLE;
    }
    return SUPERVISOR_ENDED;
}

void supervisor_kill(const struct supervisor *s, int signal) {
    kill(-s->pid, signal);
}

int supervisor_status(const struct supervisor *s) {
    return WIFSIGNALED(s->status) ? 128 + WTERMSIG(s->status) : WEXITSTATUS(s->status);
}

void supervisor_finish(struct supervisor *s) {
    /* Our own writes come next; from the background they could stop us, but SIGTTOU is blocked. */
    if (s->terminal >= 0 && s->has_terminal)
        tcsetpgrp(s->terminal, getpgrp());
    if (s->terminal >= 0)
        close(s->terminal);
    s->terminal = -1;
}

void supervisor_pass_interrupt(const struct supervisor *s) {
    if (!WIFSIGNALED(s->status) || WTERMSIG(s->status) != SIGINT || !(s->interrupted || s->has_terminal))
        return;
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGINT);
    sigaction(SIGINT, &standard, NULL);
    raise(SIGINT);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
}
