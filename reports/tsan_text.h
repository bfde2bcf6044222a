/* Reads the reports in the text that ThreadSanitizer writes, to a log file or among a program's output.
 *
 * The formats of clang (14 to 19) and gcc (12) are known; another version's is read as far as it is alike.
 * Lines may be prefixed (the same number of bytes on each, as a time that a CI system puts there) and
 * coloured. What is no report is passed over, but a fatal error of ThreadSanitizer's is a remark. A kind of
 * report that is not known becomes a race.data that tells the tool's own title: nothing is lost.
 *
 * A pure function of its bytes, whatever they are: O(size) time for what ThreadSanitizer writes, memory in
 * proportion to the largest report.
 */
#ifndef GORDIAN_REPORTS_TSAN_TEXT_H
#define GORDIAN_REPORTS_TSAN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/foreign.h"

/* Hand each report in the text to the sink. Without `whole`, more text is still to come: a report that has
 * not ended yet is left. Returns how many bytes were dealt with: the next text to read begins there. */
size_t tsan_text_read(const char *text, size_t size, bool whole, const struct foreign_sink *sink);

/* Whether a file that begins with this text is a log of ThreadSanitizer's: it has the beginning of a report.
 */
bool tsan_text_is(const char *text, size_t size);

/* The frame that such a line tells: "#1 main /src/bank.c:39:5 (bank+0xe45b0) (BuildId: 7de780)". Returns
 * false for other text. Strings come from the pool. */
bool tsan_text_frame(struct memory_pool *pool, const char *line, struct report_frame *frame);

#endif
