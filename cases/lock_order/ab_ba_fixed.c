/* AB/BA, fixed: both threads take cache_lock first. With one order for all there is no cycle.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, SAVED };

static pthread_mutex_t file_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static int file, cache;

static void *save(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&cache_lock);
    pthread_mutex_lock(&file_lock);
    file = cache;
    pthread_mutex_unlock(&file_lock);
    pthread_mutex_unlock(&cache_lock);
    schedule_reach(SAVED);
    return unused;
}

static void *load(void *unused) {
    schedule_wait(SAVED);
    pthread_mutex_lock(&cache_lock);
    pthread_mutex_lock(&file_lock);
    cache = file;
    pthread_mutex_unlock(&file_lock);
    pthread_mutex_unlock(&cache_lock);
    return unused;
}

int main(void) {
    pthread_t saver, loader;
    pthread_create(&saver, NULL, save, NULL);
    pthread_create(&loader, NULL, load, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(saver, NULL);
    pthread_join(loader, NULL);
    return 0;
}
