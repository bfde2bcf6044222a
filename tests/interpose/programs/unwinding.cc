/* C++ exceptions and cancellation pass through frames that hold locks, and through the hooks. */
#include <condition_variable>
#include <cxxabi.h>
#include <mutex>
#include <pthread.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

#include "tests/interpose/programs/cases.h"

static std::mutex left, right;

static void throw_at(int depth) {
    std::lock_guard<std::mutex> first(left);
    if (depth % 2)
        throw std::runtime_error("odd");
    std::lock_guard<std::mutex> second(right);
    throw depth;
}

static void throw_and_catch(int *caught) {
    for (int i = 0; i < 2000; i++) {
        try {
            throw_at(i);
        } catch (const std::runtime_error &) {
            ++*caught;
        } catch (int) {
            ++*caught;
        }
    }
}

static void exceptions() {
    std::vector<std::thread> threads;
    int caught[4] = {};
    for (int &count : caught)
        threads.emplace_back(throw_and_catch, &count);
    for (std::thread &thread : threads)
        thread.join();
    std::printf("%d %d %d %d, free: %d\n", caught[0], caught[1], caught[2], caught[3], left.try_lock());
}

static std::condition_variable never;
static bool waiting;

struct says_when_destroyed {
    ~says_when_destroyed() {
        std::puts("destroyed");
    }
};

static void *wait_in_cpp(void *unused) {
    says_when_destroyed object;
    std::unique_lock<std::mutex> lock(left);
    waiting = true;
    try {
        while (waiting)
            never.wait(lock);
    } catch (abi::__forced_unwind &) {
        std::printf("unwound, holding it: %d\n", lock.owns_lock());
        throw;
    }
    return unused;
}

static void cancelled() {
    pthread_t thread;
    pthread_create(&thread, nullptr, wait_in_cpp, nullptr);
    for (bool waits = false; !waits; usleep(1000)) {
        std::lock_guard<std::mutex> lock(left);
        waits = waiting;
    }
    pthread_cancel(thread);
    pthread_join(thread, nullptr);
    std::printf("free: %d\n", left.try_lock());
}

static void *exit_in_cpp(void *unused) {
    says_when_destroyed object;
    std::lock_guard<std::mutex> lock(left);
    pthread_exit(unused);
}

static void exited() {
    pthread_t thread;
    pthread_create(&thread, nullptr, exit_in_cpp, nullptr);
    pthread_join(thread, nullptr);
    std::printf("free: %d\n", left.try_lock());
}

static const struct cases_case cases[] = {
    {"exceptions", exceptions}, {"cancelled", cancelled}, {"exited", exited}};

CASES_MAIN(cases)
