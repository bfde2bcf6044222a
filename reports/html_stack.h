/* A stack in the HTML report: its source lines, the frames that tell something, and all of them, folded.
 * Not thread-safe. */
#ifndef GORDIAN_REPORTS_HTML_STACK_H
#define GORDIAN_REPORTS_HTML_STACK_H

#include "reports/html_page.h"

/* Write the whole stack: the lines around its place where the source file is there, the frames between the
 * hooks and the bottom, and behind a fold every frame. A page that has grown large gets less (html_page.h).
 * `process` tells whether the source is younger than the run. */
void html_stack_write(struct html_page *page, const struct report_stack *stack,
                      const struct report_process *process);

/* Write "bank.c:31", the place of the stack without its function, at most `limit` characters; nothing when it
 * is not known. Returns whether it is known. */
bool html_stack_site(struct html_page *page, const struct report_stack *stack, size_t limit);

/* The same as a string of the page's pool; NULL when it is not known. */
const char *html_stack_site_text(struct html_page *page, const struct report_stack *stack);

#endif
