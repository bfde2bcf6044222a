/* The store of Python stacks: each distinct one once, as a record with an id. For the holder of the session's
 * lock. */
#ifndef GORDIAN_INTERPOSE_PYTHON_STORE_H
#define GORDIAN_INTERPOSE_PYTHON_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "detector/recording.h"

/* Frames one after the other, as recording_python has them. */
struct python_frames {
    const uint8_t *bytes;
    uint32_t size;
    uint32_t count;
    bool cut;    /* it has more frames */
    bool waits;  /* not part of it: the innermost instruction waits for a lock (python.h); and */
    bool begins; /* the innermost function is where a thread begins */
};

/* Forget every stack: a new recording begins. */
void python_store_start(void);

/* Return the id of the stack with these frames, recording it when it is new. 0 when there is no room or no
 * frame. */
uint32_t python_store_intern(const struct python_frames *frames);

/* Return the record of a stack, NULL for 0 or an unknown id. It stays where it is. */
const struct recording_python *python_store_at(uint32_t python);

#endif
