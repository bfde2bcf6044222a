/* The CPython interpreter in this process: its functions, and where it keeps the frames of a thread.
 *
 * The interpreter is the program itself or a shared library, loaded from the start or later and perhaps with
 * RTLD_LOCAL (embedding); it is recognised by its `_PyRuntime`. Only functions of its public API are called.
 * Frames are also read from memory, where the layout of that version is known and has proved to be what the
 * public API says (python.c): that costs no reference counts, no new objects and no allocation.
 *
 * Versions 3.9 to 3.13 and, without the layout, later ones with semaphores in their locks. Not free-threaded
 * builds: they have no GIL that makes an object safe to look at.
 */
#ifndef GORDIAN_INTERPOSE_PYTHON_API_H
#define GORDIAN_INTERPOSE_PYTHON_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where one version keeps the frames of a thread, in bytes from the start of each structure. */
struct python_layout {
    uint32_t version;  /* PY_VERSION_HEX >> 16 */
    uint8_t innermost; /* in the thread state: its innermost frame, or what leads to it */
    int8_t indirect;   /* not negative: what leads to it is a structure with the frame at this place */
    uint8_t back, code, instruction; /* in a frame */
    bool narrow;                     /* the instruction is an int, not a pointer */
    uint8_t
        owner; /* in a frame: a byte that is 3 in entry frames, which are no function's; 0: none has one */
};

struct python_api {
    uint64_t start, end;                /* addresses of the file that it is in */
    uint64_t runtime, runtime_bytes;    /* _PyRuntime */
    uint32_t version;                   /* PY_VERSION_HEX >> 16; 0x309 stands for all before 3.10 */
    bool frames;                        /* what is needed for frames is there */
    const struct python_layout *layout; /* NULL: not known */

    void *(*current)(void); /* before 3.12 the state of whichever thread holds the GIL, since then of this
                               one, if it holds a GIL */
    void *(*own)(void);     /* this thread's state, whether it holds the GIL or not */
    void *(*interpreter)(void *state);
    void *(*main_interpreter)(void);
    int (*is_initialized)(void);
    int (*is_finalizing)(void);
    void *(*frame)(void *state); /* these three return new references */
    void *(*back)(void *frame);
    void *(*code)(void *frame);
    int (*line)(void *frame);
    int (*instruction)(void *frame); /* NULL before 3.11 */
    void (*release)(void *object);
    void *(*type)(void *object); /* these two return new references */
    void *(*attribute)(void *object, const char *name);
    long (*as_long)(void *number);
    ptrdiff_t (*length)(void *text);
    uint32_t (*character)(void *text, ptrdiff_t index);
    const char *(*bytes)(void *object); /* NULL where instructions cannot be looked at */
    ptrdiff_t (*bytes_length)(void *object);
    void (*error_fetch)(void **type, void **value, void **traceback);
    void (*error_restore)(void *type, void *value, void *traceback);
    int (*gc_disable)(void); /* NULL before 3.10, when looking at frames made no objects */
    int (*gc_enable)(void);
};

/* NULL while there is no interpreter. */
extern const struct python_api *python_api_now;

/* Look for an interpreter among the files that are loaded. From the constructor. */
void python_api_start(void);

/* A call from `pc` may come from an interpreter that was loaded since then. Returns the interpreter when it
 * was not known before. For the holder of the session's lock. */
const struct python_api *python_api_look(uint64_t pc);

/* These addresses were unmapped. Returns whether the interpreter was there. For the holder of the session's
 * lock. */
bool python_api_unloaded(uint64_t start, uint64_t end);

/* Return the thread state with which this thread holds a GIL; NULL when it holds none. A few ns. Before 3.12,
 * a thread that works in a second interpreter by a second state counts as holding none. */
static inline void *python_api_attached(const struct python_api *api) {
    void *state = api->current();
    return state && (api->version >= 0x30c || api->own() == state) ? state : NULL;
}

#endif
