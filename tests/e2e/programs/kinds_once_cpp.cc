// std::call_once, whose routine may leave by an exception: then it has not been, and nobody is in it any
// more.
#include <mutex>

#include "tests/e2e/programs/kinds.h"

static std::once_flag flag;
static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t control = PTHREAD_ONCE_INIT;
static int times;

struct trouble {};

static void take_left() {
    pthread_mutex_lock(&left);
    times++;
    pthread_mutex_unlock(&left);
}

// Were it still under way, taking `left` after it would be an order.
static void fail_then_take_left() {
    for (int i = 0; i < 100; i++) {
        bool caught = false;
        try {
            std::call_once(flag, [] { throw trouble(); });
        } catch (const trouble &) {
            caught = true;
        }
        REQUIRE(caught);
        take_left();
    }
}

static void call_with_left_held() {
    pthread_mutex_lock(&left);
    std::call_once(flag, [] { times++; });
    pthread_mutex_unlock(&left);
}

static void in_order(void (*first)(), void (*second)()) {
    void (*const both[])() = {first, second, nullptr};
    in_turns(both);
    printf("%d\n", times);
}

static void throws() {
    in_order(fail_then_take_left, call_with_left_held);
}

static void fail_inside() {
    throw trouble();
}

static void run_outer() {
    try {
        std::call_once(flag, fail_inside);
    } catch (const trouble &) {
        times++;
    }
    throw trouble();
}

static void fail_twice_then_take_left() {
    try {
        pthread_once(&control, run_outer);
    } catch (const trouble &) {
        times++;
    }
    take_left();
}

static void call_both_with_left_held() {
    call_with_left_held();
    pthread_mutex_lock(&left);
    pthread_once(&control, [] { times++; });
    pthread_mutex_unlock(&left);
}

static void throws_twice() {
    in_order(fail_twice_then_take_left, call_both_with_left_held);
}

// The routine of the one that was caught inside is still under way when it takes `left`.
static void catch_inside_and_take_left() {
    try {
        std::call_once(flag, fail_inside);
    } catch (const trouble &) {
        pthread_mutex_lock(&left); /* REPORTED: wants left */
        pthread_mutex_unlock(&left);
    }
}

static void need_it_first() {
    pthread_once(&control, catch_inside_and_take_left); /* REPORTED: holds control */
}

static void need_it_with_left_held() {
    pthread_mutex_lock(&left);                          /* REPORTED: holds left */
    pthread_once(&control, catch_inside_and_take_left); /* REPORTED: wants control */
    pthread_mutex_unlock(&left);
}

static void throws_inside() {
    in_order(need_it_first, need_it_with_left_held);
}

static const struct scenario scenarios[] = {
    {"throws", throws},
    {"throws_twice", throws_twice},
    {"throws_inside", throws_inside},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
