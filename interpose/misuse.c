#define _GNU_SOURCE
#include "interpose/misuse.h"

#include <dlfcn.h>
#include <pthread.h>

#include "detector/wait_graph.h"
#include "interpose/findings.h"
#include "interpose/parties.h"
#include "interpose/stack_store.h"
#include "interpose/threads.h"

/* ---- what libc keeps in the objects; with another libc, or another layout, nothing can be told ---- */

enum state { STATE_UNKNOWN, STATE_FREE, STATE_TAKEN };

static enum state mutex_state(const pthread_mutex_t *mutex) {
#ifdef __GLIBC__
    /* Its plain types alone: elision, priorities and robustness use the word in other ways. (512: the type
     * was set to PTHREAD_MUTEX_NORMAL, and nothing is elided.) */
    if ((mutex->__data.__kind & ~(3 | 128 | 512)) == 0)
        return mutex->__data.__lock ? STATE_TAKEN : STATE_FREE;
#else
    (void)mutex;
#endif
    return STATE_UNKNOWN;
}

static enum state rwlock_state(const pthread_rwlock_t *rwlock) {
#ifdef __GLIBC__
    /* Readers are counted above three flag bits, the second of which is set while a writer has it. */
    return rwlock->__data.__readers >> 3 || rwlock->__data.__cur_writer || rwlock->__data.__readers & 2
               ? STATE_TAKEN
               : STATE_FREE;
#else
    (void)rwlock;
    return STATE_UNKNOWN;
#endif
}

static enum state spin_state(const pthread_spinlock_t *lock) {
#if defined(__GLIBC__) && defined(__x86_64__)
    return *lock == 1 ? STATE_FREE : STATE_TAKEN;
#elif defined(__GLIBC__)
    return *lock == 0 ? STATE_FREE : STATE_TAKEN;
#else
    (void)lock;
    return STATE_UNKNOWN;
#endif
}

static enum state state_of(const void *object, uint32_t kind) {
    return kind == LOCK_KIND_MUTEX    ? mutex_state(object)
           : kind == LOCK_KIND_RWLOCK ? rwlock_state(object)
           : kind == LOCK_KIND_SPIN   ? spin_state(object)
                                      : STATE_UNKNOWN;
}

bool misuse_is_free(const void *object, uint32_t kind) {
    return state_of(object, kind) == STATE_FREE;
}

extern int _dl_find_object(void *address, struct dl_find_object *result) __attribute__((weak));

static bool is_static(const void *object) {
    struct dl_find_object found;
    return _dl_find_object && _dl_find_object((void *)(uintptr_t)object, &found) == 0;
}

/* Whether what was destroyed here has not become something else meanwhile. Semaphores, spinlocks and barriers
 * have no static initialiser: only their init functions make them. A destroyed mutex or condition of glibc is
 * marked. A rwlock is not, and may be initialised by a plain store; but in static memory nobody does that. */
static bool still_destroyed(const void *object, uint32_t kind) {
    switch (kind) {
#ifdef __GLIBC__
    case LOCK_KIND_MUTEX:
        return ((const pthread_mutex_t *)object)->__data.__kind == -1;
    case LOCK_KIND_CONDITION:
        return ((const pthread_cond_t *)object)->__data.__wrefs & 4;
#endif
    case LOCK_KIND_RWLOCK:
        return is_static(object) && rwlock_state(object) == STATE_FREE;
    case LOCK_KIND_SEMAPHORE:
    case LOCK_KIND_SPIN:
    case LOCK_KIND_BARRIER:
        return true;
    default:
        return false;
    }
}

/* ---- reports ---- */

void misuse_report(struct thread *t, enum finding_kind kind, enum finding_severity severity, uint32_t lock,
                   uint32_t mode, struct stack_record *stack, const struct call_site *call,
                   const struct misuse_event *earlier) {
    session_enter(t);
    uint32_t here = stack ? stack_memo_resolve(t, stack, false, call) : 0, count = 1;
    struct finding_step steps[2] = {{.thread = t->id, .wants = {lock, mode, here}}};
    struct lock_hold hold = {0};
    if (earlier && earlier->thread) {
        /* Another thread's stack cannot be compared from here: unless it is recorded, its innermost call is
         * what is known. */
        uint32_t there = earlier->stack  ? earlier->stack
                         : earlier->site ? stack_store_intern(&earlier->site, 1, true)
                                         : 0;
        hold = (struct lock_hold){lock, earlier->mode, there};
        steps[count++] = (struct finding_step){.thread = earlier->thread, .holds_count = 1, .holds = &hold};
    }
    findings_add_once(&(struct finding){.kind = kind,
                                        .severity = severity,
                                        .steps_count = count,
                                        .steps = steps,
                                        .values = {kind == FINDING_MISUSE_BAD_BARRIER && earlier, 0}},
                      (uint64_t)here << 32 | hold.stack);
    session_leave(t);
}

struct misuse_event misuse_holder(struct thread *t, const struct thread *except, uint32_t lock,
                                  uint32_t mode) {
    struct misuse_event event = {0};
    session_enter(t);
    for (struct thread *owner = threads_first(); owner && !event.thread; owner = owner->next) {
        if (owner == except || owner->slot->state == RECORDING_SLOT_FREE)
            continue;
        const struct recording_held *held = waits_account_of(owner, lock, mode);
        if (held && owner == t) {
            const struct call_site nowhere = {.sp = ~(uint64_t)0};
            thread_settle(t, (struct recording_held *)held, &nowhere);
        }
        if (held)
            event = (struct misuse_event){owner->id, held->mode, held->stack, held->site};
    }
    session_leave(t);
    return event;
}

/* Who has it, or had it when it ended. */
static struct misuse_event holder_or_orphan(struct thread *t, const struct thread *except, uint32_t id) {
    struct misuse_event event = misuse_holder(t, except, id, LOCK_EXCLUSIVE);
    struct lock_hold hold;
    uint32_t owner;
    /* The next one to lock a robust one is told, and may recover it. */
    if (event.thread || locks_at(id)->robust)
        return event;
    session_enter(t);
    if (findings_orphaned(id, &owner, &hold))
        event = (struct misuse_event){.thread = owner, .mode = hold.mode, .stack = hold.stack};
    session_leave(t);
    return event;
}

struct misuse_event misuse_origin(uint32_t id) {
    const struct lock *lock = locks_at(id);
    if (!lock || !lock->init_thread)
        return (struct misuse_event){0};
    return (struct misuse_event){.thread = lock->init_thread, .stack = lock->initialised};
}

struct misuse_release misuse_release_look(struct thread *t, const struct primitive *p, const void *object,
                                          uint32_t lock) {
    struct misuse_release release = {0};
    enum state state = state_of(object, p->kind);
    if (p->kind == LOCK_KIND_SEMAPHORE || p->kind == LOCK_KIND_ONCE)
        return release;
    if (lock) {
        release.holder = holder_or_orphan(t, t, lock);
        session_enter(t);
        findings_forget_orphan(lock);
        session_leave(t);
    }
    if (release.holder.thread && state != STATE_FREE)
        release.kind = FINDING_MISUSE_UNLOCK_NOT_OWNER;
    else if (state == STATE_FREE)
        release.kind = FINDING_MISUSE_UNLOCK_UNLOCKED;
    return release;
}

void misuse_release_report(struct thread *t, const struct misuse_release *release, uint32_t lock,
                           struct stack_record *stack, const struct call_site *call) {
    if (release->kind == FINDING_MISUSE_UNLOCK_UNLOCKED) {
        struct misuse_event origin = misuse_origin(lock);
        misuse_report(t, release->kind, FINDING_ERROR, lock, LOCK_EXCLUSIVE, stack, call, &origin);
    } else {
        misuse_report(t, release->kind, FINDING_ERROR, lock, LOCK_EXCLUSIVE, stack, call, &release->holder);
    }
}

void misuse_relock(struct thread *t, uint32_t lock, uint32_t mode, struct stack_record *stack,
                   const struct call_site *call) {
    struct recording_held *held = thread_holds(t, lock);
    if (!held)
        return;
    session_enter(t);
    thread_settle(t, held, call);
    session_leave(t);
    struct misuse_event earlier = {t->id, held->mode, held->stack, held->site};
    misuse_report(t, FINDING_MISUSE_RELOCK, FINDING_ERROR, lock, mode, stack, call, &earlier);
}

void misuse_use_destroyed(struct thread *t, const void *object, uint32_t kind, uint32_t lock,
                          struct stack_record *stack, const struct call_site *call) {
    struct locks_ruin ruin = {0};
    session_enter(t);
    const struct locks_ruin *found = locks_destroyed(object);
    if (found) {
        ruin = *found;
        locks_forget_destroyed(object);
    }
    session_leave(t);
    if (ruin.kind != kind || !still_destroyed(object, kind))
        return;
    /* It has an id of its own now, but was made where it was. */
    struct lock *about = locks_at(lock);
    if (about && !about->initialised && !about->recorded) {
        about->initialised = ruin.initialised;
        about->first = 0;
    }
    struct misuse_event earlier = {.thread = ruin.thread, .stack = ruin.destroyed};
    misuse_report(t, FINDING_MISUSE_USE_DESTROYED, FINDING_ERROR, lock, LOCK_EXCLUSIVE, stack, call,
                  &earlier);
}

struct misuse_release misuse_init_look(struct thread *t, const void *object, uint32_t kind) {
    struct misuse_release look = {0};
    uint32_t id = lock_table_find_kind(object, kind);
    if (!id || state_of(object, kind) != STATE_TAKEN)
        return look;
    /* What the parent held at the fork is initialised anew by many a child. */
    const struct lock *lock = locks_at(id);
    if (!lock || lock->inherited)
        return look;
    look.holder = misuse_holder(t, NULL, id, LOCK_EXCLUSIVE);
    if (look.holder.thread)
        look.kind = FINDING_MISUSE_INIT_LOCKED;
    return look;
}

/* A thread whose wait for the object, or for a condition with it as the mutex, is published. */
static struct misuse_event waiter_of(struct thread *t, uint32_t id) {
    struct misuse_event event = {0};
    session_enter(t);
    for (struct thread *other = threads_first(); other && !event.thread; other = other->next) {
        const struct recording_slot *slot = other->slot;
        uint32_t kind = __atomic_load_n(&slot->wait_kind, __ATOMIC_SEQ_CST);
        if (other == t || slot->state == RECORDING_SLOT_FREE || kind == WAIT_NONE || kind == WAIT_JOIN)
            continue;
        if (slot->wait_target == id || (kind == WAIT_CONDITION && slot->wait_lock == id))
            event = (struct misuse_event){.thread = other->id, .stack = slot->wait_stack};
    }
    session_leave(t);
    return event;
}

/* Whether those that wait for it were told to go on: then it may be destroyed. */
static bool waiters_released(const struct lock *lock, uint32_t kind) {
    uint64_t word = __atomic_load_n(&lock->word, __ATOMIC_SEQ_CST);
    if (kind == LOCK_KIND_CONDITION)
        return parties_high(word) >= parties_low(word);
    if (kind == LOCK_KIND_BARRIER)
        return parties_low(word) == 0;
    if (kind == LOCK_KIND_SEMAPHORE)
        return *(const uint32_t *)(uintptr_t)lock->address & 0x7fffffff;
    return false;
}

struct misuse_release misuse_destroy_look(struct thread *t, const void *object, uint32_t kind) {
    struct misuse_release look = {0};
    uint32_t id = lock_table_find_kind(object, kind);
    const struct lock *lock = locks_at(id);
    if (!lock)
        return look;
    bool held = kind == LOCK_KIND_MUTEX || kind == LOCK_KIND_RWLOCK || kind == LOCK_KIND_SPIN;
    if (held && state_of(object, kind) != STATE_FREE)
        look.holder = holder_or_orphan(t, NULL, id);
    if (look.holder.thread) {
        look.kind = FINDING_MISUSE_DESTROY_LOCKED;
        return look;
    }
    if (waiters_released(lock, kind))
        return look;
    look.holder = waiter_of(t, id);
    if (look.holder.thread && kind == LOCK_KIND_BARRIER) {
        look.kind = FINDING_MISUSE_BAD_BARRIER;
        look.holder = misuse_origin(id);
    } else if (look.holder.thread) {
        look.kind = FINDING_MISUSE_DESTROY_WAITED;
    }
    return look;
}

void misuse_exit_holding(struct thread *t) {
    session_enter(t);
    findings_drop_disowned(t); /* what another thread has unlocked is held no more */
    for (uint32_t i = 0; i < t->slot->held_count; i++) {
        const struct recording_held *held = &t->held[i];
        const struct lock *lock = locks_at(held->lock);
        if (!lock || lock->robust ||
            (lock->kind != LOCK_KIND_MUTEX && lock->kind != LOCK_KIND_RWLOCK && lock->kind != LOCK_KIND_SPIN))
            continue;
        struct lock_hold hold = {held->lock, held->mode, held->stack};
        struct finding_step step = {.thread = t->id, .holds_count = 1, .holds = &hold};
        findings_add_once(&(struct finding){.kind = FINDING_MISUSE_EXIT_HOLDING,
                                            .severity = FINDING_WARNING,
                                            .steps_count = 1,
                                            .steps = &step},
                          (uint64_t)held->lock << 32 | held->stack);
    }
    session_leave(t);
}

void misuse_fork_holding(struct thread *t, const struct call_site *call) {
    for (uint32_t i = 0; i < t->slot->held_count; i++) {
        struct recording_held *held = &t->held[i];
        const struct lock *lock = locks_at(held->lock);
        if (!lock || lock->shared ||
            (lock->kind != LOCK_KIND_MUTEX && lock->kind != LOCK_KIND_RWLOCK && lock->kind != LOCK_KIND_SPIN))
            continue;
        session_enter(t);
        thread_settle(t, held, call);
        session_leave(t);
        struct misuse_event taken = {t->id, held->mode, held->stack, held->site};
        misuse_report(t, FINDING_MISUSE_FORK_HELD, FINDING_NOTE, held->lock, held->mode,
                      stack_memo_find(&t->memo, t, call), call, &taken);
    }
}

void misuse_fork_lost(struct thread *t, const void *object, uint32_t kind, uint32_t mode,
                      const struct call_site *call) {
    uint32_t id = lock_table_find_kind(object, kind), owner = 0;
    const struct lock *lock = locks_at(id);
    struct lock_hold hold = {0};
    if (!lock || !lock->inherited || t->special)
        return;
    session_enter(t);
    bool lost = findings_orphaned(id, &owner, &hold);
    session_leave(t);
    struct misuse_event taken = {.thread = owner, .mode = hold.mode, .stack = hold.stack};
    if (lost)
        misuse_report(t, FINDING_MISUSE_FORK_HELD, FINDING_WARNING, id, mode,
                      stack_memo_find(&t->memo, t, call), call, &taken);
}

#define HOLDS_SHOWN 16
#define WAIT_HOLDING_MODE 9

void misuse_wait_holding(struct thread *t, uint32_t target, struct stack_record *stack, uint32_t besides,
                         const struct call_site *call) {
    struct lock_hold holds[HOLDS_SHOWN];
    uint32_t count = 0, all = t->slot->held_count;
    /* No lock is wanted in such a mode: the key is this question's own. */
    uint64_t key = thread_seen_key(t, thread_held_sum(t->held, all), target, WAIT_HOLDING_MODE);
    if (thread_seen(t, key))
        return;
    thread_mark_seen(t, key);
    session_enter(t);
    for (uint32_t i = 0; i < all && count < HOLDS_SHOWN; i++) {
        struct recording_held *held = &t->held[i];
        const struct lock *lock = locks_at(held->lock);
        if (!lock || held->lock == besides ||
            (lock->kind != LOCK_KIND_MUTEX && lock->kind != LOCK_KIND_RWLOCK && lock->kind != LOCK_KIND_SPIN))
            continue;
        thread_settle(t, held, call);
        holds[count++] = (struct lock_hold){held->lock, held->mode, held->stack};
    }
    if (count) {
        uint32_t here = stack ? stack_memo_resolve(t, stack, false, call) : 0;
        struct finding_step step = {
            .thread = t->id, .holds_count = count, .holds = holds, .wants = {target, LOCK_EXCLUSIVE, here}};
        t->note = findings_add_once(&(struct finding){.kind = FINDING_BLOCKING_WAIT_HOLDING,
                                                      .severity = FINDING_NOTE,
                                                      .steps_count = 1,
                                                      .steps = &step},
                                    (uint64_t)here << 32 | holds[0].stack);
    }
    session_leave(t);
}

bool misuse_wait_unlocked(struct thread *t, const pthread_mutex_t *mutex, struct stack_record *stack,
                          const struct call_site *call) {
#ifdef __GLIBC__
    /* Its owner is known to glibc whatever its type, unless the lock is elided. */
    bool free = mutex_state(mutex) == STATE_FREE;
    if (mutex->__data.__kind & 256 || (!free && (uint32_t)mutex->__data.__owner == t->slot->tid))
        return false;
    uint32_t lock = acquire_id(t, mutex, LOCK_KIND_MUTEX, stack, call);
    struct misuse_event holder = {0};
    if (!free)
        holder = misuse_holder(t, t, lock, LOCK_EXCLUSIVE);
    if (!free && !holder.thread)
        return false;
    misuse_report(t, FINDING_MISUSE_WAIT_UNLOCKED, FINDING_ERROR, lock, LOCK_EXCLUSIVE, stack, call, &holder);
    return true;
#else
    (void)t, (void)mutex, (void)stack, (void)call;
    return false;
#endif
}

void misuse_two_mutexes(struct thread *t, uint32_t condition, uint32_t mutex, struct stack_record *stack,
                        const struct call_site *call) {
    struct lock *lock = locks_at(condition);
    if (!lock || !mutex)
        return;
    uint32_t before = __atomic_exchange_n(&lock->mutex, mutex, __ATOMIC_RELAXED);
    if (!before || before == mutex || !parties_low(__atomic_load_n(&lock->word, __ATOMIC_SEQ_CST)))
        return;
    session_enter(t);
    /* Those that were woken, and have not come back yet, wait no more; any waiter may be one of them. */
    uint32_t woken = parties_high(__atomic_load_n(&lock->word, __ATOMIC_SEQ_CST));
    for (struct thread *other = threads_first(); other; other = other->next) {
        const struct recording_slot *slot = other->slot;
        if (other == t || slot->state == RECORDING_SLOT_FREE || slot->wait_kind != WAIT_CONDITION ||
            slot->wait_target != condition || slot->wait_lock == mutex || !slot->wait_lock || woken-- > 0)
            continue;
        struct recording_held *held = thread_holds(t, mutex);
        if (held)
            thread_settle(t, held, call);
        struct lock_hold mine = {mutex, LOCK_EXCLUSIVE, held ? held->stack : 0};
        struct lock_hold other_one = {slot->wait_lock, LOCK_EXCLUSIVE, slot->wait_stack};
        uint32_t here = stack ? stack_memo_resolve(t, stack, false, call) : 0;
        struct finding_step steps[2] = {
            {.thread = t->id, .holds_count = 1, .holds = &mine, .wants = {condition, LOCK_EXCLUSIVE, here}},
            {.thread = other->id,
             .holds_count = 1,
             .holds = &other_one,
             .wants = {condition, LOCK_EXCLUSIVE, slot->wait_stack}}};
        findings_add_once(&(struct finding){.kind = FINDING_MISUSE_COND_TWO_MUTEXES,
                                            .severity = FINDING_ERROR,
                                            .steps_count = 2,
                                            .steps = steps},
                          (uint64_t)here << 32 | slot->wait_stack);
        break;
    }
    session_leave(t);
}
