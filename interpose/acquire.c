#include "interpose/acquire.h"

#include "interpose/findings.h"
#include "interpose/handlers.h"
#include "interpose/misuse.h"
#include "interpose/ordering.h"
#include "interpose/python.h"
#include "interpose/threads.h"

uint32_t acquire_id(struct thread *t, const void *object, uint32_t kind, struct stack_record *stack,
                    const struct call_site *call) {
    uint32_t id = lock_table_find_kind(object, kind);
    if (__builtin_expect(id != 0, 1))
        return id;
    id = locks_id(t, object, kind, stack, call);
    if (id && locks_destroyed(object))
        misuse_use_destroyed(t, object, kind, id, stack, call);
    return id;
}

struct recording_held *acquire_account(struct thread *t, uint32_t id, uint32_t mode, const void *object,
                                       struct stack_record *stack, const struct call_site *call) {
    struct recording_held *held = thread_holds(t, id);
    if (held) {
        held->depth++;
        return held;
    }
    uint32_t count = t->slot->held_count;
    thread_push(t, id, mode, object, call->pc - 1, stack);
    held = t->slot->held_count > count ? &t->held[count] : NULL;
    if (__builtin_expect(call->python != 0, 0) && held && stack)
        held->stack = python_stack(t, stack, call->python, call);
    return held;
}

void acquire_only_account(struct thread *t, const struct primitive *p, const void *object,
                          const struct call_site *call) {
    uint64_t known = lock_table_get(object);
    if (lock_table_is(known, p->kind) && !(known & LOCK_TABLE_SIGNAL))
        acquire_account(t, (uint32_t)known, p->mode, object, NULL, call);
}

/* A lock that other processes may ask about: if this one is killed, nobody can say any more where it was
 * taken. */
static void settle_shared(struct thread *t, uint32_t id, struct recording_held *held,
                          const struct call_site *call) {
    const struct lock *lock = locks_at(id);
    if (!lock || !lock->shared || held->stack || !thread_record(held))
        return;
    held->stack = stack_memo_resolved(thread_record(held), thread_certain(held), call);
    if (held->stack)
        return;
    session_enter(t);
    thread_settle(t, held, call);
    session_leave(t);
}

/* The lock of a Python thread's life: who gets it after that thread knows that it has ended. */
static void note_life(struct thread *t, uint32_t id, const struct call_site *call) {
    struct lock *lock = locks_at(id);
    if (!lock || !lock->python)
        return;
    if (call->python && !lock->life_of && python_begins(t)) {
        lock->life_of = t->id;
    } else if (lock->life_of && lock->life_of != t->id) {
        threads_known_ended(t, lock->life_of);
        lock->life_of = 0;
    }
}

void acquire_note(struct thread *t, uint32_t family, uint32_t id, struct recording_held *held,
                  struct stack_record *stack, const struct call_site *call) {
    if (!held || held->depth != 1)
        return;
    if (t->slot->events[family] > t->sample_at[family])
        profile_sample(t, id, held);
    if (handlers_matter(id, stack))
        handlers_note(t, id, held, stack, false, call);
    settle_shared(t, id, held, call);
    note_life(t, id, call);
}

struct contended {
    struct thread *thread;
    struct wait wait;
};

static void contended_over(void *argument) {
    struct contended *c = argument;
    if (c->thread)
        waits_over(c->thread, &c->wait);
}

/* A robust mutex comes here untried: whether it is free, glibc's word says. */
static bool is_free_robust(uint32_t id, const void *object) {
#ifdef __GLIBC__
    const struct lock *lock = locks_at(id);
    return lock && lock->robust && lock->kind == LOCK_KIND_MUTEX &&
           !(__atomic_load_n(&((const pthread_mutex_t *)object)->__data.__lock, __ATOMIC_RELAXED) &
             0x3fffffff);
#else
    (void)id, (void)object;
    return false;
#endif
}

int acquire_contended(struct thread *t, const struct primitive *p, void *object, uint32_t id,
                      struct stack_record *stack, uint64_t key, const struct call_site *call) {
    struct contended c = {
        t, {.kind = p->wait, .target = id, .mode = p->mode, .address = object, .stack = stack}};
    bool profiled = !is_free_robust(id, object);
    struct profile_wait profile = profile_wait_begins(id);
    uint32_t wait_stack;
    int result;
    {
        KEEP_ERRNO;
        waits_begin(t, &c.wait, call);
        if (key)
            ordering_add(t, id, p->mode, stack, call, key);
        wait_stack = t->slot->wait_stack;
    }
    pthread_cleanup_push(contended_over, &c); /* some of these are cancellation points */
    result = p->take(object);
    pthread_cleanup_pop(0);
    KEEP_ERRNO;
    uint64_t ns = waits_over(t, &c.wait);
    if (profiled)
        profile_waited(t, id, p->mode, &profile, ns, wait_stack);
    if (acquired(result)) {
        struct recording_held *held = acquire_account(t, id, p->mode, object, stack, call);
        acquire_note(t, p->family, id, held, stack, call);
    } else if (result == EDEADLK) {
        misuse_relock(t, id, p->mode, stack, call);
    }
    return result;
}

/* A lock of a kind that lets its readers wait for writers: a second read lock may wait for ever, and a writer
 * that holds nothing else can be the reason. */
static uint64_t watched_key(struct thread *t, uint32_t id, uint32_t mode, bool again) {
    const struct lock *lock = locks_at(id);
    bool matters = lock && lock->prefers_writers && (again ? mode == LOCK_SHARED : mode == LOCK_EXCLUSIVE);
    return matters ? thread_seen_key(t, again ? ~(uint64_t)0 : 0, id, mode) : 0;
}

/* Whether the order may matter: one thread alone has orders only with other processes (gordian merge). */
static bool order_matters(uint32_t id) {
    const struct lock *lock = session_threaded ? NULL : locks_at(id);
    return session_threaded || (lock && (lock->shared || lock->kind == LOCK_KIND_FILE));
}

/* The key of the dependency that this acquisition is, 0 when there is nothing new to say. */
static uint64_t dependency_key(struct thread *t, uint32_t id, uint32_t mode, bool again) {
    uint32_t count = t->slot->held_count;
    uint64_t key = again || !count ? watched_key(t, id, mode, again)
                                   : thread_seen_key(t, thread_held_sum(t->held, count), id, mode);
    if (!key)
        return 0;
    if (!order_matters(id))
        thread_mark_seen(t, key); /* until there is a second thread */
    bool known = thread_seen(t, key) || (!again && count && ordering_known(t, id, mode, key));
    return known ? 0 : key;
}

void acquire_order(struct thread *t, uint32_t id, uint32_t mode, struct stack_record *stack,
                   const struct call_site *call) {
    if (!t->slot->held_count || !order_matters(id))
        return;
    uint64_t key = thread_seen_key(t, thread_held_sum(t->held, t->slot->held_count), id, mode);
    if (!thread_seen(t, key) && !ordering_known(t, id, mode, key))
        ordering_add(t, id, mode, stack, call, key);
}

/* The normal case without the shortcuts. */
static int acquire_full(struct thread *t, const struct primitive *p, void *object,
                        const struct call_site *call) {
    struct stack_record *stack;
    uint32_t id;
    uint64_t key;
    {
        KEEP_ERRNO;
        stack = stack_memo_find(&t->memo, t, call);
        id = acquire_id(t, object, p->kind, stack, call);
    }
    struct recording_held *held = thread_holds(t, id);
    key = dependency_key(t, id, p->mode, held != NULL);
    int result = held && p->answers && p->answers(object, held) ? p->take(object) : p->try_now(object);
    if (result == EBUSY)
        return acquire_contended(t, p, object, id, stack, key, call);
    KEEP_ERRNO;
    if (acquired(result)) {
        if (key)
            ordering_add(t, id, p->mode, stack, call, key);
        held = acquire_account(t, id, p->mode, object, stack, call);
        acquire_note(t, p->family, id, held, stack, call);
    } else if (result == EDEADLK) {
        misuse_relock(t, id, p->mode, stack, call);
    }
    return result;
}

/* A recursive lock: nothing is new but the depth. */
int acquire_again(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp) {
    struct thread *t = thread_now;
    struct recording_held *last = &t->held[t->slot->held_count - 1];
    if (!last->lock || last->mode != p->mode || !p->answers(object, last))
        return acquire_slow(p, object, pc, sp, bp);
    t->slot->events[p->family]++;
    int result = p->take(object);
    if (result == 0) {
        last->depth++;
    } else if (result == EDEADLK) {
        const struct call_site call = {pc, sp, bp, 0};
        KEEP_ERRNO;
        misuse_relock(t, last->lock, p->mode, stack_memo_find(&t->memo, t, &call), &call);
    }
    return result;
}

int acquire_slow(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp) {
    struct call_site call = {pc, sp, bp, 0};
    struct thread *t = hooks_thread();
    if (!t)
        return p->take(object);
    if (p->kind == LOCK_KIND_SEMAPHORE && python_calls(pc))
        call.python = python_last(t, object);
    enum hook_mode mode = thread_plain(t) ? HOOK_FULL : hooks_mode(t, &call);
    if (mode == HOOK_FULL) {
        t->slot->events[p->family]++;
        return acquire_full(t, p, object, &call);
    }
    int result = p->take(object);
    if (mode == HOOK_ACCOUNT && acquired(result))
        acquire_only_account(t, p, object, &call);
    return result;
}

/* All of this acquisition is known: the record says so from here on. */
static void remember(const struct thread *t, struct stack_record *record, const struct primitive *p,
                     const void *object, const uint64_t *entry, uint64_t value, uint32_t count) {
    uint64_t before = count ? thread_held_sum(t->held, count) : 0;
    record->known_object = (uint64_t)(uintptr_t)object;
    record->known_count = count;
    record->known_entry = entry;
    record->known_value = value;
    record->known_salt = t->seen_salt;
    record->known_before = before;
    record->known_after = before + thread_hash((uint32_t)value, p->mode);
    record->known_lock = (uint64_t)p->mode << 32 | (uint32_t)value;
    record->known_manner = ACQUIRE_MANNER(p);
}

int acquire_looked_up(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp) {
    const struct call_site call = {pc, sp, bp, 0};
    struct thread *t = thread_now;
    uint32_t count = t->slot->held_count;
    if (p->answers && acquire_is_last(t, object))
        return acquire_again(p, object, pc, sp, bp);
    const uint64_t *entry = lock_table_place(object);
    uint64_t known = entry ? __atomic_load_n(entry, __ATOMIC_RELAXED) : 0,
             bare = known ^ lock_table_kind(p->kind);
    struct stack_record *record = stack_memo_known(&t->memo, &call);
    /* What is held already is never marked as seen. */
    if (!record || bare - 1 >= 0xffffffffu || count >= t->held_capacity || profile_due(t, p->family) ||
        (count &&
         !thread_seen(t, thread_seen_key(t, thread_held_sum(t->held, count), (uint32_t)known, p->mode))))
        return p->acquire_otherwise(object, pc, sp, bp);
    t->slot->events[p->family]++;
    remember(t, record, p, object, entry, known, count);
    uint32_t evicted = t->memo.evicted;
    if (__builtin_expect(!p->take_free(t, object), 0))
        return acquire_not_free(p, object, pc, sp, bp);
    if (__builtin_expect(t->memo.evicted != evicted, 0))
        return acquire_tried_known(p, object, 0, pc, sp, bp);
    thread_push_known(t, record);
    return 0;
}

int acquire_tried_known(const struct primitive *p, void *object, int result, uint64_t pc, uint64_t sp,
                        uint64_t bp) {
    const struct call_site call = {pc, sp, bp, 0};
    struct thread *t = thread_now;
    if (result != EBUSY && !acquired(result))
        return result;
    struct stack_record *stack = stack_memo_find(&t->memo, t, &call);
    uint32_t id = acquire_id(t, object, p->kind, stack, &call);
    if (result == EBUSY)
        return acquire_contended(t, p, object, id, stack, 0, &call);
    acquire_account(t, id, p->mode, object, stack, &call);
    return result;
}

int acquire_not_free(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp) {
    return acquire_tried_known(p, object, p->try_now(object), pc, sp, bp);
}

bool acquire_is_time(clockid_t clock, const struct timespec *until) {
    return (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC) && until && until->tv_nsec >= 0 &&
           until->tv_nsec < 1000000000;
}

bool acquire_timed_begins(struct timed_wait *timed, const struct primitive *p, void *object, clockid_t clock,
                          const struct timespec *until, const struct call_site *call) {
    struct thread *t = hooks_thread();
    timed->thread = NULL;
    if (!t || !thread_plain(t) || !acquire_is_time(clock, until))
        return true;
    struct recording_held *held = thread_holds(t, lock_table_find_kind(object, p->kind));
    if (held && p->answers && p->answers(object, held))
        return true;
    timed->result = real_is_libc ? p->try_now(object) : EBUSY;
    if (timed->result != EBUSY)
        return false;
    KEEP_ERRNO;
    struct stack_record *stack = stack_memo_find(&t->memo, t, call);
    timed->lock = acquire_id(t, object, p->kind, stack, call);
    timed->wait = (struct wait){.kind = p->wait,
                                .target = timed->lock,
                                .mode = p->mode,
                                .timed = true,
                                .address = object,
                                .stack = stack};
    timed->profile = profile_wait_begins(timed->lock);
    waits_begin(t, &timed->wait, call);
    timed->thread = t;
    return true;
}

void acquire_timed_ends(void *argument) {
    struct timed_wait *timed = argument;
    struct thread *t = timed->thread;
    if (!t)
        return;
    KEEP_ERRNO;
    uint32_t stack = t->slot->wait_stack;
    uint64_t ns = waits_over(t, &timed->wait);
    profile_waited(t, timed->lock, timed->wait.mode, &timed->profile, ns, stack);
    timed->thread = NULL;
}

int acquire_tried(const struct primitive *p, void *object, int result, const struct call_site *call) {
    struct thread *t = hooks_thread();
    if (t && (result == EBUSY || result == ETIMEDOUT)) {
        KEEP_ERRNO;
        misuse_fork_lost(t, object, p->kind, p->mode, call);
    } else if (t && result == EINVAL && thread_plain(t) && locks_destroyed(object)) {
        KEEP_ERRNO;
        acquire_id(t, object, p->kind, stack_memo_find(&t->memo, t, call), call);
    }
    if (!t || !acquired(result))
        return result;
    if (!thread_plain(t)) {
        enum hook_mode mode = hooks_mode(t, call);
        if (mode == HOOK_ACCOUNT)
            acquire_only_account(t, p, object, call);
        if (mode != HOOK_FULL)
            return result;
    }
    KEEP_ERRNO;
    t->slot->events[p->family]++;
    struct stack_record *stack = stack_memo_find(&t->memo, t, call);
    uint32_t id = acquire_id(t, object, p->kind, stack, call);
    uint64_t key =
        call->python && python_waits(t) && !thread_holds(t, id) ? dependency_key(t, id, p->mode, false) : 0;
    if (key)
        ordering_add(t, id, p->mode, stack, call, key);
    struct recording_held *held = acquire_account(t, id, p->mode, object, stack, call);
    if (!held || held->depth != 1)
        return result;
    if (t->slot->events[p->family] > t->sample_at[p->family])
        profile_sample(t, id, held);
    if (handlers_matter(id, stack))
        handlers_note(t, id, held, stack, true, call);
    settle_shared(t, id, held, call);
    note_life(t, id, call);
    return result;
}

int release_slow(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp) {
    const struct call_site call = {pc, sp, bp, 0};
    struct thread *t = hooks_thread();
    if (!t)
        return p->release(object);
    enum hook_mode mode = thread_plain(t) ? HOOK_FULL : hooks_mode(t, &call);
    if (mode == HOOK_PASS)
        return p->release(object);
    /* Before the release: after it the object may be gone, and another at its address or another thread in
     * it. */
    uint32_t id = lock_table_find_kind(object, p->kind);
    struct recording_held *held = id ? thread_holds(t, id) : NULL;
    struct misuse_release misuse = {0};
    struct stack_record *stack = NULL;
    if (!held && mode == HOOK_FULL) {
        KEEP_ERRNO;
        misuse = misuse_release_look(t, p, object, id);
        if (!id && locks_destroyed(object)) {
            acquire_id(t, object, p->kind, stack_memo_find(&t->memo, t, &call), &call);
            misuse.kind = 0;
        }
        if (misuse.kind) {
            stack = stack_memo_find(&t->memo, t, &call);
            id = acquire_id(t, object, p->kind, stack, &call);
        }
    } else if (held && (held->depth & ~1u) == RECORDING_HELD_SAMPLED) {
        profile_released(t, held);
    }
    int result = p->release(object);
    if (misuse.kind && (result == 0 || result == EPERM)) {
        KEEP_ERRNO;
        misuse_release_report(t, &misuse, id, stack, &call);
        if (result == 0 && misuse.kind == FINDING_MISUSE_UNLOCK_NOT_OWNER)
            findings_disown_holder(t, misuse.holder.thread, id);
    }
    if (result != 0 || !held)
        return result;
    if ((held->depth & ~RECORDING_HELD_SAMPLED) > 1) {
        held->depth--;
        return 0;
    }
    if (thread_record(held))
        stack_memo_released(thread_record(held), sp);
    thread_remove(t, held);
    return 0;
}

int release_deeper(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp) {
    struct thread *t = thread_now;
    struct recording_held *last = &t->held[t->slot->held_count - 1];
    if (last->depth & RECORDING_HELD_SAMPLED)
        return p->release_otherwise(object, pc, sp, bp);
    int result = p->release(object);
    last->depth -= result == 0;
    return result;
}

int release_learning(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp) {
    struct thread *t = thread_now;
    uint32_t count = t->slot->held_count;
    struct recording_held *last = &t->held[count - 1];
    uint32_t mode = last->mode;
    (void)bp;
    stack_memo_learn(thread_record(last), sp);
    thread_pop(t, last, count);
    return release_popped(p, object, mode, pc);
}

int release_popped(const struct primitive *p, void *object, uint32_t mode, uint64_t pc) {
    int result = p->release(object);
    if (result != 0)
        release_refused(p, object, mode, pc);
    return result;
}

void release_refused(const struct primitive *p, const void *object, uint32_t mode, uint64_t pc) {
    uint32_t id = lock_table_find_kind(object, p->kind);
    if (id)
        thread_push(thread_now, id, mode, object, pc - 1, NULL);
}
