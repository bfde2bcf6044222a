/* A scratch directory for a test program, and small files in it. Everything is removed at the end. */
#ifndef GORDIAN_TESTS_CLI_SCRATCH_H
#define GORDIAN_TESTS_CLI_SCRATCH_H

#include <stddef.h>

/* Return the path of the scratch directory, made at the first call; absolute, without spaces. */
const char *scratch_dir(void);

/* Return the path of `name` in it. Ten results are valid at a time. */
const char *scratch_path(const char *name);

/* Make a file (or replace it) with these bytes and this mode; returns its path as scratch_path does. */
const char *scratch_file(const char *name, const void *bytes, size_t size, unsigned mode);

/* The same for text. */
const char *scratch_text(const char *name, const char *text, unsigned mode);

/* Send what is written to descriptor 2 into a file, until scratch_stderr_end returns it as text, valid until
 * the next call. */
void scratch_stderr_begin(void);
const char *scratch_stderr_end(void);

#endif
