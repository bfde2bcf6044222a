#include "interpose/waits.h"

#include <string.h>

#include "detector/lock_graph.h"
#include "detector/wait_graph.h"
#include "interpose/findings.h"
#include "interpose/gil.h"
#include "interpose/locks.h"
#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/threads.h"

#define LONGEST_KNOT 4096

static void view_wait(void *context, uint32_t id, struct wait_edge *out) {
    struct thread *t = threads_at(id);
    (void)context;
    *out = (struct wait_edge){0};
    if (!t)
        return;
    out->kind = __atomic_load_n(&t->slot->wait_kind, __ATOMIC_SEQ_CST);
    out->target = __atomic_load_n(&t->slot->wait_target, __ATOMIC_RELAXED);
    out->mode = __atomic_load_n(&t->slot->wait_mode, __ATOMIC_RELAXED);
    out->ticket = __atomic_load_n(&t->slot->wait_ticket, __ATOMIC_ACQUIRE);
    if (__atomic_load_n(&t->slot->wait_timed, __ATOMIC_RELAXED))
        out->kind = WAIT_NONE;
}

static bool excludes(uint32_t a, uint32_t b) {
    return a != LOCK_SHARED || b != LOCK_SHARED;
}

/* Whether the thread's account says that it holds the lock. Another thread's account may be changing. */
const struct recording_held *waits_account_of(const struct thread *t, uint32_t lock, uint32_t mode) {
    uint32_t count = __atomic_load_n(&t->slot->held_count, __ATOMIC_ACQUIRE);
    /* A larger array is in place before its capacity is. */
    uint32_t capacity = __atomic_load_n(&t->held_capacity, __ATOMIC_ACQUIRE);
    const struct recording_held *held = __atomic_load_n(&t->held, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < count && i < capacity; i++)
        if (__atomic_load_n(&held[i].lock, __ATOMIC_ACQUIRE) == lock && excludes(held[i].mode, mode))
            return &held[i];
    return NULL;
}

/* Whether a lock whose owner is gone blocks the next one forever. */
static bool left_for_good(uint32_t lock) {
    const struct lock *about = locks_at(lock);
    return about && !about->robust;
}

static enum wait_holder_state view_holder(void *context, uint32_t lock, uint32_t mode, uint32_t *thread) {
    struct lock_hold hold;
    (void)context;
    for (struct thread *t = threads_first(); t; t = t->next) {
        if (t->slot->state == RECORDING_SLOT_FREE || !waits_account_of(t, lock, mode))
            continue;
        *thread = t->id;
        if (!t->ended || !threads_gone(t))
            return WAIT_HOLDER_ALIVE;
        return left_for_good(lock) ? WAIT_HOLDER_GONE : WAIT_HOLDER_NONE;
    }
    return left_for_good(lock) && findings_orphaned(lock, thread, &hold) ? WAIT_HOLDER_GONE
                                                                         : WAIT_HOLDER_NONE;
}

/* A first look without any lock: can there be a knot at all? Only if a holder of the lock waits itself, is
 * this thread, or has ended. A holder that blocks later will look for itself. */
static bool may_be_stuck(const struct thread *self, uint32_t lock, uint32_t mode) {
    uint32_t thread;
    struct lock_hold hold;
    for (const struct thread *t = threads_first(); t; t = t->next) {
        if (t != self && !t->ended && __atomic_load_n(&t->slot->wait_kind, __ATOMIC_SEQ_CST) == WAIT_NONE)
            continue;
        if (waits_account_of(t, lock, mode))
            return true;
    }
    return findings_orphaned(lock, &thread, &hold);
}

static uint32_t collect_holds(const struct thread *t, struct lock_hold *out, uint32_t room) {
    uint32_t count = t->slot->held_count, n = 0;
    for (uint32_t i = 0; i < count && n < room; i++)
        if (t->held[i].lock)
            out[n++] = (struct lock_hold){t->held[i].lock, t->held[i].mode, t->held[i].stack};
    return n;
}

/* What a knot is made of, in this thread's scratch memory. */
struct knot_memory {
    uint32_t threads[LONGEST_KNOT];
    struct wait_edge edges[LONGEST_KNOT];
    struct finding_step steps[LONGEST_KNOT];
    uint32_t locks[LONGEST_KNOT];
    struct lock_hold holds[LONGEST_KNOT];
};

/* Two threads of a knot may both see it. It is known by its newest wait, or, where the owner is gone, by the
 * wait for the lock that it left. */
static bool reported_before(const struct wait_knot *knot, const struct knot_memory *m, uint32_t first) {
    uint32_t newest = first;
    if (knot->verdict == WAIT_KNOT)
        for (uint32_t i = first; i < knot->count; i++)
            if (m->edges[i].ticket > m->edges[newest].ticket)
                newest = i;
    struct thread *t = threads_at(m->threads[newest]);
    if (!t || t->reported_ticket == m->edges[newest].ticket)
        return true;
    t->reported_ticket = m->edges[newest].ticket;
    return false;
}

/* A ring has no beginning; the report's is its oldest thread. */
static void rotate_to_oldest(struct knot_memory *m, uint32_t first, uint32_t count) {
    uint32_t oldest = first;
    for (uint32_t i = first; i < count; i++)
        if (m->threads[i] < m->threads[oldest])
            oldest = i;
    for (; oldest > first; oldest--) {
        uint32_t thread = m->threads[first];
        struct wait_edge edge = m->edges[first];
        memmove(m->threads + first, m->threads + first + 1, (count - first - 1) * sizeof *m->threads);
        memmove(m->edges + first, m->edges + first + 1, (count - first - 1) * sizeof *m->edges);
        m->threads[count - 1] = thread;
        m->edges[count - 1] = edge;
    }
}

static bool report_knot(const struct wait_knot *knot, struct knot_memory *m) {
    uint32_t steps = 0, holds = 0, locks = 0;
    uint32_t first = knot->verdict == WAIT_ORPHANED && knot->count >= 2 ? knot->count - 2 : knot->first;
    if (reported_before(knot, m, first))
        return false;
    if (knot->verdict == WAIT_KNOT)
        rotate_to_oldest(m, first, knot->count);
    for (uint32_t i = first; i < knot->count; i++) {
        struct thread *t = threads_at(m->threads[i]);
        struct finding_step *step = &m->steps[steps++];
        *step = (struct finding_step){.thread = m->threads[i], .holds = m->holds + holds};
        bool gone = knot->verdict == WAIT_ORPHANED && i == knot->count - 1;
        if (gone && i > first) {
            uint32_t thread;
            uint32_t lock = m->edges[i - 1].target;
            const struct recording_held *held = t ? waits_account_of(t, lock, m->edges[i - 1].mode) : NULL;
            if (held) {
                m->holds[holds] = (struct lock_hold){lock, held->mode, held->stack};
                step->holds_count = 1;
            } else if (holds < LONGEST_KNOT && findings_orphaned(lock, &thread, &m->holds[holds])) {
                step->holds_count = 1;
            }
        } else if (t) {
            step->holds_count = collect_holds(t, m->holds + holds, LONGEST_KNOT - holds);
            step->wants = (struct lock_hold){m->edges[i].target, m->edges[i].mode, t->slot->wait_stack};
            if (m->edges[i].kind == WAIT_JOIN) {
                struct thread *target = threads_at(m->edges[i].target);
                step->wants.lock = target ? locks_of_life(target) : 0;
                step->wants.mode = LOCK_EXCLUSIVE;
            }
            m->locks[locks++] = step->wants.lock;
        }
        holds += step->holds_count;
    }
    bool gil = false;
    for (uint32_t i = 0; i < locks; i++)
        gil |= m->locks[i] == gil_lock;
    uint32_t shape = gil ? FINDING_SHAPE_MIXED : knot->shape;
    struct finding finding = {.kind = FINDING_DEADLOCK_ACTUAL,
                              .shape = shape,
                              .severity = FINDING_ERROR,
                              .steps_count = steps,
                              .steps = m->steps};
    findings_add(&finding);
    if (shape == FINDING_SHAPE_CYCLE)
        lock_graph_mark_reported(session_graph(), m->locks, locks, 0);
    return true;
}

/* Returns whether a deadlock was reported. */
static bool look_for_knot(struct thread *t) {
    struct knot_memory *m = (struct knot_memory *)thread_joined(t, sizeof *m);
    static const struct wait_view view = {.wait = view_wait, .holder = view_holder};
    if (!m) {
        session_lost(RECORDING_LOST_MEMORY);
        return false;
    }
    struct wait_knot knot = wait_graph_find(&view, t->id, m->threads, m->edges, LONGEST_KNOT);
    return knot.verdict != WAIT_NO_KNOT && report_knot(&knot, m);
}

/* Without any lock, for stacks that are in the recording already. Returns whether that was all. */
static bool settle_all(struct thread *t, const struct stack_record *stack, const struct call_site *call) {
    for (uint32_t i = 0; i < t->slot->held_count; i++) {
        struct recording_held *held = &t->held[i];
        if (!held->stack && thread_record(held))
            held->stack = stack_memo_resolved(thread_record(held), thread_certain(held), call);
        if (!held->stack && held->lock)
            return false;
    }
    t->slot->wait_stack = stack && !call->python ? stack_memo_resolved(stack, false, call) : 0;
    return t->slot->wait_stack != 0;
}

/* Before a deadlock is reported by whichever thread comes last, each of its threads has to have said where it
 * got what it holds: so every thread does that before it blocks. */
static void publish(struct thread *t, enum wait_kind kind, uint32_t target, uint32_t mode, bool timed,
                    struct stack_record *stack, const struct call_site *call) {
    static uint64_t tickets;
    struct recording_slot *slot = t->slot;
    if (!settle_all(t, stack, call)) {
        session_enter(t);
        for (uint32_t i = 0; i < slot->held_count; i++)
            thread_settle(t, &t->held[i], call);
        slot->wait_stack = stack ? stack_memo_resolve_python(t, stack, false, call, call->python) : 0;
        session_leave(t);
    }
    gil_account(t, call);
    slot->wait_target = target;
    slot->wait_mode = mode;
    slot->wait_timed = timed;
    slot->wait_since_ns = raw_clock_ns(CLOCK_MONOTONIC);
    __atomic_store_n(&slot->wait_ticket, __atomic_add_fetch(&tickets, 1, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
    __atomic_store_n(&slot->wait_kind, kind, __ATOMIC_SEQ_CST);
}

/* The options say what happens to a program that is deadlocked. */
static void act_on_deadlock(void) {
    const struct options *options = session_options();
    if (options->on_deadlock == OPTIONS_STOP)
        raw_syscall(SYS_exit_group, (long)options->exit_code, 0, 0, 0, 0, 0);
    if (options->on_deadlock == OPTIONS_ABORT)
        raw_syscall(SYS_kill, raw_getpid(), 6 /* SIGABRT */, 0, 0, 0, 0);
}

void waits_lock(struct thread *t, uint32_t lock, uint32_t mode, bool timed, struct stack_record *stack,
                const struct call_site *call) {
    publish(t, WAIT_LOCK, lock, mode, timed, stack, call);
    if (timed || !may_be_stuck(t, lock, mode))
        return;
    session_enter(t);
    bool deadlock = look_for_knot(t);
    session_leave(t);
    if (deadlock)
        act_on_deadlock();
}

void waits_join(struct thread *t, uint32_t thread, bool timed, struct stack_record *stack,
                const struct call_site *call) {
    publish(t, WAIT_JOIN, thread, LOCK_EXCLUSIVE, timed, stack, call);
    if (timed)
        return;
    session_enter(t);
    bool deadlock = look_for_knot(t);
    session_leave(t);
    if (deadlock)
        act_on_deadlock();
}

/* Threads may have waited for its locks before it was gone: nobody else is going to look for them. */
void waits_thread_gone(struct thread *t) {
    bool deadlock = false;
    session_enter(t);
    t->gone = true;
    struct knot_memory *m = t->slot->held_count ? (struct knot_memory *)thread_joined(t, sizeof *m) : NULL;
    for (struct thread *other = threads_first(); m && other; other = other->next) {
        struct wait_knot knot = {WAIT_ORPHANED, FINDING_SHAPE_ORPHANED, 2, 0};
        view_wait(NULL, other->id, &m->edges[0]);
        if (other == t || m->edges[0].kind != WAIT_LOCK || !left_for_good(m->edges[0].target) ||
            !waits_account_of(t, m->edges[0].target, m->edges[0].mode))
            continue;
        m->threads[0] = other->id;
        m->threads[1] = t->id;
        deadlock |= report_knot(&knot, m);
    }
    session_leave(t);
    if (deadlock)
        act_on_deadlock();
}

void waits_over(struct thread *t) {
    __atomic_store_n(&t->slot->wait_kind, WAIT_NONE, __ATOMIC_RELEASE);
    gil_unaccount(t);
}
