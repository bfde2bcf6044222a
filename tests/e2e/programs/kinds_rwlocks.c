/* Reader/writer locks: who excludes whom, with the default preference and with the other one. */
#define _GNU_SOURCE
#include <errno.h>

#include "tests/e2e/programs/kinds.h"

static pthread_rwlock_t left = PTHREAD_RWLOCK_INITIALIZER, right = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t polite = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP,
                        gentle = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static struct actor *partner, *other_partner;

static void unlock_both(pthread_rwlock_t *inner, pthread_rwlock_t *outer) {
    pthread_rwlock_unlock(inner);
    pthread_rwlock_unlock(outer);
}

/* ---- in turn ---- */

static void write_left_write_right(void) {
    pthread_rwlock_wrlock(&left);  /* REPORTED: holds left */
    pthread_rwlock_wrlock(&right); /* REPORTED: wants right */
    unlock_both(&right, &left);
}

static void write_right_write_left(void) {
    pthread_rwlock_wrlock(&right); /* REPORTED: holds right */
    pthread_rwlock_wrlock(&left);  /* REPORTED: wants left */
    unlock_both(&left, &right);
}

static void read_left_write_right(void) {
    pthread_rwlock_rdlock(&left);  /* REPORTED: holds left */
    pthread_rwlock_wrlock(&right); /* REPORTED: wants right */
    unlock_both(&right, &left);
}

static void read_right_write_left(void) {
    pthread_rwlock_rdlock(&right); /* REPORTED: holds right */
    pthread_rwlock_wrlock(&left);  /* REPORTED: wants left */
    unlock_both(&left, &right);
}

static void write_right_read_left(void) {
    pthread_rwlock_wrlock(&right); /* REPORTED: holds right */
    pthread_rwlock_rdlock(&left);  /* REPORTED: wants left */
    unlock_both(&left, &right);
}

static void read_left_read_right(void) {
    pthread_rwlock_rdlock(&left);
    pthread_rwlock_rdlock(&right);
    unlock_both(&right, &left);
}

static void read_right_read_left(void) {
    pthread_rwlock_rdlock(&right);
    pthread_rwlock_rdlock(&left);
    unlock_both(&left, &right);
}

static void write_left(void) {
    pthread_rwlock_wrlock(&left);
    pthread_rwlock_unlock(&left);
}

static void write_right(void) {
    pthread_rwlock_wrlock(&right);
    pthread_rwlock_unlock(&right);
}

static void writers_in_turn(void) {
    IN_TURNS(write_left_write_right, write_right_write_left);
}

static void readers_want_to_write_in_turn(void) {
    IN_TURNS(read_left_write_right, read_right_write_left);
}

static void writer_wants_to_read_in_turn(void) {
    IN_TURNS(write_left_write_right, write_right_read_left);
}

/* Two readers of left exclude nobody: one may hold it while the other takes it. */
static void reader_wants_to_read_in_turn(void) {
    IN_TURNS(read_left_write_right, write_right_read_left);
}

static void readers_in_turn(void) {
    IN_TURNS(read_left_read_right, read_right_read_left, write_left, write_right);
}

static void write_left_write_right_again(void) {
    write_left_write_right();
}

static void writers_same_order(void) {
    IN_TURNS(write_left_write_right, write_left_write_right_again);
}

/* ---- writers that are preferred ---- */

static void read_polite_read_gentle(void) {
    pthread_rwlock_rdlock(&polite); /* REPORTED: holds polite */
    pthread_rwlock_rdlock(&gentle); /* REPORTED: wants gentle */
    unlock_both(&gentle, &polite);
}

static void read_gentle_read_polite(void) {
    pthread_rwlock_rdlock(&gentle); /* REPORTED: holds gentle */
    pthread_rwlock_rdlock(&polite); /* REPORTED: wants polite */
    unlock_both(&polite, &gentle);
}

static void write_polite(void) {
    pthread_rwlock_wrlock(&polite); /* REPORTED: wants polite */
    pthread_rwlock_unlock(&polite);
}

static void write_gentle(void) {
    pthread_rwlock_wrlock(&gentle); /* REPORTED: wants gentle */
    pthread_rwlock_unlock(&gentle);
}

static void polite_readers_in_turn(void) {
    IN_TURNS(read_polite_read_gentle, read_gentle_read_polite, write_polite, write_gentle);
}

/* Nobody ever writes: readers stay readers. */
static void polite_readers_alone(void) {
    IN_TURNS(read_polite_read_gentle, read_gentle_read_polite);
}

static void read_polite_twice(void) {
    pthread_rwlock_rdlock(&polite); /* REPORTED: holds polite */
    pthread_rwlock_rdlock(&polite); /* REPORTED: wants polite */
    unlock_both(&polite, &polite);
}

static void polite_read_twice_in_turn(void) {
    IN_TURNS(read_polite_twice, write_polite);
}

static void polite_read_twice_alone(void) {
    IN_TURNS(read_polite_twice);
}

static void read_left_twice(void) {
    pthread_rwlock_rdlock(&left);
    pthread_rwlock_rdlock(&left);
    unlock_both(&left, &left);
}

static void read_twice_in_turn(void) {
    IN_TURNS(read_left_twice, write_left);
}

static void read_polite_across_a_writer(void) {
    pthread_rwlock_rdlock(&polite); /* REPORTED: holds polite */
    reach();
    AWAIT_BLOCKED(partner, &polite);
    pthread_rwlock_rdlock(&polite); /* REPORTED: wants polite */
}

static void write_polite_when_read(void) {
    await(1);
    pthread_rwlock_wrlock(&polite); /* REPORTED: wants polite */
}

static void polite_read_twice_live(void) {
    partner = start(write_polite_when_read);
    finish(start(read_polite_across_a_writer));
}

static void read_left_across_a_writer(void) {
    pthread_rwlock_rdlock(&left);
    reach();
    AWAIT_BLOCKED(partner, &left);
    pthread_rwlock_rdlock(&left);
    unlock_both(&left, &left);
}

static void write_left_when_read(void) {
    await(1);
    write_left();
}

/* A writer that waits does not keep readers out: this goes well. */
static void read_twice_across_a_writer(void) {
    partner = start(write_left_when_read);
    finish(start(read_left_across_a_writer));
    finish(partner);
}

/* ---- live ---- */

static void write_left_then_right(void) {
    pthread_rwlock_wrlock(&left); /* REPORTED: holds left */
    reach();
    await(2);
    pthread_rwlock_wrlock(&right); /* REPORTED: wants right */
}

static void write_right_then_left(void) {
    pthread_rwlock_wrlock(&right); /* REPORTED: holds right */
    reach();
    await(2);
    AWAIT_BLOCKED(partner, &right);
    pthread_rwlock_wrlock(&left); /* REPORTED: wants left */
}

static void writers_live(void) {
    partner = start(write_left_then_right);
    finish(start(write_right_then_left));
}

static void read_left_then_write_right(void) {
    pthread_rwlock_rdlock(&left); /* REPORTED: holds left */
    reach();
    await(2);
    pthread_rwlock_wrlock(&right); /* REPORTED: wants right */
}

static void read_right_then_write_left(void) {
    pthread_rwlock_rdlock(&right); /* REPORTED: holds right */
    reach();
    await(2);
    AWAIT_BLOCKED(partner, &right);
    pthread_rwlock_wrlock(&left); /* REPORTED: wants left */
}

static void readers_want_to_write_live(void) {
    partner = start(read_left_then_write_right);
    finish(start(read_right_then_write_left));
}

static void write_right_then_read_left(void) {
    pthread_rwlock_wrlock(&right); /* REPORTED: holds right */
    reach();
    await(2);
    AWAIT_BLOCKED(partner, &right);
    pthread_rwlock_rdlock(&left); /* REPORTED: wants left */
}

static void writer_wants_to_read_live(void) {
    partner = start(write_left_then_right);
    finish(start(write_right_then_read_left));
}

static void upgrade(void) {
    pthread_rwlock_rdlock(&left); /* REPORTED: holds left */
    pthread_rwlock_wrlock(&left); /* REPORTED: wants left */
}

static void read_and_upgrade(void) {
    pthread_rwlock_rdlock(&left); /* REPORTED: holds left */
    reach();
    await(2);
    pthread_rwlock_wrlock(&left); /* REPORTED: wants left */
}

static void two_upgrade(void) {
    start(read_and_upgrade);
    finish(start(read_and_upgrade));
}

static void read_left_for_good(void) {
    pthread_rwlock_rdlock(&left);
    reach();
    pause();
}

static void read_left_then_door(void) {
    pthread_rwlock_rdlock(&left); /* REPORTED: holds left */
    reach();
    await(3);
    pthread_mutex_lock(&door); /* REPORTED: wants door */
}

static void door_then_write_left(void) {
    pthread_mutex_lock(&door); /* REPORTED: holds door */
    reach();
    await(3);
    AWAIT_BLOCKED(partner, &door);
    pthread_rwlock_wrlock(&left); /* REPORTED: wants left */
}

/* The writer needs both readers to go, and one of them waits for the writer. */
static void one_of_two_readers_stuck(void) {
    start(read_left_for_good);
    partner = start(read_left_then_door);
    finish(start(door_then_write_left));
}

static void read_left_until_asked(void) {
    pthread_rwlock_rdlock(&left);
    reach();
    AWAIT_BLOCKED(partner, &left);
    AWAIT_BLOCKED(other_partner, &left);
    pthread_rwlock_unlock(&left);
}

static void write_left_when_two_read(void) {
    await(2);
    write_left();
}

static void read_left_later(void) {
    pthread_rwlock_rdlock(&left);
    reach();
    AWAIT_BLOCKED(partner, &left);
    pthread_rwlock_unlock(&left);
}

/* A writer waits for readers that go on: no deadlock. */
static void writers_wait_for_readers(void) {
    partner = start(write_left_when_two_read);
    other_partner = start(write_left_when_two_read);
    struct actor *readers[] = {start(read_left_until_asked), start(read_left_later)};
    finish(readers[0]);
    finish(readers[1]);
    finish(partner);
    finish(other_partner);
}

/* ---- attempts and limits ---- */

static void try_to_write_right_inside_left(void) {
    pthread_rwlock_wrlock(&left);
    REQUIRE(pthread_rwlock_trywrlock(&right) == 0);
    unlock_both(&right, &left);
}

static void try_to_read_right_inside_left(void) {
    pthread_rwlock_wrlock(&left);
    REQUIRE(pthread_rwlock_tryrdlock(&right) == 0);
    unlock_both(&right, &left);
}

static void tried(void) {
    IN_TURNS(try_to_write_right_inside_left, try_to_read_right_inside_left, write_right_write_left);
}

static void write_right_within_a_time(void) {
    struct timespec limit = after_ms(CLOCK_REALTIME, 10000);
    pthread_rwlock_wrlock(&left);
    REQUIRE(pthread_rwlock_timedwrlock(&right, &limit) == 0);
    unlock_both(&right, &left);
}

static void read_right_within_a_time(void) {
    struct timespec limit = after_ms(CLOCK_MONOTONIC, 10000);
    pthread_rwlock_wrlock(&left);
    REQUIRE(pthread_rwlock_clockrdlock(&right, CLOCK_MONOTONIC, &limit) == 0);
    unlock_both(&right, &left);
}

static void timed(void) {
    IN_TURNS(write_right_within_a_time, read_right_within_a_time, write_right_write_left);
}

static void write_right_for_a_while(void) {
    pthread_rwlock_wrlock(&left);
    reach();
    await(2);
    struct timespec limit = after_ms(CLOCK_MONOTONIC, 200);
    REQUIRE(pthread_rwlock_clockwrlock(&right, CLOCK_MONOTONIC, &limit) == ETIMEDOUT);
    pthread_rwlock_unlock(&left);
}

static void write_right_then_left_and_go(void) {
    pthread_rwlock_wrlock(&right);
    reach();
    await(2);
    AWAIT_BLOCKED(partner, &right);
    pthread_rwlock_wrlock(&left);
    unlock_both(&left, &right);
}

/* The knot that comes undone by itself. */
static void timed_across(void) {
    partner = start(write_right_for_a_while);
    finish(start(write_right_then_left_and_go));
    finish(partner);
}

/* ---- misuse ---- */

static void write_twice(void) {
    pthread_rwlock_wrlock(&left);                     /* REPORTED: holds left */
    REQUIRE(pthread_rwlock_wrlock(&left) == EDEADLK); /* REPORTED: wants left */
    pthread_rwlock_unlock(&left);
}

static void read_what_is_written(void) {
    pthread_rwlock_wrlock(&left);                     /* REPORTED: holds left */
    REQUIRE(pthread_rwlock_rdlock(&left) == EDEADLK); /* REPORTED: wants left */
    pthread_rwlock_unlock(&left);
}

static void hold_left_for_writing(void) {
    pthread_rwlock_wrlock(&left); /* REPORTED: holds left */
    reach();
    pause();
}

static void unlock_by_another(void) {
    start(hold_left_for_writing);
    await(1);
    pthread_rwlock_unlock(&left); /* REPORTED: wants left */
}

static void hold_left_for_reading(void) {
    pthread_rwlock_rdlock(&left); /* REPORTED: holds left */
    reach();
    pause();
}

static void destroy_read(void) {
    start(hold_left_for_reading);
    await(1);
    pthread_rwlock_destroy(&left); /* REPORTED: wants left */
}

static void init_read(void) {
    start(hold_left_for_reading);
    await(1);
    pthread_rwlock_init(&left, NULL); /* REPORTED: wants left */
}

static void use_destroyed(void) {
    pthread_rwlock_destroy(&left); /* REPORTED: holds left */
    pthread_rwlock_rdlock(&left);  /* REPORTED: wants left */
    pthread_rwlock_unlock(&left);
}

static void renewed(void) {
    for (int i = 0; i < 3; i++) {
        pthread_rwlock_rdlock(&left);
        pthread_rwlock_unlock(&left);
        pthread_rwlock_destroy(&left);
        pthread_rwlock_init(&left, NULL);
    }
    IN_TURNS(read_left_twice, write_left);
}

static const struct scenario scenarios[] = {
    {"writers_in_turn", writers_in_turn},
    {"readers_want_to_write_in_turn", readers_want_to_write_in_turn},
    {"writer_wants_to_read_in_turn", writer_wants_to_read_in_turn},
    {"reader_wants_to_read_in_turn", reader_wants_to_read_in_turn},
    {"readers_in_turn", readers_in_turn},
    {"writers_same_order", writers_same_order},
    {"polite_readers_in_turn", polite_readers_in_turn},
    {"polite_readers_alone", polite_readers_alone},
    {"polite_read_twice_in_turn", polite_read_twice_in_turn},
    {"polite_read_twice_alone", polite_read_twice_alone},
    {"read_twice_in_turn", read_twice_in_turn},
    {"polite_read_twice_live", polite_read_twice_live},
    {"read_twice_across_a_writer", read_twice_across_a_writer},
    {"writers_live", writers_live},
    {"readers_want_to_write_live", readers_want_to_write_live},
    {"writer_wants_to_read_live", writer_wants_to_read_live},
    {"upgrade", upgrade},
    {"two_upgrade", two_upgrade},
    {"one_of_two_readers_stuck", one_of_two_readers_stuck},
    {"writers_wait_for_readers", writers_wait_for_readers},
    {"tried", tried},
    {"timed", timed},
    {"timed_across", timed_across},
    {"write_twice", write_twice},
    {"read_what_is_written", read_what_is_written},
    {"unlock_by_another", unlock_by_another},
    {"destroy_read", destroy_read},
    {"init_read", init_read},
    {"use_destroyed", use_destroyed},
    {"renewed", renewed},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
