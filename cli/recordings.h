/* The recordings of one run, as files in a directory, while they are written and afterwards.
 *
 * The library makes one file per process, gordian.<pid>.<n>.rec, and writes a byte to a FIFO at each finding,
 * and when a thread waits for a lock between processes.
 * The FIFO, and the recordings unless a directory was named for them, live in a private directory of this
 * run. Recordings that stood in a named directory before are not of this run and are left alone. Not
 * thread-safe.
 */
#ifndef GORDIAN_CLI_RECORDINGS_H
#define GORDIAN_CLI_RECORDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/report.h"

struct recordings;

/* Make the private directory and the FIFO. `dir` exists and gets the recordings; NULL: the private directory
 * does. Returns NULL after the failure was told; a directory without room for a recording is one. */
struct recordings *recordings_open(const char *dir);

/* Absolute paths: of the directory with the recordings, of the private one, of the FIFO. */
const char *recordings_dir(const struct recordings *recordings);
const char *recordings_private_dir(const struct recordings *recordings);
const char *recordings_notify(const struct recordings *recordings);

/* Descriptor that is readable when the library has something to tell; recordings_hear takes the news away and
 * returns whether there was any. */
int recordings_descriptor(const struct recordings *recordings);
bool recordings_hear(struct recordings *recordings);

/* Number of recordings seen by the last update. */
size_t recordings_count(const struct recordings *recordings);

/* Read into the report what holds findings that it does not have yet. Cheap when there are none: no symbol is
 * looked up. */
void recordings_follow(struct recordings *recordings, struct report *report);

/* Read the recordings of one process of the run into the report, as far as they are written. */
void recordings_read(struct recordings *recordings, struct report *report, uint32_t pid);

/* Look for deadlocks between the processes (report_cross), if a thread waits for a lock since before this
 * time of CLOCK_MONOTONIC. Returns whether to call again REPORT_CONFIRM_MS later. O(threads) when there is
 * none; no symbol is looked up. */
bool recordings_cross(struct recordings *recordings, struct report *report, uint64_t before_ns);

/* Read everything into the report. A file that
 * cannot be read is told in one line. */
void recordings_finish(struct recordings *recordings, struct report *report);

/* Free, and remove the private directory with all that is in it unless `keep`; then the FIFO alone goes. */
void recordings_close(struct recordings *recordings, bool keep);

#endif
