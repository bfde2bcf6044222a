/* Readers starve a writer: there is always one more of them in the table.
 *
 * By default a glibc rwlock lets readers in as long as others read, whoever waits. Two readers that overlap
 * in turns keep the writer out until they stop. Nothing is wrong in the end, only late, so ThreadSanitizer
 * has nothing to report.
 *
 * EXPECT options: starvation_overtakes=100 starvation_ms=50
 * EXPECT gordian: starvation table_lock
 * EXPECT tsan: none
 * CWE: 400
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { READS = 600 };

static pthread_rwlock_t table_lock;
static int table;
static atomic_int reads_begun;

/* Wait until that many reads have begun, but not longer than the schedule lingers: in the fixed twin the next
 * reader waits for the writer, and the writer for this one. */
static void linger_for_reads(int count) {
    for (int us = 0; us < SCHEDULE_LINGER_US && reads_begun < count; us += SCHEDULE_POLL_US)
        usleep(SCHEDULE_POLL_US);
}

/* One reader has the even reads, the other the odd ones. Each read lasts until the next one has begun. */
static void *read_in_turns(void *argument) {
    for (int number = *(int *)argument; number < READS; number += 2) {
        while (reads_begun < number)
            usleep(SCHEDULE_POLL_US);
        pthread_rwlock_rdlock(&table_lock);
        reads_begun = number + 1;
        linger_for_reads(number + 2 < READS ? number + 2 : READS);
        pthread_rwlock_unlock(&table_lock);
    }
    return NULL;
}

static void *write_once(void *unused) {
    while (reads_begun == 0)
        usleep(SCHEDULE_POLL_US);
    pthread_rwlock_wrlock(&table_lock); /* REPORTED */
    table++;
    pthread_rwlock_unlock(&table_lock);
    return unused;
}

int main(void) {
    pthread_t readers[2], writer;
    int first_reads[] = {0, 1};
    pthread_rwlockattr_t attr;
    pthread_rwlockattr_init(&attr);
    pthread_rwlock_init(&table_lock, &attr);
    pthread_rwlockattr_destroy(&attr);
    for (int i = 0; i < 2; i++)
        pthread_create(&readers[i], NULL, read_in_turns, &first_reads[i]);
    pthread_create(&writer, NULL, write_once, NULL);
    pthread_join(writer, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(readers[i], NULL);
    pthread_rwlock_destroy(&table_lock);
    return table == 1 ? 0 : 1;
}
