/* A directory walker that calls itself with its lock held.
 *
 * It adds up sizes under a plain mutex and goes into a folder without giving the mutex back. The call for
 * the first folder inside waits for its own caller. One line takes the lock both times. ThreadSanitizer
 * would report the second lock once it is taken, which never happens, so it hangs in silence.
 *
 * EXPECT gordian: deadlock.actual shape=self total_lock
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 674
 */
#include <pthread.h>
#include <stddef.h>

struct entry {
    long size;
    const struct entry *inside; /* the first entry of a folder, NULL for a file */
    const struct entry *next;
};

static const struct entry photo = {300, NULL, NULL};
static const struct entry photos = {4, &photo, NULL};
static const struct entry letter = {20, NULL, &photos};
static const struct entry home = {4, &letter, NULL};

static pthread_mutex_t total_lock;
static long total;

static void walk(const struct entry *entry) {
    pthread_mutex_lock(&total_lock); /* REPORTED */
    for (; entry; entry = entry->next) {
        total += entry->size;
        if (entry->inside)
            walk(entry->inside);
    }
    pthread_mutex_unlock(&total_lock);
}

int main(void) {
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_NORMAL);
    pthread_mutex_init(&total_lock, &attr);
    pthread_mutexattr_destroy(&attr);
    walk(&home);
    pthread_mutex_destroy(&total_lock);
    return total == 328 ? 0 : 1;
}
