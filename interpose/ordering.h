/* Ordering: dependencies on their way to the lock graph and into the recording. */
#ifndef GORDIAN_INTERPOSE_ORDERING_H
#define GORDIAN_INTERPOSE_ORDERING_H

#include <stdbool.h>
#include <stdint.h>

#include "interpose/stack_memo.h"

struct thread;

/* The thread wanted `lock` while it held what it holds: record it, report what follows, and remember that
 * this was seen. `key` is its thread_seen_key; `stack` may be NULL. Takes the session's lock. */
void ordering_add(struct thread *t, uint32_t lock, uint32_t mode, struct stack_record *stack,
                  const struct call_site *call, uint64_t key);

/* Whether every edge from a lock held to this one is known to have nothing new to say; then it marks `key` as
 * seen. Takes no lock. */
bool ordering_known(struct thread *t, uint32_t lock, uint32_t mode, uint64_t key);

#endif
