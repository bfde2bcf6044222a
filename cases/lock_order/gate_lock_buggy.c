/* A gate that closes too early: both threads pass one gate lock, but give it back before the inner lock.
 *
 * With the gate held around both inner locks their order would not matter. Here the gate covers the first
 * one only, so two threads can hold one inner lock each and want the other's. The gate itself is not part of
 * the cycle.
 *
 * EXPECT gordian: deadlock.potential reader_lock writer_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, COPIED };

static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t reader_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t writer_lock = PTHREAD_MUTEX_INITIALIZER;
static int in, out = 1;

static void *copy_out(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&gate_lock);
    pthread_mutex_lock(&reader_lock); /* REPORTED */
    pthread_mutex_unlock(&gate_lock);
    pthread_mutex_lock(&writer_lock); /* REPORTED */
    out = in;
    pthread_mutex_unlock(&writer_lock);
    pthread_mutex_unlock(&reader_lock);
    schedule_reach(COPIED);
    return unused;
}

static void *copy_in(void *unused) {
    schedule_wait(COPIED);
    pthread_mutex_lock(&gate_lock);
    pthread_mutex_lock(&writer_lock); /* REPORTED */
    pthread_mutex_unlock(&gate_lock);
    pthread_mutex_lock(&reader_lock); /* REPORTED */
    in = out;
    pthread_mutex_unlock(&reader_lock);
    pthread_mutex_unlock(&writer_lock);
    return unused;
}

int main(void) {
    pthread_t outward, inward;
    pthread_create(&outward, NULL, copy_out, NULL);
    pthread_create(&inward, NULL, copy_in, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(outward, NULL);
    pthread_join(inward, NULL);
    return in + out;
}
