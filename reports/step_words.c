#include "reports/step_words.h"

#include <string.h>

#include "reports/message.h"
#include "reports/verbs.h"

/* What a step does with the lock that it wants. */
static const char *wish_verb(const struct report_finding *finding, const struct report_hold *wants,
                             struct memory_pool *pool) {
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
    case FINDING_MISUSE_BAD_JOIN:
        return finding->source ? "creates and never joins" : verb; /* gordian itself says nothing of those */
    default:
        return verb;
    }
}

/* What leads to the stack behind a lock: " at", but not after a verb that ends with it. */
static const char *leading(const char *verb) {
    size_t length = strlen(verb);
    return length > 3 && strcmp(verb + length - 3, " at") == 0 ? ", called at" : " at";
}

/* The words for reading and writing tell the mode of some kinds. */
static bool mode_is_told(const struct report_hold *hold) {
    return hold->mode != LOCK_SHARED || hold->lock->kind == LOCK_KIND_RWLOCK ||
           hold->lock->kind == LOCK_KIND_FILE;
}

static struct step_words words_of(struct memory_pool *pool, const struct report_finding *finding,
                                  const struct report_hold *hold, const char *verb, const char *then) {
    const char *name = message_after_verb(pool, finding, hold->lock);
    if (!mode_is_told(hold))
        then = memory_pool_format(pool, " (shared)%s", then);
    return (struct step_words){verb, name, then};
}

struct step_words step_words_hold(struct memory_pool *pool, const struct report_finding *finding, size_t step,
                                  const struct report_hold *hold) {
    const char *event = step > 0 ? message_event(finding->kind) : NULL;
    uint32_t kind = hold->lock->kind;
    const char *verb = verbs_holds(kind, hold->mode);
    const char *taken = verbs_taken(kind); /* "has taken" says it already */
    const char *then = strstr(verb, taken) ? " at" : memory_pool_format(pool, ", %s at", taken);
    if (finding->kind == FINDING_STARVATION && step > 0) {
        verb = "had";
        then = memory_pool_format(pool, " last, %s at", taken);
    } else if (finding->kind == FINDING_MISUSE_FORK_HELD && step > 0 && !message_forks_itself(finding)) {
        verb = "held";
        then = " at the fork, locked at";
    } else if (finding->kind == FINDING_MISUSE_COND_TWO_MUTEXES && step > 0) {
        verb = "waits with";
        then = ", called at";
    } else if (event && strcmp(event, "waits") == 0) {
        verb = verbs_wants(kind, hold->mode, true);
        then = leading(verb);
    } else if (event && strcmp(event, "locked") != 0) {
        verb = event;
        then = " at";
    }
    return words_of(pool, finding, hold, verb, then);
}

struct step_words step_words_wish(struct memory_pool *pool, const struct report_finding *finding,
                                  size_t step) {
    const struct report_hold *wants = &finding->steps[step].wants;
    const char *verb = wish_verb(finding, wants, pool);
    return words_of(pool, finding, wants, verb,
                    message_holds_back(finding, step) ? ", and so holds back new readers, at"
                                                      : leading(verb));
}

const char *step_words_thread(const struct report_finding *finding, size_t index) {
    const struct report_step *step = &finding->steps[index];
    bool ended = !step->wants.lock && (finding->kind == FINDING_DEADLOCK_ACTUAL ||
                                       (finding->kind == FINDING_MISUSE_EXIT_HOLDING && !index));
    bool earlier = index > 0 && message_event(finding->kind) && step->thread == finding->steps[0].thread;
    if (ended)
        return step->thread->left ? " of the parent process" : ", which has ended";
    return earlier ? ", earlier" : "";
}

const char *step_words_sentence(struct memory_pool *pool, const struct report_finding *finding, size_t step,
                                const struct step_words *words, const char *place) {
    int length = (int)(strlen(words->then) - strlen("at"));
    return memory_pool_format(pool, "%s %s %s%.*s%s",
                              message_thread(pool, finding, finding->steps[step].thread), words->verb,
                              words->name, length, words->then, place);
}
