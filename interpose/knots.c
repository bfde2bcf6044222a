#include "interpose/knots.h"

#include <string.h>

#include "detector/lock_graph.h"
#include "detector/wait_graph.h"
#include "interpose/bus_guard.h"
#include "interpose/findings.h"
#include "interpose/gil.h"
#include "interpose/kernel.h"
#include "interpose/locks.h"
#include "interpose/mappings.h"
#include "interpose/parties.h"
#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/threads.h"
#include "interpose/unwinder.h"
#include "interpose/waits.h"

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
    /* One that was cancelled leaves such a wait, as at a limit; unless it has cancellation disabled, but
     * nobody can say that. */
    bool leaves = out->kind == WAIT_CONDITION || out->kind == WAIT_SEMAPHORE || out->kind == WAIT_JOIN;
    out->timed = __atomic_load_n(&t->slot->wait_timed, __ATOMIC_RELAXED) ||
                 (leaves && __atomic_load_n(&t->cancelled, __ATOMIC_RELAXED));
    out->ticket = __atomic_load_n(&t->slot->wait_ticket, __ATOMIC_ACQUIRE);
}

/* Whether a lock whose owner is gone blocks the next one forever. (An init routine that did not end is begun
 * anew, and a file's lock is released by whoever closes the file.) */
static bool left_for_good(uint32_t lock) {
    const struct lock *about = locks_at(lock);
    return about && !about->robust && about->kind != LOCK_KIND_ONCE && about->kind != LOCK_KIND_FILE;
}

/* The threads that something waits for, in ascending order. */
struct needed {
    uint32_t *threads;
    uint32_t room, count;
};

static void need_thread(struct needed *needed, uint32_t thread) {
    uint32_t place = 0;
    while (place < needed->count && place < needed->room && needed->threads[place] < thread)
        place++;
    if (place < needed->count && place < needed->room && needed->threads[place] == thread)
        return;
    if (needed->count >= needed->room) {
        needed->count = needed->room + 1;
        return;
    }
    memmove(needed->threads + place + 1, needed->threads + place,
            (needed->count - place) * sizeof *needed->threads);
    needed->threads[place] = thread;
    needed->count++;
}

/* Gather who holds the lock in a mode that excludes `mode`. Returns false, with the one that matters alone,
 * when it is gone. */
static bool need_holders(uint32_t lock, uint32_t mode, struct needed *needed) {
    uint32_t dead;
    struct lock_hold hold;
    for (const struct thread *t = threads_first(); t; t = t->next) {
        if (t->slot->state == RECORDING_SLOT_FREE || !waits_account_of(t, lock, mode) ||
            findings_disowned(t, lock))
            continue;
        if (!t->ended || !threads_gone(t)) {
            need_thread(needed, t->id);
        } else if (left_for_good(lock)) {
            needed->count = 0;
            need_thread(needed, t->id);
            return false;
        }
    }
    if (!needed->count && left_for_good(lock) && findings_orphaned(lock, &dead, &hold)) {
        need_thread(needed, dead);
        return false;
    }
    return true;
}

/* A reader of such a lock also waits for the writers that wait. */
static void need_writers(uint32_t reader, uint32_t lock, struct needed *needed) {
    for (const struct thread *t = threads_first(); t; t = t->next)
        if (t->id != reader && __atomic_load_n(&t->slot->wait_kind, __ATOMIC_SEQ_CST) == WAIT_LOCK &&
            t->slot->wait_target == lock && t->slot->wait_mode == LOCK_EXCLUSIVE && !t->slot->wait_timed)
            need_thread(needed, t->id);
}

static enum wait_need need_lock(uint32_t waiter, uint32_t lock, uint32_t mode, struct needed *needed) {
    const struct lock *about = locks_at(lock);
    if (!need_holders(lock, mode, needed))
        return WAIT_NEEDS_THE_DEAD;
    if (mode == LOCK_SHARED && about && about->prefers_writers)
        need_writers(waiter, lock, needed);
    return needed->count ? WAIT_NEEDS_ALL : WAIT_CAN_GO;
}

/* Whoever waits for a condition needs its mutex in any case. */
static enum wait_need need_condition(uint32_t waiter, const struct wait_edge *edge, struct needed *needed) {
    const struct lock *condition = locks_at(edge->target);
    enum wait_need need = need_lock(waiter, edge->lock, LOCK_EXCLUSIVE, needed);
    if (need == WAIT_NEEDS_THE_DEAD || edge->timed || !condition || condition->shared ||
        condition->kind != LOCK_KIND_CONDITION ||
        parties_high(__atomic_load_n(&condition->word, __ATOMIC_SEQ_CST)))
        return need;
    return WAIT_NEEDS_SOMEONE;
}

/* Its first word has the value, in glibc and in musl. (sem_getvalue would be for us to call; but the memory
 * may be unmapped by now.) */
static bool may_be_taken(const struct lock *semaphore) {
    return !unwinder_readable(semaphore->address) ||
           __atomic_load_n((const uint32_t *)(uintptr_t)semaphore->address, __ATOMIC_SEQ_CST) & 0x7fffffff;
}

/* A semaphore that was only ever posted by those who took it is a lock, which its holder releases. But one
 * that the waiter took itself may be about to become a signal: so CPython makes its condition variables. */
static enum wait_need need_semaphore(uint32_t waiter, const struct wait_edge *edge, struct needed *needed) {
    const struct lock *semaphore = locks_at(edge->target);
    if (edge->timed || !semaphore || semaphore->kind != LOCK_KIND_SEMAPHORE || may_be_taken(semaphore))
        return WAIT_CAN_GO;
    if (!semaphore->signal && (!semaphore->shared || semaphore->proven)) {
        if (!need_holders(edge->target, LOCK_EXCLUSIVE, needed))
            return WAIT_NEEDS_THE_DEAD;
        if (needed->count && needed->threads[0] != waiter)
            return WAIT_NEEDS_ALL;
        needed->count = 0;
    }
    return semaphore->shared ? WAIT_CAN_GO : WAIT_NEEDS_SOMEONE;
}

static enum wait_need need_barrier(const struct wait_edge *edge) {
    const struct lock *barrier = locks_at(edge->target);
    bool waits = !edge->timed && barrier && barrier->kind == LOCK_KIND_BARRIER && !barrier->shared &&
                 barrier->value &&
                 parties_high(__atomic_load_n(&barrier->word, __ATOMIC_SEQ_CST)) == edge->mode;
    return waits ? WAIT_NEEDS_SOMEONE : WAIT_CAN_GO;
}

static enum wait_need view_need(void *context, uint32_t thread, const struct wait_edge *edge,
                                uint32_t *threads, uint32_t room, uint32_t *count) {
    struct needed needed = {threads, room, 0};
    enum wait_need need = WAIT_CAN_GO;
    const struct thread *target;
    (void)context;
    switch (edge->kind) {
    case WAIT_LOCK:
        need = edge->timed ? WAIT_CAN_GO : need_lock(thread, edge->target, edge->mode, &needed);
        break;
    case WAIT_JOIN:
        target = edge->timed ? NULL : threads_at(edge->target);
        if (target && !threads_gone(target)) {
            need_thread(&needed, edge->target);
            need = WAIT_NEEDS_ALL;
        }
        break;
    case WAIT_CONDITION:
        need = need_condition(thread, edge, &needed);
        break;
    case WAIT_SEMAPHORE:
        need = need_semaphore(thread, edge, &needed);
        break;
    case WAIT_BARRIER:
        need = need_barrier(edge);
        break;
    default:
        break;
    }
    *count = needed.count;
    return needed.count > room ? WAIT_CAN_GO : need;
}

static const struct wait_view view = {.wait = view_wait, .need = view_need};

#define FIRST_LOOK 64 /* releasers that the look without a lock considers; with more there may be a knot */

bool knots_possible(const struct thread *self) {
    uint32_t threads[FIRST_LOOK], count;
    struct wait_edge edge;
    view_wait(NULL, self->id, &edge);
    enum wait_need need = view_need(NULL, self->id, &edge, threads, FIRST_LOOK, &count);
    if (need == WAIT_NEEDS_THE_DEAD || count > FIRST_LOOK)
        return true;
    for (uint32_t i = 0; need != WAIT_CAN_GO && i < count; i++) {
        const struct thread *t = threads_at(threads[i]);
        if (!t || t == self || t->ended ||
            __atomic_load_n(&t->slot->wait_kind, __ATOMIC_SEQ_CST) != WAIT_NONE)
            return true;
    }
    return false;
}

bool knots_all_possible(const struct thread *self) {
    uint32_t threads[FIRST_LOOK], count;
    for (const struct thread *t = threads_first(); t; t = t->next) {
        struct wait_edge edge;
        if (t == self || t->gone || __atomic_load_n(&t->slot->state, __ATOMIC_ACQUIRE) == RECORDING_SLOT_FREE)
            continue;
        view_wait(NULL, t->id, &edge);
        if (view_need(NULL, t->id, &edge, threads, FIRST_LOOK, &count) == WAIT_CAN_GO && count <= FIRST_LOOK)
            return false;
    }
    return true;
}

static uint32_t collect_holds(const struct thread *t, struct lock_hold *out, uint32_t room) {
    uint32_t count = t->slot->held_count, n = 0;
    for (uint32_t i = 0; i < count && n < room; i++)
        if (t->held[i].lock)
            out[n++] = (struct lock_hold){t->held[i].lock, t->held[i].mode, t->held[i].stack};
    return n;
}

/* What a finding is made of, in this thread's scratch memory. */
struct knot_memory {
    struct wait_memory waits;
    uint32_t threads_count; /* room for so many threads */
    uint32_t *ids;          /* threads that count */
    struct finding_step *steps;
    uint32_t *locks;
    struct lock_hold *holds;
    uint32_t holds_room;
};

static struct knot_memory *lay_memory(struct thread *t, uint32_t times) {
    uint32_t threads = 2, holds = 0; /* a dead owner may be among them */
    if (bus_guard_hit())             /* what threads hold and wait for may be gone with the recording */
        return NULL;
    for (const struct thread *other = threads_first(); other; other = other->next) {
        threads++;
        holds += other->slot->held_count;
    }
    threads *= times;
    holds += threads;
    size_t waits = (wait_memory_bytes(threads) + 7) & ~(size_t)7;
    size_t bytes = sizeof(struct knot_memory) + waits + threads * sizeof(struct finding_step) +
                   threads * 2 * sizeof(uint64_t) + holds * sizeof(struct lock_hold);
    char *at = (char *)thread_joined(t, bytes);
    if (!at) {
        session_lost(RECORDING_LOST_MEMORY);
        return NULL;
    }
    struct knot_memory *m = (struct knot_memory *)at;
    at += (sizeof *m + 7) & ~(size_t)7;
    m->waits = wait_memory_lay(at, threads);
    at += waits;
    m->steps = (struct finding_step *)at;
    at += threads * sizeof *m->steps;
    m->ids = (uint32_t *)at;
    at += threads * sizeof(uint64_t);
    m->locks = (uint32_t *)at;
    at += threads * sizeof(uint64_t);
    m->holds = (struct lock_hold *)at;
    m->threads_count = threads;
    m->holds_room = holds;
    return m;
}

/* Two threads of a knot may both see it. It is known by its newest wait, or, where the owner is gone, by the
 * wait for the lock that it left. */
static bool reported_before(const struct knot_memory *m, uint32_t first, uint32_t count, bool orphaned) {
    uint32_t newest = first;
    for (uint32_t i = first; i < count && !orphaned; i++)
        if (m->waits.waits[i].ticket > m->waits.waits[newest].ticket)
            newest = i;
    struct thread *t = threads_at(m->waits.threads[newest]);
    if (!t || t->reported_ticket == m->waits.waits[newest].ticket)
        return true;
    t->reported_ticket = m->waits.waits[newest].ticket;
    return false;
}

/* A ring has no beginning; the report's is its oldest thread. */
static void rotate_to_oldest(struct wait_memory *m, uint32_t count) {
    uint32_t oldest = 0;
    for (uint32_t i = 1; i < count; i++)
        if (m->threads[i] < m->threads[oldest])
            oldest = i;
    for (; oldest > 0; oldest--) {
        uint32_t thread = m->threads[0];
        struct wait_edge edge = m->waits[0];
        memmove(m->threads, m->threads + 1, (count - 1) * sizeof *m->threads);
        memmove(m->waits, m->waits + 1, (count - 1) * sizeof *m->waits);
        m->threads[count - 1] = thread;
        m->waits[count - 1] = edge;
    }
}

/* What the thread of this wait wants. `ring`: as part of a ring, to which a condition's wait belongs by its
 * mutex. */
static struct lock_hold wanted(const struct thread *t, const struct wait_edge *edge, bool ring) {
    struct lock_hold wants = {edge->target, LOCK_EXCLUSIVE, t->slot->wait_stack};
    if (edge->kind == WAIT_JOIN) {
        struct thread *target = threads_at(edge->target);
        wants.lock = target ? locks_of_life(target) : 0;
    } else if (edge->kind == WAIT_LOCK) {
        wants.mode = edge->mode;
    } else if (edge->kind == WAIT_CONDITION && ring) {
        wants.lock = edge->lock;
    }
    return wants;
}

/* The side of a thread that is gone: the lock that it left. */
static uint32_t lost_hold(const struct thread *t, uint32_t lock, uint32_t mode, struct lock_hold *out) {
    uint32_t thread;
    const struct recording_held *held = t ? waits_account_of(t, lock, mode) : NULL;
    if (held)
        *out = (struct lock_hold){lock, held->mode, held->stack};
    return held || findings_orphaned(lock, &thread, out);
}

/* Make the steps of the threads from `first` on. */
static void make_steps(struct knot_memory *m, uint32_t first, uint32_t count, bool orphaned, bool ring) {
    uint32_t holds = 0;
    for (uint32_t i = first; i < count; i++) {
        struct thread *t = threads_at(m->waits.threads[i]);
        struct finding_step *step = &m->steps[i - first];
        *step = (struct finding_step){.thread = m->waits.threads[i], .holds = m->holds + holds};
        if (orphaned && i == count - 1) {
            struct lock_hold wants = m->steps[i - first - 1].wants;
            step->holds_count = lost_hold(t, wants.lock, wants.mode, &m->holds[holds]);
        } else if (t) {
            step->holds_count = collect_holds(t, m->holds + holds, m->holds_room - holds - 1);
            step->wants = wanted(t, &m->waits.waits[i], ring);
            t->knot_ticket = m->waits.waits[i].ticket;
            findings_withdraw(t->note); /* that it waits with a lock held is now part of something worse */
        }
        m->locks[i - first] = step->wants.lock;
        holds += step->holds_count;
    }
}

static enum knots_result report_ring(const struct wait_knot *knot, struct knot_memory *m) {
    bool orphaned = knot->verdict == WAIT_ORPHANED;
    uint32_t first = orphaned && knot->count >= 2 ? knot->count - 2 : 0, count = knot->count;
    if (reported_before(m, first, orphaned ? first + 1 : count, orphaned))
        return KNOTS_NONE;
    if (!orphaned)
        rotate_to_oldest(&m->waits, count);
    make_steps(m, first, count, orphaned, true);
    uint32_t shape = knot->shape;
    for (uint32_t i = 0; i < count - first && !orphaned; i++)
        shape = gil_lock && m->locks[i] == gil_lock ? FINDING_SHAPE_MIXED : shape;
    findings_add(&(struct finding){.kind = FINDING_DEADLOCK_ACTUAL,
                                   .shape = shape,
                                   .severity = FINDING_ERROR,
                                   .steps_count = count - first,
                                   .steps = m->steps});
    if (knot->shape == FINDING_SHAPE_CYCLE || knot->shape == FINDING_SHAPE_MIXED)
        lock_graph_mark_reported(session_graph(), m->locks, count - first, 0);
    return KNOTS_REPORTED;
}

enum knots_result knots_look(struct thread *t) {
    for (uint32_t times = 1;; times *= 2) {
        struct knot_memory *m = lay_memory(t, times);
        if (!m)
            return KNOTS_NONE;
        struct wait_knot knot = wait_graph_find(&view, t->id, &m->waits);
        if (knot.verdict == WAIT_KNOT || knot.verdict == WAIT_ORPHANED)
            return report_ring(&knot, m);
        if (knot.verdict != WAIT_TOO_LARGE)
            return KNOTS_NONE;
    }
}

/* The threads that may still run. Returns how many more the kernel knows. */
static uint32_t list_threads(const struct thread *self, bool ending, struct knot_memory *m,
                             uint32_t *listed) {
    uint32_t count = 0, alive = 0;
    for (const struct thread *t = threads_first(); t; t = t->next) {
        if (t->slot->state == RECORDING_SLOT_FREE)
            continue;
        if (!kernel_has_thread(t->slot->tid) && t != self && t->slot->tid)
            continue; /* ended without a word */
        alive += t->slot->tid != 0;
        if (t->gone || (t == self && ending))
            continue;
        if (count < m->threads_count)
            m->ids[count++] = t->id;
    }
    uint32_t known = kernel_count_threads();
    *listed = count;
    return known > alive ? known - alive : 0;
}

/* Whether all that look blocked are asleep in the kernel, but the calling one: a thread that was woken is
 * not, though it has not come to say so. Those that wait for a lock need not be asked, nor sleep (spinlocks):
 * who holds it is known exactly. */
static bool all_asleep(const struct thread *self, const struct knot_memory *m, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const struct thread *t = threads_at(m->waits.threads[i]);
        if (t && t != self && m->waits.waits[i].kind != WAIT_LOCK && !kernel_asleep(t->slot->tid))
            return false;
    }
    return true;
}

/* Whether one waits for something in memory that other processes have, too: they may end the wait. */
static bool waits_for_others(const struct knot_memory *m, uint32_t count) {
    struct mappings_place place;
    for (uint32_t i = 0; i < count; i++) {
        const struct thread *t = threads_at(m->waits.threads[i]);
        if (t && t->slot->wait_address && mappings_shared(t->slot->wait_address, &place))
            return true;
    }
    return false;
}

/* Whether one of the threads was reported as part of a deadlock, which then explains the rest. */
static bool explained(const struct knot_memory *m, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const struct thread *t = threads_at(m->waits.threads[i]);
        if (t && t->knot_ticket == m->waits.waits[i].ticket)
            return true;
    }
    return false;
}

enum knots_result knots_look_all(struct thread *self, bool ending, bool last) {
    static uint32_t strangers; /* threads that do not come from pthread_create, and may release any */
    if (raw_confined)          /* the kernel cannot be asked */
        return KNOTS_NONE;
    struct knot_memory *m = lay_memory(self, 1);
    uint32_t count = 0, more = m ? list_threads(self, ending, m, &count) : 0;
    if (!count || !wait_graph_all(&view, m->ids, count, &m->waits) || explained(m, count))
        return KNOTS_NONE;
    if (more && (last || more == strangers)) {
        strangers = more;
        return KNOTS_NONE;
    }
    if (more || !all_asleep(self, m, count) || !wait_graph_unchanged(&view, &m->waits, count))
        return KNOTS_AGAIN;
    if (waits_for_others(m, count) || reported_before(m, 0, count, false))
        return KNOTS_NONE;
    bool handlers = kernel_catches_signals();
    make_steps(m, 0, count, false, false);
    uint32_t number = findings_add(&(struct finding){.kind = FINDING_HANG_ALL_BLOCKED,
                                                     .severity = handlers ? FINDING_WARNING : FINDING_ERROR,
                                                     .steps_count = count,
                                                     .steps = m->steps});
    for (uint32_t i = 0; i < count; i++) {
        struct thread *t = threads_at(m->waits.threads[i]);
        if (t)
            __atomic_store_n(&t->hang, number, __ATOMIC_RELEASE);
    }
    return handlers ? KNOTS_UNCERTAIN : KNOTS_REPORTED;
}

enum knots_result knots_look_orphans(struct thread *t) {
    enum knots_result result = KNOTS_NONE;
    struct knot_memory *m = t->slot->held_count ? lay_memory(t, 1) : NULL;
    for (const struct thread *other = threads_first(); m && other; other = other->next) {
        struct wait_knot knot = {WAIT_ORPHANED, FINDING_SHAPE_ORPHANED, 2};
        struct wait_edge edge;
        view_wait(NULL, other->id, &edge);
        bool lock = edge.kind == WAIT_LOCK && !edge.timed;
        if (edge.kind == WAIT_CONDITION) {
            lock = true;
            edge.target = edge.lock;
            edge.mode = LOCK_EXCLUSIVE;
        }
        if (other == t || !lock || !left_for_good(edge.target) ||
            !waits_account_of(t, edge.target, edge.mode))
            continue;
        m->waits.threads[0] = other->id;
        m->waits.threads[1] = t->id;
        m->waits.waits[0] = edge;
        if (report_ring(&knot, m) == KNOTS_REPORTED)
            result = KNOTS_REPORTED;
    }
    return result;
}

void knots_withdraw(struct thread *t) {
    session_enter(t);
    uint32_t number = t->hang;
    for (struct thread *other = threads_first(); number && other; other = other->next)
        if (other->hang == number)
            other->hang = 0;
    if (number)
        findings_withdraw(number);
    session_leave(t);
}
