/* Two kinds of locks in a ring: a mutex and a reader/writer lock.
 *
 * The search reads the index and then locks the history. Undo locks the history and then writes the index: it
 * waits for the reader, and the reader for it.
 *
 * EXPECT gordian: deadlock.potential index_lock history_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, SEARCHED };

static pthread_rwlock_t index_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t history_lock = PTHREAD_MUTEX_INITIALIZER;
static int words = 9, searches;

static void *search(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_rwlock_rdlock(&index_lock); /* REPORTED */
    pthread_mutex_lock(&history_lock);  /* REPORTED */
    searches += words > 0;
    pthread_mutex_unlock(&history_lock);
    pthread_rwlock_unlock(&index_lock);
    schedule_reach(SEARCHED);
    return unused;
}

static void *undo(void *unused) {
    schedule_wait(SEARCHED);
    pthread_mutex_lock(&history_lock);  /* REPORTED */
    pthread_rwlock_wrlock(&index_lock); /* REPORTED */
    words -= 9;
    searches--;
    pthread_rwlock_unlock(&index_lock);
    pthread_mutex_unlock(&history_lock);
    return unused;
}

int main(void) {
    pthread_t searcher, undoer;
    pthread_create(&searcher, NULL, search, NULL);
    pthread_create(&undoer, NULL, undo, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(searcher, NULL);
    pthread_join(undoer, NULL);
    return words + searches;
}
