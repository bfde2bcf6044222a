#define _GNU_SOURCE
#include "reports/html_page.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "reports/escape.h"

void html_text(struct html_page *page, const char *text) {
    if (text)
        escape_write_html(text, strlen(text), page->out);
}

void html_text_lines(struct html_page *page, const char *text) {
    for (const char *end; *text; text = *end ? end + 1 : end) {
        end = strchrnul(text, '\n');
        escape_write_html(text, (size_t)(end - text), page->out);
        if (*end)
            fputc('\n', page->out);
    }
}

/* The length in bytes of what is shown as one or a few characters. */
static size_t step_of(const char *text) {
    uint32_t character;
    size_t length = escape_decode(text, &character);
    return length ? length : 1;
}

static size_t characters(const char *text) {
    size_t count = 0;
    for (; *text; text += step_of(text))
        count++;
    return count;
}

static const char *after(const char *text, size_t count) {
    for (; count; count--)
        text += step_of(text);
    return text;
}

size_t html_short_length(const char *text, size_t limit) {
    size_t count = characters(text);
    return count < limit ? count : limit;
}

void html_short(struct html_page *page, const char *text, size_t limit) {
    size_t count = characters(text);
    if (count <= limit) {
        html_text(page, text);
        return;
    }
    size_t tail = (limit - 1) / 2, head = limit - 1 - tail;
    escape_write_html(text, (size_t)(after(text, head) - text), page->out);
    fputs("\xe2\x80\xa6", page->out);
    html_text(page, after(text, count - tail));
}

void html_markup(struct html_page *page, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(page->out, format, arguments);
    va_end(arguments);
}

void html_section(struct html_page *page, const char *id, const char *heading) {
    html_markup(page, "<section id=\"%s\" aria-labelledby=\"%s-h\">\n<h2 id=\"%s-h\">%s</h2>\n", id, id, id,
                heading);
}

void html_section_end(struct html_page *page) {
    fputs("</section>\n", page->out);
}
