/* Semaphores: as locks, as signals, as limits; and misused. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <semaphore.h>

#include "tests/e2e/programs/kinds.h"

static sem_t left, right, filled, emptied;
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static struct actor *partner;

static void begin(unsigned first, unsigned second) {
    sem_init(&left, 0, first);
    sem_init(&right, 0, second);
}

/* ---- as locks ---- */

static void left_right(void) {
    sem_wait(&left);  /* REPORTED: holds left */
    sem_wait(&right); /* REPORTED: wants right */
    sem_post(&right);
    sem_post(&left);
}

static void right_left(void) {
    sem_wait(&right); /* REPORTED: holds right */
    sem_wait(&left);  /* REPORTED: wants left */
    sem_post(&left);
    sem_post(&right);
}

static void ab_ba_in_turn(void) {
    begin(1, 1);
    IN_TURNS(left_right, right_left);
}

static void left_then_right(void) {
    sem_wait(&left); /* REPORTED: holds left */
    reach();
    await(2);
    sem_wait(&right); /* REPORTED: wants right */
}

static void right_then_left(void) {
    sem_wait(&right); /* REPORTED: holds right */
    reach();
    await(2);
    AWAIT_BLOCKED(partner, &right);
    sem_wait(&left); /* REPORTED: wants left */
}

static void ab_ba_live(void) {
    begin(1, 1);
    partner = start(left_then_right);
    finish(start(right_then_left));
}

static void left_timed_right(void) {
    struct timespec limit = after_ms(CLOCK_REALTIME, 10000);
    sem_wait(&left);
    REQUIRE(sem_timedwait(&right, &limit) == 0);
    sem_post(&right);
    sem_post(&left);
}

static void ab_ba_timed(void) {
    begin(1, 1);
    IN_TURNS(left_timed_right, right_left);
}

static void left_try_right(void) {
    sem_wait(&left);
    REQUIRE(sem_trywait(&right) == 0);
    sem_post(&right);
    sem_post(&left);
}

static void ab_ba_tried(void) {
    begin(1, 1);
    IN_TURNS(left_try_right, right_left);
}

static long counted;

static void count_under_both(void) {
    for (int i = 0; i < 1000; i++) {
        sem_wait(&left);
        sem_wait(&right);
        counted++;
        sem_post(&right);
        sem_post(&left);
    }
}

static void as_lock(void) {
    begin(1, 1);
    struct actor *other = start(count_under_both);
    count_under_both();
    finish(other);
    printf("%ld\n", counted);
}

/* ---- as locks, among others ---- */

static void door_then_left(void) {
    pthread_mutex_lock(&door); /* REPORTED: holds door */
    reach();
    await(2);
    sem_wait(&left); /* REPORTED: wants left */
}

static void left_then_door(void) {
    sem_wait(&left); /* REPORTED: holds left */
    reach();
    await(2);
    AWAIT_BLOCKED(partner, &left);
    pthread_mutex_lock(&door); /* REPORTED: wants door */
}

static void ring_with_mutex_live(void) {
    begin(1, 1);
    partner = start(door_then_left);
    finish(start(left_then_door));
}

static void door_left(void) {
    pthread_mutex_lock(&door); /* REPORTED: holds door */
    sem_wait(&left);           /* REPORTED: wants left */
    sem_post(&left);
    pthread_mutex_unlock(&door);
}

static void left_door(void) {
    sem_wait(&left);           /* REPORTED: holds left */
    pthread_mutex_lock(&door); /* REPORTED: wants door */
    pthread_mutex_unlock(&door);
    sem_post(&left);
}

static void ring_with_mutex_in_turn(void) {
    begin(1, 1);
    IN_TURNS(door_left, left_door);
}

/* ---- named ---- */

static sem_t *named_left, *named_right;

/* A name for this moment only: the file is gone when the semaphore is open. */
static sem_t *open_once(const char *side) {
    char name[64];
    snprintf(name, sizeof name, "/gordian-kinds-%d-%s", (int)getpid(), side);
    sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    REQUIRE(semaphore != SEM_FAILED);
    sem_unlink(name);
    return semaphore;
}

static void named_left_right(void) {
    sem_wait(named_left);  /* REPORTED: holds semaphore */
    sem_wait(named_right); /* REPORTED: wants semaphore */
    sem_post(named_right);
    sem_post(named_left);
}

static void named_right_left(void) {
    sem_wait(named_right); /* REPORTED: holds semaphore */
    sem_wait(named_left);  /* REPORTED: wants semaphore */
    sem_post(named_left);
    sem_post(named_right);
}

static void open_named(void) {
    named_left = open_once("left");
    named_right = open_once("right");
}

static void close_named(void) {
    sem_close(named_left);
    sem_close(named_right);
}

static void named_in_turn(void) {
    open_named();
    IN_TURNS(named_left_right, named_right_left);
    close_named();
}

static void named_same_order(void) {
    open_named();
    IN_TURNS(named_left_right, named_left_right);
    close_named();
}

/* ---- as signals ---- */

static void post_left(void) {
    sem_post(&left);
}

static void wait_left(void) {
    sem_wait(&left); /* REPORTED: wants left */
}

static void signal_before_wait(void) {
    begin(0, 0);
    IN_TURNS(post_left, wait_left);
}

static void signal_after_wait(void) {
    begin(0, 0);
    struct actor *waiter = start(wait_left);
    AWAIT_BLOCKED(waiter, &left);
    sem_post(&left);
    finish(waiter);
}

static void meet_left(void) {
    for (int i = 0; i < 1000; i++) {
        sem_post(&left);
        sem_wait(&right);
    }
}

static void meet_right(void) {
    for (int i = 0; i < 1000; i++) {
        sem_post(&right);
        sem_wait(&left);
    }
}

static void rendezvous(void) {
    begin(0, 0);
    struct actor *other = start(meet_left);
    meet_right();
    finish(other);
}

/* As an interpreter's condition waits: on a lock of its own, which it takes twice; another thread lets it go.
 */
static void take_twice(void) {
    for (int i = 0; i < 100; i++) {
        sem_init(&left, 0, 1);
        sem_wait(&left);
        reach();
        sem_wait(&left);
        sem_destroy(&left);
    }
}

static void waiter_lock(void) {
    struct actor *waiter = start(take_twice);
    for (int i = 1; i <= 100; i++) {
        await(i);
        sem_post(&left);
    }
    finish(waiter);
}

static void take_both_for_others(void) {
    sem_wait(&left);
    sem_wait(&right);
}

static void release_both(void) {
    sem_post(&right);
    sem_post(&left);
}

static void take_both_for_others_reversed(void) {
    sem_wait(&right);
    sem_wait(&left);
}

static void handed_over(void) {
    begin(1, 1);
    IN_TURNS(take_both_for_others, release_both, take_both_for_others_reversed, release_both);
}

/* That they are no locks turns out after both orders were seen. */
static void handed_over_later(void) {
    begin(1, 1);
    IN_TURNS(left_right, right_left, take_both_for_others, release_both);
}

/* ---- as counts ---- */

enum { ROOM = 4, ITEMS = 2000 };
static int items[ROOM], taken_next, put_next;

static void produce(void) {
    for (int i = 1; i <= ITEMS; i++) {
        sem_wait(&emptied);
        pthread_mutex_lock(&door);
        items[put_next++ % ROOM] = i;
        pthread_mutex_unlock(&door);
        sem_post(&filled);
    }
}

static void consume(void) {
    for (int i = 0; i < ITEMS; i++) {
        sem_wait(&filled);
        pthread_mutex_lock(&door);
        counted += items[taken_next++ % ROOM];
        pthread_mutex_unlock(&door);
        sem_post(&emptied);
    }
}

static void producers_and_consumers(void) {
    sem_init(&emptied, 0, ROOM);
    sem_init(&filled, 0, 0);
    struct actor *others[] = {start(produce), start(produce), start(consume)};
    consume();
    for (int i = 0; i < 3; i++)
        finish(others[i]);
    printf("%ld\n", counted);
}

/* A buffer of one item, guarded by a semaphore as well: all three are worth 1 at some time. */
static void produce_one(void) {
    for (int i = 1; i <= ITEMS; i++) {
        sem_wait(&emptied);
        sem_wait(&left);
        items[0] = i;
        sem_post(&left);
        sem_post(&filled);
    }
}

static void consume_one(void) {
    for (int i = 0; i < ITEMS; i++) {
        sem_wait(&filled);
        sem_wait(&left);
        counted += items[0];
        sem_post(&left);
        sem_post(&emptied);
    }
}

static void buffer_of_one(void) {
    begin(1, 1);
    sem_init(&emptied, 0, 1);
    sem_init(&filled, 0, 0);
    struct actor *producer = start(produce_one);
    consume_one();
    finish(producer);
    printf("%ld\n", counted);
}

static void use_pool(void) {
    for (int i = 0; i < 300; i++) {
        sem_wait(&left);
        pthread_mutex_lock(&door);
        counted++;
        pthread_mutex_unlock(&door);
        sem_post(&left);
    }
}

static void pool_of_three(void) {
    begin(3, 0);
    struct actor *users[6];
    for (int i = 0; i < 6; i++)
        users[i] = start(use_pool);
    for (int i = 0; i < 6; i++)
        finish(users[i]);
    printf("%ld\n", counted);
}

static void pool_then_door(void) {
    sem_wait(&left);
    pthread_mutex_lock(&door);
    pthread_mutex_unlock(&door);
    sem_post(&left);
}

static void door_then_pool(void) {
    pthread_mutex_lock(&door);
    sem_wait(&left);
    sem_post(&left);
    pthread_mutex_unlock(&door);
}

/* Two threads cannot use up a pool of three. */
static void pool_in_both_orders(void) {
    begin(3, 0);
    IN_TURNS(pool_then_door, door_then_pool);
}

/* ---- nobody posts ---- */

static void never_posted(void) {
    begin(0, 0);
    struct actor *other = start(wait_left);
    AWAIT_BLOCKED(other, &left);
    sem_wait(&right); /* REPORTED: wants right */
}

static void never_posted_alone(void) {
    begin(0, 0);
    sem_wait(&right); /* REPORTED: wants right */
}

static void produce_inside(void) {
    pthread_mutex_lock(&door); /* REPORTED: holds door */
    sem_wait(&emptied);        /* REPORTED: wants emptied */
    pthread_mutex_unlock(&door);
}

static void consume_inside(void) {
    AWAIT_BLOCKED(partner, &emptied);
    pthread_mutex_lock(&door); /* REPORTED: wants door */
    sem_post(&emptied);
    pthread_mutex_unlock(&door);
}

/* The classic mistake: the wait for room is inside the lock. */
static void waits_for_room_inside(void) {
    sem_init(&emptied, 0, 0);
    partner = start(produce_inside);
    struct actor *consumer = start(consume_inside);
    pthread_join(consumer->thread, NULL); /* REPORTED: wants thread T3 */
}

/* ---- held while waiting ---- */

static void wait_with_door_held(void) {
    pthread_mutex_lock(&door); /* REPORTED: holds door */
    sem_wait(&left);           /* REPORTED: wants left */
    pthread_mutex_unlock(&door);
}

static void wait_holding(void) {
    begin(0, 0);
    struct actor *waiter = start(wait_with_door_held);
    AWAIT_BLOCKED(waiter, &left);
    sem_post(&left);
    finish(waiter);
}

/* ---- misuse ---- */

static void overflow(void) {
    sem_init(&left, 0, SEM_VALUE_MAX);                    /* REPORTED: holds left */
    REQUIRE(sem_post(&left) == -1 && errno == EOVERFLOW); /* REPORTED: wants left */
}

static void up_to_the_largest(void) {
    sem_init(&left, 0, SEM_VALUE_MAX - 1);
    REQUIRE(sem_wait(&left) == 0);
    REQUIRE(sem_post(&left) == 0 && sem_post(&left) == 0);
}

static void post_destroyed(void) {
    sem_init(&left, 0, 1);
    sem_wait(&left);
    sem_destroy(&left); /* REPORTED: holds left */
    sem_post(&left);    /* REPORTED: wants left */
}

static void wait_destroyed(void) {
    sem_init(&left, 0, 1);
    sem_destroy(&left); /* REPORTED: holds left */
    sem_wait(&left);    /* REPORTED: wants left */
}

static void renewed(void) {
    for (int i = 0; i < 3; i++) {
        begin(1, 1);
        sem_wait(&left);
        sem_post(&left);
        sem_destroy(&left);
        sem_destroy(&right);
    }
}

static void wait_a_while(void) {
    struct timespec limit = after_ms(CLOCK_REALTIME, 300);
    REQUIRE(sem_timedwait(&left, &limit) == -1 && errno == ETIMEDOUT); /* REPORTED: holds left */
}

static void destroy_waited(void) {
    begin(0, 0);
    struct actor *waiter = start(wait_a_while);
    AWAIT_BLOCKED(waiter, &left);
    sem_destroy(&left); /* REPORTED: wants left */
    finish(waiter);
}

static void destroy_after_the_wait(void) {
    begin(0, 0);
    struct actor *waiter = start(wait_left);
    AWAIT_BLOCKED(waiter, &left);
    sem_post(&left);
    finish(waiter);
    sem_destroy(&left);
}

static const struct scenario scenarios[] = {
    {"ab_ba_in_turn", ab_ba_in_turn},
    {"ab_ba_live", ab_ba_live},
    {"ab_ba_timed", ab_ba_timed},
    {"ab_ba_tried", ab_ba_tried},
    {"as_lock", as_lock},
    {"ring_with_mutex_live", ring_with_mutex_live},
    {"ring_with_mutex_in_turn", ring_with_mutex_in_turn},
    {"named_in_turn", named_in_turn},
    {"named_same_order", named_same_order},
    {"signal_before_wait", signal_before_wait},
    {"signal_after_wait", signal_after_wait},
    {"rendezvous", rendezvous},
    {"waiter_lock", waiter_lock},
    {"handed_over", handed_over},
    {"handed_over_later", handed_over_later},
    {"producers_and_consumers", producers_and_consumers},
    {"buffer_of_one", buffer_of_one},
    {"pool_of_three", pool_of_three},
    {"pool_in_both_orders", pool_in_both_orders},
    {"never_posted", never_posted},
    {"never_posted_alone", never_posted_alone},
    {"waits_for_room_inside", waits_for_room_inside},
    {"wait_holding", wait_holding},
    {"overflow", overflow},
    {"up_to_the_largest", up_to_the_largest},
    {"post_destroyed", post_destroyed},
    {"wait_destroyed", wait_destroyed},
    {"renewed", renewed},
    {"destroy_waited", destroy_waited},
    {"destroy_after_the_wait", destroy_after_the_wait},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
