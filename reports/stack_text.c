#include "reports/stack_text.h"

#include <inttypes.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/frames.h"
#include "reports/memory.h"
#include "reports/names.h"

#define NAME_WIDTH 40 /* longer function names push their place to the right */

void stack_text_place(const struct report_frame *frame, FILE *out) {
    if (frame->file) {
        escape_write(frame->file, out);
        if (frame->line)
            fprintf(out, ":%u", frame->line);
    } else if (frame->module) {
        escape_write(frame->module, out);
        fprintf(out, "+0x%" PRIx64, frame->offset);
        if (!frame->function && frame->build_id) {
            fputs(" (build id ", out);
            escape_write(frame->build_id, out);
            fputc(')', out);
        }
    } else if (frame->python) {
        fputs("in no known file", out);
    } else {
        fprintf(out, "0x%" PRIx64 " in no known module", frame->offset);
    }
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_frame(const struct report_frame *a, const struct report_frame *b) {
    return a->line == b->line && a->offset == b->offset && a->inlined == b->inlined &&
           a->python == b->python && same_text(a->function, b->function) && same_text(a->file, b->file) &&
           same_text(a->module, b->module);
}

static const char *shown_name(struct memory_pool *pool, const struct report_frame *frame, bool full) {
    if (!frame->function)
        return "??";
    return full || frame->python ? frame->function : names_short(pool, frame->function);
}

static void write_frame(const struct report_frame *frame, const char *name, size_t times,
                        const struct report_style *style, int indent, int width, FILE *out) {
    fprintf(out, "%*s", indent, "");
    if (style->colour)
        fputs("\033[1m", out);
    escape_write(name, out);
    if (style->colour)
        fputs("\033[0m", out);
    fprintf(out, "%*s  ", width > (int)strlen(name) ? width - (int)strlen(name) : 0, "");
    stack_text_place(frame, out);
    if (frame->inlined)
        fputs(" (inlined)", out);
    if (frame->python)
        fputs(" (py)", out);
    if (times > 1)
        fprintf(out, " (%zu times)", times);
    fputc('\n', out);
}

void stack_text_write(const struct report_stack *stack, const struct report_style *style, int indent,
                      FILE *out) {
    struct frames_walk walk = frames_begin(stack, style->full);
    const struct report_frame *frame, *next;
    struct memory_pool pool = {0};
    size_t width = 0;
    if (!stack->count)
        fprintf(out, "%*s(the stack is not known)\n", indent, "");
    while ((frame = frames_next(&walk)) != NULL) {
        size_t length = strlen(shown_name(&pool, frame, style->full));
        if (length > width && length <= NAME_WIDTH)
            width = length;
    }
    walk = frames_begin(stack, style->full);
    for (frame = frames_next(&walk); frame; frame = next) {
        size_t times = 1;
        while ((next = frames_next(&walk)) != NULL && same_frame(frame, next))
            times++;
        write_frame(frame, shown_name(&pool, frame, style->full), times, style, indent, (int)width, out);
    }
    if (stack->cut)
        fprintf(out, "%*s... (cut off here; GORDIAN_OPTIONS=stack_depth=N keeps more frames)\n", indent, "");
    memory_pool_free(&pool);
}
