/* MySQL: INSERT against TRUNCATE of the same table.
 *
 * The insert has the table's lock when it opens the catalogue of tables. TRUNCATE makes the table anew: it
 * has the catalogue's lock and waits for the table. It happens in every run here, so there is no second order
 * that ThreadSanitizer could compare with the first: it hangs in silence.
 *
 * EXPECT gordian: deadlock.actual shape=cycle table_lock catalogue_lock
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 * Source: MySQL bug 37080 (the shape: two statements, two orders)
 */
#include <pthread.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { INSERTING, TRUNCATING };

static pthread_mutex_t catalogue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static int versions = 1, rows;

static void *insert(void *unused) {
    pthread_mutex_lock(&table_lock); /* REPORTED */
    schedule_reach(INSERTING);
    schedule_linger(TRUNCATING);
    pthread_mutex_lock(&catalogue_lock); /* REPORTED */
    rows += versions > 0;
    pthread_mutex_unlock(&catalogue_lock);
    pthread_mutex_unlock(&table_lock);
    return unused;
}

static void *truncate_table(void *unused) {
    pthread_mutex_lock(&catalogue_lock); /* REPORTED */
    schedule_reach(TRUNCATING);
    schedule_linger(INSERTING);
    pthread_mutex_lock(&table_lock); /* REPORTED */
    versions++;
    rows = 0;
    pthread_mutex_unlock(&table_lock);
    pthread_mutex_unlock(&catalogue_lock);
    return unused;
}

int main(void) {
    pthread_t inserter, truncater;
    pthread_create(&inserter, NULL, insert, NULL);
    pthread_create(&truncater, NULL, truncate_table, NULL);
    pthread_join(inserter, NULL);
    pthread_join(truncater, NULL);
    return versions == 2 ? 0 : 1;
}
