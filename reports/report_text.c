#include "reports/report_text.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "reports/escape.h"
#include "reports/frames.h"
#include "reports/memory.h"
#include "reports/message.h"
#include "reports/names.h"
#include "reports/stack_text.h"

#define PROCESSES_SHOWN 20
#define SIDE_HOLDS 8 /* locks held beside the knot that are listed; the others are counted */

struct report_style report_style_of(FILE *stream) {
    int fd = fileno(stream);
    bool terminal = fd >= 0 && isatty(fd);
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    struct winsize size;
    return (struct report_style){
        .colour = terminal && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0,
        .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
        .width = terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0,
    };
}

static const char *colour_of(uint32_t severity) {
    return severity == FINDING_ERROR     ? "\033[1;31m"
           : severity == FINDING_WARNING ? "\033[1;33m"
                                         : "\033[1;36m";
}

static void colour(const struct report_style *style, const char *code, FILE *out) {
    if (style->colour)
        fputs(code, out);
}

/* Write a sentence, escaped and folded at spaces; the lines after the first are indented by four. */
static void write_folded(const char *text, const struct report_style *style, size_t column, FILE *out) {
    char *line = NULL;
    size_t size = 0;
    FILE *buffer = open_memstream(&line, &size);
    if (!buffer)
        return;
    escape_write(text, buffer);
    fclose(buffer);
    for (const char *word = line; word && *word;) {
        size_t length = strcspn(word, " "), columns = 0;
        for (size_t i = 0; i < length; i++)
            columns += ((unsigned char)word[i] >> 6) != 2;
        if (style->width && column > 4 && column + 1 + columns > style->width) {
            fputs("\n   ", out);
            column = 3;
        }
        if (word != line || column == 3) {
            fputc(' ', out);
            column++;
        }
        fwrite(word, 1, length, out);
        column += columns;
        word += length + (word[length] == ' ');
    }
    free(line);
}

static void write_sentence(const char *text, const struct report_style *style, FILE *out) {
    fputs("gordian: ", out);
    write_folded(text, style, 9, out);
    fputc('\n', out);
}

static const char *wish_verb(uint32_t kind, const struct report_lock *lock) {
    bool join = lock->kind == LOCK_KIND_THREAD;
    switch (kind) {
    case FINDING_DEADLOCK_ACTUAL:
    case FINDING_HANG_ALL_BLOCKED:
        return join ? "waits for the end of" : "waits for";
    case FINDING_MISUSE_UNLOCK_UNLOCKED:
    case FINDING_MISUSE_UNLOCK_NOT_OWNER:
        return "unlocks";
    case FINDING_MISUSE_RELOCK:
        return "locks again";
    case FINDING_MISUSE_DESTROY_LOCKED:
        return "destroys";
    default:
        return join ? "joins" : "locks";
    }
}

static void write_lock_line(const char *verb, const char *name, const struct report_hold *hold,
                            const char *then, const struct report_style *style, FILE *out) {
    fprintf(out, "    %s ", verb);
    colour(style, "\033[1m", out);
    escape_write(name, out);
    colour(style, "\033[0m", out);
    if (hold->mode == LOCK_SHARED)
        fputs(" (shared)", out);
    fprintf(out, "%s\n", then);
}

/* Locks held beside the one in the knot: their place is enough. */
static void write_side_holds(const struct report_finding *finding, const struct report_step *step,
                             const struct report_hold *knot, const struct report_style *style,
                             struct memory_pool *pool, FILE *out) {
    size_t shown = 0, left = 0;
    for (size_t i = 0; i < step->holds_count; i++) {
        const struct report_hold *hold = &step->holds[i];
        if (hold == knot || !hold->lock)
            continue;
        if (shown == SIDE_HOLDS && !style->full) {
            left++;
            continue;
        }
        shown++;
        const char *name = message_lock(pool, finding, hold->lock);
        if (style->full || !knot) {
            write_lock_line("holds", name, hold, ", locked at", style, out);
            stack_text_write(&hold->stack, style, 8, out);
            continue;
        }
        const char *place = names_place(pool, &hold->stack);
        fputs("    also holds ", out);
        escape_write(name, out);
        fputs(place ? ", locked at " : "", out);
        escape_write(place ? place : "", out);
        fputc('\n', out);
    }
    if (left)
        fprintf(out, "    also holds %zu more locks\n", left);
}

/* " (T2, tid 4712)": what of it is known and not in the name. */
static void write_thread_numbers(const struct report_thread *thread, FILE *out) {
    bool named = !strstr(thread->name, thread->id);
    if (named || thread->tid)
        fprintf(out, " (%s%s", named ? thread->id : "", named && thread->tid ? ", " : "");
    if (thread->tid)
        fprintf(out, "tid %u", thread->tid);
    fputs(named || thread->tid ? ")" : "", out);
}

static void write_step(const struct report_finding *finding, size_t index, const struct report_style *style,
                       struct memory_pool *pool, FILE *out) {
    const struct report_step *step = &finding->steps[index];
    const struct report_thread *thread = step->thread;
    const struct report_hold *knot = message_knot_hold(finding, index);
    fputs("\n  ", out);
    colour(style, "\033[1m", out);
    escape_write(thread->name, out);
    colour(style, "\033[0m", out);
    write_thread_numbers(thread, out);
    const char *place = names_place(pool, &thread->created);
    if (thread->creator || place)
        fprintf(out, ", created%s%s%s", thread->creator ? " by " : "", thread->creator ? thread->creator : "",
                place ? " at " : "");
    escape_write(place ? place : "", out);
    fputs(step->wants.lock || finding->kind != FINDING_DEADLOCK_ACTUAL ? "\n" : ", which has ended\n", out);

    if (knot && knot->lock->kind != LOCK_KIND_THREAD) {
        write_lock_line("holds", message_lock(pool, finding, knot->lock), knot, ", locked at", style, out);
        stack_text_write(&knot->stack, style, 8, out);
    }
    write_side_holds(finding, step, knot, style, pool, out);
    if (step->wants.lock) {
        write_lock_line(wish_verb(finding->kind, step->wants.lock),
                        message_lock(pool, finding, step->wants.lock), &step->wants, " at", style, out);
        stack_text_write(&step->wants.stack, style, 8, out);
    }
}

/* What the locks of the knot are, beside their names. */
static void write_locks(const struct report_finding *finding, struct memory_pool *pool, FILE *out) {
    const char *lead = "\n";
    for (size_t i = 0; i < finding->steps_count; i++) {
        const struct report_lock *lock = finding->steps[i].wants.lock;
        bool told = !lock || lock->kind == LOCK_KIND_THREAD || !lock->address;
        for (size_t j = 0; j < i && j < SIDE_HOLDS && !told; j++)
            told = finding->steps[j].wants.lock == lock;
        if (told)
            continue;
        const char *place =
            lock->variable ? names_place(pool, &lock->initialised) : NULL; /* else the name says it */
        fprintf(out, "%s  ", lead);
        escape_write(message_lock(pool, finding, lock), out);
        fprintf(out, ": %s at 0x%" PRIx64 "%s", names_kind(lock->kind), lock->address,
                place ? ", initialised at " : "");
        escape_write(place ? place : "", out);
        fputc('\n', out);
        lead = "";
    }
}

static void write_foot(const struct report_finding *finding, FILE *out) {
    const char *exe = finding->process->exe;
    const char *shape = finding_shape_name(finding->shape);
    fprintf(out, "\n  %s %s", finding_severity_name(finding->severity), finding_kind_name(finding->kind));
    if (finding->shape != FINDING_SHAPE_NONE && shape)
        fprintf(out, " (%s)", shape);
    fprintf(out, ", id %s, seen ", finding->id);
    if (finding->count > 1)
        fprintf(out, "%" PRIu64 " times, first ", finding->count);
    fprintf(out, "%.3f s after the start of ", (double)finding->time_ns / 1e9);
    escape_write(*exe ? frames_basename(exe) : "the process", out);
    fprintf(out, " (pid %u)%s\n", finding->pid, finding->suppressed ? ", suppressed" : "");
}

void report_text_finding(const struct report *report, const struct report_finding *finding,
                         const struct report_style *style, FILE *out) {
    struct memory_pool pool = {0};
    (void)report; /* whatever a finding needs hangs on it */
    colour(style, colour_of(finding->severity), out);
    write_sentence(finding->message, style, out);
    colour(style, "\033[0m", out);
    for (size_t i = 0; i < finding->steps_count; i++)
        write_step(finding, i, style, &pool, out);
    write_locks(finding, &pool, out);
    write_foot(finding, out);
    memory_pool_free(&pool);
}

static const char *plural(uint64_t count) {
    return count == 1 ? "" : "s";
}

/* Text with thousands apart: it is read by people. */
static const char *number(struct memory_pool *pool, uint64_t value) {
    if (value < 1000)
        return memory_pool_format(pool, "%" PRIu64, value);
    return memory_pool_format(pool, "%s,%03" PRIu64, number(pool, value / 1000), value % 1000);
}

/* "1,204 mutex and 3 thread events", NULL when there were none. */
static const char *events_text(struct memory_pool *pool, const struct report *report) {
    static const char *const names[RECORDING_FAMILIES] = {"mutex",     "condition", "thread",  "rwlock",
                                                          "spin lock", "semaphore", "barrier", "other"};
    const char *text = NULL, *last = NULL;
    uint64_t events = 0;
    for (int family = 0; family < RECORDING_FAMILIES; family++) {
        events = report_events(report, (enum recording_family)family);
        if (!events)
            continue;
        if (last)
            text = text ? memory_pool_format(pool, "%s, %s", text, last) : last;
        last = memory_pool_format(pool, "%s %s", number(pool, events), names[family]);
    }
    if (!last)
        return NULL;
    return text ? memory_pool_format(pool, "%s and %s events", text, last)
                : memory_pool_format(pool, "%s events", last);
}

static bool saw_locks(const struct report *report) {
    return report_events(report, RECORDING_FAMILY_MUTEX) || report_events(report, RECORDING_FAMILY_COND) ||
           report_events(report, RECORDING_FAMILY_RWLOCK) || report_events(report, RECORDING_FAMILY_SPIN) ||
           report_events(report, RECORDING_FAMILY_SEMAPHORE) ||
           report_events(report, RECORDING_FAMILY_BARRIER);
}

static void write_list(const struct report *report, const struct report_style *style,
                       struct memory_pool *pool, FILE *out) {
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        const char *severity = finding->suppressed ? "suppressed" : finding_severity_name(finding->severity);
        fputs("  ", out);
        colour(style, colour_of(finding->severity), out);
        fputs(severity, out);
        colour(style, "\033[0m", out);
        fprintf(out, "%*s  ", strlen(severity) < 7 ? (int)(7 - strlen(severity)) : 0, "");
        write_folded(finding->count > 1 ? memory_pool_format(pool, "%s  (%s times)", finding->message,
                                                             number(pool, finding->count))
                                        : finding->message,
                     style, 11, out);
        fputc('\n', out);
    }
}

static void write_note(const char *text, const struct report_style *style, FILE *out) {
    colour(style, "\033[33m", out);
    fputs("  note: ", out);
    colour(style, "\033[0m", out);
    write_folded(text, style, 8, out);
    fputc('\n', out);
}

/* Bounds that were reached, and what the process lost. */
static void write_limits(const struct report_process *process, const struct report_style *style,
                         struct memory_pool *pool, FILE *out) {
    const char *who = memory_pool_format(pool, "pid %u", process->pid);
    if (process->state == RECORDING_OFF)
        write_note(memory_pool_format(pool, "%s: gordian turned itself off: %s", who, process->off_reason),
                   style, out);
    if (process->state == RECORDING_STARTING)
        write_note(memory_pool_format(pool, "%s: gordian was not at work yet when the recording ends", who),
                   style, out);
    if (process->cut_searches)
        write_note(memory_pool_format(
                       pool,
                       "%s: %s search%s for cycles reached the bound of %u steps: longer cycles may be "
                       "missing (raise it with GORDIAN_OPTIONS=max_steps=N)",
                       who, number(pool, process->cut_searches), process->cut_searches == 1 ? "" : "es",
                       process->max_steps),
                   style, out);
    if (process->unlisted_cycles)
        write_note(memory_pool_format(
                       pool,
                       "%s: further cycles through the lock orders above are counted, not listed (%s times; "
                       "GORDIAN_OPTIONS=max_per_edge=N lists more than %u through one order, max_cycles=N "
                       "more than %u)",
                       who, number(pool, process->unlisted_cycles), process->max_per_edge,
                       process->max_cycles),
                   style, out);
    if (process->unkept_dependencies)
        write_note(memory_pool_format(
                       pool,
                       "%s: %s lock order%s not kept, because more than %u threads took the same two locks: "
                       "cycles with later ones may be missing (raise it with GORDIAN_OPTIONS=max_uses=N)",
                       who, number(pool, process->unkept_dependencies),
                       process->unkept_dependencies == 1 ? " was" : "s were", process->max_uses),
                   style, out);
    if (process->lost & RECORDING_LOST_STACK)
        write_note(
            memory_pool_format(pool,
                               "%s: some stacks were deeper than %u frames and were cut (raise it with "
                               "GORDIAN_OPTIONS=stack_depth=N)",
                               who, process->stack_depth),
            style, out);
    if (process->lost & RECORDING_LOST_SPACE)
        write_note(
            memory_pool_format(pool, "%s: the disk was full: what happened after that is not recorded", who),
            style, out);
    if (process->lost & RECORDING_LOST_MEMORY)
        write_note(memory_pool_format(pool, "%s: memory ran out: some lock orders were not followed", who),
                   style, out);
    if (process->dropped)
        write_note(memory_pool_format(pool, "%s: %s record%s could not be written", who,
                                      number(pool, process->dropped), plural(process->dropped)),
                   style, out);
}

static void write_unseen(const struct report *report, const struct report_style *style,
                         struct memory_pool *pool, FILE *out) {
    const char *const *unseen = report_unseen(report), *text = unseen[0];
    if (!text)
        return;
    for (unseen++; *unseen; unseen++)
        text = memory_pool_format(pool, "%s, %s", text, *unseen);
    write_note(
        memory_pool_format(pool,
                           "not seen: %s. The program or its libraries can use these, and this version does "
                           "not watch them",
                           text),
        style, out);
}

/* One line for each process that used a lock, and one for all the others: a build runs hundreds that do not.
 */
static void write_processes(const struct report *report, FILE *out) {
    size_t shown = 0, idle = 0, left = 0;
    for (size_t i = 0; i < report_processes(report) && report_processes(report) > 1; i++) {
        const struct report_process *process = report_process(report, i);
        uint64_t events = 0;
        for (int family = 0; family < RECORDING_FAMILIES; family++)
            events += process->events[family];
        idle += !events;
        left += events && shown == PROCESSES_SHOWN;
        if (!events || shown == PROCESSES_SHOWN)
            continue;
        shown++;
        fprintf(out, "  pid %u%s: ", process->pid, process->forked ? " (forked)" : "");
        escape_write(*process->exe ? process->exe : "program not known", out);
        fprintf(out, ", %u thread%s, %" PRIu64 " event%s\n", process->threads, plural(process->threads),
                events, plural(events));
    }
    if (left)
        fprintf(out, "  and %zu more process%s with events\n", left, left == 1 ? "" : "es");
    if (idle)
        fprintf(out, "  and %zu process%s without any event\n", idle, idle == 1 ? "" : "es");
}

void report_text_summary(const struct report *report, const struct report_style *style, FILE *out) {
    struct memory_pool pool = {0};
    size_t errors = 0, warnings = 0, notes = 0, suppressed = 0, threads = 0,
           findings = report_findings(report);
    for (size_t i = 0; i < findings; i++) {
        const struct report_finding *finding = report_finding(report, i);
        suppressed += finding->suppressed;
        errors += finding->severity == FINDING_ERROR && !finding->suppressed;
        warnings += finding->severity == FINDING_WARNING && !finding->suppressed;
        notes += finding->severity == FINDING_NOTE && !finding->suppressed;
    }
    for (size_t i = 0; i < report_processes(report); i++)
        threads += report_process(report, i)->threads;
    const char *events = events_text(&pool, report);
    const char *seen = memory_pool_format(
        &pool, "%s in %zu thread%s of %zu process%s", events ? events : "no events", threads, plural(threads),
        report_processes(report), report_processes(report) == 1 ? "" : "es");
    const char *text = "no finding";
    if (findings) {
        text = memory_pool_format(&pool, "%zu finding%s: %zu error%s, %zu warning%s, %zu note%s", findings,
                                  plural(findings), errors, plural(errors), warnings, plural(warnings), notes,
                                  plural(notes));
        if (suppressed)
            text = memory_pool_format(&pool, "%s, %zu suppressed", text, suppressed);
    } else if (!saw_locks(report)) {
        text = "no lock event was seen: this run says nothing";
    }
    colour(style,
           errors                           ? colour_of(FINDING_ERROR)
           : warnings || !saw_locks(report) ? colour_of(FINDING_WARNING)
                                            : "",
           out);
    write_sentence(text, style, out);
    colour(style, "\033[0m", out);
    write_list(report, style, &pool, out);
    fputs("  seen: ", out);
    write_folded(seen, style, 8, out);
    fputc('\n', out);
    write_processes(report, out);
    write_unseen(report, style, &pool, out);
    for (size_t i = 0; i < report_processes(report); i++)
        write_limits(report_process(report, i), style, &pool, out);
    for (size_t i = 0; report_damage(report, i); i++)
        write_note(report_damage(report, i), style, out);
    for (size_t i = 0; report_remark(report, i); i++)
        write_note(report_remark(report, i), style, out);
    memory_pool_free(&pool);
}

int report_text_write(const struct report *report, const struct report_style *style, FILE *out) {
    for (size_t i = 0; i < report_findings(report); i++) {
        report_text_finding(report, report_finding(report, i), style, out);
        fputc('\n', out);
    }
    report_text_summary(report, style, out);
    if (fflush(out) != 0)
        return errno ? -errno : -EIO;
    return ferror(out) ? -EIO : 0;
}
