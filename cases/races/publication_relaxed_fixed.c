/* Published with a relaxed flag, fixed: the store releases what was written before, and the load that sees it
 * acquires that.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 820
 */
#include <pthread.h>
#include <stdatomic.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, LOADED };

static long port;
static atomic_bool loaded;

static void *load(void *written_port) {
    schedule_wait(BOTH_EXIST);
    port = *(const long *)written_port;
    atomic_store_explicit(&loaded, true, memory_order_release);
    schedule_reach(LOADED);
    return NULL;
}

static void *serve(void *served_at) {
    schedule_wait(LOADED);
    if (atomic_load_explicit(&loaded, memory_order_acquire))
        *(long *)served_at = port;
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
