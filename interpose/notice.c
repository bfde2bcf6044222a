#include "interpose/notice.h"
#include "interpose/locks.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

#include "interpose/modules.h"
#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/stack_store.h"
#include "interpose/text.h"

static struct stat stderr_then;
static bool have_stderr, quiet;

void notice_start(void) {
    have_stderr = raw_syscall(SYS_fstat, 2, (long)&stderr_then, 0, 0, 0, 0) == 0;
}

void notice_quiet(bool value) {
    quiet = value;
}

void notice_text(const char *text) {
    struct stat now = {0};
    size_t size = text_length(text);
    if (!have_stderr || raw_syscall(SYS_fstat, 2, (long)&now, 0, 0, 0, 0) != 0 ||
        now.st_dev != stderr_then.st_dev || now.st_ino != stderr_then.st_ino)
        return;
    /* A pipe that nobody reads, or a file at its limit, is a signal for the writer: it is ours to take. */
    const uint64_t ours = (uint64_t)1 << (SIGPIPE - 1) | (uint64_t)1 << (SIGXFSZ - 1);
    uint64_t before = 0, pending = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, (long)&ours, (long)&before, sizeof before, 0, 0);
    raw_syscall(SYS_rt_sigpending, (long)&pending, sizeof pending, 0, 0, 0, 0);
    long written = 1;
    while (size && (written > 0 || written == -EINTR)) {
        written = raw_write(2, text, size);
        if (written > 0) {
            text += written;
            size -= (size_t)written;
        }
    }
    if (written == -EPIPE || written == -EFBIG) {
        uint64_t take = ours & ~pending;
        struct timespec at_once = {0};
        raw_syscall(SYS_rt_sigtimedwait, (long)&take, 0, (long)&at_once, sizeof take, 0, 0);
    }
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before, 0, 0);
}

void notice_off(const char *reason) {
    char buffer[256];
    struct text line;
    text_init(&line, buffer, sizeof buffer);
    text_add(&line, "gordian: off in this process: ");
    text_add(&line, reason);
    text_add(&line, "\n");
    notice_text(buffer);
}

void notice_no_recording(const char *dir, int error) {
    char buffer[4096 + 256];
    struct text line;
    const char *why = error == -EACCES || error == -EPERM                        ? "permission denied"
                      : error == -ENOENT                                         ? "no such directory"
                      : error == -ENOSPC || error == -EFAULT || error == -EDQUOT ? "no space left"
                      : error == -EROFS                                          ? "read-only file system"
                      : error == -EFBIG ? "the file size limit is too small"
                                        : NULL;
    text_init(&line, buffer, sizeof buffer);
    text_add(&line, "gordian: no recording in ");
    text_add(&line, dir);
    text_add(&line, ": ");
    if (why) {
        text_add(&line, why);
    } else {
        text_add(&line, "error ");
        text_add_decimal(&line, (uint64_t)-error);
    }
    text_add(&line, "; findings go to stderr\n");
    notice_text(buffer);
    quiet = false;
}

static void add_place(struct text *line, uint32_t stack) {
    const struct recording_stack *record = stack_store_at(stack);
    uint64_t offset;
    const char *module = record ? modules_find(record->addresses[0], &offset) : NULL;
    if (!module) {
        text_add(line, "?");
        return;
    }
    text_add(line, module);
    text_add(line, "+");
    text_add_hex(line, offset);
}

static void add_lock(struct text *line, uint32_t id) {
    const struct lock *lock = locks_at(id);
    uint64_t offset;
    const char *module;
    if (lock && lock->kind == LOCK_KIND_THREAD) {
        text_add(line, "the end of thread T");
        text_add_decimal(line, lock->address);
        return;
    }
    text_add(line, "lock L");
    text_add_decimal(line, id);
    if (lock && (module = modules_find(lock->address, &offset))) {
        text_add(line, " (");
        text_add(line, module);
        text_add(line, "+");
        text_add_hex(line, offset);
        text_add(line, ")");
    }
}

/* What the steps below it say. */
static const char *headline(const struct finding *finding) {
    switch (finding->kind) {
    case FINDING_DEADLOCK_POTENTIAL:
    case FINDING_DEADLOCK_ACTUAL:
        return finding->steps_count > 1 ? ": threads that wait for each other\n"
               : finding->shape == FINDING_SHAPE_SIGNAL
                   ? ": a thread whose signal handler waits for what it interrupted\n"
                   : ": a thread that waits for itself\n";
    case FINDING_HANG_ALL_BLOCKED:
        return ": no thread is left to wake the others\n";
    case FINDING_STARVATION:
        return ": a thread that others overtook\n";
    case FINDING_MISUSE_EXIT_HOLDING:
        return ": a thread that ended with what it holds\n";
    default:
        return finding->steps_count > 1 ? ": a call, and the earlier one that it contradicts\n"
                                        : ": a call\n";
    }
}

void notice_finding(const struct finding *finding, const char *path) {
    char buffer[8192];
    struct text line;
    if ((quiet && session_recorder()->file) || finding->severity == FINDING_NOTE)
        return;
    text_init(&line, buffer, sizeof buffer);
    text_add(&line, "gordian: ");
    text_add(&line, finding_kind_name(finding->kind));
    text_add(&line, headline(finding));
    notice_text(buffer);
    for (uint32_t i = 0; i < finding->steps_count; i++) {
        const struct finding_step *step = &finding->steps[i];
        text_init(&line, buffer, sizeof buffer);
        text_add(&line, "  thread T");
        text_add_decimal(&line, step->thread);
        for (uint32_t k = 0; k < step->holds_count; k++) {
            text_add(&line, k ? ", " : " holds ");
            add_lock(&line, step->holds[k].lock);
            text_add(&line, " taken at ");
            add_place(&line, step->holds[k].stack);
        }
        if (step->wants.lock) {
            text_add(&line, step->holds_count ? " and wants " : " wants ");
            add_lock(&line, step->wants.lock);
            text_add(&line, " at ");
            add_place(&line, step->wants.stack);
        }
        text_add(&line, "\n");
        notice_text(buffer);
    }
    if (*path) {
        text_init(&line, buffer, sizeof buffer);
        text_add(&line, "  full stacks: gordian report ");
        text_add(&line, path);
        text_add(&line, "\n");
        notice_text(buffer);
    }
}
