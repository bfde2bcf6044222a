/* Opposite orders, and no way back: drawing goes from the scene to the textures, streaming from the textures
 * to the scene.
 *
 * Each thread takes its first lock and then waits for the other's. Neither order can be changed: the drawer
 * learns from the scene which texture it needs, the streamer learns from a texture where it is used. The
 * deadlock happens in every run. ThreadSanitizer reports an inversion only after both orders have been taken
 * in full, so it hangs in silence.
 *
 * EXPECT gordian: deadlock.actual shape=cycle scene_lock texture_lock
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { SCENE_LOCKED, TEXTURE_LOCKED };

static pthread_mutex_t scene_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t texture_lock = PTHREAD_MUTEX_INITIALIZER;
static int drawn, streamed;

static void *draw(void *unused) {
    pthread_mutex_lock(&scene_lock); /* REPORTED */
    schedule_reach(SCENE_LOCKED);
    schedule_linger(TEXTURE_LOCKED);
    pthread_mutex_lock(&texture_lock); /* REPORTED */
    drawn++;
    pthread_mutex_unlock(&texture_lock);
    pthread_mutex_unlock(&scene_lock);
    return unused;
}

static void *stream(void *unused) {
    pthread_mutex_lock(&texture_lock); /* REPORTED */
    schedule_reach(TEXTURE_LOCKED);
    schedule_linger(SCENE_LOCKED);
    pthread_mutex_lock(&scene_lock); /* REPORTED */
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
