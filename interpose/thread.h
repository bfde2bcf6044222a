/* The state of one thread, as the hooks need it.
 *
 * It is reached by one initial-exec TLS pointer and written by its own thread alone, but for `attention`. Its
 * memory is mapped, never freed, and used again by a later thread once this one is really gone: locks are
 * still taken in TSD destructors, after the thread's start routine has returned.
 */
#ifndef GORDIAN_INTERPOSE_THREAD_H
#define GORDIAN_INTERPOSE_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detector/recording.h"
#include "interpose/stack_memo.h"

#define THREAD_SEEN_FIRST_BITS 12
#define THREAD_SEEN_LAST_BITS 20

/* Why a hook must leave its fast path (thread.special, or-ed). */
enum thread_special {
    THREAD_BUSY = 1, /* inside the library: a signal handler's hooks only keep account of what is held */
    THREAD_FORKING =
        2 /* in fork's handlers: this may be the child already, whose parent's slot is not ours */
};

/* The same, set by others (thread.attention, or-ed). */
enum thread_attention {
    THREAD_DISOWNED = 1, /* another thread has unlocked a lock that this one holds */
    THREAD_FLUSH = 2,    /* a module was unloaded: memorised stacks are stale */
    THREAD_FORGET = 4    /* a second thread exists: what was seen while there was one counts anew */
};

#define THREAD_SAMPLES 8

/* The thread's own part of the profile (profile.h). */
struct profile_sampler {
    uint32_t taken;  /* samples so far, at most all of the dense ones */
    uint32_t weight; /* events that each sample counts for */
    uint64_t random;
    struct {
        uint32_t lock, weight;
        uint64_t since_ns;
    } held[THREAD_SAMPLES]; /* lock 0: free */
};

struct thread {
    uint32_t special;   /* written by the thread itself */
    uint32_t attention; /* written by others under the session's lock, atomically */
    uint64_t busy_sp; /* with THREAD_BUSY: the stack pointer then. A hook that finds the stack above it knows
                         that a longjmp left it behind. */
    struct recording_slot *slot;
    struct recording_held *held; /* slot->held, or the array that outgrew it */
    uint32_t held_capacity;
    uint32_t held_lost; /* acquisitions that found no room (out of memory) */
    uint64_t *seen;     /* keys of what is known to have nothing new to say, 1 << (64 - seen_shift) of them */
    uint32_t seen_shift;
    uint32_t seen_misses; /* known dependencies that were not among them, since the table last grew */
    uint64_t
        seen_salt;  /* changes with each segment, so that what was seen in the last one is not seen in this */
    int *error;     /* the thread's errno */
    uint32_t owner; /* what libc calls this thread in a mutex that it holds (mutex_word.h); 0: not known */
    uint64_t sample_at[RECORDING_FAMILIES]; /* the next sample is due with this event (profile.h) */

    uint32_t id;
    uint32_t segment;
    uint64_t stack_size;            /* as asked for when it was created */
    uint64_t stack_low, stack_high; /* bounds of its own stack; 0 when not known */
    uint64_t signals;               /* the mask to restore, while in the session */
    uint32_t own_locks;       /* first of the list of locks on its own stack, by session_lock.next_own */
    struct thread *next;      /* all threads; never unlinked */
    struct thread *next_free; /* threads whose memory can be used again */
    uint64_t handle;          /* pthread_t; 0 when not known */
    uint32_t creator;
    uint32_t joiners;     /* calls under way that join it */
    uint64_t last_handle; /* what it was, of one that is gone */
    uint64_t
        cancelled_handle;   /* of a thread that was cancelled before it began, this one or another; 0: none */
    uint32_t created_stack; /* of the call that created it */
    uint32_t life_lock;     /* the lock that stands for its life (LOCK_KIND_THREAD); 0: none yet */
    uint32_t nesting;       /* of session_enter */
    uint64_t reported_ticket; /* its last wait by which a knot was reported */
    uint64_t wait_sp;         /* stack pointer of the call that waits */
    uint64_t knot_ticket;     /* its last wait that was reported as part of one */
    uint32_t note;            /* number of the finding that its present wait gave rise to; 0: none */
    uint32_t hang;            /* number of the finding that says it is blocked for good; 0: none */
    bool detached, joined, cancelled;
    char name[16];                  /* as last recorded */
    char *scratch, *joined_scratch; /* for walking stacks; mapped when first needed */
    size_t scratch_bytes, joined_bytes;

    bool ended;      /* the start routine has returned */
    bool gone;       /* so have the destructors: it will never unlock anything */
    uint32_t rounds; /* of destructors, since then */

    bool counted; /* among those that may still run (waits.c) */
    struct profile_sampler sampler;
    struct once_call *once;       /* its call whose routine is about to run (hooks_once.c) */
    struct python_thread *python; /* what it knows of the interpreter (python.h); NULL: nothing yet */

    struct stack_memo memo;
};

extern __thread struct thread *thread_now __attribute__((tls_model("initial-exec")));

/* Whether nothing is special about the thread: one load of both words. */
static inline bool thread_plain(const struct thread *t) {
    uint64_t both;
    __builtin_memcpy(&both, &t->special, sizeof both);
    return both == 0;
}

/* A well-mixed value for a lock held in a mode. */
static inline uint64_t thread_hash(uint32_t lock, uint32_t mode) {
    uint64_t x = ((uint64_t)mode << 32 | lock) * 0x9e3779b97f4a7c15u;
    x ^= x >> 32;
    return x * 0xd6e8feb86659fd93u;
}

/* The sum of thread_hash over the first `count` locks held: the same set has the same sum in any order. An
 * entry keeps the sum up to itself once it was needed; 0 stands for not yet. */
uint64_t thread_held_sum_slow(struct recording_held *held, uint32_t count);

static inline uint64_t thread_held_sum(struct recording_held *held, uint32_t count) {
    uint64_t sum = held[count - 1].private[1];
    return __builtin_expect(sum != 0, 1) ? sum : thread_held_sum_slow(held, count);
}

/* The key of a dependency: all that is held (its sum), and what is wanted. */
static inline uint64_t thread_seen_key(const struct thread *t, uint64_t held_sum, uint32_t lock,
                                       uint32_t mode) {
    uint64_t x = (held_sum ^ t->seen_salt) * 0xff51afd7ed558ccdu + thread_hash(lock, mode);
    x ^= x >> 29;
    return (x * 0xc4ceb9fe1a85ec53u) | 1;
}

/* The key of an edge that is known without gates: one lock that is held, and what is wanted. */
static inline uint64_t thread_edge_key(const struct thread *t, const struct recording_held *held,
                                       uint32_t lock, uint32_t mode) {
    return thread_seen_key(t, ~thread_hash(held->lock, held->mode), lock, mode);
}

/* A key has two places, the newer one first. */
static inline bool thread_seen(const struct thread *t, uint64_t key) {
    const uint64_t *place = &t->seen[key >> t->seen_shift];
    return *place == key || t->seen[(key >> t->seen_shift) ^ 1] == key;
}

static inline void thread_forget_seen(struct thread *t) {
    t->seen_salt += 0x9e3779b97f4a7c15u;
}

static inline void thread_mark_seen(struct thread *t, uint64_t key) {
    uint64_t place = key >> t->seen_shift;
    if (thread_seen(t, key))
        return;
    t->seen[place ^ 1] = t->seen[place];
    t->seen[place] = key;
}

/* Give the thread a larger table of what it has seen, if there is memory for it. */
bool thread_grow_seen(struct thread *t);

/* Return the thread's own entry for a lock that it holds, the latest first, or NULL. */
static inline struct recording_held *thread_holds(const struct thread *t, uint32_t lock) {
    for (uint32_t n = t->slot->held_count; n--;)
        if (t->held[n].lock == lock)
            return &t->held[n];
    return NULL;
}

/* Return at least `bytes` of the thread's scratch memory, whose content lasts until the next call, or NULL.
 * Two of them, so that a stack can be put together from another. */
char *thread_scratch(struct thread *t, size_t bytes);
uint64_t *thread_joined(struct thread *t, size_t bytes);

/* Give the thread a larger held array. Returns whether there is room now. */
bool thread_grow_held(struct thread *t);

/* Taking a lock has three steps, so that a signal handler may run between any two stores and take and release
 * locks of its own: an entry is reserved by counting it while its lock is still 0 (which everybody skips),
 * then filled, and counts once its lock is stored. */

/* Reserve the next entry; there is room for it. */
static inline struct recording_held *thread_reserve(struct thread *t, uint32_t count, const void *address,
                                                    uint64_t site, struct stack_record *record) {
    struct recording_held *held = &t->held[count];
    __atomic_store_n(&t->slot->held_count, count + 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    /* No stack yet, even if the record has one: it is not certain before its last slots are compared. And
     * depth 1, in the same store. */
    uint64_t word = (uint64_t)1 << 32;
    __builtin_memcpy(&held->stack, &word, sizeof word);
    held->site = site;
    held->address = (uint64_t)(uintptr_t)address;
    held->private[0] = record ? record->tag : 0;
    return held;
}

/* The lock of the reserved entry is taken. */
static inline void thread_confirm(struct recording_held *held, uint32_t lock, uint32_t mode) {
    held->private[1] = 0;                        /* a handler may have summed up the entry without its lock */
    uint64_t word = (uint64_t)mode << 32 | lock; /* one store */
    __atomic_store_n((uint64_t *)(void *)held, word, __ATOMIC_RELEASE);
}

/* The thread holds the lock from here on. `record` may be NULL (only the call site is known then). */
static inline void thread_push(struct thread *t, uint32_t lock, uint32_t mode, const void *address,
                               uint64_t site, struct stack_record *record) {
    uint32_t count = t->slot->held_count;
    if (__builtin_expect(count >= t->held_capacity, 0) && !thread_grow_held(t)) {
        t->held_lost++;
        return;
    }
    thread_confirm(thread_reserve(t, count, address, site, record), lock, mode);
}

_Static_assert(offsetof(struct recording_held, site) + 8 == offsetof(struct recording_held, address) &&
                   offsetof(struct stack_record, site) + 8 == offsetof(struct stack_record, known_object) &&
                   offsetof(struct stack_record, tag) + 8 == offsetof(struct stack_record, none),
               "two words are copied at once");

/* The same three steps for a lock whose acquisition the record knows. */
static inline void thread_push_known(struct thread *t, const struct stack_record *record) {
    uint32_t count = t->slot->held_count;
    struct recording_held *held = &t->held[count];
    __atomic_store_n(&t->slot->held_count, count + 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    uint64_t word = (uint64_t)1 << 32; /* as in thread_reserve */
    __builtin_memcpy(&held->stack, &word, sizeof word);
    __builtin_memcpy(&held->site, &record->site, 16);
    __builtin_memcpy(held->private, &record->tag, 16);
    __atomic_store_n((uint64_t *)(void *)held, record->known_lock, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    held->private[1] = record->known_after;
}

/* Whether all slots of its record were compared when the lock was taken. (Records are aligned; the lowest bit
 * is free.) */
static inline bool thread_certain(const struct recording_held *held) {
    return held->private[0] & 1;
}

static inline struct stack_record *thread_record(const struct recording_held *held) {
    return (struct stack_record *)(uintptr_t)(held->private[0] & ~(uint64_t)1);
}

/* The thread has released the lock that it took last, or gives back a reserved entry. */
static inline void thread_pop(struct thread *t, struct recording_held *last, uint32_t count) {
    __atomic_store_n(&last->lock, 0, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&t->slot->held_count, count - 1, __ATOMIC_RELEASE);
}

/* The thread has released the lock of this entry of its own. */
void thread_remove(struct thread *t, struct recording_held *held);

#endif
