/* File mappings of this process: by what an address that lies in one is known to other processes.
 *
 * Read from /proc/self/maps by raw system calls, without memory of its own but for the mapping that was found
 * last. For the holder of the session's lock.
 */
#ifndef GORDIAN_INTERPOSE_MAPPINGS_H
#define GORDIAN_INTERPOSE_MAPPINGS_H

#include <stdbool.h>
#include <stdint.h>

/* Set in `device` for a System V segment: the kernel numbers them apart from the files of the same device,
 * from 0 on. `inode` is that number and one more. */
#define MAPPINGS_SYSV ((uint64_t)1 << 63)

/* A place in a file: of a file system, of shm_open or memfd_create, a System V segment, or what
 * MAP_SHARED | MAP_ANONYMOUS made. The numbers are those of /proc/PID/maps: major << 32 | minor, and the
 * inode. */
struct mappings_place {
    uint64_t device, inode, offset;
};

/* Find the place in a file that is mapped, shared, at `address`. Returns whether there is one. O(mappings);
 * O(1) for the next ones within the same millisecond and the same mapping. */
bool mappings_shared(uint64_t address, struct mappings_place *out);

#endif
