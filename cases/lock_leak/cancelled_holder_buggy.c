/* A forgotten unlock when a thread is cancelled: it is stopped in the middle of its work, with the lock held.
 *
 * The uploader holds the log's lock while it waits for a server, and waiting is a place where a thread can be
 * cancelled. The cancelled thread never reaches its unlock, and no other thread may give the lock back. The
 * second attempt waits for ever. ThreadSanitizer does not watch threads that wait, so it hangs in silence.
 *
 * EXPECT gordian: deadlock.actual shape=orphaned log_lock
 * EXPECT tsan: none
 * EXPECT exit: never
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

static void *upload(void *server_up) {
    pthread_mutex_lock(&log_lock); /* REPORTED */
    wait_for_server(server_up);
    uploads++;
    pthread_mutex_unlock(&log_lock);
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
