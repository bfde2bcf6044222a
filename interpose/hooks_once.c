/* pthread_once and call_once: an init routine under way is a lock that its thread holds. */
#define _GNU_SOURCE
#include "interpose/acquire.h"
#include "interpose/ordering.h"

#define DONE 2 /* in glibc's control word, and in musl's */

/* One call, in the frame of its hook. The routine has no argument: run() finds the call by its thread. */
struct once_call {
    struct once_call *outer; /* that this one, in a signal handler, has interrupted */
    void *control;
    void (*routine)(void);
    uint32_t id;
    bool waits;
    struct stack_record *stack;
    const struct call_site *site;
    struct wait wait;
    struct profile_wait profile;
};

static int nothing(void *control) {
    (void)control;
    return 0;
}

static const struct primitive once = {.kind = LOCK_KIND_ONCE,
                                      .family = RECORDING_FAMILY_OTHER,
                                      .mode = LOCK_EXCLUSIVE,
                                      .wait = WAIT_LOCK,
                                      .release = nothing};

/* The routine has ended, or an exception, a cancellation or pthread_exit has left it. */
static void release_once(void *control) {
    KEEP_ERRNO;
    uint64_t here = (uint64_t)__builtin_frame_address(0);
    release_slow(&once, control, 0, here, here);
}

/* ---- leaving the routine otherwise than by its end ---- */

/* What a personality routine is given (Itanium C++ ABI, Exception Handling, 1.6). */
enum { CLEANUP_PHASE = 2, CONTINUE_UNWIND = 8 };

/* A linker that leaves unused sections out does not look into unwind tables: what is named only there stays
 * with the function that it is for. */
#define RUN_SECTION __attribute__((section(".text.once_run")))

/* The unwinder calls it for each frame of run() that it leaves. It needs no landing pad, which would link
 * libgcc_s. The innermost routine under way is the one. */
static __attribute__((used)) RUN_SECTION int once_unwound(int version, int actions, uint64_t class,
                                                          void *exception, void *context) {
    struct thread *t = hooks_thread();
    (void)version, (void)class, (void)exception, (void)context;
    if (!(actions & CLEANUP_PHASE) || !t)
        return CONTINUE_UNWIND;
    for (uint32_t n = t->slot->held_count; n--;) {
        const struct lock *lock = locks_at(t->held[n].lock);
        if (lock && lock->kind == LOCK_KIND_ONCE) {
            release_once((void *)(uintptr_t)lock->address);
            break;
        }
    }
    return CONTINUE_UNWIND;
}

/* ---- running it ---- */

/* This thread, and no other, runs the routine: it waits no longer. */
static void begin_run(struct once_call *call) {
    KEEP_ERRNO;
    struct thread *t = thread_now;
    t->once = call->outer;
    if (call->waits)
        waits_over(t, &call->wait);
    call->waits = false;
    struct recording_held *held =
        acquire_account(t, call->id, LOCK_EXCLUSIVE, call->control, call->stack, call->site);
    acquire_note(t, RECORDING_FAMILY_OTHER, call->id, held, call->stack, call->site);
}

static void end_run(uint32_t id, void *control) {
    struct lock *lock = locks_at(id);
    if (lock)
        __atomic_store_n(&lock->word, DONE, __ATOMIC_RELAXED);
    release_once(control);
}

static __attribute__((noinline)) RUN_SECTION void run(void) {
    /* 0x1b: four bytes, relative to where they are. */
    __asm__ volatile(".cfi_personality 0x1b, once_unwound");
    struct once_call *call = thread_now->once;
    void *control = call->control;
    uint32_t id = call->id;
    begin_run(call);
    call->routine();
    end_run(id, control);
}

/* ---- the calls ---- */

/* What is held by this account, but not in truth: the routine was left by a longjmp, and the control made
 * new. */
static void drop_stale(struct thread *t, const void *control, uint32_t id) {
    struct recording_held *held = thread_holds(t, id);
    if (held && real_once_is_libc && __atomic_load_n((const int *)control, __ATOMIC_RELAXED) == 0)
        thread_remove(t, held);
}

static bool begin(struct once_call *once_call, void *control, void (*routine)(void),
                  const struct call_site *site) {
    struct thread *t = hooks_thread();
    if (!t || (!thread_plain(t) && hooks_mode(t, site) != HOOK_FULL))
        return false;
    KEEP_ERRNO;
    t->slot->events[RECORDING_FAMILY_OTHER]++;
    struct stack_record *stack = stack_memo_find(&t->memo, t, site);
    uint32_t id = acquire_id(t, control, LOCK_KIND_ONCE, stack, site);
    drop_stale(t, control, id);
    *once_call = (struct once_call){
        .outer = t->once,
        .control = control,
        .routine = routine,
        .id = id,
        .waits = true,
        .stack = stack,
        .site = site,
        .wait = {
            .kind = WAIT_LOCK, .target = id, .mode = LOCK_EXCLUSIVE, .address = control, .stack = stack}};
    once_call->profile = profile_wait_begins(id);
    /* Whether it will wait is only known when it does. Nobody holds it while nobody runs it. */
    waits_begin(t, &once_call->wait, site);
    if (!thread_holds(t, id))
        acquire_order(t, id, LOCK_EXCLUSIVE, stack, site);
    t->once = once_call;
    return true;
}

/* Another thread has run it, or this one has. */
static void end(struct once_call *call) {
    struct thread *t = thread_now;
    if (!t || !call->waits)
        return;
    KEEP_ERRNO;
    t->once = call->outer;
    uint32_t stack = t->slot->wait_stack;
    uint64_t ns = waits_over(t, &call->wait);
    profile_waited(t, call->id, LOCK_EXCLUSIVE, &call->profile, ns, stack);
}

/* Whether nobody will wait for the routine, nor run it. */
static inline __attribute__((always_inline)) bool is_done(const void *control) {
    if (__builtin_expect(real_once_is_libc, 1))
        return __atomic_load_n((const int *)control, __ATOMIC_ACQUIRE) == DONE;
    const struct lock *lock = locks_at(lock_table_find_kind(control, LOCK_KIND_ONCE));
    return lock && __atomic_load_n(&lock->word, __ATOMIC_RELAXED) == DONE;
}

/* A routine that has ended might as well have been under way. That matters if it wanted anything. */
static __attribute__((noinline)) void order_done(const void *control, const struct call_site *site) {
    struct thread *t = thread_now;
    uint32_t id = lock_table_find_kind(control, LOCK_KIND_ONCE);
    const struct lock *lock = locks_at(id);
    if (!lock || !lock->recorded || !session_threaded || !thread_plain(t))
        return;
    uint64_t sum = thread_held_sum(t->held, t->slot->held_count);
    uint64_t key = thread_seen_key(t, sum, id, LOCK_EXCLUSIVE);
    if (thread_seen(t, key) || ordering_known(t, id, LOCK_EXCLUSIVE, key))
        return;
    KEEP_ERRNO;
    ordering_add(t, id, LOCK_EXCLUSIVE, stack_memo_find(&t->memo, t, site), site, key);
}

static inline __attribute__((always_inline)) void look_at_done(const void *control,
                                                               const struct call_site site) {
    struct thread *t = thread_now;
    if (__builtin_expect(t && t->slot->held_count, 0))
        order_done(control, &site);
}

static __attribute__((noinline)) int call_pthread(pthread_once_t *control, void (*routine)(void),
                                                  const struct call_site *site) {
    struct once_call call;
    if (!begin(&call, control, routine, site))
        return REAL(pthread_once)(control, routine);
    int result = REAL(pthread_once)(control, run);
    end(&call);
    return result;
}

static __attribute__((noinline)) void call_c11(once_flag *flag, void (*routine)(void),
                                               const struct call_site *site) {
    struct once_call call;
    if (!begin(&call, flag, routine, site)) {
        REAL(call_once)(flag, routine);
        return;
    }
    REAL(call_once)(flag, run);
    end(&call);
}

HOOK int pthread_once(pthread_once_t *control, void (*routine)(void)) {
    if (__builtin_expect(is_done(control), 1)) {
        look_at_done(control, CALL_SITE());
        return real_once_is_libc ? 0 : REAL(pthread_once)(control, routine);
    }
    struct call_site site = CALL_SITE();
    return call_pthread(control, routine, &site);
}

HOOK void call_once(once_flag *flag, void (*routine)(void)) {
    if (__builtin_expect(is_done(flag), 1)) {
        look_at_done(flag, CALL_SITE());
        if (!real_once_is_libc)
            REAL(call_once)(flag, routine);
        return;
    }
    struct call_site site = CALL_SITE();
    call_c11(flag, routine, &site);
}

ALIAS(pthread_once, __pthread_once)
