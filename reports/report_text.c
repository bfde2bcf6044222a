#include "reports/report_text.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "reports/escape.h"
#include "reports/frames.h"
#include "reports/memory.h"
#include "reports/message.h"
#include "reports/names.h"
#include "reports/numbers.h"
#include "reports/profile_text.h"
#include "reports/race_text.h"
#include "reports/stack_text.h"
#include "reports/verbs.h"

#define PROCESSES_SHOWN 20
#define NOTES_SHOWN 20
#define FULL_NOTES 3 /* so many are shown with their stacks when there is nothing else to show */
#define UNSEEN_SHOWN 8
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

/* What a step does with the lock that it wants. */
static const char *wish_verb(const struct report_finding *finding, const struct report_hold *wants,
                             struct memory_pool *pool) {
    bool blocked = finding->kind == FINDING_DEADLOCK_ACTUAL || finding->kind == FINDING_HANG_ALL_BLOCKED ||
                   finding->kind == FINDING_BLOCKING_WAIT_HOLDING || finding->kind == FINDING_STARVATION;
    const char *verb = verbs_wants(wants->lock->kind, wants->mode, blocked);
    if (finding->shape == FINDING_SHAPE_SIGNAL)
        return memory_pool_format(pool, "in its handler of %s %s", message_signal(pool, finding), verb);
    switch (finding->kind) {
    case FINDING_MISUSE_UNLOCK_UNLOCKED:
    case FINDING_MISUSE_UNLOCK_NOT_OWNER:
        return "unlocks";
    case FINDING_MISUSE_RELOCK:
        return "locks again";
    case FINDING_MISUSE_DESTROY_LOCKED:
    case FINDING_MISUSE_DESTROY_WAITED:
        return "destroys";
    case FINDING_MISUSE_USE_DESTROYED:
        return "uses";
    case FINDING_MISUSE_INIT_LOCKED:
        return "initialises";
    case FINDING_MISUSE_WAIT_UNLOCKED:
        return wants->lock->kind == LOCK_KIND_CONDITION ? "waits for" : "waits for a condition with";
    case FINDING_MISUSE_SEM_OVERFLOW:
        return "posts";
    case FINDING_MISUSE_FORK_HELD:
        return message_forks_itself(finding) ? "forks with the locked" : "tries in vain to get";
    case FINDING_MISUSE_BAD_BARRIER:
        return "uses";
    case FINDING_MISUSE_ASSERTION:
        return message_asserts(finding);
    case FINDING_MISUSE_BAD_JOIN:
        return finding->source ? "creates and never joins" : verb; /* gordian itself says nothing of those */
    default:
        return verb;
    }
}

/* What leads to the stack behind a lock: " at", but not after a verb that ends with it. */
static const char *leading(const char *verb) {
    size_t length = strlen(verb);
    return length > 3 && strcmp(verb + length - 3, " at") == 0 ? ", called at" : " at";
}

/* What stands before and behind the lock in the line of the earlier event of a misuse, or of a lock held. */
struct event_words {
    const char *verb, *then;
};

static struct event_words hold_words(const struct report_finding *finding, size_t step,
                                     const struct report_hold *hold, struct memory_pool *pool) {
    const char *event = step > 0 ? message_event(finding->kind) : NULL;
    uint32_t kind = hold->lock->kind;
    if (finding->kind == FINDING_STARVATION && step > 0)
        return (struct event_words){"had", memory_pool_format(pool, " last, %s at", verbs_taken(kind))};
    if (finding->kind == FINDING_MISUSE_FORK_HELD && step > 0 && !message_forks_itself(finding))
        return (struct event_words){"held", " at the fork, locked at"};
    if (finding->kind == FINDING_MISUSE_COND_TWO_MUTEXES && step > 0)
        return (struct event_words){"waits with", ", called at"};
    if (event && strcmp(event, "waits") == 0)
        return (struct event_words){verbs_wants(kind, hold->mode, true),
                                    leading(verbs_wants(kind, hold->mode, true))};
    if (event && strcmp(event, "locked") != 0)
        return (struct event_words){event, " at"};
    return (struct event_words){verbs_holds(kind, hold->mode),
                                memory_pool_format(pool, ", %s at", verbs_taken(kind))};
}

/* The words for reading and writing tell the mode of some kinds. */
static bool mode_is_told(const struct report_hold *hold) {
    return hold->mode != LOCK_SHARED || hold->lock->kind == LOCK_KIND_RWLOCK ||
           hold->lock->kind == LOCK_KIND_FILE;
}

static void write_lock_line(const char *verb, const char *name, const struct report_hold *hold,
                            const char *then, const struct report_style *style, FILE *out) {
    fprintf(out, "    %s ", verb);
    colour(style, "\033[1m", out);
    escape_write(name, out);
    colour(style, "\033[0m", out);
    if (!mode_is_told(hold))
        fputs(" (shared)", out);
    fprintf(out, "%s\n", then);
}

static void write_hold(const struct report_finding *finding, size_t index, const struct report_hold *hold,
                       const struct report_style *style, struct memory_pool *pool, FILE *out) {
    struct event_words words = hold_words(finding, index, hold, pool);
    write_lock_line(words.verb, message_after_verb(pool, finding, hold->lock), hold, words.then, style, out);
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
        fputs("    also holds ", out);
        escape_write(message_object(pool, finding, hold->lock), out);
        if (place)
            fprintf(out, ", %s at ", verbs_taken(hold->lock->kind));
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

/* Whether two threads that are blocked wait alike: one of them is enough to show. */
static bool wait_alike(const struct report_step *a, const struct report_step *b) {
    return !a->holds_count && !b->holds_count && a->wants.lock == b->wants.lock &&
           a->wants.mode == b->wants.mode &&
           a->wants.stack.frames == b->wants.stack.frames; /* the same object for the same stack */
}

static void write_thread(const struct report_thread *thread, const struct report_style *style,
                         struct memory_pool *pool, FILE *out) {
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
}

static void write_step(const struct report_finding *finding, size_t index, const struct report_style *style,
                       struct memory_pool *pool, FILE *out) {
    const struct report_step *step = &finding->steps[index];
    const struct report_hold *knot = message_knot_hold(finding, index), *wants = &step->wants;
    bool ended = !wants->lock && (finding->kind == FINDING_DEADLOCK_ACTUAL ||
                                  (finding->kind == FINDING_MISUSE_EXIT_HOLDING && !index));
    bool earlier = index > 0 && message_event(finding->kind) && step->thread == finding->steps[0].thread;
    write_thread(step->thread, style, pool, out);
    fputs(ended && step->thread->left ? " of the parent process\n"
          : ended                     ? ", which has ended\n"
          : earlier                   ? ", earlier\n"
                                      : "\n",
          out);
    if (step->access) {
        race_text_step(finding, step, style, pool, out);
        return;
    }
    if (knot && (knot->lock->kind != LOCK_KIND_THREAD || finding->kind == FINDING_MISUSE_BAD_JOIN))
        write_hold(finding, index, knot, style, pool, out);
    write_side_holds(finding, index, knot, style, pool, out);
    if (!wants->lock)
        return;
    const char *verb = wish_verb(finding, wants, pool);
    write_lock_line(verb, message_after_verb(pool, finding, wants->lock), wants,
                    message_holds_back(finding, index) ? ", and so holds back new readers, at"
                                                       : leading(verb),
                    style, out);
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

/* " between processes", " for 3 threads": what it was made for. */
static void write_purpose(const struct report_lock *lock, FILE *out) {
    if (lock->shared)
        fputs(" between processes", out);
    if (lock->kind == LOCK_KIND_BARRIER && lock->value)
        fprintf(out, " for %" PRIu32 " thread%s", lock->value, numbers_plural(lock->value));
    if (lock->kind == LOCK_KIND_SEMAPHORE && lock->value)
        fprintf(out, " of first value %" PRIu32, lock->value);
    if (lock->kind == LOCK_KIND_FILE && lock->inode)
        fprintf(out, " of inode %" PRIu64 " on device %u:%u", lock->inode, major(lock->device),
                minor(lock->device));
}

/* What the locks are that the finding is about, beside their names. */
static void write_locks(const struct report_finding *finding, const struct report_style *style,
                        struct memory_pool *pool, FILE *out) {
    const char *lead = "\n";
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
        const char *place = lock->variable || lock->named ? names_place(pool, &lock->initialised)
                                                          : NULL; /* else the name says it */
        fprintf(out, "%s  ", lead);
        escape_write(message_lock(pool, finding, lock), out);
        fprintf(out, ": %s", names_kind(lock->kind));
        write_purpose(lock, out);
        if (lock->address)
            fprintf(out, " at 0x%" PRIx64, lock->address);
        fputs(place ? ", initialised at " : "", out);
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
    bool own = !finding->source || strncmp(finding->source, "gordian", 7) == 0;
    if (!own) {
        fprintf(out, ", id %s, ", finding->id);
        if (finding->count > 1)
            fprintf(out, "%" PRIu64 " times, ", finding->count);
        fprintf(out, "said by %s of ", finding->source);
        escape_write(*exe ? frames_basename(exe) : "the process", out);
        fprintf(out, " (pid %u)%s\n", finding->pid, finding->suppressed ? ", suppressed" : "");
        return;
    }
    fprintf(out, ", id %s, seen ", finding->id);
    if (finding->count > 1)
        fprintf(out, "%" PRIu64 " times, first ", finding->count);
    fprintf(out, "%.3f s after the start of ", (double)finding->time_ns / 1e9);
    escape_write(*exe ? frames_basename(exe) : "the process", out);
    fprintf(out, " (pid %u)", finding->pid);
    if (finding->source)
        fprintf(out, ", said by %s", finding->source);
    fputs(finding->suppressed ? ", suppressed\n" : "\n", out);
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
    write_foot(finding, out);
    memory_pool_free(&pool);
}

void report_text_finding(const struct report *report, const struct report_finding *finding,
                         const struct report_style *style, FILE *out) {
    struct memory_pool pool = {0};
    (void)report; /* whatever a finding needs hangs on it */
    if (finding->severity > FINDING_NOTE || style->full) {
        write_finding(finding, style, out);
        return;
    }
    colour(style, colour_of(finding->severity), out);
    write_sentence(memory_pool_format(&pool, "note: %s", note_text(finding, &pool)), style, out);
    colour(style, "\033[0m", out);
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

static bool saw_locks(const struct report *report) {
    return report_events(report, RECORDING_FAMILY_MUTEX) || report_events(report, RECORDING_FAMILY_COND) ||
           report_events(report, RECORDING_FAMILY_RWLOCK) || report_events(report, RECORDING_FAMILY_SPIN) ||
           report_events(report, RECORDING_FAMILY_SEMAPHORE) ||
           report_events(report, RECORDING_FAMILY_BARRIER) || report_events(report, RECORDING_FAMILY_OTHER);
}

static void write_list_line(const struct report_finding *finding, const char *text,
                            const struct report_style *style, struct memory_pool *pool, FILE *out) {
    const char *severity = finding->suppressed ? "suppressed" : finding_severity_name(finding->severity);
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

/* The findings by name: first what must be looked at, then the notes with their places. */
static void write_list(const struct report *report, const struct report_style *style,
                       struct memory_pool *pool, FILE *out) {
    size_t notes = 0;
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        if (finding->count && finding->severity > FINDING_NOTE)
            write_list_line(finding, finding->message, style, pool, out);
    }
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        if (finding->count && finding->severity == FINDING_NOTE && (notes++ < NOTES_SHOWN || style->full))
            write_list_line(finding, note_text(finding, pool), style, pool, out);
    }
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
                       who, numbers_count(pool, process->cut_searches),
                       process->cut_searches == 1 ? "" : "es", process->max_steps),
                   style, out);
    if (process->unlisted_cycles)
        write_note(memory_pool_format(
                       pool,
                       "%s: further cycles through the lock orders above are counted, not listed (%s times; "
                       "GORDIAN_OPTIONS=max_per_edge=N lists more than %u through one order, max_cycles=N "
                       "more than %u)",
                       who, numbers_count(pool, process->unlisted_cycles), process->max_per_edge,
                       process->max_cycles),
                   style, out);
    if (process->unkept_dependencies)
        write_note(memory_pool_format(
                       pool,
                       "%s: %s lock order%s not kept, because more than %u threads took the same two locks: "
                       "cycles with later ones may be missing (raise it with GORDIAN_OPTIONS=max_uses=N)",
                       who, numbers_count(pool, process->unkept_dependencies),
                       process->unkept_dependencies == 1 ? " was" : "s were", process->max_uses),
                   style, out);
    if (process->crowded_dependencies)
        write_note(memory_pool_format(
                       pool,
                       "%s: %s acquisition%s with more than %u locks held %s not looked at: cycles through "
                       "them may be missing (raise it with GORDIAN_OPTIONS=max_held=N)",
                       who, numbers_count(pool, process->crowded_dependencies),
                       process->crowded_dependencies == 1 ? "" : "s", process->max_held,
                       process->crowded_dependencies == 1 ? "was" : "were"),
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
                                      numbers_count(pool, process->dropped),
                                      numbers_plural(process->dropped)),
                   style, out);
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
        fprintf(out, ", %u thread%s, %" PRIu64 " event%s\n", process->threads,
                numbers_plural(process->threads), events, numbers_plural(events));
    }
    if (left)
        fprintf(out, "  and %zu more process%s with events\n", left, left == 1 ? "" : "es");
    if (idle)
        fprintf(out, "  and %zu process%s without any event\n", idle, idle == 1 ? "" : "es");
}

void report_text_summary(const struct report *report, const struct report_style *style, FILE *out) {
    struct memory_pool pool = {0};
    size_t errors = 0, warnings = 0, notes = 0, suppressed = 0, withdrawn = 0, threads = 0, findings = 0;
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        withdrawn += !finding->count && finding->told && finding->severity != FINDING_NOTE;
        if (!finding->count)
            continue;
        findings++;
        suppressed += finding->suppressed;
        errors += finding->severity == FINDING_ERROR && !finding->suppressed;
        warnings += finding->severity == FINDING_WARNING && !finding->suppressed;
        notes += finding->severity == FINDING_NOTE && !finding->suppressed;
    }
    for (size_t i = 0; i < report_processes(report); i++)
        threads += report_process(report, i)->threads;
    const char *events = events_text(&pool, report);
    const char *seen = memory_pool_format(
        &pool, "%s in %zu thread%s of %zu process%s", events ? events : "no events", threads,
        numbers_plural(threads), report_processes(report), report_processes(report) == 1 ? "" : "es");
    const char *text = "no finding";
    bool imported = report_is_imported(report); /* nothing was watched */
    if (findings) {
        text = memory_pool_format(&pool, "%zu finding%s: %zu error%s, %zu warning%s, %zu note%s", findings,
                                  numbers_plural(findings), errors, numbers_plural(errors), warnings,
                                  numbers_plural(warnings), notes, numbers_plural(notes));
        if (suppressed)
            text = memory_pool_format(&pool, "%s, %zu suppressed", text, suppressed);
    } else if (!saw_locks(report) && !imported) {
        text = "no lock event was seen: this run says nothing";
    }
    colour(style,
           errors                                          ? colour_of(FINDING_ERROR)
           : warnings || (!saw_locks(report) && !imported) ? colour_of(FINDING_WARNING)
                                                           : "",
           out);
    write_sentence(text, style, out);
    colour(style, "\033[0m", out);
    write_list(report, style, &pool, out);
    if (!imported) {
        fputs("  seen: ", out);
        write_folded(seen, style, 8, out);
        fputc('\n', out);
    }
    write_processes(report, out);
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
    memory_pool_free(&pool);
}

int report_text_write(const struct report *report, const struct report_style *style, FILE *out) {
    size_t notes = 0, others = 0;
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        notes += finding->count && finding->severity == FINDING_NOTE;
        others += finding->count && finding->severity > FINDING_NOTE;
    }
    /* Between errors and warnings notes would be in the way: the summary lists them. */
    bool all = style->full || (!others && notes <= FULL_NOTES);
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        if (!finding->count || (finding->severity == FINDING_NOTE && !all))
            continue;
        write_finding(finding, style, out);
        fputc('\n', out);
    }
    report_text_summary(report, style, out);
    if (fflush(out) != 0)
        return errno ? -errno : -EIO;
    return ferror(out) ? -EIO : 0;
}
