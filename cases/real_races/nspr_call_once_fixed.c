/* An initialisation that must happen once, fixed: the lock is held from the check to the setting of the flag.
 * The second thread waits and finds the library ready.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 367
 * Source: NSPR bug 354593
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { READER_ASKED, WRITER_ASKED, READER_REGISTERED };

static pthread_mutex_t once_lock = PTHREAD_MUTEX_INITIALIZER;
static bool initialised;
static atomic_int times_initialised;
static atomic_int callers_registered;

static void initialise_once(int asked, int other_asked) {
    pthread_mutex_lock(&once_lock);
    if (!initialised) {
        schedule_reach(asked);
        schedule_linger(other_asked);
        atomic_store(&callers_registered, 0);
        atomic_fetch_add(&times_initialised, 1);
        initialised = true;
    }
    pthread_mutex_unlock(&once_lock);
}

static void *reader(void *unused) {
    initialise_once(READER_ASKED, WRITER_ASKED);
    atomic_fetch_add(&callers_registered, 1);
    schedule_reach(READER_REGISTERED);
    return unused;
}

static void *writer(void *unused) {
    schedule_wait(READER_ASKED);
    initialise_once(WRITER_ASKED, READER_REGISTERED);
    atomic_fetch_add(&callers_registered, 1);
    return unused;
}

int main(void) {
    pthread_t reading, writing;
    pthread_create(&reading, NULL, reader, NULL);
    pthread_create(&writing, NULL, writer, NULL);
    pthread_join(reading, NULL);
    pthread_join(writing, NULL);
    printf("initialised %d times, callers registered: %d\n", times_initialised, callers_registered);
    return times_initialised == 1 && callers_registered == 2 ? 0 : 1;
}
