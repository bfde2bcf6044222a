/* Python functions in stacks.
 *
 * CPython's locks are semaphores: an acquisition tries the semaphore with the GIL held, and when that fails
 * waits for it without the GIL. So the Python stack of an acquisition is captured when the semaphore is tried
 * (python_capture), and a wait that follows takes the one from that try (python_last).
 *
 * Each capture reads the whole stack, so that none is taken for another: the hash of (code object,
 * instruction) over all frames is looked up in the thread's own table, and only when it is not there the
 * stack is asked for names and lines through Python's API. Code objects are told apart by numbers
 * (python_codes.h), because a new one may lie where another was. About 2 ns a frame, and 25 ns for the rest.
 * Where the layout of frames is not known (python_api.h), each capture goes through the API: about 20 ns a
 * frame.
 *
 * What remains: two stacks whose 64-bit hashes are the same would be one. Frames in other interpreters than
 * the main one are not seen, nor those of before the interpreter is initialised or while it finalises.
 *
 * Python's API is only called by a thread that holds the GIL, with no garbage collection, the exception that
 * is set kept, and errno kept. It may allocate with Python's allocators. Hooks that it runs into only keep
 * account of what is held. No lock is taken but the session's, on a miss.
 */
#ifndef GORDIAN_INTERPOSE_PYTHON_H
#define GORDIAN_INTERPOSE_PYTHON_H

#include <stdbool.h>
#include <stdint.h>

#include "interpose/python_api.h"
#include "interpose/stack_memo.h"
#include "interpose/waits.h"

#define PYTHON_TABLE_BITS 12

struct thread;

/* What is remembered by a key; the newer of two comes first. */
struct python_known {
    uint64_t key;
    uint64_t id; /* 0: free */
};

/* A thread's own; mapped when it first meets the interpreter, and kept for the thread that uses the memory
 * next: what it knows is true for any. */
struct python_thread {
    uint32_t thread;                                       /* whose the next lines are */
    bool gil_waits;                                        /* it waits for the GIL */
    struct wait gil_wait;                                  /* that wait */
    bool gil_held;                                         /* its account says that it holds the GIL */
    uint32_t last;                                         /* captured last, */
    bool begins;                                           /* in which a thread begins (python_begins), */
    bool waits;                                            /* which waits if it must (python_waits), */
    const void *object;                                    /* for this one; NULL: taken already */
    struct python_known stacks[1u << PYTHON_TABLE_BITS];   /* Python stacks by their hash */
    struct python_known combined[1u << PYTHON_TABLE_BITS]; /* stacks by (native stack, Python stack) */
};

/* Look for an interpreter. From the constructor. */
void python_start(void);

/* Forget all that was recorded: a new recording begins. */
void python_restart(void);

/* Addresses of a module were unmapped. For the holder of the session's lock. */
void python_unloaded(uint64_t start, uint64_t end);

/* Look for an interpreter that was loaded later, where this call comes from. For slow paths: tens of ns.
 * Takes the session's lock. */
void python_look(struct thread *t, const struct call_site *call);

/* Whether the call comes from the interpreter's own code: its locks. */
static inline bool python_calls(uint64_t pc) {
    const struct python_api *api = __atomic_load_n(&python_api_now, __ATOMIC_ACQUIRE);
    return api && pc - api->start < api->end - api->start;
}

/* Return the id of the Python stack of this thread now, 0 when it holds no GIL or no Python function is
 * active, and keep it for a wait for `object`. Before the call of the real function: that may set errno. */
uint32_t python_capture(struct thread *t, const void *object);

/* Return what the thread captured last, if that was for `object`; once. */
uint32_t python_last(struct thread *t, const void *object);

/* Whether the Python instruction of the last capture waits for the lock when it is not free: `with lock:`, or
 * a call without arguments, as lock.acquire() is. The interpreter tries the semaphore first in any case; but
 * here, a lock that was free might as well have been waited for. Where an argument may say otherwise, it
 * counts as tried. */
bool python_waits(struct thread *t);

/* Whether the last capture was in Thread._set_tstate_lock (3.9 to 3.12): a new thread takes the lock that it
 * releases when it ends. Its thread is detached; to join it is to wait for that lock. */
bool python_begins(struct thread *t);

/* Return the id of the stack of a call that was just found to have this record, with these Python functions
 * active in it (not 0). 0 when there is no room. Takes the session's lock when it is new. */
uint32_t python_stack(struct thread *t, struct stack_record *record, uint32_t python,
                      const struct call_site *call);

/* Return the thread's own memory, NULL when it has none; with `make`, when there is none to be had. */
struct python_thread *python_own(struct thread *t, bool make);

#endif
