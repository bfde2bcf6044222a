#include "interpose/gil.h"

#include "interpose/hooks.h"
#include "interpose/locks.h"
#include "interpose/python.h"
#include "interpose/session.h"
#include "interpose/waits.h"

uint64_t gil_runtime, gil_runtime_bytes;
uint32_t gil_lock;

void gil_found(uint64_t runtime, uint64_t bytes) {
    gil_lock = 0;
    __atomic_store_n(&gil_runtime_bytes, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&gil_runtime, runtime, __ATOMIC_RELEASE);
    __atomic_store_n(&gil_runtime_bytes, bytes, __ATOMIC_RELEASE);
}

void gil_restart(void) {
    gil_lock = 0;
}

static uint32_t lock_of(struct thread *t, const struct call_site *call) {
    uint32_t lock = __atomic_load_n(&gil_lock, __ATOMIC_RELAXED);
    if (lock)
        return lock;
    lock = locks_id(t, (const void *)(uintptr_t)gil_runtime, LOCK_KIND_GIL, NULL, call);
    __atomic_store_n(&gil_lock, lock, __ATOMIC_RELAXED);
    return lock;
}

void gil_mutex_lock(struct thread *t) {
    if (!t || t->special)
        return;
    t->slot->events[RECORDING_FAMILY_MUTEX]++;
    python_own(t, true);
}

/* Before the interpreter was known, its mutex may have been taken for any other. */
static void drop_mutex(struct thread *t, const void *mutex) {
    for (uint32_t n = t->slot->held_count; n--;)
        if (t->held[n].lock && t->held[n].address == (uint64_t)(uintptr_t)mutex)
            thread_remove(t, &t->held[n]);
}

void gil_condition_wait(struct thread *t, const void *mutex, const struct call_site *call) {
    struct python_thread *own = t && !t->special ? python_own(t, true) : NULL;
    if (!own || own->gil_waits)
        return;
    KEEP_ERRNO;
    drop_mutex(t, mutex);
    own->gil_waits = true;
    own->gil_wait = (struct wait){.kind = WAIT_LOCK,
                                  .target = lock_of(t, call),
                                  .mode = LOCK_EXCLUSIVE,
                                  .address = (const void *)(uintptr_t)gil_runtime,
                                  .stack = stack_memo_find(&t->memo, t, call)};
    waits_begin(t, &own->gil_wait, call);
}

void gil_mutex_unlocked(struct thread *t, const void *mutex) {
    struct python_thread *own = t ? python_own(t, false) : NULL;
    if (t)
        drop_mutex(t, mutex);
    if (!own || !own->gil_waits)
        return;
    own->gil_waits = false;
    waits_over(t, &own->gil_wait);
}

/* A state of its own in the main interpreter; since 3.12, others may have a GIL of their own. */
static bool holds(const struct python_api *api) {
    void *state = python_api_attached(api);
    return state &&
           (api->version < 0x30c || (api->frames && api->interpreter(state) == api->main_interpreter()));
}

void gil_account(struct thread *t, const struct call_site *call) {
    const struct python_api *api = __atomic_load_n(&python_api_now, __ATOMIC_ACQUIRE);
    struct python_thread *own = api ? python_own(t, false) : NULL;
    if (!own)
        return;
    if (own->gil_held) /* a jump out of a handler has left it behind */
        gil_unaccount(t);
    if (!holds(api))
        return;
    uint32_t lock = lock_of(t, call), count = t->slot->held_count;
    if (!lock)
        return;
    thread_push(t, lock, LOCK_EXCLUSIVE, (const void *)(uintptr_t)gil_runtime, 0, NULL);
    own->gil_held = t->slot->held_count > count;
}

void gil_unaccount(struct thread *t) {
    struct python_thread *own = t->python;
    if (!own || !own->gil_held)
        return;
    own->gil_held = false;
    struct recording_held *held = gil_lock ? thread_holds(t, gil_lock) : NULL;
    if (held)
        thread_remove(t, held);
}
