/* jemalloc: a child of fork inherits a lock, fixed: fork handlers take the lock before the fork and give it
 * back on both sides, so no other thread can have it at that moment.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 667
 * Source: jemalloc issue 2019
 */
#include <pthread.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases/schedule.h"

enum { INSIDE, FORKED };

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static int extents = 2;

static void enter_pool(void) {
    pthread_mutex_lock(&pool_lock);
}

static void leave_pool(void) {
    pthread_mutex_unlock(&pool_lock);
}

static void free_extent(void) {
    enter_pool();
    extents--;
    leave_pool();
}

static void *split_extent(void *unused) {
    enter_pool();
    schedule_reach(INSIDE);
    schedule_linger(FORKED);
    extents++;
    leave_pool();
    schedule_wait(FORKED);
    return unused;
}

int main(void) {
    pthread_t splitter;
    pthread_atfork(enter_pool, leave_pool, leave_pool);
    pthread_create(&splitter, NULL, split_extent, NULL);
    schedule_wait(INSIDE);
    pid_t child = fork();
    if (child == 0) {
        free_extent();
        _exit(0);
    }
    schedule_reach(FORKED);
    pthread_join(splitter, NULL);
    waitpid(child, NULL, 0);
    return extents == 3 ? 0 : 1;
}
