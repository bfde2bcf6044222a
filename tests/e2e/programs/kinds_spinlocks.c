/* Spinlocks, alone and in rings with other locks. */
#define _GNU_SOURCE
#include <errno.h>

#include "tests/e2e/programs/kinds.h"

static pthread_spinlock_t left, right;
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t book = PTHREAD_RWLOCK_INITIALIZER;
static struct actor *partner, *other_partner;

static void begin(void) {
    pthread_spin_init(&left, PTHREAD_PROCESS_PRIVATE); /* REPORTED: holds left */
    pthread_spin_init(&right, PTHREAD_PROCESS_PRIVATE);
}

/* ---- two ---- */

static void left_right(void) {
    pthread_spin_lock(&left);  /* REPORTED: holds left */
    pthread_spin_lock(&right); /* REPORTED: wants right */
    pthread_spin_unlock(&right);
    pthread_spin_unlock(&left);
}

static void right_left(void) {
    pthread_spin_lock(&right); /* REPORTED: holds right */
    pthread_spin_lock(&left);  /* REPORTED: wants left */
    pthread_spin_unlock(&left);
    pthread_spin_unlock(&right);
}

static void ab_ba_in_turn(void) {
    begin();
    IN_TURNS(left_right, right_left);
}

static void left_right_again(void) {
    left_right();
}

static void same_order(void) {
    begin();
    IN_TURNS(left_right, left_right_again);
}

static void left_try_right(void) {
    pthread_spin_lock(&left);
    REQUIRE(pthread_spin_trylock(&right) == 0);
    pthread_spin_unlock(&right);
    pthread_spin_unlock(&left);
}

static void tried(void) {
    begin();
    IN_TURNS(left_try_right, right_left);
}

static void left_then_right(void) {
    pthread_spin_lock(&left); /* REPORTED: holds left */
    reach();
    await(2);
    pthread_spin_lock(&right); /* REPORTED: wants right */
}

static void right_then_left(void) {
    pthread_spin_lock(&right); /* REPORTED: holds right */
    reach();
    await(2);
    pthread_spin_lock(&left); /* REPORTED: wants left */
}

static void ab_ba_live(void) {
    begin();
    start(left_then_right);
    finish(start(right_then_left));
}

static void relock(void) {
    begin();
    pthread_spin_lock(&left); /* REPORTED: holds left */
    pthread_spin_lock(&left); /* REPORTED: wants left */
}

static long counted;

static void count(void) {
    for (int i = 0; i < 20000; i++) {
        pthread_spin_lock(&left);
        counted++;
        pthread_spin_unlock(&left);
    }
}

/* Much contended, and sometimes for longer than one spins: no deadlock. */
static void contended(void) {
    begin();
    struct actor *others[] = {start(count), start(count), start(count)};
    for (int i = 0; i < 3; i++)
        finish(others[i]);
    printf("%ld\n", counted);
}

static void hold_left_for_a_while(void) {
    pthread_spin_lock(&left);
    reach();
    usleep(100000);
    pthread_spin_unlock(&left);
}

static void held_for_long(void) {
    begin();
    struct actor *owner = start(hold_left_for_a_while);
    await(1);
    pthread_spin_lock(&left);
    pthread_spin_unlock(&left);
    finish(owner);
}

/* ---- rings ---- */

static void door_left(void) {
    pthread_mutex_lock(&door); /* REPORTED: holds door */
    pthread_spin_lock(&left);  /* REPORTED: wants left */
    pthread_spin_unlock(&left);
    pthread_mutex_unlock(&door);
}

static void left_book(void) {
    pthread_spin_lock(&left);     /* REPORTED: holds left */
    pthread_rwlock_wrlock(&book); /* REPORTED: wants book */
    pthread_rwlock_unlock(&book);
    pthread_spin_unlock(&left);
}

static void book_door(void) {
    pthread_rwlock_rdlock(&book); /* REPORTED: holds book */
    pthread_mutex_lock(&door);    /* REPORTED: wants door */
    pthread_mutex_unlock(&door);
    pthread_rwlock_unlock(&book);
}

static void ring_in_turn(void) {
    begin();
    IN_TURNS(door_left, left_book, book_door);
}

static void left_then_book(void) {
    pthread_spin_lock(&left); /* REPORTED: holds left */
    reach();
    await(3);
    pthread_rwlock_wrlock(&book); /* REPORTED: wants book */
}

static void book_then_door(void) {
    pthread_rwlock_rdlock(&book); /* REPORTED: holds book */
    reach();
    await(3);
    AWAIT_BLOCKED(partner, &book);
    pthread_mutex_lock(&door); /* REPORTED: wants door */
}

static void door_then_left(void) {
    pthread_mutex_lock(&door); /* REPORTED: holds door */
    reach();
    await(3);
    AWAIT_BLOCKED(other_partner, &door);
    pthread_spin_lock(&left); /* REPORTED: wants left */
}

static void ring_live(void) {
    begin();
    partner = start(left_then_book);
    other_partner = start(book_then_door);
    finish(start(door_then_left));
}

/* ---- misuse ---- */

static void hold_left(void) {
    pthread_spin_lock(&left); /* REPORTED: holds left */
    reach();
    pause();
}

static void unlock_by_another(void) {
    begin();
    start(hold_left);
    await(1);
    pthread_spin_unlock(&left); /* REPORTED: wants left */
}

static void unlock_unlocked(void) {
    begin();
    pthread_spin_unlock(&left); /* REPORTED: wants left */
}

static void destroy_locked(void) {
    begin();
    start(hold_left);
    await(1);
    pthread_spin_destroy(&left); /* REPORTED: wants left */
}

static void init_locked(void) {
    begin();
    start(hold_left);
    await(1);
    pthread_spin_init(&left, PTHREAD_PROCESS_PRIVATE); /* REPORTED: wants left */
}

static void use_destroyed(void) {
    begin();
    pthread_spin_destroy(&left); /* REPORTED: holds left */
    pthread_spin_lock(&left);    /* REPORTED: wants left */
    pthread_spin_unlock(&left);
}

static void renewed(void) {
    for (int i = 0; i < 3; i++) {
        begin();
        pthread_spin_lock(&left);
        pthread_spin_unlock(&left);
        pthread_spin_destroy(&left);
        pthread_spin_destroy(&right);
    }
}

static const struct scenario scenarios[] = {
    {"ab_ba_in_turn", ab_ba_in_turn},
    {"same_order", same_order},
    {"tried", tried},
    {"ab_ba_live", ab_ba_live},
    {"relock", relock},
    {"contended", contended},
    {"held_for_long", held_for_long},
    {"ring_in_turn", ring_in_turn},
    {"ring_live", ring_live},
    {"unlock_by_another", unlock_by_another},
    {"unlock_unlocked", unlock_unlocked},
    {"destroy_locked", destroy_locked},
    {"init_locked", init_locked},
    {"use_destroyed", use_destroyed},
    {"renewed", renewed},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
