#define _GNU_SOURCE
#include "cli/tsan_logs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "reports/foreign.h"
#include "reports/tsan_text.h"

/* What is read of one log. ThreadSanitizer itself stops long before. */
#define LOG_LIMIT ((off_t)1 << 30)

struct log {
    char *name;
    pid_t pid;
    off_t followed; /* read for races up to here */
    int signal;     /* that ended the process */
};

struct tsan_logs {
    char *dir, *path;
    const char *prefix; /* of the names; the last part of `path` */
    struct log *logs;
    size_t count;
};

/* Who takes the reports of a log. */
struct taker {
    struct report *report;
    struct recordings *recordings; /* NULL: they were read */
    struct log *log;
    bool races, rest; /* which of the reports to take */
};

/* Whether the directory has a log of this number. */
static bool is_taken(const char *dir, unsigned number) {
    char prefix[64];
    snprintf(prefix, sizeof prefix, "gordian.tsan.%u.", number);
    DIR *open = opendir(dir);
    bool taken = false;
    for (struct dirent *entry; open && !taken && (entry = readdir(open));)
        taken = strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    if (open)
        closedir(open);
    return taken;
}

struct tsan_logs *tsan_logs_open(const char *dir) {
    struct tsan_logs *logs = calloc(1, sizeof *logs);
    char name[64];
    unsigned number = 1;
    while (is_taken(dir, number))
        number++;
    snprintf(name, sizeof name, "gordian.tsan.%u", number);
    if (logs)
        logs->dir = strdup(dir);
    if (!logs || !logs->dir || asprintf(&logs->path, "%s/%s", dir, name) < 0) {
        cli_fail("no memory left", NULL, NULL);
        if (logs)
            free(logs->dir);
        free(logs);
        return NULL;
    }
    logs->prefix = strrchr(logs->path, '/') + 1;
    return logs;
}

const char *tsan_logs_path(const struct tsan_logs *logs) {
    return logs->path;
}

static struct log *find_log(struct tsan_logs *logs, const char *name, pid_t pid) {
    for (size_t i = 0; i < logs->count; i++)
        if (strcmp(logs->logs[i].name, name) == 0)
            return &logs->logs[i];
    struct log *wider = realloc(logs->logs, (logs->count + 1) * sizeof *wider);
    if (!wider)
        return NULL;
    logs->logs = wider;
    wider[logs->count] = (struct log){.name = strdup(name), .pid = pid};
    return wider[logs->count].name ? &wider[logs->count++] : NULL;
}

/* Bring the list of logs up to date with the directory. */
static void scan(struct tsan_logs *logs) {
    size_t size = strlen(logs->prefix);
    DIR *dir = opendir(logs->dir);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        const char *name = entry->d_name;
        char *end;
        if (strncmp(name, logs->prefix, size) != 0 || name[size] != '.')
            continue;
        long pid = strtol(name + size + 1, &end, 10);
        if (!*end && pid > 0 && pid <= INT32_MAX)
            find_log(logs, name, (pid_t)pid);
    }
    if (dir)
        closedir(dir);
}

/* The signal in ThreadSanitizer's words: "SEGV on unknown address". */
static int signal_in(const char *title) {
    static const struct {
        const char *words;
        int signal;
    } signals[] = {{"SEGV ", SIGSEGV}, {"BUS ", SIGBUS},   {"FPE ", SIGFPE},
                   {"ILL ", SIGILL},   {"ABRT ", SIGABRT}, {"TRAP ", SIGTRAP}};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (strncmp(title, signals[i].words, strlen(signals[i].words)) == 0)
            return signals[i].signal;
    return 0;
}

static void take(void *context, const struct foreign_report *foreign) {
    struct taker *taker = context;
    bool race = foreign->kind == FINDING_RACE_DATA && !foreign->remark;
    if (foreign->remark && taker->rest)
        taker->log->signal = signal_in(foreign->title);
    if (!(race ? taker->races : taker->rest))
        return;
    if (taker->recordings) /* it has the names of threads and locks */
        recordings_read(taker->recordings, taker->report, foreign->pid);
    report_add_foreign(taker->report, foreign);
    if (foreign->cut) {
        char line[128];
        snprintf(
            line, sizeof line,
            "the last report of ThreadSanitizer in pid %d is cut off, or beyond the bounds of what is read",
            (int)taker->log->pid);
        report_add_remark(taker->report, line);
    }
}

/* Read a log from an offset on. Returns how far that got. */
static off_t read_log(struct tsan_logs *logs, off_t from, bool whole, struct taker *taker) {
    struct stat about;
    char *path;
    if (asprintf(&path, "%s/%s", logs->dir, taker->log->name) < 0)
        return from;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    free(path);
    if (fd < 0)
        return from;
    off_t start = from & ~((off_t)sysconf(_SC_PAGESIZE) - 1), end = from;
    bool is_log = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    if (is_log && about.st_size > from) {
        end = about.st_size < LOG_LIMIT ? about.st_size : LOG_LIMIT;
        char *text =
            end > start ? mmap(NULL, (size_t)(end - start), PROT_READ, MAP_PRIVATE, fd, start) : MAP_FAILED;
        if (text != MAP_FAILED) {
            const struct foreign_sink sink = {take, taker};
            from += (off_t)tsan_text_read(text + (from - start), (size_t)(end - from), whole, &sink);
            munmap(text, (size_t)(end - start));
        }
    }
    if (whole && taker->rest && is_log && about.st_size > LOG_LIMIT)
        report_add_remark(taker->report,
                          "a log of ThreadSanitizer is larger than 1 GiB: the rest is not read");
    close(fd);
    return from;
}

void tsan_logs_follow(struct tsan_logs *logs, struct recordings *recordings, struct report *report) {
    scan(logs);
    for (size_t i = 0; i < logs->count; i++) {
        struct log *log = &logs->logs[i];
        struct taker taker = {.report = report, .recordings = recordings, .log = log, .races = true};
        log->followed = read_log(logs, log->followed, false, &taker);
    }
}

void tsan_logs_finish(struct tsan_logs *logs, struct report *report) {
    scan(logs);
    for (size_t i = 0; i < logs->count; i++) {
        struct log *log = &logs->logs[i];
        struct taker races = {.report = report, .log = log, .races = true};
        struct taker rest = {.report = report, .log = log, .rest = true};
        log->followed = read_log(logs, log->followed, true, &races);
        read_log(logs, 0, true, &rest);
    }
}

int tsan_logs_signal(const struct tsan_logs *logs, pid_t pid) {
    for (size_t i = 0; i < logs->count; i++)
        if (logs->logs[i].pid == pid)
            return logs->logs[i].signal;
    return 0;
}

void tsan_logs_close(struct tsan_logs *logs) {
    if (!logs)
        return;
    for (size_t i = 0; i < logs->count; i++)
        free(logs->logs[i].name);
    free(logs->logs);
    free(logs->dir);
    free(logs->path);
    free(logs);
}
