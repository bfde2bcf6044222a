/* Taking and releasing any primitive that is held: what the hooks of all families have in common.
 *
 * A family says in a struct primitive how its lock is taken; the hooks are then a few lines. acquire() and
 * release() are the fast paths, compiled into each hook: a known stack, at which the same lock was taken last
 * time while the same others were held. acquire_looked_up() comes next: a known stack, lock and order, in a
 * combination that is new there. Both write nothing that another thread reads, and make no system call.
 * Whatever is otherwise goes to the slow paths, which start anew.
 */
#ifndef GORDIAN_INTERPOSE_ACQUIRE_H
#define GORDIAN_INTERPOSE_ACQUIRE_H

#include <pthread.h>
#include <time.h>

#include "interpose/hooks.h"
#include "interpose/lock_table.h"
#include "interpose/locks.h"
#include "interpose/mutex_word.h"
#include "interpose/profile.h"
#include "interpose/waits.h"

typedef int (*acquire_path)(void *object, uint64_t pc, uint64_t sp, uint64_t bp);

struct primitive {
    uint32_t kind;   /* enum recording_lock_kind */
    uint32_t family; /* enum recording_family */
    uint32_t mode;   /* enum lock_mode */
    uint32_t wait;   /* enum wait_kind */
    /* Take it without waiting: 0, EBUSY, or another error. And take it, however long that lasts: 0 or an
     * error.
     */
    int (*try_now)(void *object);
    /* Take it if it is free and nothing else is to be known, in the cheapest way. The thread does not hold
     * it, and it has no flags in the lock table. */
    bool (*take_free)(const struct thread *t, void *object);
    int (*take)(void *object);
    int (*release)(void *object);
    /* What is not on the fast paths; these end in acquire_slow and release_slow. */
    acquire_path acquire_otherwise, release_otherwise;
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

/* The record of the stack does not know this acquisition (acquire_is_known): perhaps all of it is known all
 * the same. Then the record knows it from here on. */
int acquire_looked_up(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp);

/* It is known and counted, and trying it gave this result. */
int acquire_tried_known(const struct primitive *p, void *object, int result, uint64_t pc, uint64_t sp,
                        uint64_t bp);

/* It is known and counted, and was not free just now. */
int acquire_not_free(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp);

extern const struct primitive hooks_mutex, hooks_mutex_limited;
int hooks_try_mutex(void *mutex);
__attribute__((always_inline)) static inline bool hooks_take_free_mutex(const struct thread *t, void *mutex) {
    return t->owner && mutex_word_take(mutex, t->owner);
}
__attribute__((always_inline)) static inline bool hooks_release_mutex(const struct thread *t, void *mutex) {
    return t->owner && mutex_word_release(mutex, t->owner);
}
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

/* What this thread took last, and more than once, or so that its release is to be looked at. */
int release_deeper(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp);

/* Release what is off this thread's account already. */
int release_popped(const struct primitive *p, void *object, uint32_t mode, uint64_t pc);

/* The real release refused: the thread still holds what was taken off its account. */
void release_refused(const struct primitive *p, const void *object, uint32_t mode, uint64_t pc);

/* Learn from a release of the lock that this thread took last, and make it. */
int release_learning(const struct primitive *p, void *object, uint64_t pc, uint64_t sp, uint64_t bp);

/* What the record knows of how it was taken. */
#define ACQUIRE_MANNER(primitive) ((primitive)->kind << 8 | (primitive)->mode)

/* Whether the record knows all of this acquisition: the same lock, in the same way, while the same locks were
 * held, in the same segment. Then there is nothing new in it but that it happens. */
__attribute__((always_inline)) static inline bool acquire_is_known(const struct primitive *p,
                                                                   const struct thread *t,
                                                                   const struct stack_record *record,
                                                                   const void *object, uint32_t count) {
    return record->known_object == (uint64_t)(uintptr_t)object && record->known_count == count &&
           __atomic_load_n(record->known_entry, __ATOMIC_RELAXED) == record->known_value &&
           record->known_salt == t->seen_salt && record->known_manner == ACQUIRE_MANNER(p) &&
           (count == 0 || t->held[count - 1].private[1] == record->known_before);
}

/* Whether this thread took the lock last. */
static inline bool acquire_is_last(const struct thread *t, const void *object) {
    uint32_t count = t->slot->held_count;
    return count && t->held[count - 1].address == (uint64_t)(uintptr_t)object;
}

/* The way out of a fast path. The call site is read again, so that nothing of it needs to be kept. */
#define ACQUIRE_LEAVE(where, ...)                                                                            \
    do {                                                                                                     \
        const struct call_site again_ = CALL_SITE_AGAIN();                                                   \
        return where(__VA_ARGS__, again_.pc, again_.sp, again_.bp);                                          \
    } while (0)

/* `again` is for a lock that this thread took last; NULL: it is like any other. Every path ends in one call
 * at most, so that no register needs to be saved. */
__attribute__((always_inline)) static inline int acquire(const struct primitive *p, void *object,
                                                         acquire_path again) {
    const struct call_site call = CALL_SITE();
    struct thread *t = thread_now;
    __builtin_prefetch(object, 1); /* where it is far, what is read below comes at the same time */
    if (__builtin_expect(!t || !thread_plain(t), 0))
        ACQUIRE_LEAVE(p->acquire_otherwise, object);
    uint32_t count = t->slot->held_count;
    if (again && count && t->held[count - 1].address == (uint64_t)(uintptr_t)object)
        ACQUIRE_LEAVE(again, object);
    struct stack_record *record = *stack_memo_place(&t->memo, &call);
    if (__builtin_expect(!stack_memo_is_shallow(record, &call) || record->check > 4 ||
                             !acquire_is_known(p, t, record, object, count),
                         0))
        ACQUIRE_LEAVE(acquire_looked_up, p, object);
    if (__builtin_expect(profile_due(t, p->family), 0))
        ACQUIRE_LEAVE(p->acquire_otherwise, object);
    t->slot->events[p->family]++;
    uint32_t evicted = t->memo.evicted;
    if (__builtin_expect(!p->take_free(t, object), 0))
        ACQUIRE_LEAVE(acquire_not_free, p, object);
    /* A signal handler may have come in between and needed the record's place. */
    if (__builtin_expect(t->memo.evicted != evicted, 0))
        ACQUIRE_LEAVE(acquire_tried_known, p, object, 0);
    thread_push_known(t, record);
    return 0;
}

/* The lock that this thread took last. It goes off the account before the release: until then nobody can have
 * it, and afterwards it may be gone and another at its address. `release_unwanted` releases it if nobody else
 * wants it; NULL: the primitive's own way is as good. `once` is for one that was taken more than once. */
__attribute__((always_inline)) static inline int
release(const struct primitive *p, void *object,
        bool (*release_unwanted)(const struct thread *t, void *object), acquire_path once) {
    struct thread *t = thread_now;
    if (__builtin_expect(!t || !thread_plain(t), 0))
        ACQUIRE_LEAVE(p->release_otherwise, object);
    uint32_t count = t->slot->held_count;
    struct recording_held *last = t->held + count - 1;
    if (__builtin_expect(!count || last->address != (uint64_t)(uintptr_t)object || !last->lock, 0))
        ACQUIRE_LEAVE(p->release_otherwise, object);
    if (__builtin_expect(last->depth != 1, 0)) {
        if (once)
            ACQUIRE_LEAVE(once, object);
        ACQUIRE_LEAVE(release_deeper, p, object);
    }
    const struct stack_record *record = thread_record(last);
    if (__builtin_expect(record != NULL, 1) && __builtin_expect(CALL_SITE().sp > record->watch, 0))
        ACQUIRE_LEAVE(release_learning, p, object);
    uint32_t mode = p->kind == LOCK_KIND_RWLOCK ? last->mode : p->mode;
    thread_pop(t, last, count);
    if (release_unwanted) {
        if (__builtin_expect(release_unwanted(t, object), 1))
            return 0;
        return release_popped(p, object, mode, (uint64_t)__builtin_return_address(0));
    }
    int result = p->release(object);
    if (__builtin_expect(result != 0, 0))
        release_refused(p, object, mode, (uint64_t)__builtin_return_address(0));
    return result;
}

#endif
