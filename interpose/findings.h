/* Findings on their way into the recording: from the lock graph, from the wait-for graph, from misuse.
 *
 * For the holder of the session's lock.
 */
#ifndef GORDIAN_INTERPOSE_FINDINGS_H
#define GORDIAN_INTERPOSE_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "detector/finding.h"
#include "detector/lock_graph.h"
#include "interpose/thread.h"

/* What the lock graph tells its predictions to. */
extern const struct lock_graph_listener findings_listener;

/* Forget everything: a new recording begins. */
void findings_start(void);

/* Record a finding, tell the command and, unless quiet, stderr. Returns its number, 0 when there was no room.
 */
uint32_t findings_add(const struct finding *finding);

/* It has proved wrong: it counts no more. */
void findings_withdraw(uint32_t number);

/* The semaphore has proved to be a lock: findings that it is part of, and that waited for that, count from
 * here on. */
void findings_confirm(uint32_t semaphore);

/* It has proved to be none: they are withdrawn, nobody holds it, and no order involves it any more. */
void findings_no_lock(struct thread *t, uint32_t semaphore);

/* The same, but count it where one of the same kind and places was recorded before. Returns its number. */
uint32_t findings_add_once(const struct finding *finding, uint64_t places);

/* Tell the command that there is something to look at. Needs no lock. */
void findings_notify(void);

/* The thread is gone: what it held is orphaned. */
void findings_orphan(struct thread *t);

/* A thread that is gone, or not of this process, has left the lock behind. */
void findings_add_orphan(uint32_t thread, const struct lock_hold *hold);

/* Somebody has unlocked it after all. */
void findings_forget_orphan(uint32_t lock);

/* If the lock was left behind by a thread that is gone, set its id and hold and return true. */
bool findings_orphaned(uint32_t lock, uint32_t *thread, struct lock_hold *hold);

/* The same for the thread with that id. Takes the session's lock. */
void findings_disown_holder(struct thread *t, uint32_t owner, uint32_t lock);

/* A lock that `owner` holds was released by another thread: owner drops it when it next looks. */
void findings_disown(struct thread *owner, uint32_t lock);
void findings_drop_disowned(struct thread *t);

/* Whether that was so and it has not looked yet. Needs no lock. */
bool findings_disowned(const struct thread *owner, uint32_t lock);

#endif
