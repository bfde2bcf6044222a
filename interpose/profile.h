/* The profile: what each lock costs.
 *
 * Every wait is timed. Acquisitions and holds are sampled, since two readings of the clock cost more than a
 * lock: a thread's first events are all samples, later ones fewer and fewer, down to one in
 * PROFILE_LAST_WEIGHT, at random distances (a fixed one would fall in step with the program). A sample counts
 * for as many events as were skipped. Numbers are kept in the recording (recording_profile), for at most
 * max_profiled locks.
 */
#ifndef GORDIAN_INTERPOSE_PROFILE_H
#define GORDIAN_INTERPOSE_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "interpose/thread.h"

#define PROFILE_LAST_WEIGHT 1024u

/* A lock was taken, which is a sample: count it, and time how long it is held. `held` is the thread's entry
 * for it. Takes the session's lock at times. */
void profile_sample(struct thread *t, uint32_t lock, struct recording_held *held);

/* The sampled lock of this entry (RECORDING_HELD_SAMPLED) is about to be released. */
void profile_released(struct thread *t, struct recording_held *held);

/* The state of a wait when it began, for profile_waited. */
struct profile_wait {
    uint64_t acquisitions, samples;
};
struct profile_wait profile_wait_begins(uint32_t lock);

/* The thread waited for the lock, `ns` long, at the stack of that id, and got it or gave up. Reports
 * starvation. Takes the session's lock at times. */
void profile_waited(struct thread *t, uint32_t lock, uint32_t mode, const struct profile_wait *began,
                    uint64_t ns, uint32_t stack);

/* Forget everything: a new recording begins. */
void profile_start(void);

/* Whether this event of the family is a sample. The caller has counted it. */
static inline bool profile_due(const struct thread *t, uint32_t family) {
    return t->slot->events[family] >= t->sample_at[family];
}

#endif
