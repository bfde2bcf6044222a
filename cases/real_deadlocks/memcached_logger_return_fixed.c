/* memcached: adding a watcher returns early, fixed: the early return gives the lock back.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_mutex_lock(&logger_lock);
    if (watchers == MOST_WATCHERS) {
        pthread_mutex_unlock(&logger_lock);
        return false;
    }
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
