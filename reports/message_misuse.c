#include "reports/message.h"

#include <inttypes.h>
#include <string.h>

#include "reports/names.h"
#include "reports/numbers.h"
#include "reports/verbs.h"

const char *message_event(uint32_t kind) {
    switch (kind) {
    case FINDING_MISUSE_USE_DESTROYED:
        return "destroyed";
    case FINDING_MISUSE_UNLOCK_UNLOCKED:
    case FINDING_MISUSE_SEM_OVERFLOW:
    case FINDING_MISUSE_BAD_BARRIER:
        return "initialised";
    case FINDING_MISUSE_BAD_JOIN:
        return "created";
    case FINDING_MISUSE_DESTROY_WAITED:
    case FINDING_MISUSE_COND_TWO_MUTEXES:
        return "waits";
    default:
        return (kind >= FINDING_MISUSE_UNLOCK_UNLOCKED && kind <= FINDING_MISUSE_BAD_BARRIER) ||
                       kind == FINDING_MISUSE_ASSERTION
                   ? "locked"
                   : NULL;
    }
}

/* The step of the earlier event; NULL when it is not known. */
static const struct report_step *earlier_step(const struct report_finding *finding) {
    return finding->steps_count > 1 ? &finding->steps[1] : NULL;
}

/* The earlier event itself: the object as it was locked, destroyed or made. */
static const struct report_hold *earlier(const struct report_finding *finding,
                                         const struct report_lock *lock) {
    const struct report_step *step = earlier_step(finding);
    for (size_t i = 0; step && i < step->holds_count; i++)
        if (step->holds[i].lock == lock)
            return &step->holds[i];
    return NULL;
}

const struct report_lock *message_misused(const struct report_finding *finding) {
    const struct report_step *step = &finding->steps[0];
    if (step->wants.lock)
        return step->wants.lock;
    for (size_t i = 0; i < step->holds_count; i++)
        if (step->holds[i].lock)
            return step->holds[i].lock;
    return NULL;
}

/* What the sentences are made of. */
struct parts {
    struct memory_pool *pool;
    const struct report_finding *finding;
    const struct report_lock *lock; /* NULL: not known */
    const char *who;                /* the thread that misuses */
    const char *what;               /* the object */
    const char *by;                 /* the thread of the earlier event: "it" for the same; NULL: not known */
    const char *at;                 /* " at PLACE", the place of the earlier event; "" */
};

static struct parts parts_of(struct memory_pool *pool, const struct report_finding *finding) {
    const struct report_lock *lock = message_misused(finding);
    const struct report_step *step = earlier_step(finding);
    const struct report_hold *event = lock ? earlier(finding, lock) : NULL;
    const char *place = event ? names_place(pool, &event->stack) : NULL;
    return (struct parts){
        .pool = pool,
        .finding = finding,
        .lock = lock,
        .who = message_thread(pool, finding, finding->steps[0].thread),
        .what = lock ? message_object(pool, finding, lock) : "a lock",
        .by = !step                                      ? NULL
              : step->thread == finding->steps[0].thread ? "it"
                                                         : message_thread(pool, finding, step->thread),
        .at = place ? memory_pool_format(pool, " at %s", place) : "",
    };
}

static const char *used_destroyed(const struct parts *parts) {
    if (!parts->by)
        return memory_pool_format(parts->pool, "%s uses %s, which was destroyed before", parts->who,
                                  parts->what);
    return memory_pool_format(parts->pool, "%s uses %s, which %s destroyed%s", parts->who, parts->what,
                              parts->by, parts->at);
}

static const char *initialises(const struct parts *parts) {
    if (!parts->by)
        return memory_pool_format(parts->pool, "%s initialises %s while it is locked", parts->who,
                                  parts->what);
    return memory_pool_format(parts->pool, "%s initialises %s while %s holds it%s%s", parts->who, parts->what,
                              parts->by, *parts->at ? ", locked" : "", parts->at);
}

/* The sentence with who made the object, and for how many. */
static const char *made(const struct parts *parts, const char *text) {
    uint32_t value = parts->lock ? parts->lock->value : 0;
    const char *number = "";
    if (value && parts->lock->kind == LOCK_KIND_BARRIER)
        number = memory_pool_format(parts->pool, " for %" PRIu32 " thread%s", value, numbers_plural(value));
    if (parts->by)
        return memory_pool_format(parts->pool, "%s (%s initialised it%s%s)", text,
                                  strcmp(parts->by, "it") == 0 ? parts->who : parts->by, number, parts->at);
    return *number ? memory_pool_format(parts->pool, "%s (made%s)", text, number) : text;
}

static const char *left_locked(const struct parts *parts) {
    const struct report_step *step = &parts->finding->steps[0];
    const struct report_hold *hold = NULL;
    size_t others = 0;
    for (size_t i = 0; i < step->holds_count; i++) {
        if (!hold && step->holds[i].lock == parts->lock)
            hold = &step->holds[i];
        else
            others += step->holds[i].lock != NULL;
    }
    if (!hold || !hold->lock)
        return memory_pool_format(parts->pool, "%s ends with a lock held", parts->who);
    const char *place = names_place(parts->pool, &hold->stack);
    bool semaphore = hold->lock->kind == LOCK_KIND_SEMAPHORE;
    const char *text = memory_pool_format(
        parts->pool, "%s ends %s%s %s%s%s%s%s", parts->who, semaphore ? "without posting" : "while it ",
        semaphore ? "" : verbs_holds(hold->lock->kind, hold->mode),
        message_after_verb(parts->pool, parts->finding, hold->lock), place ? ", " : "",
        place ? verbs_taken(hold->lock->kind) : "", place ? " at " : "", place ? place : "");
    return others ? memory_pool_format(parts->pool, "%s, and %zu more", text, others) : text;
}

static const char *waits_unlocked(const struct parts *parts) {
    const struct parts *p = parts;
    if (p->lock && p->lock->kind == LOCK_KIND_CONDITION)
        return memory_pool_format(p->pool, "%s waits for %s with a mutex that it does not hold", p->who,
                                  p->what);
    if (p->by && p->finding->steps[1].thread != p->finding->steps[0].thread)
        return memory_pool_format(p->pool, "%s waits for a condition with %s, which %s holds", p->who,
                                  p->what, p->by);
    return memory_pool_format(p->pool, "%s waits for a condition with %s, which it does not hold", p->who,
                              p->what);
}

/* The mutex that a step waits with: what it locked last. */
static const char *waited_with(const struct parts *parts, const struct report_step *step) {
    for (size_t i = step->holds_count; i > 0; i--)
        if (step->holds[i - 1].lock && step->holds[i - 1].lock != parts->lock)
            return message_object(parts->pool, parts->finding, step->holds[i - 1].lock);
    return "one mutex";
}

static const char *two_mutexes(const struct parts *parts) {
    const struct report_step *other = earlier_step(parts->finding);
    const char *text = memory_pool_format(parts->pool, "%s waits for %s with %s", parts->who, parts->what,
                                          waited_with(parts, &parts->finding->steps[0]));
    if (!other)
        return memory_pool_format(parts->pool, "%s, while others wait for it with another", text);
    return memory_pool_format(parts->pool, "%s, while %s waits for it with %s", text, parts->by,
                              waited_with(parts, other));
}

bool message_forks_itself(const struct report_finding *finding) {
    const struct report_step *earlier = earlier_step(finding);
    return finding->severity == FINDING_NOTE || (earlier && earlier->thread == finding->steps[0].thread);
}

/* A thread forks with its own lock held, or finds in a forked process a lock that nobody is there to unlock.
 */
static const char *forks(const struct parts *parts) {
    const char *locked = *parts->at ? ", locked" : "";
    if (message_forks_itself(parts->finding))
        return memory_pool_format(parts->pool, "%s forks while it holds %s%s%s", parts->who, parts->what,
                                  locked, parts->at);
    return memory_pool_format(
        parts->pool,
        "%s tries in vain to get %s: %s held it when this process was forked%s%s, and is not in it",
        parts->who, parts->what, parts->by ? parts->by : "a thread", locked, parts->at);
}

static const char *joins(const struct parts *parts) {
    const char *own = memory_pool_format(parts->pool, "T%" PRIu64, parts->lock ? parts->lock->address : 0);
    if (parts->lock && strcmp(parts->finding->steps[0].thread->id, own) == 0)
        return memory_pool_format(parts->pool, "%s joins itself, or detaches itself twice", parts->who);
    const char *text = memory_pool_format(
        parts->pool, "%s joins or detaches %s, which is detached already, or which another thread joins",
        parts->who, parts->lock ? parts->what : "a thread");
    if (!parts->by)
        return text;
    return memory_pool_format(parts->pool, "%s (%s created it%s)", text,
                              strcmp(parts->by, "it") == 0 ? parts->who : parts->by, parts->at);
}

static const char *misuses_barrier(const struct parts *parts) {
    if (!parts->finding->values[0])
        return memory_pool_format(parts->pool, "%s initialises %s for no thread", parts->who, parts->what);
    return made(parts, memory_pool_format(parts->pool, "%s destroys %s while threads wait at it", parts->who,
                                          parts->what));
}

const char *message_asserts(const struct report_finding *finding) {
    switch (finding->values[0]) {
    case FINDING_ASSERT_HELD:
        return "asserts that it holds";
    case FINDING_ASSERT_GATE_FREE:
        return "enters";
    case FINDING_ASSERT_GATE_ENTERED:
        return "leaves";
    default:
        return "asserts that it does not hold";
    }
}

/* What the program said of its locks, and what is so. */
static const char *asserts(const struct parts *p) {
    const char *name = p->lock ? message_after_verb(p->pool, p->finding, p->lock) : p->what;
    uint64_t number = p->finding->values[1];
    const char *text = NULL, *locked = *p->at ? ", " : "", *taken = "";
    if (*p->at)
        taken = verbs_taken(p->lock->kind);
    switch (p->finding->values[0]) {
    case FINDING_ASSERT_HELD:
        text = memory_pool_format(p->pool, "%s asserts that it holds %s, which %s", p->who, p->what,
                                  p->by ? p->by : "nobody holds");
        return p->by ? memory_pool_format(p->pool, "%s holds", text) : text;
    case FINDING_ASSERT_NOT_HELD:
        return memory_pool_format(p->pool, "%s asserts that it does not hold %s, and holds it%s%s%s", p->who,
                                  p->what, locked, taken, p->at);
    case FINDING_ASSERT_NONE_HELD:
        text = memory_pool_format(p->pool, "%s asserts that it holds no lock, and %s %s%s%s%s", p->who,
                                  p->lock ? verbs_holds(p->lock->kind, p->finding->steps[0].wants.mode)
                                          : "holds",
                                  name, locked, taken, p->at);
        return number > 1 ? memory_pool_format(p->pool, "%s, and %" PRIu64 " more", text, number - 1) : text;
    case FINDING_ASSERT_GATE_FREE:
        return memory_pool_format(p->pool, "%s enters %s while %s is in it%s%s%s", p->who, p->what,
                                  p->by ? p->by : "another thread", locked, taken, p->at);
    default:
        return memory_pool_format(p->pool, "%s leaves %s, which it is not in", p->who, p->what);
    }
}

const char *message_misuse(struct memory_pool *pool, const struct report_finding *finding) {
    const struct parts parts = parts_of(pool, finding);
    switch (finding->kind) {
    case FINDING_MISUSE_UNLOCK_UNLOCKED:
        return memory_pool_format(pool, "%s unlocks %s, which nobody holds", parts.who, parts.what);
    case FINDING_MISUSE_UNLOCK_NOT_OWNER:
        return memory_pool_format(pool, "%s unlocks %s, which %s holds", parts.who, parts.what,
                                  parts.by ? parts.by : "another thread");
    case FINDING_MISUSE_RELOCK:
        return memory_pool_format(pool, "%s locks %s again while it holds it", parts.who, parts.what);
    case FINDING_MISUSE_DESTROY_LOCKED:
        return parts.by
                   ? memory_pool_format(pool, "%s destroys %s while %s holds it", parts.who, parts.what,
                                        parts.by)
                   : memory_pool_format(pool, "%s destroys %s, which it holds itself", parts.who, parts.what);
    case FINDING_MISUSE_DESTROY_WAITED:
        return memory_pool_format(pool, "%s destroys %s while %s%s", parts.who, parts.what,
                                  parts.by ? parts.by : "threads",
                                  parts.by ? " waits for it" : " wait for it");
    case FINDING_MISUSE_USE_DESTROYED:
        return used_destroyed(&parts);
    case FINDING_MISUSE_INIT_LOCKED:
        return initialises(&parts);
    case FINDING_MISUSE_EXIT_HOLDING:
        return left_locked(&parts);
    case FINDING_MISUSE_WAIT_UNLOCKED:
        return waits_unlocked(&parts);
    case FINDING_MISUSE_COND_TWO_MUTEXES:
        return two_mutexes(&parts);
    case FINDING_MISUSE_SEM_OVERFLOW:
        return made(&parts, memory_pool_format(pool, "%s posts %s beyond the largest value it can have",
                                               parts.who, parts.what));
    case FINDING_MISUSE_FORK_HELD:
        return forks(&parts);
    case FINDING_MISUSE_BAD_JOIN:
        return joins(&parts);
    case FINDING_MISUSE_BAD_BARRIER:
        return misuses_barrier(&parts);
    case FINDING_MISUSE_ASSERTION:
        return asserts(&parts);
    default:
        return memory_pool_format(pool, "%s: %s, %s", message_title(finding->kind), parts.who, parts.what);
    }
}
