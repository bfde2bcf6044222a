/* A forgotten unlock when a thread is cancelled, fixed: a cleanup handler gives the lock back. It runs when
 * the thread is cancelled, and pthread_cleanup_pop(1) runs it on the ordinary way, too.
 *
 * While a thread is in a call that blocks, ThreadSanitizer does not look at its calls. A cancelled thread
 * never comes back from that call, so the unlock in the handler goes unseen, and the next lock is taken for a
 * second one.
 *
 * EXPECT gordian: none
 * EXPECT tsan: double-lock wrongly
 * CWE: 667
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { UPLOADING };

static bool home_server_up = false;
static bool spare_server_up = true;

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static int uploads;

static void wait_for_server(const bool *up) {
    schedule_reach(UPLOADING);
    if (!*up)
        pause();
}

static void unlock(void *lock) {
    pthread_mutex_unlock(lock);
}

static void *upload(void *server_up) {
    pthread_mutex_lock(&log_lock);
    pthread_cleanup_push(unlock, &log_lock);
    wait_for_server(server_up);
    uploads++;
    pthread_cleanup_pop(1);
    return NULL;
}

int main(void) {
    pthread_t uploader;
    pthread_create(&uploader, NULL, upload, &home_server_up);
    schedule_wait(UPLOADING);
    pthread_cancel(uploader);
    pthread_join(uploader, NULL);
    upload(&spare_server_up);
    return uploads == 1 ? 0 : 1;
}
