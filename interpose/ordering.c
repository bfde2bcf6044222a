#include "interpose/ordering.h"

#include <string.h>

#include "detector/lock_graph.h"
#include "interpose/gil.h"
#include "interpose/hooks_file.h"
#include "interpose/locks.h"
#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/thread.h"

/* A thread that holds thousands of locks at once (concurrent.futures takes those of all futures) would make
 * millions of orders. Those of what is taken beyond max_held are not kept, and the header says so. */
static bool is_crowded(const struct thread *t) {
    return t->slot->held_count > session_options()->max_held;
}

/* Remember which of the edges need not be looked at again, whatever else is held. Returns whether all need
 * not. */
static bool mark_known_edges(struct thread *t, const struct lock_hold *wants) {
    bool all = true;
    for (uint32_t i = 0; i < t->slot->held_count; i++) {
        const struct recording_held *held = &t->held[i];
        if (!held->lock || held->lock == wants->lock || held->lock == gil_lock)
            continue;
        if (lock_graph_knows(session_graph(), t->id, t->segment,
                             &(struct lock_hold){held->lock, held->mode, 0}, wants))
            thread_mark_seen(t, thread_edge_key(t, held, wants->lock, wants->mode));
        else
            all = false;
    }
    return all;
}

static void record_dependency(const struct lock_dependency *dependency) {
    size_t holds_size = dependency->holds_count * sizeof(struct lock_hold);
    struct recording_dependency *record =
        recorder_append(session_recorder(), RECORDING_DEPENDENCY, sizeof *record + holds_size);
    if (!record)
        return;
    record->thread = dependency->thread;
    record->segment = dependency->segment;
    record->wants = dependency->wants;
    record->holds_count = dependency->holds_count;
    if (holds_size)
        memcpy(record->holds, dependency->holds, holds_size);
    recorder_commit(record);
}

/* The lock graph has to know of a lock that lets its readers wait for writers, before any dependency does. */
static void tell_preference(uint32_t id) {
    struct lock *lock = locks_at(id);
    if (!lock->in_graph && lock_graph_prefers_writers(session_graph(), id) < 0)
        session_lost(RECORDING_LOST_MEMORY);
    lock->in_graph = true;
}

/* Returns whether it was new. `watched`: the wanted lock prefers writers, so that the dependency matters even
 * if nothing is held, or the same lock is. */
static bool add_dependency(struct thread *t, const struct lock_hold *wants, bool watched,
                           struct stack_record *stack, const struct call_site *call) {
    static struct lock_hold *holds; /* for the holder of our lock */
    static uint32_t room;
    uint32_t held = t->slot->held_count, count = 0;
    if (held > room) {
        struct lock_hold *wider = raw_pages((held * 2 * sizeof *wider + 4095) & ~(size_t)4095);
        if (!wider) {
            session_lost(RECORDING_LOST_MEMORY);
            return true;
        }
        holds = wider;
        room = held * 2;
    }
    for (uint32_t i = 0; i < held; i++) {
        struct recording_held *h = &t->held[i];
        if (!h->lock || (h->lock == wants->lock && !watched) || h->lock == gil_lock)
            continue;
        thread_settle(t, h, call);
        locks_record(h->lock);
        holds[count++] = (struct lock_hold){h->lock, h->mode, h->stack};
    }
    if (!count && !watched)
        return true;
    locks_record(wants->lock);
    if (watched)
        tell_preference(wants->lock);
    struct lock_dependency dependency = {t->id, t->segment, count, holds, *wants};
    dependency.wants.stack = stack ? stack_memo_resolve_python(t, stack, false, call, call->python) : 0;
    int added = lock_graph_add(session_graph(), &dependency);
    if (added < 0)
        session_lost(RECORDING_LOST_MEMORY);
    if (added > 0)
        record_dependency(&dependency);
    struct lock_graph_counts counts;
    lock_graph_count(session_graph(), &counts);
    session_recorder()->header->cut_searches = counts.cut_searches;
    session_recorder()->header->unlisted_cycles = counts.unreported;
    static uint64_t dropped;
    if (counts.dropped > dropped)
        __atomic_add_fetch(&session_recorder()->header->unkept_dependencies, counts.dropped - dropped,
                           __ATOMIC_RELAXED);
    dropped = counts.dropped;
    return added != 0;
}

/* `key` says that this set of held locks was met before with this wanted one; where sets are many, single
 * edges are few. */
bool ordering_known(struct thread *t, uint32_t lock, uint32_t mode, uint64_t key) {
    if (is_crowded(t))
        return false;
    for (uint32_t i = 0; i < t->slot->held_count; i++)
        if (!thread_seen(t, thread_edge_key(t, &t->held[i], lock, mode)))
            return false;
    thread_mark_seen(t, key);
    return true;
}

void ordering_add(struct thread *t, uint32_t lock, uint32_t mode, struct stack_record *stack,
                  const struct call_site *call, uint64_t key) {
    struct lock_hold wants = {lock, mode, 0};
    if (is_crowded(t)) {
        __atomic_add_fetch(&session_recorder()->header->crowded_dependencies, 1, __ATOMIC_RELAXED);
        thread_mark_seen(t, key);
        return;
    }
    session_enter(t);
    session_attend(t, call);
    files_verify(t);
    const struct lock *about = locks_at(lock);
    bool watched = about && about->prefers_writers;
    bool known = mark_known_edges(t, &wants) && !watched;
    if (!known && add_dependency(t, &wants, watched, stack, call)) {
        mark_known_edges(t, &wants);
    } else if (++t->seen_misses >> (64 - t->seen_shift - 5)) {
        thread_grow_seen(t); /* it had been seen and was forgotten, too often */
    }
    thread_mark_seen(t, key);
    session_leave(t);
}
