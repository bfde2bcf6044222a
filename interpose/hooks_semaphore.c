/* sem_*: a semaphore with the first value 1 is a lock as long as only those who took it post it. With any
 * other value, or once another thread has posted it, it is a signal, which nobody holds. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>

#include "interpose/acquire.h"
#include "interpose/findings.h"
#include "interpose/misuse.h"
#include "interpose/objects.h"
#include "interpose/python.h"
#include "interpose/unwinder.h"

static inline int as_result(int status) {
    return __builtin_expect(status == 0, 1) ? 0 : errno;
}

static int try_semaphore(void *semaphore) {
    int *error = thread_now->error, before = *error;
    if (__builtin_expect(REAL(sem_trywait)(semaphore) == 0, 1))
        return 0;
    int result = *error;
    *error = before;
    return result == EAGAIN ? EBUSY : result;
}

static inline bool take_free(const struct thread *t, void *semaphore) {
    int *error = t->error, before = *error;
    if (__builtin_expect(REAL(sem_trywait)(semaphore) == 0, 1))
        return true;
    *error = before;
    return false;
}

static int take_semaphore(void *semaphore) {
    return as_result(REAL(sem_wait)(semaphore));
}

static int release_semaphore(void *semaphore) {
    return as_result(REAL(sem_post)(semaphore));
}

static inline int as_status(int result) {
    if (__builtin_expect(result == 0, 1))
        return 0;
    errno = result;
    return -1;
}

static int wait_otherwise(void *object, uint64_t pc, uint64_t sp, uint64_t bp);
static int post_otherwise(void *object, uint64_t pc, uint64_t sp, uint64_t bp);

static const struct primitive semaphore = {.kind = LOCK_KIND_SEMAPHORE,
                                           .family = RECORDING_FAMILY_SEMAPHORE,
                                           .mode = LOCK_EXCLUSIVE,
                                           .wait = WAIT_SEMAPHORE,
                                           .try_now = try_semaphore,
                                           .take_free = take_free,
                                           .take = take_semaphore,
                                           .release = release_semaphore,
                                           .acquire_otherwise = wait_otherwise,
                                           .release_otherwise = post_otherwise};

static bool is_signal(const void *object) {
    uint64_t known = lock_table_get(object);
    return known & LOCK_TABLE_SIGNAL && lock_table_is(known, LOCK_KIND_SEMAPHORE);
}

/* It is no lock, from here on for good. */
static void becomes_signal(struct thread *t, uint32_t id) {
    struct lock *lock = locks_at(id);
    session_enter(t);
    if (lock && !lock->signal) {
        lock->signal = true;
        locks_flag(id, LOCK_TABLE_SIGNAL, LOCK_TABLE_WATCHED);
        findings_no_lock(t, id);
        locks_record_semaphore(id);
    }
    session_leave(t);
}

/* A new semaphore: until it has proved to be a lock it stays off the fast path. */
static void begins(const struct object_change *change, unsigned value, bool shared, bool python) {
    struct thread *t = change->thread;
    uint32_t id = change->lock;
    struct lock *lock = locks_at(id);
    if (!lock)
        return;
    lock->value = value;
    lock->python = python;
    if (shared)
        object_shared(change);
    if (value != 1) {
        becomes_signal(t, id);
        return;
    }
    session_enter(t);
    locks_flag(id, LOCK_TABLE_WATCHED, 0);
    session_leave(t);
}

/* One whose beginning was not seen is a signal. The interpreter's are all locks: their beginning is not seen
 * in a forked child. */
static uint32_t known_id(struct thread *t, sem_t *object, struct stack_record *stack,
                         const struct call_site *call) {
    uint32_t id = lock_table_find_kind(object, LOCK_KIND_SEMAPHORE);
    if (id || !(id = acquire_id(t, object, LOCK_KIND_SEMAPHORE, stack, call)))
        return id;
    if (python_calls(call->pc))
        begins(&(struct object_change){.thread = t, .lock = id}, 1, false, true);
    else
        becomes_signal(t, id);
    return id;
}

/* What it tried in vain, it waits for without the GIL. */
static uint32_t python_waits_for(const sem_t *object, const struct call_site *call) {
    struct thread *t = thread_now;
    return t && python_calls(call->pc) ? python_last(t, object) : 0;
}

/* Nobody holds it, so that taking it is no acquisition; but waiting for it is a wait. */
static int wait_for_signal(struct thread *t, sem_t *object, struct call_site call) {
    struct timed_wait wait = {.thread = NULL};
    call.python = python_waits_for(object, &call);
    t->slot->events[RECORDING_FAMILY_SEMAPHORE]++;
    int result = try_semaphore(object);
    if (result != EBUSY)
        return result;
    {
        KEEP_ERRNO;
        struct stack_record *stack = stack_memo_find(&t->memo, t, &call);
        wait.lock = known_id(t, object, stack, &call);
        const struct lock *lock = locks_at(wait.lock);
        wait.wait = (struct wait){.kind = lock && lock->shared ? WAIT_OUTSIDE : WAIT_SEMAPHORE,
                                  .target = wait.lock,
                                  .address = object,
                                  .stack = stack};
        if (t->slot->held_count)
            misuse_wait_holding(t, wait.lock, stack, 0, &call);
        waits_begin(t, &wait.wait, &call);
        wait.thread = t;
    }
    pthread_cleanup_push(acquire_timed_ends, &wait);
    result = take_semaphore(object);
    pthread_cleanup_pop(1);
    return result;
}

static __attribute__((noinline)) int wait_otherwise(void *object, uint64_t pc, uint64_t sp, uint64_t bp) {
    const struct call_site call = {pc, sp, bp, 0};
    struct thread *t = hooks_thread();
    if (!t || (!thread_plain(t) && hooks_mode(t, &call) != HOOK_FULL))
        return acquire_slow(&semaphore, object, pc, sp, bp);
    {
        KEEP_ERRNO;
        if (!lock_table_find_kind(object, LOCK_KIND_SEMAPHORE))
            known_id(t, object, stack_memo_find(&t->memo, t, &call), &call);
    }
    if (is_signal(object))
        return wait_for_signal(t, object, call);
    int result = acquire_slow(&semaphore, object, pc, sp, bp);
    struct recording_held *held = result == 0 ? thread_holds(t, lock_table_find(object)) : NULL;
    if (held && !locks_at(held->lock)->proven)
        held->depth |= RECORDING_HELD_SAMPLED; /* its post is to be looked at */
    return result;
}

/* A cancellation point even when it does not wait. */
HOOK int sem_wait(sem_t *object) {
    if (__builtin_expect(hooks_cancelling, 0))
        pthread_testcancel();
    return as_status(acquire(&semaphore, object, NULL));
}

static int tried(sem_t *object, int result, const struct call_site *call) {
    struct thread *t = thread_now;
    if (result != 0 || !t)
        return result;
    if (thread_plain(t) && !lock_table_find_kind(object, LOCK_KIND_SEMAPHORE)) {
        KEEP_ERRNO;
        known_id(t, object, stack_memo_find(&t->memo, t, call), call);
    }
    if (!is_signal(object))
        return acquire_tried(&semaphore, object, result, call);
    t->slot->events[RECORDING_FAMILY_SEMAPHORE] += thread_plain(t);
    return result;
}

/* The interpreter tries each of its locks first, with the GIL held: then its functions can be asked for. */
static uint32_t python_tries(const sem_t *object, const struct call_site *call) {
    struct thread *t = thread_now;
    if (!t || !thread_plain(t))
        return 0;
    if (!python_api_now && !lock_table_find(object))
        python_look(t, call); /* it may have been loaded just now */
    return python_calls(call->pc) ? python_capture(t, object) : 0;
}

HOOK int sem_trywait(sem_t *object) {
    struct call_site call = CALL_SITE();
    call.python = python_tries(object, &call);
    int status = REAL(sem_trywait)(object);
    if (status == 0)
        tried(object, 0, &call);
    return status;
}

/* libc's sem_clockwait is one only when it waits. */
#define TIMED(clock, acts, real)                                                                             \
    struct call_site call = CALL_SITE();                                                                     \
    struct timed_wait wait;                                                                                  \
    int status;                                                                                              \
    if (acts && hooks_cancelling && acquire_is_time(clock, until))                                           \
        pthread_testcancel();                                                                                \
    call.python = python_waits_for(object, &call);                                                           \
    if (!acquire_timed_begins(&wait, &semaphore, object, clock, until, &call))                               \
        return as_status(tried(object, wait.result, &call));                                                 \
    pthread_cleanup_push(acquire_timed_ends, &wait);                                                         \
    status = real;                                                                                           \
    pthread_cleanup_pop(1);                                                                                  \
    if (status == 0)                                                                                         \
        tried(object, 0, &call);                                                                             \
    return status;

HOOK int sem_timedwait(sem_t *object, const struct timespec *until){
    TIMED(CLOCK_REALTIME, true, REAL(sem_timedwait)(object, until))}

HOOK int sem_clockwait(sem_t *object, clockid_t clock, const struct timespec *until) {
    TIMED(clock, false, REAL(sem_clockwait)(object, clock, until))
}

static void proves_lock(struct thread *t, uint32_t id) {
    struct lock *lock = locks_at(id);
    if (!lock || lock->proven)
        return;
    session_enter(t);
    lock->proven = true;
    locks_record_semaphore(id);
    if (!lock->shared && !lock->python)
        locks_flag(id, 0, LOCK_TABLE_WATCHED);
    findings_confirm(id);
    session_leave(t);
}

/* Posted by a thread that does not hold it, or for the first time. */
static __attribute__((noinline)) int post_otherwise(void *object, uint64_t pc, uint64_t sp, uint64_t bp) {
    const struct call_site call = {pc, sp, bp, 0};
    struct thread *t = hooks_thread();
    uint32_t id = lock_table_find_kind(object, LOCK_KIND_SEMAPHORE);
    bool full = t && (thread_plain(t) || hooks_mode(t, &call) == HOOK_FULL);
    if (full && is_signal(object)) {
        t->slot->events[RECORDING_FAMILY_SEMAPHORE]++;
    } else if (full && id) {
        KEEP_ERRNO;
        if (thread_holds(t, id))
            proves_lock(t, id);
        else
            becomes_signal(t, id);
    }
    int result = release_slow(&semaphore, object, pc, sp, bp);
    if (result == EOVERFLOW && full) {
        KEEP_ERRNO;
        struct stack_record *stack = stack_memo_find(&t->memo, t, &call);
        struct misuse_event origin = misuse_origin(id);
        misuse_report(t, FINDING_MISUSE_SEM_OVERFLOW, FINDING_ERROR, known_id(t, object, stack, &call),
                      LOCK_EXCLUSIVE, stack, &call, &origin);
    }
    return result;
}

/* After the call nothing of the semaphore may be touched: who was waiting may have destroyed it. */
HOOK int sem_post(sem_t *object) {
    return as_status(release(&semaphore, object, NULL, NULL));
}

HOOK int sem_init(sem_t *object, int shared, unsigned value) {
    struct call_site call = CALL_SITE();
    struct object_change change;
    call.python = python_tries(object, &call);
    object_init_begins(&change, object, LOCK_KIND_SEMAPHORE, &call);
    int status = REAL(sem_init)(object, shared, value);
    object_init_ends(&change, status, &call);
    if (change.lock)
        begins(&change, value, shared, python_calls(call.pc));
    return status;
}

HOOK int sem_destroy(sem_t *object) {
    struct call_site call = CALL_SITE();
    struct object_change change;
    object_destroy_begins(&change, object, LOCK_KIND_SEMAPHORE, &call);
    int status = REAL(sem_destroy)(object);
    object_destroy_ends(&change, status, &call);
    return status;
}

/* The same name gives the same address as long as it is open. */
HOOK sem_t *sem_open(const char *name, int flags, ...) {
    struct call_site call = CALL_SITE();
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    unsigned first = flags & O_CREAT ? va_arg(more, unsigned) : 0;
    va_end(more);
    sem_t *object = REAL(sem_open)(name, flags, mode, first);
    if (object == SEM_FAILED || lock_table_find_kind(object, LOCK_KIND_SEMAPHORE))
        return object;
    KEEP_ERRNO;
    struct object_change change;
    int value = 0;
    object_init_begins(&change, object, LOCK_KIND_SEMAPHORE, &call);
    object_init_ends(&change, sem_getvalue(object, &value), &call);
    if (change.lock)
        begins(&change, (unsigned)value, true, false);
    return object;
}

/* The last close unmaps it. */
HOOK int sem_close(sem_t *object) {
    struct thread *t = hooks_thread();
    int status = REAL(sem_close)(object);
    if (status == 0 && t && thread_plain(t) && !unwinder_readable((uint64_t)(uintptr_t)object)) {
        KEEP_ERRNO;
        locks_gone(t, object);
    }
    return status;
}
