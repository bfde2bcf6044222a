/* Threads: what pthread_* and thrd_* have in common. */
#ifndef GORDIAN_INTERPOSE_HOOKS_THREAD_H
#define GORDIAN_INTERPOSE_HOOKS_THREAD_H

#include <pthread.h>

#include "interpose/hooks.h"
#include "interpose/waits.h"

/* What a new thread is to do, in the memory of its own state's scratch. */
struct thread_start {
    union {
        void *(*routine)(void *);
        int (*routine_c11)(void *);
    };
    void *argument;
};

/* A thread is about to be created. Returns its state, the argument of a start routine that calls
 * thread_begins and, however it ends, thread_ends; NULL: it is not to be accounted for. */
struct thread *thread_creation_begins(const pthread_attr_t *attributes, struct thread_start start,
                                      const struct call_site *call);
void thread_creation_failed(struct thread *created);

struct thread_start thread_begins(struct thread *created);
void thread_ends(void *t);

/* The calling thread is about to exit. Those that no start routine of ours runs in, main above all, end here
 * or not at all. */
void thread_exits(void);

struct join {
    struct thread *thread; /* NULL: nothing was published */
    uint32_t joined;       /* 0: not a thread that we know */
    bool pending;          /* it counts among the thread's joiners */
    struct stack_record *stack;
    struct wait wait;
};

/* Around the real join, with its result as pthread_join's. join_over alone when it is cancelled. */
void join_begin(struct join *join, pthread_t handle, bool timed, const struct call_site *call);
void join_ended(struct join *join, pthread_t handle, int result, const struct call_site *call);
void join_over(void *join);

/* Before the call: after it the handle may belong to another thread. */
void detach_begin(pthread_t handle, const struct call_site *call);
void detach_ended(pthread_t handle, int result, const struct call_site *call);

#endif
