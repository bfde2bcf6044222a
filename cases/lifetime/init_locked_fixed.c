/* Initialised while locked, fixed: the reset clears the table and leaves the lock alone.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 666
 */
#include <pthread.h>

static pthread_mutex_t table_lock;
static int entries;

static void reset(void) {
    entries = 0;
}

static void *add_entry(void *unused) {
    pthread_mutex_lock(&table_lock);
    if (++entries > 3)
        reset();
    pthread_mutex_unlock(&table_lock);
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
