/* A snapshot that holds 302 locks at once, fixed: both threads take all of them in the same order. (There are
 * fewer rows for ThreadSanitizer, which stops with an error of its own when a thread holds more than 64
 * locks.)
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define ROWS 50
#endif
#endif
#ifndef ROWS
#define ROWS 300
#endif

enum { BOTH_EXIST, SAVED };

static pthread_mutex_t header_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t footer_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t row_locks[ROWS];
static int saved, printed;

static void snapshot(pthread_mutex_t *first, pthread_mutex_t *second, int *done) {
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    for (int i = 0; i < ROWS; i++)
        pthread_mutex_lock(&row_locks[i]);
    *done = 1;
    for (int i = 0; i < ROWS; i++)
        pthread_mutex_unlock(&row_locks[i]);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *save(void *unused) {
    schedule_wait(BOTH_EXIST);
    snapshot(&header_lock, &footer_lock, &saved);
    schedule_reach(SAVED);
    return unused;
}

static void *print(void *unused) {
    schedule_wait(SAVED);
    snapshot(&header_lock, &footer_lock, &printed);
    return unused;
}

int main(void) {
    pthread_t saver, printer;
    for (int i = 0; i < ROWS; i++)
        pthread_mutex_init(&row_locks[i], NULL);
    pthread_create(&saver, NULL, save, NULL);
    pthread_create(&printer, NULL, print, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(saver, NULL);
    pthread_join(printer, NULL);
    return saved + printed == 2 ? 0 : 1;
}
