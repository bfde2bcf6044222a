// Items that unwind the stack through C++.
#include <pthread.h>

#include <stdexcept>

#include "tests/torture/machine.h"

namespace {

class Guard {
  public:
    Guard(any_lock *lock, dice *dice) : lock_(lock) {
        any_lock_take(lock, false, dice);
    }
    ~Guard() {
        any_lock_release(lock_);
    }
    Guard(const Guard &) = delete;
    Guard &operator=(const Guard &) = delete;

  private:
    any_lock *lock_;
};

// Throws from under several guards.
void descend(worker *worker, dice *dice, uint32_t from) {
    machine *machine = worker->machine;
    if (from >= machine->program->locks || dice_throw(dice, 5) == 0)
        throw std::runtime_error("from below");
    uint32_t index = from + dice_throw(dice, machine->program->locks - from);
    Guard guard(&machine->locks[index], dice);
    worker->sum++;
    try {
        descend(worker, dice, index + 1);
    } catch (const std::runtime_error &) {
        worker->sum += 100;
        throw;
    }
}

struct Waiting {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
};

class Unlocker {
  public:
    explicit Unlocker(pthread_mutex_t *mutex) : mutex_(mutex) {
        pthread_mutex_lock(mutex);
    }
    ~Unlocker() {
        pthread_mutex_unlock(mutex_);
    }
    Unlocker(const Unlocker &) = delete;
    Unlocker &operator=(const Unlocker &) = delete;

  private:
    pthread_mutex_t *mutex_;
};

} // namespace

extern "C" void act_throw(worker *worker, const item *, dice *dice) {
    try {
        descend(worker, dice, 0);
    } catch (const std::exception &) {
        worker->sum++;
    }
}

extern "C" void *unwinding_victim(void *argument) {
    auto *waiting = static_cast<Waiting *>(argument);
    try {
        Unlocker unlocker(&waiting->mutex);
        for (;;)
            pthread_cond_wait(&waiting->condition, &waiting->mutex);
    } catch (...) {
        throw; // it is the cancellation
    }
}
