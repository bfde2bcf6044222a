/* Knots: what this process's threads wait for, as the detector wants to see it (detector/wait_graph.h), and
 * the findings that come of it.
 */
#ifndef GORDIAN_INTERPOSE_KNOTS_H
#define GORDIAN_INTERPOSE_KNOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "interpose/thread.h"

enum knots_result {
    KNOTS_NONE = 0,
    KNOTS_REPORTED,  /* for certain */
    KNOTS_UNCERTAIN, /* reported, but a signal handler may end it */
    KNOTS_AGAIN      /* all seem to be blocked, but one may be about to wake up: ask again in a moment */
};

/* Whether the wait that `t` has published may be part of a knot: a first look, without any lock. */
bool knots_possible(const struct thread *t);

/* Report the knot that t's wait completes, if there is one. For the holder of the session's lock. */
enum knots_result knots_look(struct thread *t);

/* Whether no thread but `t` can go on, as far as can be seen without any lock. */
bool knots_all_possible(const struct thread *t);

/* `t` waits, or is about to end for good (`ending`): if no other thread can go on, report hang.all_blocked.
 * `last`: threads that the kernel knows and we do not are there to stay; a moment ago they might have been
 * ending. For the holder of the session's lock. */
enum knots_result knots_look_all(struct thread *t, bool ending, bool last);

/* `t` is gone: report the threads that wait for what it left locked. For the holder of the session's lock. */
enum knots_result knots_look_orphans(struct thread *t);

/* `t` goes on, though it was reported to be blocked for good: withdraw that. Takes the session's lock. */
void knots_withdraw(struct thread *t);

#endif
