/* pthread_mutex_* and the condition waits that release and take one. */
#define _GNU_SOURCE
#include "interpose/gil.h"
#include "interpose/hooks.h"
#include "interpose/inheritance.h"
#include "interpose/lock_table.h"
#include "interpose/locks.h"
#include "interpose/misuse.h"
#include "interpose/ordering.h"
#include "interpose/unwinder.h"
#include "interpose/waits.h"

enum hook_mode hooks_mode(struct thread *t, const struct call_site *call) {
    /* A longjmp out of a handler left it behind. (A handler on a stack of its own is not above it.) */
    if ((t->special & THREAD_BUSY) && call->sp > t->busy_sp && t->busy_sp >= t->stack_low &&
        call->sp < t->stack_high)
        t->special &= ~(uint32_t)THREAD_BUSY;
    if (t->special & THREAD_BUSY)
        return unwinder_inside() ? HOOK_PASS : HOOK_ACCOUNT;
    if (t->special & THREAD_FORKING)
        return inheritance_in_child() ? HOOK_PASS : HOOK_ACCOUNT;
    KEEP_ERRNO;
    session_attend(t, call);
    return HOOK_FULL;
}

static inline bool acquired(int result) {
    return result == 0 || result == EOWNERDEAD;
}

/* The id of the lock at `mutex`; a new one on first sight. */
static inline uint32_t mutex_id(struct thread *t, const void *mutex, struct stack_record *stack,
                                const struct call_site *call) {
    uint32_t id = lock_table_find(mutex);
    return __builtin_expect(id != 0, 1) ? id : locks_id(t, mutex, LOCK_KIND_MUTEX, stack, call);
}

/* The thread has the lock now: a first time, or once more. */
static void mutex_account(struct thread *t, uint32_t id, const void *mutex, struct stack_record *stack,
                          const struct call_site *call) {
    struct recording_held *held = thread_holds(t, id);
    if (held)
        held->depth++;
    else
        thread_push(t, id, LOCK_EXCLUSIVE, mutex, call->pc - 1, stack);
}

/* Only account for it: no stack, no dependency, nothing that needs our own lock. */
static int lock_accounted(struct thread *t, pthread_mutex_t *mutex, int result,
                          const struct call_site *call) {
    uint32_t id = acquired(result) ? lock_table_find(mutex) : 0;
    if (id)
        mutex_account(t, id, mutex, NULL, call);
    return result;
}

/* The lock is taken, or the thread holds it itself: block, visibly. `key` is 0 where no dependency is to be
 * recorded. */
static int lock_contended(struct thread *t, pthread_mutex_t *mutex, uint32_t id, struct stack_record *stack,
                          uint64_t key, const struct call_site *call) {
    {
        KEEP_ERRNO;
        waits_lock(t, id, LOCK_EXCLUSIVE, false, stack, call);
        if (key)
            ordering_add(t, id, LOCK_EXCLUSIVE, stack, call, key);
    }
    int result = REAL(pthread_mutex_lock)(mutex);
    waits_over(t);
    if (acquired(result))
        mutex_account(t, id, mutex, stack, call);
    return result;
}

/* The normal case without the shortcuts. */
static int lock_full(struct thread *t, pthread_mutex_t *mutex, const struct call_site *call) {
    struct stack_record *stack;
    uint32_t id;
    uint64_t key = 0;
    int result;
    {
        KEEP_ERRNO;
        stack = stack_memo_find(&t->memo, t, call);
        id = mutex_id(t, mutex, stack, call);
    }
    bool again = thread_holds(t, id) != NULL;
    if (t->slot->held_count && !again) {
        key = thread_seen_key(t, thread_held_sum(t->held, t->slot->held_count), id, LOCK_EXCLUSIVE);
        if (!session_threaded)
            thread_mark_seen(t, key); /* until there is a second thread */
        if (thread_seen(t, key) || ordering_known(t, id, LOCK_EXCLUSIVE, key))
            key = 0;
    }
    /* A mutex that this thread holds itself is waited for in vain, unless its type says otherwise. */
    struct locks_mutex_type type = again ? locks_mutex_type(mutex) : (struct locks_mutex_type){0};
    if (type.recursive || type.errorcheck)
        result = REAL(pthread_mutex_lock)(mutex);
    else if (lock_table_get(mutex) & LOCK_TABLE_UNTRIABLE)
        result = EBUSY;
    else
        result = again && real_is_libc ? REAL(pthread_mutex_trylock)(mutex) : session_try_lock(mutex);
    if (result == EBUSY)
        return lock_contended(t, mutex, id, stack, key, call);
    if (acquired(result)) {
        if (key) {
            KEEP_ERRNO;
            ordering_add(t, id, LOCK_EXCLUSIVE, stack, call, key);
        }
        mutex_account(t, id, mutex, stack, call);
    }
    return result;
}

/* Everything but the fast path. */
static __attribute__((noinline)) int lock_slow(pthread_mutex_t *mutex, uint64_t pc, uint64_t sp,
                                               uint64_t bp) {
    const struct call_site call = {pc, sp, bp, 0};
    struct thread *t = hooks_thread();
    if (gil_within(mutex)) {
        gil_mutex_lock(t);
        return REAL(pthread_mutex_lock)(mutex);
    }
    if (!t)
        return REAL(pthread_mutex_lock)(mutex);
    enum hook_mode mode = thread_plain(t) ? HOOK_FULL : hooks_mode(t, &call);
    if (mode == HOOK_FULL) {
        t->slot->events[RECORDING_FAMILY_MUTEX]++;
        return lock_full(t, mutex, &call);
    }
    /* libunwind's own locks: it runs under ours already. */
    if (mode == HOOK_PASS && (t->special & THREAD_BUSY))
        return 0;
    int result = REAL(pthread_mutex_lock)(mutex);
    return mode == HOOK_ACCOUNT ? lock_accounted(t, mutex, result, &call) : result;
}

/* On the fast path, taking the lock had another result than 0, and its reserved entry was given back. */
static __attribute__((noinline)) int lock_not_free(pthread_mutex_t *mutex, int result, uint64_t pc,
                                                   uint64_t sp, uint64_t bp) {
    const struct call_site call = {pc, sp, bp, 0};
    struct thread *t = thread_now;
    if (result != EBUSY && !acquired(result))
        return result;
    struct stack_record *stack = stack_memo_find(&t->memo, t, &call);
    uint32_t id = mutex_id(t, mutex, stack, &call);
    if (result == EBUSY)
        return lock_contended(t, mutex, id, stack, 0, &call);
    mutex_account(t, id, mutex, stack, &call);
    return result;
}

/* The fast path: a known stack, a known lock, and nothing held or a known order. No shared write, no system
 * call. Whatever is otherwise goes to lock_slow, which starts anew. */
HOOK int pthread_mutex_lock(pthread_mutex_t *mutex) {
    const struct call_site call = CALL_SITE();
    struct thread *t = thread_now;
    if (__builtin_expect(!t || !thread_plain(t), 0))
        goto slow;
    struct stack_record *stack = stack_memo_known(&t->memo, call.pc, call.sp, call.bp);
    if (__builtin_expect(!stack, 0))
        goto slow;
    uint64_t known = lock_table_get(mutex);
    uint32_t id = (uint32_t)known, count = t->slot->held_count;
    if (__builtin_expect(known - 1 >= LOCK_TABLE_UNTRIABLE - 1 || count >= t->held_capacity, 0))
        goto slow;
    /* A lock that is held already is never marked as seen. */
    if (count && !thread_seen(t, thread_seen_key(t, thread_held_sum(t->held, count), id, LOCK_EXCLUSIVE)))
        goto slow;
    t->slot->events[RECORDING_FAMILY_MUTEX]++;
    int result = session_try_lock(mutex);
    if (__builtin_expect(result != 0, 0))
        return lock_not_free(mutex, result, call.pc, call.sp, call.bp);
    thread_confirm(thread_reserve(t, count, mutex, call.pc - 1, stack), id, LOCK_EXCLUSIVE);
    return 0;
slow:
    return lock_slow(mutex, call.pc, call.sp, call.bp);
}

/* A lock that was taken without waiting, or with a time limit: held like any other, but no dependency ends in
 * it. */
static int after_try(struct thread *t, pthread_mutex_t *mutex, int result, const struct call_site *call) {
    if (!t || !acquired(result) || gil_within(mutex))
        return result;
    if (!thread_plain(t)) {
        enum hook_mode mode = hooks_mode(t, call);
        if (mode != HOOK_FULL)
            return mode == HOOK_ACCOUNT ? lock_accounted(t, mutex, result, call) : result;
    }
    KEEP_ERRNO;
    t->slot->events[RECORDING_FAMILY_MUTEX]++;
    struct stack_record *stack = stack_memo_find(&t->memo, t, call);
    mutex_account(t, mutex_id(t, mutex, stack, call), mutex, stack, call);
    return result;
}

HOOK int pthread_mutex_trylock(pthread_mutex_t *mutex) {
    struct call_site call = CALL_SITE();
    struct thread *t = hooks_thread();
    int result = REAL(pthread_mutex_trylock)(mutex);
    return after_try(t, mutex, result, &call);
}

/* A wait with a limit is shown from outside, but it is no edge: it ends by itself. */
static bool publish_timed(struct thread *t, pthread_mutex_t *mutex, const struct call_site *call) {
    if (!t || !thread_plain(t) || gil_within(mutex))
        return false;
    KEEP_ERRNO;
    struct stack_record *stack = stack_memo_find(&t->memo, t, call);
    waits_lock(t, mutex_id(t, mutex, stack, call), LOCK_EXCLUSIVE, true, stack, call);
    return true;
}

HOOK int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until) {
    struct call_site call = CALL_SITE();
    struct thread *t = hooks_thread();
    bool published = publish_timed(t, mutex, &call);
    int result = REAL(pthread_mutex_timedlock)(mutex, until);
    if (published)
        waits_over(t);
    return after_try(t, mutex, result, &call);
}

HOOK int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until) {
    struct call_site call = CALL_SITE();
    struct thread *t = hooks_thread();
    bool published = publish_timed(t, mutex, &call);
    int result = REAL(pthread_mutex_clocklock)(mutex, clock, until);
    if (published)
        waits_over(t);
    return after_try(t, mutex, result, &call);
}

/* Not the lock taken last, or taken more than once, or not held by this thread. */
static __attribute__((noinline)) int unlock_slow(pthread_mutex_t *mutex, uint64_t pc, uint64_t sp,
                                                 uint64_t bp) {
    const struct call_site call = {pc, sp, bp, 0};
    struct thread *t = hooks_thread();
    if (gil_within(mutex)) {
        gil_mutex_unlocked(t, mutex);
        return REAL(pthread_mutex_unlock)(mutex);
    }
    if (!t)
        return REAL(pthread_mutex_unlock)(mutex);
    enum hook_mode mode = thread_plain(t) ? HOOK_FULL : hooks_mode(t, &call);
    if (mode == HOOK_PASS)
        return (t->special & THREAD_BUSY) ? 0 : REAL(pthread_mutex_unlock)(mutex);
    /* Before the release: after it the mutex may be gone, and another at its address or another thread in it.
     */
    uint32_t id = lock_table_find(mutex);
    struct recording_held *held = id ? thread_holds(t, id) : NULL;
    struct misuse_foreign foreign = {0};
    if (id && !held && mode == HOOK_FULL)
        foreign = misuse_foreign_owner(t, id);
    int result = REAL(pthread_mutex_unlock)(mutex);
    if (result != 0)
        return result;
    if (held && held->depth > 1) {
        held->depth--;
    } else if (held) {
        if (thread_record(held))
            stack_memo_released(thread_record(held), sp);
        thread_remove(t, held);
    } else if (foreign.owner) {
        KEEP_ERRNO;
        misuse_foreign_unlock(t, id, &foreign, stack_memo_find(&t->memo, t, &call), &call);
    }
    return 0;
}

/* The real unlock refused: the thread still holds what was taken off its account. */
static __attribute__((noinline)) int unlock_refused(pthread_mutex_t *mutex, int result, uint64_t pc) {
    struct thread *t = thread_now;
    uint32_t id = lock_table_find(mutex);
    if (id)
        thread_push(t, id, LOCK_EXCLUSIVE, mutex, pc - 1, NULL);
    return result;
}

/* The fast path: the lock that this thread took last. It goes off the account before the release: until then
 * nobody can have it, and afterwards the mutex may be gone and another at its address. */
HOOK int pthread_mutex_unlock(pthread_mutex_t *mutex) {
    const struct call_site call = CALL_SITE();
    struct thread *t = thread_now;
    if (__builtin_expect(!t || !thread_plain(t), 0))
        return unlock_slow(mutex, call.pc, call.sp, call.bp);
    uint32_t count = t->slot->held_count;
    struct recording_held *last = t->held + count - 1;
    if (__builtin_expect(
            !count || last->address != (uint64_t)(uintptr_t)mutex || last->depth != 1 || !last->lock, 0))
        return unlock_slow(mutex, call.pc, call.sp, call.bp);
    if (__builtin_expect(thread_record(last) != NULL, 1))
        stack_memo_released(thread_record(last), call.sp);
    thread_pop(t, last, count);
    int result = REAL(pthread_mutex_unlock)(mutex);
    return __builtin_expect(result == 0, 1) ? 0 : unlock_refused(mutex, result, call.pc);
}

HOOK int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes) {
    struct call_site call = CALL_SITE();
    struct thread *t = hooks_thread();
    int result = REAL(pthread_mutex_init)(mutex, attributes);
    if (result == 0 && t && !gil_within(mutex) && (thread_plain(t) || hooks_mode(t, &call) == HOOK_FULL)) {
        KEEP_ERRNO;
        locks_init(t, mutex, LOCK_KIND_MUTEX, stack_memo_find(&t->memo, t, &call), &call);
    }
    return result;
}

HOOK int pthread_mutex_destroy(pthread_mutex_t *mutex) {
    struct call_site call = CALL_SITE();
    struct thread *t = hooks_thread();
    int result = REAL(pthread_mutex_destroy)(mutex);
    if (result == 0 && t && !gil_within(mutex) && (thread_plain(t) || hooks_mode(t, &call) == HOOK_FULL)) {
        KEEP_ERRNO;
        locks_gone(t, mutex);
    }
    return result;
}

/* ---- condition waits: the mutex is released and taken again inside libc ---- */

struct cond_wait {
    struct thread *thread; /* NULL: not accounted for */
    const void *mutex;
    uint32_t lock;
    uint16_t depth;
    struct stack_record *stack;
    const struct call_site *call;
};

/* The thread has the mutex again, however the wait ended (a signal, a limit, cancellation, a dead owner). */
static void cond_end(void *argument) {
    const struct cond_wait *wait = argument;
    struct thread *t = wait->thread;
    if (!t)
        return;
    thread_push(t, wait->lock, LOCK_EXCLUSIVE, wait->mutex, wait->call->pc - 1, wait->stack);
    struct recording_held *held = thread_holds(t, wait->lock);
    if (held)
        held->depth = wait->depth;
}

static void cond_begin(struct cond_wait *wait, pthread_mutex_t *mutex, const struct call_site *call) {
    struct thread *t = hooks_thread();
    *wait = (struct cond_wait){.call = call};
    if (!t || (!thread_plain(t) && hooks_mode(t, call) != HOOK_FULL))
        return;
    KEEP_ERRNO;
    t->slot->events[RECORDING_FAMILY_COND]++;
    uint32_t id = lock_table_find(mutex);
    struct recording_held *held = id ? thread_holds(t, id) : NULL;
    if (!held)
        return;
    wait->stack = stack_memo_find(&t->memo, t, call);
    wait->lock = id;
    wait->mutex = mutex;
    wait->depth = held->depth;
    thread_remove(t, held);
    /* Taking it again with other locks held is an acquisition like any other, and it has no limit. */
    if (t->slot->held_count && session_threaded) {
        uint64_t sum = thread_held_sum(t->held, t->slot->held_count);
        uint64_t key = thread_seen_key(t, sum, id, LOCK_EXCLUSIVE);
        if (!thread_seen(t, key) && !ordering_known(t, id, LOCK_EXCLUSIVE, key))
            ordering_add(t, id, LOCK_EXCLUSIVE, wait->stack, call, key);
    }
    wait->thread = t;
}

/* glibc has two implementations of each: programs linked before 2.3.2 bind to the old ones by version. */
#define BOTH_VERSIONS(name)                                                                                  \
    __asm__(".symver " #name "_hook, " #name "@@GLIBC_2.3.2");                                               \
    __asm__(".symver " #name "_old, " #name "@GLIBC_2.2.5");

HOOK int pthread_cond_wait_hook(pthread_cond_t *cond, pthread_mutex_t *mutex) {
    struct call_site call = CALL_SITE();
    struct cond_wait wait;
    int result;
    if (gil_within(cond))
        return REAL(pthread_cond_wait)(cond, mutex);
    cond_begin(&wait, mutex, &call);
    pthread_cleanup_push(cond_end, &wait);
    result = REAL(pthread_cond_wait)(cond, mutex);
    pthread_cleanup_pop(1);
    return result;
}

HOOK int pthread_cond_timedwait_hook(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                     const struct timespec *until) {
    struct call_site call = CALL_SITE();
    struct cond_wait wait;
    int result;
    if (gil_within(cond)) {
        gil_condition_wait(hooks_thread(), mutex, &call);
        return REAL(pthread_cond_timedwait)(cond, mutex, until);
    }
    cond_begin(&wait, mutex, &call);
    pthread_cleanup_push(cond_end, &wait);
    result = REAL(pthread_cond_timedwait)(cond, mutex, until);
    pthread_cleanup_pop(1);
    return result;
}

HOOK int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                                const struct timespec *until) {
    struct call_site call = CALL_SITE();
    struct cond_wait wait;
    int result;
    if (gil_within(cond)) {
        gil_condition_wait(hooks_thread(), mutex, &call);
        return REAL(pthread_cond_clockwait)(cond, mutex, clock, until);
    }
    cond_begin(&wait, mutex, &call);
    pthread_cleanup_push(cond_end, &wait);
    result = REAL(pthread_cond_clockwait)(cond, mutex, clock, until);
    pthread_cleanup_pop(1);
    return result;
}

HOOK int pthread_cond_wait_old(pthread_cond_t *cond, pthread_mutex_t *mutex) {
    struct call_site call = CALL_SITE();
    struct cond_wait wait;
    int result;
    cond_begin(&wait, mutex, &call);
    pthread_cleanup_push(cond_end, &wait);
    result = real_cond_wait_old(cond, mutex);
    pthread_cleanup_pop(1);
    return result;
}

HOOK int pthread_cond_timedwait_old(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                    const struct timespec *until) {
    struct call_site call = CALL_SITE();
    struct cond_wait wait;
    int result;
    cond_begin(&wait, mutex, &call);
    pthread_cleanup_push(cond_end, &wait);
    result = real_cond_timedwait_old(cond, mutex, until);
    pthread_cleanup_pop(1);
    return result;
}

BOTH_VERSIONS(pthread_cond_wait)
BOTH_VERSIONS(pthread_cond_timedwait)
