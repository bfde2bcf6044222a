/* Children that share no memory with their parent, however they are made. */
#ifndef GORDIAN_INTERPOSE_HOOKS_PROCESS_H
#define GORDIAN_INTERPOSE_HOOKS_PROCESS_H

#include <stdbool.h>

/* Whether this system call makes one, with `flags` as clone's. */
bool process_forks(long number, long flags);

/* Around such a call: what the handlers do that fork() runs and others do not. `child` is the call's result,
 * which is 0 in the child. */
void process_before_fork(void);
void process_after_fork(long child);

/* The process is about to set a filter on its own system calls. */
void process_confines(void);

#endif
