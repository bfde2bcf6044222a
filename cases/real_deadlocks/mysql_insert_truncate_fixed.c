/* MySQL: INSERT against TRUNCATE of the same table, fixed: the insert looks the table up in the catalogue
 * before it locks the table.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_mutex_lock(&catalogue_lock);
    pthread_mutex_lock(&table_lock);
    schedule_reach(INSERTING);
    schedule_linger(TRUNCATING);
    rows += versions > 0;
    pthread_mutex_unlock(&catalogue_lock);
    pthread_mutex_unlock(&table_lock);
    return unused;
}

static void *truncate_table(void *unused) {
    pthread_mutex_lock(&catalogue_lock);
    schedule_reach(TRUNCATING);
    schedule_linger(INSERTING);
    pthread_mutex_lock(&table_lock);
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
