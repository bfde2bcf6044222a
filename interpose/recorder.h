/* The recorder: writes the recording of this process (detector/recording.h).
 *
 * Appending is for one thread at a time (the session's lock); a slot is written by its thread. Space is
 * allocated before it is touched, since a page that the file system cannot back would be a SIGBUS in the
 * program. When the file cannot be made or grows no further, memory takes its place: the program and the live
 * checks go on, the header says what was lost. No file descriptor stays open. errno is never touched.
 */
#ifndef GORDIAN_INTERPOSE_RECORDER_H
#define GORDIAN_INTERPOSE_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detector/recording.h"

struct recorder {
    struct recording_header *header; /* never NULL once started */
    char path[4096 + 64];            /* of the file; "" when there is none */
    uint64_t device, inode;          /* of the file, so that another one in its place is not written to */
    bool file;                       /* chunks still go to the file */
    uint64_t reserved;               /* bytes of the file that are mapped from the header on */
    char *log_next, *log_end;        /* free bytes of the current LOG chunk */
    struct recording_slot *slots_next, *slots_end;
};

/* Make the path in `dir` (a buffer of `size` bytes) absolute. */
void recorder_absolute(char *dir, size_t size);

/* Start a new recording in the absolute path `dir`. Returns 0; or a negative errno that says why there is no
 * file, and then records into memory; or -ENOMEM, and then nothing works (header is NULL). */
int recorder_start(struct recorder *recorder, const char *dir);

/* Return a new record of `size` bytes (header included), zeroed, its type and size set, or NULL when space
 * ran out (counted as dropped). The caller fills it and calls recorder_commit. */
void *recorder_append(struct recorder *recorder, enum recording_type type, size_t size);

/* The record is complete. */
void recorder_commit(void *record);

/* Return a new thread slot, zeroed, or NULL without memory. Slots are never given back: the caller reuses
 * them. */
struct recording_slot *recorder_slot(struct recorder *recorder);

/* Return a zeroed array of `capacity` held entries for a slot that outgrew its own and set *offset to its
 * place in the file, or NULL. */
struct recording_held *recorder_held(struct recorder *recorder, uint32_t capacity, uint64_t *offset);

/* The process runs its exit handlers. Threads may go on recording. */
void recorder_end(struct recorder *recorder);

#endif
