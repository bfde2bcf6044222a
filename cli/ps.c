/* gordian ps: the running programs that gordian is at work in, their threads and locks. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "reports/escape.h"
#include "reports/live.h"
#include "reports/memory.h"
#include "reports/names.h"

/* "for 3.2 s", nothing when it is not known. */
static void print_waited(const struct live_thread *thread) {
    if (thread->waited_ns)
        printf(" for %.1f s", (double)thread->waited_ns / 1e9);
    if (thread->timed)
        fputs(" (with a time limit)", stdout);
}

static void print_place(struct memory_pool *pool, const struct report_stack *stack) {
    const char *place = names_place(pool, stack);
    fputs(place ? ", at " : "", stdout);
    escape_write(place ? place : "", stdout);
    fputc('\n', stdout);
}

static void print_thread(const struct live_thread *thread) {
    struct memory_pool pool = {0};
    printf("  %-5s", thread->thread->id);
    escape_write(thread->thread->name, stdout);
    if (thread->thread->tid)
        printf(" (tid %u)", thread->thread->tid);
    fputs(thread->ending ? ", ending" : "", stdout);
    fputs(thread->uncertain ? ", changing while it was read" : "", stdout);
    fputc('\n', stdout);
    for (size_t i = 0; i < thread->holds_count; i++) {
        const struct live_hold *hold = &thread->holds[i];
        fputs("         holds ", stdout);
        if (hold->lock)
            escape_write(hold->lock->name, stdout);
        else
            printf("a lock at 0x%" PRIx64, hold->address);
        if (hold->mode == LOCK_SHARED)
            fputs(" (shared)", stdout);
        if (hold->depth > 1)
            printf(" (%u times)", hold->depth);
        print_place(&pool, &hold->stack);
    }
    const char *wait = live_wait_text(&pool, thread);
    if (wait) {
        fputs("         waits ", stdout);
        escape_write(wait, stdout);
        print_waited(thread);
        print_place(&pool, &thread->wait_stack);
    }
    memory_pool_free(&pool);
}

static void print_process(const struct live *live) {
    printf("%u  ", live->pid);
    escape_write(*live->exe ? live->exe : "(program not known)", stdout);
    printf("  %zu thread%s\n", live->count, live->count == 1 ? "" : "s");
    for (size_t i = 0; i < live->count; i++)
        print_thread(&live->threads[i]);
}

static int is_process(const struct dirent *entry) {
    return entry->d_name[strspn(entry->d_name, "0123456789")] == 0;
}

/* The name is all digits. */
static uint32_t pid_of(const struct dirent *entry) {
    return (uint32_t)strtoul(entry->d_name, NULL, 10);
}

static int by_pid(const struct dirent **a, const struct dirent **b) {
    return pid_of(*a) < pid_of(*b) ? -1 : pid_of(*a) > pid_of(*b);
}

/* Processes that end meanwhile, are somebody else's or have nothing to do with gordian are passed over. */
static int print_all(void) {
    struct dirent **entries;
    int count = scandir("/proc", &entries, is_process, by_pid), printed = 0;
    if (count < 0)
        return cli_fail_errno(errno, NULL, "cannot list the processes in /proc");
    for (int i = 0; i < count; i++) {
        struct live *live;
        char error[256];
        if (live_read_process(pid_of(entries[i]), &live, error, sizeof error) == 0) {
            print_process(live);
            live_free(live);
            printed++;
        }
        free(entries[i]);
    }
    free(entries);
    if (!printed)
        puts("no running program that may be looked at has gordian loaded");
    return 0;
}

static int print_one(uint32_t pid) {
    struct live *live;
    char error[256], what[32];
    snprintf(what, sizeof what, "process %u", pid);
    if (live_read_process(pid, &live, error, sizeof error) < 0)
        return cli_fail(what, error, "`gordian ps` lists the processes that gordian is at work in");
    print_process(live);
    live_free(live);
    return 0;
}

static int call(int argc, char **argv) {
    int key, pid, status;
    while ((key = options_next_anywhere(argc, argv, &command_ps)) != OPTIONS_END)
        return key == OPTIONS_HELP ? commands_help(&command_ps) : CLI_FAILED;
    if (argc - optind > 1)
        return cli_fail("ps", "more than one PID is given", NULL);
    if (optind < argc && options_number("PID", argv[optind], 1, INT_MAX, &pid))
        return CLI_FAILED;
    status = optind < argc ? print_one((uint32_t)pid) : print_all();
    if (!status && fflush(stdout) != 0)
        status = cli_fail_errno(errno, NULL, "cannot write to standard output");
    return status;
}

const struct command command_ps = {
    .name = "ps",
    .usage = "[PID]",
    .summary = "running programs under gordian, their threads and locks",
    .about = "List the running programs that gordian is loaded into, and what their threads hold and wait "
             "for; with "
             "PID, that one.",
    .operands = COMMAND_PROCESS,
    .examples = {{"gordian ps", NULL}},
    .call = call,
};
