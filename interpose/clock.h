/* The kernel's clocks, read without libc, whose functions another preload may have replaced (libfaketime). */
#ifndef GORDIAN_INTERPOSE_CLOCK_H
#define GORDIAN_INTERPOSE_CLOCK_H

#include <stdint.h>

/* Find out how. From the constructor; before that, and where the kernel offers nothing better, each reading
 * is a system call. */
void clock_start(void);

/* Return the time of that clock (CLOCK_MONOTONIC, CLOCK_REALTIME) in nanoseconds. */
uint64_t clock_ns(int clock);

#endif
