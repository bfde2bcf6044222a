/* Reads a recording (detector/recording.h) piece by piece while it may still grow.
 *
 * Believes nothing in the file: every size, offset and count is checked before it is used, each record
 * against its own size and its chunk's, each chunk against the file. What cannot be true is damage: what
 * stands before it has been given, nothing after it will be. Not damage: a last record that is not committed,
 * of a process that is at work or was killed. The file is read with pread, never mapped: one that shrinks
 * meanwhile is cut off, not a SIGBUS.
 *
 * Not thread-safe. Memory belongs to the reader and is proportional to the chunks of the file and its longest
 * record, and half a megabyte: the log is read in blocks.
 */
#ifndef GORDIAN_REPORTS_RECORDING_READER_H
#define GORDIAN_REPORTS_RECORDING_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detector/recording.h"

struct recording_reader;

/* Open the recording at `path`. Returns 0, or a negative errno with one line in `error` that says what is
 * wrong, without the path: -EINVAL for a file that is no recording or of another version. */
int recording_reader_open(const char *path, struct recording_reader **out, char *error, size_t error_size);

/* The same for a recording that is part of a file: `part` bytes from `base` on, or, with 0, all that follow.
 */
int recording_reader_open_part(const char *path, uint64_t base, uint64_t part, struct recording_reader **out,
                               char *error, size_t error_size);

void recording_reader_close(struct recording_reader *reader);

/* Look at the file again: read its header, and find the chunks that were added. */
void recording_reader_refresh(struct recording_reader *reader);

/* The header as it was at the last refresh; off_reason and boot_id are NUL-terminated. */
const struct recording_header *recording_reader_header(const struct recording_reader *reader);

/* Return the next committed record of the log, valid until the next call with this reader, and its offset in
 * the file: offsets grow with the log. NULL at the end, which may be a later one after the next refresh.
 * Every size and count inside the record agrees with its size, strings end within it, and kinds are known
 * ones. */
const struct recording_record *recording_reader_next(struct recording_reader *reader, uint64_t *offset);

/* Return the record of `type` at an offset that recording_reader_next gave, as it is now; NULL when it is
 * there no more. Valid until the next call with this reader. */
const struct recording_record *recording_reader_at(struct recording_reader *reader, uint64_t offset,
                                                   unsigned type);

/* Read thread slot `index` (from 0). Returns false when there is none. */
bool recording_reader_slot(struct recording_reader *reader, size_t index, struct recording_slot *slot);

/* Read up to `capacity` entries of the slot's array of held locks. Returns how many there are, or SIZE_MAX
 * when the slot says what cannot be true. */
size_t recording_reader_held(struct recording_reader *reader, const struct recording_slot *slot,
                             struct recording_held *held, size_t capacity);

/* One line that says what is damaged, NULL when nothing is. */
const char *recording_reader_damage(const struct recording_reader *reader);

#endif
