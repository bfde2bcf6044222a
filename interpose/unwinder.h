/* The unwinder: from one frame to its caller.
 *
 * A rule says how to get from a frame at a program counter to its caller: the canonical frame address (CFA)
 * is the stack pointer or the frame pointer plus a constant, the return address lies below it, and the frame
 * pointer was saved at a fixed distance or not at all. Rules are learnt by letting libunwind do one step and
 * comparing before and after, twice: the second time with a frame pointer that is off, to see which of the
 * two the CFA came from. Where neither did (signal frames, frames that are found through memory) nothing is
 * remembered. In code without unwind tables the frame pointer is followed where it can be one.
 *
 * libunwind works on an address space of our own (its interface for remote processes): it finds unwind tables
 * through _dl_find_object, which takes no lock, where its own way through dl_iterate_phdr would wait for a
 * dlopen in progress whose constructors may wait for the very lock that the program is about to take.
 *
 * unwinder_step is thread-safe and lock-free while rules are known; learning takes the session's lock.
 */
#ifndef GORDIAN_INTERPOSE_UNWINDER_H
#define GORDIAN_INTERPOSE_UNWINDER_H

#include <stdbool.h>
#include <stdint.h>

struct thread;

struct unwinder_frame {
    uint64_t pc; /* return address, or the interrupted address when `exact` */
    uint64_t sp, bp;
    bool exact;
};

/* What one step relied on. */
struct unwinder_step {
    uint64_t return_slot; /* where the return address was read; 0 when it was not in memory */
    uint64_t bp_slot;     /* where the caller's frame pointer was read; 0 when it is unchanged */
    bool used_bp;         /* the frame pointer counted */
    bool stable;          /* the same slots will do for the same frame; false: must be walked each time */
};

/* Load libunwind. From a constructor. Returns whether it is there; without it frame pointers alone are
 * followed. */
bool unwinder_start(void);

/* Go from `frame` to its caller. Returns false at the outermost frame, or where the stack cannot be read;
 * then too `step` says what that relied on. */
bool unwinder_step(struct thread *t, struct unwinder_frame *frame, struct unwinder_step *step);

/* Whether 8 bytes can be read at the address. A system call. */
bool unwinder_readable(uint64_t address);

/* Forget every rule: a module was unloaded. For the holder of the session's lock. */
void unwinder_flush(void);

/* Whether this thread is inside libunwind, whose own locks are then superfluous. */
bool unwinder_inside(void);

#endif
