/* Notices: the lines that the library itself writes to stderr, for a program that runs without the command.
 *
 * They go to the file that was stderr when the process started; when the program has closed it or put another
 * file in its place, nothing is written.
 */
#ifndef GORDIAN_INTERPOSE_NOTICE_H
#define GORDIAN_INTERPOSE_NOTICE_H

#include <stdbool.h>

#include "detector/finding.h"

/* Remember what stderr is. */
void notice_start(void);

/* From now on write findings only if the recording cannot hold them. */
void notice_quiet(bool quiet);

/* Write the text as it is, quiet or not. */
void notice_text(const char *text);

/* gordian is off in this process. */
void notice_off(const char *reason);

/* There is no recording in `dir`: `error` is a negative errno. */
void notice_no_recording(const char *dir, int error);

/* Write a finding: who holds what and wants what, by module and offset, and how to get the full report from
 * the recording at `path` ("": there is none). For the holder of the session's lock. */
void notice_finding(const struct finding *finding, const char *path);

#endif
