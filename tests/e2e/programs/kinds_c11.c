/* The locks, conditions and threads of C11. */
#define _GNU_SOURCE
#include <threads.h>

#include "tests/e2e/programs/kinds.h"

static mtx_t left, right;
static cnd_t changed;
static thrd_t players[3];
static int players_tid, rounds;

static void begin(int type) {
    mtx_init(&left, type);
    mtx_init(&right, type);
    cnd_init(&changed);
}

static thrd_t play(int (*part)(void *)) {
    thrd_t thread;
    REQUIRE(thrd_create(&thread, part, NULL) == thrd_success);
    return thread;
}

static void await_turn(int turn) {
    while (__atomic_load_n(&actors_turn, __ATOMIC_RELAXED) != turn)
        sched_yield();
}

static void next_turn(void) {
    __atomic_fetch_add(&actors_turn, 1, __ATOMIC_RELAXED);
}

static void play_in_turns(int (*first)(void *), int (*second)(void *)) {
    thrd_t one = play(first), two = play(second);
    next_turn();
    REQUIRE(thrd_join(one, NULL) == thrd_success);
    REQUIRE(thrd_join(two, NULL) == thrd_success);
}

/* ---- two orders ---- */

static int left_right(void *unused) {
    (void)unused;
    await_turn(0);
    mtx_lock(&left);  /* REPORTED: holds left */
    mtx_lock(&right); /* REPORTED: wants right */
    mtx_unlock(&right);
    mtx_unlock(&left);
    next_turn();
    return 0;
}

static int right_left(void *unused) {
    (void)unused;
    await_turn(1);
    mtx_lock(&right); /* REPORTED: holds right */
    mtx_lock(&left);  /* REPORTED: wants left */
    mtx_unlock(&left);
    mtx_unlock(&right);
    return 0;
}

static int left_right_second(void *unused) {
    (void)unused;
    await_turn(1);
    mtx_lock(&left);
    mtx_lock(&right);
    mtx_unlock(&right);
    mtx_unlock(&left);
    return 0;
}

static void ab_ba_in_turn(void) {
    begin(mtx_plain);
    play_in_turns(left_right, right_left);
}

static void same_order(void) {
    begin(mtx_plain);
    play_in_turns(left_right, left_right_second);
}

static int left_timed_right(void *unused) {
    (void)unused;
    struct timespec limit = after_ms(CLOCK_REALTIME, 10000);
    await_turn(0);
    mtx_lock(&left);
    REQUIRE(mtx_timedlock(&right, &limit) == thrd_success);
    mtx_unlock(&right);
    REQUIRE(mtx_trylock(&right) == thrd_success);
    mtx_unlock(&right);
    mtx_unlock(&left);
    next_turn();
    return 0;
}

static void tried_and_timed(void) {
    begin(mtx_timed);
    play_in_turns(left_timed_right, right_left);
}

static int left_then_right(void *unused) {
    (void)unused;
    __atomic_store_n(&players_tid, gettid(), __ATOMIC_RELAXED);
    mtx_lock(&left); /* REPORTED: holds left */
    reach();
    await(2);
    mtx_lock(&right); /* REPORTED: wants right */
    return 0;
}

static int right_then_left(void *unused) {
    (void)unused;
    mtx_lock(&right); /* REPORTED: holds right */
    reach();
    await(2);
    await_call(&players_tid, SYS_futex, &right, sizeof right);
    mtx_lock(&left); /* REPORTED: wants left */
    return 0;
}

static void ab_ba_live(void) {
    begin(mtx_plain);
    players[0] = play(left_then_right);
    thrd_join(play(right_then_left), NULL);
}

/* ---- again ---- */

static void relock(void) {
    begin(mtx_plain);
    mtx_lock(&left); /* REPORTED: holds left */
    mtx_lock(&left); /* REPORTED: wants left */
}

static int nest(void *unused) {
    (void)unused;
    for (int i = 0; i < 100; i++) {
        mtx_lock(&left);
        mtx_lock(&right);
        mtx_lock(&left);
        rounds++;
        mtx_unlock(&left);
        mtx_unlock(&right);
        mtx_unlock(&left);
    }
    return 0;
}

static void recursive(void) {
    begin(mtx_plain | mtx_recursive);
    thrd_t other = play(nest);
    nest(NULL);
    thrd_join(other, NULL);
    printf("%d\n", rounds);
    mtx_destroy(&left);
    mtx_destroy(&right);
}

/* ---- conditions ---- */

static int answer(void *unused) {
    (void)unused;
    mtx_lock(&left);
    while (rounds < 1000) {
        while (rounds % 2 == 0 && rounds < 1000)
            cnd_wait(&changed, &left);
        rounds++;
        cnd_signal(&changed);
    }
    mtx_unlock(&left);
    return 0;
}

static void ping_pong(void) {
    begin(mtx_plain);
    thrd_t other = play(answer);
    mtx_lock(&left);
    while (rounds < 1000) {
        while (rounds % 2 == 1)
            cnd_wait(&changed, &left);
        rounds++;
        cnd_broadcast(&changed);
    }
    mtx_unlock(&left);
    thrd_join(other, NULL);
    cnd_destroy(&changed);
    mtx_destroy(&left);
}

static int signal_early(void *unused) {
    (void)unused;
    mtx_lock(&left);
    cnd_signal(&changed);
    mtx_unlock(&left);
    return 0;
}

static void lost_wake_up(void) {
    begin(mtx_plain);
    thrd_join(play(signal_early), NULL);
    mtx_lock(&left);
    cnd_wait(&changed, &left); /* REPORTED: wants changed */
}

static void wait_for_a_while(void) {
    begin(mtx_plain);
    struct timespec limit = after_ms(CLOCK_REALTIME, 20);
    mtx_lock(&left);
    REQUIRE(cnd_timedwait(&changed, &left, &limit) == thrd_timedout);
    mtx_unlock(&left);
}

/* ---- threads ---- */

static int join_next(void *unused) {
    (void)unused;
    await(1);
    thrd_join(players[1], NULL); /* REPORTED: wants thread T3 */
    return 0;
}

static int join_previous(void *unused) {
    (void)unused;
    await(1);
    await_call(&players_tid, SYS_futex, (void *)players[1], 4096); // NOLINT(performance-no-int-to-ptr)
    thrd_join(players[0], NULL);                                   /* REPORTED: wants thread T2 */
    return 0;
}

static int tell_and_join_next(void *unused) {
    __atomic_store_n(&players_tid, gettid(), __ATOMIC_RELAXED);
    return join_next(unused);
}

static void two_joins(void) {
    players[0] = play(tell_and_join_next);
    players[1] = play(join_previous);
    reach();
    pause();
}

static int end_detached(void *unused) {
    (void)unused;
    thrd_detach(thrd_current());
    reach();
    thrd_exit(0);
}

static void detached(void) {
    play(end_detached);
    await(1);
}

static int end_holding(void *unused) {
    (void)unused;
    mtx_lock(&left); /* REPORTED: holds left */
    return 0;
}

static void exit_holding(void) {
    begin(mtx_plain);
    thrd_join(play(end_holding), NULL);
}

static const struct scenario scenarios[] = {
    {"ab_ba_in_turn", ab_ba_in_turn},
    {"same_order", same_order},
    {"tried_and_timed", tried_and_timed},
    {"ab_ba_live", ab_ba_live},
    {"relock", relock},
    {"recursive", recursive},
    {"ping_pong", ping_pong},
    {"lost_wake_up", lost_wake_up},
    {"wait_for_a_while", wait_for_a_while},
    {"two_joins", two_joins},
    {"detached", detached},
    {"exit_holding", exit_holding},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
