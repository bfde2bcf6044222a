/* Exact stacks for the price of a few loads.
 *
 * A thread remembers each whole stack that it has walked, by (return address, stack pointer) of the hooked
 * call. The record keeps every place in memory that the walk relied on (slots: return addresses, and saved
 * frame pointers where a frame was found by them) and what was there. While all slots hold these values, the
 * stack is the same.
 *
 * At an acquisition, only the slots that may be gone by the time the stack is needed must be compared at
 * once: those of the frames that return before the lock is released or another is wanted, the wrappers around
 * the call. The others belong to frames that are still active then, and are compared then
 * (stack_memo_resolve). A record starts by comparing all; when it was released often enough with only near
 * frames gone, it compares the nearest; when a frame beyond them ever returns before the release, it compares
 * all for good.
 *
 * All memory is the thread's own, mapped and reused. Nothing here takes a lock but the unwinder's learning.
 */
#ifndef GORDIAN_INTERPOSE_STACK_MEMO_H
#define GORDIAN_INTERPOSE_STACK_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STACK_MEMO_BITS 11
#define STACK_MEMO_ONCE 16

/* Where a hooked function was called from: the return address, and the caller's registers after the return.
 */
struct call_site {
    uint64_t pc, sp, bp;
    uint32_t python; /* the Python functions active in it (python.h); 0: none, or not known */
};

/* The caller of the function that this is used in, which must have a frame pointer (interpose/BUILD sees to
 * it). */
#define CALL_SITE()                                                                                          \
    ((struct call_site){(uint64_t)__builtin_return_address(0), (uint64_t)__builtin_frame_address(0) + 16,    \
                        *(const uint64_t *)__builtin_frame_address(0), 0})

/* The same, but the compiler reads it anew, and so does not keep it in registers up to here. */
#define CALL_SITE_AGAIN()                                                                                    \
    ({                                                                                                       \
        const uint64_t *frame_ = __builtin_frame_address(0);                                                 \
        __asm__("" : "+r"(frame_));                                                                          \
        (struct call_site){frame_[1], (uint64_t)(frame_ + 2), frame_[0], 0};                                 \
    })

struct stack_slot {
    const uint64_t *at;
    uint64_t value;
};

/* The first two cache lines are all that an acquisition with nothing new to say reads. */
struct stack_record {
    uint64_t pc, sp;
    uint64_t bp, bp_mask; /* the caller's frame pointer counts where the mask is all ones */
    uint32_t check;       /* slots compared at each acquisition, from the first; at least 2 */

    /* An inline cache (Hoelzle, Chambers, Ungar, "Optimizing dynamically-typed object-oriented languages with
     * polymorphic inline caches", 1991): the last acquisition from here of which all was known. Made by
     * acquire.c. */
    uint32_t known_count;        /* how many locks were held then */
    const uint64_t *known_entry; /* where the lock table has the lock; NULL: nothing is cached */
    uint64_t known_value;        /* what stood there */
    uint64_t known_salt;         /* thread.seen_salt */
    uint64_t known_before;       /* thread_held_sum without the lock; only where others were held */
    uint64_t known_after;        /* and with it */
    uint64_t known_lock;         /* recording_held's lock and mode */
    uint64_t site, known_object; /* recording_held's site and address */
    uint64_t tag, none;          /* and its private words: this record and whether it is certain; 0 */
    uint64_t watch;              /* a release at a stack pointer above this is to be learnt from */
    uint32_t known_manner;       /* which call took it (ACQUIRE_MANNER) */

    uint32_t near;        /* what `check` becomes once the record has proved calm */
    uint64_t limit;       /* no slot below this address is left unchecked when `near` are checked */
    int32_t calm;         /* releases seen with only near frames gone; negative: never again */
    uint32_t stack;       /* id in the recording; 0 while not needed */
    uint32_t slots_count; /* at least 4, padded with slots that are always equal */
    uint32_t frames;
    uint64_t handler_pc; /* an address in the signal handler that the innermost frames belong to; 0: none */
    uint64_t
        handler_sp; /* the stack pointer after the handler's return: where the kernel has put the signal */
    uint32_t near_frames; /* of them, those that the `near` slots make certain */
    uint32_t bytes;       /* of this block */
    bool cut;             /* longer than stack_depth */
    bool once;     /* not to be found again: an unstable stack (signal frame, code without unwind tables) */
    bool foreign;  /* not on the thread's own stack: a coroutine's, whose outer part may be unmapped by now */
    bool doubtful; /* slots beyond `near` differed: until all are compared again, it may not be this stack */
    struct stack_slot slots[]; /* then `frames` addresses, as recording_stack wants them */
};

struct stack_memo {
    struct stack_record
        *records[1u << STACK_MEMO_BITS];        /* never NULL: a record that matches nothing instead */
    struct stack_record *once[STACK_MEMO_ONCE]; /* the last ones that will not be found again */
    uint32_t once_next;
    uint32_t evicted;               /* records that went so far */
    struct stack_record *freed[24]; /* by size class */
    char *next, *end;               /* free memory */
};

struct thread;

void stack_memo_init(struct stack_memo *memo);

/* Return the innermost-first addresses of the record. */
static inline uint64_t *stack_record_addresses(struct stack_record *record) {
    return (uint64_t *)(record->slots + record->slots_count);
}

/* Walk, and remember. Returns NULL when that is not possible (no memory, no unwinder). */
struct stack_record *stack_memo_walk(struct thread *t, const struct call_site *call);

/* Compare the slots from the fifth on. */
bool stack_memo_check(struct stack_record *record);

/* Return where the record of the stack that ends in this call is, if there is one. */
static inline struct stack_record **stack_memo_place(struct stack_memo *memo, const struct call_site *call) {
    return &memo->records[((call->pc ^ call->sp << 20) * 0x9e3779b97f4a7c15u) >> (64 - STACK_MEMO_BITS)];
}

static inline uint64_t stack_slot_differs(const struct stack_slot *slot) {
    return *slot->at ^ slot->value;
}

/* Whether it is, which can be said without a call. */
__attribute__((always_inline)) static inline bool stack_memo_is_shallow(const struct stack_record *record,
                                                                        const struct call_site *call) {
    if (__builtin_expect(record->pc != call->pc || record->sp != call->sp, 0))
        return false;
    const struct stack_slot *slots = record->slots;
    uint64_t differs = stack_slot_differs(&slots[0]) | stack_slot_differs(&slots[1]) |
                       ((record->bp ^ call->bp) & record->bp_mask);
    if (__builtin_expect(differs != 0, 0))
        return false;
    return record->check <= 2 || !(stack_slot_differs(&slots[2]) | stack_slot_differs(&slots[3]));
}

/* Return the record of the stack that ends in this call, NULL when it is not remembered. */
static inline struct stack_record *stack_memo_known(struct stack_memo *memo, const struct call_site *call) {
    struct stack_record *record = *stack_memo_place(memo, call);
    if (!stack_memo_is_shallow(record, call))
        return NULL;
    bool done = record->check <= 4 && !record->doubtful;
    return __builtin_expect(done, 1) || stack_memo_check(record) ? record : NULL;
}

/* Return the record of the stack that ends in this call, walking it when it is not remembered; NULL when that
 * is not possible. */
static inline struct stack_record *stack_memo_find(struct stack_memo *memo, struct thread *t,
                                                   const struct call_site *call) {
    struct stack_record *record = stack_memo_known(memo, call);
    return record ? record : stack_memo_walk(t, call);
}

/* Learn from the release, by a call at stack pointer `sp`, of a lock that was taken with this stack. */
void stack_memo_learn(struct stack_record *record, uint64_t sp);

static inline void stack_memo_released(struct stack_record *record, uint64_t sp) {
    if (__builtin_expect(sp > record->watch, 0))
        stack_memo_learn(record, sp);
}

/* Return the id of the stack of a call that was found to have this record: `now`, or an earlier one whose
 * lock the thread still holds. `certain`: all slots were compared then. Otherwise those that were left are
 * compared here, and where a frame was replaced the stack is walked again; what cannot be known any more is
 * left out, and the stack is marked as cut. For the holder of the session's lock. 0 when there is no room. */
uint32_t stack_memo_resolve(struct thread *t, struct stack_record *record, bool certain,
                            const struct call_site *now);

/* The same for a call in which these Python functions are active (python_store.h; 0: none). */
uint32_t stack_memo_resolve_python(struct thread *t, struct stack_record *record, bool certain,
                                   const struct call_site *now, uint32_t python);

/* As stack_memo_resolve without any lock, where the id is known and all slots are as they were; otherwise 0.
 */
uint32_t stack_memo_resolved(const struct stack_record *record, bool certain, const struct call_site *now);

/* Forget every stack: a module was unloaded. For the holder of the session's lock. */
void stack_memo_flush(struct thread *t);

#endif
