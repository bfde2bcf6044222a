/* Lock orders that are kept between runs: a file of many recordings, each reduced to its lock orders.
 *
 *   page 0: struct saved_header | recording | recording ... | struct saved_part of each
 *
 * The recordings have their own layout (detector/recording.h), without what has nothing to do with orders:
 * profiles, live state, findings other than deadlocks, and stacks that nothing kept refers to. One whose
 * orders are all in a later one, by threads of the same roles, is left out; so the file does not grow with
 * runs that show nothing new. Names stay in the program's files: without these the orders count, but have no
 * names.
 *
 * A reader believes nothing in it, as in any recording.
 */
#ifndef GORDIAN_REPORTS_SAVED_H
#define GORDIAN_REPORTS_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/merge.h"

#define SAVED_MAGIC "GORDMRG" /* with its NUL: 8 bytes */
#define SAVED_VERSION 1u

struct saved_header {
    char magic[8];
    uint32_t version;
    uint32_t recording_version;
    uint32_t parts_count;
    uint32_t reserved;
    uint64_t parts; /* offset of their table */
};

struct saved_part {
    uint64_t offset, size;
};

/* Whether the file begins as such a file does. */
bool saved_is(const char *path);

/* Read where the recordings of the file are. Returns 0 with *parts for the caller to free, or a negative
 * errno with one line in `error`: -EINVAL for one of another version, or damaged. */
int saved_read(const char *path, struct saved_part **parts, size_t *count, char *error, size_t error_size);

/* Write the file, in whose place there may be one that the sources are read from. What was there stays until
 * all is written. Returns 0, or a negative errno with one line in `error`. */
int saved_write(const char *path, const struct merge_source *sources, size_t count, char *error,
                size_t error_size);

#endif
