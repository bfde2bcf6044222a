/* Locks of files (flock), as far as others have to know of them. */
#ifndef GORDIAN_INTERPOSE_HOOKS_FILE_H
#define GORDIAN_INTERPOSE_HOOKS_FILE_H

#include <stdbool.h>

struct thread;

/* Whether any thread has ever had one. */
extern bool files_used;

/* Closing a file releases its lock, and nobody sees it: drop from the calling thread's account what lies in
 * no file any more. Before a wait or a dependency is made from the account. Takes no lock. */
void files_drop_stale(struct thread *t);

static inline void files_verify(struct thread *t) {
    if (__builtin_expect(files_used, 0))
        files_drop_stale(t);
}

#endif
