/* pthread_barrier_* */
#define _GNU_SOURCE
#include "interpose/acquire.h"
#include "interpose/misuse.h"
#include "interpose/objects.h"
#include "interpose/parties.h"

HOOK int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_barrierattr_t *attributes,
                              unsigned count) {
    struct call_site call = CALL_SITE();
    struct object_change change;
    object_init_begins(&change, barrier, LOCK_KIND_BARRIER, &call);
    int result = REAL(pthread_barrier_init)(barrier, attributes, count);
    object_init_ends(&change, result, &call);
    struct thread *t = change.thread;
    struct lock *lock = locks_at(change.lock);
    if (lock) {
        int shared = PTHREAD_PROCESS_PRIVATE;
        if (attributes)
            pthread_barrierattr_getpshared(attributes, &shared);
        lock->shared = shared == PTHREAD_PROCESS_SHARED;
        lock->value = count;
    } else if (t && result == EINVAL) {
        KEEP_ERRNO;
        misuse_report(t, FINDING_MISUSE_BAD_BARRIER, FINDING_ERROR,
                      acquire_id(t, barrier, LOCK_KIND_BARRIER, change.stack, &call), LOCK_EXCLUSIVE,
                      change.stack, &call, NULL);
    }
    return result;
}

HOOK int pthread_barrier_destroy(pthread_barrier_t *barrier) {
    struct call_site call = CALL_SITE();
    struct object_change change;
    object_destroy_begins(&change, barrier, LOCK_KIND_BARRIER, &call);
    int result = REAL(pthread_barrier_destroy)(barrier);
    object_destroy_ends(&change, result, &call);
    return result;
}

/* The thread arrives. Returns whether it is going to wait for others, as `wait` says. */
static bool arrives(struct thread *t, pthread_barrier_t *barrier, struct wait *wait,
                    const struct call_site *call) {
    KEEP_ERRNO;
    t->slot->events[RECORDING_FAMILY_BARRIER]++;
    struct stack_record *stack = stack_memo_find(&t->memo, t, call);
    uint32_t id = acquire_id(t, barrier, LOCK_KIND_BARRIER, stack, call);
    struct lock *lock = locks_at(id);
    if (!lock)
        return false;
    *wait = (struct wait){.kind = WAIT_BARRIER, .target = id, .address = barrier, .stack = stack};
    if (lock->value && !lock->shared) {
        wait->mode = parties_arrive(&lock->word, lock->value);
        if (parties_high(__atomic_load_n(&lock->word, __ATOMIC_SEQ_CST)) != wait->mode)
            return false; /* the last one, or overtaken by it */
    } else {
        wait->kind = WAIT_OUTSIDE;
    }
    if (t->slot->held_count)
        misuse_wait_holding(t, id, stack, 0, call);
    waits_begin(t, wait, call);
    return true;
}

HOOK int pthread_barrier_wait(pthread_barrier_t *barrier) {
    struct call_site call = CALL_SITE();
    struct thread *t = hooks_thread();
    struct wait wait;
    bool waits =
        t && (thread_plain(t) || hooks_mode(t, &call) == HOOK_FULL) && arrives(t, barrier, &wait, &call);
    int result = REAL(pthread_barrier_wait)(barrier);
    if (waits)
        waits_over(t, &wait);
    return result;
}
