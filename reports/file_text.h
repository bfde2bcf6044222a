/* A whole file in memory, of whatever kind it is: a pipe, too. Thread-safe. */
#ifndef GORDIAN_REPORTS_FILE_TEXT_H
#define GORDIAN_REPORTS_FILE_TEXT_H

#include <stddef.h>

/* Read the file at `path`. Returns 0 and its bytes, which the caller frees (they have no NUL at the end;
 * never NULL), or a negative errno; -EFBIG when it has more than `limit` bytes. */
int file_text_read(const char *path, size_t limit, char **text, size_t *size);

#endif
