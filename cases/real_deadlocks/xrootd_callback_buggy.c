/* XRootD: a callback of the user's is called with a lock held, and closes a ring of three.
 *
 * A read locks its file, then the stream that it sends on. The timer has its own lock and locks each file. A
 * read that takes too long is told to the user with the stream's lock held; the user's callback deletes the
 * file, which takes itself out of the timer. The library cannot know what a callback locks. Here all three
 * run one after another.
 *
 * EXPECT gordian: deadlock.potential file_lock stream_lock timer_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 * Source: XRootD pull request 247
 */
#include <pthread.h>
#include <stdbool.h>

#include "cases/schedule.h"

enum { ALL_EXIST, READ, TICKED };

static pthread_mutex_t file_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t stream_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t timer_lock = PTHREAD_MUTEX_INITIALIZER;
static int requests, ticks, timed_files = 1;

static void delete_file(void) {
    pthread_mutex_lock(&timer_lock); /* REPORTED */
    timed_files--;
    pthread_mutex_unlock(&timer_lock);
}

static void (*on_error)(void) = delete_file;

static void *read_file(void *unused) {
    schedule_wait(ALL_EXIST);
    pthread_mutex_lock(&file_lock);   /* REPORTED */
    pthread_mutex_lock(&stream_lock); /* REPORTED */
    requests++;
    pthread_mutex_unlock(&stream_lock);
    pthread_mutex_unlock(&file_lock);
    schedule_reach(READ);
    return unused;
}

static void *run_timer(void *unused) {
    schedule_wait(READ);
    pthread_mutex_lock(&timer_lock); /* REPORTED */
    pthread_mutex_lock(&file_lock);  /* REPORTED */
    ticks++;
    pthread_mutex_unlock(&file_lock);
    pthread_mutex_unlock(&timer_lock);
    schedule_reach(TICKED);
    return unused;
}

static void *end_late_reads(void *unused) {
    schedule_wait(TICKED);
    pthread_mutex_lock(&stream_lock); /* REPORTED */
    bool late = requests > 0;
    if (late)
        on_error();
    pthread_mutex_unlock(&stream_lock);
    return unused;
}

int main(void) {
    pthread_t reader, timer, poller;
    pthread_create(&reader, NULL, read_file, NULL);
    pthread_create(&timer, NULL, run_timer, NULL);
    pthread_create(&poller, NULL, end_late_reads, NULL);
    schedule_reach(ALL_EXIST);
    pthread_join(reader, NULL);
    pthread_join(timer, NULL);
    pthread_join(poller, NULL);
    return timed_files == 0 && ticks == 1 ? 0 : 1;
}
