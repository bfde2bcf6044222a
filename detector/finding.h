/* A finding: what the detector says, as plain data.
 *
 * It is made in the detector, written to the recording by interpose/, and printed by reports/. It names
 * threads, locks and stacks by the ids that the recording gives them. A finding passed to a callback belongs
 * to the detector and is valid only during the call.
 */
#ifndef GORDIAN_DETECTOR_FINDING_H
#define GORDIAN_DETECTOR_FINDING_H

#include <stdint.h>

/* The numbers are part of the recording's format: append, never renumber. */
enum finding_kind {
    FINDING_DEADLOCK_POTENTIAL = 1,
    FINDING_DEADLOCK_ACTUAL = 2,
    FINDING_HANG_ALL_BLOCKED = 3,
    FINDING_MISUSE_UNLOCK_UNLOCKED = 4,
    FINDING_MISUSE_UNLOCK_NOT_OWNER = 5,
    FINDING_MISUSE_RELOCK = 6,
    FINDING_MISUSE_DESTROY_LOCKED = 7,
    FINDING_MISUSE_DESTROY_WAITED = 8,
    FINDING_MISUSE_USE_DESTROYED = 9,
    FINDING_MISUSE_INIT_LOCKED = 10,
    FINDING_MISUSE_EXIT_HOLDING = 11,
    FINDING_MISUSE_WAIT_UNLOCKED = 12,
    FINDING_MISUSE_COND_TWO_MUTEXES = 13,
    FINDING_MISUSE_SEM_OVERFLOW = 14,
    FINDING_MISUSE_FORK_HELD = 15,
    FINDING_MISUSE_BAD_JOIN = 16,
    FINDING_MISUSE_BAD_BARRIER = 17,
    FINDING_BLOCKING_WAIT_HOLDING = 18,
    FINDING_STARVATION = 19,
    FINDING_ORDER_SINGLE_THREAD = 20,
    FINDING_MISUSE_ASSERTION = 21,
    FINDING_RACE_DATA = 22, /* in no recording: another tool says it */
    FINDING_KINDS           /* one past the last */
};

enum finding_shape {
    FINDING_SHAPE_NONE = 0,
    FINDING_SHAPE_CYCLE = 1,
    FINDING_SHAPE_SELF = 2,
    FINDING_SHAPE_ORPHANED = 3,
    FINDING_SHAPE_JOIN = 4,
    FINDING_SHAPE_SIGNAL = 5,
    FINDING_SHAPE_MIXED = 6,
    FINDING_SHAPES
};

/* What does not hold of a misuse.assertion (values[0]): the words of include/gordian.h. */
enum finding_assertion {
    FINDING_ASSERT_HELD = 1,
    FINDING_ASSERT_NOT_HELD = 2,
    FINDING_ASSERT_NONE_HELD = 3,
    FINDING_ASSERT_GATE_FREE = 4,   /* it enters a gate that another thread is in */
    FINDING_ASSERT_GATE_ENTERED = 5 /* it leaves a gate that it is not in */
};

enum finding_severity { FINDING_NOTE = 1, FINDING_WARNING = 2, FINDING_ERROR = 3 };

/* How a lock is held or wanted. Two shared holds do not exclude each other; every other pair does. */
enum lock_mode { LOCK_EXCLUSIVE = 0, LOCK_SHARED = 1 };

/* One lock held or wanted, and the stack of the call that took or wants it (0: not known). */
struct lock_hold {
    uint32_t lock;
    uint32_t mode; /* enum lock_mode */
    uint32_t stack;
};

/* One side of the knot: a thread, all it holds (in order of acquisition), and what it wants.
 * A thread that waits for another thread's end wants a lock of kind LOCK_KIND_THREAD (recording.h). */
struct finding_step {
    uint32_t thread;
    uint32_t holds_count;
    const struct lock_hold *holds;
    struct lock_hold wants; /* lock 0: wants nothing (the orphaned side, or a misuse) */
};

/* What the steps say depends on the kind:
 *   - deadlock.*: a ring, steps[i].wants is held by steps[i + 1], the last one's by steps[0]. Between a
 *     reader and a reader there is one step more, the writer that makes the one wait for the other, a witness
 *     (lock_graph.h). It wants the same lock as the step before it: steps[i] wants the lock shared, the
 *     witness steps[i + 1] wants it exclusively, and what comes next in the ring, be it steps[i] itself,
 *     holds it shared. steps[0] is no witness. Shape signal is one step: the lock held by normal code and
 *     wanted by the handler.
 *   - hang.all_blocked: one step for each thread, what it holds, what it waits for.
 *   - misuse.*: steps[0], the thread that misuses `wants`, and the stack of the misuse. steps[1], when the
 *     earlier event that it contradicts is known: the thread of that event; holds[0] is the object again with
 *     the event's stack (who locked it, destroyed it, initialised it, created the thread).
 *     misuse.exit_holding has no wants: holds is what was left behind. misuse.cond_two_mutexes: both steps
 *     hold their mutex and want the condition. misuse.assertion: `wants` is the lock or gate that it is
 * about; steps[1], who holds it, which may be the thread itself, with all that it holds when none should be
 * held.
 *   - blocking.wait_holding: one step, what it holds, what it waits for.
 *   - starvation: steps[0], the waiter; steps[1], who had the lock last. values: overtaken, ns waited.
 *   - order.single_thread: as deadlock.*, all steps by one thread, the witnesses too.
 *   - race.data: a step for each access; it wants the memory (LOCK_KIND_MEMORY), shared to read it,
 * exclusively to write it, and holds the locks that the thread had.
 */
struct finding {
    uint32_t kind;     /* enum finding_kind */
    uint32_t shape;    /* enum finding_shape */
    uint32_t severity; /* enum finding_severity */
    uint32_t steps_count;
    const struct finding_step *steps;
    uint64_t values[2]; /* starvation: see above; shape signal: the signal's number; bad_barrier: 1 for a
                           destroyed one, 0 for one of no thread; misuse.assertion: enum finding_assertion,
                           and how many are held when none should be; otherwise 0 */
};

/* The contract's name of a kind ("deadlock.potential") or shape ("cycle"), NULL when out of range. */
const char *finding_kind_name(uint32_t kind);
const char *finding_shape_name(uint32_t shape);
const char *finding_severity_name(uint32_t severity);

#endif
