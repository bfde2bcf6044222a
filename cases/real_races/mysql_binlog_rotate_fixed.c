/* An event misses the binary log, fixed: the writer asks under the lock. It waits until the rotation is done
 * and finds the log open.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 367
 * Source: MySQL bug 791
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { CLOSED, ROW_CHANGED };

static pthread_mutex_t binlog_lock = PTHREAD_MUTEX_INITIALIZER;
static bool binlog_open = true;
static int events_logged;
static int rows_changed;

static void *rotate_binlog(void *unused) {
    pthread_mutex_lock(&binlog_lock);
    binlog_open = false;
    schedule_reach(CLOSED);
    schedule_linger(ROW_CHANGED);
    binlog_open = true;
    pthread_mutex_unlock(&binlog_lock);
    return unused;
}

static void *change_row(void *unused) {
    schedule_wait(CLOSED);
    rows_changed++;
    pthread_mutex_lock(&binlog_lock);
    if (binlog_open)
        events_logged++;
    pthread_mutex_unlock(&binlog_lock);
    schedule_reach(ROW_CHANGED);
    return unused;
}

int main(void) {
    pthread_t rotating, changing;
    pthread_create(&rotating, NULL, rotate_binlog, NULL);
    pthread_create(&changing, NULL, change_row, NULL);
    pthread_join(rotating, NULL);
    pthread_join(changing, NULL);
    printf("rows changed: %d, events logged: %d\n", rows_changed, events_logged);
    return events_logged == rows_changed ? 0 : 1;
}
