/* mtx_*, cnd_* and thrd_*: glibc's are its pthread functions under internal names. */
#define _GNU_SOURCE
#include "interpose/acquire.h"
#include "interpose/hooks_cond.h"
#include "interpose/hooks_thread.h"
#include "interpose/objects.h"

/* The results of both worlds; which error it was, C11 does not say. */
static int to_errno(int result) {
    switch (result) {
    case thrd_success:
        return 0;
    case thrd_busy:
        return EBUSY;
    case thrd_timedout:
        return ETIMEDOUT;
    case thrd_nomem:
        return ENOMEM;
    default:
        return EINVAL;
    }
}

static int to_thrd(int result) {
    switch (result) {
    case 0:
        return thrd_success;
    case EBUSY:
        return thrd_busy;
    case ETIMEDOUT:
        return thrd_timedout;
    case ENOMEM:
        return thrd_nomem;
    default:
        return thrd_error;
    }
}

static int take_mtx(void *mutex) {
    return to_errno(REAL(mtx_lock)(mutex));
}

static int release_mtx(void *mutex) {
    return to_errno(REAL(mtx_unlock)(mutex));
}

static int lock_otherwise(void *mutex, uint64_t pc, uint64_t sp, uint64_t bp);
static int unlock_otherwise(void *mutex, uint64_t pc, uint64_t sp, uint64_t bp);

static const struct primitive mtx = {.kind = LOCK_KIND_MUTEX,
                                     .family = RECORDING_FAMILY_MUTEX,
                                     .mode = LOCK_EXCLUSIVE,
                                     .wait = WAIT_LOCK,
                                     .try_now = hooks_try_mutex,
                                     .take_free = hooks_take_free_mutex,
                                     .take = take_mtx,
                                     .release = release_mtx,
                                     .acquire_otherwise = lock_otherwise,
                                     .release_otherwise = unlock_otherwise,
                                     .answers = hooks_mutex_answers};

static __attribute__((noinline)) int lock_otherwise(void *mutex, uint64_t pc, uint64_t sp, uint64_t bp) {
    return acquire_slow(&mtx, mutex, pc, sp, bp);
}

static __attribute__((noinline)) int unlock_otherwise(void *mutex, uint64_t pc, uint64_t sp, uint64_t bp) {
    return release_slow(&mtx, mutex, pc, sp, bp);
}

HOOK int mtx_lock(mtx_t *mutex) {
    if (!real_c11_is_libc)
        return REAL(mtx_lock)(mutex);
    return to_thrd(acquire(&mtx, mutex, NULL));
}

HOOK int mtx_unlock(mtx_t *mutex) {
    if (!real_c11_is_libc)
        return REAL(mtx_unlock)(mutex);
    return to_thrd(release(&mtx, mutex, hooks_release_mutex, NULL));
}

HOOK int mtx_trylock(mtx_t *mutex) {
    struct call_site call = CALL_SITE();
    int result = REAL(mtx_trylock)(mutex);
    if (real_c11_is_libc)
        acquire_tried(&mtx, mutex, to_errno(result), &call);
    return result;
}

HOOK int mtx_timedlock(mtx_t *mutex, const struct timespec *until) {
    struct call_site call = CALL_SITE();
    struct timed_wait wait;
    if (!real_c11_is_libc)
        return REAL(mtx_timedlock)(mutex, until);
    if (!acquire_timed_begins(&wait, &hooks_mutex_limited, mutex, CLOCK_REALTIME, until, &call))
        return to_thrd(acquire_tried(&mtx, mutex, wait.result, &call));
    int result = REAL(mtx_timedlock)(mutex, until);
    acquire_timed_ends(&wait);
    acquire_tried(&mtx, mutex, to_errno(result), &call);
    return result;
}

/* Around the init or destroy call of an object that may be another library's. */
#define INIT(object, kind, real)                                                                             \
    struct call_site call = CALL_SITE();                                                                     \
    struct object_change change;                                                                             \
    if (!real_c11_is_libc)                                                                                   \
        return real;                                                                                         \
    object_init_begins(&change, object, kind, &call);                                                        \
    int result = real;                                                                                       \
    object_init_ends(&change, to_errno(result), &call);                                                      \
    return result;

#define DESTROY(object, kind, real)                                                                          \
    struct call_site call = CALL_SITE();                                                                     \
    struct object_change change;                                                                             \
    if (real_c11_is_libc)                                                                                    \
        object_destroy_begins(&change, object, kind, &call);                                                 \
    real;                                                                                                    \
    if (real_c11_is_libc)                                                                                    \
        object_destroy_ends(&change, 0, &call);

HOOK int mtx_init(mtx_t *mutex, int type){INIT(mutex, LOCK_KIND_MUTEX, REAL(mtx_init)(mutex, type))}

HOOK void mtx_destroy(mtx_t *mutex){DESTROY(mutex, LOCK_KIND_MUTEX, REAL(mtx_destroy)(mutex))}

HOOK int cnd_init(cnd_t *cond){INIT(cond, LOCK_KIND_CONDITION, REAL(cnd_init)(cond))}

HOOK void cnd_destroy(cnd_t *cond){DESTROY(cond, LOCK_KIND_CONDITION, REAL(cnd_destroy)(cond))}

#define WAIT(timed, real)                                                                                    \
    struct call_site call = CALL_SITE();                                                                     \
    struct cond_wait wait;                                                                                   \
    int result;                                                                                              \
    if (!real_c11_is_libc)                                                                                   \
        return real;                                                                                         \
    cond_begin(&wait, (void *)cond, (void *)mutex, timed, &call);                                            \
    pthread_cleanup_push(cond_end, &wait);                                                                   \
    result = real;                                                                                           \
    pthread_cleanup_pop(1);                                                                                  \
    return result;

HOOK int cnd_wait(cnd_t *cond, mtx_t *mutex){WAIT(false, REAL(cnd_wait)(cond, mutex))}

HOOK int cnd_timedwait(cnd_t *cond, mtx_t *mutex,
                       const struct timespec *until){WAIT(true, REAL(cnd_timedwait)(cond, mutex, until))}

HOOK int cnd_signal(cnd_t *cond) {
    const struct call_site call = CALL_SITE();
    if (real_c11_is_libc)
        cond_woken(cond, false, &call);
    return REAL(cnd_signal)(cond);
}

HOOK int cnd_broadcast(cnd_t *cond) {
    const struct call_site call = CALL_SITE();
    if (real_c11_is_libc)
        cond_woken(cond, true, &call);
    return REAL(cnd_broadcast)(cond);
}

/* Runs in the new thread. */
static int run_thread(void *argument) {
    struct thread *t = argument;
    struct thread_start start = thread_begins(t);
    int value;
    pthread_cleanup_push(thread_ends, t);
    value = start.routine_c11(start.argument);
    pthread_cleanup_pop(1);
    return value;
}

HOOK int thrd_create(thrd_t *handle, thrd_start_t routine, void *argument) {
    struct call_site call = CALL_SITE();
    struct thread_start start = {.routine_c11 = routine, .argument = argument};
    struct thread *created = real_c11_is_libc ? thread_creation_begins(NULL, start, &call) : NULL;
    if (!created)
        return REAL(thrd_create)(handle, routine, argument);
    int result = REAL(thrd_create)(handle, run_thread, created);
    if (result != thrd_success)
        thread_creation_failed(created);
    return result;
}

HOOK int thrd_join(thrd_t handle, int *value) {
    struct call_site call = CALL_SITE();
    struct join join;
    int result;
    if (!real_c11_is_libc)
        return REAL(thrd_join)(handle, value);
    join_begin(&join, handle, false, &call);
    pthread_cleanup_push(join_over, &join);
    result = REAL(thrd_join)(handle, value);
    join_ended(&join, handle, to_errno(result), &call);
    pthread_cleanup_pop(0);
    return result;
}

HOOK int thrd_detach(thrd_t handle) {
    struct call_site call = CALL_SITE();
    if (!real_c11_is_libc)
        return REAL(thrd_detach)(handle);
    detach_begin(handle, &call);
    int result = REAL(thrd_detach)(handle);
    detach_ended(handle, to_errno(result), &call);
    return result;
}

HOOK void thrd_exit(int value) {
    if (real_c11_is_libc)
        thread_exits();
    REAL(thrd_exit)(value);
    __builtin_unreachable();
}
