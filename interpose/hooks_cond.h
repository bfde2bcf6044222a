/* Conditions: what pthread_cond_* and cnd_* have in common. */
#ifndef GORDIAN_INTERPOSE_HOOKS_COND_H
#define GORDIAN_INTERPOSE_HOOKS_COND_H

#include "interpose/acquire.h"

struct cond_wait {
    struct thread *thread; /* NULL: not accounted for */
    const void *cond;
    const void *mutex;
    uint32_t condition; /* its id; 0: not known */
    uint32_t lock;      /* the mutex's, if the thread holds it by its account */
    uint32_t depth;
    struct stack_record *stack;
    const struct call_site *call;
    struct wait wait;
    int result; /* of the real call; 0 when it was cancelled */
};

/* Around a wait, which releases the mutex and takes it again. `call` must outlive it. */
void cond_begin(struct cond_wait *wait, pthread_cond_t *cond, pthread_mutex_t *mutex, bool timed,
                const struct call_site *call);

/* The thread has the mutex again, however the wait ended (a signal, a limit, cancellation, a dead owner). */
void cond_end(void *wait);

/* One of the waiters, or all, are woken. Before the real call: they may run before it returns. */
void cond_woken(const void *cond, bool all, const struct call_site *call);

#endif
