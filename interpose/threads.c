#include "interpose/threads.h"

#include "interpose/clock.h"
#include "interpose/mutex_word.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "detector/segments.h"
#include "detector/wait_graph.h"
#include "interpose/findings.h"
#include "interpose/kernel.h"
#include "interpose/locks.h"
#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/waits.h"

static struct thread *all, *free_list;
static uint32_t last_id;

static void record_thread(struct thread *t, uint32_t creator, uint32_t stack, bool left) {
    struct recording_thread *record = recorder_append(session_recorder(), RECORDING_THREAD, sizeof *record);
    if (!record)
        return;
    record->thread = t->id;
    record->tid = t->slot->tid;
    record->creator = creator;
    record->stack = stack;
    record->left = left;
    record->time_ns = clock_ns(CLOCK_MONOTONIC);
    recorder_commit(record);
}

void threads_record_name(struct thread *t, const char name[16]) {
    if (memcmp(t->name, name, 16) == 0)
        return;
    struct recording_thread_name *record =
        recorder_append(session_recorder(), RECORDING_THREAD_NAME, sizeof *record);
    if (!record)
        return;
    record->thread = t->id;
    record->tid = t->slot->tid;
    memcpy(record->name, name, 16);
    memcpy(t->name, name, 16);
    recorder_commit(record);
}

static void record_own_name(struct thread *t) {
    char name[16] = {0};
    raw_syscall(SYS_prctl, 16 /* PR_GET_NAME */, (long)name, 0, 0, 0, 0);
    threads_record_name(t, name);
}

bool threads_gone(const struct thread *t) {
    return t->gone || (t->slot->tid && !kernel_has_thread(t->slot->tid));
}

/* The thread is gone for good: its locks on its own stack are no more, what it held is orphaned, and its
 * memory can serve another. */
static void bury(struct thread *t) {
    findings_orphan(t); /* first: an id that is kept is not used again */
    locks_on_stack_gone(t);
    for (int f = 0; f < RECORDING_FAMILIES; f++)
        session_recorder()->header->events[f] += t->slot->events[f];
    memset(t->slot->events, 0, sizeof t->slot->events);
    waits_thread_uncounted(t);
    t->slot->held_count = 0;
    t->slot->wait_kind = WAIT_NONE;
    __atomic_store_n(&t->slot->state, RECORDING_SLOT_FREE, __ATOMIC_RELEASE);
    t->last_handle = t->handle;
    t->handle = 0;
    t->next_free = free_list;
    free_list = t;
}

/* Detached threads are found to be gone when memory is wanted: when the kernel knows them no more, since even
 * after their last destructor they may be in a hook. */
static void bury_detached(void) {
    for (struct thread *t = all; t; t = t->next)
        if (t->ended && t->slot->state == RECORDING_SLOT_ENDING && (t->detached || t->joined) &&
            t->slot->tid && !kernel_has_thread(t->slot->tid))
            bury(t);
}

static struct thread *new_thread(void) {
    if (!free_list)
        bury_detached();
    struct thread *t = free_list;
    if (t) {
        free_list = t->next_free;
        stack_memo_flush(t);
        memset(t->seen, 0, sizeof *t->seen << (64 - t->seen_shift));
        memset(t->held, 0, t->held_capacity * sizeof *t->held);
        t->held_lost = 0;
        t->special = t->attention = 0;
        t->ended = t->gone = t->detached = t->joined = t->cancelled = false;
        t->rounds = 0;
        t->life_lock = 0;
        t->nesting = 0;
        memset(t->name, 0, sizeof t->name);
        memset(&t->sampler, 0, sizeof t->sampler);
        memset(t->sample_at, 0, sizeof t->sample_at);
        t->knot_ticket = t->reported_ticket = 0;
        t->hang = t->note = 0;
        t->once = NULL;
    } else {
        t = raw_pages((sizeof *t + 4095) & ~(size_t)4095);
        struct recording_slot *slot = t && thread_grow_seen(t) ? recorder_slot(session_recorder()) : NULL;
        if (!slot)
            return NULL;
        t->slot = slot;
        t->held = slot->held;
        t->held_capacity = RECORDING_HELD_INLINE;
        stack_memo_init(&t->memo);
        t->next = all;
        __atomic_store_n(&all, t, __ATOMIC_RELEASE); /* others walk the list without our lock */
    }
    t->id = ++last_id;
    t->handle = 0;
    t->cancelled_handle = 0;
    t->joiners = 0;
    t->segment = 0;
    t->seen_salt = thread_hash(t->id, 2);
    t->slot->thread = t->id;
    t->slot->tid = 0;
    return t;
}

static void next_segment(struct thread *t, int segment) {
    if (segment < 0) {
        session_lost(RECORDING_LOST_MEMORY);
        return;
    }
    t->segment = (uint32_t)segment;
    thread_forget_seen(t);
}

static void record_segment(uint32_t thread, uint32_t index, uint32_t cross_thread, uint32_t cross_index) {
    struct recording_segment *record = recorder_append(session_recorder(), RECORDING_SEGMENT, sizeof *record);
    if (!record)
        return;
    record->thread = thread;
    record->index = index;
    record->cross_thread = cross_thread;
    record->cross_index = cross_index;
    recorder_commit(record);
}

struct thread *threads_created(struct thread *creator, struct stack_record *stack,
                               const struct call_site *call) {
    session_enter(creator);
    session_now_threaded();
    struct thread *t = new_thread();
    if (t) {
        t->created_stack = stack ? stack_memo_resolve(creator, stack, false, call) : 0;
        record_thread(t, creator->id, t->created_stack, false);
        t->creator = creator->id;
        record_segment(t->id, 0, creator->id, creator->segment);
        next_segment(creator, segments_start(session_segments(), t->id, creator->id));
        /* It counts as running from here on: the creator may wait for what it is going to release. */
        __atomic_store_n(&t->slot->state, RECORDING_SLOT_RUNNING, __ATOMIC_RELEASE);
        waits_thread_runs(t);
    }
    session_leave(creator);
    return t;
}

static bool is_unborn(const struct thread *t) {
    return !t->handle && t->creator && t->slot->state == RECORDING_SLOT_RUNNING;
}

/* Leave the handle with a thread that has not begun. There are as many of these as such handles, at least, so
 * that each finds a place; one more is of a thread that we do not know. */
static void keep_cancelled_handle(uint64_t handle) {
    struct thread *place = NULL;
    for (struct thread *other = all; other; other = other->next) {
        if (!is_unborn(other))
            continue;
        if (other->cancelled_handle == handle)
            return;
        if (!other->cancelled_handle)
            place = other;
    }
    if (place)
        place->cancelled_handle = handle;
}

/* The thread begins: whether it has been cancelled already. What it kept for another one goes on to a third.
 */
static bool take_cancelled_handle(struct thread *t) {
    bool cancelled = false;
    for (struct thread *other = all; other && !cancelled; other = other->next)
        if (other->cancelled_handle == t->handle) {
            cancelled = true;
            other->cancelled_handle = 0;
        }
    uint64_t kept = t->cancelled_handle;
    t->cancelled_handle = 0;
    if (kept)
        keep_cancelled_handle(kept);
    return cancelled;
}

void threads_not_created(struct thread *creator, struct thread *created) {
    session_enter(creator);
    uint64_t kept = created->cancelled_handle;
    bury(created);
    if (kept)
        keep_cancelled_handle(kept);
    session_leave(creator);
}

/* The thread's descriptor lies at the top of its stack. */
static void find_stack_bounds(struct thread *t) {
    t->stack_high = (uint64_t)pthread_self();
    t->stack_low = t->stack_high - t->stack_size;
}

void threads_begin(struct thread *t) {
    uint64_t handle = (uint64_t)pthread_self();
    t->slot->tid = (uint32_t)raw_gettid();
    t->owner = mutex_word_owner(t->slot->tid);
    find_stack_bounds(t);
    t->error = &errno;
    thread_now = t;
    session_enter(t);
    /* Its last owner, and whatever was on its stack, is gone: a detached thread that nobody has missed yet.
     */
    for (struct thread *other = all; other; other = other->next)
        if (other != t && other->handle == handle && other->slot->state != RECORDING_SLOT_FREE)
            bury(other);
    t->handle = handle;
    t->cancelled = take_cancelled_handle(t);
    record_own_name(t);
    session_leave(t);
}

void threads_end(struct thread *t) {
    session_enter(t);
    record_own_name(t);
    struct recording_thread_end *record =
        recorder_append(session_recorder(), RECORDING_THREAD_END, sizeof *record);
    if (record) {
        record->thread = t->id;
        record->time_ns = clock_ns(CLOCK_MONOTONIC);
        recorder_commit(record);
    }
    /* What it still holds may be orphaned soon, and then its stack is no longer there to be compared. */
    struct call_site here = {.sp = ~(uint64_t)0};
    for (uint32_t i = 0; i < t->slot->held_count; i++)
        thread_settle(t, &t->held[i], &here);
    t->ended = true;
    __atomic_store_n(&t->slot->state, RECORDING_SLOT_ENDING, __ATOMIC_RELEASE);
    session_leave(t);
}

/* Its state may be gone already: a new thread that was given its stack says so when it begins. */
void threads_joined(struct thread *joiner, uint32_t ended) {
    session_enter(joiner);
    struct thread *t = threads_at(ended);
    if (!t || !t->joined) {
        uint32_t last = segments_current(session_segments(), ended);
        record_segment(joiner->id, segments_current(session_segments(), joiner->id) + 1, ended, last);
        next_segment(joiner, segments_join(session_segments(), joiner->id, ended));
    }
    if (t && !t->joined) {
        t->joined = true;
        bury(t);
    }
    session_leave(joiner);
}

void threads_not_joined(struct thread *joiner, uint32_t id) {
    session_enter(joiner);
    struct thread *t = threads_at(id);
    if (t)
        t->joiners--;
    session_leave(joiner);
}

void threads_known_ended(struct thread *t, uint32_t ended) {
    session_enter(t);
    uint32_t last = segments_current(session_segments(), ended);
    record_segment(t->id, segments_current(session_segments(), t->id) + 1, ended, last);
    next_segment(t, segments_join(session_segments(), t->id, ended));
    session_leave(t);
}

void threads_cancelled(struct thread *t, uint64_t handle) {
    struct thread *target = NULL;
    session_enter(t);
    for (struct thread *other = all; other && !target; other = other->next)
        if (other->handle == handle && other->slot->state == RECORDING_SLOT_RUNNING)
            target = other;
    if (target)
        __atomic_store_n(&target->cancelled, true, __ATOMIC_RELAXED);
    else
        keep_cancelled_handle(handle);
    session_leave(t);
}

/* A thread that was created says what its handle is when it begins; the creator cannot, because the variable
 * that it put it in may be gone by then. A join may come before that: it can wait, since it waits for more
 * than that anyway. One that is being joined may be gone, without its joiner having said so: then the handle
 * is that of one that has not begun. */
struct thread *threads_by_handle(struct thread *t, uint64_t handle, bool join) {
    for (;;) {
        struct thread *found = NULL;
        bool unborn = false;
        session_enter(t);
        for (struct thread *other = all; other; other = other->next) {
            if (other->slot->state == RECORDING_SLOT_FREE || other->detached)
                continue; /* a detached one may be gone, and its handle another's */
            if (other->handle == handle)
                found = other;
            unborn |= is_unborn(other);
        }
        bool certain = !unborn || (found && !(found->ended && found->joiners));
        if (certain && found && join)
            found->joiners++;
        session_leave(t);
        if (certain)
            return found;
        raw_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    }
}

struct thread *threads_attach(uint32_t tid) {
    struct thread *t = new_thread();
    if (!t)
        return NULL;
    t->slot->tid = tid;
    t->owner = mutex_word_owner(tid);
    t->error = &errno;
    t->creator = 0;
    t->detached = true; /* nobody is known to join it */
    if (segments_start(session_segments(), t->id, 0) < 0)
        session_lost(RECORDING_LOST_MEMORY);
    record_thread(t, 0, 0, false);
    record_own_name(t);
    __atomic_store_n(&t->slot->state, RECORDING_SLOT_RUNNING, __ATOMIC_RELEASE);
    waits_thread_runs(t);
    return t;
}

void threads_start(void) {
    all = free_list = NULL;
    last_id = 0;
}

struct thread *threads_first(void) {
    return __atomic_load_n(&all, __ATOMIC_ACQUIRE);
}

struct thread *threads_with_handle(uint64_t handle) {
    for (struct thread *t = all; t; t = t->next)
        if (t->handle == handle && t->slot->state != RECORDING_SLOT_FREE)
            return t;
    for (struct thread *t = all; t; t = t->next)
        if (!t->handle && t->last_handle == handle)
            return t;
    return NULL;
}

struct thread *threads_at(uint32_t id) {
    for (struct thread *t = all; t; t = t->next)
        if (t->id == id && t->slot->state != RECORDING_SLOT_FREE)
            return t;
    return NULL;
}

/* It has an id and a record, but no state: it is not a thread of this process. */
uint32_t threads_ghost(uint32_t tid, const char name[16]) {
    struct recording_slot slot = {.tid = tid};
    struct thread ghost_of = {.slot = &slot, .id = ++last_id};
    record_thread(&ghost_of, 0, 0, true);
    threads_record_name(&ghost_of, name);
    return ghost_of.id;
}
