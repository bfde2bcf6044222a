/* pthread_cond_*: waits release and take a mutex inside libc; signals wake the waiters. */
#define _GNU_SOURCE
#include "interpose/hooks_cond.h"

#include "interpose/gil.h"
#include "interpose/misuse.h"
#include "interpose/objects.h"
#include "interpose/parties.h"

static uint64_t *word_of(uint32_t condition, const void *cond) {
    struct lock *lock = locks_at(condition);
    return lock && lock->address == (uint64_t)(uintptr_t)cond ? &lock->word : NULL;
}

/* Unless nobody can have it any more. */
void cond_end(void *argument) {
    const struct cond_wait *wait = argument;
    struct thread *t = wait->thread;
    if (!t)
        return;
    KEEP_ERRNO;
    uint64_t *word = word_of(wait->condition, wait->cond);
    if (word)
        parties_back(word);
    waits_over(t, &wait->wait); /* first: a thread that waits for what it holds would look stuck */
    if (wait->lock && wait->result != ENOTRECOVERABLE) {
        thread_push(t, wait->lock, LOCK_EXCLUSIVE, wait->mutex, wait->call->pc - 1, wait->stack);
        struct recording_held *held = thread_holds(t, wait->lock);
        if (held)
            held->depth = wait->depth;
    }
}

/* libc asks for the owner and says EPERM: nothing is waited for. */
static bool refuses(const pthread_mutex_t *mutex) {
    struct locks_mutex_type type = locks_mutex_type(mutex);
    return type.errorcheck || type.recursive || type.robust;
}

void cond_begin(struct cond_wait *wait, pthread_cond_t *cond, pthread_mutex_t *mutex, bool timed,
                const struct call_site *call) {
    struct thread *t = hooks_thread();
    *wait = (struct cond_wait){.call = call, .cond = cond, .mutex = mutex};
    if (__builtin_expect(gil_within(cond), 0)) {
        if (timed && t)
            gil_condition_wait(t, mutex, call);
        return;
    }
    if (!t || (!thread_plain(t) && hooks_mode(t, call) != HOOK_FULL))
        return;
    KEEP_ERRNO;
    t->slot->events[RECORDING_FAMILY_COND]++;
    wait->stack = stack_memo_find(&t->memo, t, call);
    wait->condition = acquire_id(t, cond, LOCK_KIND_CONDITION, wait->stack, call);
    uint32_t id = lock_table_find_kind(mutex, LOCK_KIND_MUTEX);
    struct recording_held *held = id ? thread_holds(t, id) : NULL;
    if (!held && misuse_wait_unlocked(t, mutex, wait->stack, call))
        id = lock_table_find_kind(mutex, LOCK_KIND_MUTEX);
    if (!held && refuses(mutex))
        return;
    misuse_two_mutexes(t, wait->condition, id, wait->stack, call);
    if (held) {
        if (held->depth & RECORDING_HELD_SAMPLED)
            profile_released(t, held);
        wait->lock = id;
        wait->depth = held->depth;
        thread_remove(t, held);
    }
    if (!timed && t->slot->held_count)
        misuse_wait_holding(t, wait->condition, wait->stack, id, call);
    wait->wait = (struct wait){.kind = WAIT_CONDITION,
                               .target = wait->condition,
                               .lock = id,
                               .timed = timed,
                               .address = cond,
                               .stack = wait->stack};
    waits_begin(t, &wait->wait, call);
    /* Taking the mutex again with other locks held is an acquisition like any other, and has no limit. */
    if (held)
        acquire_order(t, id, LOCK_EXCLUSIVE, wait->stack, call);
    wait->thread = t;
    uint64_t *word = word_of(wait->condition, cond);
    if (word)
        parties_wait(word);
}

#define WAIT(timed, real)                                                                                    \
    struct call_site call = CALL_SITE();                                                                     \
    struct cond_wait wait;                                                                                   \
    int result;                                                                                              \
    cond_begin(&wait, cond, mutex, timed, &call);                                                            \
    pthread_cleanup_push(cond_end, &wait);                                                                   \
    wait.result = result = real;                                                                             \
    pthread_cleanup_pop(1);                                                                                  \
    return result;

/* A waiter that is unknown here, because nobody has waited yet, is none. */
void cond_woken(const void *cond, bool all, const struct call_site *call) {
    struct thread *t = thread_now;
    if (t && thread_plain(t)) {
        t->slot->events[RECORDING_FAMILY_COND]++;
        if (__builtin_expect(locks_destroyed(cond) != NULL, 0)) {
            KEEP_ERRNO;
            acquire_id(t, cond, LOCK_KIND_CONDITION, stack_memo_find(&t->memo, t, call), call);
        }
    }
    uint64_t *word = word_of(lock_table_find_kind(cond, LOCK_KIND_CONDITION), cond);
    if (word)
        parties_wake(word, all);
}

#define CHANGE(begins, ends, real)                                                                           \
    struct call_site call = CALL_SITE();                                                                     \
    struct object_change change;                                                                             \
    begins(&change, cond, LOCK_KIND_CONDITION, &call);                                                       \
    int result = real;                                                                                       \
    ends(&change, result, &call);                                                                            \
    return result;

/* Whether other processes may signal it. */
static void note_sharing(const struct object_change *change, const pthread_condattr_t *attributes) {
    int shared = PTHREAD_PROCESS_PRIVATE;
    struct lock *lock = locks_at(change->lock);
    if (lock && attributes && pthread_condattr_getpshared(attributes, &shared) == 0)
        lock->shared =
            shared == PTHREAD_PROCESS_SHARED; /* nobody holds it: the others need not know its place */
}

/* glibc has two implementations of each but clockwait: programs linked before 2.3.2 bind to the old ones by
 * version. */
#define BOTH_VERSIONS(name)                                                                                  \
    __asm__(".symver " #name "_hook, " #name "@@GLIBC_2.3.2");                                               \
    __asm__(".symver " #name "_old, " #name "@GLIBC_2.2.5");

HOOK int pthread_cond_wait_hook(pthread_cond_t *cond,
                                pthread_mutex_t *mutex){WAIT(false, REAL(pthread_cond_wait)(cond, mutex))}

HOOK int pthread_cond_timedwait_hook(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                     const struct timespec *until){
    WAIT(true, REAL(pthread_cond_timedwait)(cond, mutex, until))}

HOOK int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                                const struct timespec *until){
    WAIT(true, REAL(pthread_cond_clockwait)(cond, mutex, clock, until))}

HOOK int pthread_cond_wait_old(pthread_cond_t *cond,
                               pthread_mutex_t *mutex){WAIT(false, OLD(pthread_cond_wait)(cond, mutex))}

HOOK int pthread_cond_timedwait_old(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                    const struct timespec *until){
    WAIT(true, OLD(pthread_cond_timedwait)(cond, mutex, until))}

HOOK int pthread_cond_signal_hook(pthread_cond_t *cond) {
    const struct call_site call = CALL_SITE();
    cond_woken(cond, false, &call);
    return REAL(pthread_cond_signal)(cond);
}

HOOK int pthread_cond_broadcast_hook(pthread_cond_t *cond) {
    const struct call_site call = CALL_SITE();
    cond_woken(cond, true, &call);
    return REAL(pthread_cond_broadcast)(cond);
}

HOOK int pthread_cond_signal_old(pthread_cond_t *cond) {
    const struct call_site call = CALL_SITE();
    cond_woken(cond, false, &call);
    return OLD(pthread_cond_signal)(cond);
}

HOOK int pthread_cond_broadcast_old(pthread_cond_t *cond) {
    const struct call_site call = CALL_SITE();
    cond_woken(cond, true, &call);
    return OLD(pthread_cond_broadcast)(cond);
}

HOOK int pthread_cond_init_hook(pthread_cond_t *cond, const pthread_condattr_t *attributes) {
    struct call_site call = CALL_SITE();
    struct object_change change;
    object_init_begins(&change, cond, LOCK_KIND_CONDITION, &call);
    int result = REAL(pthread_cond_init)(cond, attributes);
    object_init_ends(&change, result, &call);
    note_sharing(&change, attributes);
    return result;
}

HOOK int pthread_cond_init_old(pthread_cond_t *cond, const pthread_condattr_t *attributes){
    CHANGE(object_init_begins, object_init_ends, OLD(pthread_cond_init)(cond, attributes))}

HOOK int pthread_cond_destroy_hook(pthread_cond_t *cond){
    CHANGE(object_destroy_begins, object_destroy_ends, REAL(pthread_cond_destroy)(cond))}

HOOK int pthread_cond_destroy_old(pthread_cond_t *cond){
    CHANGE(object_destroy_begins, object_destroy_ends, OLD(pthread_cond_destroy)(cond))}

BOTH_VERSIONS(pthread_cond_wait) BOTH_VERSIONS(pthread_cond_timedwait) BOTH_VERSIONS(pthread_cond_signal)
    BOTH_VERSIONS(pthread_cond_broadcast) BOTH_VERSIONS(pthread_cond_init) BOTH_VERSIONS(pthread_cond_destroy)
