#define _GNU_SOURCE
#include "interpose/annotations.h"

#include <time.h>

#include "detector/lock_graph.h"
#include "interpose/acquire.h"
#include "interpose/clock.h"
#include "interpose/findings.h"
#include "interpose/misuse.h"
#include "interpose/stack_store.h"
#include "interpose/threads.h"

/* Locks held that one finding shows. */
#define HOLDS_SHOWN 16

/* Return the thread's state when all may be done; NULL inside the library or a fork, where what is held
 * cannot be told. */
static struct thread *begin(const struct call_site *call) {
    struct thread *t = hooks_thread();
    return t && (thread_plain(t) || hooks_mode(t, call) == HOOK_FULL) ? t : NULL;
}

HOOK void gordian_name_lock(const volatile void *lock, const char *name) {
    struct call_site call = CALL_SITE();
    struct thread *t = begin(&call);
    if (!t || !lock)
        return;
    KEEP_ERRNO;
    session_enter(t);
    locks_named((const void *)lock, name);
    session_leave(t);
}

/* The lock's id, 0 when none was seen there. A table that grows may hide one from those that do not hold the
 * session. */
static uint32_t find(struct thread *t, const volatile void *lock) {
    uint32_t id = lock_table_find((const void *)lock);
    if (id)
        return id;
    session_enter(t);
    id = lock_table_find((const void *)lock);
    session_leave(t);
    return id;
}

/* ---- assertions ---- */

/* Whether another thread may wait for it: what "no lock" means. */
static bool is_lock(const struct lock *lock) {
    switch (lock ? lock->kind : 0) {
    case LOCK_KIND_MUTEX:
    case LOCK_KIND_RWLOCK:
    case LOCK_KIND_SPIN:
    case LOCK_KIND_STREAM:
    case LOCK_KIND_FILE:
        return true;
    case LOCK_KIND_SEMAPHORE:
        return lock->proven && !lock->signal;
    default:
        return false;
    }
}

/* Of what the thread holds, the latest lock; NULL when it holds none. */
static struct recording_held *latest_lock(struct thread *t, uint32_t *count) {
    struct recording_held *latest = NULL;
    *count = 0;
    for (uint32_t i = t->slot->held_count; i > 0; i--) {
        struct recording_held *held = &t->held[i - 1];
        if (!is_lock(locks_at(held->lock)))
            continue;
        latest = latest ? latest : held;
        ++*count;
    }
    return latest;
}

struct assertion {
    enum finding_assertion what;
    uint32_t lock, mode;
    uint32_t holder; /* the thread of the second step; 0: none */
    const struct lock_hold *holds;
    uint32_t holds_count;
    uint64_t number;
};

/* For the holder of the session's lock. */
static void fail(struct thread *t, const struct assertion *a, const struct call_site *call) {
    struct stack_record *stack = stack_memo_find(&t->memo, t, call);
    uint32_t here = stack ? stack_memo_resolve(t, stack, false, call) : 0;
    struct finding_step steps[2] = {
        {.thread = t->id, .wants = {a->lock, a->mode, here}},
        {.thread = a->holder, .holds_count = a->holds_count, .holds = a->holds},
    };
    findings_add_once(&(struct finding){.kind = FINDING_MISUSE_ASSERTION,
                                        .severity = FINDING_ERROR,
                                        .steps_count = a->holder ? 2 : 1,
                                        .steps = steps,
                                        .values = {a->what, a->number}},
                      (uint64_t)here << 32 | (a->holder && a->holds_count ? a->holds[0].stack : a->lock));
}

/* The same about a lock that another thread holds, as far as one does. */
static void fail_against(struct thread *t, enum finding_assertion what, uint32_t lock,
                         const struct call_site *call) {
    struct misuse_event holder = misuse_holder(t, t, lock, LOCK_EXCLUSIVE);
    /* Another thread's stack cannot be compared from here: unless it is recorded, its innermost call is
     * known. */
    uint32_t there = holder.stack  ? holder.stack
                     : holder.site ? stack_store_intern(&holder.site, 1, true)
                                   : 0;
    fail(t,
         &(struct assertion){.what = what,
                             .lock = lock,
                             .holder = holder.thread,
                             .holds = &(struct lock_hold){lock, holder.mode, there},
                             .holds_count = 1},
         call);
}

HOOK void gordian_assert_held(const volatile void *lock) {
    struct call_site call = CALL_SITE();
    struct thread *t = begin(&call);
    if (!t || !lock)
        return;
    KEEP_ERRNO;
    uint32_t id = find(t, lock);
    if ((id && thread_holds(t, id)) || t->held_lost)
        return; /* what found no room may be this one */
    session_enter(t);
    if (!id)
        id = locks_id(t, (const void *)lock, LOCK_KIND_UNSEEN, NULL, &call);
    if (id)
        fail_against(t, FINDING_ASSERT_HELD, id, &call);
    session_leave(t);
}

/* The thread holds `latest`, and `number` locks in all, against the assertion. */
static void fail_holding(struct thread *t, enum finding_assertion what, struct recording_held *latest,
                         uint32_t number, const struct call_site *call) {
    struct lock_hold holds[HOLDS_SHOWN];
    uint32_t count = 0;
    session_enter(t);
    for (uint32_t i = t->slot->held_count; i > 0 && count < HOLDS_SHOWN; i--) {
        struct recording_held *held = &t->held[i - 1];
        bool shown = what == FINDING_ASSERT_NONE_HELD ? is_lock(locks_at(held->lock)) : held == latest;
        if (!shown)
            continue;
        thread_settle(t, held, call);
        holds[count++] = (struct lock_hold){held->lock, held->mode, held->stack};
    }
    fail(t,
         &(struct assertion){.what = what,
                             .lock = latest->lock,
                             .mode = latest->mode,
                             .holder = t->id,
                             .holds = holds,
                             .holds_count = count,
                             .number = number},
         call);
    session_leave(t);
}

HOOK void gordian_assert_not_held(const volatile void *lock) {
    struct call_site call = CALL_SITE();
    struct thread *t = begin(&call);
    if (!t || !lock)
        return;
    KEEP_ERRNO;
    uint32_t id = find(t, lock);
    struct recording_held *held = id ? thread_holds(t, id) : NULL;
    if (held)
        fail_holding(t, FINDING_ASSERT_NOT_HELD, held, 1, &call);
}

HOOK void gordian_assert_none_held(void) {
    struct call_site call = CALL_SITE();
    struct thread *t = begin(&call);
    if (!t)
        return;
    KEEP_ERRNO;
    uint32_t count;
    struct recording_held *latest = latest_lock(t, &count);
    if (latest)
        fail_holding(t, FINDING_ASSERT_NONE_HELD, latest, count, &call);
}

/* ---- gates ---- */

static const struct primitive gate = {.kind = LOCK_KIND_GATE, .mode = LOCK_EXCLUSIVE};

HOOK void gordian_gate_enter(const volatile void *object) {
    struct call_site call = CALL_SITE();
    struct thread *t = hooks_thread();
    const void *at = locks_gate(object);
    if (!t || !object)
        return;
    enum hook_mode mode = thread_plain(t) ? HOOK_FULL : hooks_mode(t, &call);
    if (mode != HOOK_FULL) {
        if (mode == HOOK_ACCOUNT)
            acquire_only_account(t, &gate, at, &call);
        return;
    }
    KEEP_ERRNO;
    struct stack_record *stack = stack_memo_find(&t->memo, t, &call);
    uint32_t id = lock_table_find_kind(at, LOCK_KIND_GATE);
    if (!id)
        id = locks_id(t, at, LOCK_KIND_GATE, stack, &call);
    if (!id)
        return;
    if (!thread_holds(t, id) && misuse_holder(t, t, id, LOCK_EXCLUSIVE).thread) {
        session_enter(t);
        fail_against(t, FINDING_ASSERT_GATE_FREE, id, &call);
        session_leave(t);
    }
    acquire_account(t, id, LOCK_EXCLUSIVE, at, stack, &call);
}

HOOK void gordian_gate_leave(const volatile void *object) {
    struct call_site call = CALL_SITE();
    struct thread *t = hooks_thread();
    const void *at = locks_gate(object);
    if (!t || !object)
        return;
    enum hook_mode mode = thread_plain(t) ? HOOK_FULL : hooks_mode(t, &call);
    if (mode == HOOK_PASS)
        return;
    KEEP_ERRNO;
    uint32_t id = mode == HOOK_FULL ? find(t, at) : lock_table_find(at);
    struct recording_held *held = id ? thread_holds(t, id) : NULL;
    if (held) {
        if (held->depth > 1)
            held->depth--;
        else
            thread_remove(t, held);
        return;
    }
    if (mode != HOOK_FULL || t->held_lost)
        return;
    session_enter(t);
    if (!id)
        id = locks_id(t, at, LOCK_KIND_GATE, NULL, &call);
    if (id)
        fail_against(t, FINDING_ASSERT_GATE_ENTERED, id, &call);
    session_leave(t);
}

/* ---- epochs ---- */

HOOK void gordian_epoch_reset(void) {
    struct call_site call = CALL_SITE();
    struct thread *t = begin(&call);
    if (!t)
        return;
    KEEP_ERRNO;
    session_enter(t);
    lock_graph_reset(session_graph());
    locks_out_of_graph();
    /* What they have seen is new again. */
    for (struct thread *other = threads_first(); other; other = other->next)
        if (other != t)
            __atomic_or_fetch(&other->attention, THREAD_FORGET, __ATOMIC_RELEASE);
    thread_forget_seen(t);
    struct recording_epoch *record = recorder_append(session_recorder(), RECORDING_EPOCH, sizeof *record);
    if (record) {
        record->time_ns = clock_ns(CLOCK_MONOTONIC);
        recorder_commit(record);
    }
    session_leave(t);
}
