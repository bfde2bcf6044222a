#include "reports/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reports/names.h"

#define CLAUSES_LIMIT 4 /* threads that are told one by one; a longer ring is told by its locks */
#define RING_LIMIT 8    /* locks of such a ring that are named */
#define NAMESAKES 1024  /* others that a name is compared with */

const char *message_title(uint32_t kind) {
    static const char *const titles[FINDING_KINDS] = {
        [FINDING_DEADLOCK_POTENTIAL] = "deadlock possible",
        [FINDING_DEADLOCK_ACTUAL] = "deadlock",
        [FINDING_HANG_ALL_BLOCKED] = "all threads blocked",
        [FINDING_MISUSE_UNLOCK_UNLOCKED] = "unlock of a lock that is not locked",
        [FINDING_MISUSE_UNLOCK_NOT_OWNER] = "unlock by a thread that does not hold it",
        [FINDING_MISUSE_RELOCK] = "lock taken again by its holder",
        [FINDING_MISUSE_DESTROY_LOCKED] = "locked lock destroyed",
        [FINDING_MISUSE_DESTROY_WAITED] = "destroyed while threads wait for it",
        [FINDING_MISUSE_USE_DESTROYED] = "used after it was destroyed",
        [FINDING_MISUSE_INIT_LOCKED] = "initialised while it is locked",
        [FINDING_MISUSE_EXIT_HOLDING] = "thread ends with a lock held",
        [FINDING_MISUSE_WAIT_UNLOCKED] = "wait with a mutex that the thread does not hold",
        [FINDING_MISUSE_COND_TWO_MUTEXES] = "one condition waited for with two mutexes",
        [FINDING_MISUSE_SEM_OVERFLOW] = "semaphore posted beyond its largest value",
        [FINDING_MISUSE_FORK_HELD] = "fork with a lock held",
        [FINDING_MISUSE_BAD_JOIN] = "thread cannot be joined",
        [FINDING_MISUSE_BAD_BARRIER] = "barrier misused",
        [FINDING_BLOCKING_WAIT_HOLDING] = "waits while holding a lock",
        [FINDING_STARVATION] = "starvation",
        [FINDING_ORDER_SINGLE_THREAD] = "two orders in one thread",
    };
    return kind < FINDING_KINDS && titles[kind] ? titles[kind] : "finding";
}

const char *message_lock(struct memory_pool *pool, const struct report_finding *finding,
                         const struct report_lock *lock) {
    for (size_t i = 0; i < finding->locks_count && i < NAMESAKES; i++)
        if (finding->locks[i] != lock && strcmp(finding->locks[i]->name, lock->name) == 0)
            return memory_pool_format(pool, "%s (%s)", lock->name, lock->id);
    return lock->name;
}

const char *message_thread(struct memory_pool *pool, const struct report_finding *finding,
                           const struct report_thread *thread) {
    for (size_t i = 0; i < finding->threads_count && i < NAMESAKES; i++)
        if (finding->threads[i] != thread && strcmp(finding->threads[i]->name, thread->name) == 0)
            return memory_pool_format(pool, "%s (%s)", thread->name, thread->id);
    return thread->name;
}

const struct report_hold *message_knot_hold(const struct report_finding *finding, size_t index) {
    const struct report_step *step = &finding->steps[index];
    size_t before = (index + finding->steps_count - 1) % finding->steps_count;
    const struct report_lock *wanted = finding->steps[before].wants.lock;
    for (size_t i = 0; i < step->holds_count && wanted; i++)
        if (step->holds[i].lock == wanted)
            return &step->holds[i];
    return NULL;
}

static bool is_thread(const struct report_lock *lock) {
    return lock->kind == LOCK_KIND_THREAD;
}

/* What a thread does to `wants` that may block. */
static const char *wish(struct memory_pool *pool, const struct report_finding *finding,
                        const struct report_hold *wants, bool blocked) {
    const char *name = message_lock(pool, finding, wants->lock), *verb = "locks";
    if (is_thread(wants->lock))
        return memory_pool_format(pool, blocked ? "waits for the end of %s" : "joins %s", name);
    if (blocked)
        return memory_pool_format(pool, "waits for %s", name);
    if (wants->lock->kind == LOCK_KIND_RWLOCK)
        verb = wants->mode == LOCK_SHARED ? "read-locks" : "write-locks";
    return memory_pool_format(pool, "%s %s", verb, name);
}

static const char *clause(struct memory_pool *pool, const struct report_finding *finding, size_t index,
                          bool blocked) {
    const struct report_step *step = &finding->steps[index];
    const struct report_hold *hold = message_knot_hold(finding, index);
    const char *thread = message_thread(pool, finding, step->thread);
    if (hold && is_thread(hold->lock))
        hold = NULL; /* that it holds its own life goes without saying */
    if (!step->wants.lock)
        return hold ? memory_pool_format(pool, "%s has ended and still holds %s", thread,
                                         message_lock(pool, finding, hold->lock))
                    : memory_pool_format(pool, "%s has ended", thread);
    const char *wanted = wish(pool, finding, &step->wants, blocked);
    if (!hold)
        return memory_pool_format(pool, "%s %s", thread, wanted);
    if (hold->lock == step->wants.lock)
        return memory_pool_format(pool, "%s %s, which it holds itself", thread, wanted);
    return memory_pool_format(pool, blocked ? "%s holds %s and %s" : "%s, holding %s, %s", thread,
                              message_lock(pool, finding, hold->lock), wanted);
}

static const char *joined(struct memory_pool *pool, const char *text, const char *separator,
                          const char *more) {
    return memory_pool_format(pool, "%s%s%s", text, separator, more);
}

/* "a deadlock of 5 threads: a -> b -> c -> d -> e -> a" */
static const char *ring(struct memory_pool *pool, const struct report_finding *finding) {
    const char *text = memory_pool_format(pool, "%s of %zu threads over", message_title(finding->kind),
                                          finding->steps_count);
    size_t shown = finding->steps_count < RING_LIMIT ? finding->steps_count : RING_LIMIT;
    const char *separator = " ";
    for (size_t i = 0; i < shown; i++, separator = " -> ") {
        const struct report_lock *lock = finding->steps[i].wants.lock;
        text = joined(pool, text, separator, lock ? message_lock(pool, finding, lock) : "?");
    }
    if (shown < finding->steps_count)
        return joined(pool, text, " -> ", "...");
    const struct report_lock *first = finding->steps[0].wants.lock;
    return joined(pool, text, " -> ", first ? message_lock(pool, finding, first) : "?");
}

static const char *knot(struct memory_pool *pool, const struct report_finding *finding) {
    bool blocked = finding->kind != FINDING_DEADLOCK_POTENTIAL;
    if (finding->steps_count > CLAUSES_LIMIT)
        return ring(pool, finding);
    const char *text = message_title(finding->kind), *separator = ": ";
    for (size_t i = 0; i < finding->steps_count; i++, separator = "; ")
        text = joined(pool, text, separator, clause(pool, finding, i, blocked));
    return text;
}

/* The lock that a misuse is about: the one that the first step wants, else the last one that it holds. */
static const struct report_lock *misused(const struct report_finding *finding) {
    const struct report_step *step = &finding->steps[0];
    if (step->wants.lock)
        return step->wants.lock;
    return step->holds_count ? step->holds[step->holds_count - 1].lock : NULL;
}

/* Who else holds it, by another step. */
static const struct report_thread *other_holder(const struct report_finding *finding,
                                                const struct report_lock *lock) {
    for (size_t i = 1; i < finding->steps_count; i++)
        for (size_t j = 0; j < finding->steps[i].holds_count; j++)
            if (finding->steps[i].holds[j].lock == lock)
                return finding->steps[i].thread;
    return NULL;
}

static const char *misuse(struct memory_pool *pool, const struct report_finding *finding) {
    const struct report_lock *lock = misused(finding);
    const struct report_thread *holder = lock ? other_holder(finding, lock) : NULL;
    const char *who = message_thread(pool, finding, finding->steps[0].thread);
    const char *what = lock ? message_lock(pool, finding, lock) : "a lock";
    const char *by = holder ? message_thread(pool, finding, holder) : NULL;
    switch (finding->kind) {
    case FINDING_MISUSE_UNLOCK_UNLOCKED:
        return memory_pool_format(pool, "%s unlocks %s, which nobody holds", who, what);
    case FINDING_MISUSE_UNLOCK_NOT_OWNER:
        return memory_pool_format(pool, "%s unlocks %s, which %s holds", who, what,
                                  by ? by : "another thread");
    case FINDING_MISUSE_RELOCK:
        return memory_pool_format(pool, "%s locks %s again while it holds it", who, what);
    case FINDING_MISUSE_DESTROY_LOCKED:
        return by ? memory_pool_format(pool, "%s destroys %s while %s holds it", who, what, by)
                  : memory_pool_format(pool, "%s destroys %s, which it holds itself", who, what);
    default:
        return memory_pool_format(pool, "%s: %s, %s", message_title(finding->kind), who, what);
    }
}

const char *message_of(struct memory_pool *pool, const struct report_finding *finding) {
    if (!finding->steps_count)
        return message_title(finding->kind);
    switch (finding->kind) {
    case FINDING_DEADLOCK_POTENTIAL:
    case FINDING_DEADLOCK_ACTUAL:
    case FINDING_HANG_ALL_BLOCKED:
        return knot(pool, finding);
    default:
        return misuse(pool, finding);
    }
}
