#define _GNU_SOURCE
#include "cli/progress_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "reports/progress.h"

#define FIRST_MS 1000
#define NEXT_MS 100

static uint64_t begun_ms, shown_ms;
static bool shown;

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void write_all(const char *text, size_t size) {
    while (size) {
        ssize_t n = write(STDERR_FILENO, text, size);
        if (n <= 0)
            return; /* it is a comfort */
        text += n;
        size -= (size_t)n;
    }
}

static void show(const char *what, uint64_t done, uint64_t total) {
    char line[160];
    int size;
    if (total && done <= total)
        size = snprintf(line, sizeof line, "\r\033[Kgordian: %s: %" PRIu64 " %%", what, done * 100 / total);
    else
        size = snprintf(line, sizeof line, "\r\033[Kgordian: %s: %" PRIu64, what, done);
    struct winsize window = {0};
    int most = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col ? window.ws_col : 80;
    /* A line that the terminal breaks could not be erased. The first four bytes take no room. */
    if (size >= most + 4)
        size = most + 3;
    write_all(line, (size_t)size);
    shown = true;
}

static void told(const char *what, uint64_t done, uint64_t total) {
    uint64_t now = now_ms();
    if (now - begun_ms < FIRST_MS || now - shown_ms < NEXT_MS)
        return;
    shown_ms = now;
    show(what, done, total);
}

void progress_line_begin(bool quiet) {
    const char *terminal = getenv("TERM");
    if (quiet || !isatty(STDERR_FILENO) || (terminal && strcmp(terminal, "dumb") == 0))
        return;
    begun_ms = now_ms();
    progress_observe(told);
}

void progress_line_clear(void) {
    static const char erase[] = "\r\033[K";
    if (shown)
        write_all(erase, sizeof erase - 1);
    shown = false;
}

void progress_line_end(void) {
    progress_observe(NULL);
    progress_line_clear();
}
