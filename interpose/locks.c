#include "interpose/locks.h"

#include <string.h>

#include "detector/lock_graph.h"
#include "interpose/lock_names.h"
#include "interpose/lock_table.h"
#include "interpose/mappings.h"
#include "interpose/modules.h"
#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/text.h"
#include "interpose/threads.h"

/* In chunks that never move, so that a lock can be looked at without our lock. */
#define CHUNK_LOCKS 4096u
#define CHUNKS (1u << 16)
static struct lock *chunks[CHUNKS];
static uint32_t count;
static uint32_t free_lock; /* ids that nothing was recorded about, by next_own */

/* Those that were destroyed last, by a hash of the address. */
#define RUIN_BITS 12
static struct locks_ruin ruins[1u << RUIN_BITS];

static struct lock *at(uint32_t id) {
    return &__atomic_load_n(&chunks[id / CHUNK_LOCKS], __ATOMIC_ACQUIRE)[id % CHUNK_LOCKS];
}

static bool grow_locks(uint32_t id) {
    if (id / CHUNK_LOCKS >= CHUNKS)
        return false;
    if (chunks[id / CHUNK_LOCKS])
        return true;
    struct lock *chunk = raw_pages((CHUNK_LOCKS * sizeof *chunk + 4095) & ~(size_t)4095);
    __atomic_store_n(&chunks[id / CHUNK_LOCKS], chunk, __ATOMIC_RELEASE);
    return chunk != NULL;
}

static uint32_t new_lock(enum recording_lock_kind kind, uint64_t address, uint32_t initialised,
                         uint32_t first) {
    uint32_t id = free_lock;
    if (id) {
        free_lock = at(id)->next_own;
    } else {
        if (!grow_locks(count + 1)) {
            session_lost(RECORDING_LOST_MEMORY);
            return 0;
        }
        id = ++count;
    }
    *at(id) = (struct lock){.address = address, .kind = kind, .initialised = initialised, .first = first};
    return id;
}

static void record_name(uint32_t id, const char *name) {
    size_t size = text_length(name) + 1;
    struct recording_lock_name *record =
        recorder_append(session_recorder(), RECORDING_LOCK_NAME, sizeof *record + size);
    if (!record)
        return;
    record->lock = id;
    record->name_size = (uint32_t)size;
    memcpy(record->name, name, size);
    recorder_commit(record);
}

void locks_named(const void *address, const char *name) {
    const void *const places[] = {address, locks_gate(address)};
    lock_names_set((uint64_t)(uintptr_t)address, name);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t id = lock_table_find(places[i]);
        if (id && at(id)->recorded)
            record_name(id, name ? name : "");
    }
}

void locks_out_of_graph(void) {
    for (uint32_t id = 1; id <= count; id++)
        at(id)->in_graph = false;
}

void locks_record(uint32_t id) {
    struct lock *lock = at(id);
    if (lock->recorded)
        return;
    struct recording_lock *record = recorder_append(session_recorder(), RECORDING_LOCK, sizeof *record);
    if (!record)
        return;
    record->lock = id;
    record->kind = lock->kind;
    record->address = lock->kind == LOCK_KIND_GATE ? lock->address & ~LOCKS_GATE : lock->address;
    record->initialised = lock->initialised;
    record->first = lock->first;
    record->shared = lock->shared;
    record->value = lock->kind == LOCK_KIND_MUTEX    ? lock->robust
                    : lock->kind == LOCK_KIND_RWLOCK ? lock->prefers_writers
                                                     : lock->value;
    if (lock->kind == LOCK_KIND_FILE) {
        record->value = 0;
        record->device = lock->device;
        record->inode = lock->word;
    }
    struct mappings_place place;
    if (lock->shared && mappings_shared(lock->address, &place)) {
        record->device = place.device;
        record->inode = place.inode;
        record->offset = place.offset;
    }
    recorder_commit(record);
    lock->recorded = true;
    if (lock->proven || lock->signal)
        locks_record_semaphore(id);
    if (lock->kind == LOCK_KIND_THREAD)
        return;
    modules_note(record->address);
    const char *name = lock_names_find(record->address);
    if (name)
        record_name(id, name);
}

void locks_record_semaphore(uint32_t id) {
    struct recording_semaphore *record =
        at(id)->recorded ? recorder_append(session_recorder(), RECORDING_SEMAPHORE, sizeof *record) : NULL;
    if (!record)
        return;
    record->lock = id;
    record->is_lock = !at(id)->signal;
    recorder_commit(record);
}

/* A lock in a frame of the calling thread's stack ends with the thread at the latest. */
static void list_own(struct thread *t, uint32_t id, const struct call_site *call) {
    if (at(id)->address < call->sp || at(id)->address >= t->stack_high)
        return;
    at(id)->owner_stack = t->id;
    at(id)->next_own = t->own_locks;
    if (t->own_locks)
        at(t->own_locks)->last_own = id;
    t->own_locks = id;
}

static void unlist_own(uint32_t id) {
    struct lock *lock = at(id);
    struct thread *t = lock->owner_stack ? threads_at(lock->owner_stack) : NULL;
    if (!t)
        return;
    if (lock->next_own)
        at(lock->next_own)->last_own = lock->last_own;
    if (lock->last_own)
        at(lock->last_own)->next_own = lock->next_own;
    else
        t->own_locks = lock->next_own;
    lock->owner_stack = lock->next_own = lock->last_own = 0;
}

/* The id of a lock that was recorded is never used again; the others' ids are, since nobody can have kept
 * them: what keeps an id records the lock first. A robust mutex may be destroyed while another thread's
 * account has it. */
static void end_lock(uint32_t id) {
    unlist_own(id);
    if (at(id)->kind != LOCK_KIND_THREAD && at(id)->kind != LOCK_KIND_UNSEEN)
        lock_names_set(at(id)->address, NULL);
    if (!at(id)->recorded && !at(id)->robust) {
        *at(id) = (struct lock){.next_own = free_lock};
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
    if (mutex->__data.__kind < 0)
        return type; /* destroyed */
    type.recursive = (mutex->__data.__kind & 3) == PTHREAD_MUTEX_RECURSIVE;
    type.errorcheck = (mutex->__data.__kind & 3) == PTHREAD_MUTEX_ERRORCHECK;
    type.robust = mutex->__data.__kind & 16;
    type.shared = mutex->__data.__kind & 128;
#else
    (void)mutex;
#endif
    return type;
}

struct locks_rwlock_type locks_rwlock_type(const pthread_rwlock_t *rwlock) {
    struct locks_rwlock_type type = {0};
#ifdef __GLIBC__
    type.prefers_writers = rwlock->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
    type.shared = rwlock->__data.__shared != 0;
#else
    (void)rwlock;
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
        at(id)->robust = type.robust;
        at(id)->shared = type.shared;
    }
    if (kind == LOCK_KIND_RWLOCK) {
        struct locks_rwlock_type type = locks_rwlock_type(address);
        at(id)->shared = type.shared;
        at(id)->prefers_writers = type.prefers_writers;
    }
    uint64_t flags =
        (at(id)->robust ? LOCK_TABLE_UNTRIABLE : 0) | (at(id)->prefers_writers ? LOCK_TABLE_WATCHED : 0);
    /* glibc's trylock leaves a robust mutex locked when it says ENOTRECOVERABLE. */
    if (lock_table_set(address, id | lock_table_kind(kind) | flags) < 0) {
        session_lost(RECORDING_LOST_MEMORY);
        return 0;
    }
    list_own(t, id, call);
    if (at(id)->shared)
        locks_share(id);
    return id;
}

void locks_share(uint32_t id) {
    at(id)->shared = true;
    locks_flag(id, LOCK_TABLE_WATCHED, 0);
    locks_record(id);
}

uint32_t locks_id(struct thread *t, const void *address, enum recording_lock_kind kind,
                  struct stack_record *stack, const struct call_site *call) {
    session_enter(t);
    uint64_t known = lock_table_get(address);
    uint32_t id = (uint32_t)known;
    if (!lock_table_is(known, kind)) {
        if (id)
            end_lock(id); /* its memory serves something else now */
        id = locks_place(t, address, kind, 0,
                         stack ? stack_memo_resolve_python(t, stack, false, call, call->python) : 0, call);
    }
    session_leave(t);
    return id;
}

/* A robust mutex may be destroyed while it is held. */
static void drop_hold(struct thread *t, uint32_t lock) {
    struct recording_held *held = thread_holds(t, lock);
    if (held)
        thread_remove(t, held);
}

static struct locks_ruin *ruin_of(const void *address) {
    return &ruins[(uint64_t)(uintptr_t)address * 0x9e3779b97f4a7c15u >> (64 - RUIN_BITS)];
}

const struct locks_ruin *locks_destroyed(const void *address) {
    const struct locks_ruin *ruin = ruin_of(address);
    return ruin->address == (uint64_t)(uintptr_t)address ? ruin : NULL;
}

void locks_forget_destroyed(const void *address) {
    if (locks_destroyed(address))
        ruin_of(address)->address = 0;
}

uint32_t locks_init(struct thread *t, const void *address, enum recording_lock_kind kind,
                    struct stack_record *stack, const struct call_site *call) {
    session_enter(t);
    uint32_t old = lock_table_find(address);
    if (old) {
        drop_hold(t, old);
        end_lock(old);
    }
    locks_forget_destroyed(address);
    uint32_t id =
        locks_place(t, address, kind,
                    stack ? stack_memo_resolve_python(t, stack, false, call, call->python) : 0, 0, call);
    if (id)
        at(id)->init_thread = t->id;
    session_leave(t);
    return id;
}

void locks_destroy(struct thread *t, const void *address, enum recording_lock_kind kind,
                   struct stack_record *stack, const struct call_site *call) {
    session_enter(t);
    uint32_t old = lock_table_find(address);
    *ruin_of(address) =
        (struct locks_ruin){(uint64_t)(uintptr_t)address, kind, t->id,
                            stack ? stack_memo_resolve_python(t, stack, false, call, call->python) : 0,
                            old ? at(old)->initialised : 0};
    locks_gone(t, address);
    session_leave(t);
}

void locks_flag(uint32_t id, uint64_t set, uint64_t clear) {
    const struct lock *lock = at(id);
    const void *address = (const void *)(uintptr_t)lock->address;
    uint64_t now = lock_table_get(address);
    if ((uint32_t)now == id)
        lock_table_set(address, (now | set) & ~clear);
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
    const void *address = (const void *)(uintptr_t)at(id)->address;
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
        if (at(id)->kind != LOCK_KIND_THREAD && at(id)->address >= start && at(id)->address < end &&
            lock_table_find((const void *)(uintptr_t)at(id)->address) == id)
            forget(id);
}

void locks_start(void) {
    count = free_lock = 0; /* a child of a fork uses its copy of the memory again */
    memset(ruins, 0, sizeof ruins);
}

struct lock *locks_at(uint32_t lock) {
    return lock && lock <= __atomic_load_n(&count, __ATOMIC_RELAXED) ? at(lock) : NULL;
}
