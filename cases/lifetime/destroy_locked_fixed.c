/* Destroyed while locked, fixed: the check gives the lock back on its one way out.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 666
 */
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static int entries;

static bool is_empty(void) {
    pthread_mutex_lock(&cache_lock);
    bool empty = entries == 0;
    pthread_mutex_unlock(&cache_lock);
    return empty;
}

static void *fill_and_clear(void *unused) {
    pthread_mutex_lock(&cache_lock);
    entries = 3;
    entries = 0;
    pthread_mutex_unlock(&cache_lock);
    return unused;
}

int main(void) {
    pthread_t user;
    pthread_create(&user, NULL, fill_and_clear, NULL);
    pthread_join(user, NULL);
    if (!is_empty())
        return 1;
    pthread_mutex_destroy(&cache_lock);
    return 0;
}
