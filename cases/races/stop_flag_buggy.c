/* A stop flag that is a plain variable: the player looks at it, main sets it, and nothing lies between them.
 *
 * The compiler may read the flag once and keep it, since no other thread is allowed to change a plain
 * variable meanwhile. Then the player plays for ever. Here a call stands between two looks, so the compiler
 * reads again, the run ends, and the exit status shows nothing. The race is there in any case.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race stop
 * CWE: 820
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { PLAYING, STOPPED };

static bool stop;

static void play_note(void) {
    schedule_reach(PLAYING);
    schedule_wait(STOPPED);
}

static void *play(void *notes) {
    while (!stop) { /* REPORTED */
        play_note();
        ++*(int *)notes;
    }
    return NULL;
}

int main(void) {
    int notes = 0;
    pthread_t player;
    pthread_create(&player, NULL, play, &notes);
    schedule_wait(PLAYING);
    stop = true; /* REPORTED */
    schedule_reach(STOPPED);
    pthread_join(player, NULL);
    return notes == 1 ? 0 : 1;
}
