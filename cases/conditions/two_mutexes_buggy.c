/* One condition for two mutexes: the letter box and the parcel box share a condition, but not a lock.
 *
 * All that wait for a condition at one time must use the same mutex; the standard leaves open what happens
 * otherwise. Here it goes well, because one broadcast reaches both. What a test shows today may be a lost
 * wake-up on the next system. ThreadSanitizer does not check which mutex a wait uses.
 *
 * EXPECT gordian: misuse.cond_two_mutexes mail_came letters_lock parcels_lock
 * EXPECT tsan: none
 * CWE: 667
 */
#include <pthread.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { LETTERS_AWAITED, PARCELS_AWAITED };

static pthread_mutex_t letters_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t parcels_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t mail_came = PTHREAD_COND_INITIALIZER;
static int letters, parcels;

static void *read_letter(void *unused) {
    pthread_mutex_lock(&letters_lock);
    schedule_reach(LETTERS_AWAITED);
    while (letters == 0)
        pthread_cond_wait(&mail_came, &letters_lock); /* REPORTED */
    letters--;
    pthread_mutex_unlock(&letters_lock);
    return unused;
}

static void *open_parcel(void *unused) {
    schedule_wait(LETTERS_AWAITED);
    pthread_mutex_lock(&letters_lock); /* now the other waits */
    pthread_mutex_unlock(&letters_lock);
    pthread_mutex_lock(&parcels_lock); /* REPORTED */
    schedule_reach(PARCELS_AWAITED);
    while (parcels == 0)
        pthread_cond_wait(&mail_came, &parcels_lock); /* REPORTED */
    parcels--;
    pthread_mutex_unlock(&parcels_lock);
    return unused;
}

int main(void) {
    pthread_t reader, opener;
    pthread_create(&reader, NULL, read_letter, NULL);
    pthread_create(&opener, NULL, open_parcel, NULL);
    schedule_wait(PARCELS_AWAITED);
    pthread_mutex_lock(&parcels_lock);
    parcels = 1;
    pthread_mutex_unlock(&parcels_lock);
    pthread_mutex_lock(&letters_lock);
    letters = 1;
    pthread_cond_broadcast(&mail_came);
    pthread_mutex_unlock(&letters_lock);
    pthread_join(reader, NULL);
    pthread_join(opener, NULL);
    return letters + parcels;
}
