/* Both orders, by two threads: saving and printing disagree about the order, and each has a thread.
 *
 * The printer waits here until saving is done. With another schedule each of the two holds one lock and
 * waits for the other's.
 *
 * EXPECT gordian: deadlock.potential page_lock font_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, SAVED };

static pthread_mutex_t page_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t font_lock = PTHREAD_MUTEX_INITIALIZER;
static int pages_done, fonts_used;

static void save(void) {
    pthread_mutex_lock(&page_lock); /* REPORTED */
    pthread_mutex_lock(&font_lock); /* REPORTED */
    fonts_used = pages_done + 1;
    pthread_mutex_unlock(&font_lock);
    pthread_mutex_unlock(&page_lock);
}

static void print(void) {
    pthread_mutex_lock(&font_lock); /* REPORTED */
    pthread_mutex_lock(&page_lock); /* REPORTED */
    pages_done = fonts_used;
    pthread_mutex_unlock(&page_lock);
    pthread_mutex_unlock(&font_lock);
}

static void *run_saver(void *unused) {
    schedule_wait(BOTH_EXIST);
    save();
    schedule_reach(SAVED);
    return unused;
}

static void *run_printer(void *unused) {
    schedule_wait(SAVED);
    print();
    return unused;
}

int main(void) {
    pthread_t saver, printer;
    pthread_create(&saver, NULL, run_saver, NULL);
    pthread_create(&printer, NULL, run_printer, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(saver, NULL);
    pthread_join(printer, NULL);
    return pages_done == 1 ? 0 : 1;
}
