#include "reports/rule_match.h"

#include <string.h>

#include "reports/frames.h"
#include "reports/names.h"
#include "reports/sides.h"
#include "reports/stable_names.h"

/* The names of a frame: of each part those from its place in `first` on. NULL: the same as another, or not
 * known. */
enum { FUNCTION, SHORT_FUNCTION, PLAIN_FUNCTION, FILE_PATH, FILE_NAME, MODULE_PATH, MODULE_NAME, NAMES };
static const unsigned char first[RULE_PARTS + 1] = {
    [RULE_FUNCTION] = FUNCTION, [RULE_FILE] = FILE_PATH, [RULE_MODULE] = MODULE_PATH, [RULE_PARTS] = NAMES};

struct face {
    const char *names[NAMES];
};

struct rule_stack {
    const struct report_stack *stack;
    struct face *all;    /* every frame */
    struct face **shown; /* those to show, from the innermost one out */
    size_t shown_count;
};

struct rule_view rule_view_of(const struct report_finding *finding) {
    return (struct rule_view){.finding = finding};
}

void rule_view_free(struct rule_view *view) {
    memory_pool_free(&view->pool);
}

static struct face face_of(struct memory_pool *pool, const struct report_frame *frame) {
    struct face face = {
        {[FUNCTION] = frame->function, [FILE_PATH] = frame->file, [MODULE_PATH] = frame->module}};
    if (frame->file)
        face.names[FILE_NAME] = frames_basename(frame->file);
    if (frame->module)
        face.names[MODULE_NAME] = frames_basename(frame->module);
    if (frame->function && !frame->python) {
        size_t plain = stable_function(frame->function);
        const char *name = frame->function;
        if (name[plain])
            face.names[PLAIN_FUNCTION] = name = memory_pool_copy(pool, name, plain);
        const char *plainest = names_short(pool, name);
        if (plainest != name)
            face.names[SHORT_FUNCTION] = plainest;
    }
    return face;
}

static void make_stacks(struct rule_view *view) {
    struct sides sides = sides_begin(view->finding);
    size_t count = 0;
    while (sides_next(&sides))
        count++;
    view->stacks = memory_pool_alloc(&view->pool, (count + 1) * sizeof *view->stacks);
    sides = sides_begin(view->finding);
    for (const struct report_hold *side; (side = sides_next(&sides)) != NULL; view->stacks_count++) {
        struct rule_stack *stack = &view->stacks[view->stacks_count];
        stack->stack = &side->stack;
        stack->all = memory_pool_alloc(&view->pool, (side->stack.count + 1) * sizeof *stack->all);
        stack->shown = memory_pool_alloc(&view->pool, (side->stack.count + 1) * sizeof *stack->shown);
        for (size_t i = 0; i < side->stack.count; i++)
            stack->all[i] = face_of(&view->pool, &side->stack.frames[i]);
        struct frames_walk walk = frames_begin(&side->stack, false);
        for (const struct report_frame *frame; (frame = frames_next(&walk)) != NULL;)
            stack->shown[stack->shown_count++] = &stack->all[frame - side->stack.frames];
    }
}

static bool frame_matches(const struct rule_frame *frame, const struct face *face) {
    size_t from = frame->part == RULE_ANY ? 0 : first[frame->part];
    size_t to = frame->part == RULE_ANY ? NAMES : first[frame->part + 1];
    for (size_t i = from; i < to; i++)
        if (face->names[i] && glob_matches(&frame->glob, face->names[i]))
            return true;
    return false;
}

static bool any_frame_matches(const struct rule_frame *frame, const struct rule_stack *stack) {
    for (size_t i = 0; i < stack->stack->count; i++)
        if (frame_matches(frame, &stack->all[i]))
            return true;
    return false;
}

/* As a glob is matched: after a mismatch the last gap takes one frame more. */
static bool frames_match(const struct rule_condition *condition, const struct rule_stack *stack) {
    size_t at = 0, frame = 0, after_gap = 0, taken = 0;
    while (at < condition->frames_count) {
        if (condition->frames[at].gap) {
            after_gap = ++at;
            taken = frame;
        } else if (frame < stack->shown_count && frame_matches(&condition->frames[at], stack->shown[frame])) {
            at++;
            frame++;
        } else if (after_gap && taken < stack->shown_count) {
            at = after_gap;
            frame = ++taken;
        } else {
            return false;
        }
    }
    return true;
}

static bool lock_matches(const struct glob *glob, const struct report_finding *finding) {
    struct sides sides = sides_begin(finding);
    for (const struct report_hold *side; (side = sides_next(&sides)) != NULL;)
        if (glob_matches(glob, side->lock->name) ||
            (side->lock->variable && glob_matches(glob, side->lock->variable)))
            return true;
    return false;
}

static bool text_matches(const struct glob *glob, const char *text) {
    return text && glob_matches(glob, text);
}

bool rule_asks(const struct rule_condition *condition, struct rule_view *view) {
    const struct report_finding *finding = view->finding;
    switch (condition->what) {
    case RULE_ID:
        return text_matches(&condition->glob, finding->id) ||
               text_matches(&condition->glob, finding->happened_id);
    case RULE_KIND:
        return text_matches(&condition->glob, finding_kind_name(finding->kind));
    case RULE_LOCK:
        return lock_matches(&condition->glob, finding);
    case RULE_FRAME:
    case RULE_FRAMES:
        break;
    }
    if (!view->stacks)
        make_stacks(view);
    for (size_t i = 0; i < view->stacks_count; i++)
        if (condition->what == RULE_FRAME ? any_frame_matches(condition->frames, &view->stacks[i])
                                          : frames_match(condition, &view->stacks[i]))
            return true;
    return false;
}
