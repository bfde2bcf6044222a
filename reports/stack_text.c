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
    } else {
        fprintf(out, "0x%" PRIx64 " in no known module", frame->offset);
    }
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_frame(const struct report_frame *a, const struct report_frame *b) {
    return a->line == b->line && a->offset == b->offset && a->inlined == b->inlined &&
           same_text(a->function, b->function) && same_text(a->file, b->file) &&
           same_text(a->module, b->module);
}

static const char *shown_name(struct memory_pool *pool, const struct report_frame *frame, bool full) {
    if (!frame->function)
        return "??";
    return full ? frame->function : names_short(pool, frame->function);
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
    if (times > 1)
        fprintf(out, " (%zu times)", times);
    fputc('\n', out);
}

void stack_text_write(const struct report_stack *stack, const struct report_style *style, int indent,
                      FILE *out) {
    struct frames_range range = frames_visible(stack, style->full);
    struct memory_pool pool = {0};
    size_t width = 0;
    if (!stack->count)
        fprintf(out, "%*s(the stack is not known)\n", indent, "");
    for (size_t i = range.first; i < range.end; i++) {
        size_t length = strlen(shown_name(&pool, &stack->frames[i], style->full));
        if (length > width && length <= NAME_WIDTH)
            width = length;
    }
    for (size_t i = range.first, next; i < range.end; i = next) {
        for (next = i + 1; next < range.end && same_frame(&stack->frames[i], &stack->frames[next]);)
            next++;
        write_frame(&stack->frames[i], shown_name(&pool, &stack->frames[i], style->full), next - i, style,
                    indent, (int)width, out);
    }
    if (stack->cut)
        fprintf(out, "%*s... (cut off here; GORDIAN_OPTIONS=stack_depth=N keeps more frames)\n", indent, "");
    memory_pool_free(&pool);
}
