/* memcached: adding a watcher returns early and keeps the logger's lock.
 *
 * When there is no room for another watcher, the function returns with the lock taken. Its thread goes on as
 * if nothing were wrong, and the next time it comes, it waits for itself. ThreadSanitizer would report the
 * second lock once it is taken, which never happens.
 *
 * EXPECT gordian: deadlock.actual shape=self logger_lock
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 667
 * Source: memcached pull request 560
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum { MOST_WATCHERS = 2 };

static pthread_mutex_t logger_lock = PTHREAD_MUTEX_INITIALIZER;
static int watchers, refused;

static bool add_watcher(void) {
    pthread_mutex_lock(&logger_lock); /* REPORTED */
    if (watchers == MOST_WATCHERS)
        return false;
    watchers++;
    pthread_mutex_unlock(&logger_lock);
    return true;
}

static void *serve(void *unused) {
    for (int client = 0; client < 4; client++)
        if (!add_watcher())
            refused++;
    return unused;
}

int main(void) {
    pthread_t worker;
    pthread_create(&worker, NULL, serve, NULL);
    pthread_join(worker, NULL);
    return watchers == 2 && refused == 2 ? 0 : 1;
}
