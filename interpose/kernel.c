#include "interpose/kernel.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "interpose/raw.h"
#include "interpose/text.h"

bool kernel_has_thread(uint32_t tid) {
    /* Sandboxes let a process send signals to itself alone. */
    return raw_tgkill(raw_getpid(), (int)tid, 0) != -ESRCH;
}

/* Returns the number of bytes read, with a NUL behind them; 0 when it cannot be read. */
static size_t read_file(const char *path, char *to, size_t room) {
    int fd = raw_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    size_t used = 0;
    for (long n; used + 1 < room && (n = raw_read(fd, to + used, room - 1 - used)) > 0;)
        used += (size_t)n;
    raw_close(fd);
    to[used] = '\0';
    return used;
}

/* Returns what follows "\nNAME:" and blanks, or NULL. */
static const char *status_line(const char *text, const char *name) {
    for (; *text; text++) {
        if (*text != '\n' || !text_starts(text + 1, name))
            continue;
        text += 1 + text_length(name);
        while (*text == ' ' || *text == '\t')
            text++;
        return text;
    }
    return NULL;
}

uint32_t kernel_count_threads(void) {
    char status[4096];
    uint32_t count = 0;
    if (!read_file("/proc/self/status", status, sizeof status))
        return UINT32_MAX;
    const char *line = status_line(status, "Threads:");
    for (; line && *line >= '0' && *line <= '9'; line++)
        count = count * 10 + (uint32_t)(*line - '0');
    return line ? count : UINT32_MAX;
}

static size_t read_task(uint32_t tid, const char *name, char *to, size_t room) {
    char path[64];
    struct text text;
    text_init(&text, path, sizeof path);
    text_add(&text, "/proc/self/task/");
    text_add_decimal(&text, tid);
    text_add(&text, name);
    return read_file(path, to, room);
}

bool kernel_asleep(uint32_t tid) {
    char call[256], futex[16], stat[512];
    struct text text;
    text_init(&text, futex, sizeof futex);
    text_add_decimal(&text, SYS_futex);
    text_add(&text, " ");
    if (read_task(tid, "/syscall", call, sizeof call) && !text_starts(call, futex))
        return false;
    size_t n = read_task(tid, "/stat", stat, sizeof stat);
    while (n && stat[n] != ')') /* the name before it may hold anything */
        n--;
    return n && stat[n + 1] == ' ' && stat[n + 2] == 'S';
}

bool kernel_catches_signals(void) {
    /* Faults of the program itself, and what libc keeps for itself (32: cancellation, 33: setuid). */
    const uint64_t inner = (uint64_t)1 << (SIGSEGV - 1) | (uint64_t)1 << (SIGBUS - 1) |
                           (uint64_t)1 << (SIGFPE - 1) | (uint64_t)1 << (SIGILL - 1) |
                           (uint64_t)1 << (SIGTRAP - 1) | (uint64_t)1 << (SIGABRT - 1) | (uint64_t)3 << 31;
    char status[4096];
    uint64_t caught = 0;
    if (!read_file("/proc/self/status", status, sizeof status))
        return true;
    const char *line = status_line(status, "SigCgt:");
    if (!line)
        return true;
    for (;; line++) {
        if (*line >= '0' && *line <= '9')
            caught = caught << 4 | (uint64_t)(*line - '0');
        else if (*line >= 'a' && *line <= 'f')
            caught = caught << 4 | (uint64_t)(*line - 'a' + 10);
        else
            break;
    }
    return (caught & ~inner) != 0;
}
