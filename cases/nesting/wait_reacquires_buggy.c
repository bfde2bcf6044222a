/* The hidden lock call: waiting on a condition takes the condition's mutex again.
 *
 * The printer locks the tray, then the paper, and waits on the tray's condition. The wait gives the tray back
 * and takes it again at its end, with the paper still locked: paper before tray. The refiller locks the tray
 * before the paper. The wait with the paper held is reported as a note, too.
 *
 * EXPECT gordian: deadlock.potential tray_lock paper_lock
 * EXPECT gordian: blocking.wait_holding paper_lock tray_filled
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { ABOUT_TO_WAIT, PRINTED };

static pthread_mutex_t tray_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t paper_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t tray_filled = PTHREAD_COND_INITIALIZER;
static int sheets;

static void lock_both(void) {
    pthread_mutex_lock(&tray_lock);  /* REPORTED */
    pthread_mutex_lock(&paper_lock); /* REPORTED */
}

static void *print(void *unused) {
    lock_both();
    schedule_reach(ABOUT_TO_WAIT);
    while (sheets == 0)
        pthread_cond_wait(&tray_filled, &tray_lock); /* REPORTED */
    sheets--;
    pthread_mutex_unlock(&paper_lock);
    pthread_mutex_unlock(&tray_lock);
    schedule_reach(PRINTED);
    return unused;
}

static void *refill(void *unused) {
    schedule_wait(ABOUT_TO_WAIT);
    pthread_mutex_lock(&tray_lock);
    sheets = 1;
    pthread_cond_signal(&tray_filled);
    pthread_mutex_unlock(&tray_lock);
    schedule_wait(PRINTED);
    lock_both();
    sheets++;
    pthread_mutex_unlock(&paper_lock);
    pthread_mutex_unlock(&tray_lock);
    return unused;
}

int main(void) {
    pthread_t printer, refiller;
    pthread_create(&printer, NULL, print, NULL);
    pthread_create(&refiller, NULL, refill, NULL);
    pthread_join(printer, NULL);
    pthread_join(refiller, NULL);
    return sheets == 1 ? 0 : 1;
}
