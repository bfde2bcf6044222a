/* One condition for two mutexes, fixed: each lock has a condition of its own.
 *
 * EXPECT gordian: none
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
static pthread_cond_t parcel_came = PTHREAD_COND_INITIALIZER;
static int letters, parcels;

static void *read_letter(void *unused) {
    pthread_mutex_lock(&letters_lock);
    schedule_reach(LETTERS_AWAITED);
    while (letters == 0)
        pthread_cond_wait(&mail_came, &letters_lock);
    letters--;
    pthread_mutex_unlock(&letters_lock);
    return unused;
}

static void *open_parcel(void *unused) {
    schedule_wait(LETTERS_AWAITED);
    pthread_mutex_lock(&letters_lock); /* now the other waits */
    pthread_mutex_unlock(&letters_lock);
    pthread_mutex_lock(&parcels_lock);
    schedule_reach(PARCELS_AWAITED);
    while (parcels == 0)
        pthread_cond_wait(&parcel_came, &parcels_lock);
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
    pthread_cond_broadcast(&parcel_came);
    pthread_mutex_unlock(&parcels_lock);
    pthread_mutex_lock(&letters_lock);
    letters = 1;
    pthread_cond_broadcast(&mail_came);
    pthread_mutex_unlock(&letters_lock);
    pthread_join(reader, NULL);
    pthread_join(opener, NULL);
    return letters + parcels;
}
