/* Taking and releasing any primitive that is held: what the hooks of all families have in common.
 *
 * A family says in a struct primitive how its lock is taken; the hooks are then a few lines. acquire() and
 * release() are the fast paths, compiled into each hook: a known stack, a known lock, and nothing held or a
 * known order. They write nothing that another thread reads, and make no system call. Whatever is otherwise
 * goes to the slow paths, which start anew.
 */
#ifndef GORDIAN_INTERPOSE_ACQUIRE_H
#define GORDIAN_INTERPOSE_ACQUIRE_H

#include <pthread.h>
#include <time.h>

#include "interpose/hooks.h"
#include "interpose/lock_table.h"
#include "interpose/locks.h"
#include "interpose/profile.h"
#include "interpose/waits.h"

struct primitive {
    uint32_t kind;   /* enum recording_lock_kind */
    uint32_t family; /* enum recording_family */
    uint32_t mode;   /* enum lock_mode */
    uint32_t wait;   /* enum wait_kind */
    /* Take it without waiting: 0, EBUSY, or another error. And take it, however long that lasts: 0 or an
     * error.
     */
    int (*try_now)(void *object);
    int (*take)(void *object);
    int (*release)(void *object);
    /* What the thread already holds of it (`held`) says that the real call will not wait. NULL: never. */
    bool (*answers)(void *object, const struct recording_held *held);
};

static inline bool acquired(int result) {
    return result == 0 || result == EOWNERDEAD;
}

/* Return the id of the object, making one when it is new; 0 without memory. Tells the use of a destroyed one.
 */
uint32_t acquire_id(struct thread *t, const void *object, uint32_t kind, struct stack_record *stack,
                    const struct call_site *call);

/* The thread has it now: a first time, or once more. Returns its entry, NULL without memory. */
struct recording_held *acquire_account(struct thread *t, uint32_t id, uint32_t mode, const void *object,
                                       struct stack_record *stack, const struct call_site *call);

/* The same where nothing more may be done than keep account (HOOK_ACCOUNT). */
void acquire_only_account(struct thread *t, const struct primitive *p, const void *object,
                          const struct call_site *call);

/* What acquisitions are looked at for, once there: samples, signal handlers. */
void acquire_note(struct thread *t, uint32_t family, uint32_t id, struct recording_held *held,
                  struct stack_record *stack, const struct call_site *call);

/* The lock is wanted, without a limit, and it is not tried first: record what follows from that. */
void acquire_order(struct thread *t, uint32_t id, uint32_t mode, struct stack_record *stack,
                   const struct call_site *call);

/* It is taken: wait, visibly. `key` is 0 where no dependency is to be recorded. */
int acquire_contended(struct thread *t, const struct primitive *p, void *object, uint32_t id,
                      struct stack_record *stack, uint64_t key, const struct call_site *call);

/* Everything but the fast path. */
int acquire_slow(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp);

/* What this thread took last, once more. */
int acquire_again(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp);

/* On the fast path, taking it had another result than 0. */
int acquire_not_free(const struct primitive *p, void *object, int result, uint64_t pc, uint64_t sp,
                     uint64_t bp);

extern const struct primitive hooks_mutex, hooks_mutex_limited;
int hooks_try_mutex(void *mutex);
bool hooks_mutex_answers(void *mutex, const struct recording_held *held);

/* Whether libc takes it for the limit of a wait. What it would refuse, it must get to see before anything
 * else happens. */
bool acquire_is_time(clockid_t clock, const struct timespec *until);

/* A wait with a limit is shown from outside, but it is no edge: it ends by itself. */
struct timed_wait {
    struct thread *thread; /* NULL: nothing was published */
    uint32_t lock;
    int result; /* when there is nothing to wait for: acquire_tried's */
    struct wait wait;
    struct profile_wait profile;
};
/* Returns whether the real call is to be made; where the object was free, it was taken instead. */
bool acquire_timed_begins(struct timed_wait *timed, const struct primitive *p, void *object, clockid_t clock,
                          const struct timespec *until, const struct call_site *call);
void acquire_timed_ends(void *timed);

/* It was tried, or waited for with a limit, with this result: held like any other, but no dependency ends in
 * it. Returns `result`. */
int acquire_tried(const struct primitive *p, void *object, int result, const struct call_site *call);

/* Not what was taken last, or taken more than once, or not held by this thread. */
int release_slow(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp);

/* The real release refused: the thread still holds what was taken off its account. */
void release_refused(struct thread *t, const struct primitive *p, const void *object, uint32_t mode,
                     uint64_t pc);

typedef int (*acquire_slow_path)(void *object, uint64_t pc, uint64_t sp, uint64_t bp);

/* `try_now` is the primitive's, or a faster one for this path; `slow` ends in acquire_slow. */
__attribute__((always_inline)) static inline int acquire(const struct primitive *p, void *object,
                                                         const struct call_site call, int (*try_now)(void *),
                                                         acquire_slow_path slow) {
    struct thread *t = thread_now;
    if (__builtin_expect(!t || !thread_plain(t), 0))
        goto otherwise;
    uint32_t count = t->slot->held_count;
    if (count && p->answers && t->held[count - 1].address == (uint64_t)(uintptr_t)object)
        return acquire_again(p, object, call.pc, call.sp, call.bp);
    struct stack_record *stack = stack_memo_known(&t->memo, call.pc, call.sp, call.bp);
    if (__builtin_expect(!stack, 0))
        goto otherwise;
    uint64_t known = lock_table_get(object), bare = known ^ lock_table_kind(p->kind);
    uint32_t id = (uint32_t)known;
    if (__builtin_expect(bare - 1 >= 0xffffffffu || count >= t->held_capacity, 0))
        goto otherwise;
    /* What is held already is never marked as seen. */
    if (count && !thread_seen(t, thread_seen_key(t, thread_held_sum(t->held, count), id, p->mode)))
        goto otherwise;
    if (__builtin_expect(profile_due(t, p->family), 0))
        goto otherwise;
    t->slot->events[p->family]++;
    int result = try_now(object);
    if (__builtin_expect(result != 0, 0))
        return acquire_not_free(p, object, result, call.pc, call.sp, call.bp);
    thread_confirm(thread_reserve(t, count, object, call.pc - 1, stack), id, p->mode);
    return 0;
otherwise:
    return slow(object, call.pc, call.sp, call.bp);
}

/* The lock that this thread took last. It goes off the account before the release: until then nobody can have
 * it, and afterwards it may be gone and another at its address. */
__attribute__((always_inline)) static inline int
release(const struct primitive *p, void *object, const struct call_site call, acquire_slow_path slow) {
    struct thread *t = thread_now;
    if (__builtin_expect(!t || !thread_plain(t), 0))
        goto otherwise;
    uint32_t count = t->slot->held_count;
    struct recording_held *last = t->held + count - 1;
    if (__builtin_expect(!count || last->address != (uint64_t)(uintptr_t)object || !last->lock, 0))
        goto otherwise;
    if (__builtin_expect(last->depth != 1, 0)) {
        if (last->depth & RECORDING_HELD_SAMPLED)
            goto otherwise;
        int result = p->release(object);
        last->depth -= result == 0;
        return result;
    }
    if (__builtin_expect(thread_record(last) != NULL, 1))
        stack_memo_released(thread_record(last), call.sp);
    uint32_t mode = last->mode;
    thread_pop(t, last, count);
    int result = p->release(object);
    if (__builtin_expect(result != 0, 0))
        release_refused(t, p, object, mode, call.pc);
    return result;
otherwise:
    return slow(object, call.pc, call.sp, call.bp);
}

#endif
