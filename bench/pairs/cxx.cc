// C++: its locks, and what calls look like there.
#include "bench/pairs/shapes.h"

#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <shared_mutex>

namespace {

static_assert(sizeof(std::mutex) <= sizeof(union lock) && sizeof(std::shared_mutex) <= sizeof(union lock),
              "they lie in our locks");

void make_mutex(union lock *lock) {
    new (lock) std::mutex;
}

void make_shared(union lock *lock) {
    new (lock) std::shared_mutex;
}

std::mutex &mutex_of(struct worker *worker, int i = 0) {
    return *reinterpret_cast<std::mutex *>(worker->locks + i);
}

void turn_guard(struct worker *worker) {
    std::lock_guard<std::mutex> guard(mutex_of(worker));
}

void turn_scoped(struct worker *worker) {
    std::scoped_lock guard(mutex_of(worker, 0), mutex_of(worker, 1));
}

void turn_shared(struct worker *worker) {
    std::shared_lock<std::shared_mutex> guard(*reinterpret_cast<std::shared_mutex *>(worker->locks));
}

// A chain of virtual calls with destructors to run behind each, and a std::function at its end.
struct node {
    node() = default;
    node(const node &) = delete;
    node &operator=(const node &) = delete;
    virtual ~node() = default;
    virtual void visit(struct worker *worker) const = 0;
};

struct leaf : node {
    std::function<void(struct worker *)> action;
    explicit leaf(std::function<void(struct worker *)> what) : action(std::move(what)) {}
    void visit(struct worker *worker) const override {
        action(worker);
    }
};

struct cleaned {
    cleaned() = default;
    cleaned(const cleaned &) = delete;
    cleaned &operator=(const cleaned &) = delete;
    ~cleaned() {
        __asm__ volatile("" ::: "memory");
    }
};

struct branch : node {
    std::unique_ptr<node> below;
    explicit branch(std::unique_ptr<node> what) : below(std::move(what)) {}
    void visit(struct worker *worker) const override {
        cleaned end;
        below->visit(worker);
    }
};

std::unique_ptr<node> make_chain() {
    std::unique_ptr<node> chain = std::make_unique<leaf>(turn_guard);
    for (int i = 0; i < 8; i++)
        chain = std::make_unique<branch>(std::move(chain));
    return chain;
}

void turn_virtual(struct worker *worker) {
    static const std::unique_ptr<node> chain = make_chain();
    chain->visit(worker);
}

} // namespace

const struct shape shapes_cxx[] = {
    {"lock_guard", turn_guard, make_mutex, 1, TIMING_PROCESSOR, 1, 0},
    {"scoped_lock", turn_scoped, make_mutex, 2, TIMING_PROCESSOR, 2, 0},
    {"shared_lock", turn_shared, make_shared, 1, TIMING_PROCESSOR, 1, 0},
    {"virtual", turn_virtual, make_mutex, 1, TIMING_PROCESSOR, 1, 0},
    {nullptr, nullptr, nullptr, 0, TIMING_PROCESSOR, 0, 0},
};
