#define _GNU_SOURCE /* sigabbrev_np */
#include "reports/message.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "reports/message_race.h"
#include "reports/names.h"
#include "reports/numbers.h"
#include "reports/verbs.h"

#define CLAUSES_LIMIT 4 /* threads that are told one by one; a longer ring is told by its locks */
#define RING_LIMIT 8    /* locks of such a ring that are named */
#define HOLDS_LIMIT 3   /* locks that a waiting thread holds and that are named */
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
        [FINDING_MISUSE_ASSERTION] = "assertion about locks does not hold",
        [FINDING_RACE_DATA] = "data race",
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

const char *message_object(struct memory_pool *pool, const struct report_finding *finding,
                           const struct report_lock *lock) {
    const char *name = message_lock(pool, finding, lock);
    bool told = (!lock->variable && !lock->named) || lock->kind == LOCK_KIND_MUTEX ||
                lock->kind == LOCK_KIND_THREAD || lock->kind == LOCK_KIND_GIL ||
                lock->kind == LOCK_KIND_UNSEEN;
    return told ? name : memory_pool_format(pool, "%s %s", names_kind(lock->kind), name);
}

const char *message_after_verb(struct memory_pool *pool, const struct report_finding *finding,
                               const struct report_lock *lock) {
    return lock->kind == LOCK_KIND_RWLOCK || lock->kind == LOCK_KIND_ONCE
               ? message_lock(pool, finding, lock)
               : message_object(pool, finding, lock);
}

const char *message_thread(struct memory_pool *pool, const struct report_finding *finding,
                           const struct report_thread *thread) {
    for (size_t i = 0; i < finding->threads_count && i < NAMESAKES; i++)
        if (finding->threads[i] != thread && strcmp(finding->threads[i]->name, thread->name) == 0)
            return memory_pool_format(pool, "%s (%s)", thread->name, thread->id);
    return thread->name;
}

static bool is_ring(uint32_t kind) {
    return kind == FINDING_DEADLOCK_POTENTIAL || kind == FINDING_DEADLOCK_ACTUAL ||
           kind == FINDING_ORDER_SINGLE_THREAD;
}

static const struct report_lock *wanted_before(const struct report_finding *finding, size_t index) {
    return finding->steps[(index + finding->steps_count - 1) % finding->steps_count].wants.lock;
}

const struct report_hold *message_knot_hold(const struct report_finding *finding, size_t index) {
    const struct report_step *step = &finding->steps[index];
    const struct report_lock *wanted = wanted_before(finding, index);
    if (finding->kind == FINDING_HANG_ALL_BLOCKED)
        return NULL;
    for (size_t i = 0; i < step->holds_count && wanted; i++)
        if (step->holds[i].lock == wanted)
            return &step->holds[i];
    return NULL;
}

bool message_holds_back(const struct report_finding *finding, size_t index) {
    const struct report_hold *wants = &finding->steps[index].wants;
    return is_ring(finding->kind) && finding->steps_count > 1 && wants->lock &&
           wants->lock->kind == LOCK_KIND_RWLOCK && wants->lock == wanted_before(finding, index) &&
           !message_knot_hold(finding, index);
}

const char *message_signal_name(struct memory_pool *pool, uint64_t number) {
    if (number > 0 && number <= INT32_MAX) {
        const char *name = sigabbrev_np((int)number);
        if (name)
            return memory_pool_format(pool, "SIG%s", name);
        if ((int)number == SIGRTMIN)
            return "SIGRTMIN";
        if ((int)number > SIGRTMIN && (int)number <= SIGRTMAX)
            return memory_pool_format(pool, "SIGRTMIN+%d", (int)number - SIGRTMIN);
    }
    return NULL;
}

const char *message_signal(struct memory_pool *pool, const struct report_finding *finding) {
    uint64_t number = finding->values[0];
    const char *name = message_signal_name(pool, number);
    if (!number)
        return "a signal";
    return name ? memory_pool_format(pool, "%s (signal %" PRIu64 ")", name, number)
                : memory_pool_format(pool, "signal %" PRIu64, number);
}

static bool is_thread(const struct report_lock *lock) {
    return lock->kind == LOCK_KIND_THREAD;
}

/* What a thread does to `wants` that may block. */
static const char *wish(struct memory_pool *pool, const struct report_finding *finding,
                        const struct report_hold *wants, bool blocked) {
    return memory_pool_format(pool, "%s %s", verbs_wants(wants->lock->kind, wants->mode, blocked),
                              message_after_verb(pool, finding, wants->lock));
}

static const char *holding(struct memory_pool *pool, const struct report_finding *finding,
                           const struct report_hold *hold, bool blocked) {
    uint32_t kind = hold->lock->kind;
    return memory_pool_format(pool, "%s %s",
                              blocked ? verbs_holds(kind, hold->mode) : verbs_holding(kind, hold->mode),
                              message_after_verb(pool, finding, hold->lock));
}

static const char *gone_clause(struct memory_pool *pool, const struct report_finding *finding,
                               const char *thread, bool left, const struct report_hold *hold) {
    if (!hold)
        return memory_pool_format(pool, "%s has ended", thread);
    const char *name = message_after_verb(pool, finding, hold->lock);
    if (left)
        return memory_pool_format(pool, "%s held %s when this process was forked, and is not in it", thread,
                                  name);
    if (hold->lock->kind == LOCK_KIND_SEMAPHORE)
        return memory_pool_format(pool, "%s has ended and has not posted %s again", thread, name);
    if (hold->lock->kind == LOCK_KIND_ONCE)
        return memory_pool_format(pool, "%s has ended in the init routine of %s", thread, name);
    return memory_pool_format(pool, "%s has ended and still %s %s", thread,
                              verbs_holds(hold->lock->kind, hold->mode), name);
}

/* "main, holding the read lock of config, write-locks it". */
static const char *again_clause(struct memory_pool *pool, const struct report_finding *finding,
                                const char *thread, const struct report_hold *hold,
                                const struct report_hold *wants, bool blocked) {
    if (wants->lock->kind == LOCK_KIND_RWLOCK)
        return memory_pool_format(pool, blocked ? "%s %s and %s it" : "%s, %s, %s it", thread,
                                  holding(pool, finding, hold, blocked),
                                  verbs_wants(wants->lock->kind, wants->mode, blocked));
    return memory_pool_format(pool, "%s %s, which it holds itself", thread,
                              wish(pool, finding, wants, blocked));
}

/* What one step does. */
static const char *clause(struct memory_pool *pool, const struct report_finding *finding, size_t index,
                          const char *thread, bool blocked) {
    const struct report_step *step = &finding->steps[index];
    const struct report_hold *hold = message_knot_hold(finding, index);
    if (hold && is_thread(hold->lock))
        hold = NULL; /* that it holds its own life goes without saying */
    if (!step->wants.lock)
        return gone_clause(pool, finding, thread, step->thread->left, hold);
    const char *wanted = wish(pool, finding, &step->wants, blocked);
    if (message_holds_back(finding, index))
        return memory_pool_format(pool, "%s %s%s", thread, wanted,
                                  blocked ? " and holds back new readers" : ", which holds back new readers");
    if (!hold)
        return memory_pool_format(pool, "%s %s", thread, wanted);
    if (hold->lock == step->wants.lock)
        return again_clause(pool, finding, thread, hold, &step->wants, blocked);
    return memory_pool_format(pool, blocked ? "%s %s and %s" : "%s, %s, %s", thread,
                              holding(pool, finding, hold, blocked), wanted);
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
    bool blocked = finding->kind == FINDING_DEADLOCK_ACTUAL;
    if (finding->steps_count > CLAUSES_LIMIT)
        return ring(pool, finding);
    const char *text = message_title(finding->kind), *separator = ": ";
    for (size_t i = 0; i < finding->steps_count; i++, separator = "; ")
        text = joined(
            pool, text, separator,
            clause(pool, finding, i, message_thread(pool, finding, finding->steps[i].thread), blocked));
    return text;
}

/* One thread that takes locks in two orders at two times. */
static const char *single_thread(struct memory_pool *pool, const struct report_finding *finding) {
    if (finding->steps_count > CLAUSES_LIMIT)
        return ring(pool, finding);
    const char *text = message_title(finding->kind), *separator = ": ";
    for (size_t i = 0; i < finding->steps_count; i++, separator = "; at another time ")
        text = joined(pool, text, separator,
                      clause(pool, finding, i,
                             i ? "it" : message_thread(pool, finding, finding->steps[i].thread), false));
    return text;
}

static const char *interrupted(struct memory_pool *pool, const struct report_finding *finding) {
    const struct report_step *step = &finding->steps[0];
    const char *who = message_thread(pool, finding, step->thread);
    const char *what = step->wants.lock ? message_object(pool, finding, step->wants.lock) : "a lock";
    return memory_pool_format(pool,
                              finding->kind == FINDING_DEADLOCK_ACTUAL
                                  ? "%s: %s waits for %s in its own handler of %s, which interrupted it "
                                    "while it held it"
                                  : "%s: %s may take %s again in its own handler of %s while it holds it",
                              message_title(finding->kind), who, what, message_signal(pool, finding));
}

/* What would have to happen for the wait to end, and cannot; NULL for a wait of another kind. */
static const char *hopeless(uint32_t kind) {
    switch (kind) {
    case LOCK_KIND_CONDITION:
        return ", which nobody can signal";
    case LOCK_KIND_SEMAPHORE:
        return ", which nobody can post";
    case LOCK_KIND_BARRIER:
        return ", which nobody else can reach";
    default:
        return NULL;
    }
}

/* The thread of another step that holds the lock; NULL when there is none, or it goes without saying. */
static const struct report_thread *blocker(const struct report_finding *finding,
                                           const struct report_step *waiter) {
    for (size_t i = 0; i < finding->steps_count && !is_thread(waiter->wants.lock); i++)
        for (size_t j = 0; j < finding->steps[i].holds_count; j++)
            if (finding->steps[i].holds[j].lock == waiter->wants.lock)
                return finding->steps[i].thread;
    return NULL;
}

static const char *blocked_clause(struct memory_pool *pool, const struct report_finding *finding,
                                  const struct report_step *step) {
    const char *thread = message_thread(pool, finding, step->thread);
    if (!step->wants.lock)
        return memory_pool_format(pool, "%s waits", thread);
    const char *text = memory_pool_format(pool, "%s %s", thread, wish(pool, finding, &step->wants, true));
    const char *never = hopeless(step->wants.lock->kind);
    const struct report_thread *holder = never ? NULL : blocker(finding, step);
    if (never)
        return joined(pool, text, never, "");
    if (holder == step->thread)
        return joined(pool, text, ", which it holds itself", "");
    return holder
               ? memory_pool_format(pool, "%s, which %s holds", text, message_thread(pool, finding, holder))
               : text;
}

static const char *all_blocked(struct memory_pool *pool, const struct report_finding *finding) {
    size_t count = finding->steps_count, shown = count > CLAUSES_LIMIT ? CLAUSES_LIMIT : count;
    const char *text =
        count == 1   ? "the only thread is blocked"
        : count == 2 ? "both threads are blocked"
                     : memory_pool_format(pool, "all %s threads are blocked", numbers_count(pool, count));
    const char *separator = ": ";
    for (size_t i = 0; i < shown; i++, separator = "; ")
        text = joined(pool, text, separator, blocked_clause(pool, finding, &finding->steps[i]));
    if (shown < count)
        text = memory_pool_format(pool, "%s; and %s more", text, numbers_count(pool, count - shown));
    return text;
}

static const char *waits_holding(struct memory_pool *pool, const struct report_finding *finding) {
    const struct report_step *step = &finding->steps[0];
    const char *text =
        memory_pool_format(pool, "%s %s", message_thread(pool, finding, step->thread),
                           step->wants.lock ? wish(pool, finding, &step->wants, true) : "waits");
    const char *separator = " while it ", *before = "";
    size_t shown = 0;
    for (size_t i = 0; i < step->holds_count; i++) {
        const struct report_hold *hold = &step->holds[i];
        if (!hold->lock)
            continue;
        if (shown++ == HOLDS_LIMIT)
            return memory_pool_format(pool, "%s and %zu more", text, step->holds_count - i);
        const char *verb = verbs_holds(hold->lock->kind, hold->mode);
        bool same = strcmp(verb, before) == 0;
        text = memory_pool_format(pool, "%s%s%s%s%s", text, separator, same ? "" : verb, same ? "" : " ",
                                  message_after_verb(pool, finding, hold->lock));
        separator = " and ";
        before = verb;
    }
    return text;
}

static const char *starvation(struct memory_pool *pool, const struct report_finding *finding) {
    const struct report_step *step = &finding->steps[0];
    const struct report_process *process = finding->process;
    const struct report_thread *last = finding->steps_count > 1 ? finding->steps[1].thread : NULL;
    const char *what = step->wants.lock ? message_object(pool, finding, step->wants.lock) : "a lock";
    const char *text = memory_pool_format(
        pool, "%s waited %s for %s and was overtaken %s times", message_thread(pool, finding, step->thread),
        numbers_duration(pool, finding->values[1]), what, numbers_count(pool, finding->values[0]));
    if (last)
        text = memory_pool_format(pool, "%s, last by %s", text, message_thread(pool, finding, last));
    return memory_pool_format(pool, "%s (limits: %s times and %s)", text,
                              numbers_count(pool, process->starvation_overtakes),
                              numbers_duration(pool, (uint64_t)process->starvation_ms * 1000000u));
}

const char *message_of(struct memory_pool *pool, const struct report_finding *finding) {
    if (!finding->steps_count)
        return message_title(finding->kind);
    switch (finding->kind) {
    case FINDING_DEADLOCK_POTENTIAL:
    case FINDING_DEADLOCK_ACTUAL:
        return finding->shape == FINDING_SHAPE_SIGNAL && finding->steps_count == 1
                   ? interrupted(pool, finding)
                   : knot(pool, finding);
    case FINDING_HANG_ALL_BLOCKED:
        return all_blocked(pool, finding);
    case FINDING_BLOCKING_WAIT_HOLDING:
        return waits_holding(pool, finding);
    case FINDING_STARVATION:
        return starvation(pool, finding);
    case FINDING_ORDER_SINGLE_THREAD:
        return single_thread(pool, finding);
    case FINDING_RACE_DATA:
        return message_race(pool, finding, NULL);
    default:
        return message_misuse(pool, finding);
    }
}
