#include "reports/html_stack.h"

#include <inttypes.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/frames.h"
#include "reports/names.h"

#define CONTEXT 2       /* source lines before and after the one of the place */
#define LINE_LIMIT 200  /* bytes of a source line */
#define TAB "    "      /* what a tab is shown as */
#define FRAMES_INNER 60 /* frames that are shown, from the innermost one */
#define FRAMES_OUTER 20 /* and from the outermost one, when there are more */
#define FULL_INNER 400  /* the same of the full stack */
#define FULL_OUTER 100

const char *html_stack_site_text(struct html_page *page, const struct report_stack *stack) {
    const struct report_frame *frame = frames_site(stack);
    if (!frame)
        return NULL;
    if (frame->file && frame->line)
        return memory_pool_format(&page->pool, "%s:%u", frames_basename(frame->file), frame->line);
    if (frame->file)
        return frames_basename(frame->file);
    if (frame->module)
        return memory_pool_format(&page->pool, "%s+0x%" PRIx64, frames_basename(frame->module),
                                  frame->offset);
    return frame->function;
}

bool html_stack_site(struct html_page *page, const struct report_stack *stack, size_t limit) {
    const char *site = html_stack_site_text(page, stack);
    if (site)
        html_short(page, site, limit);
    return site != NULL;
}

static const char *shown_name(struct html_page *page, const struct report_frame *frame) {
    if (!frame->function)
        return "??";
    return frame->python ? frame->function : names_short(&page->pool, frame->function);
}

/* A line of source, with tabs as spaces. */
static void write_source(struct html_page *page, const struct source_line *line) {
    size_t size = line->size < LINE_LIMIT ? line->size : LINE_LIMIT;
    for (size_t i = 0; i < size;) {
        const char *tab = memchr(line->text + i, '\t', size - i),
                   *nul = memchr(line->text + i, '\0', size - i);
        const char *stop = nul && (!tab || nul < tab) ? nul : tab;
        size_t run = stop ? (size_t)(stop - line->text) - i : size - i;
        escape_write_html(line->text + i, run, page->out);
        i += run;
        if (stop)
            fputs(i < size && line->text[i] == '\t' ? TAB : "\\x00", page->out);
        i += stop != NULL;
    }
    if (size < line->size)
        fputs("\xe2\x80\xa6", page->out);
}

static void write_excerpt(struct html_page *page, const struct report_frame *site,
                          const struct report_process *process) {
    struct source_line line;
    if (!site->file || !site->line || !source_files_line(page->sources, site->file, site->line, &line))
        return;
    uint32_t first = site->line > CONTEXT ? site->line - CONTEXT : 1;
    fputs("<pre class=\"code\"><code>", page->out);
    for (uint32_t number = first; number <= site->line + CONTEXT; number++) {
        if (!source_files_line(page->sources, site->file, number, &line))
            break;
        html_markup(page, "<span class=\"l%s\"><i>%u</i>", number == site->line ? " hit" : "", number);
        write_source(page, &line);
        fputs("\n</span>", page->out);
    }
    fputs("</code></pre>\n", page->out);
    if (process && source_files_changed(page->sources, site->file) > process->started_ns)
        fputs(
            "<p class=\"warn\">This file has changed since the program ran: the lines may have moved.</p>\n",
            page->out);
}

/* The frame's place with its whole path, for the full stack and for who points at it. */
static void write_place(struct html_page *page, const struct report_frame *frame) {
    if (frame->file) {
        html_text(page, frame->file);
        if (frame->line)
            html_markup(page, ":%u", frame->line);
    } else if (frame->module) {
        html_text(page, frame->module);
        html_markup(page, "+0x%" PRIx64, frame->offset);
    } else if (frame->python) {
        fputs("in no known file", page->out);
    } else {
        html_markup(page, "0x%" PRIx64 " in no known module", frame->offset);
    }
}

static void write_frame(struct html_page *page, const struct report_frame *frame, size_t times) {
    fputs("<li><b>", page->out);
    html_text(page, shown_name(page, frame));
    fputs("</b> <span title=\"", page->out);
    write_place(page, frame);
    fputs("\">", page->out);
    if (frame->file) {
        html_text(page, frames_basename(frame->file));
        if (frame->line)
            html_markup(page, ":%u", frame->line);
    } else if (frame->module) {
        html_text(page, frames_basename(frame->module));
        html_markup(page, "+0x%" PRIx64, frame->offset);
    } else {
        write_place(page, frame);
    }
    fputs("</span>", page->out);
    if (frame->inlined)
        fputs(" <em>inlined</em>", page->out);
    if (frame->python)
        fputs(" <em>py</em>", page->out);
    if (times > 1)
        html_markup(page, " <em>%zu times</em>", times);
    fputs("</li>\n", page->out);
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_frame(const struct report_frame *a, const struct report_frame *b) {
    return a->line == b->line && a->offset == b->offset && a->inlined == b->inlined &&
           a->python == b->python && same_text(a->function, b->function) && same_text(a->file, b->file);
}

/* The frames that tell something; of a recursion, each once. */
static void write_frames(struct html_page *page, const struct report_stack *stack) {
    size_t groups = 0, at = 0;
    const struct report_frame *frame, *next;
    struct frames_walk walk = frames_begin(stack, false);
    for (frame = frames_next(&walk); frame; frame = next, groups++)
        while ((next = frames_next(&walk)) != NULL && same_frame(frame, next))
            continue;
    fputs("<ol class=\"stack\">\n", page->out);
    walk = frames_begin(stack, false);
    for (frame = frames_next(&walk); frame; frame = next, at++) {
        size_t times = 1;
        while ((next = frames_next(&walk)) != NULL && same_frame(frame, next))
            times++;
        if (at < FRAMES_INNER || at + FRAMES_OUTER >= groups)
            write_frame(page, frame, times);
        else if (at == FRAMES_INNER)
            html_markup(page, "<li class=\"rest\">%zu more frames</li>\n",
                        groups - FRAMES_INNER - FRAMES_OUTER);
    }
    fputs("</ol>\n", page->out);
}

static void write_full(struct html_page *page, const struct report_stack *stack) {
    html_markup(page, "<details class=\"full\"><summary>Full stack, %zu frame%s</summary><pre>", stack->count,
                stack->count == 1 ? "" : "s");
    for (size_t i = 0; i < stack->count; i++) {
        const struct report_frame *frame = &stack->frames[i];
        if (i == FULL_INNER && stack->count > FULL_INNER + FULL_OUTER) {
            html_markup(page, "... %zu more; the JSON report has all\n",
                        stack->count - FULL_INNER - FULL_OUTER);
            i = stack->count - FULL_OUTER - 1;
            continue;
        }
        html_markup(page, "#%-2zu ", i);
        html_text(page, frame->function ? frame->function : "??");
        fputs("  ", page->out);
        write_place(page, frame);
        if (frame->file && frame->module) {
            fputs("  ", page->out);
            html_text(page, frames_basename(frame->module));
            html_markup(page, "+0x%" PRIx64, frame->offset);
        }
        if (!frame->function && frame->build_id) {
            fputs("  build id ", page->out);
            html_text(page, frame->build_id);
        }
        fputs(frame->inlined ? "  inlined\n" : "\n", page->out);
    }
    fputs("</pre></details>\n", page->out);
}

void html_stack_write(struct html_page *page, const struct report_stack *stack,
                      const struct report_process *process) {
    const struct report_frame *site = frames_site(stack);
    bool lean = page->written > HTML_PAGE_LEAN;
    if (!site) {
        fputs("<p class=\"dim\">The stack is not known.</p>\n", page->out);
        return;
    }
    if (!lean)
        write_excerpt(page, site, process);
    write_frames(page, stack);
    if (stack->cut)
        fputs("<p class=\"dim\">Cut off here; GORDIAN_OPTIONS=stack_depth=N keeps more frames.</p>\n",
              page->out);
    if (!lean)
        write_full(page, stack);
}
