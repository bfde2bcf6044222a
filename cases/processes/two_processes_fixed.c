/* AB/BA across two processes, fixed: both lock the stock first.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "cases/schedule.h"

enum { PAGE = 4096 };

/* Has pages of its own, so that they can be shared with the child. */
struct ledger {
    _Alignas(PAGE) pthread_mutex_t lock;
    int count;
    atomic_bool locked; /* a step of the schedule: those of schedule.h are one process's own */
};

static struct ledger stock, till;

static void open_ledger(struct ledger *ledger) {
    pthread_mutexattr_t attr;
    if (mmap(ledger, sizeof *ledger, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
        MAP_FAILED)
        abort();
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&ledger->lock, &attr);
    pthread_mutexattr_destroy(&attr);
}

/* Give the other process time to take its first lock. */
static void linger(struct ledger *own, struct ledger *other) {
    atomic_store_explicit(&own->locked, true, memory_order_relaxed);
    for (int us = 0; us < SCHEDULE_LINGER_US && !atomic_load_explicit(&other->locked, memory_order_relaxed);
         us += SCHEDULE_POLL_US)
        usleep(SCHEDULE_POLL_US);
}

static void sell(void) {
    pthread_mutex_lock(&stock.lock);
    linger(&stock, &till);
    pthread_mutex_lock(&till.lock);
    stock.count--;
    till.count += 5;
    pthread_mutex_unlock(&till.lock);
    pthread_mutex_unlock(&stock.lock);
}

static void take_back(void) {
    pthread_mutex_lock(&stock.lock);
    linger(&till, &stock);
    pthread_mutex_lock(&till.lock);
    till.count -= 5;
    stock.count++;
    pthread_mutex_unlock(&stock.lock);
    pthread_mutex_unlock(&till.lock);
}

int main(void) {
    open_ledger(&stock);
    open_ledger(&till);
    pid_t child = fork();
    if (child == 0) {
        take_back();
        exit(0);
    }
    sell();
    waitpid(child, NULL, 0);
    return stock.count == 0 && till.count == 0 ? 0 : 1;
}
