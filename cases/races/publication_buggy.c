/* Published without a barrier: the loader fills in the settings and then sets a plain flag.
 *
 * The lines stand in the right order, but nothing makes the compiler or the processor keep it. A reader that
 * sees the flag may still see the old settings. This run ends well, so the exit status shows
 * nothing; the two races do, one on the flag and one on what it announces.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race loaded
 * EXPECT tsan: data-race port
 * CWE: 820
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, LOADED };

static long port; /* eight bytes of its own: ThreadSanitizer reports the first race in each eight */
static bool loaded;

static void *load(void *written_port) {
    schedule_wait(BOTH_EXIST);
    port = *(const long *)written_port; /* REPORTED */
    loaded = true;                      /* REPORTED */
    schedule_reach(LOADED);
    return NULL;
}

static void *serve(void *served_at) {
    schedule_wait(LOADED);
    if (loaded)                    /* REPORTED */
        *(long *)served_at = port; /* REPORTED */
    return NULL;
}

int main(void) {
    long written_port = 8080, served_at = 0;
    pthread_t loader, server;
    pthread_create(&loader, NULL, load, &written_port);
    pthread_create(&server, NULL, serve, &served_at);
    schedule_reach(BOTH_EXIST);
    pthread_join(loader, NULL);
    pthread_join(server, NULL);
    return served_at == written_port ? 0 : 1;
}
