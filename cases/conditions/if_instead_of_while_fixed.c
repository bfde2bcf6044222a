/* A wake-up taken for a promise, fixed: a wait stands in a loop. Whoever wakes up looks again, since another
 * may have been faster.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 367
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { FIRST_ASKED, SECOND_ASKED, OVERBOOKED };

static pthread_mutex_t ovens_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t oven_free = PTHREAD_COND_INITIALIZER;
static int ovens_free;

static void bake(int asked) {
    pthread_mutex_lock(&ovens_lock);
    schedule_reach(asked);
    while (ovens_free == 0)
        pthread_cond_wait(&oven_free, &ovens_lock);
    ovens_free--;
    if (ovens_free < 0)
        schedule_reach(OVERBOOKED);
    pthread_mutex_unlock(&ovens_lock);
}

static void clear_oven(void) {
    pthread_mutex_lock(&ovens_lock);
    ovens_free++;
    pthread_cond_broadcast(&oven_free);
    pthread_mutex_unlock(&ovens_lock);
}

static void *first_baker(void *unused) {
    bake(FIRST_ASKED);
    return unused;
}

static void *second_baker(void *unused) {
    bake(SECOND_ASKED);
    return unused;
}

int main(void) {
    pthread_t first, second;
    pthread_create(&first, NULL, first_baker, NULL);
    pthread_create(&second, NULL, second_baker, NULL);
    schedule_wait(FIRST_ASKED);
    schedule_wait(SECOND_ASKED);
    clear_oven();
    schedule_linger(OVERBOOKED);
    clear_oven();
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    bool overbooked = schedule_has(OVERBOOKED);
    printf("two bakers at one oven: %s\n", overbooked ? "yes" : "no");
    return overbooked ? 1 : 0;
}
