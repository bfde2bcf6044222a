#include "interpose/locks.h"

#include <string.h>

#include "detector/lock_graph.h"
#include "interpose/lock_table.h"
#include "interpose/mappings.h"
#include "interpose/modules.h"
#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/threads.h"

static struct lock *table; /* index: id */
static uint32_t count, room;
static uint32_t free_lock; /* ids that nothing was recorded about, by session_lock.next_own */

static bool grow_locks(void) {
    uint32_t wider_room = room ? room * 2 : 256;
    struct lock *wider = raw_pages((wider_room * sizeof *wider + 4095) & ~(size_t)4095);
    if (!wider)
        return false;
    /* The old one stays: locks_shared may be reading it. */
    if (table)
        memcpy(wider, table, room * sizeof *wider);
    __atomic_store_n(&table, wider, __ATOMIC_RELEASE);
    room = wider_room;
    return true;
}

static uint32_t new_lock(enum recording_lock_kind kind, uint64_t address, uint32_t initialised,
                         uint32_t first) {
    uint32_t id = free_lock;
    if (id) {
        free_lock = table[id].next_own;
    } else {
        if (count + 1 >= room && !grow_locks()) {
            session_lost(RECORDING_LOST_MEMORY);
            return 0;
        }
        id = ++count;
    }
    table[id] = (struct lock){.address = address, .kind = kind, .initialised = initialised, .first = first};
    return id;
}

void locks_record(uint32_t id) {
    struct lock *lock = &table[id];
    if (lock->recorded)
        return;
    struct recording_lock *record = recorder_append(session_recorder(), RECORDING_LOCK, sizeof *record);
    if (!record)
        return;
    record->lock = id;
    record->kind = lock->kind;
    record->address = lock->address;
    record->initialised = lock->initialised;
    record->first = lock->first;
    if (lock->kind == LOCK_KIND_MUTEX)
        record->value = lock->robust;
    struct mappings_place place;
    record->shared = lock->shared;
    if (lock->shared && mappings_shared(lock->address, &place)) {
        record->device = place.device;
        record->inode = place.inode;
        record->offset = place.offset;
    }
    recorder_commit(record);
    lock->recorded = true;
    if (lock->kind != LOCK_KIND_THREAD)
        modules_note(lock->address);
}

/* A lock in a frame of the calling thread's stack ends with the thread at the latest. */
static void list_own(struct thread *t, uint32_t id, const struct call_site *call) {
    if (table[id].address < call->sp || table[id].address >= t->stack_high)
        return;
    table[id].owner_stack = t->id;
    table[id].next_own = t->own_locks;
    if (t->own_locks)
        table[t->own_locks].last_own = id;
    t->own_locks = id;
}

static void unlist_own(uint32_t id) {
    struct lock *lock = &table[id];
    struct thread *t = lock->owner_stack ? threads_at(lock->owner_stack) : NULL;
    if (!t)
        return;
    if (lock->next_own)
        table[lock->next_own].last_own = lock->last_own;
    if (lock->last_own)
        table[lock->last_own].next_own = lock->next_own;
    else
        t->own_locks = lock->next_own;
    lock->owner_stack = lock->next_own = lock->last_own = 0;
}

/* The id of a lock that was recorded is never used again; the others' ids are, since nobody can have kept
 * them: what keeps an id records the lock first. A robust mutex may be destroyed while another thread's
 * account has it. */
static void end_lock(uint32_t id) {
    unlist_own(id);
    if (!table[id].recorded && !table[id].robust) {
        table[id] = (struct lock){.next_own = free_lock};
        free_lock = id;
        return;
    }
    struct recording_lock_end *record =
        recorder_append(session_recorder(), RECORDING_LOCK_END, sizeof *record);
    if (record) {
        record->lock = id;
        recorder_commit(record);
    }
    lock_graph_remove(session_graph(), id);
}

/* glibc keeps a mutex's type in it. */
struct locks_mutex_type locks_mutex_type(const pthread_mutex_t *mutex) {
    struct locks_mutex_type type = {0};
#ifdef __GLIBC__
    type.recursive = (mutex->__data.__kind & 3) == PTHREAD_MUTEX_RECURSIVE;
    type.errorcheck = (mutex->__data.__kind & 3) == PTHREAD_MUTEX_ERRORCHECK;
    type.robust = mutex->__data.__kind & 16;
    type.shared = mutex->__data.__kind & 128;
#else
    (void)mutex;
#endif
    return type;
}

uint32_t locks_place(struct thread *t, const void *address, enum recording_lock_kind kind,
                     uint32_t initialised, uint32_t first, const struct call_site *call) {
    uint32_t id = new_lock(kind, (uint64_t)(uintptr_t)address, initialised, first);
    if (!id)
        return 0;
    if (kind == LOCK_KIND_MUTEX) {
        struct locks_mutex_type type = locks_mutex_type(address);
        table[id].robust = type.robust;
        table[id].shared = type.shared;
    }
    /* glibc's trylock leaves a robust mutex locked when it says ENOTRECOVERABLE. */
    uint64_t how = table[id].robust ? LOCK_TABLE_UNTRIABLE : table[id].shared ? LOCK_TABLE_SHARED : 0;
    if (lock_table_set(address, id | how) < 0) {
        session_lost(RECORDING_LOST_MEMORY);
        return 0;
    }
    /* At once: the process may be killed while it holds it, and others look for it by its place. */
    if (table[id].shared)
        locks_record(id);
    list_own(t, id, call);
    return id;
}

uint32_t locks_id(struct thread *t, const void *address, enum recording_lock_kind kind,
                  struct stack_record *stack, const struct call_site *call) {
    session_enter(t);
    uint32_t id = lock_table_find(address);
    if (!id)
        id = locks_place(t, address, kind, 0, stack ? stack_memo_resolve(t, stack, false, call) : 0, call);
    session_leave(t);
    return id;
}

/* A robust mutex may be destroyed while it is held. */
static void drop_hold(struct thread *t, uint32_t lock) {
    struct recording_held *held = thread_holds(t, lock);
    if (held)
        thread_remove(t, held);
}

void locks_init(struct thread *t, const void *address, enum recording_lock_kind kind,
                struct stack_record *stack, const struct call_site *call) {
    session_enter(t);
    uint32_t old = lock_table_find(address);
    if (old) {
        drop_hold(t, old);
        end_lock(old);
    }
    locks_place(t, address, kind, stack ? stack_memo_resolve(t, stack, false, call) : 0, 0, call);
    session_leave(t);
}

void locks_gone(struct thread *t, const void *address) {
    if (!lock_table_find(address))
        return;
    session_enter(t);
    uint32_t old = lock_table_find(address);
    if (old) {
        drop_hold(t, old);
        end_lock(old);
        lock_table_set(address, 0);
    }
    session_leave(t);
}

uint32_t locks_of_life(struct thread *t) {
    if (!t->life_lock)
        t->life_lock = new_lock(LOCK_KIND_THREAD, t->id, 0, 0);
    if (t->life_lock)
        locks_record(t->life_lock);
    return t->life_lock;
}

/* The lock, whose id is still that of its address or not, is no more. */
static void forget(uint32_t id) {
    const void *address = (const void *)(uintptr_t)table[id].address;
    bool there = lock_table_find(address) == id;
    end_lock(id);
    if (there)
        lock_table_set(address, 0);
}

void locks_on_stack_gone(struct thread *t) {
    while (t->own_locks)
        forget(t->own_locks);
}

void locks_within_gone(uint64_t start, uint64_t end) {
    for (uint32_t id = 1; id <= count; id++)
        if (table[id].kind != LOCK_KIND_THREAD && table[id].address >= start && table[id].address < end &&
            lock_table_find((const void *)(uintptr_t)table[id].address) == id)
            forget(id);
}

void locks_start(void) {
    table = NULL;
    count = room = free_lock = 0;
}

bool locks_shared(uint32_t lock) {
    return lock && __atomic_load_n(&table, __ATOMIC_ACQUIRE)[lock].shared;
}

const struct lock *locks_at(uint32_t lock) {
    return lock && lock <= count ? &table[lock] : NULL;
}
