/* What the parts of the HTML report share: the page that is being written, and text in it.
 *
 * Everything that comes from the program goes through html_text or one that uses it. Not thread-safe.
 */
#ifndef GORDIAN_REPORTS_HTML_PAGE_H
#define GORDIAN_REPORTS_HTML_PAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "reports/memory.h"
#include "reports/report.h"
#include "reports/source_lines.h"

/* A report with a thousand findings must stay a page that a browser opens. Beyond the first number of bytes,
 * findings come without full stacks and source lines; beyond the second, without stacks and pictures. The
 * page says how many. */
#define HTML_PAGE_LEAN ((size_t)7 << 20)
#define HTML_PAGE_BRIEF ((size_t)12 << 20)

struct html_page {
    const struct report *report;
    FILE *out;
    struct memory_pool pool; /* for strings of the page; freed with it */
    struct source_files *sources;
    size_t written;     /* bytes, when the finding that is being written was begun */
    size_t lean, brief; /* findings that were written so */
};

/* Write text, escaped. NULL writes nothing. */
void html_text(struct html_page *page, const char *text);

/* The same for text of several lines, whose ends stay. */
void html_text_lines(struct html_page *page, const char *text);

/* The same, at most `limit` characters of it: the middle gives way to an ellipsis. */
void html_short(struct html_page *page, const char *text, size_t limit);

/* How many characters html_short writes. */
size_t html_short_length(const char *text, size_t limit);

/* printf for markup, never for what comes from the program. */
void html_markup(struct html_page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Begin and end a part of the page that has a heading. */
void html_section(struct html_page *page, const char *id, const char *heading);
void html_section_end(struct html_page *page);

#endif
