#define _GNU_SOURCE /* memmem */
#include "reports/tsan_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_IN_REPORT 262144 /* of all stacks of one report */

static const char source[] = "ThreadSanitizer";
static const char begin_mark[] = "WARNING: ThreadSanitizer: ";
static const char *const fatal_marks[] = {"ERROR: ThreadSanitizer: ", "FATAL: ThreadSanitizer: "};

static const struct title {
    const char *text;
    uint32_t kind, severity;
    bool plain; /* the kind says what it says */
} titles[] = {
    {"data race", FINDING_RACE_DATA, FINDING_ERROR, true},
    {"data race on vptr (ctor/dtor vs virtual call)", FINDING_RACE_DATA, FINDING_ERROR, false},
    {"race on external object", FINDING_RACE_DATA, FINDING_ERROR, false},
    {"heap-use-after-free", FINDING_RACE_DATA, FINDING_ERROR, false},
    {"heap-use-after-free (virtual call vs free)", FINDING_RACE_DATA, FINDING_ERROR, false},
    {"lock-order-inversion (potential deadlock)", FINDING_DEADLOCK_POTENTIAL, FINDING_WARNING, true},
    {"unlock of an unlocked mutex (or by a wrong thread)", FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_ERROR,
     false},
    {"double lock of a mutex", FINDING_MISUSE_RELOCK, FINDING_ERROR, false},
    {"destroy of a locked mutex", FINDING_MISUSE_DESTROY_LOCKED, FINDING_ERROR, false},
    {"use of an invalid mutex (e.g. uninitialized or destroyed)", FINDING_MISUSE_USE_DESTROYED, FINDING_ERROR,
     false},
    {"read lock of a write locked mutex", FINDING_MISUSE_RELOCK, FINDING_ERROR, false},
    {"read unlock of a write locked mutex", FINDING_MISUSE_UNLOCK_NOT_OWNER, FINDING_ERROR, false},
    {"mutex held in the wrong context", FINDING_MISUSE_EXIT_HOLDING, FINDING_ERROR, false},
    {"thread leak", FINDING_MISUSE_BAD_JOIN, FINDING_WARNING, false},
    {"signal-unsafe call inside of a signal", FINDING_RACE_DATA, FINDING_WARNING, false},
    {"signal handler spoils errno", FINDING_RACE_DATA, FINDING_WARNING, false},
};
/* What is told by none of these is a race in the wide sense: no kind is nearer to all that may come. */
static const struct title unknown_title = {"", FINDING_RACE_DATA, FINDING_WARNING, false};

/* Where the frames that follow belong. */
enum target { NOWHERE, WANTS, HOLDS, LOCK, THREAD, PLACE };

struct reader {
    const struct foreign_sink *sink;
    struct memory_pool pool; /* of the report at hand */
    struct foreign_report report;
    struct foreign_frames frames;
    size_t frames_left;
    enum target target;
    size_t index;  /* of the step or lock; a thread's number */
    size_t prefix; /* bytes before the text on each line */
    bool inside;   /* a report has begun */
    char *line;    /* the line at hand, without prefix and colours */
    size_t line_capacity;
};

static const char *after(const char *text, const char *prefix) {
    size_t size = strlen(prefix);
    return strncmp(text, prefix, size) == 0 ? text + size : NULL;
}

/* The number at `text`, which is moved behind it; UINT64_MAX when it is too large. */
static uint64_t number(const char **text, int base) {
    char *end;
    uint64_t value = strtoull(*text, &end, base);
    *text = end;
    return value;
}

/* The address or number behind the word, 0 when there is none. */
static uint64_t number_after(const char *text, const char *word, int base) {
    const char *at = strstr(text, word);
    if (!at)
        return 0;
    at += strlen(word);
    return number(&at, base);
}

/* "main thread" or "thread T2", anywhere in the text: its number, counted as gordian does. */
static uint32_t thread_in(const char *text) {
    const char *at = strstr(text, "thread T");
    if (at && at[8] >= '0' && at[8] <= '9') {
        at += 8;
        uint64_t value = number(&at, 10);
        return value < UINT32_MAX - 1 ? (uint32_t)value + 1 : 0;
    }
    return strstr(text, "main thread") ? 1 : 0;
}

/* "M12", moved behind it; NULL when there is none. */
static const char *label(struct reader *reader, const char **text) {
    if (**text != 'M')
        return NULL;
    size_t size = 1 + strspn(*text + 1, "0123456789");
    if (size == 1)
        return NULL;
    const char *copy = memory_pool_copy(&reader->pool, *text, size);
    *text += size;
    return copy;
}

static struct report_stack stack_of(struct reader *reader) {
    struct report_stack stack = {reader->frames.frames, reader->frames.count, reader->frames.cut};
    reader->frames = (struct foreign_frames){0};
    return stack;
}

/* The frames so far are a stack: put it where it belongs. The first one counts. */
static void end_stack(struct reader *reader) {
    struct foreign_report *report = &reader->report;
    struct report_stack stack = stack_of(reader), *to = NULL;
    struct foreign_thread *thread;
    switch (reader->target) {
    case WANTS:
        to = &report->steps[reader->index].wants.stack;
        break;
    case HOLDS:
        to = &report->steps[reader->index].holds[0].stack;
        break;
    case LOCK:
        to = &report->locks[reader->index].created;
        break;
    case THREAD:
        thread = foreign_thread(&reader->pool, report, (uint32_t)reader->index);
        to = thread ? &thread->created : NULL;
        break;
    case PLACE:
        to = &report->place.allocated;
        break;
    case NOWHERE:
        break;
    }
    if (to && !to->count)
        *to = stack;
    reader->target = NOWHERE;
}

static void aim(struct reader *reader, enum target target, size_t index) {
    end_stack(reader);
    reader->target = target;
    reader->index = index;
}

/* " (mutexes: write M1, read M2):" */
static void read_mutexes(struct reader *reader, struct foreign_step *step, const char *text) {
    const char *at = strstr(text, "(mutexes: ");
    if (!at)
        return;
    at += strlen("(mutexes: ");
    while (*at && *at != ')') {
        const char *rest = after(at, "read ");
        bool shared = rest != NULL;
        rest = rest ? rest : after(at, "write ");
        const char *name = rest ? label(reader, &rest) : NULL;
        struct foreign_hold *hold = name ? foreign_add_hold(&reader->pool, &reader->report, step) : NULL;
        if (!hold)
            return;
        hold->lock = foreign_lock(&reader->pool, &reader->report, name, 0);
        hold->mode = shared ? LOCK_SHARED : LOCK_EXCLUSIVE;
        at = rest + strspn(rest, ", ");
    }
}

/* "Previous atomic write of size 8 at 0x5635bd06d7d8 by thread T1 (mutexes: write M1):" */
static bool read_access(struct reader *reader, const char *text) {
    static const struct {
        const char *words;
        bool write;
    } verbs[] = {{"read of ", false},
                 {"write of ", true},
                 {"modifying access of ", true},
                 {"read-only access of ", false}};
    char lower[64];
    size_t length = 0;
    for (; length + 1 < sizeof lower && text[length]; length++)
        lower[length] =
            (char)(text[length] >= 'A' && text[length] <= 'Z' ? text[length] + ('a' - 'A') : text[length]);
    lower[length] = '\0';
    const char *at = lower, *rest;
    if ((rest = after(at, "previous ")) != NULL)
        at = rest;
    bool atomic = (rest = after(at, "atomic ")) != NULL;
    if (atomic)
        at = rest;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (!after(at, verbs[i].words))
            continue;
        end_stack(reader);
        struct foreign_step *step = foreign_add_step(&reader->pool, &reader->report);
        if (!step)
            return true;
        const char *by = strstr(text, " by ");
        step->thread = by ? thread_in(by) : 0;
        step->wants.mode = verbs[i].write ? LOCK_EXCLUSIVE : LOCK_SHARED;
        step->access = (struct report_access){.atomic = atomic,
                                              .locks_told = true,
                                              .size = number_after(text, " of size ", 10),
                                              .address = number_after(text, " at 0x", 16)};
        read_mutexes(reader, step, text);
        aim(reader, WANTS, reader->report.steps_count - 1);
        return true;
    }
    return false;
}

/* "Cycle in lock order graph: M0 (0x55bb50b956d8) => M1 (0x55bb50b95700) => M0": the addresses. */
static void read_cycle(struct reader *reader, const char *text) {
    for (size_t i = 0; i < FOREIGN_PARTS; i++) {
        const char *name = label(reader, &text);
        if (!name)
            return;
        const char *open = after(text, " (0x");
        uint64_t address = open ? number(&open, 16) : 0;
        foreign_lock(&reader->pool, &reader->report, name, address);
        const char *next = strstr(text, "=> ");
        if (!next)
            return;
        text = next + 3;
    }
}

/* What follows "Mutex ". */
static void read_mutex(struct reader *reader, const char *text) {
    struct foreign_report *report = &reader->report;
    const char *name = label(reader, &text), *rest;
    if (!name)
        return;
    const char *open = after(text, " (0x");
    uint64_t address = open ? number(&open, 16) : 0;
    uint32_t lock = foreign_lock(&reader->pool, report, name, address);
    if ((rest = after(text, " acquired here while holding mutex ")) != NULL) {
        const char *held = label(reader, &rest);
        struct foreign_step *step = foreign_add_step(&reader->pool, report);
        struct foreign_hold *hold = step ? foreign_add_hold(&reader->pool, report, step) : NULL;
        if (!hold)
            return;
        step->thread = thread_in(rest);
        step->wants.lock = lock;
        hold->lock = held ? foreign_lock(&reader->pool, report, held, 0) : FOREIGN_NOTHING;
        aim(reader, WANTS, report->steps_count - 1);
    } else if (after(text, " previously acquired by the same thread here")) {
        if (report->steps_count && report->steps[report->steps_count - 1].holds_count)
            aim(reader, HOLDS, report->steps_count - 1);
    } else if (strstr(text, "created at") && lock != FOREIGN_NOTHING) {
        aim(reader, LOCK, lock);
    }
}

/* The name in "global 'NAME' of size 4 at ..." or "'NAME' (tid=4, ...": it may hold quotes itself. NULL for
 * one that is not known. */
static const char *quoted(struct reader *reader, const char *text, const char *end_mark) {
    const char *open = strchr(text, '\''), *close = NULL;
    for (const char *at = open; at && (at = strstr(at + 1, end_mark)) != NULL;)
        close = at;
    if (!open || !close || close <= open + 1)
        return NULL;
    const char *name = memory_pool_copy(&reader->pool, open + 1, (size_t)(close - open - 1));
    return strcmp(name, "??") == 0 || strcmp(name, "<null>") == 0 ? NULL : name;
}

/* What follows "Location is ". */
static void read_location(struct reader *reader, const char *text) {
    struct foreign_place *place = &reader->report.place;
    end_stack(reader);
    if (place->kind != FOREIGN_PLACE_NONE)
        return; /* a stack is told twice, the second time as a global of no name */
    const char *rest;
    place->thread = thread_in(text);
    if (after(text, "global ")) {
        place->kind = FOREIGN_PLACE_GLOBAL;
        place->name = quoted(reader, text, strstr(text, "' of size ") ? "' of size " : "' at ");
        place->size = number_after(text, "' of size ", 10);
        place->address = number_after(text, " at 0x", 16);
    } else if (after(text, "stack of ")) {
        place->kind = FOREIGN_PLACE_STACK;
    } else if (after(text, "TLS of ")) {
        place->kind = FOREIGN_PLACE_TLS;
    } else if ((rest = after(text, "file descriptor ")) != NULL) {
        place->kind = FOREIGN_PLACE_DESCRIPTOR;
        place->size = number(&rest, 10);
    } else {
        /* "heap block of size 40 at 0x7b0c00000000 allocated by main thread:", or of a kind like it */
        place->kind = FOREIGN_PLACE_HEAP;
        place->size = number_after(text, " of size ", 10);
        place->address = number_after(text, " at 0x", 16);
    }
    aim(reader, PLACE, 0);
}

/* "Thread T1 'worker bee' (tid=2989, finished) created by main thread at:" */
static bool read_thread(struct reader *reader, const char *line) {
    const char *at = after(line, "Thread T");
    if (!at || *at < '0' || *at > '9')
        return false;
    uint64_t own = number(&at, 10);
    struct foreign_thread *thread =
        own < UINT32_MAX - 1 ? foreign_thread(&reader->pool, &reader->report, (uint32_t)own + 1) : NULL;
    aim(reader, NOWHERE, 0);
    if (!thread)
        return true;
    const char *numbers = at, *next;
    while ((next = strstr(numbers + 1, "(tid=")) != NULL)
        numbers = next;
    thread->tid = (uint32_t)number_after(numbers, "(tid=", 10);
    thread->name = *at == ' ' && at[1] == '\'' ? quoted(reader, at, "' (tid=") : NULL;
    const char *created = strstr(numbers, "created by ");
    thread->creator = created ? thread_in(created) : 0;
    aim(reader, THREAD, thread->number);
    return true;
}

/* The other stack of a misuse: the earlier event that it contradicts. */
static void read_and(struct reader *reader) {
    struct foreign_step *step = foreign_add_step(&reader->pool, &reader->report);
    if (step && foreign_add_hold(&reader->pool, &reader->report, step))
        aim(reader, HOLDS, reader->report.steps_count - 1);
}

static void add_frame(struct reader *reader, const struct report_frame *frame) {
    if (!reader->frames_left) {
        reader->frames.cut = reader->report.cut = true;
        return;
    }
    reader->frames_left--;
    foreign_frames_add(&reader->pool, &reader->frames, frame);
}

/* A line of a report. */
static void read_line(struct reader *reader, const char *line) {
    struct report_frame frame;
    const char *text = line + strspn(line, " \t"), *rest;
    if (*text == '#') {
        if (reader->target != NOWHERE && tsan_text_frame(&reader->pool, text, &frame))
            add_frame(reader, &frame);
    } else if (!*text) {
        end_stack(reader);
    } else if (after(text, "[failed to restore the stack]")) {
        reader->frames.cut = true;
    } else if ((rest = after(text, "Mutex ")) != NULL) {
        aim(reader, NOWHERE, 0);
        read_mutex(reader, rest);
    } else if ((rest = after(text, "Location is ")) != NULL) {
        read_location(reader, rest);
    } else if ((rest = after(text, "Cycle in lock order graph: ")) != NULL) {
        read_cycle(reader, rest);
    } else if ((rest = after(text, "And ")) != NULL && strstr(rest, " more similar thread leak")) {
        uint64_t more = number(&rest, 10);
        reader->report.count += more < UINT32_MAX ? more : 0;
    } else if (strcmp(text, "and:") == 0) {
        read_and(reader);
    } else if (after(text, "As if synchronized via sleep")) {
        aim(reader, NOWHERE, 0);
    } else if (!read_thread(reader, text)) {
        read_access(reader, text);
    }
}

/* A thread that leaked: its creator, at the place where it was made. */
static void tell_leak(struct reader *reader) {
    struct foreign_report *report = &reader->report;
    const struct foreign_thread *thread = report->threads_count ? &report->threads[0] : NULL;
    if (!thread || !report->steps_count)
        return;
    struct foreign_step *step = &report->steps[0];
    step->thread = thread->creator;
    step->wants.stack = thread->created;
    step->wants.lock = foreign_lock(&reader->pool, report, NULL, thread->number);
    if (step->wants.lock != FOREIGN_NOTHING)
        report->locks[step->wants.lock].kind = LOCK_KIND_THREAD;
}

/* The mutex of a misuse is the only one that the report names. */
static void tell_misused(struct foreign_report *report) {
    for (size_t i = 0; i < report->steps_count && report->locks_count; i++) {
        if (!i)
            report->steps[i].wants.lock = 0;
        for (size_t j = 0; j < report->steps[i].holds_count; j++)
            report->steps[i].holds[j].lock = 0;
    }
}

/* A lock order within one thread is no deadlock. */
static void judge_order(struct foreign_report *report) {
    uint32_t thread = report->steps_count ? report->steps[0].thread : 0;
    bool one = thread != 0 && report->steps_count > 1;
    for (size_t i = 1; i < report->steps_count; i++)
        one &= report->steps[i].thread == thread;
    report->shape = FINDING_SHAPE_CYCLE;
    if (one) {
        report->kind = FINDING_ORDER_SINGLE_THREAD;
        report->severity = FINDING_NOTE;
    }
}

/* Hand over the report at hand, if there is one. `whole`: its end was seen. */
static void end_report(struct reader *reader, bool whole) {
    struct foreign_report *report = &reader->report;
    if (!reader->inside)
        return;
    end_stack(reader);
    report->cut |= !whole;
    for (size_t i = 0; i < report->locks_count; i++)
        if (!report->locks[i].kind)
            report->locks[i].kind = LOCK_KIND_MUTEX;
    if (report->kind == FINDING_DEADLOCK_POTENTIAL)
        judge_order(report);
    else if (report->kind == FINDING_MISUSE_BAD_JOIN)
        tell_leak(reader);
    else if (report->kind != FINDING_RACE_DATA)
        tell_misused(report);
    reader->sink->take(reader->sink->context, report);
    memory_pool_free(&reader->pool);
    reader->pool = (struct memory_pool){0};
    reader->inside = false;
}

/* The headline without " (pid=4711)", which is told. */
static const char *take_pid(struct reader *reader, const char *headline, uint32_t *pid) {
    const char *at = headline, *mark = NULL;
    while ((at = strstr(at, " (pid=")) != NULL)
        mark = at++;
    *pid = mark ? (uint32_t)number_after(mark, " (pid=", 10) : 0;
    return memory_pool_copy(&reader->pool, headline, mark ? (size_t)(mark - headline) : strlen(headline));
}

static void begin_report(struct reader *reader, const char *headline) {
    const struct title *title = &unknown_title;
    uint32_t pid;
    const char *words = take_pid(reader, headline, &pid);
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (strcmp(words, titles[i].text) == 0)
            title = &titles[i];
    reader->report = (struct foreign_report){.source = source,
                                             .title = words,
                                             .pid = pid,
                                             .kind = title->kind,
                                             .severity = title->severity,
                                             .plain = title->plain,
                                             .count = 1};
    reader->frames = (struct foreign_frames){0};
    reader->frames_left = FRAMES_IN_REPORT;
    reader->target = NOWHERE;
    reader->inside = true;
    bool accesses = title->kind == FINDING_RACE_DATA && title->severity == FINDING_ERROR;
    if (title->kind == FINDING_DEADLOCK_POTENTIAL || accesses)
        return;
    /* The stack that follows at once is that of the event itself. */
    foreign_add_step(&reader->pool, &reader->report);
    if (title->kind != FINDING_MISUSE_BAD_JOIN)
        aim(reader, WANTS, 0);
}

/* "==5479==ERROR: ThreadSanitizer: SEGV on unknown address 0x000000000008 (pc 0x5631c938ccf3 ..." */
static void tell_fatal(struct reader *reader, const char *line, const char *text) {
    const char *mark = strstr(line, "==");
    size_t size = strcspn(text, "(");
    while (size && text[size - 1] == ' ')
        size--;
    struct foreign_report report = {
        .source = source,
        .title = memory_pool_copy(&reader->pool, text, size),
        .pid = mark ? (uint32_t)number_after(mark, "==", 10) : 0,
        .remark = true,
        .count = 1,
    };
    reader->sink->take(reader->sink->context, &report);
    memory_pool_free(&reader->pool);
    reader->pool = (struct memory_pool){0};
}

/* Copy the line without its prefix and without what colours it. */
static const char *plain_line(struct reader *reader, const char *from, size_t size, size_t prefix) {
    reader->line = memory_array_grow(reader->line, &reader->line_capacity, size + 1, 1);
    char *to = reader->line;
    for (size_t i = prefix < size ? prefix : size; i < size; i++) {
        size_t end = i + 2;
        if (from[i] == '\033' && i + 1 < size && from[i + 1] == '[') {
            while (end < size && (from[end] == ';' || (from[end] >= '0' && from[end] <= '9')))
                end++;
            i = end < size ? end : size - 1;
        } else if (from[i] && from[i] != '\r') {
            *to++ = from[i];
        }
    }
    *to = '\0';
    return reader->line;
}

/* Returns whether the line is one between reports. */
static bool is_rule(const char *line) {
    size_t size = strspn(line, "=");
    return size >= 10 && line[size + strspn(line + size, " ")] == '\0';
}

/* Deal with a line. Returns whether no report is left open behind it. */
static bool take_line(struct reader *reader, const char *from, size_t size) {
    const char *mark = memmem(from, size, begin_mark, sizeof begin_mark - 1);
    for (size_t i = 0; i < 2; i++) {
        const char *fatal = memmem(from, size, fatal_marks[i], strlen(fatal_marks[i]));
        if (!fatal)
            continue;
        end_report(reader, false);
        const char *line = plain_line(reader, from, size, 0), *text = strstr(line, fatal_marks[i]);
        if (text) /* else colours lie between */
            tell_fatal(reader, line, text + strlen(fatal_marks[i]));
        return true;
    }
    if (mark) {
        end_report(reader, false);
        reader->prefix = (size_t)(mark - from);
        while (reader->prefix && from[reader->prefix - 1] == 'm' &&
               memrchr(from, '\033', reader->prefix)) /* a colour is no prefix */
            reader->prefix = (size_t)((const char *)memrchr(from, '\033', reader->prefix) - from);
        const char *text = strstr(plain_line(reader, from, size, 0), begin_mark);
        begin_report(reader, text ? text + sizeof begin_mark - 1 : "");
        return false;
    }
    if (!reader->inside)
        return true;
    const char *line = plain_line(reader, from, size, reader->prefix);
    if (is_rule(line) || after(line, "SUMMARY: ThreadSanitizer")) {
        end_report(reader, true);
        return true;
    }
    read_line(reader, line);
    return false;
}

size_t tsan_text_read(const char *text, size_t size, bool whole, const struct foreign_sink *sink) {
    struct reader reader = {.sink = sink};
    size_t done = 0;
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        if (!end && !whole)
            break;
        size_t length = end ? (size_t)(end - (text + at)) : size - at;
        bool closed = take_line(&reader, text + at, length);
        at += length + (end != NULL);
        if (closed)
            done = at;
    }
    if (whole) {
        end_report(&reader, false);
        done = size;
    }
    memory_pool_free(&reader.pool);
    free(reader.line);
    return done;
}

bool tsan_text_is(const char *text, size_t size) {
    if (memmem(text, size, begin_mark, sizeof begin_mark - 1))
        return true;
    for (size_t i = 0; i < 2; i++)
        if (memmem(text, size, fatal_marks[i], strlen(fatal_marks[i])))
            return true;
    return false;
}
