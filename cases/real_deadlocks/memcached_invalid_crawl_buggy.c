/* memcached: a command that is refused gives back a lock that it never took.
 *
 * The command to crawl takes the crawler's lock when its arguments are right. When they are wrong, it leaves
 * by the same way out, which unlocks. If the lock is free, that is undefined; if the crawler has it at that
 * moment, another thread is let in to the crawler.
 *
 * EXPECT gordian: misuse.unlock_unlocked crawler_lock
 * EXPECT tsan: unlock-unlocked
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
        goto out;
    pthread_mutex_lock(&crawler_lock);
    crawls++;
out:
    pthread_mutex_unlock(&crawler_lock); /* REPORTED */
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
