/* gordian dump: what every thread of a process holds and waits for, with the stacks. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "reports/escape.h"
#include "reports/live.h"
#include "reports/memory.h"
#include "reports/names.h"
#include "reports/stack_text.h"

static void print_hold(const struct live_hold *hold, const struct report_style *style) {
    fputs("    holds ", stdout);
    if (hold->lock)
        escape_write(hold->lock->name, stdout);
    else
        printf("a lock at 0x%" PRIx64, hold->address);
    if (hold->mode == LOCK_SHARED)
        fputs(" (shared)", stdout);
    if (hold->depth > 1)
        printf(" (%u times)", hold->depth);
    fputs(hold->site ? ", locked at (only the call itself is known)\n" : ", locked at\n", stdout);
    stack_text_write(&hold->stack, style, 8, stdout);
}

static void print_wait(const struct live_thread *thread, const char *wait, const struct report_style *style) {
    fputs("    waits ", stdout);
    escape_write(wait, stdout);
    if (thread->waited_ns)
        printf(" for %.1f s", (double)thread->waited_ns / 1e9);
    fputs(thread->timed ? " (with a time limit), at\n" : ", at\n", stdout);
    stack_text_write(&thread->wait_stack, style, 8, stdout);
}

static void print_thread(const struct live_thread *thread, const struct report_style *style) {
    const struct report_thread *about = thread->thread;
    struct memory_pool pool = {0};
    const char *place = names_place(&pool, &about->created);
    fputs("\n  ", stdout);
    escape_write(about->name, stdout);
    printf(" (%s", about->id);
    if (about->tid)
        printf(", tid %u", about->tid);
    fputc(')', stdout);
    if (about->creator)
        printf(", created by %s", about->creator);
    fputs(place ? " at " : "", stdout);
    escape_write(place ? place : "", stdout);
    fputs(thread->ending ? ", ending" : "", stdout);
    fputs(thread->uncertain ? ", changing while it was read\n" : "\n", stdout);
    for (size_t i = 0; i < thread->holds_count; i++)
        print_hold(&thread->holds[i], style);
    const char *wait = live_wait_text(&pool, thread);
    if (wait)
        print_wait(thread, wait, style);
    else if (!thread->holds_count)
        fputs("    holds no lock and waits for none\n", stdout);
    memory_pool_free(&pool);
}

static void print_process(const struct live *live) {
    struct report_style style = report_style_of(stdout);
    escape_write(*live->exe ? live->exe : "(program not known)", stdout);
    printf(" (pid %u), ", live->pid);
    if (live->running)
        fputs("running", stdout);
    else
        fputs(live->state == RECORDING_ENDED
                  ? "has ended; this was its last state"
                  : "no longer running: it was killed, or replaced itself by exec; this was "
                    "its last state",
              stdout);
    printf(", %zu thread%s\n", live->count, live->count == 1 ? "" : "s");
    for (size_t i = 0; i < live->count; i++)
        print_thread(&live->threads[i], &style);
    if (live->damage) {
        fputs("\nnote: the recording is ", stdout);
        escape_write(live->damage, stdout);
        fputc('\n', stdout);
    }
}

static int call(int argc, char **argv) {
    int key;
    while ((key = options_next_anywhere(argc, argv, &command_dump)) != OPTIONS_END)
        return key == OPTIONS_HELP ? commands_help(&command_dump) : CLI_FAILED;
    if (argc - optind != 1)
        return cli_fail("dump", argc == optind ? "no process is given" : "more than one process is given",
                        "for example: gordian dump 4711; `gordian ps` lists the processes");
    const char *what = argv[optind];
    struct live *live;
    char error[256], process[32];
    int status, pid;
    if (what[strspn(what, "0123456789")] == 0) {
        if (options_number("PID", what, 1, INT_MAX, &pid))
            return CLI_FAILED;
        snprintf(process, sizeof process, "process %d", pid);
        what = process;
        status = live_read_process((uint32_t)pid, &live, error, sizeof error);
    } else {
        status = live_read(what, &live, error, sizeof error);
    }
    if (status < 0)
        return cli_fail(what, error, "`gordian ps` lists the processes that gordian is at work in");
    print_process(live);
    live_free(live);
    return fflush(stdout) == 0 ? 0 : cli_fail_errno(errno, NULL, "cannot write to standard output");
}

const struct command command_dump = {
    .name = "dump",
    .usage = "PID|RECORDING",
    .summary = "who holds and who waits in a program, with stacks",
    .about =
        "Show what every thread of a running program holds and waits for, with stacks. The program is not "
        "stopped. Of a program that has ended, its recording shows the last state.",
    .operands = COMMAND_PROCESS,
    .examples = {{"gordian dump 4711", NULL}, {"gordian dump results/gordian.4711.0.rec", NULL}},
    .call = call,
};
