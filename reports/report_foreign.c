/* What other tools have reported, joined with what gordian has found. */
#include "reports/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "reports/foreign_finding.h"
#include "reports/frames.h"
#include "reports/memory.h"
#include "reports/message.h"
#include "reports/message_race.h"
#include "reports/names.h"
#include "reports/report_inside.h"

/* The kinds that different tools give to one mistake, by the least of them. */
static uint32_t family_of(uint32_t kind) {
    switch (kind) {
    case FINDING_DEADLOCK_ACTUAL:
    case FINDING_ORDER_SINGLE_THREAD: /* the tool has seen less of the threads */
        return FINDING_DEADLOCK_POTENTIAL;
    case FINDING_MISUSE_UNLOCK_NOT_OWNER:
    case FINDING_MISUSE_WAIT_UNLOCKED: /* a wait unlocks */
        return FINDING_MISUSE_UNLOCK_UNLOCKED;
    case FINDING_MISUSE_DESTROY_WAITED:
        return FINDING_MISUSE_DESTROY_LOCKED;
    default:
        return kind;
    }
}

/* Whether both are about the locks at the same addresses of one process. */
static bool same_locks(const struct report_finding *a, const struct report_finding *b) {
    size_t count = 0;
    for (size_t i = 0; i < a->steps_count; i++) {
        const struct report_lock *lock = a->steps[i].wants.lock;
        bool found = false;
        for (size_t j = 0; lock && j < b->steps_count && !found; j++)
            found = b->steps[j].wants.lock && b->steps[j].wants.lock->address == lock->address;
        if (lock && !found)
            return false;
        count += found;
    }
    size_t wanted = 0;
    for (size_t j = 0; j < b->steps_count; j++)
        wanted += b->steps[j].wants.lock != NULL;
    return count > 0 && count == wanted && a->pid == b->pid;
}

/* Whether gordian has found it itself. */
static bool is_own(const struct report_finding *finding) {
    return !finding->source || strncmp(finding->source, "gordian", 7) == 0;
}

/* If gordian has found the bug, too, say so there. */
static bool join_own(struct report *report, const struct report_finding *finding, const char *source) {
    uint32_t family = family_of(finding->kind);
    for (size_t i = 0; i < report_findings(report) && finding->kind != FINDING_RACE_DATA; i++) {
        const struct report_finding *shown = report_finding(report, i);
        bool same = family_of(shown->kind) == family ||
                    (finding->kind == FINDING_MISUSE_RELOCK && shown->shape == FINDING_SHAPE_SELF);
        if (same && is_own(shown) && shown->count && same_locks(finding, shown)) {
            report_inside_set_source(
                report, i, memory_pool_format(report_inside_pool(report), "gordian and %s", source));
            return true;
        }
    }
    return false;
}

static const struct report_process *guest_of(struct report *report, const struct foreign_report *foreign) {
    static const char *const no_arguments[] = {NULL};
    const char *exe = foreign->exe ? foreign->exe : "";
    struct report_guest **guests = report_inside_guests(report), *guest = *guests;
    struct memory_pool *pool = report_inside_pool(report);
    while (guest && (guest->process.pid != foreign->pid || strcmp(guest->process.exe, exe) != 0))
        guest = guest->next;
    if (!guest) {
        guest = memory_pool_alloc(pool, sizeof *guest);
        guest->process = (struct report_process){.pid = foreign->pid,
                                                 .exe = memory_pool_copy(pool, exe, strlen(exe)),
                                                 .argv = no_arguments,
                                                 .recording = "",
                                                 .off_reason = ""};
        guest->next = *guests;
        *guests = guest;
    }
    return &guest->process;
}

static struct foreign_subject subject_of(struct report *report, const struct foreign_report *foreign) {
    struct foreign_subject subject = {.pool = report_inside_pool(report),
                                      .symbols = report_inside_symbols(report)};
    if (foreign->pid)
        subject.process = report_inside_process(report, foreign->pid, &subject.resolver);
    if (!subject.process)
        subject.process = guest_of(report, foreign);
    return subject;
}

/* A misuse in the tool's own words: its kinds are wider than ours. */
static const char *misuse_in_words(struct report *report, const struct foreign_report *foreign,
                                   const struct report_finding *finding) {
    const struct report_step *step = finding->steps_count ? &finding->steps[0] : NULL;
    const char *place = step ? names_place(report_inside_pool(report), &step->wants.stack) : NULL;
    const char *what = step && step->wants.lock && step->wants.lock->address
                           ? message_object(report_inside_pool(report), finding, step->wants.lock)
                           : NULL;
    return memory_pool_format(report_inside_pool(report), "%s%s%s%s%s", foreign->title, what ? ": " : "",
                              what ? what : "", place ? ", at " : "", place ? place : "");
}

static const char *foreign_message(struct report *report, const struct foreign_report *foreign,
                                   const struct report_finding *finding, bool refuted) {
    if (refuted && finding->kind == FINDING_MISUSE_RELOCK)
        return memory_pool_format(report_inside_pool(report),
                                  "%s says %s, but gordian saw the lock and nobody held it then",
                                  foreign->source, misuse_in_words(report, foreign, finding));
    if (refuted)
        return memory_pool_format(report_inside_pool(report),
                                  "%s says %s, but gordian saw %s locks and found no schedule for it",
                                  foreign->source, message_of(report_inside_pool(report), finding),
                                  finding->locks_count == 2 ? "both" : "all");
    if (finding->kind == FINDING_RACE_DATA)
        return message_race(report_inside_pool(report), finding, foreign->plain ? NULL : foreign->title);
    return foreign->plain ? message_of(report_inside_pool(report), finding)
                          : misuse_in_words(report, foreign, finding);
}

/* Without debug information a finding's id knows no lines, and two races of the same functions for the same
 * memory have the same id. Each must be told. */
static bool same_lines(const struct report_finding *a, const struct report_finding *b) {
    uint64_t sums[2] = {0, 0};
    const struct report_finding *both[] = {a, b};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < both[k]->steps_count; i++) {
            const struct report_frame *frame = frames_site(&both[k]->steps[i].wants.stack);
            uint64_t line = frame ? frame->line : 0;
            sums[k] += line * line + line;
        }
    return sums[0] == sums[1];
}

static struct report_finding *enter(struct report *report, const struct report_finding *finding) {
    struct report_finding *entered = report_inside_enter(report, finding);
    if (finding->kind != FINDING_RACE_DATA || same_lines(entered, finding))
        return entered;
    uint64_t id = strtoull(entered->id, NULL, 16);
    while ((entered = report_inside_find(report, ++id)) != NULL)
        if (same_lines(entered, finding))
            return entered;
    return report_inside_append(report, finding, id);
}

void report_add_foreign(struct report *report, const struct foreign_report *foreign) {
    struct memory_pool *pool = report_inside_pool(report);
    struct foreign_subject subject = subject_of(report, foreign);
    if (foreign->remark) {
        report_add_remark(report, memory_pool_format(pool, "%s in pid %" PRIu32 ": %s", foreign->source,
                                                     foreign->pid, foreign->title));
        return;
    }
    size_t holds;
    struct report_finding finding = foreign_finding_of(&subject, foreign, &holds);
    report_inside_gather(report, &finding, holds);
    if (join_own(report, &finding, foreign->source))
        return;
    /* Of these gordian misses none: it sees every lock that is taken, and by whom. */
    bool refuted = (finding.kind == FINDING_DEADLOCK_POTENTIAL || finding.kind == FINDING_MISUSE_RELOCK) &&
                   foreign_finding_watched(&subject, foreign);
    if (refuted)
        finding.severity = FINDING_NOTE;
    finding.message = foreign_message(report, foreign, &finding, refuted);
    struct report_finding *entered = enter(report, &finding);
    if (entered->severity < finding.severity) { /* another process could be refuted, this one cannot */
        entered->severity = finding.severity;
        entered->message = finding.message;
    }
    report_inside_count(entered, foreign->count);
}
