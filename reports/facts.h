/* The facts of one recording, by their ids: modules, threads, locks, where the stacks, findings and profiles
 * stand.
 *
 * Every id that a record names is looked up here and may be missing: a recording can have lost facts (a full
 * disk) or lie. Stacks, findings and profiles stay in the file and are read when they are asked for, so
 * memory is proportional to the modules, threads and locks and a few words for each of the others.
 *
 * Not thread-safe. Memory belongs to the facts.
 */
#ifndef GORDIAN_REPORTS_FACTS_H
#define GORDIAN_REPORTS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detector/recording.h"
#include "reports/recording_reader.h"

/* Places in the log are offsets in the file. */
struct facts_module {
    const char *path;
    uint64_t start, end, bias;
    uint8_t build_id[36];
    uint32_t build_id_size;
    uint64_t from, until; /* place in the log where it was loaded and unloaded; UINT64_MAX: still there */
};

struct facts_thread {
    uint32_t id, tid, creator, stack;
    char name[17]; /* "" when it was not told */
    bool ended;
    bool left; /* the parent's (recording_thread) */
};

struct facts_lock {
    uint32_t id, kind, initialised, first;
    uint64_t address;
    const char *name;               /* that the program gave it; NULL: none */
    uint32_t shared, value;         /* as in its record */
    uint64_t device, inode, offset; /* as in its record */
    uint64_t at;                    /* its place in the log */
};

/* A module that makes futex calls of its own (recording_futex_user). */
struct facts_futex_user {
    uint64_t address;
    uint64_t at; /* its place in the log */
};

struct facts;

/* As recording_reader_open. Reads all that is there. */
int facts_open(const char *path, struct facts **out, char *error, size_t error_size);

/* The same for a recording that is part of a file (recording_reader_open_part). */
int facts_open_part(const char *path, uint64_t base, uint64_t part, struct facts **out, char *error,
                    size_t error_size);
void facts_close(struct facts *facts);

/* Read what was added. */
void facts_update(struct facts *facts);

/* The reader beneath, for the header, slots and damage. */
struct recording_reader *facts_reader(struct facts *facts);

/* The program's path and its arguments (NULL-terminated); "" and empty when not known. */
const char *facts_exe(const struct facts *facts);
const char *const *facts_argv(const struct facts *facts);

size_t facts_modules(const struct facts *facts);
const struct facts_module *facts_module(const struct facts *facts, size_t index);

/* The module that `address` belongs to at this place in the log: the newest of those loaded then, else the
 * next one loaded that covers it. NULL when none does. */
const struct facts_module *facts_module_at(struct facts *facts, uint64_t address, uint64_t place);

size_t facts_threads(const struct facts *facts);
const struct facts_thread *facts_thread(const struct facts *facts, uint32_t id); /* NULL: not known */
const struct facts_lock *facts_lock(const struct facts *facts, uint32_t id);     /* NULL: not known */

/* The last mutex, rwlock or spin lock at the address; NULL when there is none. */
const struct facts_lock *facts_lock_at(const struct facts *facts, uint64_t address);

/* The last thread of this number of the kernel's; NULL when there is none. O(threads). */
const struct facts_thread *facts_thread_of(const struct facts *facts, uint32_t tid);

/* Locks between processes whose place in a file is known, in the order of the log. */
size_t facts_shared_locks(const struct facts *facts);
const struct facts_lock *facts_shared_lock(const struct facts *facts, size_t index);

/* The stack's record, valid until the next call with the facts or their reader; NULL when not known. */
const struct recording_stack *facts_stack(struct facts *facts, uint32_t id, uint64_t *place);

/* The Python functions of a stack, valid and missing as stacks are. Its frames stand within the record. */
const struct recording_python *facts_python(struct facts *facts, uint32_t id);

/* Profiles in the order of the log, as they are now; valid and missing as findings are. */
size_t facts_profiles(const struct facts *facts);
const struct recording_profile *facts_profile(struct facts *facts, size_t index);

size_t facts_futex_users(const struct facts *facts);
const struct facts_futex_user *facts_futex_user(const struct facts *facts, size_t index);

/* Findings in the order of the log. The record is valid until the next call with the facts or their reader,
 * NULL when it cannot be read any more. */
size_t facts_findings(const struct facts *facts);
const struct recording_finding *facts_finding(struct facts *facts, size_t index);

#endif
