#include "reports/step_words.h"

#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "reports/message.h"
#include "reports/numbers.h"
#include "reports/verbs.h"

const char *step_words_wish(struct memory_pool *pool, const struct report_finding *finding,
                            const struct report_hold *wants) {
    bool blocked = finding->kind == FINDING_DEADLOCK_ACTUAL || finding->kind == FINDING_HANG_ALL_BLOCKED ||
                   finding->kind == FINDING_BLOCKING_WAIT_HOLDING || finding->kind == FINDING_STARVATION;
    const char *verb = verbs_wants(wants->lock->kind, wants->mode, blocked);
    if (finding->shape == FINDING_SHAPE_SIGNAL)
        return memory_pool_format(pool, "in its handler of %s %s", message_signal(pool, finding), verb);
    switch (finding->kind) {
    case FINDING_MISUSE_UNLOCK_UNLOCKED:
    case FINDING_MISUSE_UNLOCK_NOT_OWNER:
        return "unlocks";
    case FINDING_MISUSE_RELOCK:
        return "locks again";
    case FINDING_MISUSE_DESTROY_LOCKED:
    case FINDING_MISUSE_DESTROY_WAITED:
        return "destroys";
    case FINDING_MISUSE_USE_DESTROYED:
        return "uses";
    case FINDING_MISUSE_INIT_LOCKED:
        return "initialises";
    case FINDING_MISUSE_WAIT_UNLOCKED:
        return wants->lock->kind == LOCK_KIND_CONDITION ? "waits for" : "waits for a condition with";
    case FINDING_MISUSE_SEM_OVERFLOW:
        return "posts";
    case FINDING_MISUSE_FORK_HELD:
        return message_forks_itself(finding) ? "forks with the locked" : "tries in vain to get";
    case FINDING_MISUSE_BAD_BARRIER:
        return "uses";
    case FINDING_MISUSE_ASSERTION:
        return message_asserts(finding);
    default:
        return verb;
    }
}

const char *step_words_leading(const char *verb) {
    size_t length = strlen(verb);
    return length > 3 && strcmp(verb + length - 3, " at") == 0 ? ", called at" : " at";
}

struct step_words step_words_of_hold(struct memory_pool *pool, const struct report_finding *finding,
                                     size_t step, const struct report_hold *hold) {
    const char *event = step > 0 ? message_event(finding->kind) : NULL;
    uint32_t kind = hold->lock->kind;
    if (finding->kind == FINDING_STARVATION && step > 0)
        return (struct step_words){"had", memory_pool_format(pool, " last, %s at", verbs_taken(kind))};
    if (finding->kind == FINDING_MISUSE_FORK_HELD && step > 0 && !message_forks_itself(finding))
        return (struct step_words){"held", " at the fork, locked at"};
    if (finding->kind == FINDING_MISUSE_COND_TWO_MUTEXES && step > 0)
        return (struct step_words){"waits with", ", called at"};
    if (event && strcmp(event, "waits") == 0)
        return (struct step_words){verbs_wants(kind, hold->mode, true),
                                   step_words_leading(verbs_wants(kind, hold->mode, true))};
    if (event && strcmp(event, "locked") != 0)
        return (struct step_words){event, " at"};
    return (struct step_words){verbs_holds(kind, hold->mode),
                               memory_pool_format(pool, ", %s at", verbs_taken(kind))};
}

bool step_words_tell_mode(const struct report_hold *hold) {
    return hold->mode != LOCK_SHARED || hold->lock->kind == LOCK_KIND_RWLOCK ||
           hold->lock->kind == LOCK_KIND_FILE;
}

const char *step_words_purpose(struct memory_pool *pool, const struct report_lock *lock) {
    const char *shared = lock->shared ? " between processes" : "";
    if (lock->kind == LOCK_KIND_BARRIER && lock->value)
        return memory_pool_format(pool, "%s for %" PRIu32 " thread%s", shared, lock->value,
                                  numbers_plural(lock->value));
    if (lock->kind == LOCK_KIND_SEMAPHORE && lock->value)
        return memory_pool_format(pool, "%s of first value %" PRIu32, shared, lock->value);
    if (lock->kind == LOCK_KIND_FILE && lock->inode)
        return memory_pool_format(pool, "%s of inode %" PRIu64 " on device %u:%u", shared, lock->inode,
                                  major(lock->device), minor(lock->device));
    return shared;
}
