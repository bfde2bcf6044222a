/* Segments: what thread creation and joining say about order.
 *
 * A thread's run is cut into segments, a new one at each pthread_create and pthread_join that it performs.
 * One segment happens before another when a path of (next segment of the same thread | creator -> created |
 * ended -> joiner) leads from one to the other. Locks, conditions and semaphores order nothing here: an order
 * that the scheduler chose must not hide a deadlock. This is the segment relation of Helgrind+ and of
 * Bensalem & Havelund, "Dynamic Deadlock Analysis of Multi-threaded Programs" (2005), restricted to create
 * and join.
 *
 * Thread ids are small positive integers chosen by the caller and never used again. A segment is named by
 * (thread, index), index from 0. Not thread-safe: the owner serialises. Memory: the arena's.
 */
#ifndef GORDIAN_DETECTOR_SEGMENTS_H
#define GORDIAN_DETECTOR_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "detector/arena.h"

struct segments;

/* Return an empty relation, or NULL when memory ran out. */
struct segments *segments_create(struct arena *arena);

/* Thread `thread` starts with segment 0. `creator` is 0 for a thread whose creation was not seen (then
 * nothing orders it). Otherwise the creator's current segment happens before it, and the creator enters a new
 * segment, so that what the creator does next is concurrent. Returns the creator's new segment index (0
 * without creator), or -ENOMEM. */
int segments_start(struct segments *s, uint32_t thread, uint32_t creator);

/* `joiner` has joined `ended`: all that `ended` did happens before the joiner's new segment, whose index is
 * returned, or -ENOMEM. */
int segments_join(struct segments *s, uint32_t joiner, uint32_t ended);

/* Return the index of the thread's current segment; 0 for a thread that is not known. */
uint32_t segments_current(const struct segments *s, uint32_t thread);

/* Return whether segment (a, i) happens before segment (b, j) or is the same or earlier in the same thread.
 * O(log threads); for an old segment (b, j) also O(log joins by b). */
bool segments_before(const struct segments *s, uint32_t a, uint32_t i, uint32_t b, uint32_t j);

/* Return whether neither happens before the other. */
bool segments_concurrent(const struct segments *s, uint32_t a, uint32_t i, uint32_t b, uint32_t j);

/* Return whether the thread has been joined. O(1). */
bool segments_joined(const struct segments *s, uint32_t thread);

/* Return whether the segment happens before all that any other thread can still do, as far as is known now:
 * before the current segment of every thread that has not been joined. O(threads not joined), less when it
 * does not. */
bool segments_over(const struct segments *s, uint32_t thread, uint32_t segment);

#endif
