/* Builds recordings by hand, byte for byte as detector/recording.h lays them out, for the tests of reports/.
 *
 * A builder is filled with records in the order of the log and then written to a file. It aborts the test
 * program when something cannot be done. Ids are the caller's.
 */
#ifndef GORDIAN_TESTS_REPORTS_RECORDING_BUILDER_H
#define GORDIAN_TESTS_REPORTS_RECORDING_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include "detector/recording.h"

struct recording_builder {
    unsigned char *bytes;
    size_t size, capacity;
    size_t chunk; /* offset of the LOG chunk that records go to */
    size_t next;  /* offset of the next record */
};

/* One step of a finding: at most eight locks held. */
struct builder_step {
    uint32_t thread;
    struct lock_hold holds[8];
    uint32_t holds_count;
    struct lock_hold wants;
};

/* A live recording of process 4711, "/opt/bank/bank", started 2024-01-02 03:04:05 UTC, with 12 mutex events.
 */
void builder_start(struct recording_builder *builder);
void builder_free(struct recording_builder *builder);

/* The header, to change it. Valid until the next record is added. */
struct recording_header *builder_header(struct recording_builder *builder);

/* Go on in a new LOG chunk, of `pages` times 4096 bytes. */
void builder_chunk(struct recording_builder *builder, size_t pages);

void builder_run(struct recording_builder *builder, const char *exe, const char *const *argv);
void builder_module(struct recording_builder *builder, uint32_t id, const char *path, uint64_t start,
                    uint64_t end, uint64_t bias, const uint8_t *build_id, uint32_t build_id_size);
void builder_module_end(struct recording_builder *builder, uint32_t id);
void builder_thread(struct recording_builder *builder, uint32_t id, uint32_t creator, uint32_t stack,
                    const char *name);
void builder_thread_end(struct recording_builder *builder, uint32_t id);
void builder_lock(struct recording_builder *builder, uint32_t id, uint32_t kind, uint64_t address,
                  uint32_t initialised, uint32_t first);
void builder_stack(struct recording_builder *builder, uint32_t id, const uint64_t *addresses, size_t count);

/* The same with the Python functions of record `python`. Returns its offset in the file. */
size_t builder_stack_python(struct recording_builder *builder, uint32_t id, const uint64_t *addresses,
                            size_t count, uint32_t python);

/* Python functions, innermost first. Returns its offset in the file. */
struct builder_python {
    const char *function, *file;
    uint32_t line;
};
size_t builder_python(struct recording_builder *builder, uint32_t id, const struct builder_python *frames,
                      size_t count);

/* The numbers and stacks are the profile's own; its record is filled in. Returns its offset in the file. */
size_t builder_profile(struct recording_builder *builder, struct recording_profile profile);
void builder_lock_name(struct recording_builder *builder, uint32_t lock, const char *name);

/* A lock wanted with `count` others held, by the thread in its segment 1. */
void builder_dependency(struct recording_builder *builder, uint32_t thread, struct lock_hold wants,
                        const struct lock_hold *holds, uint32_t count);
void builder_futex_user(struct recording_builder *builder, uint64_t address);

/* A finding 12 ms after the start, seen once, of the severity that its kind has. Returns its offset in the
 * file, for builder_finding_at. */
size_t builder_finding(struct recording_builder *builder, uint32_t kind, uint32_t shape,
                       const struct builder_step *steps, size_t count);

/* The finding at the offset that builder_finding gave, to change it. Valid until the next record is added. */
struct recording_finding *builder_finding_at(struct recording_builder *builder, size_t at);

/* Add a chunk of three thread slots and return the first, to fill in; valid until the next record is added.
 */
struct recording_slot *builder_slots(struct recording_builder *builder);

/* Append raw bytes as one record. Returns its offset in the file. */
size_t builder_record(struct recording_builder *builder, unsigned type, const void *record, size_t size);

/* Write the file. Returns its path, which the builder's caller must not free and which the next call
 * overwrites when `name` is the same. */
const char *builder_save(const struct recording_builder *builder, const char *name);

#endif
