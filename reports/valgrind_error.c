#include "reports/valgrind_error.h"

#include <stdlib.h>
#include <string.h>

/* What mistakes are called. The first that is found in the sentence tells the kind. */
static const struct {
    const char *words;
    uint32_t kind, severity;
} mistakes[] = {
    {"destroy of a locked", FINDING_MISUSE_DESTROY_LOCKED, FINDING_ERROR},
    {"Destroying locked", FINDING_MISUSE_DESTROY_LOCKED, FINDING_ERROR},
    {"pthread_mutex_destroy failed", FINDING_MISUSE_DESTROY_LOCKED, FINDING_ERROR},
    {"pthread_rwlock_destroy failed", FINDING_MISUSE_DESTROY_LOCKED, FINDING_ERROR},
    {"being waited upon", FINDING_MISUSE_DESTROY_WAITED, FINDING_ERROR},
    {"threads are waiting", FINDING_MISUSE_DESTROY_WAITED, FINDING_ERROR},
    {"still holds", FINDING_MISUSE_EXIT_HOLDING, FINDING_WARNING},
    {"un-held mutex", FINDING_MISUSE_WAIT_UNLOCKED, FINDING_ERROR},
    {"not-held mutex", FINDING_MISUSE_WAIT_UNLOCKED, FINDING_ERROR},
    {"mutex held by a different thread", FINDING_MISUSE_WAIT_UNLOCKED, FINDING_ERROR},
    {"not locked by the signalling thread", FINDING_MISUSE_WAIT_UNLOCKED, FINDING_WARNING},
    {"lock is not held", FINDING_MISUSE_WAIT_UNLOCKED, FINDING_WARNING},
    {"associated with a different mutex", FINDING_MISUSE_COND_TWO_MUTEXES, FINDING_ERROR},
    {"nconsistent association", FINDING_MISUSE_COND_TWO_MUTEXES, FINDING_ERROR},
    {"Recursive locking not allowed", FINDING_MISUSE_RELOCK, FINDING_ERROR},
    {"already locked by this thread", FINDING_MISUSE_RELOCK, FINDING_ERROR},
    {"Attempt to re-lock", FINDING_MISUSE_RELOCK, FINDING_ERROR},
    {"not locked by calling thread", FINDING_MISUSE_UNLOCK_NOT_OWNER, FINDING_ERROR},
    {"currently held by thread", FINDING_MISUSE_UNLOCK_NOT_OWNER, FINDING_ERROR},
    {"not-locked lock", FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_ERROR},
    {"not locked", FINDING_MISUSE_UNLOCK_UNLOCKED, FINDING_ERROR},
    {"einitiali", FINDING_MISUSE_INIT_LOCKED, FINDING_ERROR},
    {"arrier", FINDING_MISUSE_BAD_BARRIER, FINDING_ERROR},
    {"emaphore", FINDING_MISUSE_SEM_OVERFLOW, FINDING_WARNING},
    {"sem_", FINDING_MISUSE_SEM_OVERFLOW, FINDING_WARNING},
    {"join", FINDING_MISUSE_BAD_JOIN, FINDING_WARNING},
    {"thread ID", FINDING_MISUSE_BAD_JOIN, FINDING_WARNING},
    {"held during", FINDING_BLOCKING_WAIT_HOLDING, FINDING_NOTE},
};

static const char *after(const char *text, const char *words) {
    const char *at = strstr(text, words);
    return at ? at + strlen(words) : NULL;
}

static uint64_t number_after(const char *text, const char *words, int base) {
    const char *at = after(text, words);
    return at ? strtoull(at, NULL, base) : 0;
}

static uint32_t thread_number(uint64_t number) {
    return number < UINT32_MAX ? (uint32_t)number : 0;
}

/* "thread #3" of Helgrind's, "thread 3" of DRD's. */
static uint32_t thread_in(const char *text) {
    uint64_t number = number_after(text, "hread #", 10);
    return thread_number(number ? number : number_after(text, "by thread ", 10));
}

static struct foreign_step *add_step(struct memory_pool *pool, struct foreign_report *report,
                                     const struct valgrind_part *part) {
    struct foreign_step *step = foreign_add_step(pool, report);
    if (step) {
        step->thread = part->thread ? part->thread : thread_in(part->text);
        step->wants.stack = part->stack;
    }
    return step;
}

static void set_mode(struct foreign_step *step, bool reads) {
    if (step)
        step->wants.mode = reads ? LOCK_SHARED : LOCK_EXCLUSIVE;
}

/* The text between the last two quotes, NULL when there is none. */
static const char *quoted(struct memory_pool *pool, const char *text) {
    const char *close = strrchr(text, '"'), *open = close;
    while (open && open > text && open[-1] != '"')
        open--;
    return close && open > text && open < close ? memory_pool_copy(pool, open, (size_t)(close - open)) : NULL;
}

/* "Address 0x4a4d048 is 8 bytes inside a block of size 40 alloc'd", and its relations. */
static void tell_place(struct memory_pool *pool, const struct valgrind_part *part,
                       struct foreign_report *report) {
    struct foreign_place *place = &report->place;
    const char *text = part->text;
    uint64_t address = report->steps_count ? report->steps[0].access.address : 0;
    if (after(text, "inside a block of size ")) {
        place->kind = FOREIGN_PLACE_HEAP;
        place->size = number_after(text, "inside a block of size ", 10);
        uint64_t distance = number_after(text, " is ", 10);
        place->address = address > distance ? address - distance : 0;
        place->allocated = part->stack;
    } else if (part->kind == VALGRIND_ALLOCATED) {
        place->kind = FOREIGN_PLACE_HEAP;
        place->allocated = part->stack;
    } else if (after(text, "Block was alloc'd by thread #")) {
        place->thread = thread_in(text);
    } else if (after(text, "data symbol ") || after(text, "global var ")) {
        place->kind = FOREIGN_PLACE_GLOBAL;
        place->name = quoted(pool, text);
    } else if (strstr(text, "'s stack")) {
        place->kind = FOREIGN_PLACE_STACK;
        place->thread = thread_in(text);
    } else if (after(text, "BSS section") || after(text, "Data section")) {
        place->kind = FOREIGN_PLACE_GLOBAL;
    } else if (after(text, " at offset ") && after(text, " from 0x")) {
        place->address = number_after(text, " from 0x", 16);
    }
}

/* "Possible data race during read of size 4 at 0x4A4D048 by thread #3", "Conflicting load by thread 3 at
 * 0x04a6e038 size 4" */
static void tell_race(struct memory_pool *pool, const struct valgrind_error *error,
                      struct foreign_report *report) {
    const struct valgrind_part *first = &error->parts[0];
    struct foreign_step *step = add_step(pool, report, first);
    report->kind = FINDING_RACE_DATA;
    report->severity = FINDING_ERROR;
    report->plain = true;
    report->title = "data race";
    if (!step)
        return;
    set_mode(step, strstr(first->text, "read of") || strstr(first->text, "load"));
    step->access.address = number_after(first->text, " at 0x", 16);
    step->access.size = number_after(first->text, "size ", 10);
    for (size_t i = 1; i < error->count; i++) {
        const struct valgrind_part *part = &error->parts[i];
        bool previous = after(part->text, "This conflicts with a previous ") != NULL;
        if (!previous) {
            tell_place(pool, part, report);
            continue;
        }
        /* What an access was whose stack is not kept is not told: "access by thread #2, after". */
        struct foreign_step *other = add_step(pool, report, part);
        set_mode(other, strstr(part->text, "previous read") != NULL);
        if (other) {
            other->access.size = number_after(part->text, "of size ", 10);
            other->access.address = report->steps[0].access.address;
        }
    }
}

/* "Thread #3: lock order "0x10C140 before 0x10C180" violated": the thread has the second lock and takes the
 * first. Another one, which is not named, took them in the other order. */
static void tell_order(struct memory_pool *pool, const struct valgrind_error *error,
                       struct foreign_report *report) {
    const struct valgrind_part *first = &error->parts[0];
    uint32_t earlier = foreign_lock(pool, report, NULL, number_after(first->text, "\"0x", 16));
    uint32_t later = foreign_lock(pool, report, NULL, number_after(first->text, "before 0x", 16));
    struct foreign_step *step = add_step(pool, report, first);
    struct foreign_hold *hold = step ? foreign_add_hold(pool, report, step) : NULL;
    report->kind = FINDING_DEADLOCK_POTENTIAL;
    report->shape = FINDING_SHAPE_CYCLE;
    report->severity = FINDING_WARNING;
    report->plain = true;
    if (!hold)
        return;
    step->wants.lock = earlier;
    hold->lock = later;
    step = foreign_add_step(pool, report);
    hold = step ? foreign_add_hold(pool, report, step) : NULL;
    if (!hold)
        return;
    step->wants.lock = later;
    hold->lock = earlier;
    const uint32_t observed[] = {earlier, later};
    size_t seen = 0;
    for (size_t i = 1; i < error->count; i++) {
        const struct valgrind_part *part = &error->parts[i];
        if (after(part->text, "Required order was established by"))
            hold->stack = part->stack;
        else if (after(part->text, "followed by a later acquisition"))
            step->wants.stack = part->stack;
        else if (after(part->text, "was first observed") && seen < 2 && observed[seen] != FOREIGN_NOTHING)
            report->locks[observed[seen++]].created = part->stack; /* in the order of the headline */
    }
}

static uint32_t lock_kind(const char *text) {
    if (strstr(text, "wlock") || strstr(text, "eader-writer"))
        return LOCK_KIND_RWLOCK;
    if (strstr(text, "ondition") || strstr(text, "pthread_cond_"))
        return LOCK_KIND_CONDITION;
    if (strstr(text, "arrier"))
        return LOCK_KIND_BARRIER;
    if (strstr(text, "emaphore") || strstr(text, "sem_"))
        return LOCK_KIND_SEMAPHORE;
    return strstr(text, "spin") ? LOCK_KIND_SPIN : LOCK_KIND_MUTEX;
}

/* The lock of a misuse: "... lock at 0x1FFF000490", "... mutex 0x1fff000490, recursion count 0, owner 1." */
static uint32_t misused(struct memory_pool *pool, const struct valgrind_error *error,
                        struct foreign_report *report) {
    const char *text = error->parts[0].text;
    const struct valgrind_part *observed = NULL;
    for (size_t i = 1; i < error->count && !observed; i++)
        if (error->parts[i].kind == VALGRIND_FIRST_OBSERVED ||
            after(error->parts[i].text, "was first observed"))
            observed = &error->parts[i];
    uint64_t address = number_after(text, " 0x", 16);
    if (!address && observed)
        address = observed->address;
    uint32_t lock = foreign_lock(pool, report, address ? NULL : "", address);
    if (lock != FOREIGN_NOTHING) {
        report->locks[lock].kind = lock_kind(text);
        if (observed)
            report->locks[lock].created = observed->stack;
    }
    return lock;
}

static void tell_misuse(struct memory_pool *pool, const struct valgrind_error *error,
                        struct foreign_report *report) {
    const struct valgrind_part *first = &error->parts[0];
    report->kind = FINDING_MISUSE_USE_DESTROYED; /* of an object that is not in the state for it */
    report->severity = FINDING_WARNING;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
        if (strstr(first->text, mistakes[i].words)) {
            report->kind = mistakes[i].kind;
            report->severity = mistakes[i].severity;
            break;
        }
    if (report->kind == FINDING_MISUSE_UNLOCK_NOT_OWNER && strstr(first->text, "recursion count 0"))
        report->kind = FINDING_MISUSE_UNLOCK_UNLOCKED;
    struct foreign_step *step = add_step(pool, report, first);
    if (!step)
        return;
    if (!step->thread)
        step->thread = error->thread;
    step->wants.lock = misused(pool, error, report);
    const char *owner = after(first->text, "currently held by thread #");
    struct foreign_step *other = owner ? foreign_add_step(pool, report) : NULL;
    struct foreign_hold *hold = other ? foreign_add_hold(pool, report, other) : NULL;
    if (hold) {
        other->thread = thread_number(strtoull(owner, NULL, 10));
        hold->lock = report->steps[0].wants.lock;
    }
}

/* Copy the text without the addresses in it, which differ from run to run: "a not-locked lock at
 * 0x1FFF000490". */
static char *without_addresses(struct memory_pool *pool, const char *text) {
    char *copy = memory_pool_copy(pool, text, strlen(text)), *to = copy;
    while (*text) {
        size_t lead = strncmp(text, " at 0x", 6) == 0 ? 6 : strncmp(text, " 0x", 3) == 0 ? 3 : 0;
        if (lead)
            text += lead + strspn(text + lead, "0123456789abcdefABCDEF");
        else
            *to++ = *text++;
    }
    *to = '\0';
    return copy;
}

/* The first sentence without "Thread #1: ", which the steps tell, and without what DRD says about the object
 * after a colon. With the sentence of an error number behind it. */
static const char *title_of(struct memory_pool *pool, const struct valgrind_error *error) {
    static const char *const objects[] = {": mutex 0x",   ": rwlock 0x",    ": cond 0x",
                                          ": barrier 0x", ": semaphore 0x", ": spinlock 0x"};
    const char *text = error->parts[0].text;
    if (strncmp(text, "Thread #", 8) == 0) {
        text += 8 + strspn(text + 8, "0123456789");
        text += strncmp(text, "'s ", 3) == 0 ? 3 : *text == ':' ? 1 : 0;
        text += strspn(text, " ");
    }
    size_t size = strlen(text);
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        const char *at = strstr(text, objects[i]);
        size = at && (size_t)(at - text) < size ? (size_t)(at - text) : size;
    }
    const char *more = error->count > 1 && strncmp(error->parts[1].text, "with error code", 15) == 0
                           ? error->parts[1].text
                           : "";
    return memory_pool_format(pool, "%s%s%s", without_addresses(pool, memory_pool_copy(pool, text, size)),
                              *more ? " " : "", more);
}

void valgrind_error_tell(struct memory_pool *pool, const struct valgrind_error *error,
                         struct foreign_report *report) {
    report->title = title_of(pool, error);
    if (strcmp(error->kind, "Race") == 0 || strcmp(error->kind, "ConflictingAccess") == 0)
        tell_race(pool, error, report);
    else if (strcmp(error->kind, "LockOrder") == 0)
        tell_order(pool, error, report);
    else
        tell_misuse(pool, error, report);
    for (size_t i = 0; i < report->locks_count; i++)
        if (!report->locks[i].kind)
            report->locks[i].kind = LOCK_KIND_MUTEX;
}
