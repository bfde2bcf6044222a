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

#include "detector/recording.h"
#include "interpose/options.h"
#include "interpose/recorder.h"
#include "interpose/thread.h"

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
struct lock_graph *session_graph(void);
struct segments *session_segments(void);

/* Give a held entry the id of its stack, if it has none. For the holder of the lock. */
void thread_settle(struct thread *t, struct recording_held *held, const struct call_site *call);

/* The process has a second thread from here on. For the holder of the lock. */
void session_now_threaded(void);

/* Do what thread.attention asks for. */
void session_attend(struct thread *t, const struct call_site *call);

/* A dlclose has returned. */
void session_modules_changed(struct thread *t);

/* Whether gordian is at work in this process. */
bool session_live(void);

/* This is the child of a fork: it begins anew with the next call of session_thread. */
void session_forked(void);

/* The process is about to lose its access to the recordings: the child of a fork begins its own at once. */
void session_before_leaving(void);

#endif
