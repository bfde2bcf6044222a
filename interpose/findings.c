#include "interpose/findings.h"

#include <string.h>

#include "interpose/bus_guard.h"
#include "interpose/clock.h"
#include "interpose/locks.h"
#include "interpose/notice.h"
#include "interpose/raw.h"
#include "interpose/segmented_array.h"
#include "interpose/session.h"
#include "interpose/text.h"
#include "interpose/threads.h"
#include "interpose/waits.h"

static uint32_t last_number;
struct numbered {
    struct recording_finding *record;
};
static struct segmented_array by_number; /* of struct numbered; index: number - 1 */
static uint32_t with_semaphores;         /* the first finding that a semaphore is part of; 0: none */

/* Locks left behind by threads that are gone. Read without our lock. */
struct orphan {
    uint32_t thread;
    struct lock_hold hold;
};
static struct segmented_array orphans;

/* Locks that a thread holds by its own account and another has released. Read without our lock. */
struct disowned {
    uint32_t thread, lock;
};
static struct segmented_array disowned;

/* What findings_add_once has recorded; direct-mapped, so that a misuse in a loop takes no more room than one.
 */
#define ONCE_BITS 10
static struct {
    uint64_t key;
    uint32_t number;
} once[1u << ONCE_BITS];

void findings_start(void) {
    memset(once, 0, sizeof once);
    last_number = with_semaphores = 0;
    by_number.count = orphans.count = disowned.count = 0;
}

static struct recording_finding *numbered(uint32_t number) {
    const struct numbered *n = segmented_array_at(&by_number, number - 1, sizeof(struct numbered));
    return n->record;
}

static struct orphan *orphan_at(uint32_t i) {
    return segmented_array_at(&orphans, i, sizeof(struct orphan));
}

static struct disowned *disowned_at(uint32_t i) {
    return segmented_array_at(&disowned, i, sizeof(struct disowned));
}

/* Threads get their names from anywhere (prctl, /proc): ask the kernel when one matters. */
static void refresh_name(struct thread *t) {
    char path[64], name[17] = {0};
    struct text text;
    if (!t || t->ended || !t->slot->tid)
        return;
    text_init(&text, path, sizeof path);
    text_add(&text, "/proc/self/task/");
    text_add_decimal(&text, t->slot->tid);
    text_add(&text, "/comm");
    int fd = raw_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    long got = raw_read(fd, name, 16);
    raw_close(fd);
    if (got <= 0)
        return;
    for (int i = (int)got - 1; i < 16; i++)
        name[i] = '\0'; /* the newline */
    threads_record_name(t, name);
}

void findings_notify(void) {
    const char *fifo = session_options()->notify;
    if (!*fifo)
        return;
    int fd = raw_open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, 0);
    if (fd < 0)
        return;
    raw_write(fd, "!", 1);
    raw_close(fd);
}

/* Whether it may still turn out that one of the locks is none: a semaphore that nobody has posted yet. What
 * has happened needs no such proof. */
static bool is_pending(const struct finding *finding) {
    bool unproven = false, any = false;
    for (uint32_t i = 0; i < finding->steps_count; i++) {
        const struct finding_step *step = &finding->steps[i];
        for (uint32_t k = 0; k <= step->holds_count; k++) {
            const struct lock *lock =
                locks_at(k < step->holds_count ? step->holds[k].lock : step->wants.lock);
            any |= lock && lock->kind == LOCK_KIND_SEMAPHORE;
            unproven |= lock && lock->kind == LOCK_KIND_SEMAPHORE && !lock->proven;
        }
    }
    if (any && !with_semaphores)
        with_semaphores = last_number;
    return unproven && finding->kind == FINDING_DEADLOCK_POTENTIAL;
}

static void announce(const struct finding *finding) {
    __atomic_add_fetch(&session_recorder()->header->findings, 1, __ATOMIC_RELEASE);
    findings_notify();
    notice_finding(finding, session_recorder()->path);
}

uint32_t findings_add(const struct finding *finding) {
    uint32_t holds = 0;
    if (bus_guard_hit()) /* what it is made of may be gone with the recording */
        return 0;
    for (uint32_t i = 0; i < finding->steps_count; i++) {
        holds += finding->steps[i].holds_count;
        refresh_name(threads_at(finding->steps[i].thread));
        for (uint32_t k = 0; k < finding->steps[i].holds_count; k++)
            locks_record(finding->steps[i].holds[k].lock);
        if (finding->steps[i].wants.lock)
            locks_record(finding->steps[i].wants.lock);
    }
    struct recording_finding *record;
    size_t steps_size = finding->steps_count * sizeof record->steps[0];
    record = recorder_append(session_recorder(), RECORDING_FINDING,
                             sizeof *record + steps_size + holds * sizeof(struct lock_hold));
    if (!record || !segmented_array_append(&by_number, &(struct numbered){record}, sizeof(struct numbered)))
        return 0;
    struct lock_hold *to = (struct lock_hold *)(record->steps + finding->steps_count);
    record->finding = ++last_number;
    record->kind = finding->kind;
    record->shape = finding->shape;
    record->severity = finding->severity;
    record->time_ns = clock_ns(CLOCK_MONOTONIC);
    bool pending = is_pending(finding);
    record->count = record->told = !pending;
    memcpy(record->values, finding->values, sizeof record->values);
    record->steps_count = finding->steps_count;
    record->holds_count = holds;
    holds = 0;
    for (uint32_t i = 0; i < finding->steps_count; i++) {
        const struct finding_step *step = &finding->steps[i];
        record->steps[i] =
            (struct recording_finding_step){step->thread, step->holds_count, holds, step->wants};
        memcpy(to + holds, step->holds, step->holds_count * sizeof *to);
        holds += step->holds_count;
    }
    recorder_commit(record);
    if (!pending)
        announce(finding);
    return last_number;
}

static bool has_lock(const struct recording_finding *record, uint32_t lock) {
    const struct lock_hold *holds = (const void *)(record->steps + record->steps_count);
    for (uint32_t i = 0; i < record->steps_count; i++)
        if (record->steps[i].wants.lock == lock)
            return true;
    for (uint32_t i = 0; i < record->holds_count; i++)
        if (holds[i].lock == lock)
            return true;
    return false;
}

void findings_withdraw(uint32_t number) {
    if (number && number <= last_number)
        __atomic_store_n(&numbered(number)->count, 0, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < 1u << ONCE_BITS; i++)
        if (once[i].number == number)
            once[i].key = 0;
}

/* The finding of a record, in memory that the next call uses again. Returns false without memory. */
static bool finding_of(const struct recording_finding *record, struct finding *finding) {
    static struct finding_step *steps; /* for the holder of our lock */
    static uint32_t room;
    if (record->steps_count > room) {
        size_t bytes = (record->steps_count * 2 * sizeof *steps + 4095) & ~(size_t)4095;
        struct finding_step *wider = raw_pages(bytes);
        if (!wider)
            return false;
        steps = wider;
        room = record->steps_count * 2;
    }
    const struct lock_hold *holds = (const void *)(record->steps + record->steps_count);
    for (uint32_t i = 0; i < record->steps_count; i++)
        steps[i] = (struct finding_step){.thread = record->steps[i].thread,
                                         .holds_count = record->steps[i].holds_count,
                                         .holds = holds + record->steps[i].holds_first,
                                         .wants = record->steps[i].wants};
    *finding = (struct finding){.kind = record->kind,
                                .shape = record->shape,
                                .severity = record->severity,
                                .steps_count = record->steps_count,
                                .steps = steps};
    return true;
}

void findings_confirm(uint32_t semaphore) {
    for (uint32_t i = with_semaphores; i && i <= last_number; i++) {
        struct recording_finding *record = numbered(i);
        struct finding finding;
        if (record->count || record->kind != FINDING_DEADLOCK_POTENTIAL || !has_lock(record, semaphore))
            continue;
        if (!finding_of(record, &finding)) {
            session_lost(RECORDING_LOST_MEMORY);
            continue;
        }
        if (is_pending(&finding))
            continue;
        __atomic_store_n(&record->count, 1, __ATOMIC_RELAXED);
        __atomic_store_n(&record->told, 1, __ATOMIC_RELAXED);
        announce(&finding);
    }
}

void findings_no_lock(struct thread *t, uint32_t semaphore) {
    for (uint32_t i = with_semaphores; i && i <= last_number; i++)
        if (numbered(i)->kind == FINDING_DEADLOCK_POTENTIAL && has_lock(numbered(i), semaphore))
            findings_withdraw(i);
    lock_graph_remove(session_graph(), semaphore);
    findings_forget_orphan(semaphore);
    for (struct thread *owner = threads_first(); owner; owner = owner->next) {
        if (owner->slot->state == RECORDING_SLOT_FREE || !waits_account_of(owner, semaphore, LOCK_EXCLUSIVE))
            continue;
        if (owner == t)
            thread_remove(t, thread_holds(t, semaphore));
        else
            findings_disown(owner, semaphore);
    }
}

void findings_disown_holder(struct thread *t, uint32_t id, uint32_t lock) {
    session_enter(t);
    struct thread *owner = threads_at(id);
    if (owner)
        findings_disown(owner, lock);
    session_leave(t);
}

static uint32_t found(void *context, const struct finding *finding) {
    (void)context;
    return findings_add(finding);
}

static void again(void *context, uint32_t number) {
    (void)context;
    if (number && number <= last_number && numbered(number)->count)
        __atomic_add_fetch(&numbered(number)->count, 1, __ATOMIC_RELAXED);
}

uint32_t findings_add_once(const struct finding *finding, uint64_t places) {
    uint64_t key = (places ^ (uint64_t)finding->kind << 56) * 0x9e3779b97f4a7c15u | 1;
    uint32_t i = (uint32_t)(key >> (64 - ONCE_BITS));
    if (once[i].key == key) {
        again(NULL, once[i].number);
        return once[i].number;
    }
    once[i].key = key;
    return once[i].number = findings_add(finding);
}

const struct lock_graph_listener findings_listener = {.found = found, .again = again};

void findings_add_orphan(uint32_t thread, const struct lock_hold *hold) {
    locks_record(hold->lock);
    segmented_array_append(&orphans, &(struct orphan){thread, *hold}, sizeof(struct orphan));
}

void findings_orphan(struct thread *t) {
    for (uint32_t i = 0; i < t->slot->held_count; i++) {
        const struct recording_held *held = &t->held[i];
        if (held->lock)
            findings_add_orphan(t->id, &(struct lock_hold){held->lock, held->mode, held->stack});
    }
}

bool findings_orphaned(uint32_t lock, uint32_t *thread, struct lock_hold *hold) {
    for (uint32_t i = segmented_array_count(&orphans); i--;)
        if (orphan_at(i)->hold.lock == lock) {
            *thread = orphan_at(i)->thread;
            *hold = orphan_at(i)->hold;
            return true;
        }
    return false;
}

void findings_disown(struct thread *owner, uint32_t lock) {
    if (!segmented_array_append(&disowned, &(struct disowned){owner->id, lock}, sizeof(struct disowned)))
        return;
    locks_record(lock);
    __atomic_or_fetch(&owner->attention, THREAD_DISOWNED, __ATOMIC_RELEASE);
}

bool findings_disowned(const struct thread *owner, uint32_t lock) {
    if (!(__atomic_load_n(&owner->attention, __ATOMIC_ACQUIRE) & THREAD_DISOWNED))
        return false;
    for (uint32_t i = 0, n = segmented_array_count(&disowned); i < n; i++)
        if (disowned_at(i)->thread == owner->id && disowned_at(i)->lock == lock)
            return true;
    return false;
}

void findings_drop_disowned(struct thread *t) {
    for (uint32_t i = 0; i < disowned.count;) {
        if (disowned_at(i)->thread != t->id) {
            i++;
            continue;
        }
        struct recording_held *held = thread_holds(t, disowned_at(i)->lock);
        if (held)
            thread_remove(t, held);
        segmented_array_remove(&disowned, i, sizeof(struct disowned));
    }
}

void findings_forget_orphan(uint32_t lock) {
    for (uint32_t i = 0; i < orphans.count;)
        if (orphan_at(i)->hold.lock == lock)
            segmented_array_remove(&orphans, i, sizeof(struct orphan));
        else
            i++;
}
