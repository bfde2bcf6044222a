/* Opposite orders, fixed: the streamer only tries the second lock. When it is taken, the streamer gives its
 * own lock back, so that the drawer can go on, and starts again. It never waits with a lock held.
 *
 * Only one side backs off. If both did, they could step back and forth together for a long time.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <sched.h>

#include "cases/schedule.h"

enum { SCENE_LOCKED, TEXTURE_LOCKED };

static pthread_mutex_t scene_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t texture_lock = PTHREAD_MUTEX_INITIALIZER;
static int drawn, streamed;

static void *draw(void *unused) {
    pthread_mutex_lock(&scene_lock);
    schedule_reach(SCENE_LOCKED);
    schedule_linger(TEXTURE_LOCKED);
    pthread_mutex_lock(&texture_lock);
    drawn++;
    pthread_mutex_unlock(&texture_lock);
    pthread_mutex_unlock(&scene_lock);
    return unused;
}

static void *stream(void *unused) {
    pthread_mutex_lock(&texture_lock);
    schedule_reach(TEXTURE_LOCKED);
    schedule_linger(SCENE_LOCKED);
    while (pthread_mutex_trylock(&scene_lock) != 0) {
        pthread_mutex_unlock(&texture_lock);
        sched_yield();
        pthread_mutex_lock(&texture_lock);
    }
    streamed++;
    pthread_mutex_unlock(&scene_lock);
    pthread_mutex_unlock(&texture_lock);
    return unused;
}

int main(void) {
    pthread_t drawer, streamer;
    pthread_create(&drawer, NULL, draw, NULL);
    pthread_create(&streamer, NULL, stream, NULL);
    pthread_join(drawer, NULL);
    pthread_join(streamer, NULL);
    return drawn + streamed == 2 ? 0 : 1;
}
