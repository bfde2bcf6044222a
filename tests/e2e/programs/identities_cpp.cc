// Locks taken through what C++ puts between: guards, templates, members, lambdas, std::function.
// (ids_test.py)
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/e2e/programs/turns.h"

/* ADD HERE */

namespace bank {

struct account {
    std::mutex lock;
    int balance = 0;
};

account alice, bob, carol, dave;

template <typename Amount>
__attribute__((noinline)) void transfer(account &from, account &to, Amount amount) {
    std::lock_guard<std::mutex> first(from.lock);
    std::unique_lock<std::mutex> second(to.lock);
    from.balance -= static_cast<int>(amount);
    to.balance += static_cast<int>(amount);
}

/* ADD HERE */

class desk {
  public:
    __attribute__((noinline)) void work(bool forth) const {
        const std::vector<int> amounts = {1};
        for (int amount : amounts) {
            forth ? transfer(alice, bob, amount) : transfer(bob, alice, amount);
        }
        const std::function<void(long)> task = [&](long amount) {
            forth ? transfer(carol, dave, amount) : transfer(dave, carol, amount);
        };
        task(2);
    }
};

} // namespace bank

int main(int argc, char **argv) {
    const bank::desk desk;
    bool crowd = argc > 1 && strcmp(argv[1], "crowd") == 0;
    if (crowd)
        std::thread([] { bank::alice.balance++; }).join();
    // One after the other, though nothing orders them: the second is made before the first ends.
    std::vector<std::thread> threads;
    threads.reserve(2);
    for (int i = 0; i < 2; i++)
        threads.emplace_back([&, i] {
            turns_wait(i);
            desk.work((i == 0) != crowd);
            turns_pass();
        });
    turns_pass();
    for (auto &thread : threads)
        thread.join();
    return 0;
}

/* ADD HERE */
