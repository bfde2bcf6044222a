/* A delete is logged after an insert that came later, so a replica ends with other rows.
 *
 * Rows are changed under the table's lock and logged under the log's lock, but in two critical sections. The
 * table is emptied, then another thread inserts a row and logs it, then the delete is logged. The log says
 * insert, delete; the table saw delete, insert. Every access is under its lock, so there is no data race. The
 * bug is an order, and no detector of races knows which order is wanted.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * EXPECT exit: 1
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
    pthread_mutex_unlock(&table_lock);
    schedule_reach(DELETED);
    schedule_linger(INSERT_LOGGED);
    write_binlog('D');
    return unused;
}

static void *insert_one(void *unused) {
    schedule_wait(DELETED);
    pthread_mutex_lock(&table_lock);
    table_rows++;
    pthread_mutex_unlock(&table_lock);
    write_binlog('I');
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
