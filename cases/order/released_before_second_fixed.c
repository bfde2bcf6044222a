/* One lock after the other, fixed: the mailer gives the outbox back before it takes the address book. It
 * still takes the locks in the other order, but never waits for one with the other held.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, SENT };

static pthread_mutex_t outbox_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t address_lock = PTHREAD_MUTEX_INITIALIZER;
static int letters = 1, lookups;

static void *send_letters(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&outbox_lock);
    letters--;
    pthread_mutex_unlock(&outbox_lock);
    pthread_mutex_lock(&address_lock);
    lookups++;
    pthread_mutex_unlock(&address_lock);
    schedule_reach(SENT);
    return unused;
}

static void *clean_up(void *unused) {
    schedule_wait(SENT);
    pthread_mutex_lock(&address_lock);
    pthread_mutex_lock(&outbox_lock);
    lookups -= 1 - letters;
    pthread_mutex_unlock(&outbox_lock);
    pthread_mutex_unlock(&address_lock);
    return unused;
}

int main(void) {
    pthread_t mailer, cleaner;
    pthread_create(&mailer, NULL, send_letters, NULL);
    pthread_create(&cleaner, NULL, clean_up, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(mailer, NULL);
    pthread_join(cleaner, NULL);
    return lookups;
}
