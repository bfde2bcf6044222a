#include "interpose/inheritance.h"

#include <pthread.h>
#include <string.h>

#include "interpose/findings.h"
#include "interpose/lock_table.h"
#include "interpose/locks.h"
#include "interpose/misuse.h"
#include "interpose/python_store.h"
#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/stack_store.h"
#include "interpose/threads.h"
#include "interpose/unwinder.h"

struct hold {
    struct recording_held held;
    uint32_t kind;
    uint32_t owner; /* the parent's id of the thread; 0: the forking one */
    uint32_t tid;
    char name[16];
    /* In the parent's recording; NULL when it was not recorded. */
    const struct recording_stack *stack;
    const struct recording_python *python;
};

/* Made before the fork, in memory that the child has a copy of. */
static struct hold *holds;
static uint32_t count, room;
static uint64_t stack_low, stack_high;

static bool make_room(uint32_t wanted) {
    if (wanted <= room)
        return true;
    struct hold *wider = raw_pages((wanted * 2 * sizeof *wider + 4095) & ~(size_t)4095);
    if (!wider)
        return false;
    if (holds) {
        memcpy(wider, holds, count * sizeof *wider);
        raw_munmap(holds, (room * sizeof *wider + 4095) & ~(size_t)4095);
    }
    holds = wider;
    room = wanted * 2;
    return true;
}

/* Another thread's account may be changing: see inheritance_take. */
static void remember(const struct thread *t, bool own) {
    uint32_t held = __atomic_load_n(&t->slot->held_count, __ATOMIC_ACQUIRE);
    uint32_t capacity = __atomic_load_n(&t->held_capacity, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < held && i < capacity; i++) {
        const struct lock *lock = locks_at(t->held[i].lock);
        /* A lock between processes was not copied: it stays the parent's. */
        if (!lock || lock->shared || !make_room(count + 1))
            continue;
        struct hold *hold = &holds[count++];
        *hold = (struct hold){.held = t->held[i], .kind = lock->kind};
        hold->stack = stack_store_at(hold->held.stack);
        hold->python = hold->stack ? python_store_at(hold->stack->python) : NULL;
        if (!own) {
            hold->owner = t->id;
            hold->tid = t->slot->tid;
            memcpy(hold->name, t->name, sizeof hold->name);
        }
    }
}

/* Ours were registered first, so this runs after the program's own preparations. */
void inheritance_before_fork(void) {
    struct thread *t = thread_now;
    count = 0;
    if (!t || !session_live())
        return;
    session_enter(t);
    stack_low = t->stack_low;
    stack_high = t->stack_high;
    remember(t, true);
    for (const struct thread *other = threads_first(); other; other = other->next)
        if (other != t && other->slot->state != RECORDING_SLOT_FREE)
            remember(other, false);
    session_leave(t);
    t->special |= THREAD_FORKING;
}

void inheritance_in_parent(void) {
    if (thread_now)
        thread_now->special &= ~(uint32_t)THREAD_FORKING;
}

/* From here on nothing of the parent's recording may be written: its memory is shared. */
void inheritance_in_new_child(void) {
    if (!session_live())
        return;
    thread_now = NULL;
    session_forked();
}

void inheritance_start(void) {
    pthread_atfork(inheritance_before_fork, inheritance_in_parent, inheritance_in_new_child);
}

bool inheritance_in_child(void) {
    return session_recorder()->header->pid != (uint32_t)raw_getpid();
}

static uint32_t take_stack(const struct hold *hold) {
    const struct recording_python *python = hold->python;
    if (!hold->stack)
        return stack_store_intern(&hold->held.site, 1, true);
    uint32_t functions =
        python
            ? python_store_intern(&(struct python_frames){
                  .bytes = python->frames, .size = python->bytes, .count = python->count, .cut = python->cut})
            : 0;
    return stack_store_intern_python(hold->stack->addresses, hold->stack->count, hold->stack->cut, functions);
}

static void take_own(struct thread *t, const struct hold *hold, uint32_t lock) {
    /* The stack is the same, its number is the parent's. */
    struct stack_record *stack = thread_record(&hold->held);
    if (stack)
        stack->stack = 0;
    thread_push(t, lock, hold->held.mode, (const void *)(uintptr_t)hold->held.address, hold->held.site,
                stack);
    struct recording_held *held = thread_holds(t, lock);
    held->depth = hold->held.depth;
    held->private[0] = hold->held.private[0];
    if (hold->python) /* which functions were active cannot be found out later */
        held->stack = take_stack(hold);
}

/* (Its owner may have freed the memory meanwhile.) */
static bool is_free(const void *object, uint32_t kind) {
    uint64_t address = (uint64_t)(uintptr_t)object;
    if (kind != LOCK_KIND_MUTEX && kind != LOCK_KIND_RWLOCK && kind != LOCK_KIND_SPIN)
        return false;
    return !unwinder_readable(address) || !unwinder_readable(address + 48) || misuse_is_free(object, kind);
}

void inheritance_take(struct thread *t) {
    const struct call_site nowhere = {.sp = ~(uint64_t)0};
    uint32_t ghost = 0, ghost_of = 0;
    t->stack_low = stack_low;
    t->stack_high = stack_high;
    session_enter(t);
    for (uint32_t i = 0; i < count; i++) {
        const struct hold *hold = &holds[i];
        const void *object = (const void *)(uintptr_t)hold->held.address;
        uint32_t lock = lock_table_find_kind(object, hold->kind);
        /* It was about to be taken off the other thread's account: it is free by now, or our thread has it.
         */
        if (hold->owner && (is_free(object, hold->kind) ||
                            (lock && thread_holds(t, lock) && hold->held.mode == LOCK_EXCLUSIVE)))
            continue;
        if (!lock)
            lock = locks_place(t, object, hold->kind, 0, 0, &nowhere);
        if (!lock)
            continue;
        locks_at(lock)->inherited = true;
        if (!hold->owner) {
            take_own(t, hold, lock);
            continue;
        }
        if (hold->owner != ghost_of) {
            ghost_of = hold->owner;
            ghost = threads_ghost(hold->tid, hold->name);
        }
        findings_add_orphan(ghost, &(struct lock_hold){lock, hold->held.mode, take_stack(hold)});
        session_now_threaded(); /* a lock that nobody will release must not be waited for unseen */
    }
    session_leave(t);
}
