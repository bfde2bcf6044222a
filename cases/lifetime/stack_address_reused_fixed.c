/* A lock that is one's own, fixed: each call has its own sheet lock, on the stack of its thread. The first
 * thread ends before the second one is created, and the second gets its stack: the lock has the same address
 * and is another. The second thread's creator was there all the time, so no join orders the two threads.
 * ThreadSanitizer takes the two locks at one address for one lock, and cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
 * CWE: 833
 */
#include <pthread.h>
#include <stdbool.h>

#include "cases/schedule.h"

enum { DRAWN };

static pthread_mutex_t palette_lock = PTHREAD_MUTEX_INITIALIZER;
static int sheets;

static void take(pthread_mutex_t *first, pthread_mutex_t *second) {
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    sheets++;
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *fill_sheet(void *palette_first) {
    pthread_mutex_t sheet_lock = PTHREAD_MUTEX_INITIALIZER;
    if (palette_first)
        take(&palette_lock, &sheet_lock);
    else
        take(&sheet_lock, &palette_lock);
    return NULL;
}

static void *run_printer(void *unused) {
    pthread_t printer;
    schedule_wait(DRAWN);
    pthread_create(&printer, NULL, fill_sheet, &sheets);
    pthread_join(printer, NULL);
    return unused;
}

int main(void) {
    pthread_t spooler, drawer;
    pthread_create(&spooler, NULL, run_printer, NULL);
    pthread_create(&drawer, NULL, fill_sheet, NULL);
    pthread_join(drawer, NULL); /* its stack is free now */
    schedule_reach(DRAWN);
    pthread_join(spooler, NULL);
    return sheets == 2 ? 0 : 1;
}
