/* A forgotten unlock when a helper ends the thread, fixed: a cleanup handler belongs to the lock. It runs
 * wherever below the thread is ended, and pthread_cleanup_pop(1) runs it on the ordinary way, too.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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

static void unlock(void *lock) {
    pthread_mutex_unlock(lock);
}

static void *print_job(void *tray) {
    pthread_mutex_lock(&printer_lock);
    pthread_cleanup_push(unlock, &printer_lock);
    take_sheet(tray);
    jobs_printed++;
    pthread_cleanup_pop(1);
    return NULL;
}

int main(void) {
    pthread_t printer;
    pthread_create(&printer, NULL, print_job, &empty_tray);
    pthread_join(printer, NULL);
    print_job(&full_tray);
    return jobs_printed == 1 ? 0 : 1;
}
