#include "interpose/findings.h"

#include <string.h>

#include "interpose/locks.h"
#include "interpose/notice.h"
#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/text.h"
#include "interpose/threads.h"
#include "interpose/waits.h"

static uint32_t last_number;
static struct recording_finding **by_number; /* index: number */
static uint32_t by_number_room;
static uint32_t with_semaphores; /* the first finding that a semaphore is part of; 0: none */

/* Locks left behind by threads that are gone. */
struct orphan {
    uint32_t thread;
    struct lock_hold hold;
};
static struct orphan *orphans;
static uint32_t orphans_count, orphans_room;

/* Locks that a thread holds by its own account and another has released. */
struct disowned {
    uint32_t thread, lock;
};
static struct disowned *disowned;
static uint32_t disowned_count, disowned_room;

/* What findings_add_once has recorded; direct-mapped, so that a misuse in a loop takes no more room than one.
 */
#define ONCE_BITS 10
static struct {
    uint64_t key;
    uint32_t number;
} once[1u << ONCE_BITS];

void findings_start(void) {
    memset(once, 0, sizeof once);
    last_number = by_number_room = orphans_count = orphans_room = disowned_count = disowned_room = 0;
    with_semaphores = 0;
    by_number = NULL;
    orphans = NULL;
    disowned = NULL;
}

/* Make room for one more element of `size` bytes in an array of mapped memory. */
static bool room_for(void *array, uint32_t count, uint32_t *room, size_t size) {
    if (count < *room)
        return true;
    uint32_t wider_room = *room ? *room * 2 : 4096 / (uint32_t)size;
    void *wider = raw_pages((wider_room * size + 4095) & ~(size_t)4095), *old;
    if (!wider)
        return false;
    memcpy(&old, array, sizeof old);
    if (old) {
        memcpy(wider, old, *room * size);
        raw_munmap(old, (*room * size + 4095) & ~(size_t)4095);
    }
    memcpy(array, &wider, sizeof wider);
    *room = wider_room;
    return true;
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
    if (!room_for(&by_number, last_number + 1, &by_number_room, sizeof *by_number) ||
        !(record = recorder_append(session_recorder(), RECORDING_FINDING,
                                   sizeof *record + steps_size + holds * sizeof(struct lock_hold))))
        return 0;
    struct lock_hold *to = (struct lock_hold *)(record->steps + finding->steps_count);
    record->finding = ++last_number;
    record->kind = finding->kind;
    record->shape = finding->shape;
    record->severity = finding->severity;
    record->time_ns = raw_clock_ns(CLOCK_MONOTONIC);
    bool pending = is_pending(finding);
    record->count = !pending;
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
    by_number[last_number] = record;
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
        __atomic_store_n(&by_number[number]->count, 0, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < 1u << ONCE_BITS; i++)
        if (once[i].number == number)
            once[i].key = 0;
}

/* The finding of a record, in memory that the next call uses again. */
static struct finding finding_of(const struct recording_finding *record, struct finding_step *steps) {
    const struct lock_hold *holds = (const void *)(record->steps + record->steps_count);
    for (uint32_t i = 0; i < record->steps_count; i++)
        steps[i] = (struct finding_step){.thread = record->steps[i].thread,
                                         .holds_count = record->steps[i].holds_count,
                                         .holds = holds + record->steps[i].holds_first,
                                         .wants = record->steps[i].wants};
    return (struct finding){.kind = record->kind,
                            .shape = record->shape,
                            .severity = record->severity,
                            .steps_count = record->steps_count,
                            .steps = steps};
}

#define STEPS_TOLD 16

void findings_confirm(uint32_t semaphore) {
    struct finding_step steps[STEPS_TOLD];
    for (uint32_t i = with_semaphores; i && i <= last_number; i++) {
        struct recording_finding *record = by_number[i];
        if (record->count || record->kind != FINDING_DEADLOCK_POTENTIAL || !has_lock(record, semaphore))
            continue;
        if (record->steps_count > STEPS_TOLD) {
            __atomic_store_n(&record->count, 1, __ATOMIC_RELAXED);
            continue;
        }
        struct finding finding = finding_of(record, steps);
        if (is_pending(&finding))
            continue;
        __atomic_store_n(&record->count, 1, __ATOMIC_RELAXED);
        announce(&finding);
    }
}

void findings_no_lock(struct thread *t, uint32_t semaphore) {
    for (uint32_t i = with_semaphores; i && i <= last_number; i++)
        if (by_number[i]->kind == FINDING_DEADLOCK_POTENTIAL && has_lock(by_number[i], semaphore))
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
    if (number && number <= last_number && by_number[number]->count)
        __atomic_add_fetch(&by_number[number]->count, 1, __ATOMIC_RELAXED);
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
    if (room_for(&orphans, orphans_count, &orphans_room, sizeof *orphans))
        orphans[orphans_count++] = (struct orphan){thread, *hold};
}

void findings_orphan(struct thread *t) {
    for (uint32_t i = 0; i < t->slot->held_count; i++) {
        const struct recording_held *held = &t->held[i];
        if (held->lock)
            findings_add_orphan(t->id, &(struct lock_hold){held->lock, held->mode, held->stack});
    }
}

bool findings_orphaned(uint32_t lock, uint32_t *thread, struct lock_hold *hold) {
    for (uint32_t i = orphans_count; i--;)
        if (orphans[i].hold.lock == lock) {
            *thread = orphans[i].thread;
            *hold = orphans[i].hold;
            return true;
        }
    return false;
}

void findings_disown(struct thread *owner, uint32_t lock) {
    if (!room_for(&disowned, disowned_count, &disowned_room, sizeof *disowned))
        return;
    locks_record(lock);
    disowned[disowned_count++] = (struct disowned){owner->id, lock};
    __atomic_or_fetch(&owner->attention, THREAD_DISOWNED, __ATOMIC_RELEASE);
}

bool findings_disowned(const struct thread *owner, uint32_t lock) {
    if (!(__atomic_load_n(&owner->attention, __ATOMIC_ACQUIRE) & THREAD_DISOWNED))
        return false;
    for (uint32_t i = 0; i < disowned_count; i++)
        if (disowned[i].thread == owner->id && disowned[i].lock == lock)
            return true;
    return false;
}

void findings_drop_disowned(struct thread *t) {
    for (uint32_t i = 0; i < disowned_count;) {
        if (disowned[i].thread != t->id) {
            i++;
            continue;
        }
        struct recording_held *held = thread_holds(t, disowned[i].lock);
        if (held)
            thread_remove(t, held);
        disowned[i] = disowned[--disowned_count];
    }
}

void findings_forget_orphan(uint32_t lock) {
    for (uint32_t i = 0; i < orphans_count;)
        if (orphans[i].hold.lock == lock)
            orphans[i] = orphans[--orphans_count];
        else
            i++;
}
