/* An event that nobody remembers, fixed: a flag keeps what has happened, and whoever comes later looks at it
 * before waiting.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { LOADED };

static pthread_mutex_t settings_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t settings_loaded = PTHREAD_COND_INITIALIZER;
static bool loaded;
static int port;

static void *load_settings(void *unused) {
    pthread_mutex_lock(&settings_lock);
    port = 8080;
    loaded = true;
    pthread_cond_signal(&settings_loaded);
    pthread_mutex_unlock(&settings_lock);
    schedule_reach(LOADED);
    return unused;
}

static void *serve(void *unused) {
    schedule_wait(LOADED);
    pthread_mutex_lock(&settings_lock);
    while (!loaded)
        pthread_cond_wait(&settings_loaded, &settings_lock);
    pthread_mutex_unlock(&settings_lock);
    return unused;
}

int main(void) {
    pthread_t loader, server;
    pthread_create(&loader, NULL, load_settings, NULL);
    pthread_create(&server, NULL, serve, NULL);
    pthread_join(loader, NULL);
    pthread_join(server, NULL);
    return port == 8080 ? 0 : 1;
}
