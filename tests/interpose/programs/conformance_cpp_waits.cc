/* Conditions, call_once, statics, semaphores, latches, barriers and stop tokens. */
#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <vector>

#include "tests/interpose/programs/conformance_cpp.h"

using namespace std::chrono_literals;

static void conditions() {
    std::puts("-- conditions");
    std::mutex mutex;
    std::condition_variable condition;
    std::condition_variable_any any;
    std::shared_mutex shared_mutex;
    bool ready = false;
    {
        std::unique_lock<std::mutex> lock(mutex);
        tell("for", condition.wait_for(lock, 2ms, [&] { return ready; }));
        tell("until",
             condition.wait_until(lock, std::chrono::system_clock::now() + 2ms, [&] { return ready; }));
        tell("long ago",
             condition.wait_until(lock, std::chrono::steady_clock::now() - 1s, [&] { return ready; }));
        tell("any for", any.wait_for(lock, 2ms, [&] { return ready; }));
        tell("owned", lock.owns_lock() && !elsewhere([&] { return tries(mutex); }));
        std::thread other([&] {
            std::lock_guard<std::mutex> guard(mutex);
            ready = true;
            condition.notify_one();
        });
        condition.wait(lock, [&] { return ready; });
        tell("ready", ready);
        lock.unlock();
        other.join();
    }
    ready = false;
    std::shared_lock<std::shared_mutex> reading(shared_mutex);
    std::thread writer([&] {
        std::lock_guard<std::shared_mutex> guard(shared_mutex);
        ready = true;
        any.notify_all();
    });
    any.wait(reading, [&] { return ready; });
    tell("reading again", reading.owns_lock() && !elsewhere([&] { return tries(shared_mutex); }));
    reading.unlock();
    writer.join();
}

/* A producer, a consumer, and an end. */
static void queue() {
    std::puts("-- queue");
    std::mutex mutex;
    std::condition_variable not_empty, not_full;
    std::vector<int> items;
    long sum = 0;
    std::thread consumer([&] {
        for (int i = 0; i < 2000; i++) {
            std::unique_lock<std::mutex> lock(mutex);
            not_empty.wait(lock, [&] { return !items.empty(); });
            sum += items.back();
            items.pop_back();
            not_full.notify_one();
        }
    });
    for (int i = 0; i < 2000; i++) {
        std::unique_lock<std::mutex> lock(mutex);
        not_full.wait(lock, [&] { return items.size() < 4; });
        items.push_back(i);
        not_empty.notify_one();
    }
    consumer.join();
    tell("sum", sum);
}

static void once() {
    std::puts("-- once");
    std::once_flag flag;
    int runs = 0;
    for (int i = 0; i < 4; i++) {
        try {
            std::call_once(flag, [&] {
                noted routine{"routine"};
                if (++runs < 3)
                    throw std::runtime_error("not yet");
            });
            std::puts("returned");
        } catch (const std::runtime_error &error) {
            std::puts(error.what());
        }
    }
    tell("runs", runs);
    std::array<std::once_flag, 200> flags;
    std::atomic<int> total{0};
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] {
            for (std::once_flag &each : flags)
                std::call_once(each, [&] { total++; });
        });
    for (std::thread &thread : threads)
        thread.join();
    tell("runs of many", total);
}

/* One thread's routine throws while another one waits for it: the other runs its own. */
static void once_thrown_past_a_waiter() {
    std::puts("-- once, thrown while another waits");
    std::once_flag flag;
    std::promise<void> inside;
    std::atomic<bool> leave{false};
    std::atomic<int> runs{0};
    std::thread first([&] {
        try {
            std::call_once(flag, [&] {
                runs++;
                inside.set_value();
                while (!leave)
                    std::this_thread::sleep_for(1ms);
                throw std::runtime_error("left");
            });
        } catch (const std::runtime_error &) {
            runs += 10;
        }
    });
    inside.get_future().wait();
    std::thread second([&] {
        leave = true;
        std::call_once(flag, [&] { runs += 100; });
    });
    first.join();
    second.join();
    std::call_once(flag, [&] { runs += 1000; });
    tell("runs", runs);
}

static int initialised;

struct made_once {
    made_once() {
        if (++initialised == 1)
            throw std::runtime_error("first");
    }
};

static bool use_static() {
    try {
        static made_once object;
        (void)object;
        return true;
    } catch (const std::runtime_error &) {
        return false;
    }
}

static void statics() {
    std::puts("-- statics");
    tell("first", use_static());
    tell("second", use_static());
    tell("third", elsewhere([] { return use_static(); }));
    tell("initialised", initialised);
}

static void semaphores() {
    std::puts("-- semaphores");
    std::counting_semaphore<8> counting(2);
    std::binary_semaphore binary(0);
    counting.acquire();
    tell("second", counting.try_acquire());
    tell("third", counting.try_acquire());
    tell("third for", counting.try_acquire_for(2ms));
    tell("third until", counting.try_acquire_until(std::chrono::system_clock::now() + 2ms));
    std::thread other([&] {
        counting.acquire();
        counting.acquire();
        binary.release();
    });
    counting.release(2);
    binary.acquire();
    other.join();
    tell("none left", counting.try_acquire());
    counting.release();
    tell("one for", counting.try_acquire_for(60s));
}

static void latches_and_barriers() {
    std::puts("-- latch and barrier");
    std::latch latch(3);
    std::atomic<int> phases{0}, wrong{0};
    auto completed = [&]() noexcept { phases++; };
    std::barrier<decltype(completed)> barrier(3, completed);
    std::vector<std::thread> threads;
    tell("latch at first", latch.try_wait());
    threads.reserve(3);
    for (int i = 0; i < 3; i++)
        threads.emplace_back([&] {
            latch.arrive_and_wait();
            for (int phase = 1; phase <= 200; phase++) {
                barrier.arrive_and_wait();
                if (phases < phase)
                    wrong++;
            }
        });
    latch.wait();
    tell("latch", latch.try_wait());
    for (std::thread &thread : threads)
        thread.join();
    tell("phases", phases);
    tell("wrong", wrong);
}

static void stopping() {
    std::puts("-- stop tokens");
    std::mutex mutex;
    std::condition_variable_any condition;
    std::atomic<int> stopped{0};
    bool waits = true, callback_ran = false;
    {
        std::jthread waiter([&](const std::stop_token &token) {
            std::unique_lock<std::mutex> lock(mutex);
            waits = condition.wait(lock, token, [] { return false; });
            stopped++;
        });
        std::jthread worker([&](const std::stop_token &token) {
            while (!token.stop_requested())
                std::this_thread::sleep_for(1ms);
            stopped++;
        });
        std::stop_callback callback(waiter.get_stop_token(), [&] { callback_ran = true; });
        waiter.request_stop();
    }
    tell("stopped", stopped);
    tell("condition came", waits);
    tell("callback", callback_ran);
    tell("joined itself", elsewhere([] {
             std::promise<std::thread *> promise;
             auto future = promise.get_future();
             int error = 0;
             std::thread self([&] { error = error_of([&] { future.get()->join(); }); });
             promise.set_value(&self);
             self.join();
             return error;
         }));
    tell("joined twice", error_of([] {
             std::thread thread([] {});
             thread.join();
             thread.join();
         }));
}

void conformance_cpp_waits() {
    conditions();
    queue();
    once();
    once_thrown_past_a_waiter();
    statics();
    semaphores();
    latches_and_barriers();
    stopping();
}
