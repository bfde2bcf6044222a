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
    FINDING_KINDS /* one past the last */
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

/* steps[i].wants is held by steps[i + 1], the last one's by steps[0]. */
struct finding {
    uint32_t kind;     /* enum finding_kind */
    uint32_t shape;    /* enum finding_shape */
    uint32_t severity; /* enum finding_severity */
    uint32_t steps_count;
    const struct finding_step *steps;
};

/* The contract's name of a kind ("deadlock.potential") or shape ("cycle"), NULL when out of range. */
const char *finding_kind_name(uint32_t kind);
const char *finding_shape_name(uint32_t shape);
const char *finding_severity_name(uint32_t severity);

#endif
