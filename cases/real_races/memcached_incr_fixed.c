/* Two increments of a cached value, fixed: the lock is held from the reading to the writing. The second
 * thread reads what the first one has written.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 366
 * Source: memcached issue 127
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "cases/schedule.h"

enum { FIRST_READ, SECOND_READ };

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static char visits[24] = "10";

static void increment_visits(int value_read, int other_read) {
    pthread_mutex_lock(&cache_lock);
    long value = strtol(visits, NULL, 10);
    schedule_reach(value_read);
    schedule_linger(other_read);
    snprintf(visits, sizeof visits, "%ld", value + 1);
    pthread_mutex_unlock(&cache_lock);
}

static void *first_client(void *unused) {
    increment_visits(FIRST_READ, SECOND_READ);
    return unused;
}

static void *second_client(void *unused) {
    increment_visits(SECOND_READ, FIRST_READ);
    return unused;
}

int main(void) {
    pthread_t first, second;
    pthread_create(&first, NULL, first_client, NULL);
    pthread_create(&second, NULL, second_client, NULL);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    printf("visits, 10 and two more: %s\n", visits);
    return strtol(visits, NULL, 10) == 12 ? 0 : 1;
}
