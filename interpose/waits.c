#include "interpose/waits.h"

#include <string.h>

#include "detector/lock_graph.h"
#include "detector/wait_graph.h"
#include "interpose/findings.h"
#include "interpose/locks.h"
#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/threads.h"

#define MOST_HOLDS 4096

static void view_wait(void *context, uint32_t id, struct wait_edge *out) {
    struct thread *t = threads_at(id);
    (void)context;
    *out = (struct wait_edge){0};
    if (!t)
        return;
    out->kind = __atomic_load_n(&t->slot->wait_kind, __ATOMIC_SEQ_CST);
    out->target = __atomic_load_n(&t->slot->wait_target, __ATOMIC_RELAXED);
    out->mode = __atomic_load_n(&t->slot->wait_mode, __ATOMIC_RELAXED);
    out->lock = __atomic_load_n(&t->slot->wait_lock, __ATOMIC_RELAXED);
    out->timed = __atomic_load_n(&t->slot->wait_timed, __ATOMIC_RELAXED) != 0;
    out->ticket = __atomic_load_n(&t->slot->wait_ticket, __ATOMIC_ACQUIRE);
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

/* Whoever holds the lock in a mode that excludes `mode`. Nobody, or it cannot be told: the wait can go on. */
static enum wait_need need_of_lock(uint32_t lock, uint32_t mode, uint32_t *thread) {
    struct lock_hold hold;
    for (struct thread *t = threads_first(); t; t = t->next) {
        if (t->slot->state == RECORDING_SLOT_FREE || !waits_account_of(t, lock, mode))
            continue;
        *thread = t->id;
        if (!t->ended || !threads_gone(t))
            return WAIT_NEEDS_ALL;
        return left_for_good(lock) ? WAIT_NEEDS_THE_DEAD : WAIT_CAN_GO;
    }
    return left_for_good(lock) && findings_orphaned(lock, thread, &hold) ? WAIT_NEEDS_THE_DEAD : WAIT_CAN_GO;
}

static enum wait_need view_need(void *context, uint32_t thread, const struct wait_edge *edge,
                                uint32_t *threads, uint32_t room, uint32_t *count) {
    enum wait_need need = WAIT_CAN_GO;
    uint32_t needed = edge->target;
    (void)context, (void)thread;
    if (edge->kind == WAIT_JOIN)
        need = WAIT_NEEDS_ALL;
    else if (edge->kind == WAIT_LOCK)
        need = need_of_lock(edge->target, edge->mode, &needed);
    *count = need != WAIT_CAN_GO;
    if (*count && room)
        threads[0] = needed;
    return need;
}

static const struct wait_view view = {.wait = view_wait, .need = view_need};

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
    struct wait_memory graph;
    struct finding_step *steps; /* graph.capacity */
    uint32_t *locks;            /* graph.capacity */
    struct lock_hold *holds;    /* MOST_HOLDS */
};

/* Every thread, and one that is gone. For the holder of the session's lock. */
static uint32_t count_threads(void) {
    uint32_t count = 1;
    for (const struct thread *t = threads_first(); t; t = t->next)
        count++;
    return count;
}

static bool lay_memory(struct thread *t, uint32_t capacity, struct knot_memory *m) {
    uint64_t graph = wait_memory_bytes(capacity);
    uint64_t steps = capacity * sizeof *m->steps, locks = capacity * sizeof *m->locks;
    char *bytes = (char *)thread_joined(t, graph + steps + locks + MOST_HOLDS * sizeof *m->holds);
    if (!bytes) {
        session_lost(RECORDING_LOST_MEMORY);
        return false;
    }
    m->steps = (struct finding_step *)(void *)bytes;
    m->graph = wait_memory_lay(bytes + steps, capacity);
    m->locks = (uint32_t *)(void *)(bytes + steps + graph);
    m->holds = (struct lock_hold *)(void *)(bytes + steps + graph + locks);
    return true;
}

/* Two threads of a knot may both see it. It is known by its newest wait, or, where the owner is gone, by the
 * wait for the lock that it left. */
static bool reported_before(const struct wait_knot *knot, const struct knot_memory *m, uint32_t first) {
    uint32_t newest = first;
    if (knot->verdict == WAIT_KNOT)
        for (uint32_t i = first; i < knot->count; i++)
            if (m->graph.waits[i].ticket > m->graph.waits[newest].ticket)
                newest = i;
    struct thread *t = threads_at(m->graph.threads[newest]);
    if (!t || t->reported_ticket == m->graph.waits[newest].ticket)
        return true;
    t->reported_ticket = m->graph.waits[newest].ticket;
    return false;
}

/* A ring has no beginning; the report's is its oldest thread. */
static void rotate_to_oldest(struct wait_memory *m, uint32_t count) {
    uint32_t oldest = 0;
    for (uint32_t i = 0; i < count; i++)
        if (m->threads[i] < m->threads[oldest])
            oldest = i;
    for (; oldest > 0; oldest--) {
        uint32_t thread = m->threads[0];
        struct wait_edge wait = m->waits[0];
        memmove(m->threads, m->threads + 1, (count - 1) * sizeof *m->threads);
        memmove(m->waits, m->waits + 1, (count - 1) * sizeof *m->waits);
        m->threads[count - 1] = thread;
        m->waits[count - 1] = wait;
    }
}

static bool report_knot(const struct wait_knot *knot, struct knot_memory *m) {
    uint32_t steps = 0, holds = 0, locks = 0;
    uint32_t first = knot->verdict == WAIT_ORPHANED ? knot->count - 2 : 0;
    if (reported_before(knot, m, first))
        return false;
    if (knot->verdict == WAIT_KNOT)
        rotate_to_oldest(&m->graph, knot->count);
    for (uint32_t i = first; i < knot->count; i++) {
        struct thread *t = threads_at(m->graph.threads[i]);
        struct finding_step *step = &m->steps[steps++];
        *step = (struct finding_step){.thread = m->graph.threads[i], .holds = m->holds + holds};
        bool gone = knot->verdict == WAIT_ORPHANED && i == knot->count - 1;
        if (gone && i > first) {
            uint32_t thread;
            uint32_t lock = m->graph.waits[i - 1].target;
            const struct recording_held *held =
                t ? waits_account_of(t, lock, m->graph.waits[i - 1].mode) : NULL;
            if (holds == MOST_HOLDS)
                continue;
            if (held)
                m->holds[holds] = (struct lock_hold){lock, held->mode, held->stack};
            if (held || findings_orphaned(lock, &thread, &m->holds[holds]))
                step->holds_count = 1;
        } else if (t) {
            step->holds_count = collect_holds(t, m->holds + holds, MOST_HOLDS - holds);
            step->wants =
                (struct lock_hold){m->graph.waits[i].target, m->graph.waits[i].mode, t->slot->wait_stack};
            if (m->graph.waits[i].kind == WAIT_JOIN) {
                struct thread *target = threads_at(m->graph.waits[i].target);
                step->wants.lock = target ? locks_of_life(target) : 0;
                step->wants.mode = LOCK_EXCLUSIVE;
            }
            m->locks[locks++] = step->wants.lock;
        }
        holds += step->holds_count;
    }
    struct finding finding = {.kind = FINDING_DEADLOCK_ACTUAL,
                              .shape = knot->shape,
                              .severity = FINDING_ERROR,
                              .steps_count = steps,
                              .steps = m->steps};
    findings_add(&finding);
    if (knot->shape == FINDING_SHAPE_CYCLE)
        lock_graph_mark_reported(session_graph(), m->locks, locks, 0);
    return true;
}

/* Returns whether a deadlock was reported. */
static bool look_for_knot(struct thread *t) {
    for (uint32_t capacity = count_threads();; capacity *= 2) {
        struct knot_memory m;
        if (!lay_memory(t, capacity, &m))
            return false;
        struct wait_knot knot = wait_graph_find(&view, t->id, &m.graph);
        if (knot.verdict == WAIT_KNOT || knot.verdict == WAIT_ORPHANED)
            return report_knot(&knot, &m);
        if (knot.verdict != WAIT_TOO_LARGE)
            return false;
    }
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
    t->slot->wait_stack = stack ? stack_memo_resolved(stack, false, call) : 0;
    return t->slot->wait_stack != 0;
}

#define SHARED_TOLD_NS 1000000u

/* Only the command sees the threads of other processes. It looks twice, the second time well after this
 * interval, so that what is kept back here is seen too. */
static void tell_of_shared(uint64_t now) {
    static uint64_t told;
    uint64_t last = __atomic_load_n(&told, __ATOMIC_RELAXED);
    if (now - last < SHARED_TOLD_NS)
        return;
    __atomic_store_n(&told, now, __ATOMIC_RELAXED);
    findings_notify();
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
        slot->wait_stack = stack ? stack_memo_resolve(t, stack, false, call) : 0;
        session_leave(t);
    }
    slot->wait_target = target;
    slot->wait_mode = mode;
    slot->wait_lock = 0;
    slot->wait_timed = timed;
    slot->wait_since_ns = raw_clock_ns(CLOCK_MONOTONIC);
    __atomic_store_n(&slot->wait_ticket, __atomic_add_fetch(&tickets, 1, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
    __atomic_store_n(&slot->wait_kind, kind, __ATOMIC_SEQ_CST);
    if (kind == WAIT_LOCK && !timed && locks_shared(target))
        tell_of_shared(slot->wait_since_ns);
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
    struct knot_memory m;
    bool look = t->slot->held_count && lay_memory(t, 2, &m);
    for (struct thread *other = threads_first(); look && other; other = other->next) {
        struct wait_knot knot = {WAIT_ORPHANED, FINDING_SHAPE_ORPHANED, 2};
        struct wait_edge *wait = &m.graph.waits[0];
        view_wait(NULL, other->id, wait);
        if (other == t || wait->kind != WAIT_LOCK || wait->timed || !left_for_good(wait->target) ||
            !waits_account_of(t, wait->target, wait->mode))
            continue;
        m.graph.threads[0] = other->id;
        m.graph.threads[1] = t->id;
        deadlock |= report_knot(&knot, &m);
    }
    session_leave(t);
    if (deadlock)
        act_on_deadlock();
}

void waits_over(struct thread *t) {
    __atomic_store_n(&t->slot->wait_kind, WAIT_NONE, __ATOMIC_RELEASE);
}
