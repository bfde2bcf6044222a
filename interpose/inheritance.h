/* Inheritance: what a forked child takes over from its parent.
 *
 * The forking thread's locks are held in the child as well. The locks of the parent's other threads are left
 * behind there: nobody will ever release them (process-shared ones excepted, which the parent still does).
 * The parent's recording is shared memory, so the child may read it and must write nothing.
 */
#ifndef GORDIAN_INTERPOSE_INHERITANCE_H
#define GORDIAN_INTERPOSE_INHERITANCE_H

#include <stdbool.h>

struct thread;

/* Watch for forks: also those that libc makes by itself, in daemon(). From the constructor. */
void inheritance_start(void);

/* What the handlers do, for forks that run none: before it, and after it in the parent and in the child. */
void inheritance_before_fork(void);
void inheritance_in_parent(void);
void inheritance_in_new_child(void);

/* In the child: `t` holds what the forking thread held, and what the others held is orphaned. For its first
 * thread. */
void inheritance_take(struct thread *t);

/* Whether this is a forked child that has not begun its own recording: the parent's must not be touched. */
bool inheritance_in_child(void);

#endif
