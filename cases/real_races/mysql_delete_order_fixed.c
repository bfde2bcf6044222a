/* A delete is logged in the order in which it was done, fixed: the table's lock is held until the change is
 * logged. No other change of the table comes in between.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 366
 * Source: MySQL bug 169
 */
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { DELETED, INSERT_LOGGED };

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t binlog_lock = PTHREAD_MUTEX_INITIALIZER;
static int table_rows = 3;
static char binlog[8];
static size_t binlog_length;

static void write_binlog(char event) {
    pthread_mutex_lock(&binlog_lock);
    binlog[binlog_length++] = event;
    pthread_mutex_unlock(&binlog_lock);
}

static void *delete_all(void *unused) {
    pthread_mutex_lock(&table_lock);
    table_rows = 0;
    schedule_reach(DELETED);
    schedule_linger(INSERT_LOGGED);
    write_binlog('D');
    pthread_mutex_unlock(&table_lock);
    return unused;
}

static void *insert_one(void *unused) {
    schedule_wait(DELETED);
    pthread_mutex_lock(&table_lock);
    table_rows++;
    write_binlog('I');
    pthread_mutex_unlock(&table_lock);
    schedule_reach(INSERT_LOGGED);
    return unused;
}

int main(void) {
    pthread_t deleting, inserting;
    pthread_create(&deleting, NULL, delete_all, NULL);
    pthread_create(&inserting, NULL, insert_one, NULL);
    pthread_join(deleting, NULL);
    pthread_join(inserting, NULL);
    int replica_rows = 3;
    for (size_t event = 0; event < binlog_length; event++)
        replica_rows = binlog[event] == 'D' ? 0 : replica_rows + 1;
    printf("log: %s, rows here: %d, rows of the replica: %d\n", binlog, table_rows, replica_rows);
    return table_rows == replica_rows ? 0 : 1;
}
