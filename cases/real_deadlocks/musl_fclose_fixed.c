/* musl: fclose of one file against fflush of all files, fixed: the file is flushed and unlocked first, and
 * taken out of the list last.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_mutex_lock(&file_lock);
    flush();
    pthread_mutex_unlock(&file_lock);
    pthread_mutex_lock(&list_lock);
    open_files--;
    pthread_mutex_unlock(&list_lock);
}

static void flush_all(void) {
    pthread_mutex_lock(&list_lock);
    pthread_mutex_lock(&file_lock);
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
