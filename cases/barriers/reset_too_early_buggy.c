/* A home-made barrier that forgets too early: the last to arrive counts back to zero before the others have
 * left.
 *
 * The first one waits until two have arrived. The second arrives, sets the count back for the next round,
 * wakes the first and goes. The first wakes up, finds a count below two, and waits for one who has passed
 * already. In the second round both wait. ThreadSanitizer does not watch threads that wait, so it hangs in
 * silence.
 *
 * EXPECT gordian: hang.all_blocked all_here
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 662
 */
#include <pthread.h>
#include <stddef.h>

enum { PARTIES = 2, ROUNDS = 3 };

static pthread_mutex_t meeting_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_here = PTHREAD_COND_INITIALIZER;
static int arrived;

static void meet(void) {
    pthread_mutex_lock(&meeting_lock);
    if (++arrived == PARTIES) {
        arrived = 0;
        pthread_cond_broadcast(&all_here);
    } else {
        while (arrived < PARTIES)
            pthread_cond_wait(&all_here, &meeting_lock); /* REPORTED */
    }
    pthread_mutex_unlock(&meeting_lock);
}

static void *take_part(void *unused) {
    for (int i = 0; i < ROUNDS; i++)
        meet();
    return unused;
}

int main(void) {
    pthread_t parties[PARTIES];
    for (int i = 0; i < PARTIES; i++)
        pthread_create(&parties[i], NULL, take_part, NULL);
    for (int i = 0; i < PARTIES; i++)
        pthread_join(parties[i], NULL); /* REPORTED */
    return arrived;
}
