/* Both orders, fixed: one thread does the one job after the other. The orders still differ, but a thread
 * cannot be in the middle of both jobs. ThreadSanitizer does not ask which thread it was, and cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, SAVED };

static pthread_mutex_t page_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t font_lock = PTHREAD_MUTEX_INITIALIZER;
static int pages_done, fonts_used;

static void save(void) {
    pthread_mutex_lock(&page_lock);
    pthread_mutex_lock(&font_lock);
    fonts_used = pages_done + 1;
    pthread_mutex_unlock(&font_lock);
    pthread_mutex_unlock(&page_lock);
}

static void print(void) {
    pthread_mutex_lock(&font_lock);
    pthread_mutex_lock(&page_lock);
    pages_done = fonts_used;
    pthread_mutex_unlock(&page_lock);
    pthread_mutex_unlock(&font_lock);
}

static void *run_saver(void *unused) {
    schedule_wait(BOTH_EXIST);
    save();
    print();
    schedule_reach(SAVED);
    return unused;
}

static void *run_printer(void *unused) {
    schedule_wait(SAVED);
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
