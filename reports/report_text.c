#include "reports/report_text.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "reports/escape.h"
#include "reports/filter_words.h"
#include "reports/frames.h"
#include "reports/limits.h"
#include "reports/memory.h"
#include "reports/message.h"
#include "reports/names.h"
#include "reports/numbers.h"
#include "reports/profile_text.h"
#include "reports/race_text.h"
#include "reports/stack_text.h"
#include "reports/step_words.h"
#include "reports/verbs.h"

#define PROCESSES_SHOWN 20
#define NOTES_SHOWN 20
#define FULL_NOTES 3 /* so many are shown with their stacks when there is nothing else to show */
#define UNSEEN_SHOWN 8
#define RULES_SHOWN 8 /* rules that silenced nothing and are named */
#define SIDE_HOLDS 8  /* locks held beside the knot that are listed; the others are counted */

struct report_style report_style_of(FILE *stream) {
    int fd = fileno(stream);
    bool terminal = fd >= 0 && isatty(fd);
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    struct winsize size;
    return (struct report_style){
        .colour = terminal && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0,
        .utf8 = !terminal || strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
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

/* Write a sentence from this column on, escaped and folded at spaces; the lines after the first are indented
 * by `indent`. */
static void write_indented(const char *text, const struct report_style *style, size_t column, size_t indent,
                           FILE *out) {
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
        if (style->width && column > indent && column + (word != line) + columns > style->width) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (word != line) {
            fputc(' ', out);
            column++;
        }
        fwrite(word, 1, length, out);
        column += columns;
        word += length + (word[length] == ' ');
    }
    free(line);
}

static void write_folded(const char *text, const struct report_style *style, size_t column, FILE *out) {
    write_indented(text, style, column, 4, out);
}

static void write_sentence(const char *text, const struct report_style *style, FILE *out) {
    fputs("gordian: ", out);
    write_folded(text, style, 9, out);
    fputc('\n', out);
}

static size_t columns_of(const char *text) {
    size_t columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text >> 6) != 2;
    return columns;
}

static void write_lock_line(const struct step_words *words, const struct report_style *style,
                            struct memory_pool *pool, FILE *out) {
    const char *line = memory_pool_format(pool, "%s %s%s", words->verb, words->name, words->then);
    if (style->width && 4 + columns_of(line) > style->width) {
        fputs("    ", out);
        write_indented(line, style, 4, 6, out);
        fputc('\n', out);
        return;
    }
    fprintf(out, "    %s ", words->verb);
    colour(style, "\033[1m", out);
    escape_write(words->name, out);
    colour(style, "\033[0m", out);
    fprintf(out, "%s\n", words->then);
}

static void write_hold(const struct report_finding *finding, size_t index, const struct report_hold *hold,
                       const struct report_style *style, struct memory_pool *pool, FILE *out) {
    struct step_words words = step_words_hold(pool, finding, index, hold);
    write_lock_line(&words, style, pool, out);
    stack_text_write(&hold->stack, style, 8, out);
}

/* Locks held beside the one in the knot: their place is enough. */
static void write_side_holds(const struct report_finding *finding, size_t index,
                             const struct report_hold *knot, const struct report_style *style,
                             struct memory_pool *pool, FILE *out) {
    const struct report_step *step = &finding->steps[index];
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
        if (style->full || !knot) {
            write_hold(finding, index, hold, style, pool, out);
            continue;
        }
        const char *place = names_place(pool, &hold->stack);
        const char *text =
            memory_pool_format(pool, "also holds %s", message_object(pool, finding, hold->lock));
        if (place)
            text = memory_pool_format(pool, "%s, %s at %s", text, verbs_taken(hold->lock->kind), place);
        fputs("    ", out);
        write_indented(text, style, 4, 6, out);
        fputc('\n', out);
    }
    if (left)
        fprintf(out, "    also holds %zu more locks\n", left);
}

/* " (T2, tid 4712)": what of it is known and not in the name; "" when nothing is. */
static const char *thread_numbers(const struct report_thread *thread, struct memory_pool *pool) {
    bool named = !strstr(thread->name, thread->id);
    if (named && thread->tid)
        return memory_pool_format(pool, " (%s, tid %u)", thread->id, thread->tid);
    if (thread->tid)
        return memory_pool_format(pool, " (tid %u)", thread->tid);
    return named ? memory_pool_format(pool, " (%s)", thread->id) : "";
}

/* Whether two threads that are blocked wait alike: one of them is enough to show. */
static bool wait_alike(const struct report_step *a, const struct report_step *b) {
    return !a->holds_count && !b->holds_count && a->wants.lock == b->wants.lock &&
           a->wants.mode == b->wants.mode &&
           a->wants.stack.frames == b->wants.stack.frames; /* the same object for the same stack */
}

static void write_thread(const struct report_finding *finding, size_t index, const struct report_style *style,
                         struct memory_pool *pool, FILE *out) {
    const struct report_thread *thread = finding->steps[index].thread;
    const char *place = names_place(pool, &thread->created);
    const char *text =
        memory_pool_format(pool, "%s%s", thread_numbers(thread, pool), step_words_thread(finding, index));
    if (thread->creator || place)
        text = memory_pool_format(pool, "%s, created%s%s%s%s", text, thread->creator ? " by " : "",
                                  thread->creator ? thread->creator : "", place ? " at " : "",
                                  place ? place : "");
    fputs("\n  ", out);
    colour(style, "\033[1m", out);
    escape_write(thread->name, out);
    colour(style, "\033[0m", out);
    write_indented(text, style, 2 + columns_of(thread->name), 6, out);
    fputc('\n', out);
}

static void write_step(const struct report_finding *finding, size_t index, const struct report_style *style,
                       struct memory_pool *pool, FILE *out) {
    const struct report_step *step = &finding->steps[index];
    const struct report_hold *knot = message_knot_hold(finding, index), *wants = &step->wants;
    write_thread(finding, index, style, pool, out);
    if (step->access) {
        race_text_step(finding, step, style, pool, out);
        return;
    }
    if (knot && (knot->lock->kind != LOCK_KIND_THREAD || finding->kind == FINDING_MISUSE_BAD_JOIN))
        write_hold(finding, index, knot, style, pool, out);
    write_side_holds(finding, index, knot, style, pool, out);
    if (!wants->lock)
        return;
    struct step_words words = step_words_wish(pool, finding, index);
    write_lock_line(&words, style, pool, out);
    stack_text_write(&wants->stack, style, 8, out);
}

/* The threads of the finding; of those that are blocked alike, the first with the number of the others. */
static void write_steps(const struct report_finding *finding, const struct report_style *style,
                        struct memory_pool *pool, FILE *out) {
    bool hang = finding->kind == FINDING_HANG_ALL_BLOCKED && !style->full;
    for (size_t i = 0, next; i < finding->steps_count; i = next) {
        write_step(finding, i, style, pool, out);
        for (next = i + 1;
             hang && next < finding->steps_count && wait_alike(&finding->steps[i], &finding->steps[next]);)
            next++;
        if (next > i + 1)
            fprintf(out, "    and so %s %s more thread%s\n", next == i + 2 ? "does" : "do",
                    numbers_count(pool, next - i - 1), numbers_plural(next - i - 1));
    }
}

static void write_lock(const struct report_finding *finding, const struct report_lock *lock,
                       const struct report_style *style, struct memory_pool *pool, FILE *out) {
    const char *place = lock->variable || lock->named ? names_place(pool, &lock->initialised)
                                                      : NULL; /* else the name says it */
    const char *text = memory_pool_format(pool, "%s: %s%s", message_lock(pool, finding, lock),
                                          names_kind(lock->kind), names_purpose(pool, lock));
    if (lock->address)
        text = memory_pool_format(pool, "%s at 0x%" PRIx64, text, lock->address);
    if (place)
        text = memory_pool_format(pool, "%s, initialised at %s", text, place);
    fputs("  ", out);
    write_folded(text, style, 2, out);
    fputc('\n', out);
}

/* What the locks are that the finding is about, beside their names. */
static void write_locks(const struct report_finding *finding, const struct report_style *style,
                        struct memory_pool *pool, FILE *out) {
    bool any = false;
    for (size_t i = 0; i < finding->steps_count; i++) {
        const struct report_lock *lock = finding->steps[i].wants.lock;
        if (!i && !lock && finding->kind == FINDING_MISUSE_EXIT_HOLDING)
            lock = message_misused(finding);
        bool told =
            !lock || lock->kind == LOCK_KIND_THREAD || (!lock->address && lock->kind != LOCK_KIND_FILE);
        for (size_t j = 0; j < i && j < SIDE_HOLDS && !told; j++)
            told = finding->steps[j].wants.lock == lock;
        if (told)
            continue;
        if (lock->kind == LOCK_KIND_MEMORY) {
            race_text_place(finding, lock, style, out);
            continue;
        }
        fputs(any ? "" : "\n", out);
        write_lock(finding, lock, style, pool, out);
        any = true;
    }
}

static void write_foot(const struct report_finding *finding, const struct report_style *style,
                       struct memory_pool *pool, FILE *out) {
    const char *exe = finding->process->exe;
    const char *shape = finding->shape != FINDING_SHAPE_NONE ? finding_shape_name(finding->shape) : NULL;
    const char *label =
        memory_pool_format(pool, "%s %s%s%s%s, id %s", finding_severity_name(finding->severity),
                           finding_kind_name(finding->kind), shape ? " (" : "", shape ? shape : "",
                           shape ? ")" : "", finding->id);
    const char *count = numbers_count(pool, finding->count);
    const char *times = finding->count > 1 ? memory_pool_format(pool, "%s times, ", count) : "";
    bool own = !finding->source || strncmp(finding->source, "gordian", 7) == 0;
    const char *seen = own ? memory_pool_format(pool, "seen %s%s%.3f s after the start of", times,
                                                *times ? "first " : "", (double)finding->time_ns / 1e9)
                           : memory_pool_format(pool, "%ssaid by %s of", times, finding->source);
    const char *text =
        finding->merged
            ? memory_pool_format(pool, "%s, in no single run; merged %s time%s", label, count,
                                 numbers_plural(finding->count))
            : memory_pool_format(pool, "%s, %s %s (pid %u)%s%s%s%s", label, seen,
                                 *exe ? frames_basename(exe) : "the process", finding->pid,
                                 own && finding->source ? ", said by " : "",
                                 own && finding->source ? finding->source : "",
                                 finding->suppressed ? ", suppressed" : "", finding->known ? ", known" : "");
    fputs("\n  ", out);
    write_folded(text, style, 2, out);
    fputc('\n', out);
}

/* Lines of several, each indented. */
static void write_rule(const char *rule, FILE *out) {
    fputs("\n  a rule that silences it (gordian help suppressions):\n", out);
    for (const char *line = rule; *line; line += strcspn(line, "\n") + 1)
        fprintf(out, "    %.*s\n", (int)strcspn(line, "\n"), line);
}

/* The place that a note is about. */
static const char *place_of(const struct report_finding *finding, struct memory_pool *pool) {
    const struct report_step *step = finding->steps_count ? &finding->steps[0] : NULL;
    const struct report_hold *hold = step && step->wants.lock    ? &step->wants
                                     : step && step->holds_count ? &step->holds[0]
                                                                 : NULL;
    return hold ? names_place(pool, &hold->stack) : NULL;
}

/* The message of a note with its place. */
static const char *note_text(const struct report_finding *finding, struct memory_pool *pool) {
    const char *place = place_of(finding, pool);
    return place ? memory_pool_format(pool, "%s, at %s", finding->message, place) : finding->message;
}

static void write_finding(const struct report_finding *finding, const struct report_style *style, FILE *out) {
    struct memory_pool pool = {0};
    colour(style, colour_of(finding->severity), out);
    write_sentence(finding->message, style, out);
    colour(style, "\033[0m", out);
    write_steps(finding, style, &pool, out);
    write_locks(finding, style, &pool, out);
    write_foot(finding, style, &pool, out);
    if (style->full && finding->rule)
        write_rule(finding->rule, out);
    fputc('\n', out);
    memory_pool_free(&pool);
}

/* Where to write for a terminal that shows ASCII alone: into a buffer, which end_ascii writes to `out`. For
 * others that is `out` itself. */
struct ascii {
    char *text;
    size_t size;
    FILE *out;
};

static FILE *begin_ascii(struct ascii *ascii, const struct report_style *style, FILE *out) {
    *ascii = (struct ascii){.out = out};
    FILE *buffer = style->utf8 ? NULL : open_memstream(&ascii->text, &ascii->size);
    return buffer ? buffer : out;
}

static void end_ascii(struct ascii *ascii, FILE *to) {
    if (to == ascii->out)
        return;
    fclose(to);
    escape_write_ascii(ascii->text, ascii->out);
    free(ascii->text);
}

void report_text_finding(const struct report *report, const struct report_finding *finding,
                         const struct report_style *style, FILE *out) {
    struct memory_pool pool = {0};
    struct ascii ascii;
    FILE *to = begin_ascii(&ascii, style, out);
    (void)report; /* whatever a finding needs hangs on it */
    if (finding->severity > FINDING_NOTE || style->full) {
        write_finding(finding, style, to);
    } else {
        colour(style, colour_of(finding->severity), to);
        write_sentence(memory_pool_format(&pool, "note: %s", note_text(finding, &pool)), style, to);
        colour(style, "\033[0m", to);
    }
    end_ascii(&ascii, to);
    memory_pool_free(&pool);
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
        last = memory_pool_format(pool, "%s %s", numbers_count(pool, events), names[family]);
    }
    if (!last)
        return NULL;
    return text ? memory_pool_format(pool, "%s and %s events", text, last)
                : memory_pool_format(pool, "%s events", last);
}

/* Whether the finding is counted only, with the others that were put aside for the same reason. */
static bool is_aside(const struct report_finding *finding, const struct report_style *style) {
    return finding->suppressed_by && !style->full;
}

static void write_list_line(const struct report_finding *finding, const char *text,
                            const struct report_style *style, struct memory_pool *pool, FILE *out) {
    const char *severity = finding->suppressed ? "suppressed"
                           : finding->known    ? "known"
                                               : finding_severity_name(finding->severity);
    fputs("  ", out);
    colour(style, colour_of(finding->severity), out);
    fputs(severity, out);
    colour(style, "\033[0m", out);
    fprintf(out, "%*s  ", strlen(severity) < 7 ? (int)(7 - strlen(severity)) : 0, "");
    if (finding->count > 1)
        text = memory_pool_format(pool, "%s  (%s times)", text, numbers_count(pool, finding->count));
    write_folded(text, style, 11, out);
    fputc('\n', out);
}

/* What was put aside is counted for each reason. */
static void write_aside(const struct report *report, const struct report_style *style,
                        struct memory_pool *pool, FILE *out) {
    struct filter_lines aside = filter_words_aside(pool, report);
    for (size_t i = 0; i < aside.count; i++) {
        fputs("  suppressed  ", out);
        write_folded(aside.lines[i], style, 14, out);
        fputc('\n', out);
    }
}

/* The findings by name: first what must be looked at, then the notes with their places. */
static void write_list(const struct report *report, const struct report_style *style,
                       struct memory_pool *pool, FILE *out) {
    size_t notes = 0;
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        if (finding->count && finding->severity > FINDING_NOTE && !is_aside(finding, style))
            write_list_line(finding, finding->message, style, pool, out);
    }
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        if (finding->count && finding->severity == FINDING_NOTE && !is_aside(finding, style) &&
            (notes++ < NOTES_SHOWN || style->full))
            write_list_line(finding, note_text(finding, pool), style, pool, out);
    }
    write_aside(report, style, pool, out);
    if (notes > NOTES_SHOWN && !style->full)
        fprintf(out, "  and %s more notes (--full lists them)\n", numbers_count(pool, notes - NOTES_SHOWN));
}

static void write_note(const char *text, const struct report_style *style, FILE *out) {
    colour(style, "\033[33m", out);
    fputs("  note: ", out);
    colour(style, "\033[0m", out);
    write_folded(text, style, 8, out);
    fputc('\n', out);
}

static void write_limits(const struct report_process *process, const struct report_style *style,
                         struct memory_pool *pool, FILE *out) {
    const char *texts[LIMITS_MAX];
    size_t count = limits_of(pool, process, texts);
    for (size_t i = 0; i < count; i++)
        write_note(texts[i], style, out);
}

static void write_unseen(const struct report *report, const struct report_style *style,
                         struct memory_pool *pool, FILE *out) {
    const char *const *unseen = report_unseen(report), *text = unseen[0];
    size_t count = 0;
    while (unseen[count])
        count++;
    if (!count)
        return;
    for (size_t i = 1; i < count && (i < UNSEEN_SHOWN || style->full); i++)
        text = memory_pool_format(pool, "%s, %s", text, unseen[i]);
    if (count > UNSEEN_SHOWN && !style->full)
        text = memory_pool_format(pool, "%s and %zu more", text, count - UNSEEN_SHOWN);
    write_note(
        memory_pool_format(pool,
                           "not seen: %s. %s locks and waits by futexes of %s own, below the functions that "
                           "gordian watches: deadlocks through them are not found",
                           text, count == 1 ? "This module" : "These modules", count == 1 ? "its" : "their"),
        style, out);
}

/* One line for each process that used a lock, and one for all the others: a build runs hundreds that do not.
 */
static void write_processes(const struct report *report, const struct report_style *style,
                            struct memory_pool *pool, FILE *out) {
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
        const char *exe = style->full ? process->exe : frames_basename(process->exe);
        fputs("  ", out);
        write_folded(memory_pool_format(pool, "pid %u%s: %s, %u thread%s, %s event%s", process->pid,
                                        process->forked ? " (forked)" : "", *exe ? exe : "program not known",
                                        process->threads, numbers_plural(process->threads),
                                        numbers_count(pool, events), numbers_plural(events)),
                     style, 2, out);
        fputc('\n', out);
    }
    if (left)
        fprintf(out, "  and %zu more process%s with events\n", left, left == 1 ? "" : "es");
    if (idle)
        fprintf(out, "  and %zu process%s without any event\n", idle, idle == 1 ? "" : "es");
}

static void write_summary(const struct report *report, const struct report_style *style, FILE *out) {
    struct memory_pool pool = {0};
    size_t errors = 0, warnings = 0, notes = 0, suppressed = 0, known = 0, withdrawn = 0, threads = 0,
           findings = 0;
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        withdrawn += !finding->count && finding->told && finding->severity != FINDING_NOTE;
        if (!finding->count)
            continue;
        findings++;
        suppressed += finding->suppressed;
        known += finding->known && !finding->suppressed;
        if (finding->suppressed || finding->known)
            continue;
        errors += finding->severity == FINDING_ERROR;
        warnings += finding->severity == FINDING_WARNING;
        notes += finding->severity == FINDING_NOTE;
    }
    for (size_t i = 0; i < report_processes(report); i++)
        threads += report_process(report, i)->threads;
    const char *events = events_text(&pool, report);
    const char *seen = memory_pool_format(
        &pool, "%s in %zu thread%s of %zu process%s", events ? events : "no events", threads,
        numbers_plural(threads), report_processes(report), report_processes(report) == 1 ? "" : "es");
    const char *text = "no finding";
    if (findings) {
        text = memory_pool_format(&pool, "%zu finding%s: %zu error%s, %zu warning%s, %zu note%s", findings,
                                  numbers_plural(findings), errors, numbers_plural(errors), warnings,
                                  numbers_plural(warnings), notes, numbers_plural(notes));
        if (suppressed)
            text = memory_pool_format(&pool, "%s, %zu suppressed", text, suppressed);
        if (known)
            text = memory_pool_format(&pool, "%s, %zu known from the baseline", text, known);
    } else if (!report_saw_locks(report)) {
        text = "no lock event was seen: this run says nothing";
    }
    colour(style,
           errors                                  ? colour_of(FINDING_ERROR)
           : warnings || !report_saw_locks(report) ? colour_of(FINDING_WARNING)
                                                   : "",
           out);
    write_sentence(text, style, out);
    colour(style, "\033[0m", out);
    write_list(report, style, &pool, out);
    if (!report_is_imported(report)) {
        fputs("  seen: ", out);
        write_folded(seen, style, 8, out);
        fputc('\n', out);
    }
    write_processes(report, style, &pool, out);
    profile_text_write(report, style, out);
    write_unseen(report, style, &pool, out);
    if (withdrawn)
        write_note(memory_pool_format(&pool,
                                      "%zu finding%s told while the program ran proved wrong later and %s "
                                      "withdrawn",
                                      withdrawn, withdrawn == 1 ? "" : "s", withdrawn == 1 ? "was" : "were"),
                   style, out);
    for (size_t i = 0; i < report_processes(report); i++)
        write_limits(report_process(report, i), style, &pool, out);
    for (size_t i = 0; report_damage(report, i); i++)
        write_note(report_damage(report, i), style, out);
    for (size_t i = 0; report_remark(report, i); i++)
        write_note(report_remark(report, i), style, out);
    struct filter_lines remarks = filter_words_remarks(&pool, report, style->full ? SIZE_MAX : RULES_SHOWN);
    for (size_t i = 0; i < remarks.count; i++)
        write_note(remarks.lines[i], style, out);
    memory_pool_free(&pool);
}

void report_text_summary(const struct report *report, const struct report_style *style, FILE *out) {
    struct ascii ascii;
    FILE *to = begin_ascii(&ascii, style, out);
    write_summary(report, style, to);
    end_ascii(&ascii, to);
}

/* Whether the finding is shown whole only when everything is. */
static bool is_old(const struct report_finding *finding) {
    return finding->suppressed || finding->known;
}

int report_text_write(const struct report *report, const struct report_style *style, FILE *out) {
    struct ascii ascii;
    FILE *to = begin_ascii(&ascii, style, out);
    size_t notes = 0, others = 0;
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        notes += finding->count && finding->severity == FINDING_NOTE && !is_old(finding);
        others += finding->count && finding->severity > FINDING_NOTE && !is_old(finding);
    }
    /* Between errors and warnings notes would be in the way: the summary lists them. */
    bool all = style->full || (!others && notes <= FULL_NOTES);
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        if (!finding->count || finding->suppressed || (finding->known && !style->full) ||
            (finding->severity == FINDING_NOTE && !all))
            continue;
        write_finding(finding, style, to);
    }
    write_summary(report, style, to);
    end_ascii(&ascii, to);
    if (fflush(out) != 0)
        return errno ? -errno : -EIO;
    return ferror(out) ? -EIO : 0;
}
