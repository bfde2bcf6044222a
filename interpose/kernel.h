/* What the kernel knows of this process, read from /proc with raw system calls. Where it cannot be read (no
 * /proc, no descriptor left) the answer is the cautious one, which is named with each. */
#ifndef GORDIAN_INTERPOSE_KERNEL_H
#define GORDIAN_INTERPOSE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the thread exists. */
bool kernel_has_thread(uint32_t tid);

/* Number of threads of the process; UINT32_MAX when it is not known. */
uint32_t kernel_count_threads(void);

/* Whether the thread sleeps in a futex call, as all that wait for another thread do; false when it is not
 * known. Where the kernel does not tell the call, any sleep counts. */
bool kernel_asleep(uint32_t tid);

/* Whether the process has handlers for signals that may come from outside; true when it is not known. */
bool kernel_catches_signals(void);

#endif
