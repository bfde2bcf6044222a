/* Joining: rings, threads that need what the joiner holds, and threads that cannot be joined. */
#define _GNU_SOURCE
#include <errno.h>

#include "tests/e2e/programs/kinds.h"

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER;
static struct actor *ring[3];
static struct actor *partner;
static const struct actor *first;

/* ---- rings ---- */

static void join_second(void) {
    await(1);
    pthread_join(ring[1]->thread, NULL); /* REPORTED: wants thread T3 */
}

static void join_third(void) {
    await(1);
    await_joining(ring[0], ring[1]->thread);
    pthread_join(ring[2]->thread, NULL); /* REPORTED: wants thread T4 */
}

static void join_first(void) {
    await(1);
    await_joining(ring[1], ring[2]->thread);
    pthread_join(ring[0]->thread, NULL); /* REPORTED: wants thread T2 */
}

static void ring_of_three(void) {
    ring[0] = start(join_second);
    ring[1] = start(join_third);
    ring[2] = start(join_first);
    reach();
    pause();
}

static void join_the_first_thread(void) {
    await(1);
    await_joining(first, partner->thread);
    pthread_join(first->thread, NULL); /* REPORTED: wants thread T1 (main) */
}

static void with_the_first_thread(void) {
    first = first_thread();
    partner = start(join_the_first_thread);
    reach();
    pthread_join(partner->thread, NULL); /* REPORTED: wants thread T2 */
}

static void take_left(void) {
    pthread_mutex_lock(&left); /* REPORTED: wants left */
    pthread_mutex_unlock(&left);
}

static void joined_thread_needs_a_lock(void) {
    pthread_mutex_lock(&left); /* REPORTED: holds left */
    partner = start(take_left);
    AWAIT_BLOCKED(partner, &left);
    pthread_join(partner->thread, NULL); /* REPORTED: wants thread T2 */
}

static void take_left_when_joined(void) {
    await(1);
    await_joining(first, partner->thread);
    pthread_mutex_lock(&left); /* REPORTED: wants left */
    pthread_mutex_unlock(&left);
}

static void joined_thread_needs_a_lock_later(void) {
    pthread_mutex_lock(&left); /* REPORTED: holds left */
    first = first_thread();
    partner = start(take_left_when_joined);
    reach();
    pthread_join(partner->thread, NULL); /* REPORTED: wants thread T2 */
}

/* ---- as it should be ---- */

static void take_and_leave(void) {
    pthread_mutex_lock(&left);
    pthread_mutex_unlock(&left);
}

static void join_after_unlock(void) {
    pthread_mutex_lock(&left);
    partner = start(take_and_leave);
    AWAIT_BLOCKED(partner, &left);
    pthread_mutex_unlock(&left);
    pthread_join(partner->thread, NULL);
}

static void wait_for_a_step(void) {
    await(1);
}

static void tried_and_timed(void) {
    struct timespec limit = after_ms(CLOCK_REALTIME, 10);
    partner = start(wait_for_a_step);
    REQUIRE(pthread_tryjoin_np(partner->thread, NULL) == EBUSY);
    REQUIRE(pthread_timedjoin_np(partner->thread, NULL, &limit) == ETIMEDOUT);
    limit = after_ms(CLOCK_MONOTONIC, 10);
    REQUIRE(pthread_clockjoin_np(partner->thread, NULL, CLOCK_MONOTONIC, &limit) == ETIMEDOUT);
    reach();
    REQUIRE(pthread_join(partner->thread, NULL) == 0);
}

static void timed_join_holding(void) {
    struct timespec limit = after_ms(CLOCK_REALTIME, 50);
    pthread_mutex_lock(&left);
    partner = start(take_and_leave);
    REQUIRE(pthread_timedjoin_np(partner->thread, NULL, &limit) == ETIMEDOUT);
    pthread_mutex_unlock(&left);
    finish(partner);
}

/* Results are handed on, and a thread that has ended is waited for by nobody. */
static void chain(void) {
    for (int i = 0; i < 10; i++) {
        struct actor *links[] = {start(take_and_leave), start(take_and_leave)};
        finish(links[1]);
        finish(links[0]);
    }
}

static void detach_oneself(void) {
    pthread_detach(pthread_self());
    reach();
}

static void detached(void) {
    for (int i = 1; i <= 10; i++) {
        start(detach_oneself);
        await(i);
    }
}

static void end_when_joined(void) {
    await(1);
    await_joining(first, partner->thread);
}

static void wait_holding(void) {
    pthread_mutex_lock(&left); /* REPORTED: holds left */
    first = first_thread();
    partner = start(end_when_joined);
    reach();
    pthread_join(partner->thread, NULL); /* REPORTED: wants thread T2 */
    pthread_mutex_unlock(&left);
}

/* ---- misuse ---- */

static void join_detached(void) {
    partner = start(wait_for_a_step); /* REPORTED: holds thread T2 */
    pthread_detach(partner->thread);
    REQUIRE(pthread_join(partner->thread, NULL) == EINVAL); /* REPORTED: wants thread T2 */
    reach();
}

static void join_twice(void) {
    partner = start(wait_for_a_step); /* REPORTED: holds thread T2 */
    reach();
    REQUIRE(pthread_join(partner->thread, NULL) == 0);
    REQUIRE(pthread_join(partner->thread, NULL) == ESRCH); /* REPORTED: wants thread T2 */
}

static void join_oneself(void) {
    REQUIRE(pthread_join(pthread_self(), NULL) == EDEADLK); /* REPORTED: wants thread T2 */
}

static void join_self(void) {
    partner = start(join_oneself); /* REPORTED: holds thread T2 */
    finish(partner);
}

static const struct scenario scenarios[] = {
    {"ring_of_three", ring_of_three},
    {"with_the_first_thread", with_the_first_thread},
    {"joined_thread_needs_a_lock", joined_thread_needs_a_lock},
    {"joined_thread_needs_a_lock_later", joined_thread_needs_a_lock_later},
    {"join_after_unlock", join_after_unlock},
    {"tried_and_timed", tried_and_timed},
    {"timed_join_holding", timed_join_holding},
    {"chain", chain},
    {"detached", detached},
    {"wait_holding", wait_holding},
    {"join_detached", join_detached},
    {"join_twice", join_twice},
    {"join_self", join_self},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
