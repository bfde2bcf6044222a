/* What another tool says about a program: one report of ThreadSanitizer, Helgrind or DRD, before it becomes a
 * finding (foreign_finding.h).
 *
 * Readers (tsan_text.h, valgrind_xml.h) make it from text that may hold anything, so what is here is bounded
 * and unescaped, and every index is valid. Threads are counted from 1, the main thread, in the order of their
 * creation, as gordian counts them; 0 is a thread that is not known. Memory belongs to whoever made it and is
 * valid only during the call that it is passed to.
 */
#ifndef GORDIAN_REPORTS_FOREIGN_H
#define GORDIAN_REPORTS_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/memory.h"
#include "reports/report.h"

/* Bounds of one report; what is beyond them is left out, and `cut` says so. */
#define FOREIGN_FRAMES 65536 /* of a stack */
#define FOREIGN_PARTS 512    /* threads, locks, steps, and locks that a step holds */

enum { FOREIGN_NOTHING = UINT32_MAX }; /* no lock */

struct foreign_thread {
    uint32_t number;
    uint32_t tid;     /* 0: not known */
    const char *name; /* as the program named it; NULL when it did not */
    uint32_t creator; /* number; 0: not known */
    struct report_stack created;
};

struct foreign_lock {
    const char *label;           /* the tool's own name: "M1"; NULL when it has none */
    uint64_t address;            /* 0: not known */
    uint32_t kind;               /* enum recording_lock_kind */
    struct report_stack created; /* where it was initialised or first seen */
};

struct foreign_hold {
    uint32_t lock; /* index, or FOREIGN_NOTHING */
    uint32_t mode; /* enum lock_mode */
    struct report_stack stack;
};

struct foreign_step {
    uint32_t thread; /* number */
    struct foreign_hold *holds;
    size_t holds_count, holds_capacity;
    struct foreign_hold wants;   /* of a race: its mode and stack; the lock is the place of the report */
    struct report_access access; /* of a race */
};

enum foreign_place_kind {
    FOREIGN_PLACE_NONE,
    FOREIGN_PLACE_GLOBAL,
    FOREIGN_PLACE_HEAP,
    FOREIGN_PLACE_STACK,
    FOREIGN_PLACE_TLS,
    FOREIGN_PLACE_DESCRIPTOR
};

/* What is raced for. */
struct foreign_place {
    enum foreign_place_kind kind;
    const char *name; /* of a global variable; NULL when not known */
    uint64_t address; /* where the variable or block begins; 0 when not known */
    uint64_t size;    /* in bytes; 0 when not known; a descriptor's number */
    uint32_t thread;  /* whose stack it is, or who allocated the block */
    struct report_stack allocated;
};

struct foreign_report {
    const char *source;             /* "ThreadSanitizer" */
    const char *title;              /* the tool's own words: "data race", without line breaks */
    const char *exe;                /* program, NULL when not known */
    uint32_t pid;                   /* 0: not known */
    uint32_t kind, shape, severity; /* as the finding's */
    bool plain;                     /* the kind says what the title says; else the title must be told */
    bool remark;                    /* it is no finding: `title` is all there is, a line for the reader */
    bool cut;                       /* the report ends in the middle, or was beyond the bounds */
    uint64_t count;
    struct foreign_step *steps;
    size_t steps_count, steps_capacity;
    struct foreign_lock *locks;
    size_t locks_count, locks_capacity;
    struct foreign_thread *threads;
    size_t threads_count, threads_capacity;
    struct foreign_place place;
};

/* Who takes the reports as they are read. */
struct foreign_sink {
    void (*take)(void *context, const struct foreign_report *report);
    void *context;
};

/* Add a zeroed part to the report, in the pool. Return NULL when the bounds are reached; the report is then
 * marked as cut. What was returned before may have moved. */
struct foreign_step *foreign_add_step(struct memory_pool *pool, struct foreign_report *report);
struct foreign_hold *foreign_add_hold(struct memory_pool *pool, struct foreign_report *report,
                                      struct foreign_step *step);

/* The index of the lock with this label (if any), else this address; it is added when it is new. Returns
 * FOREIGN_NOTHING beyond the bounds. O(locks). */
uint32_t foreign_lock(struct memory_pool *pool, struct foreign_report *report, const char *label,
                      uint64_t address);

/* The thread of this number, added when it is new; NULL for 0 and beyond the bounds. O(threads). */
struct foreign_thread *foreign_thread(struct memory_pool *pool, struct foreign_report *report,
                                      uint32_t number);

/* Collects the frames of one stack. */
struct foreign_frames {
    struct report_frame *frames;
    size_t count, capacity;
    bool cut;
};

void foreign_frames_add(struct memory_pool *pool, struct foreign_frames *frames,
                        const struct report_frame *frame);

#endif
