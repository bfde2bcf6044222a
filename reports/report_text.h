/* The text report: for a person at a terminal or in a CI log. */
#ifndef GORDIAN_REPORTS_REPORT_TEXT_H
#define GORDIAN_REPORTS_REPORT_TEXT_H

#include <stdio.h>

#include "reports/report.h"

struct report_style {
    bool colour;    /* ANSI colours */
    bool utf8;      /* else all that is not ASCII is written as \u{fc} */
    bool full;      /* do not fold wrapper frames, and show notes and everything counted in full */
    unsigned width; /* columns; 0: do not wrap */
};

/* The style for a stream: colour only on a terminal, with NO_COLOR unset and TERM not "dumb"; its width;
 * UTF-8 by the locale, which the command has set, on a terminal, and always elsewhere. */
struct report_style report_style_of(FILE *stream);

/* Write one finding, as it is printed the moment it is made: whole, with an empty line behind it, but a note
 * in one line unless the style is full. */
void report_text_finding(const struct report *report, const struct report_finding *finding,
                         const struct report_style *style, FILE *out);

/* Write the closing summary: the findings by name, what was seen, the locks that were waited for longest
 * (profile_text.h) and what could not be seen. A run without any lock event is said to be that, never clean.
 */
void report_text_summary(const struct report *report, const struct report_style *style, FILE *out);

/* Write the whole report: every finding, notes only in a full style or when there are few and nothing else,
 * those that the baseline has only in a full style, no suppressed ones; then the summary, which lists them
 * all, the suppressed ones by the rules that silence them. Returns 0, or a negative errno of the stream. */
int report_text_write(const struct report *report, const struct report_style *style, FILE *out);

#endif
