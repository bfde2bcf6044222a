/* Provisional: the semaphores of Python's locks, as locks. For the tests of Python's frames alone. */
#define _GNU_SOURCE
#include <semaphore.h>

#include "interpose/findings.h"
#include "interpose/hooks.h"
#include "interpose/lock_table.h"
#include "interpose/locks.h"
#include "interpose/ordering.h"
#include "interpose/python.h"
#include "interpose/threads.h"
#include "interpose/waits.h"

static uint32_t id_of(struct thread *t, const void *sem, struct stack_record *stack,
                      const struct call_site *call) {
    uint32_t id = lock_table_find(sem);
    return id ? id : locks_id(t, sem, LOCK_KIND_SEMAPHORE, stack, call);
}

static bool full(struct thread *t, const struct call_site *call) {
    return t && (thread_plain(t) || hooks_mode(t, call) == HOOK_FULL);
}

/* The first use of a semaphore may be that of an interpreter that was loaded just now. */
static bool watched_call(struct thread *t, const void *sem, const struct call_site *call) {
    if (!full(t, call))
        return false;
    if (!python_api_now && !lock_table_find(sem))
        python_look(t, call);
    return python_calls(call->pc);
}

static uint64_t key_of(struct thread *t, uint32_t id) {
    if (!t->slot->held_count || !session_threaded || thread_holds(t, id))
        return 0;
    uint64_t key = thread_seen_key(t, thread_held_sum(t->held, t->slot->held_count), id, LOCK_EXCLUSIVE);
    return thread_seen(t, key) || ordering_known(t, id, LOCK_EXCLUSIVE, key) ? 0 : key;
}

static void taken(struct thread *t, uint32_t id, const void *sem, struct stack_record *stack,
                  const struct call_site *call) {
    thread_push(t, id, LOCK_EXCLUSIVE, sem, call->pc - 1, stack);
    struct recording_held *held = thread_holds(t, id);
    if (held && stack && call->python)
        held->stack = python_stack(t, stack, call->python, call);
}

HOOK int sem_trywait(sem_t *sem) {
    struct call_site call = CALL_SITE();
    struct thread *t = hooks_thread();
    bool watched = watched_call(t, sem, &call);
    if (watched)
        call.python = python_capture(t, sem);
    int result = REAL(sem_trywait)(sem);
    if (result == 0 && watched) {
        KEEP_ERRNO;
        t->slot->events[RECORDING_FAMILY_SEMAPHORE]++;
        struct stack_record *stack = stack_memo_find(&t->memo, t, &call);
        uint32_t id = id_of(t, sem, stack, &call);
        uint64_t key = key_of(t, id);
        if (key)
            ordering_add(t, id, LOCK_EXCLUSIVE, stack, &call, key);
        taken(t, id, sem, stack, &call);
    }
    return result;
}

static struct stack_record *begin(struct thread *t, sem_t *sem, bool timed, struct call_site *call,
                                  uint32_t *id) {
    KEEP_ERRNO;
    call->python = python_last(t, sem);
    struct stack_record *stack = stack_memo_find(&t->memo, t, call);
    *id = id_of(t, sem, stack, call);
    if (thread_holds(t, *id)) /* a signal: somebody else is going to post it */
        return stack;
    uint64_t key = key_of(t, *id);
    waits_lock(t, *id, LOCK_EXCLUSIVE, timed, stack, call);
    if (key)
        ordering_add(t, *id, LOCK_EXCLUSIVE, stack, call, key);
    return stack;
}

static int end(struct thread *t, sem_t *sem, int result, uint32_t id, struct stack_record *stack,
               const struct call_site *call) {
    KEEP_ERRNO;
    waits_over(t);
    if (result == 0 && !thread_holds(t, id))
        taken(t, id, sem, stack, call);
    return result;
}

HOOK int sem_wait(sem_t *sem) {
    struct call_site call = CALL_SITE();
    struct thread *t = hooks_thread();
    uint32_t id;
    if (!watched_call(t, sem, &call))
        return REAL(sem_wait)(sem);
    struct stack_record *stack = begin(t, sem, false, &call, &id);
    return end(t, sem, REAL(sem_wait)(sem), id, stack, &call);
}

HOOK int sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *until) {
    struct call_site call = CALL_SITE();
    struct thread *t = hooks_thread();
    uint32_t id;
    if (!watched_call(t, sem, &call))
        return REAL(sem_clockwait)(sem, clock, until);
    struct stack_record *stack = begin(t, sem, true, &call, &id);
    return end(t, sem, REAL(sem_clockwait)(sem, clock, until), id, stack, &call);
}

HOOK int sem_timedwait(sem_t *sem, const struct timespec *until) {
    struct call_site call = CALL_SITE();
    struct thread *t = hooks_thread();
    uint32_t id;
    if (!watched_call(t, sem, &call))
        return REAL(sem_timedwait)(sem, until);
    struct stack_record *stack = begin(t, sem, true, &call, &id);
    return end(t, sem, REAL(sem_timedwait)(sem, until), id, stack, &call);
}

HOOK int sem_post(sem_t *sem) {
    struct call_site call = CALL_SITE();
    struct thread *t = hooks_thread();
    uint32_t id = full(t, &call) ? lock_table_find(sem) : 0;
    struct recording_held *held = id ? thread_holds(t, id) : NULL;
    if (held) {
        thread_remove(t, held);
    } else if (id) {
        KEEP_ERRNO;
        session_enter(t);
        for (struct thread *owner = threads_first(); owner; owner = owner->next)
            if (owner->slot->state != RECORDING_SLOT_FREE && waits_account_of(owner, id, LOCK_EXCLUSIVE))
                findings_disown(owner, id);
        session_leave(t);
    }
    return REAL(sem_post)(sem);
}
