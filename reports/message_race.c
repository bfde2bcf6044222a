#include "reports/message_race.h"

#include <inttypes.h>
#include <string.h>

#include "reports/frames.h"
#include "reports/message.h"
#include "reports/names.h"
#include "reports/numbers.h"
#include "reports/verbs.h"

#define HELD_SHOWN 3
#define CLAUSES_SHOWN 4

const char *message_access(const struct report_step *step) {
    bool reads = step->wants.mode == LOCK_SHARED;
    if (step->access && step->access->atomic)
        return reads ? "atomically reads" : "atomically writes";
    return verbs_wants(LOCK_KIND_MEMORY, step->wants.mode, false);
}

const char *message_held(struct memory_pool *pool, const struct report_finding *finding,
                         const struct report_step *step) {
    const char *text = NULL, *before = "";
    size_t shown = 0;
    for (size_t i = 0; i < step->holds_count; i++) {
        const struct report_hold *hold = &step->holds[i];
        if (!hold->lock)
            continue;
        if (shown++ == HELD_SHOWN)
            return memory_pool_format(pool, "%s and %zu more", text, step->holds_count - i);
        const char *verb = verbs_holding(hold->lock->kind, hold->mode);
        bool same = strcmp(verb, before) == 0;
        text = memory_pool_format(
            pool, "%s%s%s%s%s%s", text ? text : "", text ? " and " : "", same ? "" : verb, same ? "" : " ",
            message_after_verb(pool, finding, hold->lock),
            hold->mode == LOCK_SHARED && hold->lock->kind == LOCK_KIND_MUTEX ? " for reading" : "");
        before = verb;
    }
    if (text)
        return text;
    return step->access && step->access->locks_told ? "holding nothing" : NULL;
}

/* The place of an access: the innermost frame with a line, since that of an interceptor (free, memcpy) has
 * none and says nothing. */
static const char *place_of(struct memory_pool *pool, const struct report_stack *stack) {
    struct frames_walk walk = frames_begin(stack, false);
    const struct report_frame *frame;
    while ((frame = frames_next(&walk)) != NULL)
        if (frame->file && frame->line && !strstr(frame->file, "libsanitizer/")) {
            struct report_stack from = {frame, 1, false};
            return names_place(pool, &from);
        }
    return names_place(pool, stack);
}

static const char *clause(struct memory_pool *pool, const struct report_finding *finding, size_t index) {
    const struct report_step *step = &finding->steps[index];
    const struct report_lock *lock = step->wants.lock;
    const char *place = place_of(pool, &step->wants.stack), *held = message_held(pool, finding, step);
    const char *what = index ? "it" : lock ? message_lock(pool, finding, lock) : "memory";
    const char *bytes = "";
    uint64_t size = step->access ? step->access->size : 0;
    if (!index && size)
        bytes = memory_pool_format(pool, " (%" PRIu64 " byte%s)", size, numbers_plural(size));
    return memory_pool_format(pool, "%s %s %s%s%s%s%s%s", message_thread(pool, finding, step->thread),
                              message_access(step), what, bytes, place ? " at " : "", place ? place : "",
                              held ? ", " : "", held ? held : "");
}

const char *message_race(struct memory_pool *pool, const struct report_finding *finding, const char *title) {
    const char *text = title ? title : message_title(FINDING_RACE_DATA), *separator = ": ";
    size_t count = finding->steps_count;
    for (size_t i = 0; i < count && i < CLAUSES_SHOWN; i++, separator = "; ")
        text = memory_pool_format(pool, "%s%s%s", text, separator, clause(pool, finding, i));
    if (count > CLAUSES_SHOWN)
        text = memory_pool_format(pool, "%s; and %zu more", text, count - CLAUSES_SHOWN);
    return text;
}
