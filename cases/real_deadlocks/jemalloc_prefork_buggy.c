/* jemalloc: getting ready for fork against giving pages back.
 *
 * Before a fork the allocator takes all of its locks, so that the child finds none of them taken: first the
 * one of the table of arenas, then each arena's. A thread that purges an arena has the arena's lock and looks
 * into the table. Here the fork comes when the purge is done; at the same moment, both would stop for ever.
 *
 * EXPECT gordian: deadlock.potential arena_lock table_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 * Source: jemalloc issue 315
 */
#include <pthread.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, PURGED };

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t arena_lock = PTHREAD_MUTEX_INITIALIZER;
static int arenas = 1, dirty_pages = 5;

static void before_fork(void) {
    pthread_mutex_lock(&table_lock); /* REPORTED */
    pthread_mutex_lock(&arena_lock); /* REPORTED */
}

static void after_fork(void) {
    pthread_mutex_unlock(&arena_lock);
    pthread_mutex_unlock(&table_lock);
}

static void *purge(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&arena_lock); /* REPORTED */
    pthread_mutex_lock(&table_lock); /* REPORTED */
    if (arenas > 0)
        dirty_pages = 0;
    pthread_mutex_unlock(&table_lock);
    pthread_mutex_unlock(&arena_lock);
    schedule_reach(PURGED);
    return unused;
}

static void *start_child(void *unused) {
    schedule_wait(PURGED);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    return unused;
}

int main(void) {
    pthread_t purger, parent;
    pthread_atfork(before_fork, after_fork, after_fork);
    pthread_create(&purger, NULL, purge, NULL);
    pthread_create(&parent, NULL, start_child, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(purger, NULL);
    pthread_join(parent, NULL);
    return dirty_pages;
}
