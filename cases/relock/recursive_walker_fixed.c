/* A directory walker that calls itself with its lock held, fixed: a recursive mutex lets its holder in
 * again, and is free when it has been given back as often as it was taken.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_mutex_lock(&total_lock);
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
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&total_lock, &attr);
    pthread_mutexattr_destroy(&attr);
    walk(&home);
    pthread_mutex_destroy(&total_lock);
    return total == 328 ? 0 : 1;
}
