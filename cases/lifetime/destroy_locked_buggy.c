/* Destroyed while locked: the check before the end returns early and leaves the lock taken.
 *
 * Destroying a lock that somebody holds is undefined. glibc refuses, and nobody looks at the result.
 *
 * EXPECT gordian: misuse.destroy_locked cache_lock
 * EXPECT tsan: destroy-locked
 * CWE: 666
 */
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static int entries;

static bool is_empty(void) {
    pthread_mutex_lock(&cache_lock); /* REPORTED BY gordian */
    if (entries == 0)
        return true;
    pthread_mutex_unlock(&cache_lock);
    return false;
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
    pthread_mutex_destroy(&cache_lock); /* REPORTED */
    return 0;
}
