/* One guard for both, fixed: std::scoped_lock waits for one lock and only tries the others, and begins again
 * with another one when it fails. It never waits with a lock held, so the order of its arguments is free.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <mutex>
#include <thread>

#include "cases/schedule.h"

enum { BOTH_EXIST, SWAPPED };

static std::mutex fruit_lock, bread_lock;
static int fruit = 3, bread = 4;

static void swap_shelves(std::mutex &left_lock, std::mutex &right_lock) {
    std::scoped_lock both(left_lock, right_lock);
    std::swap(fruit, bread);
}

static void sort_shelves() {
    schedule_wait(BOTH_EXIST);
    swap_shelves(fruit_lock, bread_lock);
    schedule_reach(SWAPPED);
}

static void restore_shelves() {
    schedule_wait(SWAPPED);
    swap_shelves(bread_lock, fruit_lock);
}

int main() {
    std::thread sorter(sort_shelves);
    std::thread restorer(restore_shelves);
    schedule_reach(BOTH_EXIST);
    sorter.join();
    restorer.join();
    return fruit == 3 && bread == 4 ? 0 : 1;
}
