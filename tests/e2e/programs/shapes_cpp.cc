/* Shapes of locking with the C++ library's mutexes, which have neither an init nor a destroy call; as
 * shapes.c. */
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/e2e/programs/turns.h"

static std::mutex left, right;
static std::recursive_mutex again;
static std::timed_mutex timed;

static void guard_left_right() {
    std::lock_guard<std::mutex> first(left);   /* REPORTED */
    std::lock_guard<std::mutex> second(right); /* REPORTED */
}

static void guard_right_left() {
    std::unique_lock<std::mutex> first(right); /* REPORTED */
    std::unique_lock<std::mutex> second(left); /* REPORTED */
}

static void both() {
    std::scoped_lock lock(left, right);
}

static void both_reversed() {
    std::scoped_lock lock(right, left);
}

static void again_left() {
    std::lock_guard<std::recursive_mutex> first(again);
    std::lock_guard<std::mutex> second(left);
    std::lock_guard<std::recursive_mutex> third(again);
}

static void timed_left() {
    std::lock_guard<std::timed_mutex> first(timed);
    std::lock_guard<std::mutex> second(left);
}

static void left_timed() {
    std::lock_guard<std::mutex> first(left);
    if (timed.try_lock_for(std::chrono::hours(1)))
        timed.unlock();
}

struct shape {
    const char *name, *expected;
    void (*one)();
    void (*two)();
};

static const shape shapes[] = {
    {"cpp_two_locks", "left right in guard_left_right guard_right_left", guard_left_right, guard_right_left},
    {"cpp_scoped_lock", "none", both, both_reversed},
    {"cpp_recursive", "none", again_left, again_left},
    {"cpp_timed_second", "none", timed_left, left_timed},
};

static void run(const shape &shape, long times, long threads) {
    std::vector<std::thread> actors;
    actors.reserve((size_t)threads);
    for (long i = 0; i < threads; i++)
        actors.emplace_back([&, i] {
            for (long round = 0; round < times; round++) {
                turns_wait(round * threads + i);
                (i % 2 ? shape.two : shape.one)();
                turns_pass();
            }
        });
    turns_pass();
    for (std::thread &actor : actors)
        actor.join();
}

int main(int argc, char **argv) {
    for (const shape &shape : shapes) {
        if (argc == 2)
            std::printf("%s %s\n", shape.name, shape.expected);
        else if (argc == 4 && std::strcmp(argv[1], shape.name) == 0)
            run(shape, std::strtol(argv[2], nullptr, 10), std::strtol(argv[3], nullptr, 10));
    }
    return 0;
}
