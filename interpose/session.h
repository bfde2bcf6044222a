/* The session: gordian at work in this process. It joins the hooks (events), the detector and the recording.
 *
 * One lock of our own guards all of it but the fast paths. It is taken on slow paths only (a new lock, stack,
 * dependency or thread; a wait), with every signal blocked, so that no handler can leave it held; and nothing
 * of the program runs while it is held. errno is never touched.
 */
#ifndef GORDIAN_INTERPOSE_SESSION_H
#define GORDIAN_INTERPOSE_SESSION_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detector/finding.h"
#include "detector/recording.h"
#include "detector/wait_graph.h"
#include "interpose/options.h"
#include "interpose/recorder.h"
#include "interpose/thread.h"

/* What a lock is, beyond its id. */
struct session_lock {
    uint64_t address;
    uint32_t kind;     /* enum recording_lock_kind */
    uint32_t next_own; /* next in the list of locks on one thread's stack */
    bool robust;       /* the next to lock it is told that its owner is gone, and gets it */
};

/* Whether the process has (had) a second thread: before that no dependency can be part of a cycle. */
extern bool session_threaded;

/* How to take a mutex without waiting. While there is one thread nothing can be in the way, and libc's lock
 * then needs no atomic instruction; with more it is trylock; and where a sanitizer's functions come next, it
 * says EBUSY, so that the lock goes the visible way and the sanitizer sees a lock. */
extern int (*session_try_lock)(pthread_mutex_t *mutex);

/* From the constructor: read the options, start the recording, attach the first thread. */
void session_start(void);

/* From the destructor. */
void session_end(void);

/* Return the calling thread's state, attaching it when it is new; NULL when gordian is off in this process.
 */
struct thread *session_thread(void);

/* Take and release the session's lock; may be nested. */
void session_enter(struct thread *t);
void session_leave(struct thread *t);

/* The parts, for the holder of the lock. */
struct recorder *session_recorder(void);
const struct options *session_options(void);
uint32_t session_stack_depth(void);
void session_lost(enum recording_lost what);
const struct session_lock *session_lock_at(uint32_t lock);
struct thread *session_threads(void); /* first of the list */
struct thread *session_thread_at(uint32_t id);

struct lock_graph *session_graph(void);

/* Whether this is a forked child that has not begun its own recording: the parent's must not be touched. */
bool session_in_child(void);

/* Return the id of the lock that stands for the thread's life. For the holder of the lock. */
uint32_t session_life_lock(struct thread *t);

/* Record the thread's name when it is new. For the holder of the lock. */
void session_record_name(struct thread *t, const char name[16]);

/* Whether the thread will never unlock anything again. */
bool session_thread_gone(const struct thread *t);

/* Return the thread with this pthread_t, NULL when it is not known or was joined. */
struct thread *session_thread_by_handle(struct thread *t, uint64_t handle);

/* Give a held entry the id of its stack, if it has none. For the holder of the lock. */
void thread_settle(struct thread *t, struct recording_held *held, const struct call_site *call);

/* Events. Each takes the session's lock itself. `stack` may be NULL. */

/* Return the id of the lock at `address`, making one when it is new. */
uint32_t session_lock_id(struct thread *t, const void *address, enum recording_lock_kind kind,
                         struct stack_record *stack, const struct call_site *call);

/* A new lock is at `address` (init), or none is any more (destroy, `stack` NULL). */
void session_lock_init(struct thread *t, const void *address, enum recording_lock_kind kind,
                       struct stack_record *stack, const struct call_site *call);
void session_lock_gone(struct thread *t, const void *address);

/* The thread wanted `lock` while it held what it holds: record it, report what follows, and remember that
 * this was seen. `key` is its thread_seen_key. */
void session_dependency(struct thread *t, uint32_t lock, uint32_t mode, struct stack_record *stack,
                        const struct call_site *call, uint64_t key);

/* Whether every edge from a lock held to this one is known to have nothing new to say; then it marks `key` as
 * seen. Takes no lock. */
bool session_edges_seen(struct thread *t, uint32_t lock, uint32_t mode, uint64_t key);

/* The thread is about to block: publish the wait, and look for a knot that it completes. */
void session_wait_lock(struct thread *t, uint32_t lock, uint32_t mode, bool timed, struct stack_record *stack,
                       const struct call_site *call);
void session_wait_join(struct thread *t, uint32_t thread, bool timed, struct stack_record *stack,
                       const struct call_site *call);
void session_wait_over(struct thread *t);

/* The other thread that holds a lock which this one releases, if there is one, and the address where it took
 * it. */
struct session_foreign {
    uint32_t owner, mode, stack;
    uint64_t site;
};
struct session_foreign session_foreign_owner(struct thread *t, uint32_t lock);

/* The lock was released all the same: misuse.unlock_not_owner. */
void session_foreign_unlock(struct thread *t, uint32_t lock, const struct session_foreign *foreign,
                            struct stack_record *stack, const struct call_site *call);

/* Do what thread.attention asks for. */
void session_attend(struct thread *t, const struct call_site *call);

/* Threads: a creation (returns the new thread's state for thread_begin, NULL when there is none), its
 * failure, begin, end of the start routine, and a join that succeeded. */
struct thread *session_thread_created(struct thread *creator, struct stack_record *stack,
                                      const struct call_site *call);
void session_thread_not_created(struct thread *creator, struct thread *created);
void session_thread_begin(struct thread *t);
void session_thread_end(struct thread *t);
void session_thread_gone_for_good(struct thread *t);
void session_thread_joined(struct thread *joiner, uint32_t ended);

/* A dlclose has returned. */
void session_modules_changed(struct thread *t);

#endif
