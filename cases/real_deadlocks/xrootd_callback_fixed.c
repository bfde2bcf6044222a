/* XRootD: a callback of the user's is called with a lock held, fixed: the stream's lock is given back before
 * the callback.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_mutex_lock(&timer_lock);
    timed_files--;
    pthread_mutex_unlock(&timer_lock);
}

static void (*on_error)(void) = delete_file;

static void *read_file(void *unused) {
    schedule_wait(ALL_EXIST);
    pthread_mutex_lock(&file_lock);
    pthread_mutex_lock(&stream_lock);
    requests++;
    pthread_mutex_unlock(&stream_lock);
    pthread_mutex_unlock(&file_lock);
    schedule_reach(READ);
    return unused;
}

static void *run_timer(void *unused) {
    schedule_wait(READ);
    pthread_mutex_lock(&timer_lock);
    pthread_mutex_lock(&file_lock);
    ticks++;
    pthread_mutex_unlock(&file_lock);
    pthread_mutex_unlock(&timer_lock);
    schedule_reach(TICKED);
    return unused;
}

static void *end_late_reads(void *unused) {
    schedule_wait(TICKED);
    pthread_mutex_lock(&stream_lock);
    bool late = requests > 0;
    pthread_mutex_unlock(&stream_lock);
    if (late)
        on_error();
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
