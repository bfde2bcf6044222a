/* The C++ library's locks, conditions, semaphores and the like: what they answer, and that exceptions pass
 * through them.
 *
 * Prints what it sees; with the library preloaded it must be the same.
 */
#include "tests/interpose/programs/conformance_cpp.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

template <typename Lock> static bool tries_shared(Lock &lock) {
    if (!lock.try_lock_shared())
        return false;
    lock.unlock_shared();
    return true;
}

template <typename Lock, typename Duration> static bool tries_for(Lock &lock, Duration duration) {
    if (!lock.try_lock_for(duration))
        return false;
    lock.unlock();
    return true;
}

template <typename Lock> static bool tries_until(Lock &lock, int ms) {
    bool steady = lock.try_lock_until(std::chrono::steady_clock::now() + std::chrono::milliseconds(ms));
    if (steady)
        lock.unlock();
    bool system = lock.try_lock_until(std::chrono::system_clock::now() + std::chrono::milliseconds(ms));
    if (system)
        lock.unlock();
    tell("the same by either clock", steady == system);
    return steady;
}

template <typename Lock> static bool tries_shared_for(Lock &lock, int ms) {
    bool taken = lock.try_lock_shared_for(std::chrono::milliseconds(ms));
    if (taken)
        lock.unlock_shared();
    bool taken_until =
        lock.try_lock_shared_until(std::chrono::system_clock::now() + std::chrono::milliseconds(ms));
    if (taken_until)
        lock.unlock_shared();
    tell("the same for and until", taken == taken_until);
    return taken;
}

static void mutexes() {
    std::puts("-- mutexes");
    std::mutex plain;
    std::recursive_mutex recursive;
    {
        std::lock_guard<std::mutex> guard(plain);
        std::lock_guard<std::recursive_mutex> one(recursive), two(recursive);
        tell("plain, taken", elsewhere([&] { return tries(plain); }));
        tell("recursive, taken", elsewhere([&] { return tries(recursive); }));
        tell("recursive, own", tries(recursive));
    }
    tell("plain, free", elsewhere([&] { return tries(plain); }));
    tell("recursive, free", elsewhere([&] { return tries(recursive); }));
    std::unique_lock<std::mutex> owner(plain);
    tell("unique lock again", error_of([&] { owner.lock(); }));
    owner.unlock();
    tell("unique unlock again", error_of([&] { owner.unlock(); }));
    tell("without a mutex", error_of([] { std::unique_lock<std::mutex>().lock(); }));
}

template <typename Lock> static void timed(const char *name, Lock &lock) {
    std::printf("-- %s\n", name);
    tell("free", tries(lock) && tries_for(lock, 60s) && tries_until(lock, 60000) && tries_for(lock, -1s));
    lock.lock();
    tell("taken", elsewhere([&] { return tries(lock) || tries_for(lock, 2ms) || tries_until(lock, 2); }));
    tell("taken, no time left", elsewhere([&] { return tries_for(lock, -1s) || tries_until(lock, -1000); }));
    lock.unlock();
    tell("free again", elsewhere([&] { return tries_for(lock, 60s); }));
}

template <typename Lock> static void shared(const char *name, Lock &lock) {
    std::printf("-- %s\n", name);
    lock.lock_shared();
    tell("reading, read", elsewhere([&] { return tries_shared(lock); }));
    tell("reading, write", elsewhere([&] { return tries(lock); }));
    lock.unlock_shared();
    lock.lock();
    tell("writing, read", elsewhere([&] { return tries_shared(lock); }));
    tell("writing, write", elsewhere([&] { return tries(lock); }));
    /* POSIX says EDEADLK, C++ makes it an exception. */
    tell("writing, write again", error_of([&] { lock.lock(); }));
    tell("writing, read too", error_of([&] { lock.lock_shared(); }));
    lock.unlock();
    tell("free", tries(lock) && tries_shared(lock));
}

static void shared_timed(std::shared_timed_mutex &lock) {
    lock.lock();
    tell("writing, read for", elsewhere([&] { return tries_shared_for(lock, 2); }));
    lock.unlock();
    lock.lock_shared();
    tell("reading, read for", elsewhere([&] { return tries_shared_for(lock, 60000); }));
    tell("reading, write for", elsewhere([&] { return tries_for(lock, 2ms); }));
    lock.unlock_shared();
}

/* Several at once, in any order: no deadlock. */
static void several() {
    std::puts("-- several at once");
    std::mutex left, right, third;
    int count = 0;
    auto work = [&](bool other_way) {
        for (int i = 0; i < 3000; i++) {
            if (other_way) {
                std::scoped_lock locks(third, right, left);
                count++;
            } else {
                std::scoped_lock locks(left, right, third);
                count++;
            }
        }
    };
    std::thread one(work, false), two(work, true);
    one.join();
    two.join();
    tell("count", count);
    right.lock();
    tell("which one is taken", elsewhere([&] { return std::try_lock(left, right, third); }));
    right.unlock();
    tell("none is taken", elsewhere([&] {
             int which = std::try_lock(left, right, third);
             left.unlock();
             right.unlock();
             third.unlock();
             return which;
         }));
}

template <typename Function>
static void call_with_locks(std::mutex &plain, std::shared_mutex &shared, Function callback) {
    noted outer{"outer"};
    std::lock_guard<std::mutex> guard(plain);
    std::shared_lock<std::shared_mutex> reading(shared);
    noted inner{"inner"};
    callback();
}

static void exceptions() {
    std::puts("-- exceptions");
    std::mutex plain;
    std::shared_mutex shared;
    try {
        call_with_locks(plain, shared, [] { throw std::runtime_error("from the callback"); });
    } catch (const std::runtime_error &error) {
        std::puts(error.what());
    }
    tell("both are free", elsewhere([&] { return tries(plain) && tries(shared); }));
    /* Out of a thread, through a future. */
    auto future = std::async(std::launch::async, [&] {
        call_with_locks(plain, shared, [] { throw 66; });
        return 0;
    });
    try {
        tell("no exception", future.get());
    } catch (int thrown) {
        tell("thrown", thrown);
    }
    tell("both are free", elsewhere([&] { return tries(plain) && tries(shared); }));
    /* Out of a wait's predicate, which runs with the mutex held. */
    std::condition_variable condition;
    std::unique_lock<std::mutex> lock(plain);
    try {
        condition.wait(lock, []() -> bool { throw std::string("from the predicate"); });
    } catch (const std::string &thrown) {
        std::puts(thrown.c_str());
    }
    tell("still owned", lock.owns_lock() && !elsewhere([&] { return tries(plain); }));
}

static void readers_and_writers() {
    std::puts("-- readers and writers");
    std::shared_mutex lock;
    long first = 0, second = 0;
    std::atomic<int> torn{0};
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&, i] {
            for (int round = 0; round < 1000; round++) {
                if (i % 2) {
                    std::shared_lock<std::shared_mutex> reading(lock);
                    torn += first != second;
                } else {
                    std::unique_lock<std::shared_mutex> writing(lock);
                    first++;
                    second++;
                }
            }
        });
    for (std::thread &thread : threads)
        thread.join();
    tell("writes", first);
    tell("torn", torn);
}

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::timed_mutex timed_mutex;
    std::recursive_timed_mutex recursive_timed_mutex;
    std::shared_mutex shared_mutex;
    std::shared_timed_mutex shared_timed_mutex;
    mutexes();
    timed("timed_mutex", timed_mutex);
    timed("recursive_timed_mutex", recursive_timed_mutex);
    timed("shared_timed_mutex", shared_timed_mutex);
    shared("shared_mutex", shared_mutex);
    shared("shared_timed_mutex", shared_timed_mutex);
    shared_timed(shared_timed_mutex);
    several();
    exceptions();
    readers_and_writers();
    conformance_cpp_waits();
    return 0;
}
