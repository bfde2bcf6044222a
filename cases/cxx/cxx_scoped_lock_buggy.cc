/* Two guards, one after the other: swapping locks the left shelf and then the right one, whichever they are.
 *
 * One thread swaps fruit with bread, the other bread with fruit: opposite orders.
 *
 * EXPECT gordian: deadlock.potential fruit_lock bread_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <mutex>
#include <thread>

#include "cases/schedule.h"

enum { BOTH_EXIST, SWAPPED };

static std::mutex fruit_lock, bread_lock;
static int fruit = 3, bread = 4;

static void swap_shelves(std::mutex &left_lock, std::mutex &right_lock) {
    std::lock_guard<std::mutex> left(left_lock);   /* REPORTED */
    std::lock_guard<std::mutex> right(right_lock); /* REPORTED */
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
