/* musl: fclose of one file against fflush of all files.
 *
 * Flushing all files holds the lock of the list of open files and takes each file's lock. Closing a file took
 * the file's lock first, then the list's to take the file out. Here the close is done when the flush begins;
 * with another schedule each has the lock that the other wants. libc's locks are modelled by the program's
 * own.
 *
 * EXPECT gordian: deadlock.potential file_lock list_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 * Source: musl, commit "fix deadlock and buffered data loss race in fclose"
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, CLOSED };

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t file_lock = PTHREAD_MUTEX_INITIALIZER;
static int open_files = 1, unwritten = 7, written;

/* Requires that file_lock is held. */
static void flush(void) {
    written += unwritten;
    unwritten = 0;
}

static void close_file(void) {
    pthread_mutex_lock(&file_lock); /* REPORTED */
    pthread_mutex_lock(&list_lock); /* REPORTED */
    open_files--;
    pthread_mutex_unlock(&list_lock);
    flush();
    pthread_mutex_unlock(&file_lock);
}

static void flush_all(void) {
    pthread_mutex_lock(&list_lock); /* REPORTED */
    pthread_mutex_lock(&file_lock); /* REPORTED */
    flush();
    pthread_mutex_unlock(&file_lock);
    pthread_mutex_unlock(&list_lock);
}

static void *finish_report(void *unused) {
    schedule_wait(BOTH_EXIST);
    close_file();
    schedule_reach(CLOSED);
    return unused;
}

static void *save_all(void *unused) {
    schedule_wait(CLOSED);
    flush_all();
    return unused;
}

int main(void) {
    pthread_t finisher, saver;
    pthread_create(&finisher, NULL, finish_report, NULL);
    pthread_create(&saver, NULL, save_all, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(finisher, NULL);
    pthread_join(saver, NULL);
    return open_files == 0 && written == 7 ? 0 : 1;
}
