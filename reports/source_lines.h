/* Lines of the program's source files, for reports that show them.
 *
 * A recording can name any path, and a report may be passed on: only regular files whose names end as a
 * source file's do are read. Each file is read once. Not thread-safe. All memory belongs to the files, and is
 * bounded: beyond SOURCE_LINES_TOTAL bytes no further file is read.
 */
#ifndef GORDIAN_REPORTS_SOURCE_LINES_H
#define GORDIAN_REPORTS_SOURCE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_LINES_FILE ((size_t)8 << 20)    /* bytes; a larger file is not read */
#define SOURCE_LINES_TOTAL ((size_t)128 << 20) /* bytes of all files */

struct source_files;

struct source_files *source_files_create(void);
void source_files_free(struct source_files *files);

struct source_line {
    const char *text; /* not NUL-terminated */
    size_t size;
};

/* The line `number` (from 1) of the file at `path`. Returns false when there is none, or none may be shown.
 */
bool source_files_line(struct source_files *files, const char *path, uint32_t number,
                       struct source_line *line);

/* When the file was changed last, in ns of CLOCK_REALTIME; 0 when it was not read. */
uint64_t source_files_changed(struct source_files *files, const char *path);

#endif
