/* Conditions: wake-ups that are lost, locks held while waiting, and misuse. */
#define _GNU_SOURCE
#include <errno.h>

#include "tests/e2e/programs/kinds.h"

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, inner = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct actor *partner;
static bool ready;

/* ---- nobody signals any more ---- */

static void signal_early(void) {
    pthread_mutex_lock(&inner);
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&inner);
}

/* Waits for an event instead of a state: the signal came before. */
static void lost_wake_up(void) {
    finish(start(signal_early));
    pthread_mutex_lock(&inner);
    pthread_cond_wait(&changed, &inner); /* REPORTED: wants changed */
}

static void wait_changed(void) {
    pthread_mutex_lock(&inner);
    reach();
    pthread_cond_wait(&changed, &inner); /* REPORTED: wants changed */
    pthread_mutex_unlock(&inner);
}

/* One signal, two waiters, and the one that is woken wakes nobody. */
static void one_signal_for_two(void) {
    struct actor *waiters[] = {start(wait_changed), start(wait_changed)};
    AWAIT_BLOCKED(waiters[0], &changed);
    AWAIT_BLOCKED(waiters[1], &changed);
    pthread_mutex_lock(&inner);
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&inner);
    wait_changed();
}

/* The first thread has gone, and with it whoever could have signalled. */
static void left_alone(void) {
    AWAIT_BLOCKED(start(wait_changed), &changed);
    pthread_exit(NULL);
}

static void wait_inside_outer(void) {
    pthread_mutex_lock(&outer); /* REPORTED: holds outer */
    pthread_mutex_lock(&inner);
    while (!ready)
        pthread_cond_wait(&changed, &inner); /* REPORTED: wants changed */
    pthread_mutex_unlock(&inner);
    pthread_mutex_unlock(&outer);
}

static void signal_inside_outer(void) {
    AWAIT_BLOCKED(partner, &changed);
    pthread_mutex_lock(&outer); /* REPORTED: wants outer */
    pthread_mutex_lock(&inner);
    ready = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&inner);
    pthread_mutex_unlock(&outer);
}

/* The wait releases the inner lock and keeps the outer one, which whoever would signal needs. */
static void nested_monitor(void) {
    partner = start(wait_inside_outer);
    struct actor *other = start(signal_inside_outer);
    pthread_join(other->thread, NULL); /* REPORTED: wants thread T3 */
}

/* ---- the mutex that a wait takes again ---- */

static void take_inner_then_outer(void) {
    AWAIT_BLOCKED(partner, &changed);
    pthread_mutex_lock(&inner); /* REPORTED: holds inner */
    pthread_mutex_lock(&outer); /* REPORTED: wants outer */
}

static void wait_with_outer_held(void) {
    pthread_mutex_lock(&outer); /* REPORTED: holds outer */
    pthread_mutex_lock(&inner);
    pthread_cond_wait(&changed, &inner); /* REPORTED: wants inner */
}

static void retake(void) {
    partner = start(wait_with_outer_held);
    finish(start(take_inner_then_outer));
}

static void wait_for_a_time_with_outer_held(void) {
    struct timespec limit = after_ms(CLOCK_REALTIME, 60000);
    pthread_mutex_lock(&outer); /* REPORTED: holds outer */
    pthread_mutex_lock(&inner);
    pthread_cond_timedwait(&changed, &inner, &limit); /* REPORTED: wants inner */
}

/* That the wait will end by itself does not help. */
static void retake_timed(void) {
    partner = start(wait_for_a_time_with_outer_held);
    finish(start(take_inner_then_outer));
}

static void signal_then_take_outer(void) {
    AWAIT_BLOCKED(partner, &changed);
    pthread_mutex_lock(&inner); /* REPORTED: holds inner */
    pthread_cond_signal(&changed);
    AWAIT_BLOCKED(partner, &inner);
    pthread_mutex_lock(&outer); /* REPORTED: wants outer */
}

static void retake_signalled(void) {
    partner = start(wait_with_outer_held);
    finish(start(signal_then_take_outer));
}

static void wait_briefly_with_outer_held(void) {
    struct timespec limit = after_ms(CLOCK_MONOTONIC, 500);
    pthread_mutex_lock(&outer); /* REPORTED: holds outer */
    pthread_mutex_lock(&inner);
    pthread_cond_clockwait(&changed, &inner, CLOCK_MONOTONIC, &limit); /* REPORTED: wants inner */
}

static void hold_inner_then_take_outer(void) {
    AWAIT_BLOCKED(partner, &changed);
    pthread_mutex_lock(&inner); /* REPORTED: holds inner */
    AWAIT_BLOCKED(partner, &inner);
    pthread_mutex_lock(&outer); /* REPORTED: wants outer */
}

static void retake_timed_out(void) {
    partner = start(wait_briefly_with_outer_held);
    finish(start(hold_inner_then_take_outer));
}

static void wait_until_ready(void) {
    pthread_mutex_lock(&outer);
    pthread_mutex_lock(&inner);
    while (!ready)
        pthread_cond_wait(&changed, &inner);
    pthread_mutex_unlock(&inner);
    pthread_mutex_unlock(&outer);
}

static void make_ready(void) {
    AWAIT_BLOCKED(partner, &changed);
    pthread_mutex_lock(&inner);
    ready = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&inner);
    pthread_mutex_lock(&outer);
    pthread_mutex_unlock(&outer);
}

/* The same without the second lock held: it goes well. */
static void retake_in_peace(void) {
    partner = start(wait_until_ready);
    finish(start(make_ready));
    finish(partner);
}

/* ---- as it should be ---- */

static void signal_to_nobody(void) {
    for (int i = 0; i < 100; i++) {
        pthread_cond_signal(&changed);
        pthread_cond_broadcast(&changed);
        signal_early();
    }
}

enum { ROUNDS = 100000, STORMS = 2000, LISTENERS = 8 };
static int turn, storm, heard[LISTENERS];

static void play(int self) {
    pthread_mutex_lock(&inner);
    while (turn < ROUNDS) {
        while (turn % 2 != self && turn < ROUNDS)
            pthread_cond_wait(&changed, &inner);
        turn++;
        pthread_cond_signal(&changed);
    }
    pthread_mutex_unlock(&inner);
}

static void ping(void) {
    play(0);
}

static void pong(void) {
    play(1);
}

static void ping_pong(void) {
    struct actor *players[] = {start(ping), start(pong)};
    finish(players[0]);
    finish(players[1]);
}

static void listen_to_storms(void) {
    int self = __atomic_fetch_add(&steps_reached, 1, __ATOMIC_RELAXED);
    pthread_mutex_lock(&inner);
    while (heard[self] < STORMS) {
        while (heard[self] == storm)
            pthread_cond_wait(&changed, &inner);
        heard[self] = storm;
    }
    pthread_mutex_unlock(&inner);
}

static void broadcast_storms(void) {
    struct actor *listeners[LISTENERS];
    for (int i = 0; i < LISTENERS; i++)
        listeners[i] = start(listen_to_storms);
    for (int i = 0; i < STORMS; i++) {
        pthread_mutex_lock(&inner);
        storm++;
        pthread_mutex_unlock(&inner);
        pthread_cond_broadcast(&changed);
    }
    for (int i = 0; i < LISTENERS; i++)
        finish(listeners[i]);
}

static void wait_for_state(void) {
    pthread_mutex_lock(&inner);
    while (!ready)
        pthread_cond_wait(&changed, &inner);
    pthread_mutex_unlock(&inner);
}

/* A condition may be destroyed when all its waiters are woken, even if they have not returned yet. */
static void destroy_after_broadcast(void) {
    struct actor *waiters[] = {start(wait_for_state), start(wait_for_state)};
    AWAIT_BLOCKED(waiters[0], &changed);
    AWAIT_BLOCKED(waiters[1], &changed);
    pthread_mutex_lock(&inner);
    ready = true;
    pthread_cond_broadcast(&changed);
    pthread_cond_destroy(&changed);
    pthread_mutex_unlock(&inner);
    finish(waiters[0]);
    finish(waiters[1]);
}

static void renewed(void) {
    for (int i = 0; i < 3; i++) {
        pthread_cond_signal(&changed);
        pthread_cond_destroy(&changed);
        pthread_cond_init(&changed, NULL);
    }
    finish(start(signal_early));
}

static void unlock_inner(void *unused) {
    (void)unused;
    pthread_mutex_unlock(&inner);
}

static void *wait_to_be_cancelled(void *unused) {
    partner->tid = gettid();
    pthread_mutex_lock(&inner);
    pthread_cleanup_push(unlock_inner, NULL);
    pthread_cond_wait(&changed, &inner);
    pthread_cleanup_pop(1);
    return unused;
}

static void cancelled(void) {
    static struct actor waiter;
    partner = &waiter;
    pthread_create(&waiter.thread, NULL, wait_to_be_cancelled, NULL);
    AWAIT_BLOCKED(partner, &changed);
    pthread_cancel(waiter.thread);
    pthread_join(waiter.thread, NULL);
    pthread_mutex_lock(&inner);
    pthread_mutex_unlock(&inner);
}

/* ---- held while waiting ---- */

static void wait_with_a_lock_held(void) {
    pthread_mutex_lock(&outer); /* REPORTED: holds outer */
    pthread_mutex_lock(&inner);
    while (!ready)
        pthread_cond_wait(&changed, &inner); /* REPORTED: wants changed */
    pthread_mutex_unlock(&inner);
    pthread_mutex_unlock(&outer);
}

static void wait_holding(void) {
    struct actor *waiter = start(wait_with_a_lock_held);
    AWAIT_BLOCKED(waiter, &changed);
    pthread_mutex_lock(&inner);
    ready = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&inner);
    finish(waiter);
}

/* ---- misuse ---- */

static void wait_unlocked(void) {
    struct timespec limit = after_ms(CLOCK_REALTIME, -1000);
    finish(start(signal_early));
    REQUIRE(pthread_cond_timedwait(&changed, &inner, &limit) == ETIMEDOUT); /* REPORTED: wants inner */
    pthread_mutex_unlock(&inner);
}

static pthread_mutex_t checked = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;

static void hold_checked(void) {
    pthread_mutex_lock(&checked); /* REPORTED: holds checked */
    reach();
    await(2);
    pthread_mutex_unlock(&checked);
}

/* Somebody else holds the mutex, and it says so. */
static void wait_with_anothers_mutex(void) {
    struct timespec limit = after_ms(CLOCK_REALTIME, -1000);
    struct actor *owner = start(hold_checked);
    await(1);
    REQUIRE(pthread_cond_timedwait(&changed, &checked, &limit) == EPERM); /* REPORTED: wants checked */
    reach();
    finish(owner);
}

static void wait_with_inner(void) {
    pthread_mutex_lock(&inner);
    while (!ready)
        pthread_cond_wait(&changed, &inner); /* REPORTED: holds inner, wants changed */
    pthread_mutex_unlock(&inner);
}

static void wait_with_outer(void) {
    struct timespec limit = after_ms(CLOCK_REALTIME, -1000);
    AWAIT_BLOCKED(partner, &changed);
    pthread_mutex_lock(&outer);                                             /* REPORTED: holds outer */
    REQUIRE(pthread_cond_timedwait(&changed, &outer, &limit) == ETIMEDOUT); /* REPORTED: wants changed */
    pthread_mutex_unlock(&outer);
}

static void wait_with_outer_at_once(void) {
    struct timespec limit = after_ms(CLOCK_REALTIME, -1000);
    pthread_mutex_lock(&outer);
    REQUIRE(pthread_cond_timedwait(&changed, &outer, &limit) == ETIMEDOUT);
    pthread_mutex_unlock(&outer);
}

static void two_mutexes(void) {
    partner = start(wait_with_inner);
    finish(start(wait_with_outer));
    pthread_mutex_lock(&inner);
    ready = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&inner);
    finish(partner);
}

/* Those that were woken wait no more, even if they have not got their mutex yet. */
static void two_mutexes_after_a_broadcast(void) {
    partner = start(wait_with_inner);
    AWAIT_BLOCKED(partner, &changed);
    pthread_mutex_lock(&inner);
    ready = true;
    pthread_cond_broadcast(&changed);
    finish(start(wait_with_outer_at_once));
    pthread_mutex_unlock(&inner);
    finish(partner);
}

static void wait_a_moment(pthread_mutex_t *mutex) {
    struct timespec limit = after_ms(CLOCK_REALTIME, 5);
    pthread_mutex_lock(mutex);
    REQUIRE(pthread_cond_timedwait(&changed, mutex, &limit) == ETIMEDOUT);
    pthread_mutex_unlock(mutex);
}

static void wait_a_moment_with_inner(void) {
    wait_a_moment(&inner);
}

static void wait_a_moment_with_outer(void) {
    wait_a_moment(&outer);
}

/* One after the other, each may have a mutex of its own. */
static void one_mutex_after_the_other(void) {
    IN_TURNS(wait_a_moment_with_inner, wait_a_moment_with_outer, wait_a_moment_with_inner);
}

static void wait_for_a_moment(void) {
    struct timespec limit = after_ms(CLOCK_REALTIME, 300);
    pthread_mutex_lock(&inner);
    REQUIRE(pthread_cond_timedwait(&changed, &inner, &limit) == ETIMEDOUT); /* REPORTED: holds changed */
    pthread_mutex_unlock(&inner);
}

/* The call waits until the waiter has given up. */
static void destroy_waited(void) {
    struct actor *waiter = start(wait_for_a_moment);
    AWAIT_BLOCKED(waiter, &changed);
    pthread_cond_destroy(&changed); /* REPORTED: wants changed */
    finish(waiter);
}

static void use_destroyed(void) {
    pthread_cond_destroy(&changed); /* REPORTED: holds changed */
    pthread_cond_signal(&changed);  /* REPORTED: wants changed */
}

static void init_when_not_waited(void) {
    struct actor *waiter = start(wait_for_state);
    AWAIT_BLOCKED(waiter, &changed);
    pthread_mutex_lock(&inner);
    ready = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&inner);
    finish(waiter);
    pthread_cond_init(&changed, NULL);
    signal_early();
}

static const struct scenario scenarios[] = {
    {"lost_wake_up", lost_wake_up},
    {"one_signal_for_two", one_signal_for_two},
    {"left_alone", left_alone},
    {"nested_monitor", nested_monitor},
    {"retake", retake},
    {"retake_timed", retake_timed},
    {"retake_signalled", retake_signalled},
    {"retake_timed_out", retake_timed_out},
    {"retake_in_peace", retake_in_peace},
    {"signal_to_nobody", signal_to_nobody},
    {"ping_pong", ping_pong},
    {"broadcast_storms", broadcast_storms},
    {"destroy_after_broadcast", destroy_after_broadcast},
    {"renewed", renewed},
    {"cancelled", cancelled},
    {"wait_holding", wait_holding},
    {"wait_unlocked", wait_unlocked},
    {"wait_with_anothers_mutex", wait_with_anothers_mutex},
    {"two_mutexes", two_mutexes},
    {"two_mutexes_after_a_broadcast", two_mutexes_after_a_broadcast},
    {"one_mutex_after_the_other", one_mutex_after_the_other},
    {"destroy_waited", destroy_waited},
    {"use_destroyed", use_destroyed},
    {"init_when_not_waited", init_when_not_waited},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
