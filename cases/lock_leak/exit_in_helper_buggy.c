/* A forgotten unlock when a helper ends the thread: out of paper, it gives up with pthread_exit.
 *
 * The helper knows nothing of the lock, and its caller never hears of the exit. The lock stays with a thread
 * that is gone. The next job waits for ever. ThreadSanitizer does not watch threads that wait, so it hangs in
 * silence.
 *
 * EXPECT gordian: deadlock.actual shape=orphaned printer_lock
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 667
 */
#include <pthread.h>
#include <stddef.h>

static int empty_tray = 0;
static int full_tray = 100;

static pthread_mutex_t printer_lock = PTHREAD_MUTEX_INITIALIZER;
static int jobs_printed;

static void take_sheet(int *tray) {
    if (*tray == 0)
        pthread_exit(NULL);
    --*tray;
}

static void *print_job(void *tray) {
    pthread_mutex_lock(&printer_lock); /* REPORTED */
    take_sheet(tray);
    jobs_printed++;
    pthread_mutex_unlock(&printer_lock);
    return NULL;
}

int main(void) {
    pthread_t printer;
    pthread_create(&printer, NULL, print_job, &empty_tray);
    pthread_join(printer, NULL);
    print_job(&full_tray);
    return jobs_printed == 1 ? 0 : 1;
}
