/* A lock that is not one's own: what looks like a lock of the call is static, and shared by all calls.
 *
 * Drawing locks the sheet before the palette, printing the palette before the sheet. There is one sheet
 * lock, and the threads can meet.
 *
 * EXPECT gordian: deadlock.potential sheet_lock palette_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>
#include <stdbool.h>

#include "cases/schedule.h"

enum { DRAWN };

static pthread_mutex_t palette_lock = PTHREAD_MUTEX_INITIALIZER;
static int sheets;

static void take(pthread_mutex_t *first, pthread_mutex_t *second) {
    pthread_mutex_lock(first);  /* REPORTED */
    pthread_mutex_lock(second); /* REPORTED */
    sheets++;
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *fill_sheet(void *palette_first) {
    static pthread_mutex_t sheet_lock = PTHREAD_MUTEX_INITIALIZER;
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
