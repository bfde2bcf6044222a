/* What /proc says of the process that a recording is of: whether it is still there, and what it maps.
 *
 * A recording gives the pid that its process has in its own pid namespace. The process is there if one of
 * that pid, as it sees itself, has the recording mapped: after exec or when the pid is another's by now, it
 * has not. Each answer is true of some moment during the call. Not thread-safe; keeps no memory.
 */
#ifndef GORDIAN_REPORTS_PROCESSES_H
#define GORDIAN_REPORTS_PROCESSES_H

#include <stdbool.h>
#include <stdint.h>

enum processes_state {
    PROCESSES_GONE = 0,
    PROCESSES_THERE = 1,
    PROCESSES_HIDDEN = 2 /* one that may be it cannot be looked into */
};

/* Look for the process `pid` of the recording at `path`. When it is there, *seen is its pid in our namespace.
 * O(its mappings); O(all processes) when it is not there. */
enum processes_state processes_find(const char *path, uint32_t pid, uint32_t *seen);

/* Whether the process `seen` has a thread `tid`; true when that cannot be told. A process in another pid
 * namespace than ours (`seen` is not the pid of its recording) numbers its threads otherwise: do not ask. */
bool processes_has_thread(uint32_t seen, uint32_t tid);

/* A place in a file, as in recording_lock. */
struct processes_place {
    uint64_t device, inode, offset;
};

/* Find the place in a file that the process `seen` has mapped, shared, at `address`. Returns 0, -ENOENT when
 * there is none, or another negative errno when it cannot be told. */
int processes_shared(uint32_t seen, uint64_t address, struct processes_place *out);

#endif
