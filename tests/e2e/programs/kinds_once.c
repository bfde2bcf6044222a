/* pthread_once and call_once: who comes second waits until the routine has ended. */
#define _GNU_SOURCE
#include <threads.h>

#include "tests/e2e/programs/kinds.h"

static pthread_once_t control = PTHREAD_ONCE_INIT, other_control = PTHREAD_ONCE_INIT;
static once_flag flag = ONCE_FLAG_INIT;
static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, door = PTHREAD_MUTEX_INITIALIZER;
static struct actor *partner, *other_partner;
static int times;

/* ---- the routine needs what a waiter holds ---- */

static void set_up_with_left(void) {
    reach();
    AWAIT_BLOCKED(partner, &control);
    pthread_mutex_lock(&left); /* REPORTED: wants left */
    pthread_mutex_unlock(&left);
}

static void set_up_first(void) {
    pthread_once(&control, set_up_with_left); /* REPORTED: holds control */
}

static void set_up_second_with_left_held(void) {
    pthread_mutex_lock(&left); /* REPORTED: holds left */
    await(1);
    pthread_once(&control, set_up_with_left); /* REPORTED: wants control */
    pthread_mutex_unlock(&left);
}

static void needs_what_a_waiter_holds(void) {
    partner = start(set_up_second_with_left_held);
    finish(start(set_up_first));
}

static void set_up_other(void) {
    reach();
    await(2);
    pthread_once(&control, set_up_other); /* REPORTED: wants control */
}

static void set_up_one(void) {
    reach();
    await(2);
    AWAIT_BLOCKED(other_partner, &control);
    pthread_once(&other_control, set_up_one); /* REPORTED: wants other_control */
}

static void start_one(void) {
    pthread_once(&control, set_up_one); /* REPORTED: holds control */
}

static void start_other(void) {
    pthread_once(&other_control, set_up_other); /* REPORTED: holds other_control */
}

static void two_routines_need_each_other(void) {
    other_partner = start(start_other);
    finish(start(start_one));
}

/* ---- the routine needs what another thread might hold when it comes ---- */

static void set_up_under_left(void) {
    pthread_mutex_lock(&left); /* REPORTED: wants left */
    pthread_mutex_unlock(&left);
}

static void need_it_first(void) {
    pthread_once(&control, set_up_under_left); /* REPORTED: holds control */
}

static void need_it_with_left_held(void) {
    pthread_mutex_lock(&left);                 /* REPORTED: holds left */
    pthread_once(&control, set_up_under_left); /* REPORTED: wants control */
    pthread_mutex_unlock(&left);
}

static void needs_what_a_caller_holds(void) {
    IN_TURNS(need_it_first, need_it_with_left_held);
}

/* ---- the routine needs itself ---- */

static void set_up_again(void) {
    pthread_once(&control, set_up_again); /* REPORTED: wants control */
}

static void recursion(void) {
    pthread_once(&control, set_up_again); /* REPORTED: holds control */
}

static void set_up_flag_again(void) {
    call_once(&flag, set_up_flag_again); /* REPORTED: wants flag */
}

static void recursion_of_call_once(void) {
    call_once(&flag, set_up_flag_again); /* REPORTED: holds flag */
}

/* ---- as it should be ---- */

static void set_up_slowly(void) {
    pthread_mutex_lock(&left);
    times++;
    pthread_mutex_unlock(&left);
    reach();
    AWAIT_BLOCKED(partner, &control);
}

static void set_up_slowly_first(void) {
    pthread_once(&control, set_up_slowly);
}

static void set_up_slowly_second(void) {
    await(1);
    pthread_once(&control, set_up_slowly);
}

static void second_waits(void) {
    partner = start(set_up_slowly_second);
    finish(start(set_up_slowly_first));
    finish(partner);
    printf("%d\n", times);
}

static void set_up(void) {
    pthread_mutex_lock(&left);
    times++;
    pthread_mutex_unlock(&left);
}

static void set_up_many_times(void) {
    for (int i = 0; i < 1000; i++) {
        pthread_once(&control, set_up);
        call_once(&flag, set_up);
    }
}

static void many_threads(void) {
    struct actor *all[4];
    for (int i = 0; i < 4; i++)
        all[i] = start(set_up_many_times);
    for (int i = 0; i < 4; i++)
        finish(all[i]);
    printf("%d\n", times);
}

static void set_up_inner(void) {
    pthread_once(&other_control, set_up);
}

static void set_up_nested(void) {
    pthread_once(&control, set_up_inner);
}

static void set_up_nested_with_door_held(void) {
    pthread_mutex_lock(&door);
    pthread_once(&control, set_up_inner);
    pthread_mutex_unlock(&door);
}

static void nested(void) {
    IN_TURNS(set_up_nested, set_up_nested_with_door_held);
    printf("%d\n", times);
}

static void set_up_and_exit(void) {
    times++;
    pthread_exit(NULL);
}

static void *call_and_be_gone(void *unused) {
    pthread_once(&control, set_up_and_exit);
    return unused;
}

/* A routine that does not end has not been: the next one is called. */
static void routine_that_exits(void) {
    pthread_t first;
    pthread_create(&first, NULL, call_and_be_gone, NULL);
    pthread_join(first, NULL);
    pthread_once(&control, set_up);
    printf("%d\n", times);
}

static const struct scenario scenarios[] = {
    {"needs_what_a_waiter_holds", needs_what_a_waiter_holds},
    {"needs_what_a_caller_holds", needs_what_a_caller_holds},
    {"two_routines_need_each_other", two_routines_need_each_other},
    {"recursion", recursion},
    {"recursion_of_call_once", recursion_of_call_once},
    {"second_waits", second_waits},
    {"many_threads", many_threads},
    {"nested", nested},
    {"routine_that_exits", routine_that_exits},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
