/* Barriers: short of a party, with a lock held, used again and again, and misused. */
#define _GNU_SOURCE
#include <errno.h>

#include "tests/e2e/programs/kinds.h"

static pthread_barrier_t meeting;
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static struct actor *partner;

enum { PARTIES = 4, ROUNDS = 1000 };
static int serial_threads;

/* ---- somebody does not come ---- */

static void meet(void) {
    pthread_barrier_wait(&meeting); /* REPORTED: wants meeting */
}

static void short_of_a_party(void) {
    pthread_barrier_init(&meeting, NULL, 3);
    struct actor *other = start(meet);
    start(meet);
    pthread_join(other->thread, NULL); /* REPORTED: wants thread T2 */
}

static void alone(void) {
    pthread_barrier_init(&meeting, NULL, 2);
    meet();
}

static void meet_with_door_held(void) {
    pthread_mutex_lock(&door);      /* REPORTED: holds door */
    pthread_barrier_wait(&meeting); /* REPORTED: wants meeting */
    pthread_mutex_unlock(&door);
}

static void meet_through_the_door(void) {
    AWAIT_BLOCKED(partner, &meeting);
    pthread_mutex_lock(&door); /* REPORTED: wants door */
    pthread_mutex_unlock(&door);
    pthread_barrier_wait(&meeting);
}

static void lock_across(void) {
    pthread_barrier_init(&meeting, NULL, 2);
    partner = start(meet_with_door_held);
    struct actor *other = start(meet_through_the_door);
    pthread_join(other->thread, NULL); /* REPORTED: wants thread T3 */
}

/* ---- as it should be ---- */

/* Return whether this is the one thread of all parties that is told so. */
static bool meet_and_be_told(void) {
    int result = pthread_barrier_wait(&meeting);
    return result == PTHREAD_BARRIER_SERIAL_THREAD;
}

static void meet_often(void) {
    for (int i = 0; i < ROUNDS; i++)
        if (meet_and_be_told())
            __atomic_fetch_add(&serial_threads, 1, __ATOMIC_RELAXED);
}

static void used_again(void) {
    pthread_barrier_init(&meeting, NULL, PARTIES);
    struct actor *others[PARTIES - 1];
    for (int i = 0; i < PARTIES - 1; i++)
        others[i] = start(meet_often);
    meet_often();
    for (int i = 0; i < PARTIES - 1; i++)
        finish(others[i]);
    pthread_barrier_destroy(&meeting);
    printf("%d\n", serial_threads);
}

static void meet_and_destroy(void) {
    if (meet_and_be_told())
        pthread_barrier_destroy(&meeting);
}

/* Whoever is told so may destroy it, while the others are still on their way out. */
static void destroyed_by_one_party(void) {
    for (int i = 0; i < 8; i++) {
        pthread_barrier_init(&meeting, NULL, 3);
        struct actor *others[] = {start(meet_and_destroy), start(meet_and_destroy), start(meet_and_destroy)};
        for (int k = 0; k < 3; k++)
            finish(others[k]);
    }
}

static void of_one(void) {
    pthread_barrier_init(&meeting, NULL, 1);
    for (int i = 0; i < 3; i++)
        REQUIRE(meet_and_be_told());
    pthread_barrier_destroy(&meeting);
}

static void meet_late(void) {
    AWAIT_BLOCKED(partner, &meeting);
    pthread_barrier_wait(&meeting);
}

static void wait_holding(void) {
    pthread_barrier_init(&meeting, NULL, 2);
    partner = start(meet_with_door_held);
    finish(start(meet_late));
    finish(partner);
}

/* ---- misuse ---- */

static void of_none(void) {
    REQUIRE(pthread_barrier_init(&meeting, NULL, 0) == EINVAL); /* REPORTED: wants meeting */
}

static void meet_in_vain(void) {
    pthread_barrier_wait(&meeting);
}

static void destroy(void) {
    AWAIT_BLOCKED(partner, &meeting);
    pthread_barrier_destroy(&meeting); /* REPORTED: wants meeting */
}

/* The call never returns. */
static void destroyed_while_waited(void) {
    pthread_barrier_init(&meeting, NULL, 2); /* REPORTED: holds meeting */
    partner = start(meet_in_vain);
    struct actor *destroyer = start(destroy);
    AWAIT_BLOCKED(destroyer, &meeting);
}

static void meet_once_more(void) {
    pthread_barrier_wait(&meeting); /* REPORTED: wants meeting */
}

static void prepare_meeting(void) {
    pthread_barrier_init(&meeting, NULL, 2); /* REPORTED: holds meeting */
}

/* Nobody is left who could let the call return. */
static void destroyed_by_the_last(void) {
    prepare_meeting();
    struct actor *other = start(meet_once_more);
    AWAIT_BLOCKED(other, &meeting);
    pthread_barrier_destroy(&meeting); /* REPORTED: wants meeting */
}

static const struct scenario scenarios[] = {
    {"short_of_a_party", short_of_a_party},
    {"alone", alone},
    {"lock_across", lock_across},
    {"used_again", used_again},
    {"destroyed_by_one_party", destroyed_by_one_party},
    {"of_one", of_one},
    {"wait_holding", wait_holding},
    {"of_none", of_none},
    {"destroyed_while_waited", destroyed_while_waited},
    {"destroyed_by_the_last", destroyed_by_the_last},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
