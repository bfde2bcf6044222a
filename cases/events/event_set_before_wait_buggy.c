/* An event that nobody remembers: the settings are loaded before anybody waits for it.
 *
 * A condition has no memory. The loader signals it while no thread waits, the signal is gone, and the server
 * waits for ever for something that has happened already. Every thread now waits for another: the main thread
 * for the server, the server for a signal that nobody will send. ThreadSanitizer does not watch threads that
 * wait, so it hangs in silence.
 *
 * EXPECT gordian: hang.all_blocked settings_loaded
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 */
#include <pthread.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { LOADED };

static pthread_mutex_t settings_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t settings_loaded = PTHREAD_COND_INITIALIZER;
static int port;

static void *load_settings(void *unused) {
    pthread_mutex_lock(&settings_lock);
    port = 8080;
    pthread_cond_signal(&settings_loaded);
    pthread_mutex_unlock(&settings_lock);
    schedule_reach(LOADED);
    return unused;
}

static void *serve(void *unused) {
    schedule_wait(LOADED);
    pthread_mutex_lock(&settings_lock);
    pthread_cond_wait(&settings_loaded, &settings_lock); /* REPORTED */
    pthread_mutex_unlock(&settings_lock);
    return unused;
}

int main(void) {
    pthread_t loader, server;
    pthread_create(&loader, NULL, load_settings, NULL);
    pthread_create(&server, NULL, serve, NULL);
    pthread_join(loader, NULL);
    pthread_join(server, NULL); /* REPORTED */
    return port == 8080 ? 0 : 1;
}
