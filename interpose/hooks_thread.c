/* pthread_create, join and detach; the library's own start and end; dlclose. */
#define _GNU_SOURCE
#include "interpose/hooks_thread.h"

#include "interpose/hooks_syscall.h"
#include "interpose/locks.h"
#include "interpose/misuse.h"
#include "interpose/raw.h"
#include "interpose/threads.h"

static size_t default_stack_size = 8u << 20;

/* The destructors of thread-specific data may still unlock what the thread holds, and wake those that wait
 * for it. They run in rounds while there is data, PTHREAD_DESTRUCTOR_ITERATIONS at most; ours asks for all of
 * them, and what is held in the last is left behind. */
static pthread_key_t last_round;
static bool have_last_round;

static void thread_gone(struct thread *t) {
    if (t->slot->held_count)
        misuse_exit_holding(t);
    waits_thread_gone(t);
}

static void count_rounds(void *argument) {
    KEEP_ERRNO;
    struct thread *t = argument;
    if (++t->rounds < 4 /* PTHREAD_DESTRUCTOR_ITERATIONS */)
        pthread_setspecific(last_round, t);
    else
        thread_gone(t);
}

void thread_ends(void *argument) {
    KEEP_ERRNO;
    struct thread *t = argument;
    threads_end(t);
    if (!have_last_round || pthread_setspecific(last_round, t) != 0)
        thread_gone(t);
}

/* Runs in the new thread. The cleanup also runs when the thread is cancelled or calls pthread_exit. */
static void *run_thread(void *argument) {
    struct thread *t = argument;
    struct thread_start start = thread_begins(t);
    void *value;
    pthread_cleanup_push(thread_ends, t);
    value = start.routine(start.argument);
    pthread_cleanup_pop(1);
    return value;
}

struct thread *thread_creation_begins(const pthread_attr_t *attributes, struct thread_start start,
                                      const struct call_site *call) {
    struct thread *t = hooks_thread();
    if (!t || (!thread_plain(t) && hooks_mode(t, call) != HOOK_FULL))
        return NULL;
    KEEP_ERRNO;
    t->slot->events[RECORDING_FAMILY_THREAD]++;
    struct thread *created = threads_created(t, stack_memo_find(&t->memo, t, call), call);
    if (!created)
        return NULL;
    struct thread_start *kept = (struct thread_start *)thread_scratch(created, sizeof *kept);
    if (!kept) {
        threads_not_created(t, created);
        return NULL;
    }
    int detached = PTHREAD_CREATE_JOINABLE;
    size_t stack_size = default_stack_size;
    if (attributes) {
        pthread_attr_getdetachstate(attributes, &detached);
        pthread_attr_getstacksize(attributes, &stack_size);
    }
    created->stack_size = stack_size;
    created->detached = detached == PTHREAD_CREATE_DETACHED;
    *kept = start;
    return created;
}

void thread_creation_failed(struct thread *created) {
    KEEP_ERRNO;
    threads_not_created(thread_now, created);
}

struct thread_start thread_begins(struct thread *created) {
    struct thread_start start = *(struct thread_start *)created->scratch;
    threads_begin(created);
    return start;
}

HOOK int pthread_create(pthread_t *handle, const pthread_attr_t *attributes, void *(*routine)(void *),
                        void *argument) {
    struct call_site call = CALL_SITE();
    struct thread_start start = {.routine = routine, .argument = argument};
    struct thread *created = thread_creation_begins(attributes, start, &call);
    if (!created)
        return REAL(pthread_create)(handle, attributes, routine, argument);
    int result = REAL(pthread_create)(handle, attributes, run_thread, created);
    if (result != 0)
        thread_creation_failed(created);
    return result;
}

void join_over(void *argument) {
    struct join *join = argument;
    KEEP_ERRNO;
    if (join->thread)
        waits_over(join->thread, &join->wait);
    if (join->pending)
        threads_not_joined(thread_now, join->joined);
    join->pending = false;
    join->thread = NULL;
}

/* What is to be joined or detached cannot be: the caller itself, or a thread that is detached already. */
static void refused(struct thread *t, uint64_t handle, int result, const struct call_site *call) {
    if (result != EINVAL && result != EDEADLK && result != ESRCH)
        return;
    KEEP_ERRNO;
    session_enter(t);
    struct thread *target = threads_with_handle(handle);
    uint32_t life = target ? locks_of_life(target) : 0;
    struct misuse_event created = {0};
    if (target)
        created = (struct misuse_event){.thread = target->creator, .stack = target->created_stack};
    session_leave(t);
    if (life)
        misuse_report(t, FINDING_MISUSE_BAD_JOIN, FINDING_ERROR, life, LOCK_EXCLUSIVE,
                      stack_memo_find(&t->memo, t, call), call, &created);
}

void join_begin(struct join *join, pthread_t handle, bool timed, const struct call_site *call) {
    struct thread *t = hooks_thread();
    *join = (struct join){0};
    if (!t || (!thread_plain(t) && hooks_mode(t, call) != HOOK_FULL))
        return;
    KEEP_ERRNO;
    t->slot->events[RECORDING_FAMILY_THREAD]++;
    struct thread *target = threads_by_handle(t, (uint64_t)handle, true);
    if (!target)
        return;
    if (target == t) { /* libc refuses to join oneself */
        threads_not_joined(t, t->id);
        return;
    }
    join->joined = target->id;
    join->pending = true;
    join->stack = stack_memo_find(&t->memo, t, call);
    if (!timed && t->slot->held_count && !target->ended) {
        session_enter(t);
        uint32_t life = locks_of_life(target);
        session_leave(t);
        misuse_wait_holding(t, life, join->stack, 0, call);
    }
    join->wait = (struct wait){.kind = WAIT_JOIN, .target = target->id, .timed = timed, .stack = join->stack};
    waits_begin(t, &join->wait, call);
    join->thread = t;
}

void join_ended(struct join *join, pthread_t handle, int result, const struct call_site *call) {
    struct thread *t = join->thread ? join->thread : thread_now;
    join->pending = join->pending && result != 0;
    join_over(join);
    if (result == 0 && join->joined) {
        KEEP_ERRNO;
        threads_joined(t, join->joined);
    } else if (t && thread_plain(t)) {
        refused(t, (uint64_t)handle, result, call);
    }
}

#define JOIN(timed, real)                                                                                    \
    struct call_site call = CALL_SITE();                                                                     \
    struct join join;                                                                                        \
    int result;                                                                                              \
    join_begin(&join, handle, timed, &call);                                                                 \
    pthread_cleanup_push(join_over, &join);                                                                  \
    result = real;                                                                                           \
    join_ended(&join, handle, result, &call);                                                                \
    pthread_cleanup_pop(0);                                                                                  \
    return result;

HOOK int pthread_join(pthread_t handle, void **value){JOIN(false, REAL(pthread_join)(handle, value))}

HOOK int pthread_tryjoin_np(pthread_t handle,
                            void **value){JOIN(true, REAL(pthread_tryjoin_np)(handle, value))}

HOOK int pthread_timedjoin_np(pthread_t handle, void **value, const struct timespec *until){
    JOIN(true, REAL(pthread_timedjoin_np)(handle, value, until))}

HOOK int pthread_clockjoin_np(pthread_t handle, void **value, clockid_t clock, const struct timespec *until) {
    JOIN(true, REAL(pthread_clockjoin_np)(handle, value, clock, until))
}

void thread_exits(void) {
    struct thread *t = thread_now;
    if (t && t->creator == 0 && !t->ended)
        thread_ends(t);
}

HOOK void pthread_exit(void *value) {
    thread_exits();
    REAL(pthread_exit)(value);
    __builtin_unreachable();
}

HOOK int pthread_cancel(pthread_t handle) {
    struct call_site call = CALL_SITE();
    struct thread *t = thread_now;
    hooks_cancelling = true;
    if (t && (thread_plain(t) || hooks_mode(t, &call) == HOOK_FULL)) {
        KEEP_ERRNO;
        threads_cancelled(t, (uint64_t)handle);
    }
    return REAL(pthread_cancel)(handle);
}

void detach_begin(pthread_t handle, const struct call_site *call) {
    struct thread *t = hooks_thread();
    struct thread *target = NULL;
    if (t && (thread_plain(t) || hooks_mode(t, call) == HOOK_FULL)) {
        KEEP_ERRNO;
        target = threads_by_handle(t, (uint64_t)handle, false);
    }
    if (target)
        target->detached = true;
}

void detach_ended(pthread_t handle, int result, const struct call_site *call) {
    struct thread *t = thread_now;
    if (result != 0 && t && thread_plain(t))
        refused(t, (uint64_t)handle, result, call);
}

HOOK int pthread_detach(pthread_t handle) {
    struct call_site call = CALL_SITE();
    detach_begin(handle, &call);
    int result = REAL(pthread_detach)(handle);
    detach_ended(handle, result, &call);
    return result;
}

HOOK int dlclose(void *library) {
    struct call_site call = CALL_SITE();
    int result = REAL(dlclose)(library);
    struct thread *t = thread_now;
    if (t && (thread_plain(t) || hooks_mode(t, &call) == HOOK_FULL)) {
        KEEP_ERRNO;
        session_modules_changed(t);
        futex_users_start();
    }
    return result;
}

__attribute__((constructor)) static void start(void) {
    KEEP_ERRNO;
    real_start();
    have_last_round = pthread_key_create(&last_round, count_rounds) == 0;
    pthread_attr_t defaults;
    if (pthread_getattr_default_np(&defaults) == 0) {
        pthread_attr_getstacksize(&defaults, &default_stack_size);
        pthread_attr_destroy(&defaults);
    }
    session_start();
}

__attribute__((destructor)) static void end(void) {
    KEEP_ERRNO;
    session_end();
}
