/* A home-made barrier that forgets too early, fixed: each round has a number, and whoever waits leaves when
 * it changes. The count may be set back at once.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 662
 */
#include <pthread.h>
#include <stddef.h>

enum { PARTIES = 2, ROUNDS = 3 };

static pthread_mutex_t meeting_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_here = PTHREAD_COND_INITIALIZER;
static int arrived, round_number;

static void meet(void) {
    pthread_mutex_lock(&meeting_lock);
    int my_round = round_number;
    if (++arrived == PARTIES) {
        arrived = 0;
        round_number++;
        pthread_cond_broadcast(&all_here);
    } else {
        while (round_number == my_round)
            pthread_cond_wait(&all_here, &meeting_lock);
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
        pthread_join(parties[i], NULL);
    return arrived;
}
