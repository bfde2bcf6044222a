/* memcached: a command that is refused gives back a lock that it never took, fixed: what is refused before
 * the lock is taken returns at once.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 832
 * Source: memcached issue 741
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum { MOST_CLASSES = 64 };

static pthread_mutex_t crawler_lock = PTHREAD_MUTEX_INITIALIZER;
static int crawls;

static bool crawl(int slab_class) {
    bool valid = slab_class > 0 && slab_class < MOST_CLASSES;
    if (!valid)
        return false;
    pthread_mutex_lock(&crawler_lock);
    crawls++;
    pthread_mutex_unlock(&crawler_lock);
    return valid;
}

static void *serve(void *unused) {
    crawl(3);
    crawl(100);
    return unused;
}

int main(void) {
    pthread_t worker;
    pthread_create(&worker, NULL, serve, NULL);
    pthread_join(worker, NULL);
    return crawls == 1 ? 0 : 1;
}
