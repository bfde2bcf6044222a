/* A stop flag that is a plain variable, fixed: it is atomic. Each look reads it anew. `volatile` would do
 * that, too, but it is no word between threads: for the language it is a race all the same.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 820
 */
#include <pthread.h>
#include <stdatomic.h>

#include "cases/schedule.h"

enum { PLAYING, STOPPED };

static atomic_bool stop;

static void play_note(void) {
    schedule_reach(PLAYING);
    schedule_wait(STOPPED);
}

static void *play(void *notes) {
    while (!stop) {
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
    stop = true;
    schedule_reach(STOPPED);
    pthread_join(player, NULL);
    return notes == 1 ? 0 : 1;
}
