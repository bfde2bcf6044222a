/* Initialised while locked: a reset makes everything anew, the lock that protects it included.
 *
 * The new lock is free, while the one who resets believes to hold it: another thread can come in at once, and
 * the unlock at the end is one of a lock that nobody holds. Both calls are reported. ThreadSanitizer keeps
 * the old account when a mutex is initialised again.
 *
 * EXPECT gordian: misuse.init_locked table_lock
 * EXPECT gordian: misuse.unlock_unlocked table_lock
 * EXPECT tsan: none
 * CWE: 666
 */
#include <pthread.h>

static pthread_mutex_t table_lock;
static int entries;

static void reset(void) {
    pthread_mutex_init(&table_lock, NULL); /* REPORTED */
    entries = 0;
}

static void *add_entry(void *unused) {
    pthread_mutex_lock(&table_lock); /* REPORTED */
    if (++entries > 3)
        reset();
    pthread_mutex_unlock(&table_lock); /* REPORTED */
    return unused;
}

int main(void) {
    pthread_t thread;
    pthread_mutex_init(&table_lock, NULL);
    for (int i = 0; i < 4; i++) {
        pthread_create(&thread, NULL, add_entry, NULL);
        pthread_join(thread, NULL);
    }
    return entries;
}
