/* The progress of long work (reports/progress.h) as one line on the terminal.
 *
 * It is shown on stderr if that is a terminal, from the moment on that the work has lasted a second, at most
 * ten times a second, and erased when the work is done or something else is to be written. Not thread-safe.
 */
#ifndef GORDIAN_CLI_PROGRESS_LINE_H
#define GORDIAN_CLI_PROGRESS_LINE_H

#include <stdbool.h>

/* Long work begins; the terminal is ours. With `quiet` nothing is ever shown. */
void progress_line_begin(bool quiet);

/* Erase the line, if there is one. It comes again with the next step. */
void progress_line_clear(void);

/* The work is done: erase the line and show none any more. */
void progress_line_end(void);

#endif
