/* Writes one stack as lines of text: function, then file:line, aligned. Used by every command that shows
 * stacks. Stateless. */
#ifndef GORDIAN_REPORTS_STACK_TEXT_H
#define GORDIAN_REPORTS_STACK_TEXT_H

#include <stdio.h>

#include "reports/report_text.h"

/* Write the visible frames (frames.h), one a line, `indent` spaces in. Frames of a recursion that repeat are
 * written once with their number. Unless the style is full, those of libraries that stand between frames of
 * the project are folded to their number, and so is the middle of a long stack. A stack that is not known, or
 * was cut, says so. */
void stack_text_write(const struct report_stack *stack, const struct report_style *style, int indent,
                      FILE *out);

/* Write the frame's place: "/src/bank.c:12", else "libbank.so+0x12a0". */
void stack_text_place(const struct report_frame *frame, FILE *out);

#endif
