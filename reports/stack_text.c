#include "reports/stack_text.h"

#include <inttypes.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/frames.h"
#include "reports/memory.h"
#include "reports/names.h"

#define NAME_WIDTH 40  /* longer function names push their place to the right */
#define FOLDED_LEAST 2 /* lines that are worth one for their number */
#define SHOWN_ROWS 16  /* of a stack */
#define OUTER_ROWS 3   /* of these, at the outer end of one that has more */

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

/* A line of a stack: a frame, how often it stands there in a row, and whether it is folded away. */
struct line {
    const struct report_frame *frame;
    const char *name;
    size_t times;
    bool folded;
};

struct lines {
    struct line *lines;
    size_t count;
};

static struct lines lines_of(struct memory_pool *pool, const struct report_stack *stack, bool full) {
    struct lines lines = {.lines = memory_pool_alloc(pool, (stack->count + 1) * sizeof *lines.lines)};
    struct frames_walk walk = frames_begin(stack, full);
    const struct report_frame *frame;
    while ((frame = frames_next(&walk)) != NULL) {
        struct line *last = lines.count ? &lines.lines[lines.count - 1] : NULL;
        if (last && same_frame(last->frame, frame))
            last->times++;
        else
            lines.lines[lines.count++] = (struct line){frame, shown_name(pool, frame, full), 1, false};
    }
    return lines;
}

static void fold(struct lines *lines, size_t from, size_t to) {
    for (size_t i = from; i < to && to - from >= FOLDED_LEAST; i++)
        lines->lines[i].folded = true;
}

/* Fold what lies in libraries between frames of the project, but for the place itself and the functions by
 * which the project calls them; those of the C++ library tell nothing. */
static void fold_libraries(struct lines *lines) {
    bool project = false;
    for (size_t i = 0; i < lines->count; i++)
        project |= !frames_library(lines->lines[i].frame);
    for (size_t i = 0, end; i < lines->count && project; i = end + 1) {
        for (end = i; end < lines->count && frames_library(lines->lines[end].frame);)
            end++;
        if (end > i)
            fold(lines, i + (i == 0), end - !frames_is_standard(lines->lines[end - 1].frame));
    }
}

/* Whether a row begins at this line: one that is shown, or the first of those that are folded to one row. */
static bool begins_row(const struct lines *lines, size_t at) {
    return !lines->lines[at].folded || at == 0 || !lines->lines[at - 1].folded;
}

/* Fold the middle of what is still long. */
static void fold_middle(struct lines *lines) {
    size_t rows = 0, from = lines->count, to = 0;
    for (size_t i = 0; i < lines->count; i++)
        rows += begins_row(lines, i);
    if (rows <= SHOWN_ROWS)
        return;
    for (size_t i = 0, row = 0; i < lines->count; i++) {
        if (!begins_row(lines, i))
            continue;
        if (row == SHOWN_ROWS - OUTER_ROWS)
            from = i;
        if (row++ == rows - OUTER_ROWS)
            to = i;
    }
    for (size_t i = from; i < to; i++)
        lines->lines[i].folded = true;
}

static void write_frame(const struct line *line, bool first, const struct report_style *style, int indent,
                        int width, FILE *out) {
    const struct report_frame *frame = line->frame;
    bool bold = style->colour && first;
    fprintf(out, "%*s%s", indent, "", bold ? "\033[1m" : "");
    escape_write(line->name, out);
    fputs(bold ? "\033[0m" : "", out);
    fprintf(out, "%*s  ", width > (int)strlen(line->name) ? width - (int)strlen(line->name) : 0, "");
    stack_text_place(frame, out);
    if (frame->inlined)
        fputs(" (inlined)", out);
    if (frame->python)
        fputs(" (py)", out);
    if (line->times > 1)
        fprintf(out, " (%zu times)", line->times);
    fputc('\n', out);
}

/* Write one line for the folded ones from `at` on. Returns where they end. */
static size_t write_folded(const struct lines *lines, size_t at, int indent, FILE *out) {
    const char *library = frames_library(lines->lines[at].frame);
    size_t frames = 0;
    for (; at < lines->count && lines->lines[at].folded; at++) {
        const char *other = frames_library(lines->lines[at].frame);
        if (!other || !library || strcmp(other, library) != 0)
            library = NULL;
        frames += lines->lines[at].times;
    }
    fprintf(out, "%*s... %zu%s frame%s", indent, "", frames, library ? "" : " more", frames == 1 ? "" : "s");
    fputs(library ? " of " : "", out);
    escape_write(library ? library : "", out);
    fputc('\n', out);
    return at;
}

void stack_text_write(const struct report_stack *stack, const struct report_style *style, int indent,
                      FILE *out) {
    struct memory_pool pool = {0};
    struct lines lines = lines_of(&pool, stack, style->full);
    size_t width = 0;
    if (!style->full) {
        fold_libraries(&lines);
        fold_middle(&lines);
    }
    if (!stack->count)
        fprintf(out, "%*s(the stack is not known)\n", indent, "");
    for (size_t i = 0; i < lines.count; i++) {
        size_t length = strlen(lines.lines[i].name);
        if (!lines.lines[i].folded && length > width && length <= NAME_WIDTH)
            width = length;
    }
    for (size_t i = 0; i < lines.count;) {
        if (lines.lines[i].folded) {
            i = write_folded(&lines, i, indent, out);
            continue;
        }
        write_frame(&lines.lines[i], i == 0, style, indent, (int)width, out);
        i++;
    }
    if (stack->cut)
        fprintf(out, "%*s... (cut off here; GORDIAN_OPTIONS=stack_depth=N keeps more frames)\n", indent, "");
    memory_pool_free(&pool);
}
