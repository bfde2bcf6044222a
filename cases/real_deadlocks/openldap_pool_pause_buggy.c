/* OpenLDAP: a thread pool is to pause, and a thread that waits for another counts as one that works.
 *
 * Whoever asks for a pause waits until it is the only thread of the pool that works; no new task begins until
 * then. A writer waits for a client that reads slowly. The task that would tell it that the client is ready
 * is one of the same pool, and it is not begun. So the writer waits for that task, the task for the end of
 * the pause, and the pause for the writer. Conditions have no owner: nobody can tell until every thread is
 * stuck. ThreadSanitizer does not watch threads that wait.
 *
 * EXPECT gordian: hang.all_blocked writable idle pause_over
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 * Source: OpenLDAP ITS#6276
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { WRITING, PAUSING };

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t idle = PTHREAD_COND_INITIALIZER;
static pthread_cond_t pause_over = PTHREAD_COND_INITIALIZER;
static pthread_cond_t writable = PTHREAD_COND_INITIALIZER;
static int working;
static bool pausing, client_ready;

/* All of these require that pool_lock is held. */
static void begin_task(void) {
    while (pausing)
        pthread_cond_wait(&pause_over, &pool_lock); /* REPORTED */
    working++;
}

static void end_task(void) {
    working--;
    pthread_cond_broadcast(&idle);
}

static void *write_answer(void *unused) {
    pthread_mutex_lock(&pool_lock);
    begin_task();
    schedule_reach(WRITING);
    while (!client_ready)
        pthread_cond_wait(&writable, &pool_lock); /* REPORTED */
    end_task();
    pthread_mutex_unlock(&pool_lock);
    return unused;
}

static void *change_config(void *unused) {
    schedule_wait(WRITING);
    pthread_mutex_lock(&pool_lock);
    begin_task();
    pausing = true;
    schedule_reach(PAUSING);
    while (working > 1)
        pthread_cond_wait(&idle, &pool_lock); /* REPORTED */
    pausing = false;
    pthread_cond_broadcast(&pause_over);
    end_task();
    pthread_mutex_unlock(&pool_lock);
    return unused;
}

static void *watch_network(void *unused) {
    schedule_wait(PAUSING);
    pthread_mutex_lock(&pool_lock);
    begin_task();
    client_ready = true;
    pthread_cond_signal(&writable);
    end_task();
    pthread_mutex_unlock(&pool_lock);
    return unused;
}

int main(void) {
    pthread_t writer, admin, network;
    pthread_create(&writer, NULL, write_answer, NULL);
    pthread_create(&admin, NULL, change_config, NULL);
    pthread_create(&network, NULL, watch_network, NULL);
    pthread_join(writer, NULL); /* REPORTED */
    pthread_join(admin, NULL);
    pthread_join(network, NULL);
    return 0;
}
